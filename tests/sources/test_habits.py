"""What feeds do from one visit to the next, through the pipeline and a real store: nothing doubled, nothing lost."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from feedmaking import item, rss, run_here
from house import House
from unruly import Route, reply, serving

from monitor.ports import SourceRow
from monitor.sources.feed import FeedSource
from monitor.web import Web

Visit = bytes | Mapping[str, Route]
NOT_MODIFIED = {"status": "304 Not Modified", "kind": None, "length": None}
MISSING = reply(status="404 Not Found")


class Habits:
    """What a number of visits left behind."""

    def __init__(self) -> None:
        self.states: list[list[str]] = []  # of the entries, after each visit
        self.asked: list[list[str]] = []  # addresses, at each visit
        self.conditions: list[str | None] = []  # If-None-Match of each visit's first question
        self.idle: list[int | None] = []
        self.health: list[str] = []
        self.because: list[str] = []
        self.moved: list[str | None] = []
        self.told: list[tuple[str, bool]] = []  # notices: text, and whether they are over


def visits(folder: Path, *answers: Visit) -> Habits:
    """One visit for each answer, a quarter of an hour apart."""
    seen = Habits()

    async def main() -> None:
        async with serving({}) as server, Web(timeout=5, spacing=0, allow_hosts=[server.host]) as web:
            row = SourceRow(
                slug="s", kind="feed", address=server.url("/feed"), every=900, options={"fulltext": "false"}
            )
            house = House(folder, source=FeedSource(web, run_here), row=row)
            for answer in answers:
                routes = answer if isinstance(answer, Mapping) else {"/feed": answer}
                server.routes.clear()
                server.routes.update(routes)
                server.requests.clear()
                started: list[Any] = []
                await house.pipeline.poll_due(started.append, everything=True)
                await asyncio.gather(*started)
                await house.pipeline.digest_due()
                seen.states.append([state for (state,) in house.all("SELECT state FROM entries ORDER BY id")])
                [(health, because, moved, idle)] = house.all(
                    "SELECT health, health_because, moved_to, cursor ->> '$.idle' FROM sources"
                )
                seen.health.append(health)
                seen.because.append(because)
                seen.moved.append(moved and moved.removeprefix(server.url("")))
                seen.idle.append(idle)
                seen.asked.append([request.path for request in server.requests])
                seen.conditions.append(server.requests[0].headers.get("if-none-match") if server.requests else None)
                house.now += timedelta(minutes=15)
            seen.told = house.all("SELECT text, ended_at IS NOT NULL FROM notices ORDER BY id")
            house.close()

    asyncio.run(main())
    return seen


@pytest.mark.parametrize(
    "fields",
    [
        {"link": "https://news.example/a?token={n}"},
        {"link": "https://news.example/a?token={n}", "guid": ""},
        {"link": "https://news.example/a?token={n}", "guid": "https://news.example/a?token={n}"},
        {"guid": "made-anew-{n}"},
        {"guid": "made-anew-{n}", "link": ""},
        {"guid": "made-anew-{n}", "pubDate": ""},
    ],
    ids=["a link", "a link without a guid", "a link that is the guid", "a guid", "no link", "no date"],
)
def test_what_is_made_anew_at_each_visit_makes_no_new_entry(tmp_path: Path, fields: dict[str, str]) -> None:
    seen = visits(
        tmp_path, *(reply(rss(item(1, **{k: v.format(n=n) for k, v in fields.items()}), item(2))) for n in range(3))
    )

    assert seen.states == [["done", "done"]] * 3
    assert seen.idle == [0, 1, 2]


def test_another_dress_of_the_same_link_is_the_same_entry(tmp_path: Path) -> None:
    links = ("http://news.example/a", "https://www.news.example/a/", "https://news.example/a?utm_source=rss")
    seen = visits(tmp_path, *(reply(rss(item(1, link=link))) for link in links))

    assert [len(states) for states in seen.states] == [1, 1, 1]


@pytest.mark.parametrize(
    "second",
    [
        item(2, guid="g-1"),
        item(1, link="https://news.example/2"),
        item(1, link="https://news.example/2", description="Another envoy spoke of wheat."),
        item(1, guid="g-2", description="Another envoy spoke of wheat."),
        item(1, guid="g-2", pubDate="Sun, 22 Nov 2026 11:00:00 +0000"),
        item(1, guid="g-2", title="Wheat"),
        item(1, guid="g-2", link="https://news.example/2"),
    ],
)
def test_news_is_not_swallowed_by_what_it_has_in_common(tmp_path: Path, second: str) -> None:
    seen = visits(tmp_path, reply(rss(item(1))), reply(rss(second)))

    assert len(seen.states[-1]) == 2


def test_alike_without_a_date_or_a_text_is_not_the_same(tmp_path: Path) -> None:
    warnings = [
        rss(item(1, title="Storm", guid="", pubDate="", description="", link=f"https://news.example/w?id={n}"))
        for n in (1, 2)
    ]
    seen = visits(tmp_path, *map(reply, warnings))

    assert len(seen.states[-1]) == 2


def test_a_guid_for_everything_names_nothing(tmp_path: Path) -> None:
    def feed(*numbers: int) -> bytes:
        return reply(rss(*(item(n, guid="all", link="https://news.example/") for n in numbers)))

    seen = visits(tmp_path, feed(2, 1), feed(3, 2, 1), feed(3, 2, 1))

    assert [len(states) for states in seen.states] == [2, 3, 3]


def test_a_guid_that_comes_back_with_its_first_link_is_known(tmp_path: Path) -> None:
    one, two = item(1, guid="x"), item(2, guid="x")
    seen = visits(tmp_path, reply(rss(one)), reply(rss(two)), reply(rss(two, one)))

    assert [len(states) for states in seen.states] == [1, 2, 2]


def test_a_304_may_bring_a_new_validator(tmp_path: Path) -> None:
    seen = visits(
        tmp_path,
        reply(rss(item(1)), headers={"ETag": '"a"'}),
        reply(headers={"ETag": '"b"'}, **NOT_MODIFIED),
        reply(**NOT_MODIFIED),
        reply(**NOT_MODIFIED),
    )

    assert seen.conditions == [None, '"a"', '"b"', '"b"']


def test_a_feed_that_only_changes_its_date_is_a_silent_one(tmp_path: Path) -> None:
    bodies = (rss(item(1), head=f"<lastBuildDate>{n}</lastBuildDate>") for n in range(4))

    assert visits(tmp_path, *map(reply, bodies)).idle == [0, 1, 2, 3]


def page_naming(feed: str) -> bytes:
    link = f'<link rel="alternate" type="application/rss+xml" href="{feed}">'
    return reply(f"<html><head>{link}</head></html>".encode(), kind="text/html")


@pytest.mark.parametrize("answer", [MISSING, reply(status="410 Gone"), page_naming("/elsewhere")])
def test_the_page_is_asked_again_when_the_feed_it_named_is_gone(tmp_path: Path, answer: bytes) -> None:
    seen = visits(
        tmp_path,
        {"/feed": page_naming("/old"), "/old": reply(rss(item(1)))},
        {"/feed": page_naming("/new"), "/old": answer, "/new": reply(rss(item(1), item(2)))},
        {"/feed": page_naming("/new"), "/new": reply(rss(item(1), item(2)))},
    )

    assert seen.asked == [["/feed", "/old"], ["/old", "/feed", "/new"], ["/new"]]
    assert seen.states[-1] == ["done", "done"]
    assert seen.health == ["ok"] * 3


@pytest.mark.parametrize("status", ["404 Not Found", "410 Gone"])
def test_where_an_adopted_redirect_ends_the_configured_address_is_asked_again(tmp_path: Path, status: str) -> None:
    moved = reply(status="301 Moved", headers={"Location": "/new"})
    seen = visits(
        tmp_path,
        {"/feed": moved, "/new": reply(rss(item(1)))},
        {"/feed": MISSING, "/new": reply(status=status)},
        {"/feed": reply(rss(item(1), item(2)))},
    )

    assert seen.asked == [["/feed", "/new"], ["/new"], ["/feed"]]
    assert seen.moved == ["/new", None, None]
    assert seen.because[1].endswith("the configured address is asked next")
    assert seen.health == ["ok", "failing", "ok"]
    assert seen.states[-1] == ["done", "done"]


def test_trouble_that_passes_leaves_an_adopted_redirect_alone(tmp_path: Path) -> None:
    busy = {"/new": reply(status="503 Busy")}
    seen = visits(
        tmp_path,
        {"/feed": reply(status="301 Moved", headers={"Location": "/new"}), "/new": reply(rss(item(1)))},
        *(busy, busy, busy),
    )

    assert seen.moved == ["/new", "/new", "/new", None]


def test_a_feed_that_flaps_is_told_of_once_until_it_lasts(tmp_path: Path) -> None:
    good = reply(rss(item(1)))
    seen = visits(tmp_path, good, MISSING, good, MISSING, good, MISSING, good, *[MISSING] * 3)

    assert [over for _, over in seen.told] == [1, 0]
    assert "3 times in a row" in seen.told[-1][0]
