"""A store with alerts and pending deliveries, and servers in processes of their own to send them to."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[2] / "tests")]

from told import settle  # noqa: E402 - the path is set above

from monitor.stages.restraint import Route  # noqa: E402
from monitor.store.connection import Store, to_text  # noqa: E402

BEGAN = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)


def fill(store: Store, count: int, route: Route, *, articles: int = 200) -> None:
    """Write `count` pending deliveries of `route`, which tell `articles` alerts in turn."""

    def articles_first(db: sqlite3.Connection) -> None:
        for number in range(1, articles + 1):
            settle(db, number, routes={}, now=BEGAN)

    def write(db: sqlite3.Connection) -> None:
        targets = route.targets
        db.executemany(
            """INSERT INTO deliveries (id, public_id, channel, target, rule, state, created_at, due_at, try_at)
               VALUES (?, lower(hex(randomblob(16))), ?, ?, 'envoy', 'pending', ?, ?, ?)""",
            [
                (n, route.channel, targets[n % len(targets)], to_text(BEGAN), to_text(BEGAN), to_text(BEGAN))
                for n in range(1, count + 1)
            ],
        )
        db.executemany(
            "INSERT INTO delivery_alerts (alert_id, channel, target, again, delivery_id) VALUES (?, ?, ?, ?, ?)",
            [(n % articles + 1, route.channel, targets[n % len(targets)], n, n) for n in range(1, count + 1)],
        )

    store.write_now(articles_first)
    store.write_now(write)


# ── servers ─────────────────────────────────────────────────────────────────────────────────────


async def _smtp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accepts everything: as little work as SMTP allows, so that the client is what is measured."""
    writer.write(b"220 sink\r\n")
    while line := await reader.readline():
        verb = line[:4].upper()
        if verb == b"EHLO":
            writer.write(b"250-sink\r\n250 8BITMIME\r\n")
        elif verb == b"DATA":
            writer.write(b"354 go on\r\n")
            await writer.drain()
            await reader.readuntil(b"\r\n.\r\n")
            writer.write(b"250 queued\r\n")
        elif verb == b"QUIT":
            writer.write(b"221 bye\r\n")
            break
        else:
            writer.write(b"250 ok\r\n")
        await writer.drain()
    writer.close()


async def _http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            break
        lower = head.lower()
        at = lower.index(b"content-length:") + 15
        await reader.readexactly(int(lower[at : lower.index(b"\r\n", at)]))
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await writer.drain()
    writer.close()


def _serve(kind: str, core: int | None, ready: Any) -> None:
    if core is not None:
        os.sched_setaffinity(0, {core})

    async def run() -> None:
        server = await asyncio.start_server({"smtp": _smtp, "http": _http}[kind], "127.0.0.1", 0, limit=2**20)
        ready.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


@contextmanager
def sink(kind: str, core: int | None = None) -> Iterator[int]:
    """A server process that accepts everything; yields its port. `core`: the processor it is bound to."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(kind, core, theirs), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        process.terminate()
        process.join()
