"""Rules over the stored articles, on all cores: which articles, in what pieces, and the tally. Writes nothing.

Every rule of a call is asked in one pass, so that an article is read and cut into words once for all of them. What a
worker does with a piece is `store.scan`; what is made of the matches is `stages.backtest`.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from monitor.pool import Change, Pool
from monitor.stages.backtest import Asked, Backtest
from monitor.stages.restraint import Route
from monitor.stages.rules import RuleBook, compile_rule, superset_query
from monitor.store import backtest as rows
from monitor.store import scan
from monitor.store.connection import connect

TENANT = "monitor.pool.books"
PIECE = 250  # articles of one call: some tenths of a second
ALONE = 2_000  # articles that are done before workers would have started
DEADLINE = 600.0  # seconds for one piece: its disk may be slow
PATIENCE = 30.0  # seconds to wait for a worker that cannot be started

SEEN_AT: Final = 4  # in what `scan` gives
FIRST_SEEN_AT: Final = 8

Piece = Sequence[int]
Progress = Callable[[int, int], None]  # articles done since the last time, and of how many


async def run(
    path: Path,
    asked: Sequence[Asked],
    since: datetime | None,
    *,
    routes: Mapping[str, Route],
    progress: Progress = lambda done, total: None,
) -> list[Backtest]:
    """Return what each rule would have done with the articles of the store at `path`, in the order of `asked`.

    Two may have the same name. Every appearance since that time is asked, copies too, as when they came in. Articles
    are narrowed down by the full-text index where that can miss no match. Raises RuleError for a rule that does not
    compile.
    """
    questions = [superset_query(compile_rule(*one)) for one in asked]
    db = connect(path, read_only=True)
    try:
        articles = rows.count(db, since)
        numbers = rows.numbers(db, since, questions)
    finally:
        db.close()
    tallies = [Backtest(rule=rule, routes=routes, articles=articles) for rule, _ in asked]
    progress(0, len(numbers))
    pieces = [numbers[at : at + PIECE] for at in range(0, len(numbers), PIECE)]
    waiting: list[tuple[datetime, int, scan.Matched]] = []  # until no earlier one can come, as alerts depend on it
    order = itertools.count()
    async with aclosing(_matches(path, asked, since, pieces)) as found:
        async for piece, matches in found:
            for match in matches:
                heapq.heappush(waiting, (match[SEEN_AT], next(order), match))
                while waiting and waiting[0][0] <= match[FIRST_SEEN_AT]:
                    _count(tallies, heapq.heappop(waiting)[-1])
            progress(len(piece), len(numbers))
    while waiting:
        _count(tallies, heapq.heappop(waiting)[-1])
    return tallies


def _count(tallies: Sequence[Backtest], match: scan.Matched) -> None:
    name, article, story, source, seen_at, published_at, title, hit, _ = match
    tallies[int(name)].add(
        article=article, story=story, source=source, title=title, seen_at=seen_at, published_at=published_at, hit=hit
    )


async def _matches(
    path: Path, asked: Sequence[Asked], since: datetime | None, pieces: Sequence[Piece]
) -> AsyncGenerator[tuple[Piece, list[scan.Matched]], None]:
    """The matches of each piece, in the order of the pieces; a few pieces ahead of who asks, not more.

    Rules go by their number here: two may have the same name.
    """
    numbered = [(replace(rule, slug=str(number)), variants) for number, (rule, variants) in enumerate(asked)]
    if len(pieces) * PIECE <= ALONE:
        book = RuleBook(compile_rule(rule, variants) for rule, variants in numbered)
        for piece in pieces:
            yield piece, scan.scan(path, piece, since, book)
        return
    pool = Pool(TENANT, patience=PATIENCE)
    under_way = deque[tuple[Piece, asyncio.Task[list[scan.Matched]]]]()
    try:
        pool.tell(Change(slug=rule.slug, rule=rule, variants=variants) for rule, variants in numbered)
        for piece in pieces:
            task = asyncio.create_task(pool.run(scan.scan, path, piece, since, deadline=DEADLINE, book=True))
            under_way.append((piece, task))
            if len(under_way) > 2 * pool.workers:
                first, task = under_way.popleft()
                yield first, await task
        for first, task in under_way:
            yield first, await task
    finally:
        for _, task in under_way:
            task.cancel()
        await asyncio.gather(*(task for _, task in under_way), return_exceptions=True)
        await pool.close()
