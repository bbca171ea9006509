"""A polite, guarded, bounded HTTP client: one GET with everything that can go wrong given a name.

Conditional requests, at most five redirects (each address checked, credentials left behind at another origin),
one deadline for the whole fetch, a cap on decompressed bytes, turns per host, keep-alive. Environment proxies
and stored cookies do not exist here. Touches the network; knows nothing of feeds or pages.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import ClientResponse
from yarl import URL

from monitor.errors import Permanent
from monitor.web import oldstyle, tls
from monitor.web.answer import (
    Answer,
    Response,
    as_answer,
    explain,
    raise_for_status,
    target_of,
    too_large,
    too_slow,
    unpacked,
    with_move,
)
from monitor.web.guard import Guard, GuardingResolver, Lookup, look_up
from monitor.web.hosts import Hosts

MAX_REDIRECTS = 5
MAX_HEADER_BYTES = 64 * 1024
FEED_TYPES = (
    "application/atom+xml, application/rss+xml, application/rdf+xml;q=0.9, application/feed+json, "
    "application/json;q=0.8, application/xml;q=0.8, text/xml;q=0.8, */*;q=0.5"
)
PAGE_TYPES = "text/html, application/xhtml+xml, application/xml;q=0.8, text/plain;q=0.7, */*;q=0.3"
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_PERMANENT_REDIRECTS = frozenset((301, 308))


class Web:
    """The client. Use as an async context manager, or call `close`.

    `timeout`: seconds for one whole fetch, waiting for a turn at the host excluded. `max_bytes`: decompressed.
    `concurrency`: connections in all. `per_host`, `spacing`: see `Hosts`; hosts named in `allow_hosts` are the
    operator's own and are not spaced out. `proxy`: an HTTP proxy's URL; it resolves the names then, so its own rules
    must keep private addresses out of reach.
    """

    def __init__(
        self,
        *,
        timeout: float = 20.0,
        max_bytes: int = 15 * 1024 * 1024,
        concurrency: int = 32,
        per_host: int = 2,
        spacing: float = 0.25,
        allow_hosts: Iterable[str] = (),
        user_agent: str = "news-monitor",
        proxy: str = "",
        lookup: Lookup = look_up,
    ):
        self.guard = Guard(allow_hosts)
        self.user_agent = user_agent
        self._timeout = timeout
        self._max_bytes = max_bytes
        self._slots = asyncio.Semaphore(concurrency)  # not the connector's limit: waiting must not use up the deadline
        self._proxy = proxy or None
        self._hosts = Hosts(per_host=per_host, spacing=spacing)
        self._lookup = lookup
        self._session: aiohttp.ClientSession | None = None
        self._resolver: GuardingResolver | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()
        if self._resolver is not None:
            await self._resolver.close()
            await asyncio.sleep(0)  # transports close on the next turn of the loop

    async def get(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        accept: str = FEED_TYPES,
        headers: Mapping[str, str] | None = None,
        max_bytes: int | None = None,
        spacing: float | None = None,
    ) -> Answer:
        """Fetch `url`; returns an Answer of status 200 or 304.

        `headers` (credentials among them) go to the first origin only. Raises Temporary, Permanent or Gone;
        their `kind` is stable: 'timeout', 'dns', 'connect', 'tls', 'truncated', 'http-404', 'address' …
        """
        here = _url(url)
        sent = {"User-Agent": self.user_agent, "Accept": accept, "Accept-Encoding": "gzip, deflate"}
        conditions = _conditions(etag, last_modified)
        own = dict(headers or {})
        cookies: dict[str, str] = {}
        origin = here.origin() if here.host else None
        left = self._timeout
        permanent, moved_to = True, None
        clock = asyncio.get_running_loop().time
        for _ in range(MAX_REDIRECTS + 1):
            self.guard.check(here)
            same = here.origin() == origin
            request = {**sent, **conditions, **(own if same else {})}
            if cookies and same:
                request["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
            host, port = here.raw_host or "", here.port or 0
            distance = 0.0 if self.guard.names(host, port) else spacing
            async with self._hosts.turn(host, port, spacing=distance), self._slots:
                began = clock()
                result = await self._once(here, request, left, max_bytes or self._max_bytes)
                left -= clock() - began
            if isinstance(result, Answer):
                return with_move(result, moved_to)
            status, target, fresh = result
            if same:
                cookies |= fresh
            permanent = permanent and status in _PERMANENT_REDIRECTS
            here = target
            moved_to = str(here) if permanent else moved_to
            if left <= 0:
                raise too_slow(here, self._timeout)
        raise Permanent(f"more than {MAX_REDIRECTS} redirects, the last one to {here}", kind="redirects")

    async def _once(
        self, url: URL, headers: dict[str, str], left: float, limit: int
    ) -> Answer | tuple[int, URL, dict[str, str]]:
        """One request: an Answer, or where it redirects to with the cookies it sets."""
        try:
            async with asyncio.timeout(left):
                try:
                    return await self._modern(url, headers, limit)
                except aiohttp.ClientResponseError as error:
                    if self._proxy is not None or isinstance(error, aiohttp.ClientHttpProxyError):
                        raise
                return await self._old_style(url, headers, limit)
        except TimeoutError:
            raise too_slow(url, self._timeout) from None
        except (aiohttp.ClientError, OSError, ssl.SSLError, UnicodeError, ValueError) as error:
            raise explain(error, url) from error

    async def _modern(self, url: URL, headers: dict[str, str], limit: int) -> Answer | tuple[int, URL, dict[str, str]]:
        session, secure = self._open(), url.scheme == "https" or (self._proxy or "").startswith("https:")
        trust = tls.context() if secure else True
        async with session.get(url, headers=headers, allow_redirects=False, proxy=self._proxy, ssl=trust) as got:
            early = _early(got)
            if early is not None:
                return early
            wire = b"" if got.status == 304 else await _read(got, limit)
            return as_answer(got, unpacked(got, wire, limit), len(wire))

    async def _old_style(
        self, url: URL, headers: dict[str, str], limit: int
    ) -> Answer | tuple[int, URL, dict[str, str]]:
        assert self._resolver is not None
        got, wire = await oldstyle.fetch(url, headers, self._resolver, limit)
        return _early(got) or as_answer(got, unpacked(got, wire, limit), len(wire))

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            proxy = URL(self._proxy) if self._proxy else None
            trusted = (proxy.raw_host or "", proxy.port or 0) if proxy else None
            self._resolver = GuardingResolver(self.guard, lookup=self._lookup, trusted=trusted)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    resolver=self._resolver, limit=0, ttl_dns_cache=60, keepalive_timeout=15
                ),
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
                trust_env=False,
                max_line_size=MAX_HEADER_BYTES // 4,
                max_field_size=MAX_HEADER_BYTES // 2,
                max_headers=256,
            )
        return self._session


def _early(got: Response) -> tuple[int, URL, dict[str, str]] | None:
    """What a redirect says, before any body is read; raises for an error status; None for 200 and 304."""
    if got.status in _REDIRECTS:
        return got.status, target_of(got), {key: morsel.coded_value for key, morsel in got.cookies.items()}
    raise_for_status(got)
    return None


def same_origin(one: str, other: str) -> bool:
    """Whether two addresses have scheme, host and port in common; False where one is no address."""
    try:
        here, there = _url(one), _url(other)
    except Permanent:
        return False
    return bool(here.host) and (here.scheme, here.host, here.port) == (there.scheme, there.host, there.port)


def _url(text: str) -> URL:
    stripped = text.strip()
    if stripped.lower().startswith("feed:"):
        rest = stripped[5:]
        stripped = rest if rest.lower().startswith(("http:", "https:")) else "http:" + rest
    try:
        url = URL(stripped).with_fragment(None)
        url.port  # noqa: B018  raises for a port that is none
    except (ValueError, TypeError, UnicodeError) as error:
        raise Permanent(f"{text[:200]!r} is not an address: {error}", kind="bad-url") from None
    return url


def _conditions(etag: str | None, last_modified: str | None) -> dict[str, str]:
    found = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    return {name: value for name, value in found.items() if value and value.isascii() and value.isprintable()}


async def _read(got: ClientResponse, limit: int) -> bytes:
    if got.content_length is not None and got.content_length > limit:
        raise too_large(limit)
    pieces: list[bytes] = []
    size = 0
    async for piece in got.content.iter_any():
        size += len(piece)
        if size > limit:
            raise too_large(limit)
        pieces.append(piece)
    return b"".join(pieces)
