"""Dead letters: listed, tried again under the same id, dropped."""

from __future__ import annotations

from datetime import timedelta

import pytest
from build import NOON
from told import ROUTES, settle

from monitor.stages.restraint import Route
from monitor.store import deliveries, letters, notices, targets
from monitor.store.connection import connect, to_text, transaction
from monitor.store.deliveries import Lane
from monitor.store.schema import migrate


@pytest.fixture
def db(tmp_path):
    db = connect(tmp_path / "monitor.db")
    migrate(db)
    with transaction(db):
        yield db
    db.close()


def dead(db, *numbers, routes=ROUTES):
    for number in numbers:
        settle(db, number, routes=routes)
    lanes = deliveries.due_lanes(db, NOON)
    for claimed in deliveries.claim(db, lanes, NOON, "run", timedelta(minutes=1), 99).values():
        for number in claimed:
            deliveries.bury(db, number, "550 no such user", "smtp-550")


def states(db):
    return [row["state"] for row in db.execute("SELECT state FROM deliveries ORDER BY id")]


def test_the_dead_are_listed_first(db):
    dead(db, 1)
    settle(db, 2)

    rows = letters.listing(db)

    assert [(row["id"], row["state"], row["alerts"]) for row in rows] == [(1, "dead", 1), (2, "pending", 1)]
    assert rows[0]["last_error"] == "550 no such user"
    assert letters.listing(db, channel="other") == []
    assert letters.listing(db, states=("sent",)) == []


def test_a_retry_begins_anew_under_the_same_id(db):
    dead(db, 1, 2)
    before = db.execute("SELECT public_id FROM deliveries WHERE id = 1").fetchone()["public_id"]

    assert letters.retry(db, numbers=[1], now=NOON) == 1

    row = db.execute("SELECT * FROM deliveries WHERE id = 1").fetchone()
    assert (row["state"], row["attempts"], row["public_id"]) == ("pending", 0, before)
    assert states(db) == ["pending", "dead"]


def test_only_dead_letters_are_meant(db):
    settle(db, 1)

    assert letters.retry(db, numbers=[1], now=NOON) == 0
    assert letters.drop(db, now=NOON) == 0
    assert states(db) == ["pending"]


def test_a_channel_or_a_target_of_it_can_be_chosen(db):
    routes = {slug: Route(channel=slug, targets=("a", "b")) for slug in ("desk", "hook")}
    dead(db, 1, routes=routes)

    assert letters.drop(db, channel="hook", target="b", now=NOON) == 1
    assert letters.retry(db, channel="hook", now=NOON) == 1
    assert letters.drop(db, now=NOON) == 2
    assert states(db) == ["dropped", "dropped", "pending", "dropped"]


def test_a_retry_enables_a_disabled_target(db):
    settle(db, 1)
    lane = Lane("desk", "reader@example.org")
    targets.disable(db, lane, "HTTP 410", NOON)

    letters.retry(db, channel="desk", target="reader@example.org", now=NOON)

    assert targets.get(db, lane).disabled_at is None
    assert states(db) == ["pending"]
    assert deliveries.due_lanes(db, NOON) == [lane]


def test_a_disabled_target_without_dead_letters_is_enabled_too(db):
    lane = Lane("desk", "reader@example.org")
    targets.disable(db, lane, "HTTP 410", NOON)

    letters.retry(db, channel="desk", target="reader@example.org", now=NOON)

    assert targets.get(db, lane).disabled_at is None


def test_an_alert_knows_all_its_deliveries(db):
    _, number = settle(db, 1)
    deliveries.resend(db, number, ROUTES.values(), "envoy", NOON)

    assert [row["id"] for row in letters.of_alert(db, number)] == [1, 2]


def test_a_channel_tried_again_sends_what_waits_for_its_next_attempt_too(db):
    settle(db, 1)
    lane = Lane("desk", "reader@example.org")
    deliveries.claim(db, [lane], NOON, "run", timedelta(minutes=30), 16)
    later = NOON + timedelta(hours=2)
    targets.failed(db, lane, "421 too busy", NOON)
    targets.hold(db, lane, later)
    deliveries.postpone(db, 1, later, "421 too busy", "smtp-421", uncertain=True)
    assert letters.listing(db)[0]["next_at"] == to_text(later)
    assert deliveries.due_lanes(db, NOON) == []

    assert letters.retry(db, channel="other", now=NOON) == 0
    assert letters.retry(db, channel="desk", now=NOON) == 1

    assert deliveries.due_lanes(db, NOON) == [lane]
    assert states(db) == ["uncertain"]


def test_the_listing_knows_that_a_lane_is_left_alone(db):
    settle(db, 1)
    until = NOON + timedelta(minutes=30)
    targets.failed(db, Lane("desk", "reader@example.org"), "421 too busy", NOON)
    targets.hold(db, Lane("desk", "reader@example.org"), until)

    assert letters.listing(db)[0]["next_at"] == to_text(until)


def test_a_letter_to_a_channel_that_is_gone_stays_dead(db):
    dead(db, 1)

    assert letters.retry(db, now=NOON, known={"other": ("",)}) == 0
    assert states(db) == ["dead"]
    assert letters.retry(db, now=NOON, known={"desk": ("reader@example.org",)}) == 1


def test_a_number_that_is_no_dead_letter_is_told(db):
    dead(db, 1)
    settle(db, 2)

    assert letters.not_dead(db, [1, 2, 99]) == {2: "pending", 99: None}


def test_the_trouble_is_over_with_the_last_dead_letter_that_is_dropped(db):
    dead(db, 1, 2)
    notices.begin(db, Lane("desk", "reader@example.org").notice("dead-letter"), "a mailbox is gone", NOON)

    letters.drop(db, numbers=[1], now=NOON)
    assert len(notices.standing(db)) == 1
    letters.drop(db, numbers=[2], now=NOON)
    assert notices.standing(db) == []


def test_a_target_that_is_configured_no_more_is_no_trouble(db):
    kept, gone = Lane("desk", "a"), Lane("desk", "b")
    for lane in (kept, gone):
        targets.failed(db, lane, "421 too busy", NOON)
        targets.hold(db, lane, NOON + timedelta(hours=1))
        notices.begin(db, lane.notice("channel-failing"), f"{lane.target} fails", NOON)

    assert targets.forget(db, {"desk": ("a",)}, NOON) == 1

    assert [one.lane for one in targets.troubled(db)] == [kept]
    assert [notice.text for notice in notices.standing(db)] == ["a fails"]
    assert targets.get(db, gone).hold_until is None
