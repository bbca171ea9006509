"""The heartbeat: when the next one is due, and what it says. Pure.

Silence is ambiguous: nothing happened, or nothing works. A message that comes every day or week and counts what went
through each step tells the two apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

AT = time(8)  # of the operator's day; a weekly one comes on Mondays


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """What went through one source: each number is a part of the one before."""

    source: str
    announced: int
    articles: int  # not copies, not revisions
    matches: int
    alerts: int
    health: str = "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How things stand besides."""

    sent: int = 0
    waiting: int = 0
    dead: int = 0
    notices: tuple[str, ...] = ()  # trouble that stands, one line each


def last_due(every: str, zone: ZoneInfo, now: datetime) -> datetime:
    """Return the newest time not after `now` at which a heartbeat was due. `every`: 'daily' or 'weekly'."""
    local = now.astimezone(zone)
    day = local.date()
    if local.time() < AT:
        day -= timedelta(days=1)
    if every == "weekly":
        day -= timedelta(days=day.weekday())
    return datetime.combine(day, AT, tzinfo=zone).astimezone(UTC)


def span(every: str) -> timedelta:
    """Return the time a heartbeat covers."""
    return timedelta(days=7 if every == "weekly" else 1)


def message(funnels: Sequence[Funnel], state: State, every: str) -> tuple[str, str]:
    """Return subject and text."""
    ill = [one for one in funnels if one.health in ("failing", "gone", "quiet", "barren")]
    troubles = len(state.notices) + (1 if state.dead else 0)
    announced, alerts = sum(one.announced for one in funnels), sum(one.alerts for one in funnels)
    counted = f"{announced} entries, {_count(alerts, 'alert')}"
    if ill or troubles:
        what = _count(len(ill), "source") + " not well" if ill else _count(troubles, "trouble")
        subject = f"monitor: {what}; {counted}"
    else:
        subject = f"monitor: all is well; {counted}"
    period = "week" if every == "weekly" else "day"
    lines = [f"The last {period}: {counted}, {_count(state.sent, 'message')} sent."]
    if state.waiting or state.dead:
        lines.append(f"Waiting: {state.waiting}. Dead letters: {state.dead}.")
    if state.notices:
        lines += ["", "What stands:", *(f"  {text}" for text in state.notices)]
    lines += ["", "Source: announced > articles > matches > alerts"]
    for one in sorted(funnels, key=lambda funnel: (funnel not in ill, funnel.source)):
        note = "" if one.health == "ok" else f"  ({one.health})"
        lines.append(f"  {one.source}: {one.announced} > {one.articles} > {one.matches} > {one.alerts}{note}")
    return subject, "\n".join(lines)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
