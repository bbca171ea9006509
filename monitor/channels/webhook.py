"""Webhook: POST of a documented JSON object, signed as the Standard Webhooks specification says.

Touches the network through aiohttp behind the address guard of fetching, which refuses non-public addresses
unless the channel says `allow_private`. Redirects are never followed: a signed body goes where the operator
said, or nowhere.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
import re
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import aiohttp
from jinja2 import Template, TemplateError
from yarl import URL

from monitor.channels.common import Common
from monitor.channels.render import sandbox, view
from monitor.channels.tools import Tools
from monitor.config.values import Duration, Range, Secret, reveal
from monitor.errors import ConfigError, Gone, MonitorError, Permanent, Temporary, Uncertain
from monitor.model import Delivery
from monitor.stages.message import payload, subject
from monitor.stages.sample import samples
from monitor.web import tls
from monitor.web.guard import Guard, GuardingResolver, Refused

# Answers that an operator or time may mend; every other 3xx and 4xx is a dead letter.
_MAY_MEND = frozenset({401, 403, 404, 407, 408, 409, 421, 423, 424, 425, 429})
_OURS = frozenset(
    {"webhook-id", "webhook-timestamp", "webhook-signature", "content-length", "host", "transfer-encoding"}
)
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_PRIVATE = "is not a public address; if it is yours, set allow_private = true on this channel"
_ANSWER_LIMIT = 2048  # bytes of an answer that are read


@dataclass(frozen=True, kw_only=True)
class WebhookOptions(Common):
    """Options of `kind = "webhook"`."""

    url: str | Secret
    cap: str = ""  # a program reads it: every alert is a call of its own
    secret: Secret | tuple[Secret, ...] = ()
    headers: Mapping[str, str | Secret] = field(default_factory=dict)
    template: Path | None = None
    content_type: str = "application/json"
    timeout: Annotated[Duration, Range(1)] = 15.0
    allow_private: bool = False
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        Common.__post_init__(self)
        faults = []
        try:
            parts = urlsplit(reveal(self.url))
            usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            faults.append("url: is not an http(s) address")
        for secret in self.secrets:
            try:
                signing_key(secret.reveal())
            except ValueError as error:
                faults.append(f"secret: {error}")
        for name, value in self.headers.items():
            if not _TOKEN.fullmatch(name) or name.lower() in _OURS:
                faults.append(f"headers.{name}: is not a header that can be set")
            if re.search(r"[\x00-\x08\x0a-\x1f\x7f]", reveal(value)):
                faults.append(f"headers.{name}: has a control character")
        if faults:
            raise ValueError("; ".join(faults))

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """The signing secrets: several while one replaces another."""
        return (self.secret,) if isinstance(self.secret, Secret) else self.secret


class Webhook:
    """Sends each delivery as one POST. 2xx is the acknowledgement, and nothing else is."""

    Options = WebhookOptions

    def __init__(self, slug: str, options: WebhookOptions, tools: Tools) -> None:
        """Raises ConfigError when the address is refused, or the template or the CA file cannot be used."""
        self._options = options
        self._tools = tools
        self._url = reveal(options.url)
        self._target = shown(self._url)
        self._guard = Guard(allow_private=options.allow_private)
        try:
            self._guard.check(URL(self._url))
        except Refused:
            raise ConfigError(f"url: {self._target} {_PRIVATE}") from None
        self._headers = {name: reveal(value) for name, value in options.headers.items()}
        self._keys = [signing_key(secret.reveal()) for secret in options.secrets]
        self._template = _template(options.template) if options.template else None
        self._tls = _context(options.ca_file)
        if self._template:
            self._try_template()
        self._session: aiohttp.ClientSession | None = None

    def targets(self) -> tuple[str, ...]:
        """The address without its secrets."""
        return (self._target,)

    def body(self, delivery: Delivery) -> bytes:
        """Return the bytes of the POST: the same for every attempt of a delivery."""
        data = payload(delivery, self._tools.links)
        if self._template is None:
            return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
        try:
            values = view(delivery) | {"payload": data, "subject": subject(delivery)}
            return self._template.render(values).encode()
        except Exception as error:  # a template can fail in any way
            raise Permanent(f"the body template failed: {type(error).__name__}: {error}", kind="template") from error

    def _try_template(self) -> None:
        for delivery in samples(datetime(2026, 1, 1, tzinfo=UTC)):
            try:
                self.body(delivery)
            except Permanent as error:
                raise ConfigError(f"template: on a delivery of kind {delivery.kind!r}: {error}") from None

    async def send(self, delivery: Delivery) -> str:
        """POST it. Raises Temporary, Uncertain, Permanent or Gone."""
        body = self.body(delivery)
        stamp = int(time.time())  # the attempt's own time, as the specification asks
        headers = self._headers | {
            "content-type": self._options.content_type,
            "webhook-id": delivery.public_id,
            "webhook-timestamp": str(stamp),
        }
        if self._keys:
            headers["webhook-signature"] = sign(self._keys, delivery.public_id, stamp, body)
        try:
            async with self._client().post(
                self._url, data=body, headers=headers, allow_redirects=False, ssl=self._tls
            ) as response:
                answer = b"" if 200 <= response.status < 300 else await response.content.read(_ANSWER_LIMIT)
                fault = refusal(response.status, response.headers.get("retry-after"), answer)
        except Refused as error:
            raise Temporary(f"{self._target} {_PRIVATE}", kind="address") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise self._broken(error) from error
        if fault:
            raise fault
        return f"HTTP {response.status}"

    async def close(self) -> None:
        """Close the kept connections."""
        if self._session is not None:
            await self._session.close()

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    resolver=GuardingResolver(self._guard, threads=2),
                    limit=0,
                    limit_per_host=8,
                    use_dns_cache=False,
                ),
                timeout=aiohttp.ClientTimeout(total=self._options.timeout, sock_connect=self._options.timeout / 2),
                headers={"user-agent": "monitor"},
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                max_line_size=16384,
                max_field_size=16384,
            )
        return self._session

    def _broken(self, error: Exception) -> MonitorError:
        """Tell what failed before the hand-over from what failed after it."""
        if isinstance(error, (aiohttp.ClientSSLError, ssl.SSLError)):
            hint = "check the certificate, or set ca_file"
            return Temporary(f"no TLS: {_reason(error)}; {hint}", kind="tls")
        if isinstance(error, (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)):
            return Temporary(f"cannot connect: {_reason(error)}", kind="connect")
        if isinstance(error, aiohttp.InvalidURL):
            return Permanent("the address cannot be used", kind="address")
        if isinstance(error, TimeoutError):
            return Uncertain(f"no answer within {self._options.timeout:g} s", kind="timeout")
        return Uncertain(f"the connection broke before an answer ({type(error).__name__})", kind="disconnected")


def _reason(error: Exception) -> str:
    """What the system said, without the address and the jargon around it."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return str(error.certificate_error)
    inner = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(inner, OSError) and inner.errno and inner.errno > 0:
        return os.strerror(inner.errno)
    return (inner.strerror if isinstance(inner, OSError) else "") or str(inner) or type(inner).__name__


def refusal(status: int, retry_after: str | None, answer: bytes) -> MonitorError | None:
    """Return the error that an HTTP answer stands for; None for 2xx."""
    if 200 <= status < 300:
        return None
    told = " ".join(answer.decode("utf-8", "replace").split())[:200]
    message = f"HTTP {status}" + (f": {told}" if told else "")
    if status == 410:
        return Gone(f"{message}; the receiver asks never to be called again", kind="http-410")
    if 300 <= status < 400:
        return Permanent(f"{message}; redirects are not followed: name the final address", kind="redirect")
    if (status >= 500 and status not in (501, 505)) or status in _MAY_MEND:
        return Temporary(message, retry_after=wait(retry_after, time.time()), kind=f"http-{status}")
    return Permanent(message, kind=f"http-{status}")


def wait(retry_after: str | None, now: float) -> float | None:
    """Return the seconds that a Retry-After header asks for, or None. It may name seconds or a date."""
    if not retry_after:
        return None
    if re.fullmatch(r"\d{1,9}", retry_after.strip()):
        return float(retry_after)
    try:
        moment = parsedate_to_datetime(retry_after)
    except (ValueError, IndexError, TypeError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.fromtimestamp(now, UTC)).total_seconds())


def signing_key(secret: str) -> bytes:
    """Return the key of a secret, 'whsec_' and base64. Raises ValueError."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        raise ValueError("is not base64, with or without 'whsec_' before it") from None
    if not 24 <= len(key) <= 64:
        raise ValueError(f"has {len(key)} bytes and needs 24 to 64 (openssl rand -base64 32)")
    return key


def sign(keys: Sequence[bytes], identity: str, stamp: int, body: bytes) -> str:
    """Return the `webhook-signature` header: one signature for each key, so that keys can be rotated."""
    signed = f"{identity}.{stamp}.".encode() + body
    made = (hmac.new(key, signed, hashlib.sha256).digest() for key in keys)
    return " ".join("v1," + base64.b64encode(mac).decode() for mac in made)


def shown(url: str) -> str:
    """Return an address as it may be stored and shown: no login, no query, no secret path segments.

    A short hash keeps two addresses apart that differ in what is hidden.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    segments = ["…" if _opaque(segment) else segment for segment in parts.path.split("/")]
    plain = f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}{'/'.join(segments)}"
    if plain == url:
        return plain
    return f"{plain}#{hashlib.sha256(url.encode()).hexdigest()[:6]}"


def _opaque(segment: str) -> bool:
    """Whether a path segment looks like a token rather than a word."""
    return len(segment) >= 9 and bool(re.search(r"\d", segment)) and bool(re.search(r"[A-Za-z]", segment))


def _template(path: Path) -> Template:
    try:
        return sandbox().from_string(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"template: cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"template: {path} is not UTF-8: {error}") from None
    except TemplateError as error:
        raise ConfigError(f"template: {path}: {error}") from None


def _context(ca_file: Path | None) -> ssl.SSLContext:
    if ca_file is None:
        return tls.context()
    try:
        return ssl.create_default_context(cafile=str(ca_file))
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"ca_file: cannot read {ca_file}: {error}") from None
