"""Rules over stored articles: the part of a backtest that runs beside others, in a pool's workers. Reads only.

A worker opens the store by itself, so no text crosses a pipe: article numbers go in, matches come back.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.model import Hit
from monitor.stages.backtest import SAMPLES
from monitor.stages.rules import Compiled, Reading, Subject
from monitor.stages.rules.evidence import hits
from monitor.store.backtest import Seen, sightings
from monitor.store.connection import connect

if TYPE_CHECKING:
    from monitor.stages.rules import RuleBook
    from monitor.stages.words import Words

# Rule, article, story, source, when it was seen here and published; title and evidence for the first few of each rule;
# when the article was seen first: what follows was seen no sooner.
Matched = tuple[str, int, int, str, datetime, datetime | None, str, Hit | None, datetime]

FEW = 8  # rules that are sooner asked than looked up


def scan(path: Path, numbers: Sequence[int], since: datetime | None, book: RuleBook) -> list[Matched]:
    """Match the articles of these numbers, in this order, in each of their appearances since a time.

    Raises StoreError where the store cannot be opened.
    """
    found: list[Matched] = []
    times = Counter[str]()
    for appearances in sightings(_reader(path), numbers):
        first, shown = appearances[0], set[str]()
        for seen, reading in _readings(appearances, since):
            for rule in book.matching(reading) if len(book) > FEW else [one for one in book if one.holds(reading)]:
                hit = _first(rule, reading) if times[rule.slug] < SAMPLES and rule.slug not in shown else None
                times[rule.slug] += hit is not None
                shown.add(rule.slug)
                title = seen.title if hit is not None else ""
                story = (seen.article, seen.story, seen.source, seen.seen_at, seen.published_at)
                found.append((rule.slug, *story, title, hit, first.seen_at))
    return found


def _readings(appearances: Sequence[Seen], since: datetime | None) -> Iterator[tuple[Seen, Reading]]:
    """The appearances that count, ready for rules; their text is cut into words once."""
    words: Words | None = None
    for seen in appearances:
        if since is None or seen.seen_at >= since:
            reading = Reading(replace(subject_of(seen), words=words))
            words = reading.words["text"]
            yield seen, reading


def subject_of(seen: Seen) -> Subject:
    """A stored article as rules see it where it appeared."""
    return Subject(
        title=seen.title, text=seen.text, author=seen.byline, url=seen.url, source=seen.source, outlet=seen.outlet,
        language=seen.language, tags=seen.tags,
    )  # fmt: skip


def _first(rule: Compiled, reading: Reading) -> Hit | None:
    return next(iter(hits(rule, reading)), None)


@lru_cache(maxsize=1)
def _reader(path: Path) -> sqlite3.Connection:
    """A worker's own connection; it ends with the worker."""
    return connect(path, read_only=True)
