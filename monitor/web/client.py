"""A polite, guarded, bounded HTTP client: one GET with everything that can go wrong given a name.

Conditional requests, at most five redirects (each address checked, credentials left behind at another origin),
one deadline for the whole fetch, a cap on decompressed bytes, turns per host, keep-alive. Environment proxies
and stored cookies do not exist here. Touches the network; knows nothing of feeds or pages.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import ClientResponse
from yarl import URL

from monitor.errors import Gone, MonitorError, Permanent, Temporary
from monitor.model import Document
from monitor.stages import pace
from monitor.web.guard import Guard, GuardingResolver, Lookup
from monitor.web.hosts import Hosts
from monitor.web.inflate import Corrupt, TooLarge, Unsupported, codings, gunzip_file, inflate

MAX_REDIRECTS = 5
MAX_HEADER_BYTES = 64 * 1024
FEED_TYPES = (
    "application/atom+xml, application/rss+xml, application/rdf+xml;q=0.9, application/feed+json, "
    "application/json;q=0.8, application/xml;q=0.8, text/xml;q=0.8, */*;q=0.5"
)
PAGE_TYPES = "text/html, application/xhtml+xml, application/xml;q=0.8, text/plain;q=0.7, */*;q=0.3"
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_PERMANENT_REDIRECTS = frozenset((301, 308))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server answered: 200 with a body, or 304 without."""

    status: int
    url: str  # after redirects
    body: bytes = b""  # decompressed
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case, last value wins
    media_type: str = ""
    charset: str | None = None
    moved_to: str | None = None  # where an unbroken chain of 301/308 from the first address led
    received: int = 0  # bytes of body over the wire
    fetched_at: datetime | None = None

    def document(self) -> Document:
        """The answer as a document."""
        return Document(
            body=self.body,
            media_type=self.media_type,
            charset=self.charset,
            url=self.url,
            headers=self.headers,
            fetched_at=self.fetched_at,
        )


class Web:
    """The client. Use as an async context manager, or call `close`.

    `timeout`: seconds for one whole fetch, waiting for a turn at the host excluded. `max_bytes`: decompressed.
    `concurrency`: connections in all. `per_host`, `spacing`: see `Hosts`; hosts named in `allow_hosts` are the
    operator's own and are not spaced out.
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
        lookup: Lookup | None = None,
    ):
        self.guard = Guard(allow_hosts)
        self.user_agent = user_agent
        self._timeout = timeout
        self._max_bytes = max_bytes
        self._concurrency = concurrency
        self._hosts = Hosts(per_host=per_host, spacing=spacing)
        self._lookup = lookup
        self._session: aiohttp.ClientSession | None = None

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
            async with self._hosts.turn(host, port, spacing=distance):
                began = clock()
                result = await self._once(here, request, left, max_bytes or self._max_bytes)
                left -= clock() - began
            if isinstance(result, Answer):
                return _with_move(result, moved_to)
            status, target, fresh = result
            if same:
                cookies |= fresh
            permanent = permanent and status in _PERMANENT_REDIRECTS
            here = target
            moved_to = str(here) if permanent else moved_to
            if left <= 0:
                raise _too_slow(here, self._timeout)
        raise Permanent(f"more than {MAX_REDIRECTS} redirects, the last one to {here}", kind="redirects")

    async def _once(
        self, url: URL, headers: dict[str, str], left: float, limit: int
    ) -> Answer | tuple[int, URL, dict[str, str]]:
        """One request: an Answer, or where it redirects to with the cookies it sets."""
        try:
            async with asyncio.timeout(left), self._open().get(url, headers=headers, allow_redirects=False) as got:
                if got.status in _REDIRECTS:
                    return got.status, _target(got), {key: morsel.value for key, morsel in got.cookies.items()}
                _raise_for_status(got)
                if got.status == 304:
                    return _answer(got, b"", 0)
                wire = await _read(got, limit)
                return _answer(got, _unpack(got, wire, limit), len(wire))
        except TimeoutError:
            raise _too_slow(url, self._timeout) from None
        except (aiohttp.ClientError, OSError, ssl.SSLError, UnicodeError, ValueError) as error:
            raise explain(error, url) from error

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            resolver = (
                GuardingResolver(self.guard, lookup=self._lookup) if self._lookup else GuardingResolver(self.guard)
            )
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    resolver=resolver, limit=self._concurrency, ttl_dns_cache=60, keepalive_timeout=15
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


def _target(got: ClientResponse) -> URL:
    location = (got.headers.get("Location") or got.headers.get("URI") or "").strip()
    if not location:
        raise Temporary(f"HTTP {got.status} without saying where to", kind="redirects")
    try:
        raw = location.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        return got.url.join(URL(raw)).with_fragment(None)
    except (ValueError, TypeError, UnicodeError) as error:
        raise Permanent(f"redirects to {location[:200]!r}, which is not an address: {error}", kind="bad-url") from None


def _raise_for_status(got: ClientResponse) -> None:
    status = got.status
    if status in (200, 203, 226, 304):
        return
    reason = _REASONS.get(status) or f"HTTP {status} {(got.reason or '').strip()[:80]}".strip()
    if status == 410:
        raise Gone(f"{reason}: it is not asked again", kind="http-410")
    if status in (408, 425, 429) or status >= 500 or status < 400:
        wait = pace.retry_after(got.headers.get("Retry-After"), datetime.now(UTC)) if status in (429, 503) else None
        raise Temporary(reason, retry_after=wait, kind=f"http-{status}")
    raise Permanent(reason, kind=f"http-{status}")


_REASONS = {
    204: "HTTP 204: the server answers that there is nothing",
    401: "HTTP 401: a user name and password (or a key) are wanted; set `auth` or `headers`",
    402: "HTTP 402: payment is wanted",
    403: "HTTP 403: the server refuses us; it may block programs, or want a login",
    404: "HTTP 404: nothing is found at this address; it may have moved",
    406: "HTTP 406: the server has no form of this that we can read",
    410: "HTTP 410: gone for good",
    429: "HTTP 429: we ask too often",
    451: "HTTP 451: withheld for legal reasons",
    500: "HTTP 500: the server has an error of its own",
    502: "HTTP 502: the server's gateway gets no answer",
    503: "HTTP 503: the server is overloaded or under maintenance",
    504: "HTTP 504: the server's gateway waited in vain",
}


async def _read(got: ClientResponse, limit: int) -> bytes:
    if got.content_length is not None and got.content_length > limit:
        raise _too_large(limit)
    pieces: list[bytes] = []
    size = 0
    async for piece in got.content.iter_any():
        size += len(piece)
        if size > limit:
            raise _too_large(limit)
        pieces.append(piece)
    return b"".join(pieces)


def _unpack(got: ClientResponse, wire: bytes, limit: int) -> bytes:
    try:
        body = wire
        for coding in reversed(codings(got.headers.get("Content-Encoding", ""))):
            body = inflate(body, coding, limit)
        return gunzip_file(body, limit)
    except TooLarge:
        raise _too_large(limit) from None
    except Corrupt as error:
        raise Temporary(f"the compressed answer is damaged: {error}", kind="truncated") from None
    except Unsupported as error:
        raise Permanent(f"compressed as {error!s}, which we did not ask for", kind="content-encoding") from None


def _answer(got: ClientResponse, body: bytes, received: int) -> Answer:
    headers = {
        name.lower(): value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        for name, value in got.headers.items()
    }
    declared, _, parameters = headers.get("content-type", "").partition(";")
    charset = None
    for part in parameters.split(";"):
        name, _, value = part.strip().partition("=")
        if name.strip().lower() == "charset" and value.strip(" \"'"):
            charset = value.strip(" \"'").lower()[:40]
    return Answer(
        status=got.status,
        url=str(got.url),
        body=body,
        headers=headers,
        media_type=declared.strip().lower()[:100],
        charset=charset,
        received=received,
        fetched_at=datetime.now(UTC),
    )


def _with_move(answer: Answer, moved_to: str | None) -> Answer:
    if moved_to is None:
        return answer
    return Answer(
        status=answer.status,
        url=answer.url,
        body=answer.body,
        headers=answer.headers,
        media_type=answer.media_type,
        charset=answer.charset,
        moved_to=moved_to,
        received=answer.received,
        fetched_at=answer.fetched_at,
    )


def _too_slow(url: URL, seconds: float) -> Temporary:
    return Temporary(f"{url.raw_host} did not finish its answer within {seconds:g} s", kind="timeout")


def _too_large(limit: int) -> Permanent:
    mib = limit / 1048576
    return Permanent(f"answers more than {mib:.3g} MiB; raise max_bytes in [fetch] if that is right", kind="too-large")


def explain(error: BaseException, url: URL) -> MonitorError:
    """What an exception of the HTTP library means, in plain words, as one of our own errors."""
    host = url.raw_host or str(url)
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return Temporary(f"{host} shows a certificate that is not valid: {error.certificate_error}", kind="tls")
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return Temporary(f"no secure connection with {host}: {error}", kind="tls")
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return Temporary(f"the name {host} is not found: check the spelling, or the network", kind="dns")
    if isinstance(error, aiohttp.ClientConnectorError):
        return Temporary(f"{host} port {url.port} does not accept a connection: {error.os_error}", kind="connect")
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return Temporary(f"{host} hung up without an answer", kind="disconnected")
    if isinstance(error, aiohttp.ClientPayloadError):
        return Temporary(f"the answer of {host} broke off before its end", kind="truncated")
    if isinstance(error, aiohttp.InvalidURL):
        return Permanent(f"{str(url)[:200]} is not an address that can be fetched", kind="bad-url")
    if isinstance(error, aiohttp.ClientResponseError):
        return Temporary(f"{host} does not speak proper HTTP: {error.message[:200]}", kind="http-protocol")
    if isinstance(error, UnicodeError):
        return Permanent(f"{host[:200]} is not a host name", kind="bad-url")
    return Temporary(f"the connection with {host} failed: {error or type(error).__name__}", kind="connection")
