"""Alerts found, listed and marked; silences added, counted and ended; evidence and heartbeat gathered."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from build import NOON, a_document, a_match, a_rule
from told import ROUTES, settle

from monitor.stages import evidence as bundles
from monitor.stages.restraint import Route
from monitor.store import alerts, deliveries, evidence, heartbeat, notices
from monitor.store.connection import connect, transaction
from monitor.store.schema import migrate

UTC = ZoneInfo("UTC")
HOUR = timedelta(hours=1)


@pytest.fixture
def db(tmp_path):
    db = connect(tmp_path / "monitor.db")
    migrate(db)
    with transaction(db):
        yield db
    db.close()


def test_alerts_are_found_by_number_and_key(db):
    _, number = settle(db, 1)

    assert alerts.find(db, str(number)) == number
    assert alerts.find(db, "envoy/story:1") == number
    assert alerts.find(db, "envoy/story:99") is None
    assert alerts.find(db, "99") is None
    assert alerts.find(db, "²") is None


def test_the_newest_alerts_come_first_with_their_deliveries(db):
    settle(db, 1)
    settle(db, 2, now=NOON + HOUR)
    deliveries.sent(db, 1, "250 ok", NOON)

    rows = alerts.newest(db)

    assert [row["title"] for row in rows] == ["Talks, part 2", "Talks, part 1"]
    assert [json.loads(row["deliveries"]) for row in rows] == [{"pending": 1}, {"sent": 1}]
    assert [row["id"] for row in alerts.newest(db, since=NOON + HOUR)] == [2]
    assert alerts.newest(db, rule="other") == []
    assert len(alerts.newest(db, limit=1)) == 1


def test_a_mark_can_be_set_and_taken_back(db):
    _, number = settle(db, 1)

    assert alerts.mark(db, number, "noise", NOON)
    assert [row["mark"] for row in alerts.newest(db, mark="noise")] == ["noise"]
    assert alerts.mark(db, number, None, NOON)
    assert [row["id"] for row in alerts.newest(db, mark="none")] == [number]
    assert not alerts.mark(db, 99, "noise", NOON)


def test_a_silence_keeps_quiet_and_counts(db):
    number = alerts.add_silence(db, rule="envoy", source=None, until=NOON + HOUR, comment="summit", now=NOON)

    decision, alert = settle(db, 1)
    settle(db, 2, now=NOON + 2 * HOUR)

    assert (decision.outcome, alert) == ("silenced", None)
    assert db.execute("SELECT COUNT(*) FROM alerts").fetchone()[0] == 1
    (row,) = alerts.all_silences(db, past=True, now=NOON + 2 * HOUR)
    assert (row["id"], row["kept_quiet"], row["holds"]) == (number, 1, 0)
    assert alerts.all_silences(db, past=False, now=NOON + 2 * HOUR) == []


def test_a_silence_can_be_ended_once(db):
    number = alerts.add_silence(db, rule=None, source="wire", until=NOON + HOUR, comment="", now=NOON)

    assert [one.number for one in alerts.silences(db, NOON)] == [number]
    assert alerts.expire_silence(db, number, NOON)
    assert not alerts.expire_silence(db, number, NOON)
    assert alerts.silences(db, NOON) == []
    assert settle(db, 1)[0].outcome == "alert"


def test_a_story_told_again_after_its_silence_is_an_alert(db):
    alerts.add_silence(db, rule="envoy", source=None, until=NOON + HOUR, comment="", now=NOON)
    settle(db, 1)
    story = db.execute("SELECT MAX(id) FROM stories").fetchone()[0]

    decision, _ = settle(db, 2, story=story, now=NOON + 2 * HOUR)

    assert decision.outcome == "alert"


# ── evidence ────────────────────────────────────────────────────────────────────────────────────


def test_evidence_can_be_checked_without_the_program(db):
    document = a_document()
    _, number = settle(db, 1)
    db.execute("UPDATE entries SET document_sha256 = ?", (document.sha256,))
    deliveries.sent(db, 1, "250 2.0.0 queued as 4711", NOON)

    packed = bundles.bundle(evidence.gather(db, number), document)

    archive = zipfile.ZipFile(io.BytesIO(packed))
    assert archive.testzip() is None
    for line in archive.read("SHA256SUMS").decode().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256(archive.read(name)).hexdigest() == digest
    assert archive.read("document/body.txt") == document.body
    assert json.loads(archive.read("document/about.json"))["sha256"] == document.sha256
    text = archive.read("article/clean.txt").decode()
    match = json.loads(archive.read("match.json"))
    hit = match["evidence"][0]
    assert text[hit["start"] : hit["end"]] == hit["term"] == "envoy"
    assert json.loads(archive.read("deliveries.json"))[0]["receipt"] == "250 2.0.0 queued as 4711"
    assert json.loads(archive.read("rule.json"))["definition"]["query"] == "envoy"
    assert [row["entry_id"] for row in json.loads(archive.read("story.json"))] == [1]
    assert packed == bundles.bundle(evidence.gather(db, number), document)


def test_evidence_says_what_is_missing_or_changed(db):
    _, number = settle(db, 1)
    settle(db, 2, rule=a_rule(query="minister", channels=("desk",)), match=a_match(version=2))
    db.execute("UPDATE articles SET revisions = 2, text = 'short' WHERE id = 1")

    notes = bundles.notes(gathered := evidence.gather(db, number), "short", None)

    assert [note.split(" ")[:3] for note in notes] == [
        ["the", "document's", "bytes"],
        ["the", "rule", "changed"],
        ["the", "article", "changed"],
        ["a", "hit", "lies"],
    ]
    assert b"Note: the rule changed" in zipfile.ZipFile(io.BytesIO(bundles.bundle(gathered, None))).read("README.txt")
    assert "hash is not" in bundles.notes(gathered, "x" * 99, a_document("other"))[0]


def test_there_is_no_evidence_of_nothing(db):
    assert evidence.gather(db, 7) is None


# ── heartbeat ───────────────────────────────────────────────────────────────────────────────────


def beat(db, now, every="daily", zone=UTC):
    routes = [Route(channel="ops", targets=("a", "b"))]
    return heartbeat.beat(db, every=every, zone=zone, routes=routes, now=now)


def test_a_heartbeat_comes_once_a_day_and_not_on_the_first(db):
    assert beat(db, NOON) == []
    assert beat(db, NOON + 19 * HOUR) == []
    assert len(beat(db, NOON + 20 * HOUR)) == 2  # 08:00
    assert beat(db, NOON + 21 * HOUR) == []
    assert len(beat(db, NOON + 44 * HOUR)) == 2


def test_days_that_were_missed_are_one_heartbeat(db):
    beat(db, NOON)
    assert len(beat(db, NOON + timedelta(days=5))) == 2
    assert beat(db, NOON + timedelta(days=5) + HOUR) == []


def test_a_weekly_heartbeat_comes_on_mondays(db):
    beat(db, NOON, every="weekly")  # a Sunday
    assert len(beat(db, NOON + 20 * HOUR, every="weekly")) == 2
    assert beat(db, NOON + timedelta(days=7), every="weekly") == []


def test_a_clock_that_was_ahead_does_not_silence_it(db):
    beat(db, NOON + timedelta(days=400))
    assert beat(db, NOON) == []
    assert len(beat(db, NOON + 24 * HOUR)) == 2


def test_it_counts_what_went_through_each_source(db):
    beat(db, NOON)
    settle(db, 1, now=NOON + HOUR)
    settle(db, 2, now=NOON + HOUR, source="paper", baseline=True)
    settle(db, 3, now=NOON + HOUR, match=a_match(suppressed=True))

    beat(db, NOON + 20 * HOUR)

    row = db.execute("SELECT subject, body FROM deliveries WHERE channel = 'ops'").fetchone()
    assert row["subject"] == "monitor: all is well; 3 entries, 1 alert"
    assert "  wire: 2 > 2 > 1 > 1" in row["body"]
    assert "  paper: 1 > 1 > 1 > 0" in row["body"]


def test_it_does_not_say_all_is_well_when_it_is_not(db):
    beat(db, NOON)
    settle(db, 1)
    db.execute("UPDATE sources SET health = 'failing'")
    notices.begin(db, "source-failing/wire", "wire fails", NOON)

    beat(db, NOON + 20 * HOUR)

    row = db.execute("SELECT subject, body FROM deliveries WHERE channel = 'ops'").fetchone()
    assert row["subject"].startswith("monitor: 1 source not well")
    assert "wire fails" in row["body"]
    assert "(failing)" in row["body"]
    assert ROUTES["desk"].targets
