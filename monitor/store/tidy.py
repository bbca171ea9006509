"""The night's work on the files: what is over its age goes, and SQLite puts itself in order. SQL only."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from monitor.store import notices
from monitor.store.connection import to_text

NOTICES = timedelta(days=365)
PAGES = 2000  # freed pages given back to the file system a night: some MiB, some milliseconds


def prune(db: sqlite3.Connection, now: datetime, *, polls: float) -> dict[str, int]:
    """Delete the record of polls older than `polls` seconds (0: keep all), and old notices. Returns counts."""
    went = 0
    if polls:
        before = to_text(now - timedelta(seconds=polls))
        went = db.execute("DELETE FROM polls WHERE started_at < ?", (before,)).rowcount
    return {"polls": went, "notices": notices.prune(db, now - NOTICES)}


def documents_in_use(db: sqlite3.Connection) -> frozenset[str]:
    """Hashes of the raw documents that an alert rests on: they are kept whatever their age."""
    rows = db.execute(
        """SELECT DISTINCT e.document_sha256 FROM alerts a JOIN matches m ON m.id = a.match_id
           JOIN entries e ON e.id = m.entry_id WHERE e.document_sha256 IS NOT NULL"""
    )
    return frozenset(row[0] for row in rows)


def put_in_order(db: sqlite3.Connection) -> None:
    """Refresh the planner's statistics, give freed pages back, empty the write-ahead log. Outside a transaction."""
    db.execute("PRAGMA optimize")
    db.execute(f"PRAGMA incremental_vacuum({PAGES})").fetchall()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
