"""Articles to be cleaned again, with the entry each came from. SQL only."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import datetime

from monitor.model import Digest
from monitor.store.connection import to_text
from monitor.store.entries import PendingEntry, as_pending


def count(db: sqlite3.Connection, source: str, since: datetime | None) -> int:
    """How many articles there are to clean again."""
    row = db.execute(
        """SELECT count(*) FROM articles a JOIN sources s ON s.id = a.source_id
           WHERE (?1 = '' OR s.slug = ?1) AND (?2 IS NULL OR a.seen_at >= ?2)""",
        (source, to_text(since) if since else None),
    ).fetchone()
    return int(row[0])


def after(
    db: sqlite3.Connection, number: int, source: str, since: datetime | None, limit: int
) -> list[tuple[PendingEntry, str]]:
    """(entry, hash of its raw document) of the next articles after `number`, in order; `article` is set."""
    rows = db.execute(
        """SELECT a.id AS article, a.document_sha256 AS sha256, e.*, s.slug, s.kind,
                  s.outlet AS source_outlet, s.tags AS source_tags, s.options ->> '$.fulltext' AS fulltext
           FROM articles a JOIN sources s ON s.id = a.source_id
           JOIN entries e ON e.id = (SELECT min(id) FROM entries WHERE article_id = a.id AND source_id = a.source_id)
           WHERE a.id > ?1 AND (?2 = '' OR s.slug = ?2) AND (?3 IS NULL OR a.seen_at >= ?3)
           ORDER BY a.id LIMIT ?4""",
        (number, source, to_text(since) if since else None, limit),
    )
    return [(replace(as_pending(row), article=row["article"]), row["sha256"]) for row in rows]


def matched(db: sqlite3.Connection, article: int) -> frozenset[str]:
    """The rules that match an article's text as it is stored."""
    rows = db.execute("SELECT DISTINCT rule FROM matches WHERE article_id = ? AND suppressed = 0", (article,))
    return frozenset(row["rule"] for row in rows)


def same(db: sqlite3.Connection, article: int, digest: Digest) -> bool:
    """Whether an article and the account of its cleaning are already what a digest says."""
    row = db.execute("SELECT title, byline, text FROM articles WHERE id = ?", (article,)).fetchone()
    if (row["title"], row["byline"], row["text"]) != (digest.article.title, digest.article.byline, digest.article.text):
        return False
    kept = db.execute("SELECT text, reason FROM removed_blocks WHERE article_id = ? ORDER BY position", (article,))
    return [(r["text"], r["reason"]) for r in kept] == [(one.text, one.reason) for one in digest.removed]


def forget_suppressed(db: sqlite3.Connection, article: int) -> None:
    """Drop the suppressed matches of an article: they rest on removed blocks that are written anew."""
    db.execute(
        "DELETE FROM matches WHERE article_id = ? AND suppressed = 1 AND id NOT IN (SELECT match_id FROM alerts)",
        (article,),
    )
