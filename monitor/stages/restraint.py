"""When a channel speaks: digests, quiet hours, caps, severities and silences. Pure decisions, each with its reason.

`place` answers for one alert and one channel: send it at once, or put it into a message that waits. Messages that
wait are found again by their `group`: one open message for each channel, target and group.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

SEVERITIES = ("low", "normal", "high", "critical")
NOISY_WAIT = timedelta(hours=1)  # alerts of a rule gone noisy are collected for so long
UTC_ZONE = ZoneInfo("UTC")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SPAN = re.compile(r"(\d+)\s*([smhd])")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """When a channel speaks. `read` makes one of what an operator wrote."""

    severity: str = "low"  # the least that is sent
    digest: str = ""  # cron expression, or seconds as text
    quiet_from: time | None = None
    quiet_to: time | None = None
    quiet_days: frozenset[int] = frozenset()  # 0 is Monday
    quiet_except: str = "critical"  # this and above are sent all the same; 'none': nothing is
    cap: int = 0  # messages; 0 is no cap
    cap_window: timedelta = timedelta(hours=1)
    day_at: time = time(8)
    zone: ZoneInfo = UTC_ZONE

    @staticmethod
    def read(
        *,
        severity: str,
        digest: str,
        quiet_hours: str,
        quiet_days: Iterable[str],
        quiet_except: str,
        cap: str,
        day_at: str,
        zone: ZoneInfo,
    ) -> Policy:
        """Return the policy that the texts mean. Raises ValueError that names the key and shows how to write it."""
        begin = end = None
        if quiet_hours:
            first, dash, last = quiet_hours.partition("-")
            begin, end = _clock(first, "quiet_hours"), _clock(last, "quiet_hours")
            if not dash or begin == end:
                raise ValueError(f"quiet_hours: {quiet_hours!r} is not a span such as '22:00-07:00'")
        count, window = _cap(cap)
        return Policy(
            severity=severity,
            digest=_schedule(digest, zone),
            quiet_from=begin,
            quiet_to=end,
            quiet_days=frozenset(DAYS.index(day) for day in quiet_days),
            quiet_except=quiet_except,
            cap=count,
            cap_window=window,
            day_at=_clock(day_at, "day_at"),
            zone=zone,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A channel as alerts see it: its targets, and when it speaks."""

    channel: str
    targets: tuple[str, ...] = ("",)
    policy: Policy = Policy()


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where one alert goes in one channel."""

    kind: str  # 'alert', 'digest', 'summary'
    group: str  # '' for a message of its own; else the open message it joins
    due_at: datetime
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """An operator's wish not to hear of a rule, a source, or anything, until a time."""

    number: int
    rule: str | None
    source: str | None
    until: datetime
    comment: str = ""


def wanted(policy: Policy, severity: str) -> bool:
    """Whether a channel takes alerts of this severity at all."""
    return _rank(severity) >= _rank(policy.severity)


def place(policy: Policy, *, rule: str, severity: str, once_per: str, sent: int, now: datetime) -> Placement:
    """Return where one alert goes. `sent`: messages of this rule to this channel within the policy's cap window.

    The order of precedence: once a day, digest, quiet hours, cap.
    """
    if once_per == "day":
        due = next_clock(policy.day_at, policy.zone, now)
        return Placement(kind="digest", group=f"day/{rule}", due_at=due, because="once a day, as the rule asks")
    if policy.digest:
        due = next_digest(policy, now)
        return Placement(kind="digest", group="digest", due_at=due, because="collected into the channel's digest")
    if is_quiet(policy, now) and not _breaks_silence(policy, severity):
        due = quiet_end(policy, now)
        return Placement(kind="digest", group="quiet", due_at=due, because="held over the channel's quiet hours")
    if policy.cap and sent >= policy.cap:
        due = now + policy.cap_window
        because = f"over the cap of {policy.cap} in {_words(policy.cap_window)}"
        return Placement(kind="summary", group=f"cap/{rule}", due_at=due, because=because)
    return Placement(kind="alert", group="", due_at=now)


def hold_back(rule: str, now: datetime) -> Placement:
    """Return where an alert goes whose rule is far over its usual rate: into a summary."""
    return Placement(
        kind="summary", group=f"cap/{rule}", due_at=now + NOISY_WAIT, because="its rule is far over its usual rate"
    )


def latest(policy: Policy, group: str, now: datetime) -> datetime:
    """Return the latest time an open message of `group` can rightly be due: a clock that jumped left it later."""
    if group.startswith("day/"):
        return next_clock(policy.day_at, policy.zone, now)
    if group == "digest" and policy.digest:
        return next_digest(policy, now)
    if group == "quiet":
        return quiet_end(policy, now)
    if group.startswith("cap/"):
        return now + policy.cap_window
    return now


def silenced(silences: Sequence[Silence], rule: str, source: str, now: datetime) -> Silence | None:
    """Return the silence that covers this rule and source, or None."""
    for one in silences:
        if one.until > now and one.rule in (None, rule) and one.source in (None, source):
            return one
    return None


# ── times ───────────────────────────────────────────────────────────────────────────────────────


def next_digest(policy: Policy, now: datetime) -> datetime:
    """Return when the next digest is due, in UTC: by cron in the policy's zone, or an interval from now."""
    if policy.digest.isdigit():
        return now + timedelta(seconds=int(policy.digest))
    fires = CronTrigger.from_crontab(policy.digest, timezone=policy.zone).get_next_fire_time(None, now)
    return now if fires is None else _utc(fires)


def next_clock(clock: time, zone: ZoneInfo, now: datetime) -> datetime:
    """Return the next time that a wall clock in `zone` shows `clock`, in UTC."""
    local = now.astimezone(zone)
    due = local.replace(hour=clock.hour, minute=clock.minute, second=0, microsecond=0, fold=0)
    if _utc(due) <= now:
        tomorrow = local.date() + timedelta(days=1)
        due = datetime.combine(tomorrow, clock, tzinfo=zone)
    return _utc(due)


def is_quiet(policy: Policy, now: datetime) -> bool:
    """Whether `now` falls into the policy's quiet hours or days."""
    local = now.astimezone(policy.zone)
    if local.weekday() in policy.quiet_days:
        return True
    if policy.quiet_from is None or policy.quiet_to is None:
        return False
    clock = local.time()
    if policy.quiet_from < policy.quiet_to:
        return policy.quiet_from <= clock < policy.quiet_to
    return clock >= policy.quiet_from or clock < policy.quiet_to


def quiet_end(policy: Policy, now: datetime) -> datetime:
    """Return when the quiet that holds at `now` ends, in UTC; `now` itself when there is none."""
    moment = now
    for _ in range(16):  # each step ends a night or a day; all seven days quiet would never end
        if not is_quiet(policy, moment):
            return moment
        local = moment.astimezone(policy.zone)
        if local.weekday() in policy.quiet_days:
            moment = next_clock(time(0), policy.zone, moment)
        elif policy.quiet_to is not None:
            moment = next_clock(policy.quiet_to, policy.zone, moment)
    return moment


def _breaks_silence(policy: Policy, severity: str) -> bool:
    return policy.quiet_except != "none" and _rank(severity) >= _rank(policy.quiet_except)


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else 1


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


# ── reading ─────────────────────────────────────────────────────────────────────────────────────


def _clock(text: str, key: str) -> time:
    found = _CLOCK.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{key}: {text.strip()!r} is not a time such as '08:00'")
    return time(int(found[1]), int(found[2]))


def _schedule(text: str, zone: ZoneInfo) -> str:
    """Return a cron expression, seconds as text, or ''."""
    text = text.strip()
    if found := _SPAN.fullmatch(text):
        seconds = int(found[1]) * _UNITS[found[2]]
        if seconds < 60:
            raise ValueError("digest: an interval needs a minute at least")
        return str(seconds)
    if text:
        try:
            text = _cron(text)
            CronTrigger.from_crontab(text, timezone=zone)
        except ValueError as error:
            raise ValueError(f"digest: {text!r} is neither '2h' nor a cron expression '0 8 * * *': {error}") from None
    return text


def _cron(text: str) -> str:
    """Return a cron expression with its days by name: cron counts from Sunday, CronTrigger from Monday."""
    parts = text.lower().split()
    if len(parts) != 5:
        raise ValueError(f"it has {len(parts)} fields, not 5")
    if parts[4] == "*":
        return " ".join(parts)
    names = ("sun", *DAYS)  # 0 and 7 are Sunday
    days: list[str] = []
    for part in parts[4].split(","):
        span, _, step = part.partition("/")
        first, last = ("0", "6") if span == "*" else (span.partition("-")[0], span.rpartition("-")[2])
        low = int(first) if first.isdigit() else names.index(first)
        high = int(last) if last.isdigit() else names.index(last, low)
        if not 0 <= low <= high <= 7:
            raise ValueError(f"no such days: {part!r}")
        days += [names[day] for day in range(low, high + 1, int(step or 1))]
    return " ".join([*parts[:4], ",".join(dict.fromkeys(days))])


def _cap(text: str) -> tuple[int, timedelta]:
    if not text.strip():
        return 0, timedelta(hours=1)
    count, slash, span = (part.strip() for part in text.partition("/"))
    found = _SPAN.fullmatch(span if span[:1].isdigit() else "1" + span)
    if not slash or not count.isdigit() or not int(count) or not found:
        raise ValueError(f"cap: {text!r} is not a number and a time such as '20/1h'")
    return int(count), timedelta(seconds=int(found[1]) * _UNITS[found[2]])


def _words(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    for unit, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds % unit == 0:
            count = seconds // unit
            return f"{count} {name}s" if count > 1 else f"one {name}"
    return f"{seconds} seconds"
