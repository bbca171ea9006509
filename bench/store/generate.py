"""Fill a store with invented news, the same for the same seed: for tests, pictures and measurements.

Writes every table through plain inserts in the order that keeps SQLite's trees fast, not through the pipeline: a
million articles in minutes. What the pipeline costs is measured by `bench.store.measure` on top of such a store.

    python -m bench.store.generate /tmp/store/monitor.db --articles 1000000 --text zipf
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import numpy as np

from bench.store import fixtures
from bench.store.tables import COLUMNS, OUTLETS, RULES, hits_of
from bench.store.texts import FURNITURE, PEOPLE, Prose, Report, Zipf
from monitor.stages.words import index_text
from monitor.store import schema
from monitor.store.candidates import month_of
from monitor.store.connection import connect, to_text

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
KEYS = 34  # sketch keys of an article
BATCH = 2000  # articles a transaction

Rows = dict[str, list[tuple[object, ...]]]


class Filler:
    """Makes the rows of one store. `index` turns a text into the words that the full-text index holds."""

    def __init__(
        self, db: sqlite3.Connection, *, seed: int, now: datetime, days: int, index: Callable[[str], str]
    ) -> None:
        self.db, self.now, self.days, self.index = db, now, days, index
        self.random = random.Random(seed)
        self.numbers = np.random.default_rng(seed)
        self.sources = len(OUTLETS) * 2
        self.stories = 0
        self.blocks = 0
        self.entries = 0
        self.sketches: list[tuple[int, np.ndarray]] = []  # month, keys
        self.topics: dict[int, int] = {}
        self.alerted: dict[tuple[str, int], int] = {}
        self.matches = self.alerts = self.deliveries = 0

    # ── articles ───────────────────────────────────────────────────────────────────────────────

    def articles(self, reports: Iterator[Report], count: int, first: int = 1) -> None:
        """`count` articles with all that hangs on them, evenly spread over the days before now."""
        step = self.days * 86400.0 / max(count, 1)
        for start in range(0, count, BATCH):
            rows: Rows = {}
            for i in range(start, min(start + BATCH, count)):
                self._article(rows, first + i, next(reports), self.now - timedelta(seconds=(count - i) * step))
            self.db.execute("BEGIN IMMEDIATE")
            for table in (
                "stories",
                "articles",
                "articles_fts",
                "entries",
                "removed_blocks",
                "revisions",
                "matches",
                "alerts",
                "deliveries",
                "delivery_alerts",
            ):
                self.many(table, rows.get(table, ()))
            self.db.execute("COMMIT")

    def _article(self, rows: Rows, article: int, report: Report, seen: datetime) -> None:
        chance, seen_at = self.random, to_text(seen)
        source = chance.randint(1, self.sources)
        if report.topic is None:
            echo = self.stories > 50 and chance.random() < 0.35
            story = self.stories - int(chance.expovariate(1 / 12)) % 50 if echo else self.stories + 1
        else:
            echo = report.topic in self.topics
            story = self.topics.setdefault(report.topic, self.stories + 1)
        if not echo:
            self.stories = story
            rows.setdefault("stories", []).append((story, report.title, article, seen_at, seen_at, 1, 0))
        outlet = OUTLETS[(source - 1) % len(OUTLETS)]
        url = f"https://{outlet.lower().replace(' ', '-')}.example/2026/{article}"
        published = to_text(seen - timedelta(seconds=chance.randint(60, 7200))) if chance.random() < 0.9 else None
        because = f"shares {chance.randint(9, 30)} of 44 keys with article {article - 1}" if echo else "no such story"
        rows.setdefault("articles", []).append(
            (
                article,
                story,
                source,
                url,
                url,
                report.title,
                chance.choice(PEOPLE),
                outlet,
                report.text,
                "en",
                published,
                seen_at,
                f"{article:032x}",
                len(report.text) // 7,
                "trafilatura",
                "1",
                "",
                "echo" if echo else "fresh",
                because,
                '{"keys": 0.41}' if echo else "{}",
                0,
            )
        )
        title, text = report.index_title, report.index_text
        rows.setdefault("articles_fts", []).append(
            (
                article,
                self.index(report.text) if text is None else text,
                self.index(report.title) if title is None else title,
            )
        )
        self.sketches.append((month_of(seen), self.numbers.integers(-(2**31), 2**31, KEYS)))
        entry = self._entry(rows, article, source, outlet, url, report.title, published, seen, "done", because)
        copies = chance.choice((0, 0, 0, 1, 2)) if article % 3 == 0 else 0
        for other in chance.sample(range(1, self.sources + 1), copies):
            name = OUTLETS[(other - 1) % len(OUTLETS)]
            later = min(seen + timedelta(seconds=chance.randint(60, 9000)), self.now)
            self._entry(
                rows,
                article,
                other,
                name,
                f"{url}-copy-{other}",
                report.title,
                published,
                later,
                "copy",
                "the same text",
            )
        suppressed = self._removed(rows, article, len(report.text))
        if chance.random() < 0.03:
            cut = report.text.rfind("\n\n")
            before = report.text[: cut if cut > 0 else None].replace("two days", "a day")
            rows.setdefault("revisions", []).append(
                (
                    None,
                    article,
                    to_text(min(seen + timedelta(minutes=40), self.now)),
                    report.title,
                    before,
                    "text changed",
                )
            )
        self._matches(rows, article, story, entry, report, seen, suppressed)

    def _entry(
        self,
        rows: Rows,
        article: int,
        source: int,
        outlet: str,
        url: str,
        title: str,
        published: str | None,
        seen: datetime,
        state: str,
        because: str,
    ) -> int:
        self.entries += 1
        at = to_text(seen)
        rows.setdefault("entries", []).append(
            (
                self.entries,
                source,
                url,
                url,
                url,
                title,
                "",
                outlet,
                "en",
                published,
                at,
                f"{self.entries:x}",
                state,
                because,
                article,
                at,
            )
        )
        return self.entries

    def _removed(self, rows: Rows, article: int, length: int) -> int | None:
        """Removed blocks of an article; the number of one that mentions the Taliban, if one does."""
        mention = None
        for position in range(self.random.choice((0, 1, 2, 3))):
            self.blocks += 1
            reason, text = self.random.choice(FURNITURE)
            at = 0 if reason in ("breadcrumb", "navigation") else length
            rows.setdefault("removed_blocks", []).append(
                (
                    self.blocks,
                    article,
                    position,
                    at + position,
                    at,
                    text,
                    reason,
                    round(self.random.uniform(0.6, 1), 2),
                    0,
                )
            )
            if "Taliban" in text:
                mention = self.blocks
        return mention

    # ── what was found and said ────────────────────────────────────────────────────────────────

    def _matches(
        self,
        rows: Rows,
        article: int,
        story: int,
        entry: int,
        report: Report,
        seen: datetime,
        suppressed: int | None,
    ) -> None:
        at = to_text(seen + timedelta(seconds=2))
        for slug, terms, severity in self._asked(report):
            hits = list(hits_of(report, terms))
            quiet = slug == "taliban" and not hits and suppressed is not None
            if not hits and not quiet:
                continue
            self.matches += 1
            known = self.alerted.get((slug, story))
            outcome = "suppressed" if quiet else "repeat" if known else "alert"
            because = (
                "only in text that cleaning removed" if quiet else f"alert {known} told this story" if known else ""
            )
            first = hits[0] if hits else {"field": "removed", "sentence": ""}
            rows.setdefault("matches", []).append(
                (
                    self.matches,
                    slug,
                    1,
                    entry,
                    article,
                    story,
                    at,
                    int(quiet),
                    suppressed if quiet else None,
                    outcome,
                    because,
                    first["field"],
                    first["sentence"],
                    json.dumps(hits, ensure_ascii=False),
                )
            )
            if outcome == "alert":
                self._alert(rows, slug, severity, article, story, seen)

    def _asked(self, report: Report) -> Iterator[tuple[str, tuple[str, ...], str]]:
        """Rules to look for. Made-up words hold none of them: one article in thirty matches by a word of its own."""
        if report.index_text is None:
            yield from ((slug, terms, severity) for slug, _, terms, severity in RULES if self.random.random() < 0.12)
        elif self.random.random() < 1 / 30:
            slug, _, _, severity = self.random.choice(RULES)
            yield slug, (report.text[: report.text.find(" ")],), severity

    def _alert(self, rows: Rows, rule: str, severity: str, article: int, story: int, seen: datetime) -> None:
        self.alerts += 1
        self.alerted[rule, story] = self.alerts
        at = to_text(seen + timedelta(seconds=2))
        mark = self.random.choice((None, None, None, "relevant", "noise"))
        rows.setdefault("alerts", []).append(
            (
                self.alerts,
                f"{rule}/story:{story}",
                rule,
                story,
                article,
                self.matches,
                severity,
                at,
                f"the first report of story {story} that this rule found",
                mark,
                at if mark else None,
            )
        )
        for channel, target in (("desk-mail", "d…@newsroom.example"), ("hook", "https://hooks.example/…")):
            self.deliveries += 1
            roll = self.random.random()
            state = "sent" if roll < 0.985 else "pending" if roll < 0.995 else "dead"
            sent = to_text(seen + timedelta(seconds=2 + self.random.expovariate(1 / 4)))
            rows.setdefault("deliveries", []).append(
                (
                    self.deliveries,
                    f"d-{self.deliveries:08x}",
                    channel,
                    target,
                    state,
                    at,
                    at,
                    1 if state == "sent" else 5,
                    sent,
                    sent if state == "sent" else None,
                    "" if state == "sent" else "421 try again later",
                )
            )
            rows.setdefault("delivery_alerts", []).append((self.alerts, channel, target, self.deliveries))

    # ── the end ────────────────────────────────────────────────────────────────────────────────

    def finish(self) -> None:
        """The sketches of the two months that nights leave, in the order of their tree, then counts."""
        for month in range(month_of(self.now) - 1, month_of(self.now) + 1):
            numbers = np.array([i + 1 for i, (m, _) in enumerate(self.sketches) if m == month], dtype=np.int64)
            if not len(numbers):
                continue
            keys = np.stack([k for m, k in self.sketches if m == month])
            flat, owner = keys.ravel(), np.repeat(numbers, KEYS)
            order = np.lexsort((owner, flat))
            flat, owner = flat[order], owner[order]
            self.db.execute("BEGIN IMMEDIATE")
            for i in range(0, len(flat), 500_000):
                chunk = zip(flat[i : i + 500_000].tolist(), owner[i : i + 500_000].tolist(), strict=True)
                self.db.executemany("INSERT OR IGNORE INTO sketches VALUES (?,?,?)", ((month, k, a) for k, a in chunk))
            self.db.execute("COMMIT")
        self.db.executescript(
            "BEGIN IMMEDIATE;"
            "UPDATE stories SET size = n, last_seen_at = last FROM (SELECT story_id, count(*) n, max(seen_at) last"
            " FROM articles GROUP BY story_id HAVING n > 1) WHERE id = story_id;"
            "UPDATE articles SET revisions = n FROM (SELECT article_id, count(*) n FROM revisions GROUP BY article_id)"
            " WHERE id = article_id;"
            "UPDATE rules SET last_match_at = (SELECT max(matched_at) FROM matches WHERE rule = slug);"
            "COMMIT; PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE);"
        )

    def ago(self, seconds: float) -> str:
        """The time so long before now, as the store writes it."""
        return to_text(self.now - timedelta(seconds=seconds))

    def many(self, table: str, rows: Iterable[tuple[object, ...]]) -> None:
        """Insert rows, some thousands at a time."""
        iterator = iter(rows)
        while chunk := list(islice(iterator, 5000)):
            names = COLUMNS[table]
            marks = ",".join("?" * len(chunk[0]))
            self.db.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", chunk)


def fill(
    path: Path,
    articles: int,
    *,
    text: str = "prose",
    seed: int = 7,
    chars: int = 0,
    now: datetime = NOW,
    days: int = 30,
    index: Callable[[str], str] = index_text,
) -> None:
    """Make a new store at `path`. `text`: 'prose' or 'zipf'; `index`: makes the words of the full-text index."""
    maker: Prose | Zipf = Prose(seed, chars or 1600) if text == "prose" else Zipf(seed, chars or 3000)
    db = connect(path)
    try:
        schema.migrate(db)
        db.execute("PRAGMA synchronous = OFF")  # a store that can be made again
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("PRAGMA cache_size = -400000")
        filler = Filler(db, seed=seed, now=now, days=days, index=index)
        db.execute("BEGIN IMMEDIATE")
        fixtures.lay(filler)
        db.execute("COMMIT")
        filler.articles(iter(maker.report, None), articles)
        filler.finish()
    finally:
        db.close()


def main() -> None:
    """Command line: the path and the number of articles."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--articles", type=int, default=10_000)
    parser.add_argument("--text", choices=("prose", "zipf"), default="zipf")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--now", type=datetime.fromisoformat, default=NOW, help="time of the newest article")
    arguments = parser.parse_args()
    began = time.perf_counter()
    fill(
        arguments.path,
        arguments.articles,
        text=arguments.text,
        seed=arguments.seed,
        days=arguments.days,
        now=arguments.now,
    )
    took = time.perf_counter() - began
    print(f"{arguments.articles} articles in {took:.1f} s, {arguments.path.stat().st_size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
