"""Frames between the daemon and its workers: a length, then a pickle.

What comes back from a worker has passed through parsers of hostile documents, so it is not trusted: `loads_result`
makes plain values and our own dataclasses and enumerations, and calls nothing else.
"""

from __future__ import annotations

import asyncio
import builtins
import dataclasses
import datetime
import enum
import functools
import io
import pickle
import socket
import struct
import sys
from typing import Any

HEADER = struct.Struct("!Q")
OUT_OF_MEMORY = 3  # exit code of a worker that reached its limit
LARGEST = 256 * 1024 * 1024  # bytes of one frame; more is a fault of ours or somebody's trick


class _Values(pickle.Unpickler):
    """Plain values, datetimes, and classes of ours that only hold values: dataclasses, named tuples, enumerations."""

    def find_class(self, module: str, name: str) -> Any:
        return _value(module, name)


@functools.cache  # what is refused is not remembered
def _value(module: str, name: str) -> Any:
    if module == "datetime" and name in ("datetime", "timedelta", "timezone", "date"):
        return getattr(datetime, name)
    if module == "builtins" and name in ("frozenset", "set", "bytearray", "complex"):
        return getattr(builtins, name)
    if (module, name) == ("builtins", "getattr"):  # how Python 3.11 pickles a member of an enumeration
        return _member
    known = sys.modules.get(module) if module.startswith("monitor.") else None
    kind = getattr(known, name, None)
    if isinstance(kind, type) and (dataclasses.is_dataclass(kind) or issubclass(kind, enum.Enum) or _is_named(kind)):
        return kind
    raise pickle.UnpicklingError(f"a worker sent {module}.{name}, which is not a value")


def _is_named(kind: type) -> bool:
    """Whether it is a named tuple: its making runs no code of ours."""
    return kind.__bases__ == (tuple,) and hasattr(kind, "_fields")


def _member(kind: Any, name: str) -> Any:
    if not (isinstance(kind, type) and issubclass(kind, enum.Enum)):
        raise pickle.UnpicklingError("a worker asked for an attribute, which is not a value")
    return kind[name]


def dumps(value: Any) -> bytes:
    """One frame: header and pickle."""
    body = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    return HEADER.pack(len(body)) + body


def loads_result(body: bytes) -> Any:
    """The value of a frame from a worker. Raises pickle.UnpicklingError for anything that is not a plain value."""
    return _Values(io.BytesIO(body)).load()


def send(sock: socket.socket, value: Any) -> None:
    """Write one frame and wait (the workers' side)."""
    sock.sendall(dumps(value))


def receive(sock: socket.socket) -> Any:
    """Read one frame of the daemon and wait (the workers' side). Raises EOFError when the daemon is gone."""
    (length,) = HEADER.unpack(_exactly(sock, HEADER.size))
    return pickle.loads(_exactly(sock, length))  # noqa: S301 - from the daemon, over a socket pair it made


async def read(reader: asyncio.StreamReader) -> Any:
    """Read one frame of a worker (the daemon's side). Raises EOFError when it is gone, UnpicklingError for tricks."""
    try:
        (length,) = HEADER.unpack(await reader.readexactly(HEADER.size))
        if length > LARGEST:
            raise pickle.UnpicklingError(f"a worker sent {length} bytes")
        return loads_result(await reader.readexactly(length))
    except (asyncio.IncompleteReadError, ConnectionError) as error:
        raise EOFError from error


def _exactly(sock: socket.socket, length: int) -> bytearray:
    data = bytearray(length)
    view = memoryview(data)
    done = 0
    while done < length:
        try:
            got = sock.recv_into(view[done:])
        except ConnectionError as error:
            raise EOFError from error
        if not got:
            raise EOFError
        done += got
    view.release()
    return data
