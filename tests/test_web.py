"""The polite, guarded client: which addresses it refuses, how it waits its turn, what it leaves behind."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st
from unruly import Request, Script, Unruly, gz, reply, serving
from yarl import URL

from monitor.errors import Permanent, Temporary
from monitor.web import PAGE_TYPES, Guard, Pages, Refused, Robots, Web, is_public, tls
from monitor.web.client import same_origin
from monitor.web.guard import literal
from monitor.web.hosts import Hosts
from monitor.web.inflate import Corrupt, TooLarge, inflate

ROOT = Path(__file__).parents[1]
HELLO = reply(b"hello", kind="text/plain")


def with_server(routes: dict[str, Any], story: Callable[[Unruly, Web], Awaitable[None]], **settings: Any) -> None:
    async def run() -> None:
        async with (
            serving(routes) as server,
            Web(**{"timeout": 3.0, "allow_hosts": [server.host], **settings}) as web,
        ):
            await story(server, web)

    asyncio.run(run())


# ── the guard ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "1.1.1.1",
        "93.184.216.34",
        "2606:4700::1111",
        "2a00:1450:4001::200e",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
    ],
)
def test_public_addresses(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.255.255.254", "0.0.0.0", "10.1.2.3", "172.31.0.1", "192.168.0.1", "169.254.169.254"),
        *("100.64.0.1", "100.127.255.254", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1"),
        *("192.88.99.1", "224.0.0.251", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "fe80::1", "fe80::1%1", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "2001:db8::1", "100::1"),
        *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1"),
        *("64:ff9b:1::1", "2002:7f00:1::1", "2002:808:808::1", "2001::1", "2001:0:4136:e378::", "3fff::1"),
    ],
)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@given(st.integers(0, 2**32 - 1))
def test_wrapping_an_address_makes_it_no_more_public(number: int) -> None:
    plain = ipaddress.IPv4Address(number)
    for wrapped in (0xFFFF << 32, 0x64FF9B << 96):
        assert is_public(ipaddress.IPv6Address(wrapped | number)) <= is_public(plain)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("0", "0.0.0.0"),
        ("[::1]", "::1"),
        ("127.0.0.1.", "127.0.0.1"),
        ("example.org", None),
        ("1and1.example", None),
        ("3com.com", None),
        ("", None),
    ],
)
def test_literal_addresses_in_every_spelling(host: str, address: str | None) -> None:
    found = literal(host)
    assert (str(found) if found else None) == address


def test_allow_hosts_names_host_and_port() -> None:
    guard = Guard(["127.0.0.1:8080", "[::1]:9090", "Wiki.internal:80"])
    guard.check(URL("http://127.0.0.1:8080/x"))
    guard.check(URL("http://[::1]:9090/"))
    guard.check(URL("http://wiki.internal/"))
    guard.judge("wiki.internal", 80, ipaddress.ip_address("10.0.0.1"))
    for refused in ("http://127.0.0.1:8081/", "http://[::1]:8080/", "https://127.0.0.1/"):
        with pytest.raises(Refused, match="allow_hosts"):
            guard.check(URL(refused))
    with pytest.raises(Refused):
        guard.judge("wiki.internal", 443, ipaddress.ip_address("10.0.0.1"))


def test_allow_private_is_for_webhooks_and_lets_everything_through() -> None:
    guard = Guard(allow_private=True)
    guard.check(URL("http://127.0.0.1:5000/hook"))
    guard.judge("hooks.internal", 80, ipaddress.ip_address("10.0.0.1"))
    with pytest.raises(Refused):
        guard.check(URL("file:///etc/passwd"))


@pytest.mark.parametrize("url", ["ftp://x.example/", "file:///x", "gopher://x.example/", "x", "http://x.example:25/"])
def test_schemes_and_ports_that_are_refused(url: str) -> None:
    with pytest.raises(Refused):
        Guard().check(URL(url))


def _answers(*addresses: str) -> Callable[[str, int, int], list[Any]]:
    def lookup(host: str, port: int, family: int) -> list[Any]:
        return [
            (socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in addresses
        ]

    return lookup


@pytest.mark.parametrize("addresses", [("127.0.0.1",), ("8.8.8.8", "127.0.0.1"), ("::1",), ("64:ff9b::7f00:1",)])
def test_a_name_with_any_non_public_address_is_refused(addresses: tuple[str, ...]) -> None:
    async def run() -> None:
        async with serving({"/": HELLO}) as server:
            async with Web(timeout=2, lookup=_answers(*addresses)) as web:
                with pytest.raises(Refused, match="not a public address"):
                    await web.get(server.url("/", host="rebind.example"))
            assert server.requests == []

    asyncio.run(run())


def test_rebinding_finds_nothing() -> None:
    """The name is public at the first look and private at the second: the second look never comes alone."""
    looks: list[str] = []

    def lookup(host: str, port: int, family: int) -> list[Any]:
        looks.append(host)
        return _answers("203.0.113.7" if len(looks) > 1 else "192.0.2.1")(host, port, family)

    async def run() -> None:
        async with Web(timeout=0.5, lookup=lookup) as web:
            for _ in range(2):
                with pytest.raises(Refused):
                    await web.get("http://rebind.example/")

    asyncio.run(run())
    assert len(looks) == 2


def test_a_named_host_may_resolve_to_a_private_address() -> None:
    async def run() -> None:
        async with serving({"/": HELLO}) as server:
            allowed = [f"intranet.example:{server.port}"]
            async with Web(timeout=2, allow_hosts=allowed, lookup=_answers("127.0.0.1")) as web:
                answer = await web.get(server.url("/", host="intranet.example"))
                assert answer.body == b"hello"
                with pytest.raises(Refused):
                    await web.get(server.url("/", host="other.example"))

    asyncio.run(run())


def test_environment_proxies_do_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    async def story(server: Unruly, web: Web) -> None:
        assert (await web.get(server.url("/"))).body == b"hello"

    with_server({"/": HELLO}, story)


def test_a_configured_proxy_is_used_and_may_be_private() -> None:
    async def run() -> None:
        async with serving({"http://feeds.example/x": HELLO}) as proxy:
            async with Web(timeout=3, proxy=f"http://localhost:{proxy.port}", lookup=_answers("127.0.0.1")) as web:
                assert (await web.get("http://feeds.example/x")).body == b"hello"
                with pytest.raises(Refused):
                    await web.get("http://10.0.0.1/x")
            assert [request.path for request in proxy.requests] == ["http://feeds.example/x"]

    asyncio.run(run())


def test_waiting_for_a_place_among_all_does_not_count_as_slow() -> None:
    async def story(server: Unruly, web: Web) -> None:
        answers = await asyncio.gather(*(web.get(server.url("/")) for _ in range(6)))
        assert all(answer.body == b"hello" for answer in answers)
        assert server.most_open == 1

    with_server({"/": _slow(0.12)}, story, timeout=0.3, per_host=6, concurrency=1)


def test_a_picture_is_no_page() -> None:
    async def story(server: Unruly, web: Web) -> None:
        with pytest.raises(Permanent, match="image/png") as caught:
            await Pages(web, None, lambda: 0.0).page(server.url("/"))
        assert caught.value.kind == "not-a-page"

    with_server({"/": reply(b"x", kind="image/png")}, story)


# ── politeness ──────────────────────────────────────────────────────────────────────────────────


def _slow(seconds: float) -> Script:
    async def run(_: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        writer.write(HELLO)

    return run


def test_no_more_than_per_host_at_a_time() -> None:
    async def story(server: Unruly, web: Web) -> None:
        await asyncio.gather(*(web.get(server.url(f"/{n % 3}")) for n in range(9)))
        assert server.most_open == 2
        assert len(server.requests) == 9

    with_server({f"/{n}": _slow(0.02) for n in range(3)}, story)


def test_waiting_for_a_turn_does_not_count_as_slow() -> None:
    async def story(server: Unruly, web: Web) -> None:
        answers = await asyncio.gather(*(web.get(server.url("/")) for _ in range(6)))
        assert all(answer.body == b"hello" for answer in answers)

    with_server({"/": _slow(0.12)}, story, timeout=0.3, per_host=1)


def test_one_hanging_host_delays_no_other() -> None:
    async def run() -> None:
        async with (
            serving({"/": _slow(5)}) as hanging,
            serving({"/": HELLO}) as well,
            Web(timeout=1.0, concurrency=8, allow_hosts=[hanging.host, well.host]) as web,
        ):
            stuck = [asyncio.ensure_future(web.get(hanging.url("/"))) for _ in range(6)]
            await asyncio.sleep(0.05)
            answer = await asyncio.wait_for(web.get(well.url("/")), 0.5)
            assert answer.body == b"hello"
            for task in stuck:
                task.cancel()
            await asyncio.gather(*stuck, return_exceptions=True)

    asyncio.run(run())


def test_starts_on_one_host_are_spaced_out() -> None:
    async def run() -> list[float]:
        hosts = Hosts(per_host=4, spacing=0.02)
        clock = asyncio.get_running_loop().time
        starts: list[float] = []

        async def visit(host: str) -> None:
            async with hosts.turn(host, 80):
                starts.append(clock())

        await asyncio.gather(*(visit("a.example") for _ in range(4)), visit("b.example"))
        return sorted(starts)

    starts = asyncio.run(run())
    assert starts[-1] - starts[0] >= 0.055
    assert starts[1] - starts[0] < 0.015  # another host does not wait


def test_connections_are_kept_alive() -> None:
    from aiohttp import web as aio

    async def run() -> None:
        ports = set()

        async def handle(request: aio.Request) -> aio.Response:
            assert request.transport is not None
            ports.add(request.transport.get_extra_info("peername")[1])
            return aio.Response(text="ok")

        app = aio.Application()
        app.router.add_get("/", handle)
        runner = aio.AppRunner(app)
        await runner.setup()
        site = aio.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        async with Web(timeout=3, allow_hosts=[f"127.0.0.1:{port}"]) as web:
            for _ in range(5):
                assert (await web.get(f"http://127.0.0.1:{port}/")).body == b"ok"
        await runner.cleanup()
        assert len(ports) == 1

    asyncio.run(run())


def test_what_is_asked() -> None:
    async def story(server: Unruly, web: Web) -> None:
        await web.get(server.url("/"), etag='"a"', last_modified="b", accept=PAGE_TYPES)
        await web.get(server.url("/"), etag="evil\r\nX: 1", last_modified="é")
        first, second = (request.headers for request in server.requests)
        assert first["user-agent"] == "news-monitor/1 (+https://desk.example)"
        assert first["accept-encoding"] == "gzip, deflate"
        assert (first["if-none-match"], first["if-modified-since"]) == ('"a"', "b")
        assert first["accept"] == PAGE_TYPES
        assert "if-none-match" not in second
        assert "if-modified-since" not in second

    with_server({"/": HELLO}, story, user_agent="news-monitor/1 (+https://desk.example)")


def test_feed_addresses_are_understood() -> None:
    async def story(server: Unruly, web: Web) -> None:
        for address in (f"feed://{server.host}/", f"feed:http://{server.host}/", f"  http://{server.host}/#top "):
            assert (await web.get(address)).body == b"hello"

    with_server({"/": HELLO}, story)


def test_cookies_live_for_one_fetch_only() -> None:
    wall = reply(status="302 Found", headers={"Location": "/in", "Set-Cookie": "pass=1"})

    async def story(server: Unruly, web: Web) -> None:
        await web.get(server.url("/"))
        await web.get(server.url("/in"))
        assert [request.headers.get("cookie") for request in server.requests] == [None, "pass=1", None]

    with_server({"/": wall, "/in": HELLO}, story)


def test_the_deadline_spans_all_redirects() -> None:
    async def hop(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.15)
        writer.write(reply(status="302 Found", headers={"Location": f"/{int(request.path[1:]) + 1}"}))

    async def story(server: Unruly, web: Web) -> None:
        with pytest.raises(Temporary) as caught:
            await web.get(server.url("/1"))
        assert caught.value.kind == "timeout"

    with_server({f"/{n}": hop for n in range(1, 9)}, story, timeout=0.4)


def test_a_name_that_does_not_exist_says_so() -> None:
    def lookup(host: str, port: int, family: int) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async def run() -> None:
        async with Web(timeout=2, lookup=lookup) as web:
            with pytest.raises(Temporary, match=r"the name nowhere\.example is not found") as caught:
                await web.get("http://nowhere.example/")
            assert caught.value.kind == "dns"

    asyncio.run(run())


def test_a_certificate_nobody_vouches_for_is_an_error(tmp_path: Any) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)

    async def run() -> None:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.close()

        server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
        async with Web(timeout=3, allow_hosts=[f"127.0.0.1:{port}"]) as web:
            with pytest.raises(Temporary, match="certificate") as caught:
                await web.get(f"https://127.0.0.1:{port}/")
            assert caught.value.kind == "tls"
        server.close()
        await server.wait_closed()

    asyncio.run(run())


def test_https_trusts_the_authorities_of_the_one_context(monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    served, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(served)
    authority.configure_trust(trusting)
    monkeypatch.setattr(tls, "context", lambda: trusting)

    async def run() -> None:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=served)
        port = server.sockets[0].getsockname()[1]
        async with Web(timeout=3, allow_hosts=[f"127.0.0.1:{port}"]) as web:
            assert (await web.get(f"https://127.0.0.1:{port}/")).body == b"ok"
        server.close()
        await server.wait_closed()

    asyncio.run(run())


def test_aiohttp_makes_no_contexts_with_authorities_and_ours_has_them(tmp_path: Path) -> None:
    authorities = tmp_path / "authorities.pem"
    trustme.CA().cert_pem.write_to_path(str(authorities))
    look = (
        "import ssl\n"
        "from monitor.web import tls\n"
        "from aiohttp import connector\n"
        "theirs = (connector._SSL_CONTEXT_VERIFIED, connector._SSL_CONTEXT_UNVERIFIED)\n"
        "count = lambda context: context.cert_store_stats()['x509_ca']\n"
        "print(*map(count, theirs), count(tls.context()), count(ssl.create_default_context()))\n"
        "print(theirs[0].verify_mode == ssl.CERT_REQUIRED, tls.context().check_hostname)"
    )
    environment = {**os.environ, "SSL_CERT_FILE": str(authorities), "SSL_CERT_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", look], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.stdout.split() == ["0", "0", "1", "1", "True", "True"], done.stderr


# ── decompression ───────────────────────────────────────────────────────────────────────────────


@given(st.binary(max_size=2000), st.integers(0, 2000))
def test_never_more_than_the_limit(data: bytes, limit: int) -> None:
    try:
        assert inflate(gz(data), "gzip", limit) == data
        assert len(data) <= limit
    except TooLarge:
        assert len(data) > limit


@given(st.binary(max_size=300))
def test_garbage_comes_out_bounded_or_is_refused(data: bytes) -> None:
    for coding in ("gzip", "deflate"):
        try:
            size = len(inflate(data, coding, 10_000))
        except (Corrupt, TooLarge):
            size = 0
        assert size <= 10_000


# ── robots.txt ──────────────────────────────────────────────────────────────────────────────────

ROBOTS = b"User-agent: *\nDisallow: /private\nCrawl-delay: 0.01\n\nUser-agent: news-monitor\nDisallow: /not-you\n"


def test_robots_txt_is_honoured_and_remembered() -> None:
    async def story(server: Unruly, web: Web) -> None:
        robots = Robots(web)
        assert (await robots.page(server.url("/page"), PAGE_TYPES, 0)).body == b"hello"
        with pytest.raises(Permanent, match=r"robots\.txt") as caught:
            await robots.page(server.url("/not-you"), PAGE_TYPES, 1)
        assert caught.value.kind == "robots"
        assert [request.path for request in server.requests] == ["/robots.txt", "/page"]
        await robots.page(server.url("/page"), PAGE_TYPES, 2 * 86400)
        assert [request.path for request in server.requests].count("/robots.txt") == 2

    with_server({"/robots.txt": reply(ROBOTS, kind="text/plain"), "/page": HELLO}, story)


@pytest.mark.parametrize(
    ("answer", "allowed"),
    [
        (reply(b"", status="404 Not Found"), True),
        (reply(b"", status="403 Forbidden"), True),
        (reply(b"<html>no such thing</html>", kind="text/html"), True),
        (reply(b"User-agent: *\nDisallow: /\n"), False),
        (reply(b"\xef\xbb\xbfUser-agent: *\r\nDisallow: /\r\n"), False),
        (reply("User-agent: *\nDisallow: /\n".encode("utf-16")), False),
        (reply(b"User-agent: *\nDisallow: /\n" + b"# a long list\n" * 100_000), False),
        (reply(b"User-agent: *\nDisallow: /\n" + b"#" * 6_000_000), True),
        (reply(b"User-agent: *\nDisallow: /" + b"*a" * 50 + b"b\n"), True),
        (reply(b""), True),
        (reply(status="204 No Content"), True),
        (reply(status="302 Found"), True),
        (reply(status="302 Found", headers={"Location": "/robots.txt"}), True),
    ],
    ids=map(str, range(13)),
)
def test_what_an_answer_for_robots_txt_means(answer: bytes, allowed: bool) -> None:
    async def story(server: Unruly, web: Web) -> None:
        assert (await Robots(web).allowed(server.url("/page"), 0))[0] is allowed

    with_server({"/robots.txt": answer}, story)


def test_a_server_in_trouble_makes_the_page_wait() -> None:
    async def story(server: Unruly, web: Web) -> None:
        with pytest.raises(Temporary) as caught:
            await Robots(web).allowed(server.url("/page"), 0)
        assert (caught.value.kind, caught.value.retry_after) == ("robots-unknown", 60)

    with_server({"/robots.txt": reply(b"", status="503 x", headers={"Retry-After": "60"})}, story)


def test_a_flood_of_empty_gzip_members_is_refused_at_once() -> None:
    began = time.process_time()
    with pytest.raises(Corrupt, match="members"):
        inflate(gz(b"") * 200_000, "gzip", 15_000_000)
    assert time.process_time() - began < 1.0  # an hour where each member copies the rest


def test_many_gzip_members_are_one_body() -> None:
    pieces = [bytes([number % 256]) * number for number in range(1, 400)]
    body = b"".join(pieces)
    assert inflate(b"".join(map(gz, pieces)) + b"\0" * 8, "gzip", len(body)) == body
    with pytest.raises(TooLarge):
        inflate(b"".join(map(gz, pieces)), "gzip", len(body) - 1)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ("https://a.example/other?x", True),
        ("https://A.example:443/", True),
        ("http://a.example/", False),
        ("https://a.example:444/", False),
        ("https://a.example@b.example/", False),
        ("https://", False),
        ("nonsense", False),
    ],
)
def test_what_is_the_same_origin(other: str, same: bool) -> None:
    assert same_origin("https://a.example/feed", other) is same
