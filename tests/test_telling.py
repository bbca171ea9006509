"""Commands about what is told, and the heartbeat, on a live app: what they write is on its way at once."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest
from build import NOON
from told import settle

from monitor import app, config
from monitor.app import telling
from monitor.errors import Permanent

CONFIG = """
[monitor]
state = "state"
notices = ["log"]
heartbeat = "daily"
[folders.drop]
path = "drop"
[rules.envoy]
query = "envoy"
channels = ["log"]
[channels.log]
kind = "file"
path = "log.jsonl"
[channels.other]
kind = "file"
path = "other.jsonl"
"""


class Clock:
    def __init__(self):
        self.now = NOON

    def __call__(self):
        return self.now


def live(folder: Path, scene):
    """Run `scene(app, clock)` on an app over a store in `folder`; what was sent is returned by file."""
    (folder / "config.toml").write_text(CONFIG)
    (folder / "drop").mkdir()
    clock = Clock()

    async def run():
        async with app.build(config.load(folder / "config.toml", secrets=True), clock=clock, idle=True) as one:
            await scene(one, clock)

    asyncio.run(run())
    return {path.stem: [json.loads(line) for line in path.read_text().splitlines()] for path in folder.glob("*.jsonl")}


def test_a_heartbeat_goes_out_once_a_day(tmp_path):
    async def scene(one, clock):
        assert await telling.beat(one) == 0
        clock.now += timedelta(hours=21)
        assert await telling.beat(one) == 1
        assert await telling.beat(one) == 0
        await one.outbox.drain()

    (message,) = live(tmp_path, scene)["log"]
    assert message["type"] == "notice"
    assert message["data"]["notice"]["subject"] == "monitor: all is well; 0 entries, 0 alerts"
    assert "drop: 0 > 0 > 0 > 0" in message["data"]["notice"]["body"]


def test_an_alert_sent_again_leaves_at_once_under_a_new_id(tmp_path):
    async def scene(one, clock):
        await one.store.write(
            lambda db: settle(db, 1, routes=one.mouths.routes, rule=one.rules["envoy"], now=clock.now)
        )
        await one.outbox.drain()
        one.pipeline.alerted.clear()
        assert await telling.resend(one, alert="1") == [["log", ""]]
        assert one.pipeline.alerted.is_set()
        assert await telling.resend(one, alert="1", channels=["other"]) == [["other", ""]]
        with pytest.raises(Permanent, match="there are: log, other"):
            await telling.resend(one, alert="1", channels=["nope"])
        await one.outbox.drain()

    sent = live(tmp_path, scene)
    assert [message["data"]["alerts"][0]["id"] for message in sent["log"]] == [1, 1]
    assert len({message["data"]["delivery"]["id"] for message in [*sent["log"], *sent["other"]]}) == 3


def test_a_silence_holds_for_what_is_settled_next(tmp_path):
    async def scene(one, clock):
        number, until = await telling.add_silence(one, rule="envoy", source=None, seconds=3600, comment="summit")
        assert (number, until) == (1, "2026-11-22T13:00:00.000Z")
        kept, alert = await one.store.write(
            lambda db: settle(db, 1, routes=one.mouths.routes, rule=one.rules["envoy"], now=clock.now)
        )
        assert (kept.outcome, alert) == ("silenced", None)
        await telling.expire_silence(one, number=1)
        with pytest.raises(Permanent, match="no silence 1 holds"):
            await telling.expire_silence(one, number=1)

    assert live(tmp_path, scene) == {}
