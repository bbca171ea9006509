"""Stored articles as a rule would have seen them, and what became of a rule's matches. SQL only; reads."""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from monitor.model import Rule
from monitor.stages.letters import exact, fold
from monitor.store import rules
from monitor.store.connection import from_text, to_text


class Seen(NamedTuple):
    """A stored article in one of its appearances."""

    article: int
    story: int
    source: str
    tags: tuple[str, ...]
    title: str
    text: str
    byline: str
    url: str
    outlet: str
    language: str
    published_at: datetime | None
    seen_at: datetime


def count(db: sqlite3.Connection, since: datetime | None) -> int:
    """How many articles were seen since a time, anywhere."""
    where, values = _where(db, since)
    return int(db.execute(f"SELECT count(*) FROM articles a {where}", values).fetchone()[0])


def numbers(db: sqlite3.Connection, since: datetime | None, questions: Iterable[str | None]) -> array[int]:
    """The numbers of articles seen anywhere since a time, by when they were first seen.

    Only those that the full-text index finds for any question; all of them where a question is None.
    """
    wanted = set(questions)
    where, values = _where(db, since)
    rows: Iterable[sqlite3.Row]
    if None in wanted:
        rows = db.execute(f"SELECT a.id FROM articles a {where} ORDER BY a.seen_at, a.id", values)
        return array("q", (row[0] for row in rows))
    found: dict[int, str] = {}
    both = f"{where} {'AND' if where else 'WHERE'} a.id IN (SELECT rowid FROM articles_fts WHERE articles_fts MATCH ?)"
    for question in sorted(filter(None, wanted)):
        found.update(db.execute(f"SELECT a.id, a.seen_at FROM articles a {both}", (*values, question)))
    return array("q", sorted(found, key=lambda number: (found[number], number)))


def articles(db: sqlite3.Connection, numbers: Sequence[int]) -> Iterator[Seen]:
    """Yield the articles of these numbers, in this order, as first seen; those pruned meanwhile are left out."""
    rows = db.execute(
        """SELECT a.id, a.story_id, s.slug, s.tags AS source_tags,
                  (SELECT e.tags FROM entries e WHERE e.article_id = a.id AND e.source_id = a.source_id
                   ORDER BY e.id LIMIT 1) AS entry_tags,
                  a.title, a.byline, a.url, a.outlet, a.language, a.published_at, a.seen_at, a.text
           FROM json_each(?) n JOIN articles a ON a.id = n.value JOIN sources s ON s.id = a.source_id
           ORDER BY n.key""",
        (json.dumps(list(numbers)),),
    )
    for row in rows:
        yield Seen(
            article=row["id"],
            story=row["story_id"],
            source=row["slug"],
            tags=_tags(row),
            title=row["title"],
            text=row["text"],
            byline=row["byline"],
            url=row["url"] or "",
            outlet=row["outlet"],
            language=row["language"],
            published_at=from_text(row["published_at"]),
            seen_at=from_text(row["seen_at"]) or datetime.min.replace(tzinfo=UTC),
        )


def sightings(db: sqlite3.Connection, numbers: Sequence[int]) -> Iterator[list[Seen]]:
    """Yield each of these articles in all its appearances, the first one first, then as they were seen."""
    rows = db.execute(
        """SELECT e.article_id, e.url, e.outlet, e.language, e.published_at, e.seen_at, e.tags AS entry_tags,
                  s.slug, s.tags AS source_tags
           FROM json_each(?) n JOIN articles a ON a.id = n.value JOIN entries e ON e.article_id = a.id
           JOIN sources s ON s.id = e.source_id
           WHERE e.id IS NOT (SELECT min(o.id) FROM entries o WHERE o.article_id = a.id AND o.source_id = a.source_id)
           ORDER BY n.key, e.seen_at, e.id""",
        (json.dumps(list(numbers)),),
    )
    elsewhere: dict[int, list[sqlite3.Row]] = {}
    for row in rows:
        elsewhere.setdefault(row["article_id"], []).append(row)
    for first in articles(db, numbers):
        yield [first, *(_again(first, row) for row in elsewhere.get(first.article, ()))]


def _again(first: Seen, row: sqlite3.Row) -> Seen:
    """The same text as another entry announced it."""
    return first._replace(
        source=row["slug"],
        tags=_tags(row),
        url=row["url"] or first.url,
        outlet=row["outlet"],
        language=first.language or row["language"],
        published_at=from_text(row["published_at"]) or first.published_at,
        seen_at=from_text(row["seen_at"]) or first.seen_at,
    )


def _tags(row: sqlite3.Row) -> tuple[str, ...]:
    return (*json.loads(row["source_tags"] or "[]"), *json.loads(row["entry_tags"] or "[]"))


def article(db: sqlite3.Connection, name: str) -> Seen | None:
    """One article by its number or address, or as it appeared under another address."""
    found = db.execute("SELECT id FROM articles WHERE id = ?", (name,)).fetchone() if name.isdecimal() else None
    if found is None:
        found = db.execute(
            """SELECT id FROM articles WHERE canonical_url = :name OR url = :name
               UNION ALL SELECT article_id FROM entries
               WHERE (url = :name OR canonical_url = :name) AND article_id IS NOT NULL LIMIT 1""",
            {"name": name},
        ).fetchone()
    if found is None:
        return None
    appearances = next(sightings(db, (found[0],)), [])
    return next((seen for seen in appearances if seen.url == name), appearances[0] if appearances else None)


def _where(db: sqlite3.Connection, since: datetime | None) -> tuple[str, tuple[str, ...]]:
    """What limits articles to those seen since a time, be it as a copy of what was there before."""
    if since is None:
        return "", ()
    time = to_text(since)
    again = db.execute(
        """SELECT json_group_array(DISTINCT a.id) FROM entries e JOIN articles a ON a.id = e.article_id
           WHERE e.seen_at >= ? AND a.seen_at < ?""",
        (time, time),
    ).fetchone()[0]
    return "WHERE (a.seen_at >= ? OR a.id IN (SELECT value FROM json_each(?)))", (time, again)


# ── what became of a rule ───────────────────────────────────────────────────────────────────────


def overview(db: sqlite3.Connection, since: datetime) -> list[sqlite3.Row]:
    """Every rule that is not retired, with its state, its matches and alerts since a time, and how they were marked."""
    return db.execute(
        """SELECT r.slug, r.version, r.state, r.error, r.paused_at, r.definition, r.changed_at,
                  (SELECT max(m.matched_at) FROM matches m WHERE m.rule = r.slug) AS last_match_at,
                  (SELECT count(*) FROM matches m WHERE m.rule = r.slug AND m.matched_at >= :since) AS matches,
                  (SELECT count(*) FROM alerts a WHERE a.rule = r.slug AND a.created_at >= :since) AS alerts,
                  (SELECT count(*) FROM alerts a WHERE a.rule = r.slug AND a.mark = 'relevant') AS relevant,
                  (SELECT count(*) FROM alerts a WHERE a.rule = r.slug AND a.mark = 'noise') AS noise
           FROM rules r WHERE r.retired_at IS NULL ORDER BY r.slug""",
        {"since": to_text(since)},
    ).fetchall()


def outcomes(db: sqlite3.Connection, rule: str, since: datetime) -> list[sqlite3.Row]:
    """What became of a rule's matches since a time: outcome and number."""
    return db.execute(
        """SELECT outcome, count(*) AS matches FROM matches WHERE rule = ? AND matched_at >= ?
           GROUP BY outcome ORDER BY matches DESC""",
        (rule, to_text(since)),
    ).fetchall()


def precision_by_source(db: sqlite3.Connection, rule: str) -> list[sqlite3.Row]:
    """Marked alerts of a rule for each source: relevant, noise."""
    return db.execute(
        """SELECT s.slug AS name, sum(a.mark = 'relevant') AS relevant, sum(a.mark = 'noise') AS noise
           FROM alerts a JOIN articles t ON t.id = a.article_id JOIN sources s ON s.id = t.source_id
           WHERE a.rule = ? AND a.mark IS NOT NULL GROUP BY s.slug ORDER BY noise DESC, s.slug""",
        (rule,),
    ).fetchall()


def precision_by_term(db: sqlite3.Connection, rule: str) -> list[sqlite3.Row]:
    """Marked alerts of a rule for each term that hit in them."""
    return db.execute(
        """SELECT h.term AS name, count(DISTINCT CASE a.mark WHEN 'relevant' THEN a.id END) AS relevant,
                  count(DISTINCT CASE a.mark WHEN 'noise' THEN a.id END) AS noise
           FROM alerts a JOIN matches m ON m.id = a.match_id,
                (SELECT json_extract(value, '$.term') AS term, x.id AS id FROM matches x, json_each(x.evidence)
                 WHERE x.rule = :rule) h
           WHERE a.rule = :rule AND a.mark IS NOT NULL AND h.id = m.id
           GROUP BY h.term ORDER BY noise DESC, h.term""",
        {"rule": rule},
    ).fetchall()


def way(db: sqlite3.Connection, article: int) -> list[sqlite3.Row]:
    """The matches of an article with their outcome, alert and deliveries."""
    return db.execute(
        """SELECT m.rule, m.rule_version, m.outcome, m.because, m.sentence, m.suppressed, a.id AS alert,
                  (SELECT group_concat(d.channel || ': ' || d.state, ', ') FROM delivery_alerts da
                   JOIN deliveries d ON d.id = da.delivery_id WHERE da.alert_id = a.id) AS deliveries
           FROM matches m LEFT JOIN alerts a ON a.match_id = m.id
           WHERE m.article_id = ? ORDER BY m.rule, m.id""",
        (article,),
    ).fetchall()


def appearances(db: sqlite3.Connection, name: str, article: int | None) -> list[sqlite3.Row]:
    """The entries of an article, or those announced under an address."""
    return db.execute(
        """SELECT e.id, s.slug AS source, e.state, e.because, e.url, e.title, e.seen_at, e.settled_at
           FROM entries e JOIN sources s ON s.id = e.source_id
           WHERE e.article_id = ? OR e.url = ? OR e.canonical_url = ? ORDER BY e.id""",
        (article, name, name),
    ).fetchall()


def facts_of(db: sqlite3.Connection, article: int) -> sqlite3.Row:
    """What is stored of how an article was made and which story it joined."""
    row: sqlite3.Row = db.execute(
        """SELECT a.id, a.title, a.url, a.outlet, a.language, a.published_at, a.seen_at, a.extractor, a.cleaner,
                  a.ruling, a.because, a.story_id, length(a.text) AS characters, st.size AS story_size,
                  (SELECT count(*) FROM removed_blocks b WHERE b.article_id = a.id) AS removed,
                  (SELECT group_concat(reason || ' ' || n, ', ') FROM
                     (SELECT reason, count(*) AS n FROM removed_blocks b WHERE b.article_id = a.id
                      GROUP BY reason ORDER BY n DESC)) AS removed_as
           FROM articles a JOIN stories st ON st.id = a.story_id WHERE a.id = ?""",
        (article,),
    ).fetchone()
    return row


def titles(db: sqlite3.Connection, numbers: list[int]) -> list[dict[str, object]]:
    """Number and title of articles."""
    found: list[dict[str, object]] = []
    for number in numbers:
        row = db.execute("SELECT id AS article, title FROM articles WHERE id = ?", (number,)).fetchone()
        found.append(dict(row))
    return found


def as_it_stands(db: sqlite3.Connection, rule: str) -> Rule | None:
    """The version of a rule that works now."""
    row = db.execute("SELECT working FROM rules WHERE slug = ? AND retired_at IS NULL", (rule,)).fetchone()
    return rules.from_json(row["working"]) if row and row["working"] else None


def words_beginning(path: Path, prefix: str, enough: int) -> int:
    """How many distinct words of the store's full-text index begin so, counted up to `enough`."""
    folded = fold(exact(prefix))
    db = sqlite3.connect(":memory:", uri=True)  # a reader of the store may not make the table that lists its words
    try:
        db.execute("ATTACH ? AS store", (f"{path.absolute().as_uri()}?mode=ro",))
        db.execute("CREATE VIRTUAL TABLE temp.words_seen USING fts5vocab('store', 'articles_fts', 'row')")
        row = db.execute(
            "SELECT count(*) FROM (SELECT 1 FROM temp.words_seen WHERE term >= ? AND term < ? LIMIT ?)",
            (folded, folded + "\U0010ffff", enough),
        ).fetchone()
        return int(row[0])
    finally:
        db.close()


def sources(db: sqlite3.Connection) -> list[sqlite3.Row]:
    """The sources that are not retired, as they were configured."""
    return db.execute(
        """SELECT slug, kind, address, outlet, every_seconds, tags, options, baseline, enabled
           FROM sources WHERE retired_at IS NULL AND kind <> 'ingest' ORDER BY slug"""
    ).fetchall()
