"""When next: the interval of a source, back-off after errors, what `Retry-After` may ask of us.

Pure: `now` and `seed` are arguments; every answer is a time or a number of seconds. What a source's row says
was decided here. Not a scheduler: claiming what is due is the pipeline's work.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
LONGEST = 15 * DAY  # no answer of a server keeps us away for longer
FLOOR = 0.1  # seconds: no source is visited more often than this
_BACKOFF_CEILING = DAY


def fraction(*seed: object) -> float:
    """A number in [0, 1) that depends on `seed` alone: jitter that tests can repeat."""
    mark = hashlib.blake2b("\x1f".join(map(str, seed)).encode("utf-8", "replace"), digest_size=7).digest()
    return (int.from_bytes(mark) >> 3) / (1 << 53)  # 53 bits: all that a float tells apart


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds a `Retry-After` header asks for, in [0, 15 days]; None where it says nothing we understand."""
    text = (value or "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
        if not math.isfinite(seconds):
            return None
    except ValueError:
        try:
            then = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
        if then.tzinfo is None:
            then = then.replace(tzinfo=UTC)
        seconds = (then - now).total_seconds()
    if seconds <= 0:
        return None  # negative or past: as good as silent
    return min(seconds, LONGEST)


def max_age(cache_control: str | None) -> float | None:
    """Seconds of freshness from a `Cache-Control` header; None where it names none or forbids caching."""
    fresh: float | None = None
    for part in (cache_control or "").lower().split(","):
        name, _, value = part.strip().partition("=")
        if name in ("no-cache", "no-store"):
            return None
        if name == "max-age":
            digits = value.strip().strip('"')
            if digits.isascii() and digits.isdigit():
                fresh = float(min(int(digits[:12]), int(LONGEST)))
    return fresh


def interval(every: float, *, idle: int = 0, hint: float | None = None) -> float:
    """Seconds until the next visit of a source that works.

    `every` is the wanted interval and the floor. A source that had nothing new on its last `idle` visits is
    asked less and less often, up to four times `every` (six hours at most); news bring it back to `every` at
    once. `hint` is what the publisher asks for (ttl, max-age): it is honoured up to that same ceiling, or to
    an hour where the ceiling is lower, because many feeds carry a default nobody chose.
    """
    floor = max(every, FLOOR)
    ceiling = max(floor, min(4 * floor, 6 * HOUR))
    relaxed = min(floor * 1.25 ** min(max(idle - 3, 0), 32), ceiling)
    asked = min(max(hint or 0.0, 0.0), max(ceiling, HOUR))
    return max(relaxed, asked)


def idler(cursor: Mapping[str, Any], before: Mapping[str, Any]) -> Mapping[str, Any]:
    """The cursor after a visit without news: one more in a row, though the feed may have changed its dates or counters.

    A cursor that counts no idle visits is left as it is.
    """
    return {**cursor, "idle": min(int(before.get("idle", 0)) + 1, 32)} if "idle" in cursor else cursor


def after_success(
    now: datetime,
    every: float,
    *,
    idle: int = 0,
    hint: float | None = None,
    not_before: datetime | None = None,
    seed: object = "",
) -> datetime:
    """When to come again after a visit that worked; jitter of ±5 % keeps neighbours from marching in step.

    `not_before` (the server's wish, or skipHours) is a lower bound, believed for 15 days at most.
    """
    seconds = interval(every, idle=idle, hint=hint)
    seconds *= 0.95 + 0.1 * fraction(seed, now.isoformat())
    due = now + timedelta(seconds=max(seconds, FLOOR))
    if not_before is not None:
        due = max(due, min(not_before, now + timedelta(seconds=LONGEST)))
    return due


def after_failure(
    now: datetime,
    every: float,
    failures: int,
    *,
    retry_after: float | None = None,
    seed: object = "",
) -> datetime:
    """When to try again after `failures` errors in a row (1 is the first): doubles, at most a day, never ends.

    A `Retry-After` is a lower bound, capped at 15 days; a negative one is no wish at all.
    """
    base = max(every, MINUTE)
    seconds = min(base * 2.0 ** min(max(failures, 1) - 1, 20), max(_BACKOFF_CEILING, every))
    seconds *= 0.9 + 0.2 * fraction(seed, failures, now.isoformat())
    if retry_after is not None and retry_after > 0:
        asked = min(retry_after, LONGEST)
        seconds = max(seconds, asked * (1 + 0.02 * fraction(seed, "asked")))
    return now + timedelta(seconds=min(max(seconds, FLOOR), LONGEST * 1.02))


def skip(at: datetime, hours: Collection[int], days: Collection[str]) -> datetime:
    """The first time from `at` on that is outside a feed's `skipHours` and `skipDays` (UTC).

    A feed that skips everything skips nothing.
    """
    if not hours and not days:
        return at
    for step in range(24 * 8):
        candidate = at + timedelta(hours=step)
        if step:
            candidate = candidate.replace(minute=0, second=0, microsecond=0)
        if candidate.hour not in hours and candidate.strftime("%A").lower() not in days:
            return candidate
    return at
