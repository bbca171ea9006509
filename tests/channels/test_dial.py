"""Dialling: any address of a name will do, and names are looked up in threads of their own."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

import pytest

from monitor.channels.dial import Dialer


async def _listening() -> tuple[asyncio.Server, int]:
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1]


def _closed_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def test_the_second_address_is_tried_when_the_first_refuses() -> None:
    async def scene() -> tuple[str, str]:
        server, port = await _listening()
        closed = _closed_port()
        threads: list[str] = []

        def lookup(host: str, port: int) -> list[Any]:
            threads.append(threading.current_thread().name)
            kind = (socket.AF_INET, socket.SOCK_STREAM, 0, "")
            return [(*kind, ("127.0.0.1", closed)), (*kind, ("127.0.0.1", port))]

        dialer = Dialer("desk", 1, lookup)
        async with server:
            made = await dialer.connect("mail.example", port)
            peer = made.getpeername()
            made.close()
        dialer.close()
        return str(peer[1] == port), threads[0]

    right, thread = asyncio.run(scene())
    assert right == "True"
    assert thread.startswith("names-desk")


def test_what_cannot_be_reached_says_why() -> None:
    async def scene() -> None:
        dialer = Dialer("desk", 1)
        try:
            await dialer.connect("127.0.0.1", _closed_port())
        finally:
            dialer.close()

    with pytest.raises(ConnectionRefusedError):
        asyncio.run(scene())


def test_a_name_without_an_address_is_an_error() -> None:
    async def scene() -> None:
        dialer = Dialer("desk", 1, lambda host, port: [])
        try:
            await dialer.connect("nowhere.example", 25)
        finally:
            dialer.close()

    with pytest.raises(OSError, match=r"nowhere\.example has no address"):
        asyncio.run(scene())
