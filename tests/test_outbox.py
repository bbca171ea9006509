"""The outbox over a real store: whatever the other side does, every alert arrives under one id."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections import Counter
from datetime import timedelta

import pytest
from build import NOON, a_rule
from servers import Script, SmtpServer, WebhookServer, ids
from told import settle

from monitor.channels import Tools, build
from monitor.config.shape import ChannelConfig
from monitor.errors import Gone, Permanent, StoreError, StoreFull, Temporary, Uncertain
from monitor.outbox import Outbox
from monitor.stages.restraint import Policy, Route
from monitor.store import notices
from monitor.store.connection import Store
from monitor.store.deliveries import Lane


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self):
        self.now = NOON

    def __call__(self):
        return self.now

    def advance(self, **span):
        self.now += timedelta(**span)


class Fake:
    """A channel whose answers are scripted for each target: an error to raise, an event to wait for, or None."""

    def __init__(self, *targets, **answers):
        self._targets = targets or ("",)
        self.answers = answers
        self.sent = []
        self.tried = []
        self.closed = False

    def targets(self):
        return self._targets

    async def send(self, delivery):
        self.tried.append(delivery)
        script = self.answers.get(delivery.target or "all", [])
        answer = script.pop(0) if script else None
        if isinstance(answer, asyncio.Event):
            await answer.wait()
            answer = None
        if answer is not None:
            raise answer
        self.sent.append(delivery)
        return "ok"

    async def close(self):
        self.closed = True


class World:
    """A store, a clock, and an outbox over given channels."""

    def __init__(self, path, **channels):
        self.store = Store(path / "monitor.db")
        self.clock = Clock()
        self.channels = channels
        self.notices = ()
        self.runs = 0
        self.policy = Policy()

    @property
    def routes(self):
        return {
            slug: Route(channel=slug, targets=channel.targets(), policy=self.policy)
            for slug, channel in self.channels.items()
        }

    def outbox(self):
        self.runs += 1
        return Outbox(
            self.store,
            run=f"run-{self.runs}",
            channels=self.channels,
            routes=self.routes,
            clock=self.clock,
            notices=self.notices,
            chance=random.Random(1),
        )

    def alert(self, *numbers, **changed):
        for number in numbers:
            self.store.write_now(
                lambda db, number=number: settle(db, number, routes=self.routes, now=self.clock.now, **changed)
            )

    def rows(self):
        return self.store.read_now(lambda db: db.execute("SELECT * FROM deliveries ORDER BY id").fetchall())

    def states(self):
        return Counter(row["state"] for row in self.rows())

    def standing(self):
        return [notice.key for notice in self.store.read_now(notices.standing)]


@pytest.fixture
def world(tmp_path):
    made = []

    def make(**channels):
        made.append(World(tmp_path, **channels))
        return made[-1]

    yield make
    for one in made:
        one.store.close()


def drain(world):
    async def scene():
        outbox = world.outbox()
        await outbox.start()
        tally = await outbox.drain()
        await outbox.close()
        return tally

    return asyncio.run(scene())


def test_what_is_due_is_sent_and_marked(world):
    fake = Fake("a@x", "b@x")
    w = world(desk=fake)
    w.alert(1, 2)

    tally = drain(w)

    assert (tally.sent, tally.retried, tally.dead) == (4, 0, 0)
    assert w.states() == {"sent": 4}
    assert Counter(d.target for d in fake.sent) == {"a@x": 2, "b@x": 2}
    assert {row["receipt"] for row in w.rows()} == {"ok"}
    assert fake.closed
    assert drain(w).sent == 0


def test_a_failure_is_tried_again_by_the_schedule_under_one_id(world):
    fake = Fake(all=[Temporary("down", kind="connect"), Uncertain("cut", kind="disconnected"), None])
    w = world(desk=fake)
    w.alert(1)

    assert drain(w).retried == 1
    assert (w.rows()[0]["state"], w.rows()[0]["last_error_kind"]) == ("pending", "connect")
    assert drain(w).retried == 0
    w.clock.advance(seconds=6)
    assert drain(w).retried == 1
    assert w.rows()[0]["state"] == "uncertain"
    w.clock.advance(minutes=6)
    assert drain(w).sent == 1
    assert len({d.public_id for d in fake.tried}) == 1
    assert [d.attempts for d in fake.tried] == [1, 2, 3]


def test_retry_after_is_honoured(world):
    w = world(desk=Fake(all=[Temporary("slow down", retry_after=3600)]))
    w.alert(1)
    drain(w)
    w.clock.advance(minutes=59)
    assert drain(w).sent == 0
    w.clock.advance(minutes=2)
    assert drain(w).sent == 1


def test_a_permanent_failure_is_a_dead_letter_and_the_lane_goes_on(world):
    w = world(desk=Fake(all=[Permanent("no such user", kind="smtp-550")]))
    w.alert(1, 2, 3)

    tally = drain(w)

    assert (tally.sent, tally.dead) == (2, 1)
    assert w.states() == {"sent": 2, "dead": 1}


def test_a_dead_letter_is_noticed_until_something_arrives(world):
    w = world(desk=Fake(all=[Permanent("no"), Permanent("no")]))
    w.alert(1)
    drain(w)
    assert w.standing() == ["dead-letter/desk"]
    w.alert(2)
    drain(w)
    assert w.standing() == ["dead-letter/desk"]
    w.alert(3)
    drain(w)
    assert w.standing() == []


def test_gone_disables_the_target_and_says_so(world):
    ops = Fake()
    w = world(hook=Fake("https://x", **{"https://x": [Gone("HTTP 410", kind="http-410")]}), ops=ops)
    w.notices = ("hook", "ops")
    rule = a_rule(channels=("hook",))
    w.alert(1, rule=rule)

    drain(w)
    w.alert(2, 3, rule=rule)
    drain(w)

    assert {row["state"] for row in w.rows() if row["channel"] == "hook"} == {"dead"}
    assert w.standing() == ["channel-gone/hook/https://x"]
    assert ["disabled" in d.body for d in ops.sent] == [True]


def test_what_was_under_way_to_a_gone_target_and_accepted_is_sent(world):
    class LateGone(Fake):
        async def send(self, delivery):
            self.tried.append(delivery)
            first = len(self.tried) == 1
            while len(self.tried) < 4 or (not first and w.states()["dead"] == 0):
                await asyncio.sleep(0.01)
            if first:
                raise Gone("HTTP 410", kind="http-410")
            return "ok"

    w = world(hook=LateGone())
    w.alert(1, 2, 3, 4, 5, 6)

    drain(w)

    assert w.states() == {"sent": 3, "dead": 3}


def test_it_gives_up_after_a_week_not_before(world):
    w = world(desk=Fake(all=[Temporary("down", kind="connect") for _ in range(40)]))
    w.alert(1)
    days = 0.0
    while not w.states()["dead"]:
        drain(w)
        w.clock.advance(hours=6)
        days += 0.25
        assert days < 10

    assert days > 6
    assert w.rows()[0]["last_error"] == "given up after 15 attempts: down"


def test_a_mail_server_down_for_two_days_loses_nothing_and_is_not_hammered(world):
    fake = Fake(all=[Temporary("down", kind="connect") for _ in range(10_000)])
    w = world(desk=fake)
    w.alert(*range(1, 61))
    for _ in range(48 * 4):
        drain(w)
        w.clock.advance(minutes=15)
    assert len(fake.tried) < 150  # sixty alerts, two days
    fake.answers.clear()

    drain(w)

    assert w.states() == {"sent": 60}
    assert len({d.public_id for d in fake.sent}) == 60


def test_after_an_outage_what_waits_is_sent_at_once(world):
    fake = Fake(all=[Temporary("down") for _ in range(6)])
    w = world(desk=fake)
    w.alert(1, 2)
    for _ in range(5):
        drain(w)
        w.clock.advance(minutes=40)
    fake.answers.clear()

    w.alert(3)
    drain(w)

    assert w.states() == {"sent": 3}


def test_one_poisoned_message_does_not_stop_its_lane_or_spin(world):
    class Poison(Fake):
        async def send(self, delivery):
            if delivery.alerts[0].article == 1:
                self.tried.append(delivery)
                raise Temporary("HTTP 500", kind="http-500")
            return await super().send(delivery)

    fake = Poison()
    w = world(desk=fake)
    w.alert(1)
    for number in range(2, 30):
        w.alert(number)
        drain(w)
        w.clock.advance(seconds=30)

    assert len(fake.sent) == 28
    assert sum(d.alerts[0].article == 1 for d in fake.tried) <= 5


def test_trouble_is_told_once_and_its_end_once(world):
    ops = Fake()
    w = world(desk=Fake(all=[Temporary("down") for _ in range(8)]), ops=ops)
    w.notices = ("desk", "ops")
    w.alert(1, rule=a_rule(channels=("desk",)))
    for _ in range(8):
        drain(w)
        w.clock.advance(hours=3)
    assert [d.subject for d in ops.sent] == ["monitor: channel desk has failed 3 times in a row: down"]
    assert w.standing() == ["channel-failing/desk"]

    for _ in range(8):
        drain(w)
        w.clock.advance(hours=12)

    assert w.standing() == []
    assert [d.subject for d in ops.sent][1:] == ["monitor: channel desk works again"]


def test_a_hung_lane_delays_no_other(world):
    async def scene():
        never = asyncio.Event()
        fake = Fake("stuck@x", "fine@x", **{"stuck@x": [never]})
        w = world(desk=fake, other=Fake())
        w.alert(1, 2, 3)
        outbox = w.outbox()
        await outbox.start()
        await outbox.tick(w.clock())
        for _ in range(300):
            await asyncio.sleep(0.01)
            if outbox.busy == 1:
                break
        waiting = {d.target for d in fake.sent}, len(w.channels["other"].sent), outbox.busy
        w.alert(4)
        await outbox.tick(w.clock())
        for _ in range(300):
            await asyncio.sleep(0.01)
            if len(w.channels["other"].sent) == 4 and outbox.busy == 1:
                break
        never.set()
        await outbox.drain()
        await outbox.close()
        return waiting, w

    waiting, w = asyncio.run(scene())
    assert waiting == ({"stuck@x", "fine@x"}, 3, 1) or waiting == ({"fine@x"}, 3, 1)
    assert w.states() == {"sent": 12}


def test_stopping_lets_what_is_under_way_end_and_gives_back_the_rest(world):
    async def scene():
        go = asyncio.Event()
        fake = Fake(all=[go] * 4)
        w = world(desk=fake)
        w.alert(*range(1, 11))
        outbox = w.outbox()
        await outbox.start()
        await outbox.tick(w.clock())
        while len(fake.tried) < 4:
            await asyncio.sleep(0.01)
        closing = asyncio.create_task(outbox.close(5))
        await asyncio.sleep(0.01)
        go.set()
        await closing
        return w

    w = asyncio.run(scene())
    assert w.states() == {"sent": 4, "pending": 6}
    assert {row["attempts"] for row in w.rows() if row["state"] == "pending"} == {0}


def test_what_a_stop_cuts_off_is_sent_again_under_the_same_id(world):
    async def scene():
        fake = Fake(all=[asyncio.Event()])
        w = world(desk=fake)
        w.alert(1)
        outbox = w.outbox()
        await outbox.start()
        await outbox.tick(w.clock())
        while not fake.tried:
            await asyncio.sleep(0.01)
        await outbox.close(0.05)
        return w, fake

    w, fake = asyncio.run(scene())
    assert w.states() == {"claimed": 1}
    assert drain(w).sent == 1
    assert len({d.public_id for d in fake.tried}) == 1


def test_an_acknowledgement_is_not_lost_to_a_full_disk(world, monkeypatch):
    fake = Fake()
    w = world(desk=fake)
    w.alert(1, 2)
    full = iter([True, True])
    original = Store._write

    def write(self, function):
        if getattr(function, "__qualname__", "").startswith("GroupCommit") and next(full, False):
            raise StoreFull("no room")
        return original(self, function)

    monkeypatch.setattr(Store, "_write", write)
    monkeypatch.setattr("monitor.outbox.ROOM", 0.01)
    drain(w)

    assert w.states() == {"sent": 2}
    assert len(fake.sent) == 2


def test_a_full_disk_at_the_claim_is_told_and_nothing_is_lost(world, monkeypatch):
    w = world(desk=Fake())
    w.alert(1)

    async def scene():
        outbox = w.outbox()
        with monkeypatch.context() as patch:
            patch.setattr(Store, "_write", _full)
            with pytest.raises(StoreFull):
                await outbox.tick(w.clock())
        await outbox.drain()
        await outbox.close()

    asyncio.run(scene())
    assert w.states() == {"sent": 1}


def _full(self, function):
    raise StoreFull("no room")


def test_a_full_disk_in_a_lane_is_told_once_by_the_next_tick(world, monkeypatch):
    w = world(desk=Fake())
    w.alert(*range(1, 40))

    async def scene():
        outbox = w.outbox()
        claims = iter([False, True])
        claim = outbox._claim

        async def sometimes(lanes, now):
            if next(claims, False):
                raise StoreFull("no room")
            return await claim(lanes, now)

        monkeypatch.setattr(outbox, "_claim", sometimes)
        await outbox.tick(w.clock())
        while outbox.busy:
            await asyncio.sleep(0.01)
        with pytest.raises(StoreFull):
            await outbox.tick(w.clock())
        await outbox.drain()
        await outbox.close()

    asyncio.run(scene())
    assert w.states() == {"sent": 39}


def test_a_bug_in_a_lane_is_logged_and_its_deliveries_come_again(world, monkeypatch):
    fake = Fake()
    w = world(desk=fake)
    w.alert(1, 2)

    def broken(*args, **kwargs):
        raise ZeroDivisionError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr("monitor.store.deliveries.load", broken)
        drain(w)
    assert {(row["state"], row["last_error_kind"]) for row in w.rows()} == {("uncertain", "bug")}
    w.clock.advance(minutes=6)

    drain(w)

    assert w.states() == {"sent": 2}


def test_a_broken_store_reaches_the_caller(world, monkeypatch):
    w = world(desk=Fake())
    w.alert(1)

    def broken(self, function):
        raise StoreError("disk I/O error")

    async def scene():
        outbox = w.outbox()
        monkeypatch.setattr(Store, "_write", broken)
        with pytest.raises(StoreError, match="I/O"):
            await outbox.tick(w.clock())

    asyncio.run(scene())


def test_a_bug_in_a_channel_is_one_failed_attempt(world, capsys):
    w = world(desk=Fake(all=[ZeroDivisionError("oops")]))
    w.alert(1)

    assert drain(w).retried == 1
    assert w.rows()[0]["last_error_kind"] == "bug"
    assert "ZeroDivisionError: oops" in w.rows()[0]["last_error"]


def test_leases_of_a_run_that_died_are_void(world):
    w = world(desk=Fake())
    w.alert(1)

    def claimed(db: sqlite3.Connection) -> None:
        from monitor.store import deliveries

        deliveries.claim(db, [Lane("desk", "")], NOON, "dead-run", timedelta(hours=9), 5)

    w.store.write_now(claimed)
    assert w.states() == {"claimed": 1}

    assert drain(w).sent == 1


def test_a_clock_set_back_while_running_delays_nothing(world):
    async def scene():
        fake = Fake(all=[Temporary("down")])
        w = world(desk=fake)
        w.alert(1)
        outbox = w.outbox()
        await outbox.start()
        await outbox.drain()
        w.clock.advance(days=-3)
        await outbox.tick(w.clock())
        w.clock.advance(seconds=6)
        await outbox.drain()
        await outbox.close()
        return w

    w = asyncio.run(scene())
    assert w.states() == {"sent": 1}


def test_held_digests_wait_and_then_go_as_one(world):
    fake = Fake()
    w = world(desk=fake)
    w.policy = Policy(digest="3600")
    w.alert(1, 2, 3)
    assert drain(w).sent == 0
    w.clock.advance(minutes=61)
    assert drain(w).sent == 1
    assert len(fake.sent[0].alerts) == 3


# ── against the scripted servers ────────────────────────────────────────────────────────────────


def a_channel(kind, **options):
    channel, _ = build(ChannelConfig(slug="desk", kind=kind, options=options), Tools())
    return channel


def deliver(world, make_channel, server, alerts=5, rounds=16):
    """Run the outbox again and again over simulated days; each round the clock moves on three hours."""

    async def scene():
        async with server:
            w = world(desk=make_channel(server))
            w.alert(*range(1, alerts + 1))
            outbox = w.outbox()
            await outbox.start()
            for _ in range(rounds):
                await outbox.drain()
                w.clock.advance(hours=3)
            await outbox.close()
            return w

    return asyncio.run(scene())


def mail_channel(server):
    return a_channel(
        "email",
        host="127.0.0.1",
        port=server.port,
        security="plain",
        timeout="1s",
        **{"from": "m@example.net", "to": ["a@example.org", "b@example.org"]},
    )


def hook_channel(server):
    return a_channel("webhook", url=server.url(), allow_private=True, timeout="1s")


def once_in(count, **changed):
    """Misbehave at the first `count` mails to a recipient."""
    return lambda recipient, times: Script(**changed) if times <= count else Script()


@pytest.mark.parametrize(
    "script",
    [
        once_in(2, rcpt="450 4.2.0 greylisted, come back later"),
        once_in(3, rcpt="451 local error"),
        once_in(2, data="452 insufficient storage"),
        once_in(2, body="451 try again"),
        once_in(1, rcpt="421 closing"),
        once_in(2, rcpt="drop"),
        once_in(1, rcpt=None),
        once_in(1, data=None),
        once_in(0, delay=0.05),
        once_in(99, drop_after_body=True),
    ],
    ids=[
        "greylist",
        "451",
        "452",
        "body-451",
        "421",
        "drop-rcpt",
        "hang-rcpt",
        "hang-data",
        "slow",
        "accept-drop",
    ],
)
def test_mail_arrives_once_whatever_the_server_does_before_it_accepts(world, script):
    server = SmtpServer(script=script)

    w = deliver(world, mail_channel, server)

    assert w.states() == {"sent": 10}
    assert Counter(ids(server.accepted)).most_common(1)[0][1] == 1
    assert len(set(ids(server.accepted))) == 10


@pytest.mark.parametrize("script", [once_in(2, body="drop"), once_in(1, body=None)], ids=["drop", "hang"])
def test_a_break_after_the_message_is_repeated_under_the_same_id(world, script):
    server = SmtpServer(script=script)

    w = deliver(world, mail_channel, server)

    assert w.states() == {"sent": 10}
    assert len(set(ids(server.mails))) == 10
    assert Counter(ids(server.accepted)).most_common(1)[0][1] == 1


@pytest.mark.parametrize(
    "answers",
    [
        [500, 502, 503, 200],
        [(429, {"Retry-After": "60"}), (503, {"Retry-After": "Sun, 22 Nov 2026 12:10:00 GMT"}), 202],
        ["drop", "drop", 204],
        [None, 200],
        [404, 401, 403, 408, 425, 200],
    ],
    ids=["5xx", "retry-after", "drop", "hang", "4xx"],
)
def test_webhooks_arrive_under_one_id(world, answers):
    server = WebhookServer(answers=answers)

    w = deliver(world, hook_channel, server)

    assert w.states() == {"sent": 5}
    assert len(set(ids(server.accepted))) == 5
    assert Counter(ids(server.accepted)).most_common(1)[0][1] == 1
    assert len(set(ids(server.calls))) == 5


@pytest.mark.parametrize("answers", [[302, 200], [400, 200], [413, 200]])
def test_what_cannot_mend_is_one_dead_letter(world, answers):
    server = WebhookServer(answers=answers)

    w = deliver(world, hook_channel, server)

    assert w.states() == {"sent": 4, "dead": 1}


def test_410_stops_the_target(world):
    server = WebhookServer(answers=[410])

    w = deliver(world, hook_channel, server, alerts=9)

    assert w.states() == {"dead": 9}
    assert len(server.calls) <= 4  # what was under way together
