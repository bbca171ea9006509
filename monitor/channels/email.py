"""E-mail: one message per recipient over kept SMTP connections, and the truth about how each attempt ended.

Touches the network through aiosmtplib. What a message says is made in render.py and mime.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import aiosmtplib

from monitor.channels import mime
from monitor.channels.common import Common
from monitor.channels.dial import Dialer
from monitor.channels.render import Renderer
from monitor.channels.tools import Tools
from monitor.channels.turns import Turns
from monitor.config.values import Duration, Range, Secret
from monitor.errors import ConfigError, MonitorError, Permanent, Temporary, Uncertain
from monitor.model import Delivery

_PORTS = {"starttls": 587, "tls": 465, "plain": 25}
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?")
IDLE_LIMIT = 60.0  # seconds after which a kept connection is not trusted any more


@dataclass(frozen=True, kw_only=True)
class EmailOptions(Common):
    """Options of `kind = "email"`."""

    host: str
    to: tuple[str, ...]
    sender: str = field(metadata={"key": "from"})
    name: str = "monitor"
    port: Annotated[int, Range(1, 65535)] | None = None
    security: Literal["starttls", "tls", "plain"] = "starttls"
    username: str = ""
    password: Secret | None = None
    timeout: Annotated[Duration, Range(1)] = 30.0
    connections: Annotated[int, Range(1, 50)] = 4
    ca_file: Path | None = None
    helo: str | None = None
    templates: Path | None = None

    def __post_init__(self) -> None:
        Common.__post_init__(self)
        faults = [f"to: {fault}" for address in self.to if (fault := _address_fault(address))]
        if not self.to:
            faults.append("to: names no recipient")
        if fault := _address_fault(self.sender):
            faults.append(f"from: {fault}")
        if bool(self.username) != bool(self.password):
            faults.append("username: a login needs both username and password; leave both out for none")
        if self.password and self.security == "plain" and self.host not in _LOOPBACK:
            faults.append('security: "plain" would send the password in the clear; use "starttls" or "tls"')
        if faults:
            raise ValueError("; ".join(faults))


class Email:
    """Sends each delivery as one mail. `Message-ID` is the delivery's id, so a repeat can be told."""

    Options = EmailOptions

    def __init__(self, slug: str, options: EmailOptions, tools: Tools) -> None:
        """Raises ConfigError when a template or the CA file cannot be used."""
        self._options = options
        self._port = options.port or _PORTS[options.security]
        self._domain = _ascii(options.sender.rpartition("@")[2])
        self._sender = _ascii_address(options.sender)
        self._renderer = Renderer(links=tools.links, zone=tools.zone, folder=options.templates)
        self._tls = _context(options.ca_file)
        self._turns = Turns(options.connections)
        self._dialer = Dialer(slug, options.connections)
        self._idle: list[tuple[float, aiosmtplib.SMTP]] = []
        self._closed = False

    def targets(self) -> tuple[str, ...]:
        """One delivery for each recipient."""
        return tuple(dict.fromkeys(_ascii_address(address) for address in self._options.to))

    def message(self, delivery: Delivery) -> bytes:
        """Return the mail as it goes over the wire."""
        return mime.build(
            delivery,
            self._renderer.mail(delivery),
            sender=self._sender,
            sender_name=self._options.name,
            domain=self._domain,
        )

    async def send(self, delivery: Delivery) -> str:
        """Hand one mail to the server. Raises Temporary, Uncertain or Permanent."""
        raw = self.message(delivery)
        async with self._turns.of(delivery.target), self._connection() as smtp:
            return await self._transfer(smtp, delivery.target, raw)

    async def probe(self) -> None:
        """Connect and log in, send nothing. Raises Temporary that says what is wrong."""
        async with self._connection():
            pass

    async def close(self) -> None:
        """Say goodbye on every kept connection."""
        self._closed = True
        while self._idle:
            _, smtp = self._idle.pop()
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                await smtp.quit(timeout=2)
            smtp.close()
        self._dialer.close()

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[aiosmtplib.SMTP]:
        """Lend a connection: kept after success or the refusal of one mail, dropped after anything else."""
        smtp = await self._kept() or await self._connect()
        keep = False
        try:
            yield smtp
            keep = True
        except (Permanent, Temporary) as error:
            keep = not isinstance(error, Uncertain) and error.kind.startswith("smtp-") and smtp.is_connected
            keep = keep and await self._reset(smtp)
            raise
        finally:
            if keep and smtp.is_connected and not self._closed:
                self._idle.append((_now(), smtp))
            else:
                smtp.close()

    async def _kept(self) -> aiosmtplib.SMTP | None:
        """Return a kept connection that still answers, if there is one."""
        while self._idle:
            since, smtp = self._idle.pop()
            quiet = _now() - since
            if smtp.is_connected and (quiet < 1 or (quiet < IDLE_LIMIT and await self._reset(smtp))):
                return smtp
            smtp.close()
        return None

    async def _reset(self, smtp: aiosmtplib.SMTP) -> bool:
        try:
            await smtp.rset(timeout=min(5.0, self._options.timeout))
        except (aiosmtplib.SMTPException, OSError):
            return False
        return True

    async def _connect(self) -> aiosmtplib.SMTP:
        options = self._options
        try:
            async with asyncio.timeout(options.timeout):
                wire = await self._dialer.connect(options.host, self._port)
        except OSError as error:
            raise self._connect_error(error) from error
        smtp = aiosmtplib.SMTP(
            hostname=options.host,  # what its certificate must say
            sock=wire,
            use_tls=options.security == "tls",
            start_tls=options.security == "starttls",
            tls_context=None if options.security == "plain" else self._tls,
            local_hostname=options.helo or self._domain,
            timeout=options.timeout,
        )
        try:
            async with asyncio.timeout(options.timeout * 2):
                await smtp.connect()
                if options.username and options.password:
                    await smtp.login(options.username, options.password.reveal())
        except BaseException as error:
            smtp.close()
            if isinstance(error, (aiosmtplib.SMTPException, OSError, ValueError)):
                raise self._connect_error(error) from error
            raise
        return smtp

    def _connect_error(self, error: Exception) -> MonitorError:
        """All that goes wrong before a mail is named may mend: server, certificate, password."""
        options = self._options
        at = f"{options.host}:{self._port}"
        cause = error.__cause__ or error
        if isinstance(error, aiosmtplib.SMTPAuthenticationError):
            hint = "check username and password"
            return Temporary(f"{at} refused the login: {_told(error)}; {hint}", kind="auth")
        if isinstance(error, aiosmtplib.SMTPResponseException):
            return Temporary(f"{at} answered {_told(error)}", kind=f"smtp-{error.code}")
        if isinstance(cause, ssl.SSLError) or isinstance(error, ssl.SSLError) or "certificate" in str(error):
            hint = "check the certificate, or set ca_file"
            return Temporary(f"no TLS with {at}: {error}; {hint}", kind="tls")
        if "not supported" in str(error):
            return Temporary(f"{at} does not offer what {options.security!r} needs: {error}", kind="tls")
        if isinstance(error, TimeoutError):
            return Temporary(f"{at} did not answer within {self._options.timeout:g} s", kind="timeout")
        if isinstance(error, OSError) and error.errno is not None:  # names have negative numbers and texts of their own
            why = os.strerror(error.errno) if error.errno > 0 else error.strerror
            return Temporary(f"cannot reach {at}: {why}", kind="connect")
        return Temporary(f"cannot reach {at}: {error}", kind="connect")

    async def _transfer(self, smtp: aiosmtplib.SMTP, target: str, raw: bytes) -> str:
        """MAIL, RCPT, DATA. Once DATA is under way a broken connection leaves the outcome unknown."""
        stage = "MAIL"
        try:
            await smtp.mail(self._sender, timeout=self._options.timeout)
            stage = "RCPT"
            await smtp.rcpt(target, timeout=self._options.timeout)
            stage = "DATA"
            answer = await smtp.data(raw, timeout=self._options.timeout)
        except aiosmtplib.SMTPResponseException as error:
            raise _refusal(error, stage) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            word = "was silent" if isinstance(error, TimeoutError) else "broke off"
            kind = "timeout" if isinstance(error, TimeoutError) else "disconnected"
            if stage == "DATA":
                raise Uncertain(f"the server {word} after the message was handed over", kind=kind) from error
            raise Temporary(f"the server {word} at {stage}", kind=kind) from error
        return f"{answer.code} {' '.join(answer.message.split())[:300]}"


def _refusal(error: aiosmtplib.SMTPResponseException, stage: str) -> MonitorError:
    told = f"{stage} refused: {_told(error)}"
    if error.code < 0:  # the connection was gone before an answer came
        kind = "disconnected"
        return Uncertain(told, kind=kind) if stage == "DATA" else Temporary(told, kind=kind)
    if error.code in (530, 534, 535, 538):
        return Temporary(f"{told}; check username and password", kind="auth")
    if 500 <= error.code < 600:
        return Permanent(told, kind=f"smtp-{error.code}")
    return Temporary(told, kind=f"smtp-{error.code}")


def _told(error: aiosmtplib.SMTPResponseException) -> str:
    return f"{error.code} {' '.join(error.message.split())[:300]}"


def _context(ca_file: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=ca_file)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"ca_file: cannot read {ca_file}: {error}") from None
    return context


def _address_fault(address: str) -> str:
    """Return what is wrong with a mail address, or ''. Strict: one plain address, nothing around it."""
    local, at, domain = address.rpartition("@")
    try:
        plain = f"{local}@{_ascii(domain)}"
    except ValueError:
        plain = ""
    if not at or len(address) > 254 or not _ADDRESS.fullmatch(plain) or ".." in plain:
        return f"{address!r} is not a mail address such as 'name@example.org'"
    return ""


def _ascii_address(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local}@{_ascii(domain)}"


def _ascii(domain: str) -> str:
    """Return a domain in its ASCII form. Raises ValueError (UnicodeError)."""
    return domain if domain.isascii() else domain.encode("idna").decode("ascii")


def _now() -> float:
    return asyncio.get_running_loop().time()
