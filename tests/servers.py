"""Scripted servers on loopback: an SMTP server and a webhook receiver that misbehave as they are told."""

from __future__ import annotations

import asyncio
import email
import email.message
import ssl
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from aiohttp import web


@dataclass
class Script:
    """What an SMTP server answers at each stage. A text is sent; None hangs; 'drop' closes the connection."""

    banner: str | None = "220 test"
    ehlo: str | None = ""
    auth: str | None = "235 ok"
    mail: str | None = "250 ok"
    rcpt: str | None = "250 ok"
    data: str | None = "354 go on"
    body: str | None = "250 accepted"
    delay: float = 0.0  # seconds before the answer to the body
    drop_after_body: bool = False  # answers, then closes without waiting for QUIT


@dataclass
class Mail:
    """One message that was handed over whole."""

    recipient: str
    raw: bytes
    accepted: bool
    at: float = field(default_factory=time.time)

    @property
    def message(self) -> email.message.Message:
        return email.message_from_bytes(self.raw)

    @property
    def id(self) -> str:
        return str(self.message["Message-ID"])


@dataclass
class SmtpServer:
    """Speaks SMTP line by line. `script(recipient, times)` may change what it does from mail to mail."""

    script: Callable[[str, int], Script] = lambda recipient, times: Script()
    opening: Callable[[int], Script] = lambda connection: Script()
    tls: ssl.SSLContext | None = None  # offered by STARTTLS, or from the first byte with `implicit`
    implicit: bool = False
    login: tuple[str, str] | None = None
    mails: list[Mail] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)
    connections: int = 0
    commands: list[str] = field(default_factory=list)
    port: int = 0
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> SmtpServer:
        context = self.tls if self.implicit else None
        self._server = await asyncio.start_server(self._handle, "127.0.0.1", self.port, ssl=context, limit=2**20)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        assert self._server
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def accepted(self) -> list[Mail]:
        return [mail for mail in self.mails if mail.accepted]

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        self.connections += 1
        try:
            await self._talk(reader, writer)
        except (_Dropped, ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opening = self.opening(self.connections)
        script = opening
        recipient = ""
        await _say(writer, opening.banner)
        while line := await reader.readline():
            text = line.decode("latin-1").strip()
            verb = text.split(" ")[0].upper()
            self.commands.append(text)
            if verb == "EHLO":
                features = ["test", "8BITMIME", "SIZE 50000000"]
                if self.tls and not self.implicit and not writer.get_extra_info("ssl_object"):
                    features.append("STARTTLS")
                if self.login:
                    features.append("AUTH PLAIN LOGIN")
                answer = [f"250-{f}" for f in features[:-1]] + [f"250 {features[-1]}"]
                await _say(writer, opening.ehlo or "\r\n".join(answer) if opening.ehlo is not None else None)
            elif verb == "STARTTLS":
                await _say(writer, "220 go")
                await writer.start_tls(self.tls)
            elif verb == "AUTH":
                await self._authenticate(text, reader, writer, opening)
            elif verb == "MAIL":
                await _say(writer, opening.mail)
            elif verb == "RCPT":
                recipient = text.partition("<")[2].rstrip(">")
                self.seen[recipient] = self.seen.get(recipient, 0) + 1
                script = self.script(recipient, self.seen[recipient])
                await _say(writer, script.rcpt)
            elif verb == "DATA":
                await _say(writer, script.data)
                if not (script.data or "").startswith("354"):
                    continue
                raw = (await reader.readuntil(b"\r\n.\r\n"))[:-3]
                good = (script.body or "").startswith("250")
                self.mails.append(Mail(recipient, raw.replace(b"\r\n..", b"\r\n."), good))
                if script.delay:
                    await asyncio.sleep(script.delay)
                await _say(writer, script.body)
                if script.drop_after_body:
                    return
            elif verb == "QUIT":
                await _say(writer, "221 bye")
                return
            else:
                await _say(writer, "250 ok")

    async def _authenticate(
        self, text: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, opening: Script
    ) -> None:
        import base64

        given = ("", "")
        if " PLAIN" in text.upper():
            _, user, password = base64.b64decode(text.split(" ")[2]).decode().split("\0")
            given = (user, password)
        await _say(writer, opening.auth if given == self.login else "535 5.7.8 bad credentials")


class _Dropped(Exception):
    pass


async def _say(writer: asyncio.StreamWriter, text: str | None) -> None:
    if text is None:
        await asyncio.sleep(3600)
    elif text == "drop":
        writer.transport.abort()
        raise _Dropped
    else:
        writer.write(text.encode() + b"\r\n")
        await writer.drain()


@dataclass
class Call:
    """One request to the webhook receiver."""

    path: str
    headers: dict[str, str]
    body: bytes
    status: int
    at: float = field(default_factory=time.time)

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


@dataclass
class WebhookServer:
    """Answers each request with the next of `answers`, the last one again and again.

    An answer is a status, (status, headers), None (hangs), or 'drop' (closes without an answer).
    """

    answers: list[object] = field(default_factory=lambda: [204])
    tls: ssl.SSLContext | None = None
    port: int = 0
    calls: list[Call] = field(default_factory=list)
    _runner: web.AppRunner | None = None
    _release: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self) -> WebhookServer:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, ssl_context=self.tls)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        assert self._runner
        self._release.set()
        await self._runner.cleanup()

    def url(self, path: str = "/hook") -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}{path}"

    @property
    def accepted(self) -> list[Call]:
        return [call for call in self.calls if 200 <= call.status < 300]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        status, headers = answer if isinstance(answer, tuple) else (answer, {})
        call = Call(request.path, {k.lower(): v for k, v in request.headers.items()}, body, 0)
        self.calls.append(call)
        if status == "drop":
            assert request.transport
            request.transport.abort()
            return web.Response()
        if status is None:
            await self._release.wait()
            return web.Response(status=503)
        assert isinstance(status, int)
        call.status = status
        return web.Response(status=status, headers=headers, text="" if status == 204 else "told you so")


def ids(items: Iterable[Mail | Call]) -> list[str]:
    """The identities of mails or calls, in order."""
    return [item.id for item in items]
