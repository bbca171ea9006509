"""The verbs of alerts and deliveries over a real store, without a daemon: each takes the lock and does it here."""

from __future__ import annotations

import asyncio
import io
import json
import threading
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from servers import SmtpServer, WebhookServer
from told import settle

from monitor import cli
from monitor.stages.restraint import Route
from monitor.store import deliveries
from monitor.store.connection import Store

CONFIG = """
[monitor]
state = "state"
[folders.drop]
path = "drop"
[rules.envoy]
query = "envoy"
[channels.desk]
kind = "file"
path = "alerts.jsonl"
"""
ROUTES = {"desk": Route(channel="desk")}


@pytest.fixture
def desk(tmp_path):
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "drop").mkdir()
    return tmp_path


@pytest.fixture
def told(desk):
    """Two alerts: one delivered, one a dead letter."""
    store = Store(desk / "state" / "monitor.db")
    now = datetime.now(UTC)

    def write(db):
        for number in (1, 2):
            settle(db, number, routes=ROUTES, now=now)
        lanes = deliveries.due_lanes(db, now)
        deliveries.claim(db, lanes, now, "run", timedelta(minutes=1), 9)
        deliveries.sent(db, 1, "written", now)
        deliveries.bury(db, 2, "550 no such user", "smtp-550")

    store.write_now(write)
    store.close()
    return desk


def monitor(desk, *arguments, code=0, input=None):
    result = CliRunner().invoke(cli.main, ["--config", str(desk / "config.toml"), *arguments], input=input)
    assert result.exit_code == code, result.output
    return result


def states(desk):
    store = Store(desk / "state" / "monitor.db")
    try:
        return store.read_now(lambda db: [r["state"] for r in db.execute("SELECT state FROM deliveries ORDER BY id")])
    finally:
        store.close()


def test_alerts_are_listed(told):
    rows = json.loads(monitor(told, "alerts", "list", "--json").stdout)

    assert [(row["id"], row["title"], row["deliveries"]) for row in rows] == [
        (2, "Talks, part 2", {"dead": 1}),
        (1, "Talks, part 1", {"sent": 1}),
    ]
    assert "Talks, part 2" in monitor(told, "alerts", "list", "--since", "1h", "--rule", "envoy").stdout
    assert "no alerts" in monitor(told, "alerts", "list", "--rule", "other").stderr


def test_an_alert_is_shown_with_its_evidence_and_receipts(told):
    text = monitor(told, "alerts", "show", "envoy/story:1").stdout

    for said in ("Talks, part 1", "The envoy met the minister.", "written", "envoy/story:1", "example.org/1"):
        assert said in text
    shown = json.loads(monitor(told, "alerts", "show", "1", "--json").stdout)
    assert shown["alert"]["hits"][0]["term"] == "envoy"
    assert "no alert 99" in monitor(told, "alerts", "show", "99", code=1).stderr


def test_an_alert_is_marked_and_listed_by_its_mark(told):
    monitor(told, "alerts", "mark", "1", "noise")
    assert [r["id"] for r in json.loads(monitor(told, "alerts", "list", "--mark", "noise", "--json").stdout)] == [1]
    monitor(told, "alerts", "mark", "1", "clear")
    assert json.loads(monitor(told, "alerts", "list", "--mark", "noise", "--json").stdout) == []
    assert "no alert 9" in monitor(told, "alerts", "mark", "9", "noise", code=1).stderr


def test_an_alert_is_sent_again(told):
    assert "would be sent through desk" in monitor(told, "alerts", "resend", "1", "--dry-run").stderr
    assert len(states(told)) == 2
    monitor(told, "alerts", "resend", "1")
    assert states(told) == ["sent", "dead", "pending"]
    assert "there are: desk" in monitor(told, "alerts", "resend", "1", "--channel", "nope", code=1).stderr


def test_evidence_is_a_zip(told, tmp_path):
    out = tmp_path / "bundle.zip"

    assert monitor(told, "evidence", "1", "-o", str(out)).stdout.strip() == str(out)

    names = zipfile.ZipFile(io.BytesIO(out.read_bytes())).namelist()
    assert {"README.txt", "SHA256SUMS", "article/clean.txt", "match.json", "deliveries.json"} <= set(names)
    assert "there already" in monitor(told, "evidence", "1", "-o", str(out), code=2).stderr
    monitor(told, "evidence", "1", "-o", str(out), "--force")


def test_dead_letters_are_listed_retried_and_dropped(told):
    listed = json.loads(monitor(told, "deliveries", "list", "--json").stdout)["deliveries"]
    assert [(row["id"], row["state"], row["last_error"]) for row in listed] == [(2, "dead", "550 no such user")]
    assert "dead" in monitor(told, "deliveries", "list").stdout
    assert "1 dead letters would be due" in monitor(told, "deliveries", "retry", "--all", "--dry-run").stderr
    assert states(told) == ["sent", "dead"]
    assert "Drop 1 dead letters? Nobody is here" in monitor(told, "deliveries", "drop", "2", code=2).stderr
    monitor(told, "deliveries", "drop", "2", "--yes")
    assert states(told) == ["sent", "dropped"]
    assert "0 deliveries are due" in monitor(told, "deliveries", "retry", "--channel", "desk").stderr
    assert (
        len(json.loads(monitor(told, "deliveries", "list", "--state", "dropped", "--json").stdout)["deliveries"]) == 1
    )


def test_a_retry_makes_them_due(told):
    monitor(told, "deliveries", "retry", "2")
    assert states(told) == ["sent", "pending"]


def test_a_number_that_is_no_dead_letter_is_refused_with_its_state(told):
    for verb in (["retry"], ["drop", "--yes"]):
        said = monitor(told, "deliveries", *verb, "1", "2", "77", code=1).stderr
        assert "delivery 1 is sent; there is no delivery 77: only dead letters can be named" in said
    assert states(told) == ["sent", "dead"]


def test_a_letter_to_a_channel_that_is_gone_is_not_tried_in_vain(told):
    config = told / "config.toml"
    config.write_text(config.read_text().replace("channels.desk", "channels.other"))

    for which in (["2"], ["--all"], ["--channel", "desk"], ["--channel", "nope"]):
        said = monitor(told, "deliveries", "retry", *which, code=1).stderr
        assert "the configuration has no channel" in said
        assert "monitor deliveries drop --channel" in said
    assert states(told) == ["sent", "dead"]


@pytest.mark.parametrize("arguments", [[], ["2", "--all"], ["--target", "x"], ["--all", "--channel", "desk"]])
def test_what_is_meant_must_be_said_once(told, arguments):
    assert "Name deliveries" in monitor(told, "deliveries", "retry", *arguments, code=2).stderr


def test_silences_come_and_go(told):
    said = monitor(told, "silence", "add", "envoy", "--for", "2h", "--comment", "summit").stderr
    assert "silence 1 until" in said
    (row,) = json.loads(monitor(told, "silence", "list", "--json").stdout)
    assert (row["rule"], row["comment"], row["holds"]) == ("envoy", "summit", 1)
    assert "in 2 h" in monitor(told, "silence", "list").stdout
    monitor(told, "silence", "expire", "1")
    assert "no silences" in monitor(told, "silence", "list").stderr
    assert "no silence 1 holds" in monitor(told, "silence", "expire", "1", code=1).stderr
    assert "over" in monitor(told, "silence", "list", "--all").stdout


def test_a_silence_names_what_there_is(told):
    assert "no rule 'envoi'" in monitor(told, "silence", "add", "envoi", "--for", "2h", code=2).stderr
    assert "no source 'wire'" in monitor(told, "silence", "add", "--source", "wire", "--for", "2h", code=2).stderr
    assert "not a duration" in monitor(told, "silence", "add", "envoy", "--for", "soon", code=2).stderr
    assert "--yes" in monitor(told, "silence", "add", "--for", "2h", code=2).stderr
    monitor(told, "silence", "add", "--for", "2h", "--yes")
    monitor(told, "silence", "add", "--source", "drop", "--for", "2h")


def test_a_store_that_is_not_there_is_told(desk):
    assert "no store" in monitor(desk, "alerts", "list", code=73).stderr


class Serving:
    """A server on an event loop of its own thread, while a command runs here."""

    def __init__(self, server):
        self.server = server
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)

    def __enter__(self):
        self.thread.start()
        asyncio.run_coroutine_threadsafe(self.server.__aenter__(), self.loop).result()
        return self.server

    def __exit__(self, *exc):
        asyncio.run_coroutine_threadsafe(self.server.__aexit__(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


def hook(desk, server, extra=""):
    config = f'[channels.hook]\nkind = "webhook"\nurl = "{server.url()}"\nallow_private = true\n{extra}'
    (desk / "config.toml").write_text(CONFIG + config)


def test_a_channel_can_be_tried(desk):
    with Serving(WebhookServer()) as server:
        hook(desk, server)
        result = monitor(desk, "notify", "test", "hook", "--rule", "envoy", "--json")

    (row,) = json.loads(result.stdout)
    assert (row["outcome"], row["answer"]) == ("accepted", "HTTP 204")
    body = json.loads(server.calls[0].body)
    assert (body["type"], body["data"]["alerts"][0]["rule"]) == ("test", "envoy")


@pytest.mark.parametrize(("status", "code"), [(503, 69), (400, 1)])
def test_a_trial_says_what_went_wrong(desk, status, code):
    with Serving(WebhookServer(answers=[status])) as server:
        hook(desk, server)
        assert f"HTTP {status}" in monitor(desk, "notify", "test", "hook", code=code).stdout


def test_a_trial_goes_to_every_recipient(desk):
    with Serving(SmtpServer()) as server:
        mail = f"""[channels.mail]
kind = "email"
host = "127.0.0.1"
port = {server.port}
security = "plain"
from = "monitor@example.net"
to = ["a@example.org", "b@example.org"]
"""
        (desk / "config.toml").write_text(CONFIG + mail)
        dry = monitor(desk, "notify", "test", "mail", "--dry-run", "--json")
        assert [row["target"] for row in json.loads(dry.stdout)] == ["a@example.org", "b@example.org"]
        assert server.mails == []
        monitor(desk, "notify", "test", "mail")

    assert sorted(mail.recipient for mail in server.accepted) == ["a@example.org", "b@example.org"]
    assert "[test]" in server.accepted[0].message["Subject"]


def test_an_unknown_channel_names_the_known(desk):
    assert "there are: desk" in monitor(desk, "notify", "test", "mail", code=2).stderr
