"""Alert rules at speed: `python -m bench.rules [--rules 1000,10000,100000]`.

Prints, for each size of rule book, milliseconds per article against one compiled `re` per rule and one FTS5 query per
rule on the same articles in the same run, then loading, memory, edits, the floor and hostile texts.
"""

from __future__ import annotations

import argparse
import gc
import random
import re
import resource
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable

from bench.rules.workload import Query, Workload, build
from monitor.model import Rule
from monitor.stages.rules import RuleBook, Subject, compile_rule
from monitor.stages.words import analyse

SIZES = (1_000, 10_000, 100_000)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.rules")
    parser.add_argument("--rules", default=",".join(map(str, SIZES)), help="sizes of the rule book")
    parser.add_argument("--only", choices=("match", "load", "hostile", "floor"))
    options = parser.parse_args()
    sizes = [int(size) for size in options.rules.split(",")]
    workload = build(max(sizes))
    real = "the shared corpus" if workload.real else "invented words"
    lengths = [len(text.split()) for text in workload.articles]
    print(
        f"{len(lengths)} articles of {min(lengths)}–{max(lengths)} words from {real}; Python {sys.version.split()[0]}"
    )
    if options.only in (None, "floor"):
        floor(workload.articles)
    if options.only in (None, "load"):
        loading(workload, max(sizes))
    if options.only in (None, "match"):
        matching(workload, sizes)
    if options.only in (None, "hostile"):
        hostile(workload)


def floor(articles: list[str]) -> None:
    """Text analysis against re.findall, on texts whose words were met before and on texts seen for the first time."""
    cold = _timed(lambda: [analyse(text) for text in articles])
    plain = _best(lambda: [re.findall(r"\w+", text) for text in articles])
    warm = _best(lambda: [analyse(text) for text in articles])
    each = 1e3 / len(articles)
    print(f"\nfloor: re.findall {plain * each:.3f} ms, analysis {warm * each:.3f} ms per article")
    print(f"       {warm / plain:.2f} × re.findall (target ≤ 3); with an empty memory of words {cold / plain:.2f} ×")


def loading(workload: Workload, size: int) -> None:
    """Seconds, bytes per rule, and one edit."""
    rules = [Rule(slug=f"rule-{number}", query=query.text) for number, query in enumerate(workload.rules[:size])]
    gc.collect()
    before = _resident()
    start = time.process_time()
    book = RuleBook(compile_rule(rule) for rule in rules)
    seconds = time.process_time() - start
    gc.collect()
    bytes_ = _resident() - before
    gc.freeze()  # as the workers' parent does once the rules are loaded
    print(f"\nloading {size:,} rules: {1e6 * seconds / size:.1f} µs and {bytes_ / size:.0f} bytes per rule")
    print("         (targets ≤ 80 µs, ≤ 1,024 bytes)")
    for text in workload.articles:
        book.match(Subject(text=text))
    chance = random.Random(3)
    edits = []
    for number in range(300):
        changed = Rule(
            slug=f"rule-{chance.randrange(size)}", query=f"edit{number}* AND {rules[number].query}", version=2
        )
        edits.append(_timed(lambda changed=changed: book.add(compile_rule(changed))))
    print(
        f"one edit: median {1e3 * statistics.median(edits):.3f} ms, worst of 300 {1e3 * max(edits):.3f} ms (target ≤ 1)"
    )


def matching(workload: Workload, sizes: list[int]) -> None:
    """The table of the percolator against its competitors."""
    print(f"\n{'rules':>8} {'ms/article':>11} {'matches':>8} {'re':>10} {'×':>7} {'FTS5':>10} {'×':>7}")
    first = 0.0
    for size in sizes:
        queries = workload.rules[:size]
        book = RuleBook(compile_rule(Rule(slug=f"{n}", query=query.text)) for n, query in enumerate(queries))
        gc.collect()
        gc.freeze()  # as the workers' parent does once the rules are loaded
        subjects = [Subject(title=text.split("\n")[0], text=text) for text in workload.articles]
        for _ in range(3):  # rules settle on their rare words
            found = sum(len(book.match(subject)) for subject in subjects)
        ours = _best(lambda book=book, subjects=subjects: [book.match(s) for s in subjects]) / len(subjects)
        first = first or ours
        few = workload.articles[: 10 if size <= 1_000 else 3 if size <= 10_000 else 0]
        line = f"{size:>8,} {1e3 * ours:>11.3f} {found / len(subjects):>8.1f}"
        if few:
            naive, fts = _with_re(queries, few), _with_fts(queries, few)
            line += f" {1e3 * naive:>10.1f} {naive / ours:>7.0f} {1e3 * fts:>10.1f} {fts / ours:>7.0f}"
        print(line)
        gc.unfreeze()
    print(f"growth from {sizes[0]:,} to {sizes[-1]:,} rules: {ours / first:.2f} × (target ≤ 4)")


def _with_re(queries: list[Query], articles: list[str]) -> float:
    compiled = [re.compile(query.regex) for query in queries]
    start = time.process_time()
    for text in articles:
        for pattern in compiled:
            pattern.match(text)
    return (time.process_time() - start) / len(articles)


def _with_fts(queries: list[Query], articles: list[str]) -> float:
    db = sqlite3.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE one USING fts5 (text, detail=full)")
    questions = [query.fts for query in queries]
    seconds = 0.0
    for text in articles:
        db.execute("DELETE FROM one")
        db.execute("INSERT INTO one VALUES (?)", (text,))
        start = time.process_time()
        for question in questions:
            db.execute("SELECT 1 FROM one WHERE one MATCH ?", (question,)).fetchone()
        seconds += time.process_time() - start
    db.close()
    return seconds / len(articles)


def hostile(workload: Workload) -> None:
    """Texts of 100,000 characters made to be slow, against 1,000 rules."""
    queries = [query.text for query in workload.rules[:960]]
    queries += [
        "alpha NEAR/100 beta NEAR/100 gamma NEAR/100 delta",
        "ATLEAST1000(alpha OR beta)",
        "=ALPHA",
        "al*a*a*a*b",
    ]
    queries += ["alpha PRE/100 alpha PRE/100 zeta", '"alpha beta alpha beta"', "alpha NEAR/2 gamma", "中国 NEAR/5 美国"]
    queries += [f"alpha NEAR/{n} missing{n}" for n in range(32)]
    book = RuleBook(compile_rule(Rule(slug=str(n), query=query)) for n, query in enumerate(queries))
    gc.collect()
    gc.freeze()  # as the workers' parent does once the rules are loaded
    terms = [term for query in workload.rules[:960] for group in query.needs for term in group]
    chance = random.Random(5)
    letters = "abcdefghijklmnopqrstuvwxyz"
    texts = {
        "two words": "alpha beta " * 9_090,
        "one word": "alpha " * 16_666,
        "one letter": "a " * 50_000,
        "one long word": "a" * 100_000,
        "hyphens": "a-" * 50_000,
        "dots": "a." * 50_000,
        "apostrophes": "l'a " * 25_000,
        "digits": "1," * 50_000,
        "Chinese": "中国和美国" * 20_000,
        "Thai": "ประเทศไทย" * 11_000,
        "marks": "a" + "\u0301\u0323" * 49_999,
        "zero width": "\u200b" * 100_000,
        "words never met": " ".join("".join(chance.choices(letters, k=6)) for _ in range(14_285)),
        "every term of the rules": " ".join(terms * 10)[:100_000],
        "lines": "alpha.\n" * 14_285,
    }
    print("\nhostile texts of 100,000 characters, 1,000 rules (target ≤ 50 ms)")
    worst = 0.0
    for name, text in texts.items():
        subject = Subject(text=text[:100_000])
        first = _timed(lambda subject=subject: book.match(subject))
        again = _timed(lambda subject=subject: book.match(subject))
        worst = max(worst, first)
        print(f"{name:>26}: {1e3 * first:8.1f} ms, once more {1e3 * again:8.1f} ms, {len(book.match(subject))} matches")
    print(f"worst: {1e3 * worst:.1f} ms")


def _timed(function: Callable[[], object]) -> float:
    start = time.process_time()
    function()
    return time.process_time() - start


def _best(function: Callable[[], object], rounds: int = 5) -> float:
    return min(_timed(function) for _ in range(rounds))


def _resident() -> int:
    """Bytes of memory this process holds now."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


if __name__ == "__main__":
    main()
