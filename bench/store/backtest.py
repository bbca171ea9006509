"""Backtests over a store of invented news: `python -m bench.store.backtest [--articles 100000] [--store PATH]`.

Each query twice in one run: by `monitor rules backtest`'s own pass on all cores, and article by article in one process,
as a plain loop would. The last two are those for which the full-text index can rule nothing out.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from pathlib import Path

from bench.path.measure import processor
from bench.store.generate import fill
from bench.store.texts import Zipf
from monitor.app.backtest import run
from monitor.model import Rule
from monitor.stages.backtest import Asked, Backtest
from monitor.stages.restraint import Policy, Route
from monitor.stages.rules import Reading, compile_rule
from monitor.store import backtest as rows
from monitor.store.connection import connect
from monitor.store.scan import subject_of

ROUTES = {"desk": Route(channel="desk", policy=Policy(cap=20))}
PLAIN = 5_000  # articles of the plain loop, at most: it is multiplied up


def main() -> None:
    """Command line: how many articles, or a store that is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=100_000)
    parser.add_argument("--store", type=Path, help="the monitor.db of a store made by bench.store.generate")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = given.store or Path(folder) / "monitor.db"
        if given.store is None:
            fill(path, given.articles, text="zipf")
        measure(path)


def measure(path: Path) -> None:
    """A line for each query."""
    words = Zipf(7).words  # as the store's own, the frequent ones first
    queries = (
        f"{words[4_000]} AND {words[3_000]}",
        f"({words[900]} OR {words[1_200]}*) NEAR/10 {words[150]} NOT {words[60_000]}",
        f"{words[300]} OR {words[2_000]}",
        f"lang:en NOT {words[400]}",
        f"/(?i){words[500]}[a-z]* [a-z]+ou/",
    )
    print(f"{'query':<56}{'read':>9}{'found':>9}{'s':>8}{'CPU s':>8}{'plain loop':>12}{'×':>7}")
    for query in queries:
        rule = _rule(query)
        read: list[int] = []
        took, used, made = _tried(path, rule, read)
        loop = _plain(path, rule)
        print(f"{query:<56}{sum(read):>9,}{made.matches:>9,}{took:>8.1f}{used:>8.1f}{loop:>12.1f}{loop / used:>7.1f}")
    cores, load = len(os.sched_getaffinity(0)), os.getloadavg()[0]
    print(f"to reach: 10 s where the index can tell, else 60. {cores} cores, load {load:.1f}")


def _tried(path: Path, rule: Rule, read: list[int]) -> tuple[float, float, Backtest]:
    """Seconds by the clock, seconds of CPU in all processes, and what came of it."""
    used = 0.0
    before = sum(processor(os.getpid()).values())

    def advance(done: int, total: int) -> None:
        nonlocal used
        read.append(done)
        if sum(read) == total:  # the workers are still there
            used = sum(processor(os.getpid()).values()) - before

    began = time.monotonic()
    (made,) = asyncio.run(run(path, [Asked(rule, {})], None, routes=ROUTES, progress=advance))
    return time.monotonic() - began, used, made


def _rule(query: str) -> Rule:
    said = {"regex": query.strip("/")} if query.startswith("/") else {"query": query}
    return Rule(slug="tried", channels=("desk",), max_age=None, once_per="article", **said)


def _plain(path: Path, rule: Rule) -> float:
    """Seconds of CPU for all articles, one after the other; judged from the first of them."""
    db = connect(path, read_only=True)
    numbers = rows.numbers(db, None, [None])
    compiled = compile_rule(rule)
    began = time.process_time()
    for seen in rows.articles(db, numbers[:PLAIN]):
        compiled.holds(Reading(subject_of(seen)))
    spent = time.process_time() - began
    db.close()
    return spent * len(numbers) / min(len(numbers), PLAIN)


if __name__ == "__main__":
    main()
