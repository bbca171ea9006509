"""Console, file and apprise: what each promises beyond the contract."""

from __future__ import annotations

import asyncio
import errno
import io
import json
import os
import time

import pytest
from deliveries import a_delivery, an_alert
from servers import WebhookServer

from monitor.channels import Tools, build
from monitor.config.shape import ChannelConfig
from monitor.config.values import Secret
from monitor.errors import ConfigError, Gone, Permanent, Temporary, Uncertain
from monitor.model import Hit

# ── console ─────────────────────────────────────────────────────────────────────────────────────


class Tty(io.StringIO):
    def isatty(self):
        return True


def printed(delivery, out=None, **options):
    out = out or io.StringIO()
    channel, _ = build(ChannelConfig(slug="console", kind="console", options=options), Tools(out=out))
    asyncio.run(channel.send(delivery))
    return out.getvalue()


def test_a_terminal_sees_the_hits_in_colour(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)

    assert "\x1b[" in printed(a_delivery(), Tty())


def test_no_color_and_pipes_see_plain_text(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b[" not in printed(a_delivery())
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[4" not in printed(a_delivery(), Tty())


def test_it_says_all_of_an_alert():
    text = printed(a_delivery())

    for said in ("envoy", "Khalilzad returns to Doha", "Example News", "seen 09:29 UTC", "Third Times", "why: "):
        assert said in text
    assert "why" not in printed(a_delivery(), why=False)


def test_feed_text_cannot_draw_on_the_terminal():
    hostile = an_alert(title="\x1b[2Jgone\x07 [bold]x[/bold]", outlet="\x1b]0;t\x07", because="\x1b[31m", hits=())

    text = printed(a_delivery(hostile))

    assert "\x1b" not in text
    assert "\x07" not in text
    assert "[bold]x[/bold]" in text


def test_a_closed_stream_may_mend():
    out = io.StringIO()
    out.close()
    with pytest.raises(Temporary):
        printed(a_delivery(), out)


# ── file ────────────────────────────────────────────────────────────────────────────────────────


def a_file(path):
    channel, _ = build(ChannelConfig(slug="log", kind="file", options={"path": "a.jsonl"}, base=path), Tools())
    return channel


def lines(path):
    return (path / "a.jsonl").read_text().splitlines()


def test_each_delivery_is_a_line_for_its_owner_and_group(tmp_path):
    channel = a_file(tmp_path)
    for number in range(3):
        asyncio.run(channel.send(a_delivery(public_id=f"id-{number}")))

    assert [json.loads(line)["data"]["delivery"]["id"] for line in lines(tmp_path)] == ["id-0", "id-1", "id-2"]
    assert (tmp_path / "a.jsonl").stat().st_mode & 0o007 == 0


def test_what_a_kill_left_in_mid_line_does_not_spoil_the_next(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"whole": 1}\n{"torn": ')

    asyncio.run(a_file(tmp_path).send(a_delivery()))

    first, torn, last = lines(tmp_path)
    assert (first, torn) == ('{"whole": 1}', '{"torn": ')
    assert json.loads(last)["type"] == "alert.created"


def test_a_full_disk_leaves_no_half_line(tmp_path, monkeypatch):
    channel = a_file(tmp_path)
    asyncio.run(channel.send(a_delivery()))
    real = os.write

    def full(handle, data):
        real(handle, data[:20])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(Temporary, match="No space left"):
            asyncio.run(channel.send(a_delivery()))
    assert len(lines(tmp_path)) == 1
    asyncio.run(channel.send(a_delivery()))
    assert all(json.loads(line) for line in lines(tmp_path))


def test_a_missing_folder_is_a_fault(tmp_path):
    with pytest.raises(ConfigError, match="no such folder"):
        build(ChannelConfig(slug="log", kind="file", options={"path": "no/a.jsonl"}, base=tmp_path), Tools())


# ── apprise ─────────────────────────────────────────────────────────────────────────────────────


def notify(server, **options):
    pytest.importorskip("apprise")

    async def scene():
        async with server:
            urls = {"ops": Secret(f"json://127.0.0.1:{server.port}/notify?rto=1")}
            config = ChannelConfig(slug="phone", kind="apprise", options={"urls": urls} | options)
            channel, route = build(config, Tools())
            try:
                return await channel.send(a_delivery(target=route.targets[0]))
            except (Temporary, Permanent) as error:
                return error
            finally:
                await channel.close()

    return asyncio.run(scene())


def test_an_accepted_notification():
    server = WebhookServer(answers=[200])

    assert notify(server) == "accepted"
    body = json.loads(server.calls[0].body)
    assert body["title"] == "[envoy] Khalilzad returns to Doha for talks (Example News)"
    assert "talks would resume" in body["message"]


@pytest.mark.parametrize(
    ("status", "kind"), [(503, Temporary), (401, Temporary), (429, Temporary), (400, Permanent), (410, Gone)]
)
def test_its_failures_are_told_apart_by_the_status_it_logs(status, kind):
    error = notify(WebhookServer(answers=[status]))

    assert type(error) is kind
    assert error.kind == f"http-{status}"


def test_a_service_that_hangs_is_left_behind():
    began = time.monotonic()

    error = notify(WebhookServer(answers=[None]), timeout="0.3s")

    assert type(error) is Uncertain
    assert time.monotonic() - began < 3


def test_a_name_that_is_gone_is_a_dead_letter():
    pytest.importorskip("apprise")
    config = ChannelConfig(slug="phone", kind="apprise", options={"urls": {"ops": "json://127.0.0.1:9/"}})
    channel, _ = build(config, Tools())

    with pytest.raises(Permanent, match="'night'"):
        asyncio.run(channel.send(a_delivery(target="night")))


@pytest.mark.parametrize(("urls", "words"), [({}, "names no address"), ({"ops": "nonsense"}, "does not understand")])
def test_addresses_are_checked_at_once(urls, words):
    pytest.importorskip("apprise")
    with pytest.raises(ConfigError, match=words):
        build(ChannelConfig(slug="phone", kind="apprise", options={"urls": urls}), Tools())


def test_hits_outside_the_text_are_named():
    alert = an_alert(because="", hits=(Hit(term="A. Writer", field="author", start=0, end=0),))

    assert "“A. Writer” in author" in printed(a_delivery(alert))
