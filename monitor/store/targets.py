"""What is known of each channel's targets: whether they work, and until when they are left alone. SQL only."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.store import notices
from monitor.store.connection import from_text, to_text
from monitor.store.deliveries import WAITING, Lane


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """How one lane stands."""

    lane: Lane
    failures: int = 0  # in a row
    failing_since: datetime | None = None
    hold_until: datetime | None = None
    disabled_at: datetime | None = None
    because: str = ""  # last error, or why it was disabled


def get(db: sqlite3.Connection, lane: Lane) -> Target:
    """How a lane stands; one that never had trouble has no row."""
    row = db.execute("SELECT * FROM targets WHERE channel = ? AND target = ?", (lane.channel, lane.target)).fetchone()
    return _target(row) if row else Target(lane=lane)


def troubled(db: sqlite3.Connection) -> list[Target]:
    """Lanes that fail or are disabled."""
    rows = db.execute(
        "SELECT * FROM targets WHERE failures > 0 OR disabled_at IS NOT NULL ORDER BY channel, target"
    ).fetchall()
    return [_target(row) for row in rows]


def failed(db: sqlite3.Connection, lane: Lane, error: str, now: datetime) -> int:
    """Note a failure. Returns how many there have been in a row.

    Those that were under way when the lane was put on hold are one failure with the first.
    """
    row = db.execute(
        """INSERT INTO targets (channel, target, failures, failing_since, last_error)
           VALUES (:channel, :target, 1, :now, :error)
           ON CONFLICT (channel, target) DO UPDATE SET last_error = excluded.last_error,
               failures = failures + (hold_until IS NULL OR hold_until <= :now),
               failing_since = COALESCE(failing_since, excluded.failing_since)
           RETURNING failures""",
        {"channel": lane.channel, "target": lane.target, "error": error, "now": to_text(now)},
    ).fetchone()
    return int(row["failures"])


def hold(db: sqlite3.Connection, lane: Lane, until: datetime) -> None:
    """Leave a lane alone until then, or longer if it is held already."""
    db.execute(
        "UPDATE targets SET hold_until = MAX(COALESCE(hold_until, ''), ?) WHERE channel = ? AND target = ?",
        (to_text(until), lane.channel, lane.target),
    )


def worked(db: sqlite3.Connection, lane: Lane, now: datetime) -> Target | None:
    """Note a success. Returns how the lane stood if it had been failing, else None."""
    before = get(db, lane)
    if not before.failures:
        return None
    db.execute(
        """UPDATE targets SET failures = 0, failing_since = NULL, hold_until = NULL, last_success_at = ?
           WHERE channel = ? AND target = ?""",
        (to_text(now), lane.channel, lane.target),
    )
    return before


def bring_forward(db: sqlite3.Connection, lane: Lane, now: datetime) -> int:
    """After an outage: what waits for its next attempt is due now. Returns how many."""
    moment = to_text(now)
    return db.execute(
        f"""UPDATE deliveries SET try_at = ?
            WHERE {WAITING} AND channel = ? AND target = ? AND attempts > 0 AND try_at > ?""",
        (moment, lane.channel, lane.target, moment),
    ).rowcount


def disable(db: sqlite3.Connection, lane: Lane, because: str, now: datetime) -> int:
    """Never send there again, and bury what waits or was claimed. Returns how many deliveries that were.

    One that is under way and accepted after all is marked sent nevertheless.
    """
    db.execute(
        """INSERT INTO targets (channel, target, disabled_at, disabled_because, last_error) VALUES (?, ?, ?, ?, ?)
           ON CONFLICT (channel, target) DO UPDATE SET disabled_at = excluded.disabled_at,
               disabled_because = excluded.disabled_because, last_error = excluded.last_error""",
        (lane.channel, lane.target, to_text(now), because, because),
    )
    return db.execute(
        f"""UPDATE deliveries SET state = 'dead', group_key = '', last_error = ?, last_error_kind = 'disabled'
            WHERE ({WAITING} OR state = 'claimed') AND channel = ? AND target = ?""",
        (f"the target is disabled: {because}", lane.channel, lane.target),
    ).rowcount


def enable(db: sqlite3.Connection, lane: Lane) -> bool:
    """Send there again, from now on. False if it was not disabled or on hold."""
    done = db.execute(
        """UPDATE targets SET disabled_at = NULL, disabled_because = '', failures = 0, failing_since = NULL,
                  hold_until = NULL
           WHERE channel = ? AND target = ? AND (disabled_at IS NOT NULL OR failures > 0)""",
        (lane.channel, lane.target),
    )
    return bool(done.rowcount)


def forget(db: sqlite3.Connection, known: Mapping[str, Sequence[str]], now: datetime) -> int:
    """Lanes that are configured no more fail no more, and their troubles are over. Returns how many there were.

    That one was disabled is remembered, for the day it is configured again.
    """
    gone = [one.lane for one in troubled(db) if one.lane.target not in known.get(one.lane.channel, ())]
    for lane in gone:
        db.execute(
            "UPDATE targets SET failures = 0, failing_since = NULL, hold_until = NULL WHERE channel = ? AND target = ?",
            (lane.channel, lane.target),
        )
        for what in ("channel-failing", "channel-gone"):
            notices.end(db, lane.notice(what), now)
    return len(gone)


def _target(row: sqlite3.Row) -> Target:
    return Target(
        lane=Lane(row["channel"], row["target"]),
        failures=row["failures"],
        failing_since=from_text(row["failing_since"]),
        hold_until=from_text(row["hold_until"]),
        disabled_at=from_text(row["disabled_at"]),
        because=row["disabled_because"] or row["last_error"],
    )
