"""When next: intervals, back-off, Retry-After, skipHours; every property with the clock as an argument."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.stages import pace

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)  # a Sunday


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 120 ", 120.0),
        ("1.5", 1.5),
        ("-5", None),
        ("0", None),
        ("99999999999999999999999", pace.LONGEST),
        ("1e400", None),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("", None),
        (None, None),
        (format_datetime(NOW + timedelta(minutes=5)), 300.0),
        ("Sun, 22 Nov 2026 12:10:00 GMT", 600.0),
        ("Sun, 22 Nov 2020 12:10:00 GMT", None),
        ("Sun, 22 Nov 2926 12:10:00 GMT", pace.LONGEST),
        ("Sun, 99 Nov 2026 12:10:00 GMT", None),
    ],
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    assert pace.retry_after(value, NOW) == seconds


@given(st.text(max_size=60))
def test_retry_after_survives_anything(value: str) -> None:
    found = pace.retry_after(value, NOW)
    assert found is None or 0 < found <= pace.LONGEST


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("max-age=300", 300.0),
        ("public, max-age=60, s-maxage=10", 60.0),
        ('max-age="90"', 90.0),
        ("no-cache, max-age=300", None),
        ("no-store", None),
        ("max-age=-3", None),
        ("max-age=lots", None),
        (f"max-age={'9' * 400}", pace.LONGEST),
        (None, None),
    ],
)
def test_max_age(value: str | None, seconds: float | None) -> None:
    assert pace.max_age(value) == seconds


def test_a_feed_with_news_is_asked_as_configured() -> None:
    assert pace.interval(900) == 900
    assert pace.interval(900, idle=3) == 900


def test_a_silent_feed_is_asked_less_often_up_to_a_ceiling() -> None:
    steps = [pace.interval(900, idle=idle) for idle in range(40)]
    assert steps == sorted(steps)
    assert steps[-1] == 3600
    assert pace.interval(43200, idle=30) == 43200  # a slow feed does not get slower than it was made


def test_a_publishers_wish_is_honoured_within_bounds() -> None:
    assert pace.interval(900, hint=1800) == 1800
    assert pace.interval(900, hint=86400) == 3600
    assert pace.interval(60, hint=86400) == 3600
    assert pace.interval(900, hint=-5) == 900


@given(st.floats(0, 1e7), st.integers(0, 100), st.none() | st.floats(-1e9, 1e9), st.integers())
def test_success_never_comes_again_at_once_nor_never(every: float, idle: int, hint: float | None, seed: int) -> None:
    due = pace.after_success(NOW, every, idle=idle, hint=hint, seed=seed)
    assert pace.FLOOR <= (due - NOW).total_seconds() <= max(every * 1.05, 6.3 * pace.HOUR)


def test_not_before_is_a_lower_bound_believed_for_fifteen_days() -> None:
    later = NOW + timedelta(hours=5)
    assert pace.after_success(NOW, 900, not_before=later) == later
    absurd = pace.after_success(NOW, 900, not_before=NOW + timedelta(days=4000))
    assert absurd == NOW + timedelta(days=15)


@given(st.floats(1, 1e6), st.integers(1, 200), st.integers())
def test_back_off_grows_is_capped_and_never_ends(every: float, failures: int, seed: int) -> None:
    wait = (pace.after_failure(NOW, every, failures, seed=seed) - NOW).total_seconds()
    assert 0 < wait <= max(every, pace.DAY) * 1.1 + 1
    much_later = (pace.after_failure(NOW, every, failures + 2, seed=seed) - NOW).total_seconds()
    assert much_later >= wait or wait >= 0.8 * pace.DAY


@given(st.floats(-1e12, 1e12), st.integers(1, 50))
def test_retry_after_is_a_lower_bound_and_capped(asked: float, failures: int) -> None:
    wait = (pace.after_failure(NOW, 900, failures, retry_after=asked) - NOW).total_seconds()
    assert wait >= min(asked, pace.LONGEST)
    assert wait <= pace.LONGEST * 1.03


def test_skip_hours_and_days() -> None:
    assert pace.skip(NOW, (), ()) == NOW
    assert pace.skip(NOW, (12, 13), ()) == NOW + timedelta(hours=2)
    assert pace.skip(NOW + timedelta(minutes=20), (12,), ()) == NOW + timedelta(hours=1)
    assert pace.skip(NOW, (), ("sunday",)) == datetime(2026, 11, 23, tzinfo=UTC)
    assert pace.skip(NOW, tuple(range(24)), ()) == NOW  # a feed that skips everything skips nothing


@given(st.text(), st.integers())
def test_jitter_is_repeatable_and_in_range(one: str, two: int) -> None:
    assert 0 <= pace.fraction(one, two) < 1
    assert pace.fraction(one, two) == pace.fraction(one, two)
