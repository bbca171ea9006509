"""Is a rule far noisier than it used to be, or has it found nothing for long? Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

NOISY_FACTOR = 10.0  # so many times its usual alerts a day
NOISY_FLOOR = 20  # alerts a day that nobody calls noise
WINDOW = timedelta(days=28)  # what 'usual' is taken from
YOUNG = timedelta(days=3)  # a rule has no habits before
DEAD = timedelta(days=30)  # without a match


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a rule did. `since`: its last change, or the first article of the store where that is later."""

    slug: str
    today: int  # alerts in the last 24 hours
    before: int  # alerts in `WINDOW` before that
    since: datetime
    last_match_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`state`: 'noisy', 'dead' or 'well'; `tell` says it in a sentence."""

    state: str
    tell: str = ""


def of_record(record: Record, now: datetime) -> Verdict:
    """Judge one rule by its own habits."""
    age = now - record.since
    if age >= YOUNG:
        days = max(1.0, min(age - timedelta(days=1), WINDOW) / timedelta(days=1))
        usual = record.before / days
        if record.today >= max(NOISY_FLOOR, NOISY_FACTOR * usual):
            tell = f"rule {record.slug} raised {record.today} alerts in 24 hours; usually {usual:.1f} a day"
            return Verdict(state="noisy", tell=tell)
    last = max(record.last_match_at, record.since) if record.last_match_at else record.since
    if now - last >= DEAD:
        return Verdict(state="dead", tell=f"rule {record.slug} has matched nothing for {(now - last).days} days")
    return Verdict(state="well")
