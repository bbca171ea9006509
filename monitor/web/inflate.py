"""Bounded decompression: gzip and deflate as servers really send them, never more than was asked for.

Pure: bytes in, bytes out. Other encodings are not asked for and not understood.
"""

from __future__ import annotations

import zlib

_BOGUS = frozenset(("", "identity", "none", "utf-8", "utf8", "iso-8859-1", "text", "binary", "8bit", "7bit"))
_GZIP_MAGIC = b"\x1f\x8b"
_MEMBERS = 10_000  # of one gzip stream; an empty one takes 20 bytes and still costs time
_PIECE = 16 * 1024  # bytes given to zlib at once: it copies what stands behind a member's end


class TooLarge(Exception):
    """More bytes came out than the limit allows."""


class Corrupt(Exception):
    """The compressed stream is broken or cut off."""


class Unsupported(Exception):
    """An encoding nobody asked for."""


def codings(header: str) -> list[str]:
    """Content codings in the order they were applied; names that mean nothing are left out.

    Raises Unsupported for more than two, or for one that is not gzip or deflate.
    """
    found = []
    for part in header.lower().split(","):
        name = part.partition(";")[0].strip().strip('"')
        if name in _BOGUS:
            continue
        if name in ("gzip", "x-gzip"):
            found.append("gzip")
        elif name == "deflate":
            found.append("deflate")
        else:
            raise Unsupported(name)
    if len(found) > 2:
        raise Unsupported(header)
    return found


def inflate(data: bytes, coding: str, limit: int) -> bytes:
    """`data` decompressed, at most `limit` bytes. Raises TooLarge or Corrupt.

    Lenient where browsers are: plain bytes labelled as compressed pass through; raw deflate without its zlib
    head is understood, and either under the other's name; several gzip members are joined; padding after the last
    member is dropped.
    """
    if data[:2] == _GZIP_MAGIC:
        return _gzip(data, limit)
    if not data or (coding == "gzip" and _looks_plain(data)):
        return data
    try:
        return _stream(data, zlib.MAX_WBITS, limit)[0]
    except Corrupt:
        pass
    try:
        return _stream(data, -zlib.MAX_WBITS, limit)[0]
    except Corrupt:
        if _looks_plain(data):
            return data
        raise


def opens_itself(data: bytes) -> bool:
    """Whether a body can be read whatever its label says: plain text, or gzip by its first bytes."""
    return data[:2] == _GZIP_MAGIC or _looks_plain(data)


def gunzip_file(data: bytes, limit: int) -> bytes:
    """A body that is itself a gzip file (`sitemap.xml.gz`), opened; any other body unchanged."""
    return _gzip(data, limit) if data[:2] == _GZIP_MAGIC else data


def _gzip(data: bytes, limit: int) -> bytes:
    out, at = bytearray(), 0
    for _ in range(_MEMBERS):
        piece, at = _stream(data, 16 + zlib.MAX_WBITS, limit - len(out), at)
        out += piece
        if data[at : at + 2] != _GZIP_MAGIC:
            return bytes(out)
    raise Corrupt(f"more than {_MEMBERS:,} members")


def _stream(data: bytes, window: int, limit: int, at: int = 0) -> tuple[bytes, int]:
    """What the stream that begins at `at` holds, and where it ends."""
    machine = zlib.decompressobj(window)
    out = bytearray()
    try:
        while not machine.eof and at < len(data):
            piece = data[at : at + _PIECE]
            at += len(piece)
            out += machine.decompress(piece, limit + 1 - len(out))
            if len(out) > limit:
                raise TooLarge
    except zlib.error as error:
        raise Corrupt(str(error).rpartition("data: ")[2]) from None
    if not machine.eof:
        raise Corrupt("the compressed stream is cut off")
    return bytes(out), at - len(machine.unused_data)


def _looks_plain(data: bytes) -> bool:
    return data[:200].lstrip(b"\xef\xbb\xbf \t\r\n\0")[:1] in (b"<", b"{", b"[") or data[:2] in (
        b"\xff\xfe",
        b"\xfe\xff",
    )
