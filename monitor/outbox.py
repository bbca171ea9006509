"""The story of one delivery: claim → send → settle. One lane for each channel and target; none waits for another.

Everything that must be remembered is a row. A delivery is claimed before it is sent and marked sent only after the
acknowledgement; what a crash leaves claimed is sent again under the same id. No rendering and no SQL here.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import structlog

from monitor.errors import Gone, MonitorError, Permanent, StoreError, StoreFull, Temporary, Uncertain
from monitor.model import Delivery
from monitor.ports import Channel
from monitor.stages import backoff, restraint
from monitor.stages.restraint import Route
from monitor.store import alerts, deliveries, notices, targets
from monitor.store.batch import GroupCommit
from monitor.store.connection import Connection, Store
from monitor.store.deliveries import Lane

LEASE = timedelta(minutes=30)  # another run's leases are void at once; this one only shows what is under way
BATCH = 16  # deliveries of a lane that are claimed together
WIDTH = 4  # of them are sent at the same time
DEADLINE = 900.0  # seconds for one send with its wait for a connection; channels have shorter ones of their own
ROOM = 1.0  # seconds between two tries to write an acknowledgement down while the disk is full
OUTAGE = 3  # failures in a row that are worth a notice
BACKWARDS = 5.0  # seconds by which a clock set back is noticed

_log = structlog.get_logger()


@dataclass(slots=True)
class Tally:
    """What came of deliveries, counted."""

    sent: int = 0
    retried: int = 0
    dead: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attempt:
    delivery: Delivery
    at: datetime
    milliseconds: float
    receipt: str = ""
    error: Temporary | Permanent | None = None


@dataclass(slots=True)
class _Work:
    """The deliveries one lane has claimed, and whether to go on with them."""

    waiting: list[Delivery]
    failed: bool = False
    begun: set[int] = field(default_factory=set)


class Outbox:
    """Sends what is due. `tick` starts lanes and returns; a lane works until nothing is due or something fails."""

    def __init__(
        self,
        store: Store,
        *,
        run: str,
        channels: Mapping[str, Channel],
        routes: Mapping[str, Route],
        clock: Callable[[], datetime],
        notices: Sequence[str] = (),
        chance: random.Random | None = None,
    ) -> None:
        """`run`: the id of this run, for leases. `notices`: slugs of the channels that are told of trouble."""
        self._store = store
        self._run = run
        self._channels = dict(channels)
        self._routes = dict(routes)
        self._clock = clock
        self._notices = [self._routes[slug] for slug in notices if slug in self._routes]
        self._chance = chance or random.Random()  # noqa: S311 - jitter is no secret
        self._commits: GroupCommit[_Attempt, None] = GroupCommit(store, self._settle)
        self._busy: dict[Lane, asyncio.Task[None] | None] = {}
        self._ticking = asyncio.Lock()
        self._stopping = False
        self._fault: StoreError | None = None
        self._last: tuple[datetime, float] | None = None
        self.tally = Tally()

    @property
    def busy(self) -> int:
        """Lanes at work."""
        return len(self._busy)

    async def start(self) -> None:
        """Void the leases of other runs, pull in what a wrong clock left behind, bury what has no channel any more."""
        now = self._clock()
        known = {slug: route.targets for slug, route in self._routes.items()}

        def begin(db: Connection) -> tuple[int, int, int]:
            uncertain = deliveries.recover(db, self._run, now)
            targets.forget(db, known, now)
            return uncertain, deliveries.clamp_clock(db, now, self._latest(now)), deliveries.orphans(db, known)

        uncertain, clamped, orphans = await self._store.write(begin)
        if uncertain or clamped or orphans:
            _log.info("outbox.recovered", uncertain=uncertain, clamped=clamped, orphans=orphans)

    async def tick(self, now: datetime) -> int:
        """Claim what is due in every idle lane and start sending. Returns how many deliveries were claimed.

        Raises StoreError when the store failed, here or in a lane since the last tick; of a full disk (StoreFull)
        each lane tells once.
        """
        if self._fault is not None:
            fault = self._fault
            if isinstance(fault, StoreFull):
                self._fault = None
            raise fault
        if self._stopping or self._ticking.locked():
            return 0
        async with self._ticking:
            await self._watch_clock(now)
            lanes = await self._store.read(lambda db: deliveries.due_lanes(db, now))
            idle = [lane for lane in lanes if lane not in self._busy and lane.channel in self._channels]
            if not idle:
                return 0
            self._busy.update(dict.fromkeys(idle))
            claimed: dict[Lane, list[int]] = {}
            try:
                claimed = await self._claim(idle, now)
            finally:
                for lane in idle:
                    if lane not in claimed:
                        del self._busy[lane]
            for lane, numbers in claimed.items():
                self._busy[lane] = asyncio.create_task(self._work(lane, numbers), name=f"lane {lane.channel}")
            return sum(map(len, claimed.values()))

    async def drain(self) -> Tally:
        """Send all that is due now, and wait for it. Returns what came of everything since the start."""
        while True:
            await self.tick(self._clock())
            tasks = [task for task in self._busy.values() if task is not None]
            if not tasks:
                return self.tally
            await asyncio.wait(tasks)

    async def close(self, seconds: float = 20.0) -> None:
        """Claim no more, let what is under way end within `seconds`, close the channels.

        What is cut off stays claimed; the next run sends it again under the same id.
        """
        self._stopping = True
        tasks = [task for task in self._busy.values() if task is not None]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        for channel in self._channels.values():
            with suppress(MonitorError, OSError):
                await channel.close()

    # ── one lane ────────────────────────────────────────────────────────────────────────────────

    async def _work(self, lane: Lane, numbers: list[int]) -> None:
        try:
            while numbers:
                loaded = await self._store.read(partial(deliveries.load, numbers=numbers, views=alerts.views))
                work = _Work(loaded)
                await asyncio.gather(*(self._send_some(work) for _ in range(min(WIDTH, len(loaded)))))
                if work.waiting:
                    left = [delivery.number for delivery in work.waiting]
                    await self._store.write(partial(deliveries.release, numbers=left))
                if work.failed or self._stopping:
                    return
                numbers = (await self._claim([lane], self._clock())).get(lane, [])
        except StoreError as error:  # the next tick raises it
            self._fault = error
        except Exception as error:
            _log.exception("outbox.bug", channel=lane.channel, target=lane.target)
            await self._set_aside(numbers, f"a fault of the program: {type(error).__name__}: {error}")
        finally:
            self._busy.pop(lane, None)

    async def _send_some(self, work: _Work) -> None:
        while work.waiting and not work.failed and not self._stopping:
            delivery = work.waiting.pop(0)
            attempt = await self._attempt(delivery)
            if isinstance(attempt.error, (Temporary, Gone)):
                work.failed = True
            await self._record(attempt)

    async def _attempt(self, delivery: Delivery) -> _Attempt:
        began = time.perf_counter()
        receipt, error = "", None
        try:
            async with asyncio.timeout(DEADLINE):
                receipt = await self._channels[delivery.channel].send(delivery)
        except (Temporary, Permanent) as caught:
            error = caught
        except TimeoutError:
            error = Uncertain(f"no end within {DEADLINE:.0f} s", kind="timeout")
        except Exception as caught:
            _log.exception("delivery.bug", delivery=delivery.public_id, channel=delivery.channel)
            error = Uncertain(f"a fault of the channel: {type(caught).__name__}: {caught}", kind="bug")
        spent = (time.perf_counter() - began) * 1000
        return _Attempt(delivery=delivery, at=self._clock(), milliseconds=spent, receipt=receipt, error=error)

    async def _record(self, attempt: _Attempt) -> None:
        """Write down what happened. An acknowledgement is not given up for want of disk space: it waits for room."""
        while True:
            try:
                await self._commits.do(attempt)
                break
            except StoreFull:
                if self._stopping:
                    raise
                await asyncio.sleep(ROOM)
        self._report(attempt)

    async def _set_aside(self, numbers: list[int], why: str) -> None:
        """After a bug: what is still claimed comes again later, like any failure."""
        try_at = self._clock() + timedelta(seconds=backoff.STEPS[1])

        def write(db: Connection) -> None:
            for number in numbers:
                deliveries.postpone(db, number, try_at, why, "bug", uncertain=True)

        try:
            await self._store.write(write)
        except StoreError as error:
            self._fault = error

    async def _claim(self, lanes: Iterable[Lane], now: datetime) -> dict[Lane, list[int]]:
        return await self._store.write(lambda db: deliveries.claim(db, lanes, now, self._run, LEASE, BATCH))

    # ── what it means ───────────────────────────────────────────────────────────────────────────

    def _settle(self, db: Connection, attempt: _Attempt) -> None:
        """On the writer: the delivery's new state, its lane's, and the notices that follow."""
        delivery, error, now = attempt.delivery, attempt.error, attempt.at
        lane = Lane(delivery.channel, delivery.target)
        if error is None:
            deliveries.sent(db, delivery.number, attempt.receipt, now)
            before = targets.worked(db, lane, now)
            if before and before.failures >= OUTAGE:
                targets.bring_forward(db, lane, now)
            self._end_notices(db, lane, now)
            return
        if isinstance(error, Gone):
            deliveries.bury(db, delivery.number, str(error), error.kind)
            buried = targets.disable(db, lane, str(error), now)
            letters = "a delivery is a dead letter" if not buried else f"{buried + 1} deliveries are dead letters"
            text = f"{_name(lane)} is disabled: {error}; {letters}."
            self._begin_notice(db, "channel-gone", lane, text, "retry --channel", now)
            return
        if isinstance(error, Permanent):
            self._bury(db, delivery, lane, str(error), error.kind, now)
            return
        jitter = self._chance.random()
        failures = targets.failed(db, lane, str(error), now)
        pause = backoff.hold(failures, jitter=jitter, retry_after=error.retry_after)
        targets.hold(db, lane, now + timedelta(seconds=pause))
        wait = backoff.delay(delivery.attempts, jitter=jitter, retry_after=error.retry_after)
        if wait is None:
            told = f"given up after {delivery.attempts} attempts: {error}"
            self._bury(db, delivery, lane, told, error.kind, now)
        else:
            again = now + timedelta(seconds=wait)
            uncertain = isinstance(error, Uncertain)
            deliveries.postpone(db, delivery.number, again, str(error), error.kind, uncertain=uncertain)
        if failures >= OUTAGE:
            text = f"{_name(lane)} has failed {failures} times in a row: {error}"
            self._begin_notice(db, "channel-failing", lane, text, "list", now)

    def _bury(self, db: Connection, delivery: Delivery, lane: Lane, why: str, kind: str, now: datetime) -> None:
        deliveries.bury(db, delivery.number, why, kind)
        self._begin_notice(db, "dead-letter", lane, f"A delivery to {_name(lane)} is a dead letter: {why}", "list", now)

    def _begin_notice(self, db: Connection, what: str, lane: Lane, text: str, verb: str, now: datetime) -> None:
        """Tell the operator once, through every notice channel but the one that fails."""
        remedy = (
            f"See `monitor deliveries {verb} {lane.channel}`." if verb != "list" else "See `monitor deliveries list`."
        )
        begun = notices.begin(db, lane.notice(what), text, now, severity="high", remedy=remedy)
        if begun is not None:
            others = [route for route in self._notices if route.channel != lane.channel]
            body = f"{text}\n\n{remedy}"
            deliveries.add_message(db, others, kind="notice", subject=f"monitor: {text}", body=body, now=now)

    def _end_notices(self, db: Connection, lane: Lane, now: datetime) -> None:
        over = ["channel-failing", "dead-letter"]
        if targets.get(db, lane).disabled_at is None:
            over.append("channel-gone")
        for what in over:
            ended = notices.end(db, lane.notice(what), now)
            if ended is not None and what == "channel-failing":
                text = f"{_name(lane)} works again. It had failed since {ended.began_at:%Y-%m-%d %H:%M} UTC."
                subject = f"monitor: {_name(lane)} works again"
                deliveries.add_message(db, self._notices, kind="notice", subject=subject, body=text, now=now)

    def _report(self, attempt: _Attempt) -> None:
        delivery, error = attempt.delivery, attempt.error
        facts: dict[str, object] = {
            "delivery": delivery.public_id,
            "channel": delivery.channel,
            "target": delivery.target,
            "kind": delivery.kind,
            "alerts": len(delivery.alerts) + delivery.more,
            "attempt": delivery.attempts,
            "milliseconds": round(attempt.milliseconds, 1),
        }
        if error is None:
            self.tally.sent += 1
            waited = (attempt.at - (delivery.due_at or delivery.created_at)).total_seconds()
            _log.info("delivery.sent", waited=round(waited, 3), **facts)
        elif isinstance(error, Permanent) or backoff.delay(delivery.attempts, jitter=0) is None:
            self.tally.dead += 1
            _log.error("delivery.dead", error=str(error), cause=error.kind, **facts)
        else:
            self.tally.retried += 1
            _log.warning("delivery.retry", error=str(error), cause=error.kind, **facts)

    # ── the clock ───────────────────────────────────────────────────────────────────────────────

    async def _watch_clock(self, now: datetime) -> None:
        """A clock that was set back would leave every retry that much later: move them with it."""
        monotonic = time.monotonic()
        last, self._last = self._last, (now, monotonic)
        if last is None:
            return
        back = (monotonic - last[1]) - (now - last[0]).total_seconds()
        if back > BACKWARDS:
            moved = await self._store.write(lambda db: self._set_back(db, now, back))
            _log.warning("outbox.clock", seconds=round(-back, 1), moved=moved)

    def _set_back(self, db: Connection, now: datetime, seconds: float) -> int:
        return deliveries.shift_clock(db, seconds) + deliveries.clamp_clock(db, now, self._latest(now))

    def _latest(self, now: datetime) -> Callable[[str, str], datetime]:
        def latest(channel: str, group: str) -> datetime:
            route = self._routes.get(channel)
            return now if route is None else restraint.latest(route.policy, group, now)

        return latest


def _name(lane: Lane) -> str:
    return f"channel {lane.channel}" + (f" to {lane.target}" if lane.target else "")
