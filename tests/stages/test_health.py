"""The health of sources: told once when it changes, judged by their own cadence."""

from __future__ import annotations

from datetime import timedelta

import pytest
from build import NOON

from monitor.stages import health


def hours_ago(*hours: float) -> list:
    return [NOON - timedelta(hours=h) for h in hours]


def test_a_hard_error_is_told_at_once_and_once() -> None:
    first = health.after_failure("wire", "ok", 1, "http-404", "HTTP 404: nothing is found")
    assert (first.state, first.tell) == ("failing", "wire has begun to fail: HTTP 404: nothing is found")
    assert health.after_failure("wire", first.state, 2, "http-404", "HTTP 404").tell == ""


def test_a_soft_error_is_told_when_it_repeats() -> None:
    state, told = "ok", []
    for failures in range(1, 7):
        found = health.after_failure("wire", state, failures, "timeout", "did not finish")
        state = found.state
        told.append(bool(found.tell))
    assert told == [False, False, True, False, False, False]
    assert state == "failing"


def test_recovery_is_told_once() -> None:
    found = health.after_success("wire", "failing", NOON)
    assert (found.state, found.tell) == ("ok", "wire works again")
    assert health.after_success("wire", "ok", NOON).tell == ""
    assert health.after_success("wire", "new", NOON).tell == ""


def test_gone_is_told_with_the_way_back() -> None:
    found = health.after_failure("wire", "ok", 1, "http-410", "HTTP 410: gone for good", gone=True)
    assert found.state == "gone"
    assert "monitor feeds resume wire" in found.tell
    assert not health.after_failure("wire", "gone", 2, "http-410", "HTTP 410", gone=True).tell


def test_quiet_is_judged_by_the_sources_own_cadence() -> None:
    daily = hours_ago(*(24 * n + 60 for n in range(10)))
    weekly = hours_ago(*(168 * n + 200 for n in range(10)))
    assert health.after_success("daily", "ok", NOON, arrivals=daily).state == "ok"
    late = hours_ago(*(24 * n + 100 for n in range(10)))
    found = health.after_success("daily", "ok", NOON, arrivals=late)
    assert found.state == "quiet"
    assert found.tell == "daily has gone quiet: nothing new for 4 days; usually something within 24 h"
    assert health.after_success("weekly", "ok", NOON, arrivals=weekly).state == "ok"


def test_a_fast_source_is_not_called_quiet_over_night() -> None:
    fast = hours_ago(*(0.1 * n + 10 for n in range(50)))
    assert health.after_success("fast", "ok", NOON, arrivals=fast).state == "ok"
    assert (
        health.after_success("fast", "ok", NOON, arrivals=hours_ago(*(0.1 * n + 30 for n in range(50)))).state
        == "quiet"
    )


def test_too_little_history_judges_nobody() -> None:
    assert health.usual_gap(hours_ago(1, 2, 3)) is None
    assert health.after_success("new", "ok", NOON, arrivals=hours_ago(900, 901)).state == "ok"


@pytest.mark.parametrize(
    ("survived", "state"),
    [
        ([False] * 10, "barren"),
        ([False] * 9 + [True], "ok"),
        ([False] * 5, "ok"),
        ([False] * 10 + [True] * 5, "barren"),
    ],
)
def test_what_arrives_but_leaves_nothing_is_barren(survived: list[bool], state: str) -> None:
    found = health.after_success("wire", "ok", NOON, survived=survived)
    assert found.state == state
    assert bool(found.tell) is (state == "barren")


def test_news_after_silence_is_told() -> None:
    assert health.after_success("wire", "quiet", NOON).tell == "wire brings news again"
    assert health.after_success("wire", "barren", NOON).tell == "wire has text again"
