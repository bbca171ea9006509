"""What the service manager is told: ready, status, reloading, stopping, and that we are alive.

The sd_notify protocol: datagrams of VARIABLE=value lines to the socket that $NOTIFY_SOCKET names. Without one every
call does nothing, so the daemon need not know who started it. It decides nothing: whether we are well, `daemon` knows.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Mapping


class Supervisor:
    """The service manager, or nobody."""

    def __init__(self, environ: Mapping[str, str] | None = None, pid: int | None = None) -> None:
        """Read $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID."""
        environ = os.environ if environ is None else environ
        address = environ.get("NOTIFY_SOCKET", "")
        # '@' stands for the zero byte of an abstract socket's name.
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._watchdog = _watchdog_seconds(environ, os.getpid() if pid is None else pid)
        self._status = ""

    @property
    def present(self) -> bool:
        """Whether anybody listens."""
        return bool(self._address)

    @property
    def watchdog(self) -> float | None:
        """Seconds within which `alive` must be called again and again, or None if nobody waits for it.

        Call it at half of that, as sd_watchdog_enabled(3) advises.
        """
        return self._watchdog

    def ready(self, status: str = "") -> None:
        """Start-up, or a reload, has come to its end."""
        self._send("READY=1", *self._changed(status))

    def status(self, status: str) -> None:
        """One line for `systemctl status`; the same again is not sent."""
        if changed := self._changed(status):
            self._send(*changed)

    def reloading(self, status: str = "") -> None:
        """A reload begins. `ready` ends it."""
        micros = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._send("RELOADING=1", f"MONOTONIC_USEC={micros}", *self._changed(status))

    def stopping(self, status: str = "") -> None:
        """The end begins."""
        self._send("STOPPING=1", *self._changed(status))

    def extend(self, seconds: float) -> None:
        """Starting, or stopping, takes up to `seconds` more from now."""
        self._send(f"EXTEND_TIMEOUT_USEC={int(seconds * 1e6)}")

    def alive(self) -> None:
        """What a restart would mend is well."""
        if self._watchdog is not None:
            self._send("WATCHDOG=1")

    def _changed(self, status: str) -> tuple[str, ...]:
        line = " ".join(status.split())[:500]
        if not line or line == self._status:
            return ()
        self._status = line
        return (f"STATUS={line}",)

    def _send(self, *lines: str) -> None:
        if not self._address:
            return
        message = "\n".join(lines).encode("utf-8", "replace")
        # A manager that does not listen is no reason to stop watching the news.
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            out.setblocking(False)
            out.sendto(message, self._address)


def _watchdog_seconds(environ: Mapping[str, str], pid: int) -> float | None:
    if environ.get("WATCHDOG_PID", str(pid)) != str(pid):
        return None
    try:
        seconds = int(environ.get("WATCHDOG_USEC", "0")) / 1e6
    except ValueError:
        return None
    return seconds if seconds > 0 else None
