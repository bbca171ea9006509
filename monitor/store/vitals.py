"""What a doctor looks at in the file itself: versions, damage, times that cannot be. SQL only."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from monitor.store import schema
from monitor.store.connection import from_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """The state of one store."""

    sqlite: str  # version of the library
    schema: int
    journal: str  # 'wal'
    damage: str  # what a quick check found; '' is nothing, or not looked at
    newest_at: datetime | None  # the latest moment anything was seen


def vitals(db: sqlite3.Connection, *, quick_check: bool) -> Vitals:
    """`quick_check` reads the whole file: seconds per gigabyte."""
    damage = ""
    if quick_check:
        found = [str(row[0]) for row in db.execute("PRAGMA quick_check(5)")]
        damage = "" if found == ["ok"] else "; ".join(found)
    return Vitals(
        sqlite=sqlite3.sqlite_version,
        schema=schema.version_of(db),
        journal=str(db.execute("PRAGMA journal_mode").fetchone()[0]),
        damage=damage,
        newest_at=from_text(db.execute("SELECT MAX(seen_at) FROM articles").fetchone()[0]),
    )
