"""The views people read in Datasette: our public read contract. No business logic.

Views hold no data, so they are dropped and made anew whenever the schema moves.
"""

from __future__ import annotations

import sqlite3

VIEWS: dict[str, str] = {
    "alerts_today": """
        SELECT a.id, a.created_at, a.rule, a.severity, r.title, r.outlet, m.sentence, r.url, a.story_id, a.article_id
        FROM alerts a JOIN articles r ON r.id = a.article_id JOIN matches m ON m.id = a.match_id
        WHERE a.created_at >= strftime('%Y-%m-%dT00:00:00.000Z', 'now')""",
    "source_health": """
        SELECT slug, kind, health, health_because, failures, last_success_at, last_entry_at, next_poll_at, paused_at
        FROM sources WHERE retired_at IS NULL""",
    "suppressed_matches": """
        SELECT m.id, m.matched_at, m.rule, r.title, b.text AS removed_text, b.reason, b.confidence, m.article_id
        FROM matches m JOIN articles r ON r.id = m.article_id LEFT JOIN removed_blocks b ON b.id = m.removed_block_id
        WHERE m.suppressed = 1""",
    "story_timeline": """
        SELECT e.id AS entry_id, r.story_id, e.seen_at, e.published_at,
               COALESCE(NULLIF(e.outlet, ''), s.slug) AS outlet, e.state,
               e.title, e.url, e.article_id, CASE e.state WHEN 'copy' THEN e.because ELSE r.because END AS because
        FROM entries e JOIN articles r ON r.id = e.article_id JOIN sources s ON s.id = e.source_id""",
    "outbox": """
        SELECT id, state, channel, target, kind, attempts, try_at, last_error, created_at, sent_at, public_id
        FROM deliveries WHERE state <> 'sent'""",
}


def create_views(db: sqlite3.Connection) -> None:
    """Drop and create every view. Runs in a transaction of its own."""
    db.execute("BEGIN IMMEDIATE")
    try:
        for name, select in VIEWS.items():
            db.execute(f"DROP VIEW IF EXISTS {name}")
            db.execute(f"CREATE VIEW {name} AS {select}")
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
