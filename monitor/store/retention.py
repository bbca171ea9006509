"""Old news goes: articles that matched nothing, by age and by number, each source as it is configured. SQL only.

What ever matched a rule stays, and so do a pinned story and an article that a younger appearance repeats. The entries
stay as well, without their article: they are how a feed that still lists an old item is known to bring nothing new.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.store.connection import to_text

SLICE = 200  # articles of one transaction: some 100 ms, so that nothing waits long


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """How long unmatched articles of a source are kept. 0 means without limit."""

    age: float = 0.0  # seconds since they were seen
    most: int = 0  # the newest so many


FOR_EVER = Keep()


def prune(
    db: sqlite3.Connection, keep: Mapping[str, Keep], now: datetime, limit: int = SLICE, *, otherwise: Keep = FOR_EVER
) -> int:
    """Delete at most `limit` articles that are over their source's limits. Returns how many; 0: all is done.

    `keep`: by source slug; `otherwise`: for sources not named there, retired ones included.
    """
    went = 0
    for source in db.execute("SELECT id, slug FROM sources ORDER BY id").fetchall():
        before = _before(db, source["id"], keep.get(source["slug"], otherwise), now)
        if before:
            for row in _over(db, source["id"], before, limit - went):
                delete(db, row["id"])
                went += 1
        if went >= limit:
            break
    return went


def _before(db: sqlite3.Connection, source: int, wanted: Keep, now: datetime) -> str | None:
    """Articles of the source seen before this moment are over a limit; None: there is no limit."""
    limits = []
    if wanted.age:
        limits.append(to_text(now - timedelta(seconds=wanted.age)))
    if wanted.most:
        last = db.execute(
            "SELECT seen_at FROM articles WHERE source_id = ? ORDER BY seen_at DESC LIMIT 1 OFFSET ?",
            (source, wanted.most - 1),
        ).fetchone()
        limits += [last["seen_at"]] if last else []
    return max(limits, default=None)


def _over(db: sqlite3.Connection, source: int, before: str, limit: int) -> list[sqlite3.Row]:
    return db.execute(
        """SELECT a.id FROM articles a WHERE a.source_id = ?1 AND a.seen_at < ?2
             AND NOT EXISTS (SELECT 1 FROM matches m WHERE m.article_id = a.id)
             AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.article_id = a.id
                             AND (e.seen_at >= ?2 OR e.state IN ('pending', 'held')))
             AND NOT EXISTS (SELECT 1 FROM stories s WHERE s.id = a.story_id AND s.pinned = 1)
           ORDER BY a.seen_at LIMIT ?3""",
        (source, before, limit),
    ).fetchall()


def delete(db: sqlite3.Connection, number: int) -> None:
    """Take an article that nothing rests on out of every table and out of the index.

    Its sketch goes with its month, see `candidates.forget_before`; until then it leads to nothing.
    """
    from monitor.stages.words import index_text  # its tables are for those who settle or tidy

    article = db.execute("SELECT story_id, title, text FROM articles WHERE id = ?", (number,)).fetchone()
    # A contentless index forgets a row when it is told the words it was given: made again from the text.
    db.execute(
        "INSERT INTO articles_fts (articles_fts, rowid, title, text) VALUES ('delete', ?, ?, ?)",
        (number, index_text(article["title"]), index_text(article["text"])),
    )
    for statement in (
        "UPDATE entries SET article_id = NULL WHERE article_id = ?",
        "UPDATE spam_hosts SET article_id = NULL WHERE article_id = ?",
        "DELETE FROM removed_blocks WHERE article_id = ?",
        "DELETE FROM revisions WHERE article_id = ?",
        "DELETE FROM articles WHERE id = ?",
    ):
        db.execute(statement, (number,))
    _shrink(db, article["story_id"], number)


def _shrink(db: sqlite3.Connection, story: int, gone: int) -> None:
    first = db.execute("SELECT id FROM articles WHERE story_id = ? ORDER BY seen_at, id LIMIT 1", (story,)).fetchone()
    if first is None:
        # Another story that was joined to this one by hand still leads here.
        db.execute(
            "DELETE FROM stories WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM stories WHERE joined_to = ?1)", (story,)
        )
        db.execute("UPDATE stories SET size = 0, first_article_id = NULL WHERE id = ?", (story,))
        return
    db.execute("UPDATE stories SET size = size - 1 WHERE id = ?", (story,))
    db.execute(
        "UPDATE stories SET first_article_id = ? WHERE id = ? AND first_article_id = ?", (first["id"], story, gone)
    )
