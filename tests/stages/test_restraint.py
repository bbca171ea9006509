"""When a channel speaks: tables of times, zones and severities."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.stages import restraint
from monitor.stages.restraint import Policy, Silence

FIRST, LAST = datetime(2026, 1, 1), datetime(2027, 12, 31)  # noqa: DTZ001 - Hypothesis wants them naive
BERLIN = ZoneInfo("Europe/Berlin")


def a_policy(zone: ZoneInfo = BERLIN, **changed: object) -> Policy:
    values: dict[str, object] = {
        "severity": "low",
        "digest": "",
        "quiet_hours": "",
        "quiet_days": (),
        "quiet_except": "critical",
        "cap": "",
        "day_at": "08:00",
    }
    return Policy.read(zone=zone, **(values | changed))


def at(text: str) -> datetime:
    """A wall-clock time in Berlin, as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


def place(policy: Policy, now: datetime, severity: str = "normal", once_per: str = "story", sent: int = 0):
    return restraint.place(policy, rule="envoy", severity=severity, once_per=once_per, sent=sent, now=now)


def test_without_restraint_it_goes_at_once():
    now = at("2026-11-22T09:30")

    placed = place(a_policy(), now)

    assert ("alert", "", now) == (placed.kind, placed.group, placed.due_at)


@pytest.mark.parametrize(
    ("digest", "now", "due"),
    [
        ("0 8 * * *", "2026-11-22T09:30", "2026-11-23T08:00"),
        ("0 8 * * *", "2026-11-22T07:59", "2026-11-22T08:00"),
        ("0 8 * * 1-5", "2026-11-20T09:00", "2026-11-23T08:00"),  # Friday to Monday: cron counts from Sunday
        ("0 8 * * 0", "2026-11-20T09:00", "2026-11-22T08:00"),  # Sunday
        ("0 8 * * 7", "2026-11-20T09:00", "2026-11-22T08:00"),
        ("0 8 * * 5-7", "2026-11-21T09:00", "2026-11-22T08:00"),
        ("0 8 * * sat,sun", "2026-11-22T09:00", "2026-11-28T08:00"),
        ("*/30 * * * *", "2026-11-22T09:31", "2026-11-22T10:00"),
        ("0 8 * * *", "2026-10-24T09:00", "2026-10-25T08:00"),  # the clock goes back in between
        ("2h", "2026-11-22T09:30", "2026-11-22T11:30"),
    ],
)
def test_digests_come_by_the_clock_of_the_channel(digest, now, due):
    placed = place(a_policy(digest=digest), at(now))

    assert ("digest", "digest", at(due)) == (placed.kind, placed.group, placed.due_at)


@pytest.mark.parametrize(
    ("hours", "now", "end"),
    [
        ("22:00-07:00", "2026-11-22T23:00", "2026-11-23T07:00"),
        ("22:00-07:00", "2026-11-22T03:00", "2026-11-22T07:00"),
        ("12:00-13:00", "2026-11-22T12:30", "2026-11-22T13:00"),
        ("22:00-07:00", "2026-10-24T23:00", "2026-10-25T07:00"),
        ("22:00-07:00", "2026-03-28T23:00", "2026-03-29T07:00"),
    ],
)
def test_quiet_hours_hold_until_they_end(hours, now, end):
    placed = place(a_policy(quiet_hours=hours), at(now))

    assert ("digest", "quiet", at(end)) == (placed.kind, placed.group, placed.due_at)


@pytest.mark.parametrize("now", ["2026-11-22T07:00", "2026-11-22T21:59", "2026-11-22T12:00"])
def test_outside_quiet_hours_nothing_is_held(now):
    assert place(a_policy(quiet_hours="22:00-07:00"), at(now)).kind == "alert"


def test_quiet_days_end_with_the_night_after_them():
    policy = a_policy(quiet_hours="22:00-07:00", quiet_days=("sat", "sun"))

    assert at("2026-11-23T07:00") == place(policy, at("2026-11-21T12:00")).due_at


def test_critical_alerts_break_the_quiet_unless_told_otherwise():
    night = at("2026-11-22T23:00")

    assert place(a_policy(quiet_hours="22:00-07:00"), night, severity="critical").kind == "alert"
    assert place(a_policy(quiet_hours="22:00-07:00"), night, severity="high").kind == "digest"
    assert place(a_policy(quiet_hours="22:00-07:00", quiet_except="none"), night, severity="critical").kind == "digest"


def test_what_is_over_the_cap_is_summed_up():
    policy, now = a_policy(cap="20/1h"), at("2026-11-22T09:30")

    assert place(policy, now, sent=19).kind == "alert"
    placed = place(policy, now, sent=20)
    assert ("summary", "cap/envoy", now + timedelta(hours=1)) == (placed.kind, placed.group, placed.due_at)
    assert placed.because == "over the cap of 20 in one hour"


def test_once_a_day_collects_a_rules_day():
    placed = place(a_policy(day_at="06:30"), at("2026-11-22T09:30"), once_per="day")

    assert ("digest", "day/envoy", at("2026-11-23T06:30")) == (placed.kind, placed.group, placed.due_at)


def test_severity_decides_what_a_channel_takes():
    policy = a_policy(severity="high")

    assert [restraint.wanted(policy, s) for s in restraint.SEVERITIES] == [False, False, True, True]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"digest": "tomorrow"}, "digest"),
        ({"digest": "61 8 * * *"}, "digest"),
        ({"digest": "0 8 * * 9"}, "digest"),
        ({"digest": "10s"}, "digest"),
        ({"quiet_hours": "22-7"}, "quiet_hours"),
        ({"quiet_hours": "22:00"}, "quiet_hours"),
        ({"quiet_hours": "25:00-07:00"}, "quiet_hours"),
        ({"cap": "twenty"}, "cap"),
        ({"cap": "0/1h"}, "cap"),
        ({"day_at": "8"}, "day_at"),
    ],
)
def test_a_fault_names_its_key(change, words):
    with pytest.raises(ValueError, match=words):
        a_policy(**change)


@given(st.datetimes(FIRST, LAST, timezones=st.just(UTC)), st.sampled_from(["", "0 8 * * *", "90m"]))
def test_a_held_alert_is_never_due_in_the_past_or_later_than_the_latest(moment, digest):
    now = moment
    policy = a_policy(digest=digest, quiet_hours="22:00-07:00", quiet_days=("sun",), cap="1/1h")

    for once_per in ("story", "day"):
        placed = place(policy, now, once_per=once_per, sent=1)
        assert placed.due_at >= now
        assert placed.due_at <= restraint.latest(policy, placed.group, now)
        assert placed.due_at - now < timedelta(days=3)


def test_silences_cover_a_rule_or_a_source_until_they_end():
    now = at("2026-11-22T09:30")
    rule = Silence(number=1, rule="envoy", source=None, until=now + timedelta(hours=1))
    source = Silence(number=2, rule=None, source="wire", until=now + timedelta(hours=2))

    assert rule == restraint.silenced([rule, source], "envoy", "wire", now)
    assert source == restraint.silenced([rule, source], "other", "wire", now)
    assert restraint.silenced([rule, source], "other", "paper", now) is None
    assert source == restraint.silenced([rule, source], "envoy", "wire", now + timedelta(hours=1))
    assert restraint.silenced([rule], "envoy", "wire", now + timedelta(hours=1)) is None
