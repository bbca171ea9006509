"""The process that workers are born in. It imports the stages and builds the rule book once; a worker is a fork of it.

So a fresh worker costs some milliseconds instead of a second of imports, shares their memory with its siblings, and has
the newest rule book without being sent it. It reads no document itself: nothing hostile ever runs here.
It touches processes and the two sockets it was given. It ends, and takes its children along, when the daemon is gone.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import importlib
import math
import os
import pkgutil
import resource
import select
import signal
import socket
import sys
import traceback
from types import FrameType
from typing import Any, NoReturn

from monitor import memory
from monitor.errors import MonitorError
from monitor.pool import wire
from monitor.pool.wire import OUT_OF_MEMORY

OOM_SCORE = "600"  # should memory run out, the kernel takes a worker, not the daemon


def main() -> None:
    """Serve the daemon until it hangs up. Arguments: tenant, bytes a worker may take, the two sockets' descriptors."""
    tenant_name, memory, control_fd, passing_fd = sys.argv[1:5]
    # A terminal's ^C and systemd's SIGTERM to the whole group are for the daemon: it lets running documents end.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    faulthandler.enable()
    Nursery(
        tenant_name,
        int(memory),
        socket.socket(fileno=int(control_fd)),
        socket.socket(fileno=int(passing_fd)),
    ).serve()


class Nursery:
    """Forks on request, applies rule changes, reports deaths."""

    def __init__(self, tenant: str, memory: int, control: socket.socket, passing: socket.socket) -> None:
        self._control = control
        self._passing = passing
        self._memory = memory
        self._children: set[int] = set()
        self._number = 0  # of the last rule change
        self._settled = False
        self._tenant = importlib.import_module(tenant)
        self._book = self._tenant.open_book()

    def serve(self) -> None:
        """Answer frames until the daemon hangs up; then kill what is left and return."""
        wake, alarm = socket.socketpair()
        for end in (wake, alarm):
            end.setblocking(False)
        signal.set_wakeup_fd(alarm.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, _noted)
        try:
            while True:
                ready, _, _ = select.select([self._control, wake], [], [])
                if wake in ready:
                    with contextlib.suppress(BlockingIOError):
                        while wake.recv(4096):
                            pass
                    self._bury()
                if self._control in ready:
                    self._answer(*wire.receive(self._control))
        except (EOFError, BrokenPipeError):
            for pid in self._children:
                os.kill(pid, signal.SIGKILL)

    def _answer(self, what: str, number: int, payload: Any) -> None:
        if what == "fork":
            self._fork(number)
        elif what == "rules":
            faults = self._tenant.apply(self._book, payload)
            self._number = number
            self._settled = False
            wire.send(self._control, ("applied", number, faults))

    def _fork(self, ticket: int) -> None:
        _, descriptors, _, _ = socket.recv_fds(self._passing, 16, 1)
        if not self._settled:
            self._settle_in()
        pid = os.fork()
        if not pid:
            try:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                self._control.close()
                self._passing.close()
                work(socket.socket(fileno=descriptors[0]), self._book, self._memory)
            finally:
                os._exit(1)
        self._children.add(pid)
        os.close(descriptors[0])
        wire.send(self._control, ("born", ticket, (pid, self._number)))

    def _bury(self) -> None:
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            self._children.discard(pid)
            wire.send(self._control, ("died", pid, os.waitstatus_to_exitcode(status)))

    def _settle_in(self) -> None:
        # Everything lazy is loaded now, and what stands here is left out of later collections: forks share its pages.
        self._tenant.warm(self._book)
        gc.collect()
        memory.give_back()  # what the changed rules came in
        gc.freeze()
        self._settled = True


def work(sock: socket.socket, book: Any, memory: int) -> NoReturn:
    """A worker's life: take a call, answer it, until the daemon hangs up. Exits 0 then, and 3 when memory ran out."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write(OOM_SCORE)
    with open("/proc/self/statm", encoding="ascii") as file:
        size = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + memory, size + memory))
    while True:
        try:
            function, args, with_book, deadline = wire.receive(sock)
        except EOFError:
            os._exit(0)
        _limit_cpu(deadline)
        try:
            called = pkgutil.resolve_name(function)
            reply = wire.dumps(("value", called(*args, book) if with_book else called(*args)))
        except MonitorError as error:
            reply = wire.dumps(("error", describe(error)))
        except MemoryError:
            os._exit(OUT_OF_MEMORY)
        except Exception as error:
            reply = wire.dumps(("bug", (f"{type(error).__name__}: {error}", traceback.format_exc())))
        del args
        try:
            sock.sendall(reply)
        except OSError:
            os._exit(0)
        del reply


def describe(error: MonitorError) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    """An error of ours as plain values: class, arguments, keywords."""
    keywords = {name: getattr(error, name) for name in ("kind", "retry_after") if hasattr(error, name)}
    return type(error).__name__, tuple(str(argument) for argument in error.args), keywords


def _limit_cpu(seconds: float) -> None:
    # The daemon watches the clock; this is for a worker whose daemon is gone, or too busy to look.
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = math.ceil(used.ru_utime + used.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))


def _noted(_signal: int, _frame: FrameType | None) -> None:
    """SIGCHLD only has to wake the loop."""
