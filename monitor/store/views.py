"""The views people read in Datasette: our public read contract. No business logic.

Views hold no data, so they are dropped and made anew whenever the schema moves. A column that stands here is not
renamed and not taken away without a note in the change log; new ones are added at the end. No view sorts: whoever reads
it does.
"""

from __future__ import annotations

import sqlite3

_TODAY = "strftime('%Y-%m-%dT00:00:00.000Z', 'now')"
_MONTH = "strftime('%Y-%m-%dT00:00:00.000Z', 'now', '-30 days')"

VIEWS: dict[str, str] = {
    # ── for whoever has just been alerted ──────────────────────────────────────────────────────
    "alerts_today": f"""
        SELECT a.id, a.created_at, a.rule, a.severity, r.title, r.outlet, m.sentence, r.url, a.story_id, a.article_id
        FROM alerts a JOIN articles r ON r.id = a.article_id JOIN matches m ON m.id = a.match_id
        WHERE a.created_at >= {_TODAY}""",
    "alert_list": """
        SELECT a.id, a.created_at, a.rule, a.severity, r.title, r.outlet, m.sentence, m.field, m.evidence, r.url,
               a.story_id, a.article_id, a.mark, a.because, a.update_of, s.size AS story_size, r.published_at
        FROM alerts a JOIN articles r ON r.id = a.article_id JOIN matches m ON m.id = a.match_id
        JOIN stories s ON s.id = a.story_id""",
    "rule_matches": """
        SELECT m.id, m.matched_at, m.rule, m.rule_version, m.outcome, m.because, m.suppressed, r.title,
               COALESCE(NULLIF(e.outlet, ''), NULLIF(r.outlet, ''), s.slug) AS outlet, s.slug AS source,
               m.field, m.sentence, COALESCE(e.url, r.url) AS url, e.published_at, m.article_id, m.story_id
        FROM matches m JOIN articles r ON r.id = m.article_id JOIN entries e ON e.id = m.entry_id
        JOIN sources s ON s.id = e.source_id""",
    "suppressed_matches": """
        SELECT m.id, m.matched_at, m.rule, r.title, b.text AS removed_text, b.reason, b.confidence, m.article_id
        FROM matches m JOIN articles r ON r.id = m.article_id LEFT JOIN removed_blocks b ON b.id = m.removed_block_id
        WHERE m.suppressed = 1""",
    "rule_overview": """
        SELECT r.slug AS rule, r.state, r.error, r.version, r.paused_at, r.last_match_at,
               (SELECT count(*) FROM alerts a WHERE a.rule = r.slug
                AND a.created_at >= strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-7 days')) AS alerts_7_days,
               COALESCE(json_extract(r.definition, '$.query'), json_extract(r.definition, '$.regex')) AS query,
               json_extract(r.definition, '$.severity') AS severity
        FROM rules r WHERE r.retired_at IS NULL""",
    # ── stories ────────────────────────────────────────────────────────────────────────────────
    "story_timeline": """
        SELECT e.id AS entry_id, r.story_id, e.seen_at, e.published_at,
               COALESCE(NULLIF(e.outlet, ''), s.slug) AS outlet, e.state,
               COALESCE(NULLIF(e.title, ''), r.title) AS title, e.url, e.article_id,
               CASE e.state WHEN 'copy' THEN e.because ELSE r.because END AS because
        FROM entries e JOIN articles r ON r.id = e.article_id JOIN sources s ON s.id = e.source_id""",
    "who_was_first": """
        SELECT s.id AS story_id, s.title, s.first_seen_at, COALESCE(NULLIF(r.outlet, ''), o.slug) AS first_outlet,
               r.published_at AS first_published_at, s.size AS articles, s.last_seen_at,
               s.first_article_id AS article_id,
               round((julianday(s.last_seen_at) - julianday(s.first_seen_at)) * 24, 1) AS hours
        FROM stories s JOIN articles r ON r.id = s.first_article_id JOIN sources o ON o.id = r.source_id""",
    "source_overlap": f"""
        SELECT source, entries, own, copied, first_told, round(1.0 * own / entries, 2) AS own_share,
               CASE WHEN entries >= 20 AND own + first_told = 0 THEN 'adds nothing that others do not have'
                    ELSE '' END AS remark
        FROM (SELECT s.slug AS source, count(*) AS entries,
                     sum(t.first_article_id = e.article_id AND e.state <> 'copy') AS first_told,
                     sum(f.source_id <> e.source_id) AS copied,
                     sum(f.source_id = e.source_id AND NOT EXISTS (
                         SELECT 1 FROM entries o JOIN articles b ON b.id = o.article_id
                         WHERE b.story_id = t.id AND o.source_id <> e.source_id)) AS own
              FROM entries e JOIN sources s ON s.id = e.source_id JOIN articles a ON a.id = e.article_id
              JOIN stories t ON t.id = a.story_id JOIN articles f ON f.id = t.first_article_id
              WHERE e.seen_at >= {_MONTH} GROUP BY s.id)""",
    # ── cleaning ───────────────────────────────────────────────────────────────────────────────
    "removed_text": """
        SELECT b.id, b.article_id, b.position, b.reason, b.confidence, b.text, b.span, b.at, r.title, s.slug AS source
        FROM removed_blocks b JOIN articles r ON r.id = b.article_id JOIN sources s ON s.id = r.source_id""",
    "spam_found": """
        SELECT h.host, s.slug AS source, h.times, h.first_seen_at, h.last_seen_at, r.title AS first_title, h.article_id
        FROM spam_hosts h JOIN sources s ON s.id = h.source_id LEFT JOIN articles r ON r.id = h.article_id""",
    # ── sources and the way through ────────────────────────────────────────────────────────────
    "source_health": """
        SELECT slug, kind, health, health_because, failures, last_success_at, last_entry_at, next_poll_at, paused_at
        FROM sources WHERE retired_at IS NULL""",
    "quiet_sources": """
        SELECT slug, kind, health, last_entry_at, round(julianday('now') - julianday(last_entry_at), 1) AS days_silent,
               health_because, last_success_at
        FROM sources
        WHERE retired_at IS NULL AND paused_at IS NULL
          AND (health = 'quiet' OR last_entry_at IS NULL
               OR last_entry_at < strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-2 days'))""",
    "poll_days": f"""
        SELECT s.slug AS source, date(p.started_at) AS day, count(*) AS polls, sum(p.outcome = 'failed') AS failed,
               sum(p.new_entries) AS new_entries, round(avg(p.milliseconds)) AS milliseconds,
               sum(p.received_bytes) AS received_bytes
        FROM polls p JOIN sources s ON s.id = p.source_id
        WHERE p.started_at >= {_MONTH} GROUP BY p.source_id, day""",
    "funnel_of_a_day": f"""
        SELECT date(e.seen_at) AS day, s.slug AS source, count(*) AS announced,
               sum(e.state = 'done') AS articles, sum(e.state = 'copy') AS copies,
               sum(e.state = 'revision') AS revisions, sum(e.state = 'baseline') AS baseline,
               sum(e.state = 'held') AS held, sum(e.state = 'skipped') AS skipped,
               sum(e.state = 'failed') AS failed, sum(e.state = 'pending') AS pending
        FROM sources s CROSS JOIN entries e ON e.source_id = s.id AND e.seen_at >= {_MONTH}
        GROUP BY day, s.id""",
    # ── what was said ──────────────────────────────────────────────────────────────────────────
    "outbox": """
        SELECT id, state, channel, target, kind, attempts, try_at, last_error, created_at, sent_at, public_id
        FROM deliveries WHERE state NOT IN ('sent', 'dropped')""",
    "delivery_list": """
        SELECT d.id, d.created_at, d.channel, d.target, d.kind, d.state, d.attempts, d.sent_at,
               round((julianday(d.sent_at) - julianday(COALESCE(NULLIF(d.due_at, ''), d.created_at))) * 86400, 1)
                   AS delay_seconds,
               d.last_error, d.public_id, a.id AS alert_id, a.rule, a.article_id
        FROM deliveries d LEFT JOIN delivery_alerts x ON x.delivery_id = d.id
        LEFT JOIN alerts a ON a.id = x.alert_id""",
    "open_notices": """
        SELECT id, began_at, severity, text, remedy, key FROM notices WHERE ended_at IS NULL""",
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
