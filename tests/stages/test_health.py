"""The health of sources: told once when it changes, judged by their own cadence."""

from __future__ import annotations

from datetime import timedelta

import pytest
from build import NOON

from monitor.stages import health


def hours_ago(*hours: float):
    return [NOON - timedelta(hours=h) for h in hours]


def test_a_hard_error_is_worth_telling_at_once():
    found = health.after_failure("wire", 1, "http-404", "HTTP 404: nothing is found")
    assert (found.state, found.tell) == ("failing", "wire has begun to fail: HTTP 404: nothing is found")


def test_a_soft_error_is_worth_telling_when_it_repeats():
    told = [bool(health.after_failure("wire", failures, "timeout", "slow").tell) for failures in range(1, 5)]
    assert told == [False, False, True, True]
    assert health.after_failure("wire", 1, "timeout", "slow").state == "failing"


def test_gone_names_the_way_back():
    found = health.after_failure("wire", 1, "http-410", "HTTP 410: gone for good", gone=True)
    assert found.state == "gone"
    assert "monitor feeds resume wire" in found.tell


def test_quiet_is_judged_by_the_sources_own_cadence():
    daily = hours_ago(*(24 * n + 60 for n in range(10)))
    weekly = hours_ago(*(168 * n + 200 for n in range(10)))
    assert health.of_record("daily", NOON, arrivals=daily).state == "ok"
    late = hours_ago(*(24 * n + 100 for n in range(10)))
    found = health.of_record("daily", NOON, arrivals=late)
    assert found.state == "quiet"
    assert found.tell == "daily has gone quiet: nothing new for 4 days; usually something within 24 h"
    assert health.of_record("weekly", NOON, arrivals=weekly).state == "ok"


def test_a_fast_source_is_not_called_quiet_over_night():
    fast = hours_ago(*(0.1 * n + 10 for n in range(50)))
    assert health.of_record("fast", NOON, arrivals=fast).state == "ok"
    assert health.of_record("fast", NOON, arrivals=hours_ago(*(0.1 * n + 30 for n in range(50)))).state == "quiet"


def test_too_little_history_judges_nobody():
    assert health.usual_gap(hours_ago(1, 2, 3)) is None
    assert health.of_record("new", NOON, arrivals=hours_ago(900, 901)).state == "ok"


@pytest.mark.parametrize(
    ("survived", "state"),
    [
        ([False] * 10, "barren"),
        ([False] * 9 + [True], "ok"),
        ([False] * 5, "ok"),
        ([False] * 10 + [True] * 5, "barren"),
    ],
)
def test_what_arrives_but_leaves_nothing_is_barren(survived: list[bool], state: str):
    found = health.of_record("wire", NOON, survived=survived)
    assert found.state == state
    assert bool(found.tell) is (state == "barren")
