"""What the program has to tell its operator: once when it begins, once when it ends. SQL only.

A notice is a state, not an event: 'at-news has failed since Tuesday'. Saying again that it goes on changes nothing.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from monitor.store.connection import from_text, to_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A trouble, or the end of one."""

    key: str  # 'source-failing/at-news': what it is about
    severity: str  # 'low', 'normal', 'high', 'critical'
    text: str
    remedy: str
    began_at: datetime
    ended_at: datetime | None = None


NOISY_RULE = "rule-noisy/"  # begins the key of a notice about a rule far over its usual rate


def stands(db: sqlite3.Connection, key: str) -> bool:
    """Whether a trouble goes on."""
    return db.execute("SELECT 1 FROM notices WHERE key = ? AND ended_at IS NULL", (key,)).fetchone() is not None


def ended_since(db: sqlite3.Connection, key: str, moment: datetime) -> bool:
    """Whether a trouble ended after `moment`."""
    since = to_text(moment)
    return db.execute("SELECT 1 FROM notices WHERE key = ? AND ended_at > ?", (key, since)).fetchone() is not None


def begin(
    db: sqlite3.Connection, key: str, text: str, now: datetime, *, severity: str = "normal", remedy: str = ""
) -> Notice | None:
    """Note that a trouble began. Returns it if that is news; None, with its text brought up to date, if it goes on."""
    if db.execute(
        "UPDATE notices SET text = ?, severity = ?, remedy = ? WHERE key = ? AND ended_at IS NULL",
        (text, severity, remedy, key),
    ).rowcount:
        return None
    db.execute(
        "INSERT INTO notices (key, severity, text, remedy, began_at) VALUES (?, ?, ?, ?, ?)",
        (key, severity, text, remedy, to_text(now)),
    )
    return Notice(key=key, severity=severity, text=text, remedy=remedy, began_at=now)


def end(db: sqlite3.Connection, key: str, now: datetime) -> Notice | None:
    """Note that a trouble is over. Returns it if it was open, None if there is nothing to end."""
    row = db.execute("SELECT * FROM notices WHERE key = ? AND ended_at IS NULL", (key,)).fetchone()
    if row is None:
        return None
    db.execute("UPDATE notices SET ended_at = ? WHERE id = ?", (to_text(now), row["id"]))
    return _notice(row, now)


def standing(db: sqlite3.Connection, prefix: str = "") -> list[Notice]:
    """The troubles that go on, whose key begins with `prefix`; the oldest first."""
    rows = db.execute(
        "SELECT * FROM notices WHERE ended_at IS NULL AND substr(key, 1, ?) = ? ORDER BY began_at, id",
        (len(prefix), prefix),
    )
    return [_notice(row, None) for row in rows]


def prune(db: sqlite3.Connection, before: datetime) -> int:
    """Delete notices that ended before `before`. Returns how many went."""
    return db.execute("DELETE FROM notices WHERE ended_at < ?", (to_text(before),)).rowcount


def _notice(row: sqlite3.Row, ended_at: datetime | None) -> Notice:
    began_at = from_text(row["began_at"])
    assert began_at is not None
    return Notice(
        key=row["key"],
        severity=row["severity"],
        text=row["text"],
        remedy=row["remedy"],
        began_at=began_at,
        ended_at=ended_at,
    )
