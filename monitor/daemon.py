"""When things are done: APScheduler's chores, signals, the watchdog, the control socket.

    poll      every second, claim the sources that are due and start a task for each
    digest    as soon as entries are pending, take them through
    deliver   as soon as deliveries are due, start a task for each
    beat      tell systemd that we are well, if we are
    sources   every hour, see which have fallen silent
    tidy      at night

A chore that waits for its work would hold up the next one, so they start tasks and return. What is to be done is rows,
never jobs: the daemon can be killed between any two lines and nothing is lost. It does not know what the chores mean:
that is the pipeline's story, and the outbox's.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from monitor import app as live
from monitor import control, memory
from monitor.app import App, telling
from monitor.config import Config
from monitor.errors import ConfigError, MonitorError, StoreError, StoreFull
from monitor.store import health, overview
from monitor.supervisor import Supervisor

if TYPE_CHECKING:
    from monitor.metrics import Health

log = structlog.get_logger()

Load = Callable[[], Config]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """Seconds."""

    poll: float = 1.0
    digest: float = 2.0  # at the latest; it is woken when there is something
    deliver: float = 1.0  # likewise
    beat: float = 10.0
    drain: float = 8.0  # how long running work may take to end at a stop; what is cut off is done again by the next run
    room: float = 5.0  # between two tries to write while the disk is full
    stuck: float = 120.0  # a due row that nobody takes for so long is what a restart mends
    writer: float = 30.0  # a writer that does not answer in this time is stuck


def run(load: Load, supervisor: Supervisor | None = None, rhythm: Rhythm = Rhythm()) -> None:
    """Watch until SIGTERM or SIGINT. `load` gives the configuration, now and at every SIGHUP.

    Raises ConfigError, StoreError (StoreBusy names who holds the store), or Permanent; returns after a clean stop.
    """
    asyncio.run(_run(load, supervisor or Supervisor(), rhythm))


async def _run(load: Load, supervisor: Supervisor, rhythm: Rhythm) -> None:
    stop, hangup = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()  # listened to from the first moment: a SIGHUP while we start must not end us
    for number, event in ((signal.SIGTERM, stop), (signal.SIGINT, stop), (signal.SIGHUP, hangup)):
        loop.add_signal_handler(number, event.set)
    began = time.monotonic()
    async with live.build(load(), starting=supervisor.extend) as app:
        log.info("daemon.start", run=app.run, milliseconds=round((time.monotonic() - began) * 1000))
        await telling.reload_accepted(app)
        await Daemon(app, load, supervisor, rhythm, stop, hangup).serve()
    log.info("daemon.end")


class Daemon:
    """One run. `stop` ends it, `hangup` has the configuration read again."""

    def __init__(
        self,
        app: App,
        load: Load,
        supervisor: Supervisor,
        rhythm: Rhythm,
        stop: asyncio.Event,
        hangup: asyncio.Event,
    ) -> None:
        self.app = app
        self.full_since: datetime | None = None  # the disk is full: nothing is claimed
        self._load = load
        self._supervisor = supervisor
        self._rhythm = rhythm
        self._stop = stop
        self._fault: BaseException | None = None
        self._polls: set[asyncio.Task[None]] = set()
        self._work: set[asyncio.Task[None]] = set()
        self._chores: dict[str, asyncio.Task[None]] = {}
        self._hangup = hangup
        self._heads: dict[str, tuple[str, float]] = {}  # queue → its head, and since when it has been that
        self._drift = _drift()
        self._ails: list[str] = []  # as of the last beat
        self._well_at: datetime | None = None

    async def serve(self) -> None:
        """Everything, until the stop. Raises the StoreError that ended it, if one did."""
        scheduler = self._scheduler()
        config = self.app.config
        async with self._metrics(), control.serving(config.monitor.runtime_directory, partial(live.answer, self.app)):
            scheduler.start()
            loops = [
                self._start(self._work, self._loop(self.app.pipeline.wake, self._rhythm.digest, self._digest)),
                self._start(self._work, self._loop(self.app.pipeline.alerted, self._rhythm.deliver, self._deliver)),
                self._start(self._polls, self._reloads()),
            ]
            self._supervisor.ready(await self._status())
            log.info("daemon.ready", sources=len(config.feeds) + len(config.sitemaps) + len(config.folders))
            await self._stop.wait()
            self._supervisor.stopping()
            log.info("daemon.stopping", running=len(self._work) + len(self._polls) - len(loops))
            scheduler.shutdown(wait=False)
        await self._drain()
        if self._fault is not None:
            raise self._fault

    # ── chores ──────────────────────────────────────────────────────────────────────────────────

    def _scheduler(self) -> AsyncIOScheduler:
        rhythm = self._rhythm
        beat = min(rhythm.beat, self._supervisor.watchdog / 2) if self._supervisor.watchdog else rhythm.beat
        settings = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        scheduler = AsyncIOScheduler(timezone=UTC, job_defaults=settings)
        hour, _, minute = self.app.config.store.tidy_at.partition(":")
        night = CronTrigger(hour=int(hour), minute=int(minute), timezone=self.app.config.monitor.zone)
        chores: list[tuple[str, Callable[[], Coroutine[Any, Any, None]], Any]] = [
            ("poll", self._poll, IntervalTrigger(seconds=rhythm.poll)),
            ("beat", self._beat, IntervalTrigger(seconds=beat)),
            ("room", self._look_for_room, IntervalTrigger(seconds=rhythm.room)),
            ("heartbeat", self._heartbeat, IntervalTrigger(minutes=1)),
            ("sources", self._look_after_sources, IntervalTrigger(hours=1)),
            ("tidy", self._tidy, night),
        ]
        for name, chore, trigger in chores:
            first = {} if name == "tidy" else {"next_run_time": datetime.now(UTC)}
            scheduler.add_job(self._begin, trigger, args=(name, chore), id=name, name=name, **first)
        return scheduler

    async def _begin(self, name: str, chore: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Start a chore, unless its last run still goes on. APScheduler would cut a running one off at the end."""
        if name not in self._chores or self._chores[name].done():
            self._chores[name] = self._start(self._work, chore())

    async def _poll(self) -> None:
        if self.full_since is None:
            await self.app.pipeline.poll_due(lambda work: self._start(self._polls, work))

    async def _digest(self) -> None:
        await self.app.pipeline.digest_due()

    async def _deliver(self) -> None:
        await self.app.outbox.tick(self.app.clock())

    async def _heartbeat(self) -> None:
        if self.full_since is None and await telling.beat(self.app):
            self.app.pipeline.alerted.set()

    async def _look_after_sources(self) -> None:
        if self.full_since is None:
            await self.app.look_after_sources()

    async def _tidy(self) -> None:
        await self.app.tidy()

    async def _loop(self, wake: asyncio.Event, at_latest: float, chore: Callable[[], Awaitable[None]]) -> None:
        """Do the chore when it is woken, and after `at_latest` seconds in any case, until the stop."""
        while not self._stop.is_set():
            wake.clear()
            if self.full_since is None:
                await self._guarded(chore)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(at_latest):
                    await wake.wait()

    # ── trouble ─────────────────────────────────────────────────────────────────────────────────

    def _start(self, tasks: set[asyncio.Task[None]], work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(self._guarded(lambda: work))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        return task

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run it. A full disk makes us wait, another fault of the store ends the run, all else is a bug and shown."""
        try:
            await work()
        except Exception as error:
            leaves = list(_leaves(error))
            fatal = [leaf for leaf in leaves if isinstance(leaf, StoreError) and not isinstance(leaf, StoreFull)]
            if fatal:
                self._fail(fatal[0])
            elif any(isinstance(leaf, StoreFull) for leaf in leaves):
                self._no_room(next(leaf for leaf in leaves if isinstance(leaf, StoreFull)))
            else:
                log.exception("daemon.bug")

    def _fail(self, error: BaseException) -> None:
        if self._fault is None:
            self._fault = error
            log.critical("daemon.fault", because=str(error))
        self._stop.set()

    def _no_room(self, error: StoreFull) -> None:
        if self.full_since is None:
            self.full_since = self.app.clock()
            log.critical("disk.full", because=str(error), remedy="free space; nothing is lost, work goes on by itself")
            self._supervisor.status("disk full: waiting for room, nothing is lost")

    async def _look_for_room(self) -> None:
        if self.full_since is None:
            return
        try:
            await self.app.probe()
        except StoreFull:
            return
        began, self.full_since = self.full_since, None
        log.warning("disk.room", full_seconds=round((self.app.clock() - began).total_seconds()))
        await self.app.after_full(began)

    # ── reload ──────────────────────────────────────────────────────────────────────────────────

    async def _reloads(self) -> None:
        while True:
            await self._hangup.wait()
            self._hangup.clear()  # a storm of signals is one reload, and one more for what came meanwhile
            await self._guarded(self._reload)

    async def _reload(self) -> None:
        self._supervisor.reloading()
        status = "kept the old configuration"
        try:
            config = await asyncio.to_thread(self._load)
            await self.app.reload(config)
            log.info("reload", outcome="done", warnings=list(config.warnings))
            del config  # the app holds what it needs of it
            memory.give_back()
            await telling.reload_accepted(self.app)
            status = await self._status()
        except ConfigError as error:
            log.error("reload", outcome="kept the old configuration", faults=list(error.faults))
            status += f": {len(error.faults)} faults in the new one"
            await telling.reload_refused(self.app, error.faults)
        except StoreError:
            raise
        except (MonitorError, OSError) as error:
            log.error("reload", outcome="kept the old configuration", because=str(error))
            status += f": {error}"
            await telling.reload_refused(self.app, [str(error)])
        finally:
            self._supervisor.ready(status)

    # ── the watchdog ────────────────────────────────────────────────────────────────────────────

    async def _beat(self) -> None:
        """Ping only while everything is well that a restart would mend. That we are here, the event loop is."""
        self._mind_the_clock()
        before, self._ails = self._ails, await self._ailments()
        if self._ails:
            log.error("beat.withheld", because=self._ails)
            self._supervisor.status("unwell: " + "; ".join(self._ails))
            return
        if before:
            log.info("beat.well")
        self._supervisor.alive()
        self._well_at = self.app.clock()
        if self.full_since is None and self._supervisor.present:
            self._supervisor.status(await self._status())

    async def _ailments(self) -> list[str]:
        try:
            async with asyncio.timeout(self._rhythm.writer):
                await self.app.store.write(lambda db: None)
        except TimeoutError:
            return [f"the writer has not answered for {self._rhythm.writer:.0f} seconds"]
        except StoreFull:
            pass
        found = []
        overdue = self.app.pool.overdue()
        if overdue > self._rhythm.writer:
            found.append(f"a worker process has overrun its deadline by {overdue:.0f} seconds")
        if self.full_since is None:
            now, run = self.app.clock(), self.app.run
            heads = await self.app.store.read(lambda db: health.heads(db, now, run))
            found += self._stuck(heads, time.monotonic())
        return found

    def _stuck(self, heads: dict[str, str], moment: float) -> list[str]:
        """Queues whose next row has been due, and the same, for too long. `moment` is of a clock that never jumps."""
        since = {
            stage: (row, self._heads[stage][1] if self._heads.get(stage, (None,))[0] == row else moment)
            for stage, row in heads.items()
        }
        self._heads = since
        return [
            f"nobody has taken what is due to {stage} for {moment - begun:.0f} seconds"
            for stage, (_, begun) in since.items()
            if moment - begun > self._rhythm.stuck
        ]

    def _mind_the_clock(self) -> None:
        before, self._drift = self._drift, _drift()
        if abs(self._drift - before) > 60:
            log.warning("clock.jumped", seconds=round(self._drift - before))
            self._start(self._work, self.app.mind_the_clock())

    async def _overview(self) -> overview.Overview:
        now = self.app.clock()
        return await self.app.store.read(lambda db: overview.overview(db, now))

    def _metrics(self) -> AbstractAsyncContextManager[object]:
        config = self.app.config
        if not config.metrics.listen and config.metrics.textfile is None:
            return contextlib.nullcontext()
        from monitor.metrics import Telling  # a web server and Prometheus: only where they are wanted

        return Telling(config.metrics, config.monitor.state, self._overview, self._health, self.app.clock()).open()

    def _health(self) -> Health:
        from monitor.metrics import Health

        return Health(ailments=self._ails, ready=not self._stop.is_set(), checked_at=self._well_at)

    async def _status(self) -> str:
        return (await self._overview()).one_line()

    # ── the end ─────────────────────────────────────────────────────────────────────────────────

    async def _drain(self) -> None:
        """Polls are cut off, they repeat themselves; what is being digested or sent may end in its time."""
        self.app.pipeline.stop()
        for task in self._polls:
            task.cancel()
        self.app.pipeline.alerted.set()
        self.app.pipeline.wake.set()
        sending = asyncio.create_task(self.app.outbox.close(self._rhythm.drain))
        end = time.monotonic() + self._rhythm.drain
        while (running := self._polls | self._work) and time.monotonic() < end:
            await asyncio.wait(running, timeout=end - time.monotonic())
        for task in running:
            log.warning("daemon.cut_off", work=str(task.get_coro()))
            task.cancel()
        await asyncio.gather(sending, *running, return_exceptions=True)


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """The exceptions in a group of groups."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def _drift() -> float:
    """How far the wall clock is ahead of the one that never jumps."""
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
