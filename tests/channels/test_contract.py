"""What every kind of channel promises: strict options, targets, send, close. One suite over all kinds."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from deliveries import a_delivery, an_alert
from servers import SmtpServer, WebhookServer

from monitor.channels import KINDS, Tools, build
from monitor.config.shape import ChannelConfig
from monitor.config.values import Secret
from monitor.errors import ConfigError
from monitor.model import Delivery
from monitor.stages.message import subject

SIGNING = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class World:
    """A channel of each kind with the other side it talks to, and what that side has accepted."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind = kind
        self.folder = folder
        self.smtp = SmtpServer()
        self.web = WebhookServer(answers=[200])
        self.out = io.StringIO()

    async def __aenter__(self) -> World:
        await self.smtp.__aenter__()
        await self.web.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.smtp.__aexit__()
        await self.web.__aexit__()

    def options(self) -> dict[str, object]:
        return {
            "console": {},
            "file": {"path": "alerts.jsonl"},
            "email": {
                "host": "127.0.0.1",
                "port": self.smtp.port or 25,
                "security": "plain",
                "from": "monitor@example.net",
                "to": ["reader@example.org", "Desk@example.org"],
            },
            "webhook": {
                "url": f"http://127.0.0.1:{self.web.port or 80}/hook",
                "secret": Secret(SIGNING),
                "allow_private": True,
            },
            "apprise": {"urls": {"ops": Secret(f"json://127.0.0.1:{self.web.port}/notify")}},
        }[self.kind]

    def config(self, **changed: object) -> ChannelConfig:
        return ChannelConfig(slug="desk", kind=self.kind, options=self.options() | changed, base=self.folder)

    def tools(self) -> Tools:
        return Tools(zone=ZoneInfo("UTC"), out=self.out)

    def accepted(self) -> list[str]:
        if self.kind == "console":
            return self.out.getvalue().splitlines()
        if self.kind == "file":
            path = self.folder / "alerts.jsonl"
            return path.read_text().splitlines() if path.exists() else []
        if self.kind == "email":
            return [mail.raw.decode() for mail in self.smtp.accepted]
        return [call.body.decode() for call in self.web.accepted]


@pytest.fixture(params=sorted(KINDS))
def world(request, tmp_path):
    if request.param == "apprise":
        pytest.importorskip("apprise")
    return World(request.param, tmp_path)


def test_it_sends_and_the_other_side_has_it(world):
    async def scene():
        async with world:
            channel, route = build(world.config(), world.tools())
            assert route.targets == channel.targets()
            assert len(route.targets) >= 1
            await channel.send(a_delivery(target=route.targets[0]))
            await channel.send(a_delivery(target=route.targets[0], public_id="f" * 32))
            await channel.close()

    asyncio.run(scene())

    text = "\n".join(world.accepted())
    assert text.count("Khalilzad") >= 2
    assert "returns to Doha" in text


@pytest.mark.parametrize(
    "delivery",
    [
        a_delivery(an_alert(1), an_alert(2, rule="talks"), kind="digest"),
        a_delivery(an_alert(1), kind="summary", more=36),
        a_delivery(kind="notice", subject="feed at-news fails", body="HTTP 503\nsince noon", alerts=()),
        a_delivery(kind="test"),
        a_delivery(an_alert(title="", url=None, outlet="", published_at=None, hits=(), because="", story_outlets=())),
        a_delivery(an_alert(title="x" * 5000, outlet="\u202e\r\nBcc: a@b.c", because="y\x00" * 9000)),
    ],
)
def test_it_takes_every_kind_of_delivery(world, delivery: Delivery):
    async def scene():
        async with world:
            channel, route = build(world.config(), world.tools())
            await channel.send(
                Delivery(**{f: getattr(delivery, f) for f in delivery.__slots__} | {"target": route.targets[0]})
            )
            await channel.close()

    asyncio.run(scene())

    assert world.accepted()


def test_an_unknown_option_is_refused_with_a_hint(world):
    with pytest.raises(ConfigError, match=r"channels\.desk\.severty.*did you mean 'severity'"):
        build(world.config(severty="high"), world.tools())


def test_every_fault_is_reported_at_once(world):
    with pytest.raises(ConfigError) as caught:
        build(world.config(digest=7, colour="red"), world.tools())

    assert len(caught.value.faults) == 2


def test_a_bad_schedule_is_a_fault(world):
    with pytest.raises(ConfigError, match="digest"):
        build(world.config(digest="whenever"), world.tools())


@pytest.mark.parametrize("zone", ["Europe/Nowhere", "/etc/hosts", "Europe", "../x"])
def test_a_time_zone_that_is_none_is_a_fault(world, zone):
    with pytest.raises(ConfigError, match=r"channels\.desk.*timezone: .* is not a time zone such as"):
        build(world.config(timezone=zone), world.tools())


def test_closing_twice_and_unused_is_harmless(world):
    async def scene():
        async with world:
            channel, _ = build(world.config(), world.tools())
            await channel.close()
            await channel.close()

    asyncio.run(scene())
    assert not world.accepted()


def test_an_unknown_kind_names_the_known_ones(tmp_path):
    with pytest.raises(ConfigError, match="did you mean 'email'"):
        build(ChannelConfig(slug="desk", kind="emial"), Tools())


@pytest.mark.parametrize("kind", ["no.such.module:Thing", "json:NoSuchClass", "json:JSONDecoder"])
def test_a_stranger_that_is_no_channel_is_refused(kind):
    with pytest.raises(ConfigError, match=r"channels\.desk\.kind"):
        build(ChannelConfig(slug="desk", kind=kind), Tools())


def test_somebody_elses_channel_is_a_dotted_name():
    config = ChannelConfig(slug="desk", kind="strangers:Collector", options={"greeting": "hello"})

    channel, route = build(config, Tools())
    asyncio.run(channel.send(a_delivery()))

    assert route.targets == ("hello",)
    assert [subject(a_delivery())] == channel.seen


def test_the_file_holds_the_object_of_the_webhook(tmp_path):
    world = World("file", tmp_path)

    async def scene():
        channel, _ = build(world.config(), world.tools())
        await channel.send(a_delivery())

    asyncio.run(scene())
    assert a_delivery().public_id == json.loads(world.accepted()[0])["data"]["delivery"]["id"]
