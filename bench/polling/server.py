"""The other side of the benchmark: one process that serves the generated feeds, in one of five moods.

Mood by `GET /mood/NAME`: a (everything is new), b (304 to a question with validators), c (every twentieth feed has a
new entry, the others answer 304), d (200 with the same body and validators), e (200 with the same body, without).
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
from pathlib import Path

from generate import Made, make


class Feeds(asyncio.Protocol):
    """HTTP/1.1 with keep-alive, as little as is needed."""

    answers: dict[str, tuple[bytes, bytes, bytes, str]]
    changed: dict[str, tuple[bytes, bytes, bytes, str]]
    mood = "a"
    served = 0
    bytes_sent = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
            self.answer(head)

    def answer(self, head: bytes) -> None:
        path = head.split(b" ", 2)[1].decode()
        cls = type(self)
        if path.startswith("/mood/"):
            cls.mood, cls.served, cls.bytes_sent = path.rpartition("/")[2], 0, 0
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            return
        if path == "/count":
            body = f"{cls.served} {cls.bytes_sent}".encode()
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            return
        number = path.rpartition("/")[2]
        found = cls.answers.get(path) or cls.answers.get(f"/feed/{int(number) % len(cls.answers)}")
        if found is None:
            self.transport.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            return
        cls.served += 1
        if cls.mood in "cde":  # what was new stays
            found = cls.changed.get(path, found)
        validated, bare, body, tag = found
        if cls.mood in "bc" and f"If-None-Match: {tag}".encode() in head:
            self.transport.write(b"HTTP/1.1 304 Not Modified\r\nETag: " + tag.encode() + b"\r\n\r\n")
            return
        cls.bytes_sent += len(body)
        self.transport.write(bare if cls.mood == "e" else validated)
        self.transport.write(body)


def _answer(feed: Made) -> tuple[bytes, bytes, bytes, str]:
    tag = f'"{hashlib.sha1(feed.body).hexdigest()}"'
    bare = f"HTTP/1.1 200 OK\r\nContent-Type: {feed.media_type}\r\nContent-Length: {len(feed.body)}\r\n"
    validated = f"{bare}ETag: {tag}\r\nLast-Modified: Sun, 22 Nov 2026 00:00:00 GMT\r\n\r\n"
    return validated.encode(), f"{bare}\r\n".encode(), feed.body, tag


async def main() -> None:
    """Serve until killed; the port goes to a file."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--feeds", type=int, default=1000)
    arguments.add_argument("--port-file", type=Path, required=True)
    given = arguments.parse_args()
    Feeds.answers = {feed.path: _answer(feed) for feed in make(given.seed, given.feeds)}
    Feeds.changed = {feed.path: _answer(feed) for feed in make(given.seed, given.feeds, more=True)}
    server = await asyncio.get_running_loop().create_server(Feeds, "127.0.0.1", 0, backlog=1024)
    partial = given.port_file.with_suffix(".part")
    partial.write_text(str(server.sockets[0].getsockname()[1]))
    partial.rename(given.port_file)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
