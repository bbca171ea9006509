"""Entries held because their source went wild: counted, listed, released or discarded. SQL only.

Whether it did is judged by `stages.flood`. A held entry keeps its payload; released, it goes the way of every other.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from monitor.errors import Permanent
from monitor.stages.flood import Usual
from monitor.store import notices
from monitor.store.connection import from_text, to_text

NOTICE = "flood"  # its key is flood/SOURCE


def usual(db: sqlite3.Connection, source: int, now: datetime, *, without: Sequence[int] = ()) -> Usual:
    """What this source is known to bring. `without`: the entries in question. Those of its first poll count nothing."""
    row = db.execute(
        "SELECT created_at, baseline_done_at, last_success_at FROM sources WHERE id = ?", (source,)
    ).fetchone()
    newest = min(without, default=None)
    counts: dict[int, int] = {}
    for seen in db.execute(
        """SELECT seen_at FROM entries
           WHERE source_id = ? AND seen_at >= ? AND baseline = 0 AND state NOT IN ('held', 'skipped')
             AND (? IS NULL OR id < ?)""",
        (source, to_text(now - timedelta(days=30)), newest, newest),
    ):
        moment = from_text(seen["seen_at"])
        assert moment is not None
        age = int((now - moment) / timedelta(days=1))
        counts[age] = counts.get(age, 0) + 1
    watched = from_text(row["baseline_done_at"] or row["created_at"]) or now
    last = from_text(row["last_success_at"]) or now
    return Usual(
        days=(now - watched) / timedelta(days=1),
        busiest=max((count for age, count in counts.items() if age > 0), default=0),
        today=counts.get(0, 0),
        away=(now - last) / timedelta(days=1),
    )


def hold(db: sqlite3.Connection, slug: str, entries: Sequence[int], because: str, now: datetime) -> bool:
    """Keep pending entries from being digested. Returns whether this is the first the operator hears of it."""
    db.executemany(
        "UPDATE entries SET state = 'held', because = ?, try_at = NULL WHERE id = ? AND state = 'pending'",
        [(because, entry) for entry in entries],
    )
    told = notices.begin(
        db,
        f"{NOTICE}/{slug}",
        f"{slug} is held: {because}",
        now,
        severity="high",
        remedy=f"`monitor held list {slug}` shows them; then `monitor held release {slug}` or `… discard {slug}`",
    )
    return told is not None


def sources(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """The sources with held entries: slug, how many, since when, why."""
    rows = db.execute(
        """SELECT s.slug AS source, count(*) AS entries, min(e.seen_at) AS since, max(e.because) AS because
           FROM entries e JOIN sources s ON s.id = e.source_id WHERE e.state = 'held' GROUP BY s.id ORDER BY since"""
    )
    return [dict(row) for row in rows]


def of_source(db: sqlite3.Connection, source: str) -> list[dict[str, Any]]:
    """The held entries of a source: number, title, address, times."""
    rows = db.execute(
        """SELECT e.id AS entry, e.title, e.url, e.published_at, e.seen_at
           FROM entries e JOIN sources s ON s.id = e.source_id WHERE e.state = 'held' AND s.slug = ? ORDER BY e.id""",
        (source,),
    )
    return [dict(row) for row in rows]


def release(db: sqlite3.Connection, source: str, now: datetime, entries: Sequence[int] = ()) -> int:
    """Let held entries go on their way: all of a source, or those named. Returns how many; Permanent for none."""
    return _end(db, source, now, entries, "state = 'pending', because = 'released by hand', try_at = :now")


def discard(db: sqlite3.Connection, source: str, now: datetime, entries: Sequence[int] = ()) -> int:
    """Give held entries up: all of a source, or those named. What was announced stays known, so that it does not come
    back with the next poll. Returns how many. Raises Permanent for none.
    """
    return _end(
        db,
        source,
        now,
        entries,
        "state = 'skipped', because = 'discarded by hand: ' || because, payload = NULL, payload_meta = NULL, "
        "settled_at = :now",
    )


def _end(db: sqlite3.Connection, source: str, now: datetime, entries: Sequence[int], change: str) -> int:
    of_source = "state = 'held' AND source_id = (SELECT id FROM sources WHERE slug = :source)"
    chosen = f" AND id IN ({', '.join(str(int(entry)) for entry in entries)})" if entries else ""
    values = {"now": to_text(now), "source": source}
    changed = db.execute(f"UPDATE entries SET {change} WHERE {of_source}{chosen}", values).rowcount
    if not changed:
        raise Permanent(f"source '{source}' has no such held entries; `monitor held list` shows what is held")
    if not db.execute(f"SELECT 1 FROM entries WHERE {of_source} LIMIT 1", values).fetchone():
        notices.end(db, f"{NOTICE}/{source}", now)
    return changed
