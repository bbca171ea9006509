"""Sitemaps: only what is new is announced; an index is visited child by child, politely."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from feedmaking import item, rss, run_here
from unruly import Route, Unruly, gz, reply, serving

from monitor.errors import Permanent, Temporary
from monitor.ports import Pull, SourceRow
from monitor.sources import sitemap, sitemap_index
from monitor.sources.sitemap import SitemapSource
from monitor.web import Web
from monitor.web.client import same_origin

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
XML = "application/xml"


def url(path: str, *, modified: str = "", news: str = "") -> str:
    date = f"<lastmod>{modified}</lastmod>" if modified else ""
    return f"<url><loc>https://paper.example/{path}</loc>{date}{news}</url>"


def news(title: str, date: str = "2026-11-22T10:00:00Z") -> str:
    return (
        "<news:news><news:publication><news:name>The Paper</news:name><news:language>en</news:language>"
        "</news:publication>"
        f"<news:publication_date>{date}</news:publication_date><news:title>{title}</news:title>"
        "<news:keywords>peace, talks</news:keywords></news:news>"
    )


def urlset(*urls: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        f'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">{"".join(urls)}</urlset>'
    ).encode()


def index(*children: tuple[str, str]) -> bytes:
    inside = "".join(
        f"<sitemap><loc>http://HOST/{name}</loc>{f'<lastmod>{date}</lastmod>' if date else ''}</sitemap>"
        for name, date in children
    )
    return f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{inside}</sitemapindex>'.encode()


class Visiting:
    """One sitemap visited again and again."""

    def __init__(self, server: Unruly, web: Web, options: Mapping[str, Any]):
        self.server = server
        self.source = SitemapSource(web, run_here)
        self.cursor: Mapping[str, Any] = {}
        self.options = options

    def serve(self, path: str, body: bytes, **headers: str) -> None:
        self.server.routes[path] = reply(body.replace(b"HOST", self.server.host.encode()), kind=XML, headers=headers)

    async def visit(self, now: datetime = NOW) -> Pull:
        row = SourceRow(
            slug="paper",
            kind="sitemap",
            address=self.server.url("/map"),
            every=900,
            cursor=self.cursor,
            options=self.options,
        )
        pull = await self.source.pull(row, now)
        self.cursor = pull.cursor
        return pull


def visiting(story: Any, routes: Mapping[str, Route] | None = None, **options: Any) -> None:
    async def run() -> None:
        async with serving(routes or {}) as server, Web(timeout=5, allow_hosts=[server.host]) as web:
            await story(Visiting(server, web, options))

    asyncio.run(run())


def titles(pull: Pull) -> list[str]:
    return [entry.title or (entry.url or "").rpartition("/")[2] for entry in pull.entries]


def test_a_news_sitemap() -> None:
    async def story(map: Visiting) -> None:  # noqa: A002
        map.serve(
            "/map",
            urlset(url("1", news=news("Talks &amp; more")), url("2", news=news("Later", "2026-11-22T11:00:00Z"))),
        )
        pull = await map.visit()
        assert titles(pull) == ["Later", "Talks & more"]
        entry = pull.entries[1]
        assert (entry.url, entry.guid, entry.source) == ("https://paper.example/1", "https://paper.example/1", "paper")
        assert (entry.outlet, entry.language, entry.tags) == ("The Paper", "en", ("peace", "talks"))
        assert entry.published_at == datetime(2026, 11, 22, 10, tzinfo=UTC)
        assert entry.content is None
        again = await map.visit()
        assert again.unchanged
        assert again.entries == ()

    visiting(story)


def test_old_pages_are_history() -> None:
    async def story(map: Visiting) -> None:  # noqa: A002
        map.serve("/map", urlset(url("old", modified="2020-01-01"), url("new", modified="2026-11-21")))
        pull = await map.visit()
        assert titles(pull) == ["new"]
        assert "1 pages that were there already or are old are not fetched" in pull.warnings

    visiting(story)


def test_pages_without_a_date_are_news_only_when_they_appear_later() -> None:
    async def story(map: Visiting) -> None:  # noqa: A002
        map.serve("/map", urlset(url("a"), url("b")))
        assert titles(await map.visit()) == []
        map.serve("/map", urlset(url("a"), url("b"), url("c")))
        assert titles(await map.visit()) == ["c"]
        map.serve("/map", urlset(url("a"), url("b"), url("c"), url("d")))
        assert titles(await map.visit()) == ["d"]

    visiting(story)


def test_an_index_is_visited_where_something_changed() -> None:
    async def story(map: Visiting) -> None:  # noqa: A002
        map.serve("/map", index(("old", "2019-01-01"), ("a", "2026-11-22T01:00:00Z"), ("b", "2026-11-21")))
        map.serve("/a", urlset(url("a1", news=news("A one"))), ETag='"a"')
        map.serve("/b", urlset(url("b1", news=news("B one"))))
        assert sorted(titles(await map.visit())) == ["A one", "B one"]
        assert "/old" not in [request.path for request in map.server.requests]
        map.serve("/map", index(("old", "2019-01-01"), ("a", "2026-11-22T02:00:00Z"), ("b", "2026-11-21")))
        map.serve("/a", urlset(url("a1", news=news("A one")), url("a2", news=news("A two"))))
        map.server.requests.clear()
        assert titles(await map.visit()) == ["A one", "A two"]  # the store knows the first already
        assert [request.path for request in map.server.requests] == ["/map", "/a"]
        assert map.server.requests[1].headers["if-none-match"] == '"a"'

    visiting(story)


def test_a_big_index_is_visited_in_bounded_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemap, "CHILDREN_PER_VISIT", 2)

    async def story(map: Visiting) -> None:  # noqa: A002
        map.serve("/map", index(*((f"c{n}", "") for n in range(5))))
        for n in range(5):
            map.serve(f"/c{n}", urlset(url(f"p{n}")))
        first, second, third = [await map.visit() for _ in range(3)]
        assert [first.more, second.more, third.more] == [True, True, False]
        assert not first.entries
        assert not second.entries
        assert not third.entries  # all were there before we came
        map.serve("/c0", urlset(url("p0"), url("fresh")))
        found = [titles(await map.visit()) for _ in range(4)]
        assert ["fresh"] in found

    visiting(story)


def test_a_child_that_fails_is_named_and_the_others_are_read() -> None:
    async def story(map: Visiting) -> None:  # noqa: A002
        map.serve("/map", index(("a", ""), ("b", "2026-11-22")))
        map.serve("/b", urlset(url("b1", news=news("B one"))))
        pull = await map.visit()
        assert titles(pull) == ["B one"]
        assert any("/a: HTTP 404" in warning for warning in pull.warnings)

    visiting(story)


def test_a_child_elsewhere_inside_is_refused_and_the_others_are_read() -> None:
    async def story(map: Visiting) -> None:  # noqa: A002
        inner = "<sitemap><loc>http://169.254.169.254/latest</loc></sitemap><sitemap><loc>http://HOST/b</loc></sitemap>"
        map.serve("/map", f"<sitemapindex>{inner}</sitemapindex>".encode())
        map.serve("/b", urlset(url("b1", news=news("B one"))))
        pull = await map.visit()
        assert titles(pull) == ["B one"]
        assert [warning for warning in pull.warnings if "169.254.169.254 is not a public address" in warning]

    visiting(story)


def test_a_child_that_fails_is_asked_less_and_less_often() -> None:
    async def story(map: Visiting) -> None:  # noqa: A002
        map.serve("/map", index(("a", ""), ("b", "")))
        map.serve("/b", urlset(url("b1")))
        asked = []
        for visit in range(16):
            map.server.requests.clear()
            await map.visit(NOW + timedelta(minutes=15 * visit))
            if "/a" in [request.path for request in map.server.requests]:
                asked.append(visit)
        assert asked == [0, 1, 3, 7, 15]
        map.serve("/a", urlset(url("a1")))
        assert not (await map.visit(NOW + timedelta(days=1))).warnings[1:]
        assert "failed" not in map.cursor["children"][map.server.url("/a")]

    visiting(story)


def test_an_index_none_of_whose_children_can_be_read_has_failed() -> None:
    async def story(map: Visiting) -> None:  # noqa: A002
        map.serve("/map", index(("a", ""), ("b", "")))
        for _ in range(2):  # asked again at once: it has not recovered by itself
            with pytest.raises(Temporary, match=r"none of the sitemaps it names can be had: .*/b: HTTP 404") as caught:
                await map.visit()
            assert caught.value.cursor is not None
            map.cursor = caught.value.cursor
        map.serve("/b", urlset(url("b1")))
        assert not titles(await map.visit()), "it was there before we could read it"
        map.serve("/b", urlset(url("b1"), url("b2")))
        assert titles(await map.visit(NOW + timedelta(hours=1))) == ["b2"]

    visiting(story)


def test_the_cursor_of_the_visit_before_is_left_as_it_was() -> None:
    async def story(map: Visiting) -> None:  # noqa: A002
        map.serve("/map", index(("a", "")), ETag='"top"')
        map.serve("/a", urlset(url("a1")))
        await map.visit()
        before = copy.deepcopy(map.cursor)
        old = map.cursor
        await map.visit(NOW + timedelta(hours=1))
        assert old == before
        assert map.cursor["children"] != before["children"]

    visiting(story)


def test_an_index_of_indexes_is_followed() -> None:
    async def story(map: Visiting) -> None:  # noqa: A002
        map.serve("/map", index(("2026", ""), ("a", "")))
        map.serve("/2026", index(("11", "2026-11-22"), ("old", "2020-01-01"), ("a", ""), ("map", "")))
        map.serve("/11", urlset(url("x", news=news("Deep"))))
        map.serve("/a", urlset(url("a1", news=news("A one"))))
        pull = await map.visit()
        assert sorted(titles(pull)) == ["A one", "Deep"]
        assert not pull.warnings
        assert not pull.more
        paths = [request.path for request in map.server.requests]
        assert sorted(paths) == ["/11", "/2026", "/a", "/map"], "a circle ends, each is asked once"
        map.serve("/map", index(("a", "")))
        await map.visit()
        assert list(map.cursor["children"]) == [map.server.url("/a")], "with an index goes all below it"

    visiting(story)


def test_indexes_that_nest_without_end_are_left_and_named() -> None:
    async def story(map: Visiting) -> None:  # noqa: A002
        for depth in range(6):
            map.serve("/map" if depth == 0 else f"/d{depth}", index((f"d{depth + 1}", "")))
        pull = await map.visit()
        assert [request.path for request in map.server.requests] == ["/map", "/d1", "/d2", "/d3"]
        assert [w for w in pull.warnings if "/d3: indexes nest more than 3 deep" in w]

    visiting(story)


def test_of_very_many_sitemaps_some_are_left_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemap_index, "MAX_CHILDREN", 3)

    async def story(map: Visiting) -> None:  # noqa: A002
        map.serve("/map", index(("more", ""), ("a", "")))
        map.serve("/more", index(("b", "2026-11-22"), ("c", "2026-11-21"), ("d", "2026-11-20")))
        for name in "abcd":
            map.serve(f"/{name}", urlset(url(name, news=news(name))))
        pull = await map.visit()
        assert sorted(titles(pull)) == ["a", "b"]
        assert [w for w in pull.warnings if "more than 3 sitemaps in all; 2 are left" in w]

    visiting(story)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<html><body>x</body></html>", "web-page"),
        (b"<other/>", "not-a-sitemap"),
        (b"no addresses here", "not-a-sitemap"),
        (b"<urlset>" + b"<a>" * 5000, "too-deep"),
    ],
)
def test_what_is_no_sitemap(body: bytes, kind: str) -> None:
    async def story(map: Visiting) -> None:  # noqa: A002
        map.serve("/map", body)
        with pytest.raises(Permanent) as caught:
            await map.visit()
        assert caught.value.kind == kind

    visiting(story)


def test_an_empty_answer_may_mend() -> None:
    async def story(map: Visiting) -> None:  # noqa: A002
        map.serve("/map", b"")
        with pytest.raises(Temporary):
            await map.visit()

    visiting(story)


def test_other_forms() -> None:
    async def story(map: Visiting) -> None:  # noqa: A002
        packed = gz(urlset(url("gz", news=news("Packed"))))
        map.server.routes["/map"] = reply(packed, kind="application/gzip")
        assert titles(await map.visit()) == ["Packed"]
        map.cursor = {}
        map.serve("/map", rss(item(1)))
        assert titles(await map.visit()) == ["Story 1"]
        map.cursor = {}
        map.serve("/map", b"https://paper.example/x\nhttps://paper.example/y\n")
        assert titles(await map.visit()) == []
        map.serve("/map", b"https://paper.example/x\nhttps://paper.example/y\nhttps://paper.example/z\n")
        assert titles(await map.visit()) == ["z"]

    visiting(story)


def test_dates_ahead_are_unknown_and_configuration_fills_in() -> None:
    async def story(map: Visiting) -> None:  # noqa: A002
        map.serve("/map", urlset(url("x")))
        await map.visit()
        ahead = (NOW + timedelta(days=30)).isoformat()
        map.serve("/map", urlset(url("x"), url("y", modified=ahead)))
        pull = await map.visit()
        assert titles(pull) == ["y"]
        assert pull.entries[0].updated_at is None
        assert (pull.entries[0].outlet, pull.entries[0].language) == ("Desk", "fa")

    visiting(story, outlet="Desk", language="fa")


def test_a_flood_is_bounded_and_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemap, "MAX_ENTRIES", 3)

    async def story(map: Visiting) -> None:  # noqa: A002
        map.serve("/map", urlset(*(url(str(n), modified=f"2026-11-{20 - n:02}") for n in range(6))))
        pull = await map.visit()
        assert titles(pull) == ["0", "1", "2"]
        assert any("newest 3 are taken" in warning for warning in pull.warnings)

    visiting(story)


def test_addresses_that_differ_behind_a_thousand_characters_are_two_pages() -> None:
    async def story(map: Visiting) -> None:  # noqa: A002
        long = "x" * 1200
        map.serve("/map", urlset(url(f"{long}1", modified="2026-11-21"), url(f"{long}2", modified="2026-11-21")))
        pull = await map.visit()
        assert len({entry.guid for entry in pull.entries}) == 2
        assert max(len(entry.guid) for entry in pull.entries) <= 1000

    visiting(story)


def test_headers_are_asked_for_with_the_address_they_go_to() -> None:
    async def run() -> None:
        async with serving({"/child": reply(urlset(url("1", modified="2026-11-21")), kind=XML)}) as other:
            top = f"<sitemapindex><sitemap><loc>{other.url('/child')}</loc></sitemap></sitemapindex>".encode()
            async with serving({"/map": reply(top, kind=XML)}) as own:
                async with Web(timeout=5, allow_hosts=[own.host, other.host]) as web:

                    def headers(slug: str, address: str) -> dict[str, str]:
                        return {"X-Key": "s3cret"} if same_origin(own.url("/map"), address) else {}

                    source = SitemapSource(web, run_here, headers)
                    row = SourceRow(slug="paper", kind="sitemap", address=own.url("/map"), every=900)
                    assert len((await source.pull(row, NOW)).entries) == 1
                assert own.requests[0].headers["x-key"] == "s3cret"
                assert "x-key" not in other.requests[0].headers

    asyncio.run(run())


NEWS_MAP = urlset(url("1?a=1&amp;b=2", news=news("The café")))


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (NEWS_MAP, ["The café"]),
        (NEWS_MAP.replace(b' xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"', b""), ["The café"]),
        (NEWS_MAP.replace("é".encode(), b"&eacute;"), ["The café"]),
        (NEWS_MAP.replace(b"&amp;", b"&"), ["The café"]),
        (NEWS_MAP.replace("é".encode(), b"\xe9").replace(b"UTF-8", b"iso-8859-1"), ["The café"]),
        (b"<br />\n<b>Warning</b>: mysql in /x.php<br />\n" + NEWS_MAP, ["The café"]),
        (b"Warning: mysql\n" + NEWS_MAP, ["The café"]),
        (NEWS_MAP + b"<!-- cached --><script>x()</script>", ["The café"]),
        (NEWS_MAP.replace(b"<urlset", b"<sm:urlset xmlns:sm='x'").replace(b"</urlset", b"</sm:urlset"), ["The café"]),
        (NEWS_MAP.replace(b"<urlset", b"<URLSET").replace(b"</urlset", b"</URLSET"), ["The café"]),
        (NEWS_MAP.replace(b"<url>", b"<!-- x --><?php y ?><url>"), ["The café"]),
        (NEWS_MAP.decode().encode("utf-16"), ["The café"]),
        (NEWS_MAP.replace(b"<loc>", b"<loc><![CDATA[\n ").replace(b"&amp;b=2", b"&b=2]]>"), ["The café"]),
        (b'{"title": "t", "items": [{"id": "1", "title": "a", "date_published": "2026-11-22"}]}', ["a"]),
    ],
)  # fmt: skip
def test_sitemaps_as_they_are(body: bytes, found: list[str]) -> None:
    async def story(map: Visiting) -> None:  # noqa: A002
        map.serve("/map", body)
        pull = await map.visit()
        assert titles(pull) == found
        assert pull.entries[0].url in ("https://paper.example/1?a=1&b=2", None)

    visiting(story)


def test_a_sitemap_cut_off_gives_what_is_complete_and_is_read_again() -> None:
    whole = urlset(url("1", modified="2026-11-22"), url("22222", modified="2026-11-22"))

    async def story(map: Visiting) -> None:  # noqa: A002
        map.serve("/map", whole[: whole.index(b"222</loc>")], ETag='"cut"')
        pull = await map.visit()
        assert titles(pull) == ["1"]
        assert "ends in the middle" in pull.warnings[0]
        map.serve("/map", whole)
        assert titles(await map.visit()) == ["1", "22222"]
        assert "if-none-match" not in map.server.requests[-1].headers

    visiting(story)


def test_an_index_in_an_index_is_followed_and_remembered() -> None:
    async def story(map: Visiting) -> None:  # noqa: A002
        map.serve("/map", index(("inner", "")))
        map.serve("/inner", index(("a", ""), ("b", ""), ("inner", "")))
        map.serve("/a", urlset(url("a1", news=news("A one"))))
        map.serve("/b", urlset(url("b1", news=news("B one"))))
        pull = await map.visit()
        assert (sorted(titles(pull)), pull.more) == (["A one", "B one"], False)
        map.serve("/map", index(("inner", ""), ("other", "")))
        map.serve("/other", urlset(url("o1", news=news("O one"))))
        map.serve("/b", urlset(url("b2", news=news("B two"))))
        assert sorted(titles(await map.visit())) == ["B two", "O one"]
        map.serve("/inner", index(("a", "")))
        await map.visit()
        assert len(map.cursor["children"]) == 3

    visiting(story)


def test_a_304_nobody_asked_for_is_an_error() -> None:
    async def story(map: Visiting) -> None:  # noqa: A002
        map.server.routes["/map"] = reply(status="304 Not Modified", kind=None, length=None)
        with pytest.raises(Temporary, match="had no condition"):
            await map.visit()

    visiting(story)
