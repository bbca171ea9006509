"""Sources and their polls: SQL only, functions of a connection in the caller's transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from datetime import datetime, timedelta

from monitor.ports import SourceRow
from monitor.store.connection import from_text, to_text

_json = json.JSONEncoder(ensure_ascii=False).encode

WATCHED = "enabled = 1 AND retired_at IS NULL AND paused_at IS NULL"


def upsert(
    db: sqlite3.Connection,
    row: SourceRow,
    now: datetime,
    *,
    enabled: bool = True,
    baseline: bool = False,
    outlet: str = "",
) -> int:
    """Write a source as configured. What happened (cursor, health, pause) stays; a new address starts afresh.

    Returns the row number.
    """
    known = db.execute(
        """SELECT kind, address, outlet, every_seconds, tags, options, baseline, enabled, retired_at, id
           FROM sources WHERE slug = ?""",
        (row.slug,),
    ).fetchone()
    configured = (
        row.kind,
        row.address,
        outlet,
        row.every,
        _json(row.tags),
        _json(dict(row.options)),
        baseline,
        enabled,
    )
    if known is None:
        cursor = db.execute(
            """INSERT INTO sources (kind, address, outlet, every_seconds, tags, options, baseline, enabled,
                                    slug, next_poll_at, created_at)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            (*configured, row.slug, to_text(now), to_text(now)),
        )
        return int(cursor.lastrowid or 0)
    if tuple(known)[:-1] == (*configured, None):
        return int(known["id"])  # as it was: thousands of them are read at every start, and none is written
    db.execute(
        """UPDATE sources SET kind = ?, address = ?, outlet = ?, every_seconds = ?, tags = ?, options = ?, baseline = ?,
                  enabled = ?, retired_at = NULL WHERE id = ?""",
        (*configured, known["id"]),
    )
    if known["address"] != row.address:
        db.execute(
            """UPDATE sources SET cursor = '{}', moved_to = NULL, failures = 0, health = 'new', health_because = '',
                      next_poll_at = ? WHERE id = ?""",
            (to_text(now), known["id"]),
        )
    return int(known["id"])


def retire_others(db: sqlite3.Connection, named: Iterable[str], now: datetime) -> list[str]:
    """Retire every source not in `named`; nothing is deleted. Returns the slugs that were retired now."""
    keep = set(named)
    gone = [
        row["slug"]
        for row in db.execute("SELECT slug FROM sources WHERE retired_at IS NULL ORDER BY slug")
        if row["slug"] not in keep
    ]
    db.executemany("UPDATE sources SET retired_at = ? WHERE slug = ?", [(to_text(now), slug) for slug in gone])
    return gone


def claim_due(
    db: sqlite3.Connection, now: datetime, run: str, lease: timedelta, limit: int, *, everything: bool = False
) -> list[SourceRow]:
    """Lease the sources whose time has come, the longest overdue first. `everything`: due or not.

    A lease of another run is void: that process holds the store's lock no more, so it is dead.
    """
    when = "" if everything else "AND next_poll_at <= :now"
    rows = db.execute(
        f"""SELECT * FROM sources WHERE {WATCHED} {when}
              AND (lease_run IS NULL OR lease_run <> :run OR lease_until < :now)
            ORDER BY next_poll_at LIMIT :limit""",
        {"now": to_text(now), "run": run, "limit": limit},
    ).fetchall()
    until = to_text(now + lease)
    db.executemany(
        "UPDATE sources SET lease_run = ?, lease_until = ? WHERE id = ?", [(run, until, row["id"]) for row in rows]
    )
    return [as_source(row) for row in rows]


def get(db: sqlite3.Connection, slug: str) -> SourceRow | None:
    """The source of this slug, retired or not."""
    row = db.execute("SELECT * FROM sources WHERE slug = ?", (slug,)).fetchone()
    return as_source(row) if row else None


def as_source(row: sqlite3.Row) -> SourceRow:
    """A row of `sources` as a value. A redirect that was adopted takes the place of the configured address."""
    return SourceRow(
        slug=row["slug"],
        kind=row["kind"],
        address=row["moved_to"] or row["address"],
        moved=row["moved_to"] is not None,
        every=row["every_seconds"],
        tags=tuple(json.loads(row["tags"])),
        options={**json.loads(row["options"]), "outlet": row["outlet"]},
        cursor=json.loads(row["cursor"]),
        last_success_at=from_text(row["last_success_at"]),
        failures=row["failures"],
        number=row["id"],
    )


def is_baseline(db: sqlite3.Connection, number: int) -> bool:
    """True while a source that wants a baseline has not had its first successful poll."""
    row = db.execute("SELECT baseline, baseline_done_at FROM sources WHERE id = ?", (number,)).fetchone()
    return bool(row["baseline"]) and row["baseline_done_at"] is None


def succeeded(
    db: sqlite3.Connection,
    number: int,
    now: datetime,
    next_poll_at: datetime,
    *,
    cursor: dict[str, object] | None,
    moved_to: str | None = None,
    brought_news: bool = False,
) -> None:
    """End a poll that worked. `cursor` None leaves it as it was.

    Quiet ends with news; barren ends when the sources are looked at (source_health.py).
    """
    moment = to_text(now)
    db.execute(
        """UPDATE sources SET lease_run = NULL, lease_until = NULL, last_poll_at = :now, last_success_at = :now,
                  failures = 0, next_poll_at = :next, cursor = COALESCE(:cursor, cursor),
                  moved_to = COALESCE(:moved, moved_to),
                  baseline_done_at = COALESCE(baseline_done_at, :now),
                  last_entry_at = CASE WHEN :news THEN :now ELSE last_entry_at END,
                  health_since = CASE WHEN health = 'ok' OR (health = 'quiet' AND NOT :news) OR health = 'barren'
                                      THEN health_since ELSE :now END,
                  health_because = CASE WHEN (health = 'quiet' AND NOT :news) OR health = 'barren'
                                        THEN health_because ELSE '' END,
                  health = CASE WHEN (health = 'quiet' AND NOT :news) OR health = 'barren' THEN health ELSE 'ok' END
           WHERE id = :id""",
        {
            "now": moment,
            "next": to_text(next_poll_at),
            "cursor": None if cursor is None else json.dumps(cursor),
            "moved": moved_to,
            "news": brought_news,
            "id": number,
        },
    )


def failed(
    db: sqlite3.Connection,
    number: int,
    now: datetime,
    next_poll_at: datetime,
    because: str,
    *,
    health: str = "failing",
    cursor: dict[str, object] | None = None,
    lost: bool = False,
) -> None:
    """End a poll that did not work; 'gone' stops polling until the address changes. `cursor` None: as it was.

    `lost`: the address a redirect led to is given up, for the configured one.
    """
    db.execute(
        """UPDATE sources SET lease_run = NULL, lease_until = NULL, last_poll_at = :now, failures = failures + 1,
                  next_poll_at = :next, health_since = CASE WHEN health = :health THEN health_since ELSE :now END,
                  health = :health, health_because = :because, cursor = COALESCE(:cursor, cursor),
                  moved_to = CASE WHEN :lost THEN NULL ELSE moved_to END,
                  paused_at = CASE WHEN :health = 'gone' THEN :now ELSE paused_at END,
                  paused_because = CASE WHEN :health = 'gone' THEN :because ELSE paused_because END
           WHERE id = :id""",
        {
            "now": to_text(now),
            "next": to_text(next_poll_at),
            "health": health,
            "because": because,
            "lost": lost,
            "cursor": None if cursor is None else json.dumps(cursor),
            "id": number,
        },
    )


def record_poll(
    db: sqlite3.Connection,
    number: int,
    started: datetime,
    milliseconds: float,
    outcome: str,
    *,
    status: int = 0,
    received: int = 0,
    entries: int = 0,
    new_entries: int = 0,
    because: str = "",
) -> None:
    """Write one line of the poll history."""
    db.execute(
        """INSERT INTO polls (source_id, started_at, milliseconds, outcome, status, received_bytes, entries,
                              new_entries, because) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (number, to_text(started), milliseconds, outcome, status, received, entries, new_entries, because),
    )


def pause(db: sqlite3.Connection, slug: str, now: datetime, because: str) -> bool:
    """Stop polling a source until `resume`. Returns False if there is no such source."""
    return bool(
        db.execute(
            "UPDATE sources SET paused_at = ?, paused_because = ? WHERE slug = ?", (to_text(now), because, slug)
        ).rowcount
    )


def resume(db: sqlite3.Connection, slug: str, now: datetime) -> bool:
    """Poll a paused source again, at once. Returns False if there is no such source."""
    return bool(
        db.execute(
            "UPDATE sources SET paused_at = NULL, paused_because = NULL, failures = 0, next_poll_at = ? WHERE slug = ?",
            (to_text(now), slug),
        ).rowcount
    )


def bring_forward(db: sqlite3.Connection, slug: str, now: datetime) -> bool:
    """Make a watched source due now. Returns False if there is no such source, or it is not watched."""
    return bool(
        db.execute(f"UPDATE sources SET next_poll_at = ? WHERE slug = ? AND {WATCHED}", (to_text(now), slug)).rowcount
    )


def clamp_clock(db: sqlite3.Connection, now: datetime, furthest: timedelta) -> int:
    """Pull in due times that a wrong clock left further ahead than `furthest`, or set in what is now the future.

    Returns how many.
    """
    return db.execute(
        """UPDATE sources SET next_poll_at = :now
           WHERE next_poll_at > :furthest OR (next_poll_at > :now AND last_poll_at > :now)""",
        {"now": to_text(now), "furthest": to_text(now + furthest)},
    ).rowcount
