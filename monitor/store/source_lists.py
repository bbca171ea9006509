"""Sources as people look at them: a list, and one of them with its polls and its day's funnel. SQL only."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime, timedelta
from typing import Any

from monitor.store import entries
from monitor.store.connection import to_text

_STATE = """CASE WHEN retired_at IS NOT NULL THEN 'retired' WHEN enabled = 0 THEN 'off'
                 WHEN paused_at IS NOT NULL AND health <> 'gone' THEN 'paused' ELSE health END"""


def listing(
    db: sqlite3.Connection, now: datetime, *, kinds: tuple[str, ...] = (), retired: bool = False
) -> list[dict[str, Any]]:
    """All sources by slug, with what the last 24 hours brought. `kinds`: only these; empty means all."""
    marks = ",".join("?" * len(kinds))
    rows = db.execute(
        f"""SELECT slug, kind, COALESCE(moved_to, address) AS address, every_seconds, tags, {_STATE} AS state,
                   CASE WHEN paused_at IS NOT NULL THEN paused_because ELSE health_because END AS because,
                   failures, last_success_at, last_entry_at, next_poll_at,
                   (SELECT COUNT(*) FROM entries e WHERE e.source_id = s.id AND e.seen_at >= ?) AS day
            FROM sources s
            WHERE {"1" if retired else "retired_at IS NULL"} {f"AND kind IN ({marks})" if kinds else ""}
            ORDER BY slug""",
        (to_text(now - timedelta(days=1)), *kinds),
    )
    return [{**dict(row), "tags": json.loads(row["tags"])} for row in rows]


def detail(db: sqlite3.Connection, slug: str, now: datetime, *, polls: int = 10) -> dict[str, Any] | None:
    """One source with its latest polls and its funnel of the last 24 hours; None if there is no such source."""
    row = db.execute(f"SELECT *, {_STATE} AS state FROM sources WHERE slug = ?", (slug,)).fetchone()
    if row is None:
        return None
    found = dict(row)
    found["tags"], found["options"] = json.loads(row["tags"]), json.loads(row["options"])
    cursor = json.loads(row["cursor"])
    found["cursor"] = {key: value for key, value in cursor.items() if key not in ("seen", "known", "children")}
    since = to_text(now - timedelta(days=1))
    found["funnel"] = _funnel(db, row["id"], since)
    stored, alerted = entries.baseline_summary(db, row["id"]) or (0, 0)
    found["baseline"] = {"stored": stored, "would_have_alerted": alerted}
    week = (row["id"], to_text(now - timedelta(days=7)))
    found["failed"] = [
        dict(entry)
        for entry in db.execute(
            """SELECT id AS entry, seen_at, title, url, because FROM entries
               WHERE source_id = ? AND seen_at >= ? AND state = 'failed' ORDER BY seen_at DESC, id DESC LIMIT 20""",
            week,
        )
    ]
    found["polls"] = [
        dict(poll)
        for poll in db.execute(
            """SELECT started_at, milliseconds, outcome, status, received_bytes, entries, new_entries, because
               FROM polls WHERE source_id = ? ORDER BY started_at DESC LIMIT ?""",
            (row["id"], polls),
        )
    ]
    return found


def _funnel(db: sqlite3.Connection, source: int, since: str) -> dict[str, int]:
    """What came in and what became of it: every drop has its name."""
    states = {
        row["state"]: row["n"]
        for row in db.execute(
            "SELECT state, COUNT(*) AS n FROM entries WHERE source_id = ? AND seen_at >= ? GROUP BY state",
            (source, since),
        )
    }
    matched, alerted = db.execute(
        """SELECT COUNT(DISTINCT m.entry_id), COUNT(DISTINCT CASE WHEN m.outcome = 'alert' THEN m.entry_id END)
           FROM entries e JOIN matches m ON m.entry_id = e.id AND m.outcome <> 'suppressed'
           WHERE e.source_id = ? AND e.seen_at >= ?""",
        (source, since),
    ).fetchone()
    dropped = {name: states.get(name, 0) for name in ("skipped", "failed", "held")}
    total = sum(states.values())
    return {
        "in": total,
        "waiting": states.get("pending", 0),
        **dropped,
        "cleaned": total - states.get("pending", 0) - sum(dropped.values()),
        "copies": states.get("copy", 0),
        "unique": sum(states.get(name, 0) for name in ("done", "revision", "baseline")),
        "matched": int(matched),
        "alerted": int(alerted),
    }


def titles(db: sqlite3.Connection) -> dict[str, str]:
    """slug → what a feed calls itself, where it has told."""
    rows = db.execute("SELECT slug, cursor ->> '$.title' AS title FROM sources WHERE kind = 'feed'")
    return {row["slug"]: row["title"] for row in rows if row["title"]}
