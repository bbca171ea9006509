"""A feed as a source against a real server: what is asked, what is kept, when to come again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from feedmaking import item, rss, run_here
from unruly import Route, Unruly, reply, serving

from monitor.errors import Gone, MonitorError, Permanent, Temporary
from monitor.ports import Pull, SourceRow
from monitor.sources.feed import FeedSource
from monitor.web import Web
from monitor.web.client import same_origin

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
FEED = rss(item(1), item(2))


class Polling:
    """One source polled again and again, its cursor carried on as the pipeline would."""

    def __init__(self, server: Unruly, web: Web, path: str = "/feed", **options: Any):
        self.server = server
        self.address = server.url(path)
        given: Mapping[str, str] = options.get("headers", {})
        self.source = FeedSource(web, run_here, lambda _, url: given if same_origin(self.address, url) else {})
        self.cursor: Mapping[str, Any] = {}
        self.succeeded = False
        self.options = {key: value for key, value in options.items() if key != "headers"}

    async def poll(self) -> Pull:
        row = SourceRow(
            slug="wire",
            kind="feed",
            address=self.address,
            every=900,
            options=self.options,
            cursor=self.cursor,
            last_success_at=NOW if self.succeeded else None,
        )
        try:
            pull = await self.source.pull(row, NOW)
        except (Permanent, Temporary) as error:
            if error.cursor is not None:
                self.cursor = error.cursor
            raise
        self.cursor = pull.cursor
        self.succeeded = True
        return pull


def polling(routes: Mapping[str, Route], story: Any, **options: Any) -> None:
    async def run() -> None:
        async with serving(routes) as server:
            for path, route in list(server.routes.items()):  # bodies that name the server itself
                if isinstance(route, bytes):
                    server.routes[path] = route.replace(b"HOST", server.host.encode())
            async with Web(timeout=5, allow_hosts=[server.host]) as web:
                await story(Polling(server, web, **options))

    asyncio.run(run())


def test_entries_then_not_modified() -> None:
    validators = {"ETag": 'W/"abc"', "Last-Modified": "Sun, 22 Nov 2026 09:00:00 GMT"}

    async def story(feed: Polling) -> None:
        first = await feed.poll()
        assert [entry.guid for entry in first.entries] == ["g-1", "g-2"]
        assert (first.status, first.unchanged, first.entries[0].source) == (200, False, "wire")
        feed.server.routes["/feed"] = reply(status="304 Not Modified", kind=None, length=None)
        second = await feed.poll()
        assert (second.status, second.unchanged, second.entries) == (304, True, ())
        asked = feed.server.requests[-1].headers
        assert asked["if-none-match"] == 'W/"abc"'
        assert asked["if-modified-since"] == "Sun, 22 Nov 2026 09:00:00 GMT"
        await feed.poll()
        assert feed.cursor["idle"] == 2

    polling({"/feed": reply(FEED, headers=validators)}, story)


def test_the_same_body_is_not_parsed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(feed: Polling) -> None:
        await feed.poll()
        monkeypatch.setattr("monitor.sources.feed.parse_plain", None)  # whoever calls it now fails
        second = await feed.poll()
        assert second.unchanged
        assert second.status == 200

    polling({"/feed": reply(FEED)}, story)


def test_an_unreadable_body_keeps_the_old_validators_and_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(feed: Polling) -> None:
        await feed.poll()
        feed.server.routes["/feed"] = reply(
            b"<html><body>Down for maintenance</body></html>", headers={"ETag": '"bad"'}
        )
        with pytest.raises(Permanent, match="answers a web page instead of a feed"):
            await feed.poll()
        assert feed.cursor["etag"] == '"good"'
        parsed: list[int] = []
        monkeypatch.setattr("monitor.sources.feed.parse_plain", lambda *a, **k: parsed.append(1))
        for _ in range(2):
            with pytest.raises(Permanent, match="answers a web page"):
                await feed.poll()
        assert not parsed
        assert feed.server.requests[-1].headers["if-none-match"] == '"good"'
        with pytest.raises(Permanent):
            await feed.poll()
        assert feed.server.requests[-1].headers["if-none-match"] == '"bad"'  # it really is what they serve
        feed.server.routes["/feed"] = reply(status="304 Not Modified", kind=None, length=None)
        with pytest.raises(Permanent, match="answers a web page"):
            await feed.poll()
        monkeypatch.undo()
        feed.server.routes["/feed"] = reply(rss(item(3)))
        assert [entry.guid for entry in (await feed.poll()).entries] == ["g-3"]
        assert "broken" not in feed.cursor

    polling({"/feed": reply(FEED, headers={"ETag": '"good"'})}, story)


def test_now_and_then_an_unreadable_feed_is_asked_without_conditions() -> None:
    async def story(feed: Polling) -> None:
        for _ in range(12):
            with pytest.raises(MonitorError):
                await feed.poll()
        conditional = ["if-none-match" in request.headers for request in feed.server.requests]
        assert conditional == [False] * 3 + [True] * 5 + [False] + [True] * 3

    polling({"/feed": reply(b"nonsense", headers={"ETag": '"x"'})}, story)


def test_a_304_nobody_asked_for_is_an_error() -> None:
    async def story(feed: Polling) -> None:
        with pytest.raises(Temporary) as caught:
            await feed.poll()
        assert caught.value.kind == "http-304"

    polling({"/feed": reply(status="304 Not Modified", kind=None, length=None)}, story)


def test_a_cut_feed_gives_what_is_complete_and_no_validators() -> None:
    body = rss(item(1), item(2), item(3))
    cut = body[: body.rindex(b"<guid>")]

    async def story(feed: Polling) -> None:
        first = await feed.poll()
        assert [entry.guid for entry in first.entries] == ["g-1", "g-2"]
        assert "etag" not in feed.cursor
        assert "hash" not in feed.cursor
        assert any("ends in the middle" in warning for warning in first.warnings)
        feed.server.routes["/feed"] = reply(body, headers={"ETag": '"whole"'})
        assert len((await feed.poll()).entries) == 3

    polling({"/feed": reply(cut, headers={"ETag": '"cut"'})}, story)


def test_a_permanent_move_is_adopted_once_the_target_has_parsed() -> None:
    async def story(feed: Polling) -> None:
        assert (await feed.poll()).moved_to == feed.server.url("/new")
        feed.address = feed.server.url("/new")  # as the store does
        assert (await feed.poll()).unchanged  # the cursor went along
        feed.address = feed.server.url("/feed")
        feed.server.routes["/new"] = reply(b"<html><title>Parked</title></html>")
        feed.cursor = {}
        with pytest.raises(Permanent):
            await feed.poll()

    polling(
        {
            "/feed": reply(status="301 Moved Permanently", headers={"Location": "/mid"}),
            "/mid": reply(status="308 Permanent Redirect", headers={"Location": "/new"}),
            "/new": reply(FEED),
        },
        story,
    )


def test_a_temporary_redirect_is_followed_but_not_adopted() -> None:
    async def story(feed: Polling) -> None:
        pull = await feed.poll()
        assert len(pull.entries) == 2
        assert pull.moved_to is None

    polling({"/feed": reply(status="302 Found", headers={"Location": "/new"}), "/new": reply(FEED)}, story)


def test_a_permanent_move_behind_a_temporary_one_is_not_adopted() -> None:
    async def story(feed: Polling) -> None:
        assert (await feed.poll()).moved_to is None

    polling(
        {
            "/feed": reply(status="302 Found", headers={"Location": "/mid"}),
            "/mid": reply(status="301 Moved Permanently", headers={"Location": "/new"}),
            "/new": reply(FEED),
        },
        story,
    )


def test_gone_is_gone() -> None:
    async def story(feed: Polling) -> None:
        with pytest.raises(Gone):
            await feed.poll()

    polling({"/feed": reply(status="410 Gone")}, story)


@pytest.mark.parametrize(("status", "wait", "seconds"), [("429 Too Many", "120", 120), ("503 Busy", "-4", None)])
def test_retry_after_travels_with_the_error(status: str, wait: str, seconds: float | None) -> None:
    async def story(feed: Polling) -> None:
        with pytest.raises(Temporary) as caught:
            await feed.poll()
        assert caught.value.retry_after == seconds

    polling({"/feed": reply(status=status, headers={"Retry-After": wait})}, story)


def test_what_the_feed_says_of_its_own_pace() -> None:
    head = "<ttl>60</ttl><skipHours><hour>12</hour><hour>13</hour></skipHours>"

    async def story(feed: Polling) -> None:
        first = await feed.poll()
        assert first.hint == 3600
        assert first.not_before == datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
        feed.server.routes["/feed"] = reply(
            status="304 No", kind=None, length=None, headers={"Cache-Control": "max-age=5400"}
        )
        second = await feed.poll()
        assert second.hint == 5400
        assert second.not_before is not None
        assert second.not_before > NOW + timedelta(hours=1)

    polling({"/feed": reply(rss(item(1), head=head))}, story)


def test_a_page_given_as_a_feed_leads_to_the_feed_it_names() -> None:
    page = b'<!DOCTYPE html><html><head><link rel="alternate" type="application/rss+xml" href="/rss"></head></html>'

    async def story(feed: Polling) -> None:
        first = await feed.poll()
        assert len(first.entries) == 2
        assert "the feed it names is read instead" in first.warnings[0]
        await feed.poll()
        assert [request.path for request in feed.server.requests] == ["/feed", "/rss", "/rss"]

    polling({"/feed": reply(page, kind="text/html"), "/rss": reply(FEED)}, story)


def test_a_named_feed_that_cannot_be_had_is_named_and_tried_again() -> None:
    page = b'<!DOCTYPE html><html><head><link rel="alternate" type="application/rss+xml" href="/rss"></head></html>'

    async def story(feed: Polling) -> None:
        with pytest.raises(Temporary, match=r"the feed it names, .*/rss, cannot be had: HTTP 503") as caught:
            await feed.poll()
        assert caught.value.kind == "web-page"
        feed.server.routes["/rss"] = reply(FEED)
        assert len((await feed.poll()).entries) == 2

    polling({"/feed": reply(page, kind="text/html"), "/rss": reply(status="503 Busy")}, story)


def test_a_feed_that_turned_into_a_page_is_an_error_not_another_feed() -> None:
    page = b'<!DOCTYPE html><html><head><link rel="alternate" type="application/rss+xml" href="/rss"></head></html>'

    async def story(feed: Polling) -> None:
        await feed.poll()
        feed.server.routes["/feed"] = reply(page, kind="text/html")
        with pytest.raises(Permanent, match="monitor feeds discover"):
            await feed.poll()

    polling({"/feed": reply(FEED), "/rss": reply(FEED)}, story)


def test_headers_go_to_the_first_origin_only() -> None:
    async def run() -> None:
        async with serving({"/stolen": reply(FEED)}) as thief:
            redirect = reply(status="302 Found", headers={"Location": thief.url("/stolen")})
            async with serving({"/feed": redirect}) as server:
                async with Web(timeout=5, allow_hosts=[server.host, thief.host]) as web:
                    feed = Polling(server, web, headers={"Authorization": "Bearer s3cret", "X-Key": "k"})
                    await feed.poll()
                assert server.requests[0].headers["authorization"] == "Bearer s3cret"
                assert "authorization" not in thief.requests[0].headers
                assert "x-key" not in thief.requests[0].headers

    asyncio.run(run())


def test_a_bridges_error_is_an_error_and_no_article() -> None:
    error = item(1, title="Bridge returned error 403! (20414)", link="https://bridge.example/?x")

    async def story(feed: Polling) -> None:
        with pytest.raises(Temporary) as caught:
            await feed.poll()
        assert caught.value.kind == "bridge-error"
        feed.server.routes["/feed"] = reply(rss(error, item(2)))
        pull = await feed.poll()
        assert [entry.guid for entry in pull.entries] == ["g-2"]
        assert pull.refused[0][0].startswith("Bridge returned error")

    polling({"/feed": reply(rss(error))}, story)


def test_a_new_address_starts_afresh() -> None:
    async def story(feed: Polling) -> None:
        await feed.poll()
        feed.address = feed.server.url("/other")
        pull = await feed.poll()
        assert len(pull.entries) == 2
        assert "if-none-match" not in feed.server.requests[-1].headers

    answer = reply(FEED, headers={"ETag": '"1"'})
    polling({"/feed": answer, "/other": answer}, story)


def test_outlet_and_language_of_the_configuration_fill_in() -> None:
    async def story(feed: Polling) -> None:
        first, second = (await feed.poll()).entries
        assert (first.outlet, first.language) == ("Example Wire", "fa")
        assert (second.outlet, second.language) == ("The Other Paper", "fa")

    body = rss(item(1), item(2, source="The Other Paper"))
    polling({"/feed": reply(body)}, story, outlet="Example Wire", language="fa")


def test_the_feed_a_page_names_is_asked_without_the_sources_headers() -> None:
    async def run() -> None:
        async with serving({"/feed": reply(FEED)}) as thief:
            page = f'<html><head><link rel="alternate" type="application/rss+xml" href="{thief.url("/feed")}"></head>'
            async with serving({"/feed": reply(page.encode(), kind="text/html")}) as server:
                async with Web(timeout=5, allow_hosts=[server.host, thief.host]) as web:
                    feed = Polling(server, web, headers={"X-Key": "k"})
                    await feed.poll()
                    await feed.poll()
                assert server.requests[0].headers["x-key"] == "k"
                assert len(thief.requests) == 2
                assert all("x-key" not in request.headers for request in thief.requests)

    asyncio.run(run())
