"""What is needed to judge the health of sources, and what was judged. SQL only, functions of a connection."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.store.connection import from_text, to_text
from monitor.store.sources import WATCHED

ARRIVALS = 40  # visits with news that are looked back on
SURVIVORS = 10  # entries that are looked back on
NO_TEXT = "('failed', 'skipped')"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a source that works did lately."""

    number: int
    slug: str
    health: str
    arrivals: tuple[datetime, ...]  # visits that brought news; empty where that need not be asked
    survived: tuple[bool, ...]  # its latest settled entries, newest first: whether an article came of each


def records(db: sqlite3.Connection, now: datetime, silence: timedelta, folders: bool = False) -> list[Record]:
    """The sources that work. Arrivals are looked up only for those silent for longer than `silence`.

    Folders are left out unless `folders`: people drop files when they like.
    """
    kinds = "" if folders else "AND kind <> 'folder'"
    rows = db.execute(
        f"""SELECT id, slug, health, last_entry_at FROM sources
            WHERE {WATCHED} AND failures = 0 AND health IN ('ok', 'quiet', 'barren') {kinds} ORDER BY id"""
    ).fetchall()
    limit = to_text(now - silence)
    return [
        Record(
            number=row["id"],
            slug=row["slug"],
            health=row["health"],
            arrivals=_arrivals(db, row["id"]) if row["last_entry_at"] and row["last_entry_at"] < limit else (),
            survived=_survived(db, row["id"]),
        )
        for row in rows
    ]


def _arrivals(db: sqlite3.Connection, source: int) -> tuple[datetime, ...]:
    rows = db.execute(
        """SELECT started_at FROM polls WHERE source_id = ? AND outcome = 'new'
           ORDER BY started_at DESC LIMIT ?""",
        (source, ARRIVALS),
    )
    found = (from_text(row["started_at"]) for row in rows)
    return tuple(moment for moment in found if moment is not None)


def _survived(db: sqlite3.Connection, source: int) -> tuple[bool, ...]:
    rows = db.execute(
        f"""SELECT state NOT IN {NO_TEXT} AS survived FROM entries
            WHERE source_id = ? AND state <> 'pending' ORDER BY seen_at DESC, id DESC LIMIT ?""",
        (source, SURVIVORS),
    )
    return tuple(bool(row["survived"]) for row in rows)


def clean_again(db: sqlite3.Connection, notice: str, since: datetime) -> list[str]:
    """Slugs of the sources about whose spam a `notice` stands, though none was seen after `since`."""
    rows = db.execute(
        """SELECT s.slug FROM notices n JOIN sources s ON n.key = ?1 || '/' || s.slug WHERE n.ended_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM spam_hosts h WHERE h.source_id = s.id AND h.last_seen_at > ?2)
           ORDER BY s.slug""",
        (notice, to_text(since)),
    )
    return [row["slug"] for row in rows]


def judged(db: sqlite3.Connection, verdicts: Iterable[tuple[int, str, str]], now: datetime) -> None:
    """Write (row number, health, because) for sources whose health changed and that have not begun to fail since."""
    db.executemany(
        """UPDATE sources SET health = :health, health_because = :because, health_since = :now
           WHERE id = :id AND failures = 0 AND health <> :health""",
        [
            {"id": number, "health": health, "because": because, "now": to_text(now)}
            for number, health, because in verdicts
        ],
    )
