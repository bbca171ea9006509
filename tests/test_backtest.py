"""Rules over stored articles, in pieces and on several processes: the same as one after the other."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bench.store.generate import NOW, fill
from monitor.app import backtest
from monitor.model import Rule
from monitor.pool import Pool
from monitor.stages.backtest import Asked, Backtest
from monitor.stages.restraint import Policy, Route
from monitor.stages.rules import Reading, RuleError, compile_rule, superset_query
from monitor.store import backtest as rows
from monitor.store.connection import connect
from monitor.store.scan import subject_of

ARTICLES = 90
ROUTES = {"desk": Route(channel="desk", policy=Policy(cap=2, cap_window=timedelta(days=1)))}
QUERIES = [
    "ceasefire",
    "lang:en -ceasefire",
    "earthq* OR source:valley-tribune",
    "Karwan NEAR/9 council",
    '{who} OR "border crossing"',
    "/No group has [a-z]+ responsibility/",
]
VARIANTS = {"who": ("Zahra Amiri", "Daoud Rahimi")}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("backtest") / "monitor.db"
    fill(path, ARTICLES, chars=600)
    return path


@pytest.fixture
def in_pieces(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Small pieces, and none of them done at home."""
    monkeypatch.setattr(backtest, "PIECE", 7)
    monkeypatch.setattr(backtest, "ALONE", 0)
    return


def asked(query: str, slug: str = "tried") -> Asked:
    said = {"regex": query.strip("/")} if query.startswith("/") else {"query": query}
    return Asked(Rule(slug=slug, channels=("desk",), max_age=None, **said), VARIANTS)


def ran(path: Path, *queries: str, since: datetime | None = None) -> list[Backtest]:
    return asyncio.run(backtest.run(path, [asked(query) for query in queries], since, routes=ROUTES))


def one_by_one(path: Path, query: str, since: datetime | None = None) -> Backtest:
    """The plain way: every article, one after the other, without index, pool or book."""
    question = asked(query)
    rule = compile_rule(*question)
    made = Backtest(rule=question.rule, routes=ROUTES)
    db = connect(path, read_only=True)
    everything = rows.sightings(db, rows.numbers(db, None, [None]))
    counted = [[seen for seen in one if since is None or seen.seen_at >= since] for one in everything]
    made.articles = sum(map(bool, counted))
    for seen in sorted(itertools.chain(*counted), key=lambda seen: seen.seen_at):
        if rule.holds(Reading(subject_of(seen))):
            made.add(
                article=seen.article, story=seen.story, source=seen.source, title=seen.title, seen_at=seen.seen_at,
                published_at=seen.published_at, hit=None,
            )  # fmt: skip
    db.close()
    return made


def figures(made: Backtest) -> tuple[object, ...]:
    return (made.articles, made.matches, made.alerts, made.messages, made.per_day, made.per_source, made.found)


@pytest.mark.parametrize("since", [None, NOW - timedelta(days=9)])
def test_pieces_on_workers_give_what_one_pass_gives(path: Path, in_pieces: None, since: datetime | None) -> None:
    together = ran(path, *QUERIES, since=since)
    assert [figures(made) for made in together] == [figures(one_by_one(path, query, since)) for query in QUERIES]
    assert all(made.matches for made in together)
    assert [made.rule.slug for made in together] == ["tried"] * len(QUERIES)
    for made in together:
        shown = [sample.article for sample in made.samples]
        assert shown == sorted(shown, key=lambda number: number)
        assert len(shown) == min(5, made.matches)
        assert all(sample.title and sample.hit.term for sample in made.samples)


def test_many_rules_are_looked_up_and_few_are_asked_alike(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = [figures(made) for made in ran(path, *QUERIES)]
    monkeypatch.setattr("monitor.store.scan.FEW", 0)
    assert [figures(made) for made in ran(path, *QUERIES)] == few


def test_only_what_the_index_finds_is_read_where_it_can_tell(path: Path) -> None:
    def read(*queries: str) -> int:
        read: list[int] = []

        def count(done: int, total: int) -> None:
            read.append(done)

        rules = [asked(query) for query in queries]
        asyncio.run(backtest.run(path, rules, None, routes=ROUTES, progress=count))
        return sum(read)

    assert superset_query(compile_rule(*asked("cholera"))) is not None
    both = {*one_by_one(path, "cholera").found, *one_by_one(path, "landslide").found}
    assert read("cholera", "landslide") == len(both) < ARTICLES
    assert read("cholera", "lang:en -landslide") == ARTICLES


def runs(process: int) -> bool:
    """Whether a process lives; one that has ended and waits to be buried does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_whoever_stops_waiting_leaves_no_process_behind(
    path: Path, in_pieces: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Pool] = []

    class Watched(Pool):
        def __init__(self, *arguments: object, **options: object) -> None:
            super().__init__(*arguments, **options)  # type: ignore[arg-type]
            opened.append(self)

    monkeypatch.setattr(backtest, "Pool", Watched)
    processes: list[int] = []

    def stop(done: int, total: int) -> None:
        if done:
            processes.extend(opened[0].processes())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(backtest.run(path, [asked("lang:en -ceasefire")], None, routes=ROUTES, progress=stop))
    assert processes
    deadline = time.monotonic() + 10
    while any(map(runs, processes)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not any(map(runs, processes))


def test_an_article_pruned_meanwhile_is_left_out(path: Path) -> None:
    db = connect(path, read_only=True)
    try:
        assert [seen.article for seen in rows.articles(db, [3, 10**6, 1])] == [3, 1]
    finally:
        db.close()


def test_a_rule_that_does_not_compile_is_told_before_anything_is_read(path: Path) -> None:
    with pytest.raises(RuleError, match="never closed"):
        ran(path, "ceasefire", "(Kabul")


def test_an_empty_time_has_no_matches(path: Path) -> None:
    (made,) = ran(path, "ceasefire", since=datetime(2030, 1, 1, tzinfo=UTC))
    assert (made.articles, made.matches, made.messages) == (0, 0, {})


def copied(path: Path) -> tuple[rows.Seen, rows.Seen]:
    """An article's first appearance, and one in another source that came later."""
    db = connect(path, read_only=True)
    try:
        for first, *others in rows.sightings(db, rows.numbers(db, None, [None])):
            for other in others:
                if other.source != first.source and other.seen_at > first.seen_at:
                    return first, other
    finally:
        db.close()
    raise AssertionError("the store has no copies")


def test_a_copy_is_found_where_it_appeared(path: Path, in_pieces: None) -> None:
    first, copy = copied(path)
    word = first.text.split()[0].strip('.,"')
    (made, alone) = ran(path, f'source:{copy.source} "{word}"', f"source:{copy.source} -source:{copy.source}")
    assert first.article in made.found
    assert alone.matches == 0
    (by_address,) = ran(path, f"url:{copy.url}")
    assert by_address.found == {first.article}
    assert by_address.per_source == {copy.source: 1}
    assert by_address.samples[0].seen_at == copy.seen_at
    (of_both,) = ran(path, f"url:{first.url}")  # the copy's address holds the article's own
    assert (of_both.matches, of_both.per_source, of_both.alerts) == (1, {first.source: 1}, 1)


def test_a_copy_seen_since_then_counts_though_its_text_is_older(path: Path) -> None:
    first, copy = copied(path)
    since = copy.seen_at
    (made, plain) = ran(path, f"url:{copy.url}", "lang:en", since=since)
    assert made.found == {first.article}
    assert made.articles == plain.matches == plain.articles
    (past,) = ran(path, f"url:{copy.url}", since=since + timedelta(milliseconds=1))
    assert past.matches == 0
