"""Opens TCP connections by name, looking the name up in threads of its own.

Of its own, because the event loop's default threads are few and shared: a dead name server would hold them all, and
with them every drop folder. No TLS and no protocol here.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

Lookup = Callable[[str, int], list[Any]]


def look_up(host: str, port: int) -> list[Any]:
    """What the system's resolver says of a name, best address first. Blocks; raises OSError."""
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


class Dialer:
    """Connects to a host by any of its addresses."""

    def __init__(self, name: str, threads: int, lookup: Lookup = look_up) -> None:
        """`name` is what its threads are called."""
        self._lookup = lookup
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=f"names-{name}")

    async def connect(self, host: str, port: int) -> socket.socket:
        """Return a connected socket. Raises the last address's OSError when none can be reached."""
        loop = asyncio.get_running_loop()
        failure = OSError(f"{host} has no address")
        for family, kind, protocol, _, address in await loop.run_in_executor(self._threads, self._lookup, host, port):
            made = socket.socket(family, kind, protocol)
            try:
                made.setblocking(False)
                await loop.sock_connect(made, address)
            except OSError as error:
                made.close()
                failure = error
            except BaseException:
                made.close()
                raise
            else:
                return made
        raise failure

    def close(self) -> None:
        """Let the threads go; a lookup still under way ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)
