"""Articles out of the store, as a stream: all of them, or those that a search finds. SQL only.

Read page by page, each its own short read: an export of hours does not keep the write-ahead log from being emptied.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from monitor.store.connection import to_text
from monitor.store.search import Query

PAGE = 500
FIELDS = (
    "id", "title", "byline", "outlet", "source", "language", "url", "canonical_url", "published_at", "seen_at",
    "story_id", "copies", "rules", "text",
)  # fmt: skip

_ROWS = """
SELECT a.id, a.title, a.byline, a.outlet, s.slug AS source, a.language, a.url, a.canonical_url, a.published_at,
       a.seen_at, a.story_id, (SELECT count(*) FROM entries e WHERE e.article_id = a.id AND e.state = 'copy') AS copies,
       (SELECT json_group_array(DISTINCT m.rule) FROM matches m
        WHERE m.article_id = a.id AND m.suppressed = 0) AS rules,
       a.text
FROM {tables} JOIN sources s ON s.id = a.source_id
WHERE {key} > :after {more} ORDER BY {key} LIMIT {page}"""


def articles(
    db: sqlite3.Connection,
    *,
    query: Query | None = None,
    source: str | None = None,
    rule: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Iterator[dict[str, Any]]:
    """Articles in the order they were seen, with FIELDS. `rules`: slugs of those that matched; times as stored.

    `query`: only what it finds; `rule`: only what this rule matched; `since` and `until`: seen from, seen before.
    """
    values: dict[str, object] = {"after": 0}
    tables, key, more = "articles a", "a.id", ""
    if query:
        tables, key = "articles_fts f CROSS JOIN articles a ON a.id = f.rowid", "f.rowid"
        more += " AND f.articles_fts MATCH :fts"
        values["fts"] = query.fts
    if source:
        more += " AND s.slug = :source"
        values["source"] = source
    if rule:
        more += (
            " AND EXISTS (SELECT 1 FROM matches m WHERE m.article_id = a.id AND m.rule = :rule AND m.suppressed = 0)"
        )
        values["rule"] = rule
    for name, moment, sign in (("since", since, ">="), ("until", until, "<")):
        if moment:
            more += f" AND a.seen_at {sign} :{name}"
            values[name] = to_text(moment)
    if since:  # numbers grow with time: begin where the time begins
        first = db.execute("SELECT min(id) FROM articles WHERE seen_at >= ?", (values["since"],)).fetchone()[0]
        values["after"] = (first or 1) - 1
    statement = _ROWS.format(tables=tables, key=key, more=more, page=PAGE)
    while rows := db.execute(statement, values).fetchall():
        for row in rows:
            yield {**dict(row), "rules": json.loads(row["rules"])}
        values["after"] = rows[-1]["id"]
