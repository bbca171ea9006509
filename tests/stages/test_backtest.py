"""The tally of a backtest: alerts and messages as the outbox would have made them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from monitor.model import Hit, Rule
from monitor.stages.backtest import SAMPLES, Backtest
from monitor.stages.restraint import Policy, Route

START = datetime(2026, 11, 1, tzinfo=UTC)
HIT = Hit(term="Kabul", field="text", start=0, end=5)


def tally(rule: Rule, route: Route, minutes: list[float], **changes: object) -> Backtest:
    """The tally of one match a moment, each of a story of its own."""
    made = Backtest(rule=rule, routes={route.channel: route})
    for number, minute in enumerate(minutes, 1):
        fields = {"story": number, "published_at": None, **changes}
        made.add(
            article=number, source="wire", title=f"No. {number}", hit=HIT,
            seen_at=START + timedelta(minutes=minute), **fields,
        )  # fmt: skip
    return made


RULE = Rule(slug="kabul", query="Kabul", channels=("desk",))


def test_alerts_over_the_cap_share_a_message() -> None:
    route = Route(channel="desk", policy=Policy(cap=2, cap_window=timedelta(hours=1)))
    made = tally(RULE, route, [0, 1, 2, 3, 59, 61.5, 62])
    # Two at once, one summary due an hour after the third; then the first two have left the window: two more.
    assert (made.alerts, made.messages["desk"]) == (7, 5)


def test_the_window_of_a_cap_is_the_outboxs_own() -> None:
    """A message counts for less than the window, told apart by the minute, however many there are."""
    chance = Random(4)
    minutes = sorted(chance.uniform(0, 2_000) for _ in range(1_500))
    window, cap = timedelta(minutes=30), 5
    sent: list[datetime] = []
    due = START - window
    expected = 0
    for now in (START + timedelta(minutes=minute) for minute in minutes):
        if sum(1 for moment in sent if moment > now - window) < cap:
            sent.append(now)
            expected += 1
        elif due <= now:
            due = now + window
            expected += 1
    made = tally(RULE, Route(channel="desk", policy=Policy(cap=cap, cap_window=window)), minutes)
    assert made.messages["desk"] == expected


@pytest.mark.parametrize(
    ("rule", "policy", "messages"),
    [
        (RULE, Policy(digest="3600"), 3),
        (RULE, Policy(digest="0 */2 * * *"), 2),
        (Rule(slug="kabul", query="Kabul", channels=("desk",), once_per="day"), Policy(cap=1), 1),
        (RULE, Policy(severity="high"), 0),
    ],
)
def test_what_is_collected_is_one_message_until_it_is_due(rule: Rule, policy: Policy, messages: int) -> None:
    made = tally(rule, Route(channel="desk", policy=policy), [float(minute) for minute in range(1, 180, 2)])
    assert (made.alerts, made.messages["desk"]) == (90, messages)


def test_a_story_alerts_once_an_update_each_time_and_an_old_article_never() -> None:
    route = Route(channel="desk")
    assert tally(RULE, route, [0, 1, 2], story=7).alerts == 1
    assert tally(Rule(slug="kabul", query="Kabul", updates=True), route, [0, 1, 2], story=7).alerts == 3
    old = tally(RULE, route, [0, 1, 2], published_at=START - timedelta(days=30))
    assert (old.matches, old.too_old, old.alerts) == (3, 3, 0)


def test_a_few_samples_are_kept_of_many_matches() -> None:
    made = tally(RULE, Route(channel="desk"), [float(minute) for minute in range(40)])
    assert [sample.article for sample in made.samples] == list(range(1, SAMPLES + 1))
    assert made.found == set(range(1, 41))


def test_an_article_counts_once_and_a_later_appearance_may_still_be_news() -> None:
    made = Backtest(rule=Rule(slug="kabul", query="Kabul", max_age=2 * 86400.0))
    long_ago, now = START - timedelta(days=9), START
    for source, published_at in (("late", long_ago), ("soon", now), ("again", now)):
        made.add(article=1, story=1, source=source, title="", seen_at=now, published_at=published_at, hit=HIT)
    assert (made.matches, made.too_old, made.alerts) == (1, 1, 1)
    assert made.per_source == {"late": 1}
    assert [sample.source for sample in made.samples] == ["late"]
