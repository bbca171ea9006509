"""What finding duplicates costs at a given size of the store: CPU per document, index bytes, first look-up.

Fills a store with invented articles of the last fifty days (all of them are searched), through the code that the daemon
runs, then takes further documents one by one, in transactions of fifty: fingerprint, candidates, comparison, ruling,
sketch and rarity. Two fifths of these are edited copies of stored articles. What is done for other reasons is left out
of the CPU time and printed in brackets: words are cut once for rules and search, and the article's row is written.

    python -m bench.dedup.speed --articles 100000 [--keep DIRECTORY]
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.store.texts import Zipf
from monitor.model import Article, Digest
from monitor.stages.compare import Reading, tokens
from monitor.stages.dedupe import rule_on
from monitor.stages.fingerprint import fingerprint
from monitor.stages.words import analyse
from monitor.store import articles, candidates, schema
from monitor.store.connection import connect, to_text, transaction
from monitor.store.rarity import Rarity

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
DAYS = 50
BATCH = 5000  # articles a transaction when filling
TRAILER = (
    "Sign up for the newsletter to get the top headlines in your inbox every morning. By subscribing you agree to our"
    " terms of service and privacy policy. This material may not be published, broadcast, rewritten or redistributed."
)


def documents(seed: int) -> Iterator[tuple[str, str]]:
    """Invented reports of some 1,500 characters; every third carries a trailer."""
    prose, chance = Zipf(seed, chars=1500), random.Random(seed)
    while True:
        report = prose.report()
        yield report.title, f"{report.text}\n\n{TRAILER}" if chance.random() < 1 / 3 else report.text


def edited(title: str, text: str, chance: random.Random) -> tuple[str, str]:
    """A republication: cut, or with a byline and a trailer, or under another headline."""
    kind = chance.randrange(3)
    if kind == 0:
        paragraphs = text.split("\n\n")
        return title, "\n\n".join(paragraphs[: max(1, len(paragraphs) // 2)])
    if kind == 1:
        return title, f"By Ann Example, staff writer.\n\n{text}\n\n{TRAILER}"
    return " ".join(text.split()[:9]), text


class Clock:
    """CPU time by the part of the work it went to."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self.last = time.process_time()

    def book(self, part: str) -> None:
        """The time since the last call went to `part`."""
        now = time.process_time()
        self.spent[part] = self.spent.get(part, 0.0) + now - self.last
        self.last = now


def step(db: sqlite3.Connection, rarity: Rarity, title: str, text: str, number: int, clock: Clock) -> str:
    """All that one document costs. Returns the kind of the ruling."""
    forms = analyse(text).forms
    clock.book("(words, shared)")
    article = Article(
        title=title,
        text=text,
        canonical_url=f"https://example.com/story/{number}",
        fingerprint=fingerprint(forms),
    )
    clock.book("fingerprint")
    found = candidates.find(db, article, NOW)
    clock.book("candidates")
    judgement = rule_on(article, found, rarity)
    clock.book("ruling")
    ruling = judgement.ruling
    if ruling.kind != "copy":
        row, _ = articles.add(db, 1, Digest(article=article), ruling, NOW)
        clock.book("(article row, shared)")
        candidates.add(db, row, article.fingerprint)
        clock.book("sketch")
        rarity.count(judgement.counted, article=row, founded=ruling.story is None, now=NOW)
        clock.book("rarity")
    return ruling.kind


def fill(db: sqlite3.Connection, rarity: Rarity, count: int) -> None:
    """Articles as the daemon would have written them, without asking whether they are copies."""
    for setting in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -2000000"):
        db.execute(f"PRAGMA {setting}")
    db.execute(
        """INSERT INTO sources (id, slug, kind, address, every_seconds, next_poll_at, created_at)
           VALUES (1, 'wire', 'feed', 'https://example.com/feed', 900, '', '')"""
    )
    source = documents(1)
    for start in range(0, count, BATCH):
        rows, sketches = [], []
        for number in range(start + 1, min(count, start + BATCH) + 1):
            title, text = next(source)
            found = fingerprint(analyse(text).forms)
            seen = NOW - timedelta(days=DAYS * (1 - number / count))
            rows.append((number, to_text(seen), title, text, found.exact, f"https://example.com/story/{number}"))
            sketches += [(candidates.month_of(seen), key, number) for key in found.keys]
            rarity.count(Reading(title, text, rarity).counted(), article=number, founded=True, now=seen)
        with transaction(db):
            db.executemany(
                """INSERT INTO stories (id, first_article_id, first_seen_at, last_seen_at, title)
                   VALUES (?1, ?1, ?2, ?2, ?3)""",
                [row[:3] for row in rows],
            )
            db.executemany(
                """INSERT INTO articles (id, story_id, source_id, seen_at, title, text, text_hash, canonical_url)
                   VALUES (?1, ?1, 1, ?2, ?3, ?4, ?5, ?6)""",
                rows,
            )
            db.executemany("INSERT OR IGNORE INTO sketches VALUES (?, ?, ?)", sorted(sketches))
    db.execute("PRAGMA journal_mode = WAL")


def measure(folder: Path, count: int, documents_measured: int) -> dict[str, object]:
    """Fill if need be, then measure. Times are CPU milliseconds of this process."""
    path, rarity_path = folder / "monitor.db", folder / "monitor.rarity"
    if not path.exists():
        db, rarity = connect(path), Rarity(rarity_path, NOW - timedelta(days=DAYS))
        schema.migrate(db)
        fill(db, rarity, count)
        rarity.close()
        db.close()
    seed = int(time.time()) if path.stat().st_size else 2  # a store that is used again has met the last documents
    chance, source = random.Random(seed), documents(seed)
    title, text = next(source)
    asked = Article(title=title, text=text, fingerprint=fingerprint(tokens(text)))
    began = time.perf_counter()
    db, rarity = connect(path), Rarity(rarity_path, NOW)
    rule_on(asked, candidates.find(db, asked, NOW), rarity)
    first_lookup = (time.perf_counter() - began) * 1e3
    known = db.execute("SELECT title, text FROM articles ORDER BY random() LIMIT 1000").fetchall()
    jobs = []
    for _ in range(documents_measured):
        row = chance.choice(known)
        jobs.append(edited(row["title"], row["text"], chance) if chance.random() < 0.4 else next(source))
    kinds: Counter[str] = Counter()
    clock = Clock()
    for start in range(0, len(jobs), 50):
        db.execute("BEGIN IMMEDIATE")
        for offset, (title, text) in enumerate(jobs[start : start + 50]):
            clock.book("(loop)")
            kinds[step(db, rarity, title, text, seed * 1_000_000 + start + offset, clock)] += 1
        db.execute("COMMIT")
        clock.book("commit")
    sizes = db.execute(
        """SELECT name, SUM(pgsize) FROM dbstat WHERE name IN ('sketches', 'articles_hash', 'articles_canonical')
           GROUP BY name"""
    ).fetchall()
    total = db.execute("SELECT COUNT(*) FROM articles").fetchone()[0]
    parts = {part: round(seconds / len(jobs) * 1e3, 3) for part, seconds in clock.spent.items()}
    return {
        "articles in the store": count,
        "CPU ms per document": round(sum(ms for part, ms in parts.items() if not part.startswith("(")), 3),
        "of which": parts,
        "first look-up ms": round(first_lookup, 1),
        "index bytes per document": {name: round(pages / total) for name, pages in sizes},
        "rulings": dict(kinds),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=100_000)
    parser.add_argument("--documents", type=int, default=2_000)
    parser.add_argument("--keep", type=Path, help="a directory for the store, used again if there is one in it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        for name, value in measure(folder, options.articles, options.documents).items():
            print(f"{name:26} {value}")


if __name__ == "__main__":
    main()
