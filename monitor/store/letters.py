"""What an operator does with deliveries: look at them, try dead ones again, drop them. SQL only."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from monitor.store import targets
from monitor.store.connection import to_text
from monitor.store.deliveries import Lane

OPEN = ("pending", "claimed", "uncertain", "dead")


def listing(
    db: sqlite3.Connection, *, states: Sequence[str] = OPEN, channel: str | None = None, limit: int = 50
) -> list[sqlite3.Row]:
    """Rows for a listing: the dead first, then what is tried next."""
    marks = ",".join("?" * len(states))
    only = "AND d.channel = ?" if channel is not None else ""
    return db.execute(
        f"""SELECT d.id, d.public_id, d.channel, d.target, d.kind, d.state, d.rule, d.created_at, d.try_at, d.attempts,
                   d.sent_at, d.last_error, d.last_error_kind, d.receipt, d.because,
                   (SELECT COUNT(*) FROM delivery_alerts x WHERE x.delivery_id = d.id) AS alerts
            FROM deliveries d WHERE d.state IN ({marks}) {only}
            ORDER BY d.state <> 'dead', d.try_at DESC, d.id DESC LIMIT ?""",
        (*states, *([channel] if channel is not None else []), limit),
    ).fetchall()


def of_alert(db: sqlite3.Connection, alert: int) -> list[sqlite3.Row]:
    """Every delivery of an alert, the oldest first."""
    return db.execute(
        """SELECT d.* FROM delivery_alerts x JOIN deliveries d ON d.id = x.delivery_id
           WHERE x.alert_id = ? ORDER BY d.id""",
        (alert,),
    ).fetchall()


def chosen(
    db: sqlite3.Connection, *, numbers: Sequence[int] = (), channel: str | None = None, target: str | None = None
) -> list[sqlite3.Row]:
    """The dead letters that are meant: those numbered, else all, or all of a channel or a target of it."""
    if numbers:
        marks = ",".join("?" * len(numbers))
        return db.execute(
            f"SELECT * FROM deliveries WHERE state = 'dead' AND id IN ({marks}) ORDER BY id", tuple(numbers)
        ).fetchall()
    return db.execute(
        """SELECT * FROM deliveries WHERE state = 'dead' AND (:channel IS NULL OR channel = :channel)
           AND (:target IS NULL OR target = :target) ORDER BY id""",
        {"channel": channel, "target": target},
    ).fetchall()


def retry(
    db: sqlite3.Connection,
    *,
    numbers: Sequence[int] = (),
    channel: str | None = None,
    target: str | None = None,
    now: datetime,
) -> int:
    """Make dead letters due now, all attempts before them; a disabled target is used again. Returns how many."""
    rows = chosen(db, numbers=numbers, channel=channel, target=target)
    for lane in {Lane(row["channel"], row["target"]) for row in rows}:
        targets.enable(db, lane)
    if not numbers and channel is not None and target is not None:
        targets.enable(db, Lane(channel, target))
    db.executemany(
        "UPDATE deliveries SET state = 'pending', attempts = 0, try_at = ? WHERE id = ?",
        [(to_text(now), row["id"]) for row in rows],
    )
    return len(rows)


def drop(
    db: sqlite3.Connection, *, numbers: Sequence[int] = (), channel: str | None = None, target: str | None = None
) -> int:
    """Give dead letters up by hand; they are kept for the record. Returns how many."""
    rows = chosen(db, numbers=numbers, channel=channel, target=target)
    db.executemany("UPDATE deliveries SET state = 'dropped' WHERE id = ?", [(row["id"],) for row in rows])
    return len(rows)
