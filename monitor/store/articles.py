"""Articles, their stories, removed blocks, matches and full text. SQL only, in the caller's transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime

from monitor.model import Article, Digest, Fingerprint, Hit, Match, Removed, Ruling
from monitor.store.connection import from_text, to_text


def add(db: sqlite3.Connection, source: int, digest: Digest, ruling: Ruling, seen_at: datetime) -> tuple[int, int]:
    """Write an article with its removed blocks, full text and place in a story. Returns (article, story) numbers.

    The sketch is written by store.candidates.
    """
    article, moment = digest.article, to_text(seen_at)
    story = ruling.story
    if story is None:
        story = _insert(
            db,
            "stories",
            {"title": article.title, "first_seen_at": moment, "last_seen_at": moment},
        )
    else:
        db.execute(
            "UPDATE stories SET size = size + 1, last_seen_at = MAX(last_seen_at, ?) WHERE id = ?", (moment, story)
        )
    number = _insert(
        db,
        "articles",
        {
            "story_id": story,
            "source_id": source,
            "seen_at": moment,
            "url": article.url,
            **_content(article),
            "ruling": ruling.kind,
            "because": ruling.because,
            "scores": json.dumps(dict(ruling.scores)),
        },
    )
    if ruling.story is None:
        db.execute("UPDATE stories SET first_article_id = ? WHERE id = ?", (number, story))
    _add_parts(db, number, digest)
    return number, story


def revise(
    db: sqlite3.Connection, number: int, digest: Digest, because: str, now: datetime, old_index: tuple[str, str]
) -> int:
    """Replace an article's text and keep what it said before. Its story and its alerts stay.

    Returns how often the article has changed.

    `old_index`: the index words of the old title and text, needed to take them out of a contentless index.
    """
    db.execute(
        """INSERT INTO revisions (article_id, replaced_at, title, text, because)
           SELECT id, ?, title, text, ? FROM articles WHERE id = ?""",
        (to_text(now), because, number),
    )
    content = _content(digest.article)
    assignments = ", ".join(f"{name} = :{name}" for name in content)
    db.execute(
        f"UPDATE articles SET {assignments}, revisions = revisions + 1 WHERE id = :id", {**content, "id": number}
    )
    db.execute(
        "INSERT INTO articles_fts (articles_fts, rowid, title, text) VALUES ('delete', ?, ?, ?)", (number, *old_index)
    )
    db.execute("UPDATE matches SET removed_block_id = NULL WHERE article_id = ?", (number,))
    db.execute("DELETE FROM removed_blocks WHERE article_id = ?", (number,))
    _add_parts(db, number, digest)
    return int(db.execute("SELECT revisions FROM articles WHERE id = ?", (number,)).fetchone()[0])


def _content(article: Article) -> dict[str, object]:
    return {
        "canonical_url": article.canonical_url,
        "title": article.title,
        "byline": article.byline,
        "outlet": article.outlet,
        "text": article.text,
        "language": article.language,
        "published_at": to_text(article.published_at) if article.published_at else None,
        "text_hash": article.fingerprint.exact,
        "shingles": article.fingerprint.shingles,
        "extractor": article.extractor,
        "cleaner": article.cleaner,
        "document_sha256": article.document_sha256,
    }


def _add_parts(db: sqlite3.Connection, number: int, digest: Digest) -> None:
    add_removed(db, number, digest.removed)
    db.execute(
        "INSERT INTO articles_fts (rowid, title, text) VALUES (?, ?, ?)",
        (number, digest.index_title, digest.index_text),
    )


def add_removed(db: sqlite3.Connection, article: int, removed: Sequence[Removed]) -> None:
    """Write the account of what cleaning took out, in page order."""
    db.executemany(
        """INSERT INTO removed_blocks (article_id, position, offset, at, text, reason, confidence, span)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
        [
            (article, position, one.offset, one.at, one.text, one.reason, one.confidence, one.span)
            for position, one in enumerate(removed)
        ],
    )


def add_spam_hosts(db: sqlite3.Connection, source: int, hosts: Sequence[str], article: int, now: datetime) -> list[str]:
    """Record hosts of link spam found on a source. Returns those that are new to it."""
    new = []
    for host in hosts:
        done = db.execute(
            "UPDATE spam_hosts SET times = times + 1, last_seen_at = ? WHERE source_id = ? AND host = ?",
            (to_text(now), source, host),
        )
        if not done.rowcount:
            new.append(host)
            db.execute(
                """INSERT INTO spam_hosts (source_id, host, first_seen_at, last_seen_at, article_id)
                   VALUES (?, ?, ?, ?, ?)""",
                (source, host, to_text(now), to_text(now), article),
            )
    return new


def add_match(
    db: sqlite3.Connection,
    match: Match,
    *,
    entry: int,
    article: int,
    story: int,
    revision: int = 0,
    outcome: str,
    because: str,
    now: datetime,
) -> int:
    """Write a match with its evidence, once for each revision of the text: an alert rests on it. Returns its number."""
    first = match.hits[0] if match.hits else None
    block = None
    if match.removed is not None:
        found = db.execute(
            "SELECT id FROM removed_blocks WHERE article_id = ? AND position = ?", (article, match.removed)
        ).fetchone()
        block = found["id"] if found else None
    row = db.execute(
        """INSERT INTO matches (rule, rule_version, entry_id, revision, article_id, story_id, matched_at, suppressed,
                                removed_block_id, outcome, because, field, sentence, evidence)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (rule, entry_id, rule_version, revision) DO UPDATE SET rule = rule
           RETURNING id""",
        (
            match.rule,
            match.version,
            entry,
            revision,
            article,
            story,
            to_text(now),
            match.suppressed,
            block,
            outcome,
            because,
            first.field if first else "",
            first.sentence if first else "",
            json.dumps([hit._asdict() for hit in match.hits], ensure_ascii=False),
        ),
    ).fetchone()
    if not match.suppressed:
        db.execute("UPDATE rules SET last_match_at = ? WHERE slug = ?", (to_text(now), match.rule))
    return int(row["id"])


def matches(db: sqlite3.Connection, article: int) -> list[Match]:
    """What rules found in an article as it stands now, in its text as it is kept; one match a rule."""
    rows = db.execute(
        """SELECT rule, rule_version, evidence, suppressed, because FROM matches
           WHERE article_id = ?1 AND suppressed = 0 AND revision = (SELECT revisions FROM articles WHERE id = ?1)
           ORDER BY id""",
        (article,),
    )
    return list(
        {
            row["rule"]: Match(
                rule=row["rule"],
                version=row["rule_version"],
                hits=tuple(Hit(**hit) for hit in json.loads(row["evidence"])),
                because=row["because"],
            )
            for row in rows
        }.values()
    )


def find_canonical(db: sqlite3.Connection, canonical_url: str) -> int | None:
    """The newest article of this canonical address, or None."""
    row = db.execute(
        "SELECT id FROM articles WHERE canonical_url = ? ORDER BY id DESC LIMIT 1", (canonical_url,)
    ).fetchone()
    return row["id"] if row else None


def get(db: sqlite3.Connection, number: int) -> Article | None:
    """A stored article, without its sketch keys."""
    row = db.execute("SELECT * FROM articles WHERE id = ?", (number,)).fetchone()
    return as_article(row) if row else None


def as_article(row: sqlite3.Row) -> Article:
    """A row of `articles` as a value."""
    return Article(
        number=row["id"],
        title=row["title"],
        text=row["text"],
        url=row["url"],
        canonical_url=row["canonical_url"],
        byline=row["byline"],
        outlet=row["outlet"],
        language=row["language"],
        published_at=from_text(row["published_at"]),
        fingerprint=Fingerprint(exact=row["text_hash"], shingles=row["shingles"]),
        extractor=row["extractor"],
        cleaner=row["cleaner"],
        document_sha256=row["document_sha256"],
    )


def story_of(db: sqlite3.Connection, article: int) -> int:
    """The number of the story an article belongs to. Raises KeyError if there is no such article."""
    row = db.execute("SELECT story_id FROM articles WHERE id = ?", (article,)).fetchone()
    if row is None:
        raise KeyError(article)
    return int(row["story_id"])


def _insert(db: sqlite3.Connection, table: str, values: dict[str, object]) -> int:
    names, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
    return int(db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", values).lastrowid or 0)
