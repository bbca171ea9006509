"""The world around an installed daemon: a news site, a mail server and a webhook receiver, on a thread of their own."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from contextlib import contextmanager
from email import message_from_bytes
from email.policy import default
from xml.sax.saxutils import escape

from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope


class Outside:
    """What was published there, and what arrived there and when (`time.time`)."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, str, str]] = []  # guid, title, text
        self.served: dict[str, float] = {}  # guid → when it was first handed out
        self.mails: list[tuple[float, str, str]] = []  # arrival, Message-ID, text part
        self.calls: list[tuple[float, str, dict]] = []  # arrival, webhook-id, body
        self.polls = 0
        self.site = self.smtp = self.hooks = 0  # ports

    def publish(self, guid: str, title: str, text: str) -> None:
        """Put an entry into the feed."""
        self.entries = [*self.entries, (guid, title, text)]

    async def feed(self, request: web.Request) -> web.Response:
        self.polls += 1
        tag = f'"{len(self.entries)}"'
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304)
        for guid, _, _ in self.entries:
            self.served.setdefault(guid, time.time())
        items = "".join(
            f"<item><guid isPermaLink='false'>{guid}</guid><title>{escape(title)}</title>"
            f"<link>http://127.0.0.1:{self.site}/{guid}</link><description>{escape(f'<p>{text}</p>')}</description></item>"
            for guid, title, text in self.entries
        )
        body = f"<rss version='2.0'><channel><title>The Wire</title>{items}</channel></rss>"
        return web.Response(text=body, content_type="application/rss+xml", headers={"ETag": tag})

    async def hook(self, request: web.Request) -> web.Response:
        self.calls.append((time.time(), request.headers["webhook-id"], json.loads(await request.read())))
        return web.Response()

    async def handle_DATA(self, server: object, session: object, envelope: Envelope) -> str:
        message = message_from_bytes(envelope.original_content, policy=default)
        text = message.get_body(preferencelist=("plain",)).get_content()
        self.mails.append((time.time(), message["Message-ID"], text))
        return "250 accepted"


@contextmanager
def outside():
    """The servers, listening on loopback."""
    world, ready, loop = Outside(), threading.Event(), asyncio.new_event_loop()
    leave = asyncio.Event()

    async def serve() -> None:
        runners = []
        for method, path, handler, name in (
            ("GET", "/feed.xml", world.feed, "site"),
            ("POST", "/hook", world.hook, "hooks"),
        ):
            application = web.Application(client_max_size=2**24)
            application.router.add_route(method, path, handler)
            runner = web.AppRunner(application, access_log=None)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            setattr(world, name, runner.addresses[0][1])
            runners.append(runner)
        mail = await loop.create_server(lambda: SMTP(world, enable_SMTPUTF8=True), "127.0.0.1", 0)
        world.smtp = mail.sockets[0].getsockname()[1]
        ready.set()
        await leave.wait()
        mail.close()
        for runner in runners:
            await runner.cleanup()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert ready.wait(10)
    try:
        yield world
    finally:
        loop.call_soon_threadsafe(leave.set)
        thread.join(10)
        loop.close()
