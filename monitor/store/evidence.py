"""Everything an alert rests on, gathered from the main file: for `monitor evidence`. SQL only."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from monitor.store import letters

_JSON = ("scores", "evidence", "definition", "working", "tags")


def gather(db: sqlite3.Connection, alert: int) -> dict[str, Any] | None:
    """The rows of an alert as plain values: alert, match, rule, entry, article, removed, story, deliveries.

    None if there is no such alert. `rule` is as configured now; its version says whether that is what matched.
    """
    row = db.execute("SELECT * FROM alerts WHERE id = ?", (alert,)).fetchone()
    if row is None:
        return None
    match = _one(db, "SELECT * FROM matches WHERE id = ?", row["match_id"])
    entry = _one(
        db,
        """SELECT e.id, e.guid, e.url, e.canonical_url, e.title, e.author, e.outlet, e.language, e.tags, e.published_at,
                  e.seen_at, e.state, e.because, e.document_sha256, s.slug AS source, s.kind AS source_kind
           FROM entries e JOIN sources s ON s.id = e.source_id WHERE e.id = ?""",
        match["entry_id"],
    )
    article = _one(db, "SELECT * FROM articles WHERE id = ?", row["article_id"])
    return {
        "alert": dict(row),
        "match": match,
        "rule": _one(db, "SELECT slug, version, state, definition FROM rules WHERE slug = ?", row["rule"]),
        "entry": entry,
        "article": article,
        "removed": _all(
            db,
            """SELECT position, offset, at, reason, confidence, span, text FROM removed_blocks
               WHERE article_id = ? ORDER BY position""",
            row["article_id"],
        ),
        "story": _all(
            db,
            """SELECT entry_id, outlet, title, url, published_at, seen_at, state, because FROM story_timeline
               WHERE story_id = ? ORDER BY seen_at, entry_id""",
            row["story_id"],
        ),
        "deliveries": [dict(one) for one in letters.of_alert(db, alert)],
        "document_sha256": entry["document_sha256"] or article["document_sha256"],
    }


def _one(db: sqlite3.Connection, sql: str, key: object) -> dict[str, Any]:
    rows = _all(db, sql, key)
    return rows[0] if rows else {}


def _all(db: sqlite3.Connection, sql: str, key: object) -> list[dict[str, Any]]:
    return [
        {name: json.loads(row[name]) if name in _JSON and row[name] else row[name] for name in row.keys()}  # noqa: SIM118
        for row in db.execute(sql, (key,))
    ]
