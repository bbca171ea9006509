"""The live parts of one run: opened in order, closed in reverse. Decides nothing."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

from monitor import memory
from monitor.app import night, watching
from monitor.app.web import open_pages, open_web
from monitor.care import Care
from monitor.channels import Tools
from monitor.channels import build as build_channel
from monitor.config import Config
from monitor.errors import ConfigError, StoreError
from monitor.model import Rule
from monitor.outbox import Outbox
from monitor.pipeline import Pipeline
from monitor.pool import Pool, PoolBroken
from monitor.ports import Channel, Source
from monitor.settle import Settler
from monitor.sources.feed import FeedSource
from monitor.sources.folder import FolderSource
from monitor.sources.sitemap import SitemapSource
from monitor.stages.message import Links
from monitor.stages.restraint import Route
from monitor.store import entries, health, notices, raw, sources
from monitor.store.connection import LOCK, Connection, Lock, Store

if TYPE_CHECKING:
    from monitor.store.rarity import Rarity

log = structlog.get_logger()
T = TypeVar("T")

Spawn = Callable[[Coroutine[Any, Any, None]], object]

TENANT = "monitor.pool.tenant"
FURTHEST = timedelta(days=15)  # no source is due later: Retry-After is capped there
FURTHEST_ENTRY = timedelta(days=1)  # no page is waited for longer
PROBE = 256 * 1024  # bytes that must fit before a full disk counts as mended
EXTEND = 30.0  # seconds systemd is asked for at a time
REPLACED_FOR = 120.0  # seconds a replaced client or channel may still be used by what is under way


def utc_now() -> datetime:
    """The clock of a real run."""
    return datetime.now(UTC)


@asynccontextmanager
async def build(
    config: Config,
    *,
    clock: Callable[[], datetime] = utc_now,
    starting: Callable[[float], None] = lambda seconds: None,
    idle: bool = False,
) -> AsyncIterator[App]:
    """Open everything a configuration needs; close it when left.

    `starting(seconds)` is called again and again while the store is opened, which may be a long migration.
    `idle`: start no worker process before the first document.
    Raises ConfigError with every fault of the channels, StoreBusy naming who holds the store, StoreError.
    """
    async with AsyncExitStack() as stack:
        mouths = Mouths(config)
        lock = Lock(config.monitor.state / LOCK)
        stack.callback(lock.release)
        pool = Pool(TENANT, workers=config.pool.workers or None, memory=config.pool.memory)
        stack.push_async_callback(pool.close)
        if not idle:
            await pool.start()  # first: it imports while we open the store
        store = await _opening(lambda: Store(config.monitor.database), starting)
        stack.callback(store.close)
        raw_store = await _opening(
            lambda: Store(config.monitor.raw_database, migrate=raw.migrate, cache=raw.CACHE), starting
        )
        stack.callback(raw_store.close)

        def rarity() -> Rarity:
            from monitor.store.rarity import Rarity  # numpy: not for a round that finds nothing new

            opened = Rarity(config.monitor.state / "rarity.bin", clock())
            stack.callback(opened.close)
            return opened

        app = App(config, clock, store=store, raw_store=raw_store, rarity=rarity, pool=pool, mouths=mouths)
        stack.push_async_callback(app.close)
        await app.begin()
        memory.give_back()
        gc.freeze()  # what is here now stays: collections of cycles need not look through it again and again
        stack.callback(gc.unfreeze)
        yield app


class Mouths:
    """The channels of a configuration, and when each speaks."""

    def __init__(self, config: Config) -> None:
        """Opens no connection. Raises ConfigError with every fault of every channel."""
        tools = Tools(links=Links(base_url=config.monitor.base_url), zone=config.monitor.zone)
        self.channels: dict[str, Channel] = {}
        self.routes: dict[str, Route] = {}
        faults: list[str] = []
        for slug, settings in config.channels.items():
            if settings.enabled:
                try:
                    self.channels[slug], self.routes[slug] = build_channel(settings, tools)
                except ConfigError as error:
                    faults.extend(error.faults)
        if faults:
            raise ConfigError(*faults)


class App:
    """What is open during a run. `reload` changes it in place."""

    def __init__(
        self,
        config: Config,
        clock: Callable[[], datetime],
        *,
        store: Store,
        raw_store: Store,
        rarity: Callable[[], Rarity],
        pool: Pool,
        mouths: Mouths,
    ) -> None:
        self.config = config
        self.clock = clock
        self.run = secrets.token_hex(6)  # leases carry it; those of other runs are void
        self.store = store
        self.raw = raw_store
        self.pool = pool
        self.mouths = mouths
        self.rules: Mapping[str, Rule] = {}  # that work, by slug
        self._watch: watching.Watch | None = None  # what was taken over last
        self._web = open_web(config)
        self._sources: dict[str, Source] = {}
        self._replaced: list[Callable[[], Awaitable[None]]] = []
        self._background: set[asyncio.Task[None]] = set()
        care = Care(self._notice_routes(config, mouths))
        self.settler = Settler(run=self.run, rules={}, routes=mouths.routes, rarity=rarity, spammed=care.spammed)
        self.pipeline = Pipeline(
            store=store,
            raw_store=raw_store,
            pool=pool,
            sources=self._sources,
            pages=open_pages(self._web, config),
            settler=self.settler,
            run=self.run,
            clock=clock,
            workers=pool.workers,
            deadline=config.pool.deadline,
            care=care,
            pages_per_poll=config.fetch.pages_per_poll,
        )
        self.outbox = self._outbox()
        self._use_web()

    async def begin(self) -> None:
        """Take the configuration over, and pick up what an earlier run left."""
        now = self.clock()
        watch = await self.store.write(lambda db: self._take_over(db, self.config, now))
        self._report(watch)
        told = self.pool.tell(watching.changes({}, watch.rules))
        self._in_background(self._report_compiled(told))
        self._watch, self.rules, self.settler.rules = watch, watch.rules, watch.rules
        await self.outbox.start()

    async def reload(self, config: Config) -> None:
        """Exchange the configuration while work goes on. Raises ConfigError, and then nothing has changed."""
        config = watching.sharing(config, self.config)
        mouths = Mouths(config)
        now, old = self.clock(), self.config
        watch = await self.store.write(lambda db: self._take_over(db, config, now))
        self._report(watch)
        try:
            faults = await self.pool.publish(watching.changes(self.rules, watch.rules))
        except PoolBroken:
            faults = {}  # the workers' parent died just now: the next one is born with these rules
        for slug, fault in faults.items():
            log.error("rule.broken", rule=slug, because=fault)
        self.mouths, self.config = mouths, config
        self._watch, self.rules, self.settler.rules = watch, watch.rules, watch.rules
        self.settler.routes = mouths.routes
        self.pipeline.care.routes = self._notice_routes(config, mouths)
        self.pipeline.pages_per_poll = config.fetch.pages_per_poll
        before, self.outbox = self.outbox, self._outbox()
        self._in_background(before.close())  # what is being sent may end; its channels close with it
        await self.outbox.start()
        if (config.fetch, config.monitor.contact) != (old.fetch, old.monitor.contact):
            self._replace(self._web.close)
            self._web = open_web(config)
        self._use_web()
        for name in _fixed(old, config):
            log.warning("reload.restart_needed", setting=name)
        self.pipeline.wake.set()
        self.pipeline.alerted.set()

    # ── chores ──────────────────────────────────────────────────────────────────────────────────

    async def mind_the_clock(self) -> None:
        """Pull in what a clock that was wrong has put too far ahead."""
        now = self.clock()
        moved = await self.store.write(lambda db: self._clamp(db, now))
        if moved:
            log.warning("clock.clamped", rows=moved)

    async def look_after_sources(self) -> None:
        """See which sources have fallen silent and which rules have gone noisy or dead, and tell it once."""
        now = self.clock()
        if await self.pipeline.care.look(self.store, now) + await self.pipeline.care.look_at_rules(self.store, now):
            self.pipeline.alerted.set()

    async def probe(self) -> None:
        """See whether there is room to write. Raises StoreFull."""
        await self.raw.write(lambda db: raw.probe(db, PROBE))
        await self.store.write(lambda db: health.probe(db, PROBE))
        await self.raw.write(raw.end_probe)
        await self.store.write(health.end_probe)

    async def after_full(self, since: datetime) -> None:
        """The disk has room again: take up what was given up half way, and leave a trace of it."""
        now = self.clock()

        def write(db: Connection) -> None:
            entries.give_back(db, self.run)
            notices.begin(
                db,
                "disk-full",
                "the disk was full",
                since,
                severity="high",
                remedy="nothing was lost; give it more room",
            )
            notices.end(db, "disk-full", now)

        await self.store.write(write)
        self.pipeline.wake.set()
        self.pipeline.alerted.set()

    async def tidy(self) -> None:
        """The night's work, see `night`."""
        now = self.clock()
        counts = await night.tidy_up(self.store, self.raw, self.config, now)
        log.info("tidy", milliseconds=round((self.clock() - now).total_seconds() * 1000), **counts)

    async def close(self) -> None:
        """Give back what was taken and not done, and close what is ours alone."""
        await self.outbox.close()
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        for closing in self._replaced:
            await closing()
        if self.pipeline.claimed:
            with contextlib.suppress(StoreError):  # leases of a run that has ended are void anyway
                await self.store.write(lambda db: entries.give_back(db, self.run))
        await self._web.close()

    # ── inside ──────────────────────────────────────────────────────────────────────────────────

    def _take_over(self, db: Connection, config: Config, now: datetime) -> watching.Watch:
        watch = watching.take_over(db, config, now, self._watch)
        self._clamp(db, now)
        return watch

    def _clamp(self, db: Connection, now: datetime) -> int:
        return sources.clamp_clock(db, now, FURTHEST) + entries.clamp_clock(db, now, FURTHEST_ENTRY)

    def _outbox(self) -> Outbox:
        return Outbox(
            self.store,
            run=self.run,
            channels=self.mouths.channels,
            routes=self.mouths.routes,
            clock=self.clock,
            notices=self.config.monitor.notices,
        )

    @staticmethod
    def _notice_routes(config: Config, mouths: Mouths) -> tuple[Route, ...]:
        return tuple(mouths.routes[slug] for slug in config.monitor.notices if slug in mouths.routes)

    def _use_web(self) -> None:
        self.pipeline.pages = open_pages(self._web, self.config)
        tools = (self._web, self.pool.run, lambda slug, url: watching.headers_of(self.config, slug, url))
        self._sources.update(feed=FeedSource(*tools), sitemap=SitemapSource(*tools), folder=FolderSource(self.pool.run))

    def _replace(self, closing: Callable[[], Awaitable[None]]) -> None:
        """Close something that was exchanged, once what uses it has had time to end."""

        async def later() -> None:
            await asyncio.sleep(REPLACED_FOR)
            self._replaced.remove(closing)
            await closing()

        self._replaced.append(closing)
        self._in_background(later())

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def _report(self, watch: watching.Watch) -> None:
        for slug, fault in watch.faults.items():
            stale = slug in watch.rules
            log.error(
                "rule.broken",
                rule=slug,
                because=fault,
                works=f"version {watch.rules[slug].version}" if stale else "off",
            )
        for slug in watch.retired:
            log.info("source.retired", source=slug)

    async def _report_compiled(self, started: asyncio.Future[dict[str, str]]) -> None:
        try:
            faults = await started
        except PoolBroken:
            return  # the pool tells it itself, and starts again
        for slug, fault in faults.items():
            log.error("rule.broken", rule=slug, because=fault, works="off")


async def _opening(open_it: Callable[[], T], starting: Callable[[float], None]) -> T:
    """Run a migration off the loop, and tell systemd every few seconds that it goes on."""
    opening = asyncio.create_task(asyncio.to_thread(open_it))
    while not (await asyncio.wait((opening,), timeout=EXTEND / 3))[0]:
        starting(EXTEND)
    return opening.result()


def _fixed(old: Config, new: Config) -> list[str]:
    """Settings that differ and that only a restart can change."""
    pairs = {
        "monitor.state": (old.monitor.state, new.monitor.state),
        "monitor.runtime": (old.monitor.runtime, new.monitor.runtime),
        "pool": (old.pool, new.pool),
        "metrics": (old.metrics, new.metrics),
        "store.tidy_at": (old.store.tidy_at, new.store.tidy_at),
    }
    return [name for name, (before, after) in pairs.items() if before != after]
