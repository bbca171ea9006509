"""The questions a desk asks, ready to run in Datasette: canned queries over the store's views.

They use two functions that the plugin adds to SQL: `search_query(text)`, which turns a search as people type it into
one for the full-text index, and `plain(text)`, which drops what no feed reader may be given.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Canned:
    """A question: its title, what it answers, its SQL. Parameters stand in the SQL as :name."""

    title: str
    text: str
    sql: str


_SINCE = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-' || CAST(COALESCE(NULLIF(:days, ''), 30) AS INTEGER) || ' days')"

QUERIES: dict[str, Canned] = {
    "today": Canned(
        "Alerts today",
        "What was raised since midnight UTC, newest first.",
        """SELECT created_at, severity, rule, title, outlet, sentence, url, article_id, story_id, id AS alert_id
FROM alerts_today ORDER BY created_at DESC""",
    ),
    "rule_last_30_days": Canned(
        "A rule's last 30 days",
        "Every match of a rule, with what came of it. Parameter: the rule's short name.",
        """SELECT matched_at, outcome, title, outlet, sentence, because, url, article_id, story_id
FROM rule_matches
WHERE rule = :rule AND matched_at >= strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-30 days')
ORDER BY matched_at DESC""",
    ),
    "rule_feed": Canned(
        "A rule as a feed",
        "Alerts of a rule for a feed reader: add .atom to the address. An empty rule means all of them.",
        """SELECT * FROM (
  SELECT 'urn:monitor:alert:' || id AS atom_id, created_at AS atom_updated,
         plain(COALESCE(NULLIF(title, ''), '(no title)')) AS atom_title,
         plain(outlet || ': ' || sentence || ' [' || rule || ']') AS atom_content,
         CASE WHEN url LIKE 'http://%' OR url LIKE 'https://%' THEN plain(url) ELSE 'urn:monitor:article:' || article_id
         END AS atom_link, plain(outlet) AS atom_author_name
  FROM alert_list WHERE :rule = '' OR rule = :rule ORDER BY created_at DESC LIMIT 50)
UNION ALL
SELECT 'urn:monitor:rule:' || :rule,
       COALESCE((SELECT created_at FROM rules WHERE slug = :rule), '1970-01-01T00:00:00.000Z'),
       CASE WHEN :rule = '' THEN 'Alerts of every rule'
            WHEN EXISTS (SELECT 1 FROM rules WHERE slug = :rule) THEN 'Watching for ' || plain(:rule)
            ELSE 'There is no rule ' || plain(:rule) END,
       'This feed begins here.', 'urn:monitor:rule:' || plain(:rule), 'monitor'""",
    ),
    "story_and_copies": Canned(
        "A story and its copies",
        "Every appearance of a story, in the order we were told. Parameter: the story's number.",
        """SELECT seen_at, published_at, outlet, state, title, because, url, article_id
FROM story_timeline WHERE story_id = CAST(:story AS INTEGER) ORDER BY seen_at, entry_id""",
    ),
    "first_to_tell": Canned(
        "Who was first",
        "Stories of the last days that more than one article told, with the outlet that had them first.",
        f"""SELECT first_seen_at, first_outlet, articles, hours, title, story_id, article_id
FROM who_was_first WHERE first_seen_at >= {_SINCE} AND articles > 1
ORDER BY story_id DESC""",
    ),
    "removed_from_article": Canned(
        "What was removed from an article",
        "Every passage cleaning took out, with its reason. Parameter: the article's number.",
        """SELECT position, reason, confidence, text, span, at
FROM removed_text WHERE article_id = CAST(:article AS INTEGER) ORDER BY position""",
    ),
    "matches_suppressed": Canned(
        "Suppressed matches",
        "Matches whose words stand only in removed text: if one of these should have been an alert, cleaning erred.",
        """SELECT matched_at, rule, title, removed_text, reason, confidence, article_id
FROM suppressed_matches ORDER BY id DESC LIMIT 200""",
    ),
    "health": Canned(
        "Source health",
        "Sources that need a look come first.",
        """SELECT health, slug AS source, kind, health_because, failures, last_success_at, last_entry_at, next_poll_at,
       paused_at
FROM source_health ORDER BY health IN ('ok', 'new'), health, slug""",
    ),
    "silent_sources": Canned(
        "Quiet sources",
        "Sources that have brought nothing for two days, or less than they used to.",
        """SELECT slug AS source, days_silent, last_entry_at, health, health_because, last_success_at
FROM quiet_sources ORDER BY last_entry_at""",
    ),
    "funnel": Canned(
        "Funnel of a day",
        "What became of what was announced on a day, by source, and how much of it matched and alerted."
        " Parameter: the day as 2026-11-22; empty: today.",
        """WITH told AS (
    SELECT s.slug AS source, count(DISTINCT e.id) AS matched,
           count(DISTINCT CASE WHEN m.outcome = 'alert' THEN e.id END) AS alerted
    FROM sources s
    CROSS JOIN entries e ON e.source_id = s.id AND e.seen_at >= COALESCE(NULLIF(:day, ''), date('now'))
        AND e.seen_at < date(COALESCE(NULLIF(:day, ''), date('now')), '+1 day')
    CROSS JOIN matches m ON m.entry_id = e.id AND m.suppressed = 0
    GROUP BY s.id
)
SELECT source, announced, articles, copies, revisions, baseline, held, skipped, failed, pending,
       COALESCE(matched, 0) AS matched, COALESCE(alerted, 0) AS alerted
FROM funnel_of_a_day LEFT JOIN told USING (source)
WHERE day = COALESCE(NULLIF(:day, ''), date('now')) ORDER BY announced DESC""",
    ),
    "could_not_be_read": Canned(
        "What could not be read",
        "Entries of the last 30 days that became no article: which file or page, and why.",
        """SELECT e.seen_at, s.slug AS source, e.because, e.title, e.url, e.id AS entry_id
FROM sources s CROSS JOIN entries e ON e.source_id = s.id AND e.state = 'failed'
    AND e.seen_at >= strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-30 days')
ORDER BY e.seen_at DESC LIMIT 500""",
    ),
    "undelivered": Canned(
        "Outbox",
        "Messages that nobody has acknowledged yet, dead ones first.",
        """SELECT state, channel, target, kind, attempts, last_error, try_at, created_at, public_id
FROM outbox ORDER BY state = 'dead' DESC, try_at""",
    ),
    "spam": Canned(
        "Spam found",
        "Hosts of link spam inside a source's pages, most seen first: tell the publisher.",
        "SELECT source, host, times, first_seen_at, last_seen_at, first_title, article_id\nFROM spam_found\n"
        "ORDER BY times DESC",
    ),
    "term_by_outlet": Canned(
        "A term in the last days, by outlet",
        "How many articles of each outlet hold a word, a phrase or any search. Parameters: the search; days (30).",
        f"""SELECT outlet, count(*) AS articles, min(a.seen_at) AS first_seen_at, max(a.seen_at) AS last_seen_at,
       max(a.id) AS article_id
FROM articles_fts CROSS JOIN articles a ON a.id = articles_fts.rowid
WHERE articles_fts MATCH search_query(:term)
  AND articles_fts.rowid >= COALESCE((SELECT id FROM articles WHERE seen_at >= {_SINCE} ORDER BY seen_at LIMIT 1), 9e18)
GROUP BY outlet ORDER BY articles DESC""",
    ),
}
