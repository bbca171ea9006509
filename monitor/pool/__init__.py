"""Runs one function of values in another process, with a deadline. No business logic; nothing is remembered here.

    pool = Pool("monitor.pool.tenant")
    await pool.start()
    digest = await pool.run("monitor.stages.digest:digest", work, deadline=60, book=True)

A call that overruns its deadline, or its worker's memory, is stopped by killing the worker, which frees the core; no
other call is touched, because a worker has one call at a time on a socket of its own. Workers are forks of the
`nursery`, which holds the imports and the rule book: `publish` hands changed rules to the nursery, and a worker older
than the newest change is replaced before its next call. So a book never travels with a call, and every call begun after
`publish` returned sees it.

Why not concurrent.futures: one dead worker breaks its whole pool, and a deadline frees no core. Why not pebble, which
does both: its workers share one pipe, so state cannot be kept current per worker, and each one imports for itself.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import os
import pickle
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from monitor import errors
from monitor.errors import MonitorError, Permanent
from monitor.model import Rule
from monitor.pool.handles import Nursery, PoolBroken, Worker
from monitor.pool.wire import OUT_OF_MEMORY

log = structlog.get_logger()

__all__ = ["Change", "Pool", "PoolBroken", "RemoteBug"]

MEMORY = 1024 * 1024 * 1024  # bytes a worker may take on top of what it was born with
RENEW_AFTER = 1000  # calls; parsers leak
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # seconds between two tries to start a worker
ATTEMPTS = 2  # the kernel may take an innocent when memory is short: it gets a second worker


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One rule as it now is; `rule=None` takes it out. `variants`: the word sets its query may name."""

    slug: str
    rule: Rule | None
    variants: Mapping[str, Sequence[str]]


class RemoteBug(RuntimeError):
    """A function raised what it should not have. The message ends with the worker's traceback."""


class Pool:
    """Some worker processes. Belongs to one event loop."""

    def __init__(
        self,
        tenant: str,
        *,
        workers: int | None = None,
        memory: int = MEMORY,
        renew_after: int = RENEW_AFTER,
        patience: float = math.inf,
    ) -> None:
        """`tenant`: module with open_book(), apply(book, changes) and warm(book), imported by the nursery only.

        `workers`: at least two, so that one hung document does not stop all; default: the cores we may use.
        `patience`: seconds a call waits while no worker can be started: that is not its document's fault.
        """
        self.workers = max(2, workers or len(os.sched_getaffinity(0)))
        self.lost: Counter[str] = Counter()  # workers that ended before their time, by cause
        self.calls = 0
        self.broken_since: float | None = None  # since when no worker could be started, by time.monotonic
        self._tenant = tenant
        self._memory = memory
        self._renew_after = renew_after
        self._patience = patience
        self._slots = asyncio.Semaphore(self.workers)
        self._idle: list[Worker] = []
        self._running: dict[int, float] = {}  # call → when it must have ended, by time.monotonic
        self._rules: dict[str, Change] = {}
        self._nursery: Nursery | None = None
        self._starting = asyncio.Lock()
        self._closed = False
        self._tickets = itertools.count(1)

    async def start(self) -> None:
        """Start the nursery, and return before it has imported anything. Not needed: the first call would do it."""
        async with self._starting:
            if self._closed:
                raise PoolBroken("the pool is closed")
            if self._nursery is None or self._nursery.gone:
                if self._nursery is not None:
                    await self._nursery.close()
                self._nursery = await Nursery.open(self._tenant, self._memory)
                if self._rules:
                    self._nursery.ask("rules", next(self._nursery.numbers), list(self._rules.values()))

    def tell(self, changes: Iterable[Change]) -> asyncio.Future[dict[str, str]]:
        """Make the book of every later call hold these rules; do not wait for it.

        The future holds the faults of the rules that do not compile, by slug, or PoolBroken.
        """
        batch = list(changes)
        for change in batch:
            if change.rule is None:
                self._rules.pop(change.slug, None)
            else:
                self._rules[change.slug] = change
        if self._nursery is not None and not self._nursery.gone:
            return self._nursery.ask("rules", next(self._nursery.numbers), batch)
        told: asyncio.Future[dict[str, str]] = asyncio.get_running_loop().create_future()
        told.set_result({})  # they are what a nursery starts with
        return told

    async def publish(self, changes: Iterable[Change]) -> dict[str, str]:
        """As `tell`, once the nursery has them. PoolBroken: it died meanwhile; the next one starts with them."""
        told = self.tell(changes)
        await self._ready_nursery()
        return await told

    async def run(self, function: str | Callable[..., Any], *args: Any, deadline: float, book: bool = False) -> Any:
        """What `function(*args)` returns, or `function(*args, book)`. It must be importable: 'package.module:name'.

        `deadline`: seconds from its start in a worker. Raises what the function raised if that is of our tree;
        Permanent with kind 'timeout', 'memory' or 'crash' if it had to be stopped or took its worker along, twice;
        RemoteBug for any other exception; PoolBroken.
        """
        name = function if isinstance(function, str) else f"{function.__module__}:{function.__qualname__}"
        async with self._slots:
            for attempt in range(1, ATTEMPTS + 1):
                worker = await self._take()
                try:
                    return await self._call(worker, (name, args, book, deadline))
                except _Died as death:
                    self.lost[death.kind] += 1
                    if attempt == ATTEMPTS or death.kind == "timeout":
                        raise Permanent(death.message(deadline, self._memory), kind=death.kind) from None
        raise AssertionError("unreachable")

    def overdue(self) -> float:
        """Seconds for which the pool has not done what it must: end a call at its deadline, or start a worker.

        Above some seconds it is stuck.
        """
        now = time.monotonic()
        stuck = now - self.broken_since if self.broken_since is not None else 0.0
        return max((now - end for end in self._running.values()), default=stuck)

    def processes(self) -> tuple[int, ...]:
        """Process ids: the nursery and the workers that wait."""
        if self._nursery is None:
            return ()
        return (self._nursery.process.pid, *(worker.pid for worker in self._idle))

    async def close(self) -> None:
        """End all workers, the busy ones too: their calls raise PoolBroken, and their documents stay pending."""
        self._closed = True
        for worker in self._idle:
            worker.close()
        self._idle.clear()
        if self._nursery is not None:
            await self._nursery.close()

    async def _call(self, worker: Worker, call: tuple[str, tuple[Any, ...], bool, float]) -> Any:
        ticket = next(self._tickets)
        deadline = call[3]
        self._running[ticket] = time.monotonic() + deadline
        healthy = False
        try:
            async with asyncio.timeout(deadline):
                kind, payload = await worker.ask(call)
            healthy = True
        except TimeoutError:
            raise _Died("timeout") from None
        except pickle.UnpicklingError as error:
            raise RemoteBug(str(error)) from None
        except EOFError:
            code = await worker.exit_code()
            if self._closed:
                raise PoolBroken("the pool was closed") from None
            raise _Died(_cause(code), code) from None
        finally:
            del self._running[ticket]
            self.calls += 1
            if healthy and worker.calls < self._renew_after and not self._closed:
                self._idle.append(worker)
            elif healthy:
                worker.close()
            else:
                worker.kill()
        return _opened(kind, payload)

    async def _take(self) -> Worker:
        while self._idle:
            worker = self._idle.pop()
            if worker.fresh():
                return worker
            worker.close()
        began, pause = time.monotonic(), FIRST_PAUSE
        while True:
            try:
                worker = await (await self._ready_nursery()).fork()
            except (PoolBroken, OSError) as error:  # OSError: no process, no descriptor to be had
                if self._closed or time.monotonic() - began >= self._patience:
                    raise PoolBroken(f"no worker process can be started: {error}") from error
                self.broken_since = self.broken_since or began
                log.error("pool.broken", because=str(error), again_in_seconds=pause)
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                self.broken_since = None
                return worker

    async def _ready_nursery(self) -> Nursery:
        if self._nursery is None or self._nursery.gone:
            await self.start()
        assert self._nursery is not None
        return self._nursery


class _Died(Exception):
    """A worker ended during a call."""

    def __init__(self, kind: str, code: int = 0) -> None:
        super().__init__(kind)
        self.kind = kind
        self.code = code

    def message(self, deadline: float, memory: int) -> str:
        """What to tell the operator."""
        if self.kind == "timeout":
            return f"took more than {deadline:g} seconds and was stopped"
        if self.kind == "memory":
            return f"needed more than {memory // (1024 * 1024)} MiB of memory and was stopped"
        how = signal.Signals(-self.code).name if self.code < 0 else f"exit code {self.code}"
        return f"ended two worker processes ({how})"


def _cause(code: int) -> str:
    if code == OUT_OF_MEMORY:
        return "memory"
    return "timeout" if code == -signal.SIGXCPU else "crash"


def _opened(kind: str, payload: Any) -> Any:
    """The value of an answer, or its exception raised here."""
    if kind == "value":
        return payload
    if kind == "bug":
        summary, trace = payload
        raise RemoteBug(f"{summary}\n\n{trace}")
    name, args, keywords = payload
    known = getattr(errors, name, None)
    if not (isinstance(known, type) and issubclass(known, MonitorError)):
        raise RemoteBug(f"{name}: {', '.join(args)}")
    error = known.__new__(known)
    Exception.__init__(error, *args)
    for attribute, value in keywords.items():
        setattr(error, attribute, value)
    raise error
