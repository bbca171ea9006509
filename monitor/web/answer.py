"""What a server answered, and what its words mean: status, redirects, compression, errors in plain words.

Pure functions of a response's head and bytes; nothing here waits for the network.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.cookies import SimpleCookie
from typing import Protocol

import aiohttp
from yarl import URL

from monitor.errors import Gone, MonitorError, Permanent, Temporary
from monitor.model import Document
from monitor.stages import pace
from monitor.web.inflate import Corrupt, TooLarge, Unsupported, codings, gunzip_file, inflate, opens_itself

_Headers = Mapping[str, str]


class Response(Protocol):
    """The head of a response, by whichever client it was read."""

    @property
    def status(self) -> int: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def url(self) -> URL: ...
    @property
    def headers(self) -> _Headers: ...
    @property
    def cookies(self) -> SimpleCookie: ...


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


def target_of(got: Response) -> URL:
    """Where a redirect leads. Raises Temporary if it does not say, or says nonsense."""
    location = (got.headers.get("Location") or got.headers.get("URI") or "").strip()
    if not location:
        raise Temporary(f"HTTP {got.status} without saying where to", kind="redirects")
    try:
        raw = location.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        return got.url.join(URL(raw)).with_fragment(None)
    except (ValueError, TypeError, UnicodeError) as error:
        raise Permanent(f"redirects to {location[:200]!r}, which is not an address: {error}", kind="bad-url") from None


def raise_for_status(got: Response) -> None:
    """Nothing for an answer that can be used. Raises Gone, Temporary or Permanent by its status."""
    status = got.status
    if status == 304 or (200 <= status < 300 and status not in (204, 205, 206) and not _is_challenge(got)):
        return
    reason = _reason(got)
    if status == 410:
        raise Gone(reason, kind="http-410")
    if status in (408, 425, 429) or status >= 500 or status < 400:
        wait = pace.retry_after(got.headers.get("Retry-After"), datetime.now(UTC)) if status in (429, 503) else None
        raise Temporary(reason, retry_after=wait, kind=f"http-{status}")
    raise Permanent(reason, kind=f"http-{status}")


def _reason(got: Response) -> str:
    """What a status means, in plain words."""
    status = got.status
    if _is_challenge(got):
        return (
            f"HTTP {status}: a page that wants proof of a browser stands before the feed; "
            "ask its owner to let feed readers through"
        )
    if status in _REASONS:
        return _REASONS[status]
    said = f"HTTP {status} {(got.reason or '').strip()[:80]}".strip()
    if 520 <= status <= 530:
        return f"{said}: the gateway before the site cannot reach it"
    if 500 <= status < 600:
        return f"{said}: the server has trouble of its own"
    if 400 <= status < 500:
        return f"{said}: the server refuses this question"
    return f"{said}: no answer that can be used"


def _is_challenge(got: Response) -> bool:
    """Whether Cloudflare, AWS or Vercel say that they ask for a browser instead of answering."""
    headers = got.headers
    said = (headers.get("cf-mitigated"), headers.get("x-amzn-waf-action"), headers.get("x-vercel-mitigated"))
    return any((value or "").strip().lower() in ("challenge", "captcha") for value in said)


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


def unpacked(got: Response, wire: bytes, limit: int) -> bytes:
    """The body without its encodings, at most `limit` bytes. Raises Permanent or Temporary."""
    try:
        body = wire
        for coding in reversed(_named(got, wire)):
            body = inflate(body, coding, limit)
        return gunzip_file(body, limit)
    except TooLarge:
        raise too_large(limit) from None
    except Corrupt as error:
        raise Temporary(f"the compressed answer is damaged: {error}", kind="truncated") from None
    except Unsupported as error:
        raise Permanent(f"compressed as {error!s}, which we did not ask for", kind="content-encoding") from None


def _named(got: Response, wire: bytes) -> list[str]:
    """The codings that are named. An unknown one says nothing where the bytes speak for themselves."""
    said = got.headers.get("Content-Encoding", "")
    try:
        return codings(said)
    except Unsupported:
        if "," in said or not opens_itself(wire):
            raise
        return []


def as_answer(got: Response, body: bytes, received: int) -> Answer:
    """The answer as a value; `received` is the number of bytes on the wire."""
    headers = {
        name.lower(): value if value.isascii() else value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
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


def with_move(answer: Answer, moved_to: str | None) -> Answer:
    """The answer, with the address it has moved to for good, if it has."""
    if moved_to is None:
        return answer
    return replace(answer, moved_to=moved_to)


def too_slow(url: URL, seconds: float) -> Temporary:
    """The error for an answer that did not end in time."""
    return Temporary(f"{url.raw_host} did not finish its answer within {seconds:g} s", kind="timeout")


def too_large(limit: int) -> Permanent:
    """The error for an answer over the limit."""
    mib = limit / 1048576
    return Permanent(f"answers more than {mib:.3g} MiB; raise max_bytes in [fetch] if that is right", kind="too-large")


def explain(error: BaseException, url: URL) -> MonitorError:
    """What an exception of the HTTP library means, in plain words, as one of our own errors."""
    host = url.raw_host or str(url)
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return Temporary(
            f"{host} shows a certificate that is not valid: {_fault_of(error.certificate_error)}", kind="tls"
        )
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        inner = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
        return Temporary(f"no secure connection with {host} port {url.port}: {_fault_of(inner)}", kind="tls")
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return Temporary(f"the name {host} is not found: check the spelling, or the network", kind="dns")
    if isinstance(error, aiohttp.ClientConnectorError):
        why = _fault_of(error.os_error)
        return Temporary(f"{host} port {url.port} does not accept a connection: {why}", kind="connect")
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


def _fault_of(error: BaseException) -> str:
    """What OpenSSL or the system complains of, without the marks of their sources."""
    said = str(getattr(error, "verify_message", "") or getattr(error, "reason", "") or "")
    for mark, meaning in _TLS_FAULTS.items():
        if mark in said.lower().replace("_", " "):
            return meaning
    number = error.errno if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) else None
    return os.strerror(number) if number and number > 0 else said or str(error)


_TLS_FAULTS = {
    "self-signed": "it is signed by nobody this machine trusts (self-signed)",
    "local issuer": "it is signed by nobody this machine trusts, or an intermediate certificate is missing",
    "wrong version number": "what answers there does not speak TLS; perhaps http:// is meant",
}
