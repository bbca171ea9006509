"""When a delivery is tried again, and when it is given up: pure sums, no clock, no chance.

The steps are those that the Standard Webhooks specification recommends, continued daily for a week.
"""

from __future__ import annotations

# Seconds to wait after the first, second, … failed attempt.
STEPS: tuple[float, ...] = (5, 300, 1800, 7200, 18000, 36000, 50400, 86400)
ATTEMPTS = 15  # the last one comes about a week after the first
LONGEST = 86400 * 1.1  # seconds; no retry is ever further away than this
RETRY_AFTER_LIMIT = 86400.0  # seconds; nobody may ask us to be silent for longer
HOLD_LIMIT = 1800.0  # seconds; a failing target is asked this often at least


def delay(attempts: int, *, jitter: float, retry_after: float | None = None) -> float | None:
    """Return seconds until the next attempt after `attempts` failed ones, or None to give up.

    `jitter` in [0, 1) spreads the result over ±10 %. A `retry_after` of the other side is a lower bound.
    """
    if attempts >= ATTEMPTS:
        return None
    step = STEPS[min(max(attempts, 1), len(STEPS)) - 1] * (0.9 + 0.2 * jitter)
    if retry_after is None:
        return step
    return max(step, min(max(retry_after, 0.0), RETRY_AFTER_LIMIT))


def hold(failures: int, *, jitter: float, retry_after: float | None = None) -> float:
    """Return seconds for which a whole target is left alone after `failures` failures in a row.

    Shorter than `delay`: one attempt every half hour finds out when a server is back, and costs nothing.
    """
    step = min(STEPS[min(max(failures, 1), len(STEPS)) - 1], HOLD_LIMIT) * (0.9 + 0.2 * jitter)
    if retry_after is None:
        return step
    return max(step, min(max(retry_after, 0.0), RETRY_AFTER_LIMIT))
