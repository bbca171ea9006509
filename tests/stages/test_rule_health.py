"""Noisy and dead rules, judged by their own habits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from monitor.stages.rule_health import Record, of_record

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("today", "before", "age", "last", "state"),
    [
        (5, 28, 100, 0, "well"),
        (19, 0, 100, 0, "well"),  # few alerts are no noise
        (20, 28, 100, 0, "noisy"),  # ten times and more of one a day
        (20, 84, 100, 0, "well"),
        (40, 84, 100, 0, "noisy"),
        (500, 0, 1, 0, "well"),  # a young rule has no habits yet
        (30, 9, 10, 0, "noisy"),
        (0, 0, 100, 29, "well"),
        (0, 0, 100, 30, "dead"),
        (0, 0, 100, None, "dead"),
        (0, 0, 29, None, "well"),
    ],
)
def test_a_rule_is_judged_by_its_habits(today: int, before: int, age: int, last: int | None, state: str) -> None:
    record = Record(
        slug="kabul", today=today, before=before, since=NOW - age * DAY,
        last_match_at=None if last is None else NOW - last * DAY,
    )  # fmt: skip
    verdict = of_record(record, NOW)
    assert verdict.state == state
    assert ("rule kabul" in verdict.tell) is (state != "well")
