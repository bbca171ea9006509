"""What an operator does with deliveries: look at them, try dead ones again, drop them. SQL only."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime

from monitor.store import notices, targets
from monitor.store.connection import to_text
from monitor.store.deliveries import WAITING, Lane

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
                   (SELECT COUNT(*) FROM delivery_alerts x WHERE x.delivery_id = d.id) AS alerts,
                   MAX(d.try_at, COALESCE(t.hold_until, '')) AS next_at
            FROM deliveries d LEFT JOIN targets t ON t.channel = d.channel AND t.target = d.target
            WHERE d.state IN ({marks}) {only}
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


def not_dead(db: sqlite3.Connection, numbers: Sequence[int]) -> dict[int, str | None]:
    """Of these numbers those that are no dead letters, with their state; None where there is no such delivery."""
    found = {}
    for number in numbers:
        row = db.execute("SELECT state FROM deliveries WHERE id = ?", (number,)).fetchone()
        if row is None or row["state"] != "dead":
            found[number] = row and row["state"]
    return found


def retry(
    db: sqlite3.Connection,
    *,
    numbers: Sequence[int] = (),
    channel: str | None = None,
    target: str | None = None,
    now: datetime,
    known: Mapping[str, Sequence[str]] | None = None,
) -> int:
    """Make dead letters due now, all attempts before them; a disabled target is used again. Returns how many.

    Of a channel, what waits for its next attempt is due now too. `known`: the targets of each configured channel; a
    letter to any other stays dead.
    """
    rows = [
        row
        for row in chosen(db, numbers=numbers, channel=channel, target=target)
        if known is None or row["target"] in known.get(row["channel"], ())
    ]
    for lane in {Lane(row["channel"], row["target"]) for row in rows}:
        targets.enable(db, lane)
    if not numbers and channel is not None and target is not None:
        targets.enable(db, Lane(channel, target))
    hurried = 0
    if not numbers and channel is not None:
        for one in targets.troubled(db):
            if one.lane.channel == channel and target in (None, one.lane.target) and not one.disabled_at:
                targets.enable(db, one.lane)
                hurried += _hurry(db, one.lane, now)
    db.executemany(
        "UPDATE deliveries SET state = 'pending', attempts = 0, try_at = ? WHERE id = ?",
        [(to_text(now), row["id"]) for row in rows],
    )
    return len(rows) + hurried


def _hurry(db: sqlite3.Connection, lane: Lane, now: datetime) -> int:
    return db.execute(
        f"""UPDATE deliveries SET try_at = MIN(try_at, ?)
            WHERE {WAITING} AND channel = ? AND target = ? AND attempts > 0""",
        (to_text(now), lane.channel, lane.target),
    ).rowcount


def drop(
    db: sqlite3.Connection,
    *,
    numbers: Sequence[int] = (),
    channel: str | None = None,
    target: str | None = None,
    now: datetime,
) -> int:
    """Give dead letters up by hand; they are kept for the record. Returns how many.

    A lane's trouble with dead letters is over with the last of them.
    """
    rows = chosen(db, numbers=numbers, channel=channel, target=target)
    db.executemany("UPDATE deliveries SET state = 'dropped' WHERE id = ?", [(row["id"],) for row in rows])
    for lane in {Lane(row["channel"], row["target"]) for row in rows}:
        if not chosen(db, channel=lane.channel, target=lane.target):
            notices.end(db, lane.notice("dead-letter"), now)
    return len(rows)
