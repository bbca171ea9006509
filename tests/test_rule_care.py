"""A rule that goes noisy is told of once and held back to a summary; one that finds nothing is told of."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from build import NOON, a_rule
from told import ROUTES, settle

from monitor.care import Care
from monitor.stages.restraint import Route
from monitor.store import rules
from monitor.store.connection import Connection, Store

DAY = timedelta(days=1)


@pytest.fixture
def store(tmp_path: Path):
    made = Store(tmp_path / "monitor.db")
    yield made
    made.close()


def told(store: Store, kind: str) -> list[str]:
    return store.read_now(
        lambda db: [
            r["subject"] for r in db.execute("SELECT subject FROM deliveries WHERE kind = ? ORDER BY id", (kind,))
        ]
    )


def test_a_noisy_rule_is_held_back_and_reported_once_and_once_again(store: Store) -> None:
    care = Care([Route(channel="desk", targets=("a@x.example",))])
    rule = a_rule(slug="drones", channels=("desk",))

    def quiet_month_then_a_flood(db: Connection) -> None:
        for day in range(20):
            settle(db, day, rule=rule, now=NOON - (21 - day) * DAY)
        for number in range(100, 125):
            settle(db, number, rule=rule, now=NOON - timedelta(hours=1))

    store.write_now(quiet_month_then_a_flood)
    assert asyncio.run(care.look_at_rules(store, NOON)) == 1
    assert asyncio.run(care.look_at_rules(store, NOON)) == 0
    (subject,) = told(store, "notice")
    assert "rule drones raised 25 alerts in 24 hours" in subject

    store.write_now(lambda db: [settle(db, number, rule=rule, now=NOON) for number in range(200, 203)])
    held = store.read_now(lambda db: db.execute("SELECT kind, because, (SELECT count(*) FROM delivery_alerts a"
        " WHERE a.delivery_id = d.id) AS n FROM deliveries d WHERE kind = 'summary'").fetchall())  # fmt: skip
    assert [(row["kind"], row["n"]) for row in held] == [("summary", 3)]
    assert "usual rate" in held[0]["because"]

    assert asyncio.run(care.look_at_rules(store, NOON + 3 * DAY)) == 1
    assert told(store, "notice")[-1] == "monitor: rule drones is as it used to be"
    store.write_now(lambda db: settle(db, 300, rule=rule, now=NOON + 3 * DAY))
    assert (
        len(store.read_now(lambda db: db.execute("SELECT id FROM deliveries WHERE kind = 'summary'").fetchall())) == 1
    )


def test_a_rule_without_a_match_for_a_month_is_reported(store: Store) -> None:
    care = Care(list(ROUTES.values()))

    def fill(db: Connection) -> None:
        settle(db, 1, rule=a_rule(slug="drones"), now=NOON - 31 * DAY)
        rules.save(db, a_rule(slug="new"), "", NOON)

    store.write_now(fill)
    assert asyncio.run(care.look_at_rules(store, NOON)) == 1
    assert told(store, "notice") == ["monitor: rule drones has matched nothing for 31 days"]
