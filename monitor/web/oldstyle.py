"""HTTP as browsers put up with it: for servers whose answers aiohttp refuses as malformed.

One request on one connection, after the same address guard. Forgiving of line ends, folded or nameless headers, a
length beside chunks, bytes behind the end; not of a body that ends too early. Bounded like the main client.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie

from multidict import CIMultiDict
from yarl import URL

from monitor.errors import Temporary
from monitor.web import tls
from monitor.web.answer import too_large
from monitor.web.guard import GuardingResolver

_STATUS = re.compile(rb"\s*(?:HTTP(?:/\d+(?:\.\d+)?)?|ICY)[ \t]+(\d{3})[ \t]*([^\r\n]*)", re.IGNORECASE)
_MAX_HEAD = 64 * 1024


@dataclass(slots=True)
class Head:
    """Status and headers."""

    status: int
    reason: str
    url: URL
    headers: CIMultiDict[str]
    cookies: SimpleCookie = field(default_factory=SimpleCookie)


async def fetch(url: URL, headers: Mapping[str, str], resolver: GuardingResolver, limit: int) -> tuple[Head, bytes]:
    """Head and raw body (still compressed). Raises Temporary, Refused, too_large's Permanent, or OSError."""
    host, port = url.raw_host or "", url.port or 80
    address = (await resolver.resolve_any(host, port))[0]
    context = tls.context() if url.scheme == "https" else None
    reader, writer = await asyncio.open_connection(
        address["host"],
        port,
        ssl=context,
        server_hostname=host if context else None,
        limit=_MAX_HEAD,
    )
    try:
        lines = [f"GET {url.raw_path_qs} HTTP/1.1", f"Host: {url.host_port_subcomponent}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "Connection: close", "", ""]).encode("utf-8", "surrogateescape"))
        await writer.drain()
        head = await _head(reader, url)
        while 100 <= head.status < 200:
            head = await _head(reader, url)
        if head.status in (204, 304):
            return head, b""
        return head, await _body(reader, head, limit)
    except asyncio.IncompleteReadError:
        raise Temporary(f"the answer of {host} broke off before its end", kind="truncated") from None
    finally:
        writer.close()


async def _head(reader: asyncio.StreamReader, url: URL) -> Head:
    host = url.raw_host or ""
    first = await _line(reader, host)
    found = _STATUS.match(first)
    if found is None:
        raise _improper(host, f"it begins with {first[:40]!r}")
    head = Head(int(found[1]), found[2].decode("latin-1").strip(), url, CIMultiDict())
    name, size = "", len(first)
    while line := (await _line(reader, host)).rstrip(b"\r\n"):
        size += len(line)
        if size > _MAX_HEAD:
            raise _improper(host, "its header has no end")
        text = line.decode("utf-8", "surrogateescape")
        if text[0] in " \t" and name:
            values = head.headers.popall(name)
            head.headers.extend([(name, value) for value in [*values[:-1], f"{values[-1]} {text.strip()}"]])
            continue
        name, colon, value = text.partition(":")
        name = name.strip()
        if not colon or not name:
            name = ""
            continue
        head.headers.add(name, value.strip())
        if name.lower() == "set-cookie":
            try:
                head.cookies.load(value.strip())
            except CookieError:
                continue
    return head


async def _line(reader: asyncio.StreamReader, host: str) -> bytes:
    try:
        line = await reader.readline()
    except ValueError:  # what readline makes of LimitOverrunError
        raise _improper(host, "a line without an end") from None
    if not line:
        raise Temporary(f"{host} hung up in the middle of its answer", kind="truncated")
    return line


async def _body(reader: asyncio.StreamReader, head: Head, limit: int) -> bytes:
    host = head.url.raw_host or ""
    if "chunked" in head.headers.get("Transfer-Encoding", "").lower():
        return await _chunks(reader, host, limit)
    lengths = {value.strip() for value in ",".join(head.headers.getall("Content-Length", [])).split(",")} - {""}
    if not lengths:
        return await _until_end(reader, limit)
    if len(lengths) > 1 or not next(iter(lengths)).isdigit():
        raise _improper(host, "it names no single length")
    length = int(next(iter(lengths))[:18])
    if length > limit:
        raise too_large(limit)
    return await reader.readexactly(length)


async def _chunks(reader: asyncio.StreamReader, host: str, limit: int) -> bytes:
    out = bytearray()
    while True:
        line = await _line(reader, host)
        text = line.partition(b";")[0].strip()
        if not text:
            continue
        try:
            size = int(text, 16)
        except ValueError:
            raise _improper(host, "a chunk without a size") from None
        if size <= 0:
            return bytes(out)
        if len(out) + size > limit:
            raise too_large(limit)
        out += await reader.readexactly(size)


async def _until_end(reader: asyncio.StreamReader, limit: int) -> bytes:
    out = bytearray()
    while piece := await reader.read(65536):
        out += piece
        if len(out) > limit:
            raise too_large(limit)
    return bytes(out)


def _improper(host: str, why: str) -> Temporary:
    return Temporary(f"{host} does not speak proper HTTP: {why}", kind="http-protocol")
