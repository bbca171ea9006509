"""Back-off grows, is capped, honours Retry-After, and ends."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.stages import backoff

JITTER = st.floats(0, 1, exclude_max=True)


def test_the_steps_are_those_of_the_specification():
    waits = [backoff.delay(n, jitter=0.5) for n in range(1, 10)]

    assert [round(wait) for wait in waits] == [5, 300, 1800, 7200, 18000, 36000, 50400, 86400, 86400]


def test_it_goes_on_for_a_week_and_then_gives_up():
    waits = []
    while (wait := backoff.delay(len(waits) + 1, jitter=0)) is not None:
        waits.append(wait)

    assert 6 * 86400 <= sum(waits) <= 8 * 86400
    assert backoff.delay(1000, jitter=0) is None


@given(st.integers(1, 11), JITTER, JITTER)
def test_it_never_shrinks_but_for_jitter(attempts, one, two):
    now, then = backoff.delay(attempts, jitter=one), backoff.delay(attempts + 1, jitter=two)

    assert then >= now / 1.25
    assert then <= backoff.LONGEST


@given(st.integers(1, 12), JITTER, st.floats(0, 1e9))
def test_retry_after_is_a_lower_bound_with_a_limit(attempts, jitter, asked):
    plain = backoff.delay(attempts, jitter=jitter)
    wait = backoff.delay(attempts, jitter=jitter, retry_after=asked)

    assert wait == max(plain, min(asked, backoff.RETRY_AFTER_LIMIT))


@given(st.integers(1, 10_000), JITTER)
def test_a_failing_target_is_asked_every_half_hour_at_least(failures, jitter):
    assert 4 <= backoff.hold(failures, jitter=jitter) <= 1800 * 1.1


def test_a_target_may_ask_for_longer():
    assert backoff.hold(1, jitter=0.5, retry_after=7200) == 7200
