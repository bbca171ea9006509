"""Which stored articles might tell the same story: by address, by exact text, by sketch. SQL only.

The sketch is a table of (month, key, article). Searched are the months of the article at hand and before, and what
came since the last night: the tree that is looked at stays as large as two months of news, however old the store is.
Not the place where likeness is judged: that is `stages.dedupe`.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from heapq import nlargest

from monitor.model import Article, Candidate, Fingerprint

NEWEST = 64  # articles looked at for one key and month: a key that thousands share tells nothing
COMMON = 16  # of those, when there are so many or more
SHARED_KEYS = 2
BEST = 8
BEST_OF_STORY = 3  # further members of a story would only crowd out other stories
EXACT = 3
LEAST = 1.0  # weight of the shared keys, each 1 / the articles that have it: less is boilerplate …
MANY = 6  # … unless it is the best and shares so many keys: a story that sixty outlets print

_MONTH_OF_ARTICLE = "substr(a.seen_at, 1, 4) * 12 + substr(a.seen_at, 6, 2) - 1"
FRESH = 0  # 'month' of what came since the last night

_NEWEST_OF = f"""(SELECT group_concat(article_id) FROM (
    SELECT article_id FROM sketches WHERE month = %s AND key = asked.value ORDER BY article_id DESC LIMIT {NEWEST}))"""
_BY_KEY = f"SELECT {_NEWEST_OF % '?2'}, {_NEWEST_OF % '?3'}, {_NEWEST_OF % FRESH} FROM json_each(?1) AS asked"


def find(db: sqlite3.Connection, article: Article, seen_at: datetime) -> list[Candidate]:
    """Articles that might tell the same story as one first seen at `seen_at`, best first."""
    exact = _exact(db, article)
    shared, weights = _by_sketch(db, article.fingerprint.keys, seen_at)
    ranked = nlargest(3 * BEST, ((weight, n) for n, weight in weights.items() if shared[n] >= SHARED_KEYS))
    best = [n for _, n in ranked[:1] if shared[n] >= MANY]
    likely = [n for weight, n in ranked if (weight >= LEAST or n in best) and n not in exact]
    if len(likely) <= BEST_OF_STORY:
        return load(db, [*exact, *likely], shared)
    stories = dict(db.execute(f"SELECT id, story_id FROM articles WHERE {_among('id', likely)}", likely).fetchall())
    chosen, per_story = list(exact), Counter[int]()
    for number in likely:
        story = stories.get(number)
        if story is not None and per_story[story] < BEST_OF_STORY and len(chosen) < BEST:
            per_story[story] += 1
            chosen.append(number)
    return load(db, chosen, shared)


def load(db: sqlite3.Connection, numbers: Sequence[int], shared: Mapping[int, int] | None = None) -> list[Candidate]:
    """Stored articles as candidates, in the order asked for, without their sketch keys."""
    if not numbers:
        return []
    rows = db.execute(
        f"""SELECT articles.id, story_id, title, text, text_hash, articles.canonical_url, sources.slug
            FROM articles JOIN sources ON sources.id = source_id WHERE {_among("articles.id", numbers)}""",
        numbers,
    )
    found = {
        row["id"]: Candidate(
            article=row["id"],
            story=row["story_id"],
            title=row["title"],
            text=row["text"],
            fingerprint=Fingerprint(exact=row["text_hash"]),
            canonical_url=row["canonical_url"],
            source=row["slug"],
            shared=shared.get(row["id"], 0) if shared else 0,
        )
        for row in rows
    }
    return [found[number] for number in numbers if number in found]


def add(db: sqlite3.Connection, article: int, fingerprint: Fingerprint) -> None:
    """Make an article findable by its sketch. Repeated with another sketch, it is found by both: what a revised
    article said before still leads to it, and the comparison looks at what it says now.
    """
    db.executemany(
        "INSERT OR IGNORE INTO sketches (month, key, article_id) VALUES (?, ?, ?)",
        [(FRESH, key, article) for key in fingerprint.keys],
    )


def sort_in(db: sqlite3.Connection, limit: int = 20_000) -> int:
    """Move fresh sketches to the month their article was seen in, in the order of its tree. Returns how many rows.

    Hashes fall anywhere in a month's tree. Put there one by one, each has a page of the file written anew, which was
    more than half of what an article cost in a store of a million. The tree of the fresh ones is small.
    `limit`: about how many rows at once.
    """
    last = db.execute(
        "SELECT key FROM sketches WHERE month = ? ORDER BY key LIMIT 1 OFFSET ?", (FRESH, limit)
    ).fetchone()
    fresh = (FRESH, last["key"] if last else 2**63 - 1)
    db.execute(
        f"""INSERT OR IGNORE INTO sketches
            SELECT {_MONTH_OF_ARTICLE} AS month, key, article_id FROM sketches JOIN articles a ON a.id = article_id
            WHERE sketches.month = ? AND key <= ? ORDER BY 1, 2, 3""",
        fresh,
    )
    return db.execute("DELETE FROM sketches WHERE month = ? AND key <= ?", fresh).rowcount


def forget_before(db: sqlite3.Connection, moment: datetime, limit: int = 50_000) -> int:
    """Delete sketches of the months that are searched no more at `moment`. Returns how many rows, at most `limit`."""
    oldest = month_of(moment) - 1
    return db.execute(
        """DELETE FROM sketches WHERE (month, key, article_id) IN (
               SELECT month, key, article_id FROM sketches WHERE month > ? AND month < ? LIMIT ?)""",
        (FRESH, oldest, limit),
    ).rowcount


def month_of(moment: datetime) -> int:
    """Months since the year 0."""
    return moment.year * 12 + moment.month - 1


def _exact(db: sqlite3.Connection, article: Article) -> list[int]:
    """The newest articles with the same address, and those with the same words."""
    found: dict[int, None] = {}
    # "<> ''" lets SQLite use the partial index.
    for condition, value in (
        ("canonical_url = ?", article.canonical_url),
        ("text_hash = ? AND text_hash <> ''", article.fingerprint.exact),
    ):
        if value:
            rows = db.execute(f"SELECT id FROM articles WHERE {condition} ORDER BY id DESC LIMIT {EXACT}", (value,))
            found.update((row["id"], None) for row in rows)
    return list(found)


def _by_sketch(
    db: sqlite3.Connection, keys: Sequence[int], seen_at: datetime
) -> tuple[dict[int, int], dict[int, float]]:
    """Articles by how many keys they share, and by how much those say."""
    shared: dict[int, int] = {}
    weights: dict[int, float] = {}
    if not keys:
        return shared, weights
    month = month_of(seen_at)
    for row in db.execute(_BY_KEY, (json.dumps(keys), month, month - 1)):
        columns = [column.split(",") for column in row if column]
        weight = 1 / min(sum(map(len, columns)), NEWEST) if columns else 0.0
        for column in columns:
            for number in map(int, column if len(column) < NEWEST else column[:COMMON]):
                shared[number] = shared.get(number, 0) + 1
                weights[number] = weights.get(number, 0.0) + weight
    return shared, weights


def _among(column: str, values: Sequence[int]) -> str:
    return f"{column} IN ({', '.join('?' * len(values))})"
