"""Stories: who told them, in what order, with what differences; and the operator's last word on them. SQL only.

`split` and `join` move articles that are there. Nothing else ever does: an article keeps its story when it is revised
or cleaned again, so what the operator said stays said.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from monitor.errors import Permanent
from monitor.store.connection import to_text


def recent(
    db: sqlite3.Connection, *, limit: int = 30, since: datetime | None = None, least: int = 1, alerted: bool = False
) -> list[dict[str, Any]]:
    """Stories, the one told last first: id, title, size, appearances, outlets, first outlet, times, alerts.

    `least`: with so many appearances at least. `alerted`: only those that raised an alert.
    """
    rows = db.execute(
        """SELECT s.id, s.title, s.size, s.first_seen_at, s.last_seen_at, s.pinned,
                  (SELECT COALESCE(NULLIF(a.outlet, ''), o.slug) FROM articles a JOIN sources o ON o.id = a.source_id
                   WHERE a.id = s.first_article_id) AS first_outlet,
                  (SELECT count(*) FROM articles a JOIN entries e ON e.article_id = a.id WHERE a.story_id = s.id)
                      AS appearances,
                  (SELECT count(*) FROM alerts a WHERE a.story_id = s.id) AS alerts
           FROM stories s
           WHERE s.size > 0 AND s.last_seen_at >= :since AND appearances >= :least AND (NOT :alerted OR alerts > 0)
           ORDER BY s.last_seen_at DESC, s.id DESC LIMIT :limit""",
        {"since": to_text(since) if since else "", "least": least, "alerted": alerted, "limit": limit},
    )
    return [dict(row) for row in rows]


def get(db: sqlite3.Connection, number: int) -> dict[str, Any]:
    """A story with its articles, their appearances and its alerts, each in order of time. A joined one leads on.

    Raises Permanent if there is no such story.
    """
    row = _row(db, number)
    while row["joined_to"] is not None:
        row = _row(db, row["joined_to"])
    story = dict(row)
    number = story["id"]
    story["outlets"] = outlets(db, number)
    story["articles"] = [
        {**dict(article), "scores": json.loads(article["scores"])}
        for article in db.execute(
            """SELECT a.id, COALESCE(NULLIF(a.outlet, ''), s.slug) AS outlet, s.slug AS source, a.title, a.url,
                      a.published_at, a.seen_at, a.ruling, a.because, a.scores, a.revisions, a.text
               FROM articles a JOIN sources s ON s.id = a.source_id WHERE a.story_id = ? ORDER BY a.seen_at, a.id""",
            (number,),
        )
    ]
    story["appearances"] = _rows(
        db,
        """SELECT e.id AS entry, COALESCE(NULLIF(e.outlet, ''), s.slug) AS outlet, s.slug AS source, e.title, e.url,
                  e.published_at, e.seen_at, e.state, e.because, e.article_id AS article
           FROM entries e JOIN articles a ON a.id = e.article_id JOIN sources s ON s.id = e.source_id
           WHERE a.story_id = ? ORDER BY e.seen_at, e.id""",
        number,
    )
    story["revisions"] = _rows(
        db,
        """SELECT r.id, r.article_id AS article, r.replaced_at, r.title, r.text, r.because
           FROM revisions r JOIN articles a ON a.id = r.article_id WHERE a.story_id = ? ORDER BY r.replaced_at, r.id""",
        number,
    )
    story["alerts"] = _rows(
        db,
        "SELECT id, rule, created_at, article_id AS article, update_of FROM alerts WHERE story_id = ? ORDER BY id",
        number,
    )
    return story


def outlets(db: sqlite3.Connection, number: int) -> list[str]:
    """The outlets that told a story, in order of appearance, each once."""
    rows = db.execute(
        """SELECT COALESCE(NULLIF(e.outlet, ''), NULLIF(a.outlet, ''), s.slug) AS outlet
           FROM entries e JOIN articles a ON a.id = e.article_id JOIN sources s ON s.id = e.source_id
           WHERE a.story_id = ? ORDER BY e.seen_at, e.id""",
        (number,),
    )
    return list(dict.fromkeys(row["outlet"] for row in rows))


def texts(db: sqlite3.Connection, number: int, *, without: int | None = None) -> list[str]:
    """What the articles of a story say, the newest two hundred of them; `without` one."""
    rows = db.execute(
        "SELECT text FROM articles WHERE story_id = ? AND id IS NOT ? ORDER BY id DESC LIMIT 200", (number, without)
    )
    return [row["text"] for row in rows]


def split(db: sqlite3.Connection, articles: Sequence[int], now: datetime) -> int:
    """Make a story of its own of some articles of one story. Returns its number.

    What was matched in them and what was said of them goes along. Raises Permanent, and changes nothing, if an article
    is unknown, if they stand in several stories, or if they are the whole of theirs.
    """
    wanted = list(dict.fromkeys(articles))
    found = {n: db.execute("SELECT story_id, title FROM articles WHERE id = ?", (n,)).fetchone() for n in wanted}
    unknown = [str(n) for n, row in found.items() if row is None]
    if unknown:
        raise Permanent(
            f"there is no article {', '.join(unknown)}; `monitor stories show` lists the articles of a story"
        )
    of = {row["story_id"] for row in found.values()}
    if len(of) != 1:
        raise Permanent(
            f"these articles stand in several stories: {', '.join(map(str, sorted(of)))}; split one at a time"
        )
    (old,) = of
    if len(wanted) == db.execute("SELECT count(*) FROM articles WHERE story_id = ?", (old,)).fetchone()[0]:
        raise Permanent(f"story {old} has no other article: there is nothing to split from")
    moment = to_text(now)
    new = db.execute(
        "INSERT INTO stories (title, first_seen_at, last_seen_at, size, pinned) VALUES ('', ?, ?, 0, 1)",
        (moment, moment),
    ).lastrowid
    assert new is not None
    _move(db, wanted, new, f"split from story {old} by hand")
    _recount(db, old, new)
    return new


def join(db: sqlite3.Connection, into: int, others: Sequence[int]) -> int:
    """Move all articles of other stories into one. Returns how many were moved. The emptied ones lead to it.

    Raises Permanent, and changes nothing, for an unknown story, and for one that was joined to another before.
    """
    others = [number for number in dict.fromkeys(others) if number != into]
    for number in (into, *others):
        row = _row(db, number)
        if row["joined_to"] is not None:
            raise Permanent(f"story {number} was joined to story {row['joined_to']} before")
    moved = 0
    for number in others:
        articles = [row["id"] for row in db.execute("SELECT id FROM articles WHERE story_id = ?", (number,))]
        _move(db, articles, into, f"joined from story {number} by hand")
        db.execute("UPDATE stories SET joined_to = ? WHERE ? IN (id, joined_to)", (into, number))
        moved += len(articles)
    _recount(db, into, *others)
    return moved


def overlap(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """How much of what each source brought in the last thirty days was its own: the view `source_overlap`."""
    return [dict(row) for row in db.execute("SELECT * FROM source_overlap ORDER BY own_share, source")]


def _move(db: sqlite3.Connection, articles: Sequence[int], story: int, because: str) -> None:
    for article in articles:
        db.execute(
            """UPDATE articles SET story_id = ?, ruling = 'by hand',
                      because = ? || CASE because WHEN '' THEN '' ELSE '; before: ' || because END
               WHERE id = ?""",
            (story, because, article),
        )
        db.execute("UPDATE matches SET story_id = ? WHERE article_id = ?", (story, article))
        db.execute("UPDATE alerts SET story_id = ? WHERE article_id = ?", (story, article))


_RECOUNT = """
WITH members AS (SELECT id, title, seen_at FROM articles WHERE story_id = :story),
     first AS (SELECT id, title FROM members ORDER BY seen_at, id LIMIT 1)
UPDATE stories SET
    pinned = 1,
    size = (SELECT count(*) FROM members),
    first_article_id = (SELECT id FROM first),
    title = COALESCE((SELECT title FROM first), title),
    first_seen_at = COALESCE((SELECT min(seen_at) FROM members), first_seen_at),
    last_seen_at = COALESCE((SELECT max(seen_at) FROM members), last_seen_at)
WHERE id = :story"""


def _recount(db: sqlite3.Connection, *stories: int) -> None:
    for story in stories:
        db.execute(_RECOUNT, {"story": story})


def _row(db: sqlite3.Connection, number: int) -> sqlite3.Row:
    row: sqlite3.Row | None = db.execute("SELECT * FROM stories WHERE id = ?", (number,)).fetchone()
    if row is None:
        raise Permanent(f"there is no story {number}; `monitor stories list` shows the newest")
    return row


def _rows(db: sqlite3.Connection, query: str, number: int) -> list[dict[str, Any]]:
    return [dict(row) for row in db.execute(query, (number,))]
