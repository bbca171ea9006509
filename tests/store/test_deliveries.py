"""The outbox's rows: born once, joined, claimed by lane, never left behind."""

from __future__ import annotations

from datetime import timedelta

import pytest
from build import NOON, a_rule
from told import ROUTES, settle

from monitor.stages.restraint import Policy, Route
from monitor.store import alerts, deliveries, targets
from monitor.store.connection import connect, to_text, transaction
from monitor.store.deliveries import Lane
from monitor.store.schema import migrate

LANE = Lane("desk", "reader@example.org")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def db(tmp_path):
    db = connect(tmp_path / "monitor.db")
    migrate(db)
    with transaction(db):
        yield db
    db.close()


def rows(db, **where):
    clause = " AND ".join(f"{name} = ?" for name in where) or "1"
    return db.execute(f"SELECT * FROM deliveries WHERE {clause} ORDER BY id", tuple(where.values())).fetchall()


def claim(db, now=NOON, limit=10, run="run-1"):
    lanes = deliveries.due_lanes(db, now)
    return deliveries.claim(db, lanes, now, run, timedelta(minutes=5), limit)


def a_route(targets=("reader@example.org",), **policy):
    return {"desk": Route(channel="desk", targets=targets, policy=Policy(**policy))}


def test_an_alert_makes_one_delivery_for_each_target(db):
    routes = a_route(("a@example.org", "b@example.org")) | {"hook": Route(channel="hook", targets=("https://x",))}

    settle(db, 1, routes=routes)

    made = [(row["channel"], row["target"], row["state"]) for row in rows(db)]
    assert made == [
        ("desk", "a@example.org", "pending"),
        ("desk", "b@example.org", "pending"),
        ("hook", "https://x", "pending"),
    ]
    assert len({row["public_id"] for row in rows(db)}) == 3


def test_the_second_article_of_a_story_makes_none(db):
    _, first = settle(db, 1)
    story = db.execute("SELECT story_id FROM alerts WHERE id = ?", (first,)).fetchone()["story_id"]

    decision, second = settle(db, 2, story=story)

    assert (decision.outcome, second) == ("repeat", None)
    assert len(rows(db)) == 1


def test_the_key_is_unique_whatever_was_decided(db):
    decision, number = settle(db, 1)
    row = db.execute("SELECT * FROM alerts WHERE id = ?", (number,)).fetchone()

    again = alerts.add(
        db,
        decision.alert,
        match=row["match_id"],
        article=row["article_id"],
        story=row["story_id"],
        update_of=None,
        once_per="story",
        routes=ROUTES,
        now=NOON,
    )

    assert again is None
    assert len(rows(db)) == 1


def test_a_channel_takes_only_the_severities_it_wants(db):
    settle(db, 1, routes=a_route(severity="high"))
    assert rows(db) == []
    settle(db, 2, rule=a_rule(slug="urgent", severity="critical", channels=("desk",)), routes=a_route(severity="high"))
    assert len(rows(db)) == 1


def test_a_digest_collects_until_it_is_claimed(db):
    routes = a_route(digest="3600")
    for number in (1, 2, 3):
        settle(db, number, routes=routes, now=NOON + number * MINUTE)

    (row,) = rows(db)
    assert (row["kind"], row["group_key"], row["try_at"]) == ("digest", "digest", to_text(NOON + 61 * MINUTE))
    assert claim(db, NOON + 60 * MINUTE) == {}
    assert claim(db, NOON + 61 * MINUTE) == {LANE: [row["id"]]}
    settle(db, 4, routes=routes, now=NOON + 62 * MINUTE)
    assert [r["group_key"] for r in rows(db)] == ["", "digest"]
    (loaded, later) = deliveries.load(db, [r["id"] for r in rows(db)], alerts.views)
    assert ([a.article for a in loaded.alerts], [a.article for a in later.alerts]) == ([1, 2, 3], [4])


def test_over_the_cap_one_summary_holds_the_rest(db):
    routes = a_route(cap=2)
    for number in range(1, 41):
        settle(db, number, routes=routes)

    made = rows(db)
    assert [row["kind"] for row in made] == ["alert", "alert", "summary"]
    (summary,) = deliveries.load(db, [made[-1]["id"]], alerts.views)
    assert (len(summary.alerts), summary.more) == (10, 28)
    assert made[-1]["because"] == "over the cap of 2 in one hour"


def test_the_cap_counts_each_rule_for_itself_and_forgets(db):
    routes = a_route(cap=1)
    settle(db, 1, routes=routes)
    settle(db, 2, routes=routes, rule=a_rule(slug="other", channels=("desk",)))
    settle(db, 3, routes=routes, now=NOON + timedelta(hours=2))

    assert [row["kind"] for row in rows(db)] == ["alert", "alert", "alert"]


def test_once_a_day_is_one_message_with_every_match(db):
    rule = a_rule(once_per="day", channels=("desk",))
    for number in (1, 2):
        settle(db, number, rule=rule, now=NOON + number * MINUTE)

    (row,) = rows(db)
    (delivery,) = deliveries.load(db, [row["id"]], alerts.views)
    assert (row["group_key"], len(delivery.alerts)) == ("day/envoy", 2)


def test_updates_are_threaded_under_the_first_message(db):
    rule = a_rule(updates=True, channels=("desk",))
    _, first = settle(db, 1, rule=rule)
    story = db.execute("SELECT story_id FROM alerts WHERE id = ?", (first,)).fetchone()["story_id"]

    settle(db, 2, rule=rule, story=story)

    one, two = rows(db)
    assert (one["thread_id"], two["thread_id"]) == ("", one["public_id"])


def test_a_claim_is_exclusive_and_another_runs_is_void(db):
    settle(db, 1)

    assert claim(db) == {LANE: [1]}
    assert claim(db) == {}
    assert deliveries.recover(db, "run-1", NOON) == 0
    assert deliveries.recover(db, "run-2", NOON) == 1
    assert rows(db)[0]["state"] == "uncertain"
    assert claim(db, run="run-2") == {LANE: [1]}
    assert rows(db)[0]["attempts"] == 2


def test_what_was_not_begun_is_given_back_uncounted(db):
    settle(db, 1)
    claim(db)

    deliveries.release(db, [1])

    assert (rows(db)[0]["state"], rows(db)[0]["attempts"]) == ("pending", 0)


def test_a_failing_lane_claims_one_at_a_time_and_waits_its_hold(db):
    for number in range(1, 6):
        settle(db, number)
    targets.failed(db, LANE, "down", NOON)
    targets.hold(db, LANE, NOON + MINUTE)

    assert claim(db, NOON) == {}
    assert claim(db, NOON + MINUTE) == {LANE: [1]}


def test_failures_under_way_together_are_one(db):
    settle(db, 1)
    assert targets.failed(db, LANE, "down", NOON) == 1
    targets.hold(db, LANE, NOON + MINUTE)
    assert targets.failed(db, LANE, "down", NOON + timedelta(seconds=1)) == 1
    assert targets.failed(db, LANE, "down", NOON + 2 * MINUTE) == 2
    before = targets.worked(db, LANE, NOON + 3 * MINUTE)
    assert (before.failures, before.failing_since) == (2, NOON)
    assert targets.worked(db, LANE, NOON + 4 * MINUTE) is None
    assert targets.troubled(db) == []


def test_a_disabled_target_buries_what_waits_and_what_comes(db):
    settle(db, 1)
    assert targets.disable(db, LANE, "HTTP 410", NOON) == 1
    settle(db, 2)

    assert {row["state"] for row in rows(db)} == {"dead"}
    assert "HTTP 410" in rows(db)[1]["last_error"]
    assert claim(db) == {}
    assert targets.enable(db, LANE)
    settle(db, 3)
    assert claim(db) == {LANE: [3]}


def test_what_no_channel_takes_any_more_becomes_a_dead_letter(db):
    settle(db, 1, routes=a_route(("a@example.org", "b@example.org")))

    assert deliveries.orphans(db, {"desk": ["b@example.org"]}) == 1
    assert deliveries.orphans(db, {"desk": ["b@example.org"]}) == 0
    assert [row["state"] for row in rows(db)] == ["dead", "pending"]


def test_a_clock_that_was_ahead_strands_nothing(db):
    future = NOON + timedelta(days=900)
    settle(db, 1, now=future)
    settle(db, 2, routes=a_route(digest="3600"), now=future)
    settle(db, 3)
    claim(db)
    deliveries.postpone(db, 3, future, "down", "connect", uncertain=False)
    settle(db, 4)
    claim(db)
    deliveries.postpone(db, 4, NOON + timedelta(hours=5), "down", "connect", uncertain=True)
    targets.failed(db, LANE, "down", NOON)
    targets.hold(db, LANE, future)

    deliveries.clamp_clock(db, NOON, lambda channel, group: NOON + timedelta(hours=1))

    due = {row["id"]: row["try_at"] for row in rows(db)}
    assert due == {
        1: to_text(NOON),
        2: to_text(NOON + timedelta(hours=1)),
        3: to_text(NOON),
        4: to_text(NOON + timedelta(hours=5)),  # a wait that can be right is kept
    }
    assert targets.get(db, LANE).hold_until is None


def test_a_clock_set_back_takes_the_retries_with_it(db):
    settle(db, 1)
    claim(db)
    deliveries.postpone(db, 1, NOON + MINUTE, "down", "connect", uncertain=False)

    deliveries.shift_clock(db, 600.0)

    assert rows(db)[0]["try_at"] == to_text(NOON - 9 * MINUTE)


def test_sending_again_makes_a_new_delivery_and_keeps_the_old(db):
    _, number = settle(db, 1)
    deliveries.sent(db, 1, "250 ok", NOON)

    (again,) = deliveries.resend(db, number, ROUTES.values(), "envoy", NOON)
    (more,) = deliveries.resend(db, number, ROUTES.values(), "envoy", NOON)

    loaded = deliveries.load(db, [1, again, more], alerts.views)
    assert len({d.public_id for d in loaded}) == 3
    assert [len(d.alerts) for d in loaded] == [1, 1, 1]


def test_a_claim_costs_the_same_however_much_waits(db):
    """The plan of each query of a claim is a search of an index without sorting."""
    plans = []
    db.set_trace_callback(lambda sql: plans.append(sql) if "deliveries" in sql else None)
    settle(db, 1)
    plans.clear()
    claim(db)
    db.set_trace_callback(None)
    assert len(plans) >= 2
    for sql in plans:
        steps = [row["detail"] for row in db.execute("EXPLAIN QUERY PLAN " + sql)]
        assert not [step for step in steps if "SCAN deliveries" in step and "INDEX" not in step], steps
        assert not [step for step in steps if "TEMP B-TREE" in step], steps


def test_other_outlets_of_the_story_are_told_as_of_the_delivery(db):
    _, number = settle(db, 1, source="wire")
    story = db.execute("SELECT story_id FROM alerts").fetchone()["story_id"]
    settle(db, 2, story=story, source="paper")
    settle(db, 3, story=story, source="late", now=NOON + 9 * MINUTE)

    (view,) = alerts.views(db, [number], NOON + MINUTE)

    assert (view.outlet, view.story_outlets) == ("Outlet wire", ("Outlet paper",))
    assert view.hits[0].term == "envoy"


@pytest.mark.parametrize("targets", [1, 5])
def test_a_claim_takes_as_many_steps_with_three_thousand_waiting_as_with_thirty(db, targets):
    """Counted in steps of SQLite's virtual machine: a plan that walks over a lane's rows would show."""

    def steps():
        count = [0]

        def step():
            count[0] += 1

        db.set_progress_handler(step, 10)
        claim(db, limit=1)
        db.set_progress_handler(None, 0)
        return count[0]

    def fill(first, last):
        db.executemany(
            """INSERT INTO deliveries (public_id, channel, target, state, created_at, try_at)
               VALUES (?, 'desk', ?, 'pending', ?, ?)""",
            [(f"d{n}", f"r{n % targets}@example.org", to_text(NOON), to_text(NOON)) for n in range(first, last)],
        )

    fill(0, 30)
    few = steps()
    fill(30, 3000)
    assert steps() <= few * 1.2
