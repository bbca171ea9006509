"""Small facts that must survive a restart, in the table `state`. SQL only, in the caller's transaction."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from monitor.store.connection import to_text


def put(db: sqlite3.Connection, key: str, value: str, now: datetime) -> None:
    """Write a fact, over what it was before."""
    db.execute(
        """INSERT INTO state (key, value, updated_at) VALUES (?, ?, ?)
           ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at""",
        (key, value, to_text(now)),
    )


def get(db: sqlite3.Connection, key: str) -> str | None:
    """A fact's value; None if nobody wrote it."""
    row = db.execute("SELECT value FROM state WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row["value"])
