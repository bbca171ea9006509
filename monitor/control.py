"""monitor.sock: how a command reaches the running daemon. A request is one JSON line, the answer one or more.

    → {"command": "sources.pause", "arguments": {"slug": "wire"}}
    ← {"progress": {"done": 10, "of": 40}}            any number of these
    ← {"result": …}   or   {"error": {"type": "Permanent", "message": "…"}}

The socket's mode (0660) says who may ask; who did is logged. It knows no command: those are the app's.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import structlog

from monitor import errors
from monitor.errors import MonitorError, Permanent, Temporary

log = structlog.get_logger()

NAME = "monitor.sock"
MODE = 0o660
LARGEST = 32 * 1024 * 1024  # bytes of one line: a document of 15 MiB in base64, and room
PATIENCE = 30.0  # seconds a caller has to say what it wants
LONGEST_ADDRESS = 100  # bytes of a socket's path the kernel takes, with a margin

Progress = Callable[[Mapping[str, Any]], None]
Handler = Callable[[str, Mapping[str, Any], Progress], Awaitable[Any]]


class NoDaemon(Temporary):
    """Nobody listens at the socket."""


@asynccontextmanager
async def serving(directory: Path, handler: Handler) -> AsyncIterator[Path]:
    """Answer at `directory`/monitor.sock with what `handler(command, arguments, progress)` returns, until left.

    The caller holds the store's lock, so a socket that is there already was left by a killed daemon and is replaced.
    Raises Permanent if the socket cannot be made.
    """
    path = directory / NAME
    listener = _listener(path)
    conversations: set[asyncio.Task[None]] = set()

    async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        conversations.add(task)
        try:
            await _converse(reader, writer, handler)
        except (ConnectionError, TimeoutError):
            log.info("control.hung_up")
        finally:
            conversations.discard(task)
            writer.close()

    server = await asyncio.start_unix_server(met, sock=listener, limit=LARGEST)
    try:
        yield path
    finally:
        server.close()
        for task in conversations:
            task.cancel()
        await asyncio.gather(*conversations, return_exceptions=True)
        await server.wait_closed()
        with contextlib.suppress(OSError):
            path.unlink()


def call(
    directory: Path,
    command: str,
    arguments: Mapping[str, Any],
    *,
    progress: Progress | None = None,
    timeout: float | None = None,
) -> Any:
    """Ask the daemon and return its result. `timeout`: seconds between two lines of its answer.

    Raises NoDaemon if none listens, Permanent if we may not ask, and whatever error of our tree the command raised.
    """
    path = directory / NAME
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout)
        try:
            with _address(path) as address:
                connection.connect(address)
        except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError) as error:
            raise NoDaemon(f"no daemon listens at {path}", kind="no-daemon") from error
        except PermissionError as error:
            raise Permanent(f"you may not talk to the daemon at {path}: join its group", kind="permission") from error
        try:
            connection.sendall(_line({"command": command, "arguments": dict(arguments)}))
            with connection.makefile("rb") as answers:
                for line in answers:
                    said = json.loads(line)
                    if "progress" in said:
                        if progress is not None:
                            progress(said["progress"])
                    elif "error" in said:
                        raise _as_error(said["error"])
                    else:
                        return said["result"]
        except (ConnectionError, TimeoutError) as error:
            raise Temporary(f"the daemon at {path} did not answer: {error}", kind="daemon-silent") from error
    raise Temporary(f"the daemon at {path} ended before it answered; look at its log", kind="daemon-silent")


async def _converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handler: Handler) -> None:
    peer = _peer(writer)

    def say(answer: Mapping[str, Any]) -> None:
        if not writer.is_closing():
            writer.write(_line(answer))

    try:
        async with asyncio.timeout(PATIENCE):
            line = await reader.readuntil(b"\n")
        request = json.loads(line)
        command, arguments = str(request["command"]), dict(request.get("arguments", {}))
    except asyncio.IncompleteReadError:
        return
    except (asyncio.LimitOverrunError, ValueError, TypeError, KeyError, RecursionError) as error:
        log.warning("control.refused", because=repr(error)[:200], **peer)
        say({"error": {"type": "Permanent", "message": "that is not a request", "kind": "bad-request"}})
        await writer.drain()
        return
    try:
        result = await handler(command, arguments, lambda done: say({"progress": dict(done)}))
        say({"result": result})
        log.info("control", command=command, outcome="done", **peer)
    except MonitorError as error:
        say({"error": _as_values(error)})
        log.info("control", command=command, outcome="refused", because=str(error), **peer)
    except Exception as error:  # a bug in a command is no reason to stop the daemon
        log.exception("control.bug", command=command, **peer)
        say({"error": {"type": "Permanent", "message": f"internal error: {error!r}", "kind": "bug"}})
    await writer.drain()


def _listener(path: Path) -> socket.socket:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o770)
        path.unlink(missing_ok=True)
        with _address(path) as address:
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            mask = os.umask(0o777 ^ MODE)  # from its first moment, not a chmod later
            try:
                listener.bind(address)
            finally:
                os.umask(mask)
    except OSError as error:
        raise Permanent(f"cannot listen at {path}: {error.strerror}; check the directory's owner") from error
    return listener


def _peer(writer: asyncio.StreamWriter) -> dict[str, int]:
    connection = writer.get_extra_info("socket")
    pid, uid, _ = struct.unpack(
        "3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    )
    return {"peer_pid": pid, "peer_uid": uid}


def _line(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, default=str).encode() + b"\n"


def _as_values(error: MonitorError) -> dict[str, Any]:
    known = {name: getattr(error, name) for name in ("kind", "retry_after", "faults") if hasattr(error, name)}
    return {"type": type(error).__name__, "message": str(error), **known}


def _as_error(said: Mapping[str, Any]) -> MonitorError:
    known = getattr(errors, str(said.get("type")), None)
    if not (isinstance(known, type) and issubclass(known, MonitorError)):
        known = Permanent
    error = known.__new__(known)
    Exception.__init__(error, str(said.get("message")))
    for name in ("kind", "retry_after"):
        if name in said:
            setattr(error, name, said[name])
    if "faults" in said:
        error.faults = tuple(said["faults"])  # type: ignore[attr-defined]
    return error


@contextmanager
def _address(path: Path) -> Iterator[str]:
    """What to bind or connect to: a path over the kernel's limit is reached through its directory's descriptor."""
    if len(os.fsencode(path)) <= LONGEST_ADDRESS:
        yield str(path)
        return
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)
