"""The daemon's ends of the nursery and of the workers it forked. No retry, no choice: that is the pool's."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from monitor.pool import wire

START_SECONDS = 60.0  # a nursery that does not answer in this time will not
ENVIRONMENT = ("PATH", "PYTHON", "LANG", "LC_", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "COVERAGE")
BOOT = "import json, sys; sys.path[:] = json.loads(sys.argv.pop(1)); from monitor.pool.nursery import main; main()"


class PoolBroken(RuntimeError):
    """The nursery cannot be started, or died while it was asked something. A restart of the program may mend it."""


class Nursery:
    """The daemon's end of the nursery process."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        passing: socket.socket,
    ) -> None:
        self.process = process
        self.gone = False
        self.numbers = itertools.count(1)  # of rule changes
        self.newest = 0  # the last one it has applied
        self._reader = reader
        self._writer = writer
        self._passing = passing
        self._asked: dict[tuple[str, int], asyncio.Future[Any]] = {}
        self._tickets = itertools.count(1)
        self._deaths: dict[int, asyncio.Future[int]] = {}
        self._listener = asyncio.create_task(self._listen(), name="pool-nursery")

    @classmethod
    async def open(cls, tenant: str, memory: int) -> Nursery:
        """Start the process. It imports while we go on."""
        process, control, passing = _started(tenant, memory)
        reader, writer = await asyncio.open_unix_connection(sock=control)
        return cls(process, reader, writer, passing)

    def ask(self, what: str, number: int, payload: Any = None) -> asyncio.Future[Any]:
        """Send one request; the future holds the answer, or PoolBroken."""
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        answer.add_done_callback(_seen)
        if self.gone:
            answer.set_exception(PoolBroken("the worker processes' parent has ended"))
            return answer
        self._asked[what, number] = answer
        self._writer.write(wire.dumps((what, number, payload)))
        return answer

    async def fork(self) -> Worker:
        """A fresh worker. Raises PoolBroken."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._passing, [b"f"], [theirs.fileno()])  # before the request: it must not wait there
            except OSError:
                ours.close()
                raise PoolBroken("the worker processes' parent has ended") from None
            born = self.ask("fork", next(self._tickets))
        try:
            async with asyncio.timeout(START_SECONDS):
                pid, number, death = await born
        except TimeoutError:
            ours.close()
            self.process.kill()
            raise PoolBroken(f"no worker process started in {START_SECONDS:.0f} seconds") from None
        except BaseException:
            ours.close()
            raise
        reader, writer = await asyncio.open_unix_connection(sock=ours)
        return Worker(self, pid, number, reader, writer, death)

    async def close(self) -> None:
        """Hang up: it kills its children and ends."""
        self._writer.close()
        self._passing.close()
        try:
            await asyncio.to_thread(self.process.wait, 5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            await asyncio.to_thread(self.process.wait)
        await self._listener
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()

    async def _listen(self) -> None:
        try:
            while True:
                what, number, payload = await wire.read(self._reader)
                if what == "died":
                    death = self._deaths.pop(number, None)
                    if death is not None and not death.done():
                        death.set_result(payload)
                    continue
                if what == "applied":
                    self.newest = number
                else:
                    death = self._deaths[payload[0]] = asyncio.get_running_loop().create_future()
                    payload = (*payload, death)
                answer = self._asked.pop(({"born": "fork", "applied": "rules"}[what], number))
                if not answer.done():
                    answer.set_result(payload)
        except EOFError:
            pass
        finally:
            self.gone = True
            for answer in self._asked.values():
                if not answer.done():
                    answer.set_exception(PoolBroken("the worker processes' parent has ended"))
            for death in self._deaths.values():
                if not death.done():
                    death.set_result(-signal.SIGKILL)


class Worker:
    """The daemon's end of one worker."""

    def __init__(
        self,
        nursery: Nursery,
        pid: int,
        number: int,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        death: asyncio.Future[int],
    ) -> None:
        self.pid = pid
        self.calls = 0
        self._nursery = nursery
        self._number = number
        self._reader = reader
        self._writer = writer
        self._death = death
        try:
            self._handle = os.pidfd_open(pid)  # a process id may have a new owner by the time we kill it; this may not
        except ProcessLookupError:
            self._handle = -1

    def fresh(self) -> bool:
        """Whether it lives and knows the newest rules."""
        return not (
            self._nursery.gone or self._number < self._nursery.newest or self._reader.at_eof() or self._death.done()
        )

    async def ask(self, call: Any) -> Any:
        """Send a call and wait for its answer. Raises EOFError when the worker dies, UnpicklingError for tricks."""
        self.calls += 1
        try:
            self._writer.write(wire.dumps(call))
            await self._writer.drain()
        except ConnectionError as error:
            raise EOFError from error
        return await wire.read(self._reader)

    async def exit_code(self) -> int:
        """How it ended: an exit code, or minus a signal's number."""
        try:
            async with asyncio.timeout(2):
                return await asyncio.shield(self._death)
        except TimeoutError:
            return 1

    def close(self) -> None:
        """Hang up; it ends by itself."""
        self._writer.close()
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def kill(self) -> None:
        """End it now, whatever it does."""
        if self._handle >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
        self.close()


def _started(tenant: str, memory: int) -> tuple[subprocess.Popen[bytes], socket.socket, socket.socket]:
    """The process, its control socket, and the one over which it is passed its workers' sockets."""
    control, their_control = socket.socketpair()
    passing, their_passing = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    arguments = (json.dumps(sys.path), tenant, str(memory), str(their_control.fileno()), str(their_passing.fileno()))
    with their_control, their_passing:
        process = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-c", BOOT, *arguments],
            pass_fds=(their_control.fileno(), their_passing.fileno()),
            stdin=subprocess.DEVNULL,
            stdout=2,  # what a library prints must not get between our own output
            start_new_session=True,
            # More threads than the one would not survive a fork, and each costs address space.
            env={**_harmless(os.environ), "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )
    return process, control, passing


def _harmless(environ: Mapping[str, str]) -> dict[str, str]:
    """What a process that reads strangers' documents may know of our environment: no secret, no socket of systemd."""
    return {name: value for name, value in environ.items() if name.startswith(ENVIRONMENT)}


def _seen(answer: asyncio.Future[Any]) -> None:
    # Nobody may be waiting for it any more; its failure is told to whoever asks next.
    if not answer.cancelled():
        answer.exception()
