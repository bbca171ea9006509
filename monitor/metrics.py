"""Prometheus metrics and health answers: a loopback listener, a text file, or both.

Nothing is counted as it happens: every scrape asks the store, which is the truth and survives a restart. So most values
are gauges over the last day. It decides nothing about health: the daemon says what ails it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from monitor import __version__
from monitor.config import MetricsConfig
from monitor.errors import ConfigError, MonitorError
from monitor.store.files import Files, look_at_files
from monitor.store.overview import Overview

log = structlog.get_logger()

TEXTFILE_EVERY = 15.0  # seconds
ANSWER_WITHIN = 10.0  # seconds a scrape may take


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What the daemon says of itself."""

    ailments: Sequence[str] = ()  # empty: well
    ready: bool = True
    checked_at: datetime | None = None  # when it last found itself well


def families(view: Overview, files: Files, health: Health, started_at: datetime) -> Iterator[Metric]:
    """All metrics, in the order of docs/operations.md."""
    yield InfoMetricFamily("monitor", "The program.", value={"version": __version__})
    yield _gauge("start_time_seconds", "When the daemon started.", [((), started_at.timestamp())])
    yield _gauge("sources", "Sources by health.", _labelled(view.sources.items()), "health")
    yield _gauge(
        "stage_last_success_timestamp_seconds",
        "When a stage last succeeded.",
        [((stage,), moment.timestamp()) for stage, moment in view.stages.items() if moment],
        "stage",
    )
    waiting = [(("pending",), float(view.pending)), (("held",), float(view.held))]
    yield _gauge("entries", "Entries that wait.", waiting, "state")
    yield _gauge(
        "entries_oldest_pending_seconds", "Age of the oldest pending entry.", _age(view.oldest_pending_at, view.at)
    )
    yield _gauge("entries_settled", "Entries of the last day by state.", _labelled(view.entries.items()), "state")
    yield _gauge("articles", "Articles in the store.", [((), view.articles)])
    yield _gauge("matches", "Matches of the last day.", [((rule.slug,), rule.matches) for rule in view.rules], "rule")
    yield _gauge("alerts", "Alerts of the last day.", [((rule.slug,), rule.alerts) for rule in view.rules], "rule")
    lanes = [
        ((lane.channel, state), float(getattr(lane, state)))
        for lane in view.lanes
        for state in ("pending", "claimed", "uncertain", "dead")
    ]
    yield _gauge("deliveries", "Deliveries in the outbox.", lanes, "channel", "state")
    oldest = min((lane.oldest_at for lane in view.lanes if lane.oldest_at), default=None)
    yield _gauge("deliveries_oldest_pending_seconds", "Age of the oldest delivery not sent.", _age(oldest, view.at))
    yield _gauge(
        "deliveries_sent",
        "Deliveries sent in the last day.",
        [((lane.channel,), lane.sent) for lane in view.lanes],
        "channel",
    )
    yield _gauge("polls", "Polls of the last day.", _labelled(view.polls.items()), "outcome")
    severities = ("low", "normal", "high", "critical")
    standing = [((s,), float(sum(notice.severity == s for notice in view.notices))) for s in severities]
    yield _gauge("notices", "Troubles that stand open.", standing, "severity")
    yield _gauge("store_bytes", "Size of the store's files.", _labelled(files.sizes.items()), "file")
    if files.free is not None:
        yield _gauge("disk_free_bytes", "Free space of the state directory.", [((), files.free)])
    if health.checked_at is not None:
        yield _gauge(
            "watchdog_age_seconds", "Since the daemon last found itself well.", _age(health.checked_at, view.at)
        )


def render(view: Overview, files: Files, health: Health, started_at: datetime) -> bytes:
    """The text format of Prometheus."""

    class Now(Collector):
        def collect(self) -> Iterable[Metric]:
            return families(view, files, health, started_at)

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Now())
    return generate_latest(registry)


def _gauge(name: str, help_: str, samples: Iterable[tuple[tuple[str, ...], float]], *labels: str) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"monitor_{name}", help_, labels=labels)
    for values, number in samples:
        family.add_metric(values, float(number))
    return family


def _labelled(pairs: Iterable[tuple[str, int]]) -> list[tuple[tuple[str, ...], float]]:
    return [((label,), float(number)) for label, number in pairs]


def _age(then: datetime | None, now: datetime) -> list[tuple[tuple[str, ...], float]]:
    return [((), max(0.0, (now - then).total_seconds()) if then else 0.0)]


# ── telling ─────────────────────────────────────────────────────────────────────────────────────


class Telling:
    """Answers scrapes and writes the text file while it is open."""

    def __init__(
        self,
        config: MetricsConfig,
        state: Path,
        view: Callable[[], Awaitable[Overview]],
        health: Callable[[], Health],
        started_at: datetime,
    ) -> None:
        """`view` asks the store; `health` asks the daemon."""
        self._config = config
        self._state = state
        self._view = view
        self._health = health
        self._started_at = started_at
        self.address = ""  # host:port that is listened at, once it is

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Telling]:
        """Listen and write until left. Raises ConfigError if the address cannot be had."""
        async with contextlib.AsyncExitStack() as stack:
            if self._config.listen:
                await stack.enter_async_context(self._listening())
            if self._config.textfile is not None:
                task = asyncio.create_task(self._write_again_and_again(self._config.textfile))
                stack.push_async_callback(_ended, task)
            yield self

    async def text(self) -> bytes:
        """All metrics, now."""
        async with asyncio.timeout(ANSWER_WITHIN):
            view = await self._view()
        files = await asyncio.to_thread(look_at_files, self._state)
        return render(view, files, self._health(), self._started_at)

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[None]:
        host, _, port = self._config.listen.rpartition(":")
        app = web.Application(client_max_size=0)
        app.router.add_get("/metrics", self._metrics)
        app.router.add_get("/-/healthy", self._healthy)
        app.router.add_get("/-/ready", self._ready)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            site = web.TCPSite(runner, host.strip("[]"), int(port))
            try:
                await site.start()
            except OSError as error:
                raise ConfigError(
                    f"metrics.listen: cannot listen at {self._config.listen}: {error.strerror or error}"
                ) from error
            bound_host, bound_port = runner.addresses[0][:2]
            self.address = f"{bound_host}:{bound_port}"
            yield
        finally:
            await runner.cleanup()

    async def _metrics(self, request: web.Request) -> web.Response:
        try:
            body = await self.text()
        except (MonitorError, TimeoutError) as error:
            return web.Response(status=503, text=f"{error or 'the store does not answer'}\n")
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _healthy(self, request: web.Request) -> web.Response:
        ailments = list(self._health().ailments)
        body = {"healthy": not ailments, "because": ailments}
        return web.json_response(body, status=503 if ailments else 200, dumps=json.dumps)

    async def _ready(self, request: web.Request) -> web.Response:
        ready = self._health().ready
        return web.json_response({"ready": ready}, status=200 if ready else 503)

    async def _write_again_and_again(self, path: Path) -> None:
        failing = False
        while True:
            try:
                await asyncio.to_thread(_replace, path, await self.text())
                failing = False
            except (OSError, MonitorError) as error:
                if not failing:
                    log.warning("metrics.textfile", path=str(path), because=str(error) or type(error).__name__)
                failing = True
            await asyncio.sleep(TEXTFILE_EVERY)


def _replace(path: Path, body: bytes) -> None:
    """Write beside and rename: node_exporter must never see half a file."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(body)
    temporary.chmod(0o644)
    temporary.replace(path)


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
