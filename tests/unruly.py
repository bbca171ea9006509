"""A loopback server that misbehaves on purpose: raw sockets, so that it can say what no HTTP library would.

A route is bytes (sent as they are, then the connection is closed) or a coroutine function of (Request, Writer).
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field

Script = Callable[["Request", asyncio.StreamWriter], Awaitable[None]]
Route = bytes | Script


@dataclass(slots=True)
class Request:
    """What was asked."""

    method: str
    path: str
    headers: dict[str, str]


@dataclass(slots=True)
class Unruly:
    """The server and what it was asked."""

    port: int
    routes: dict[str, Route]
    requests: list[Request] = field(default_factory=list)
    open_now: int = 0
    most_open: int = 0
    connections: int = 0

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"


def reply(
    body: bytes = b"",
    *,
    status: str = "200 OK",
    kind: str | None = "application/rss+xml; charset=utf-8",
    length: int | None = -1,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """A response. `length` -1 is the true one, None leaves the header out."""
    lines = [f"HTTP/1.1 {status}"]
    if kind is not None:
        lines.append(f"Content-Type: {kind}")
    if length is not None:
        lines.append(f"Content-Length: {len(body) if length < 0 else length}")
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode("utf-8", "surrogateescape") + body


def gz(body: bytes) -> bytes:
    return gzip.compress(body, 6, mtime=0)


def raw_deflate(body: bytes) -> bytes:
    machine = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    return machine.compress(body) + machine.flush()


@contextlib.asynccontextmanager
async def serving(routes: Mapping[str, Route]) -> AsyncIterator[Unruly]:
    """The server, for the length of the block."""
    server = Unruly(0, dict(routes))
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        server.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, TimeoutError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, path, _ = head[0].split(" ", 2)
            pairs = (line.partition(":") for line in head[1:] if line)
            request = Request(method, path, {name.lower(): value.strip() for name, _, value in pairs})
            server.requests.append(request)
            server.open_now += 1
            server.most_open = max(server.most_open, server.open_now)
            route = server.routes.get(path.partition("?")[0], reply(b"nothing here", status="404 Not Found"))
            try:
                if isinstance(route, bytes):
                    writer.write(route)
                    await writer.drain()
                else:
                    await route(request, writer)
            finally:
                server.open_now -= 1
        writer.close()
        with contextlib.suppress(ConnectionError, asyncio.CancelledError, TimeoutError):
            await writer.wait_closed()
        tasks.discard(task)

    listener = await asyncio.start_server(handle, "127.0.0.1", 0, limit=1 << 20)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await listener.wait_closed()
