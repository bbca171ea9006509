"""Which matches become alerts, and what is said of those that do not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from build import NOON, a_match, a_rule

from monitor.stages.alert import Subject, Told, raise_for, withdrawn
from monitor.stages.restraint import Silence

TOLD = Told(keys={"envoy/story:7": 3}, first={"envoy": 3})


def decide(rule=None, told=None, silences=(), match=None, **subject):
    subject = Subject(**{"article": 9, "story": 7, "source": "wire"} | subject)
    rule = rule or a_rule(channels=("desk",))
    (decision,) = raise_for(
        [match or a_match()], {rule.slug: rule}, subject, told=told or Told(), silences=silences, now=NOON
    )
    return decision


@pytest.mark.parametrize(
    ("once_per", "key"), [("story", "envoy/story:7"), ("article", "envoy/article:9"), ("day", "envoy/article:9")]
)
def test_the_key_decides_what_a_repeat_is(once_per, key):
    decision = decide(a_rule(once_per=once_per, severity="high", channels=("desk", "hook")))

    assert decision.outcome == "alert"
    assert decision.alert.key == key
    assert (decision.alert.severity, decision.alert.channels) == ("high", ("desk", "hook"))
    assert decision.update_of is None


def test_a_story_is_told_once():
    decision = decide(told=TOLD)

    assert (decision.outcome, decision.alert) == ("repeat", None)
    assert decision.because == "alert 3 told this story already"


def test_another_rule_may_tell_the_same_story():
    assert decide(told=Told(keys={"other/story:7": 3}, first={"other": 3})).outcome == "alert"


def test_a_rule_that_wants_updates_hears_of_each_article_of_the_story():
    decision = decide(a_rule(updates=True), told=TOLD)

    assert (decision.alert.key, decision.update_of) == ("envoy/article:9", 3)


def test_once_per_article_every_article_counts_but_each_once():
    rule = a_rule(once_per="article")

    assert decide(rule, told=TOLD).outcome == "alert"
    assert decide(rule, told=Told(keys={"envoy/article:9": 4}, first={"envoy": 4})).outcome == "repeat"


def test_a_revision_is_news_only_to_a_rule_that_wants_updates():
    assert decide(told=TOLD, revision=2).outcome == "repeat"
    assert decide(a_rule(once_per="article"), told=TOLD, revision=2).outcome == "repeat"
    decision = decide(a_rule(updates=True), told=TOLD, revision=2)
    assert (decision.alert.key, decision.update_of) == ("envoy/article:9/revision:2", 3)


def test_a_revision_that_matches_for_the_first_time_is_an_alert():
    assert decide(revision=2).alert.key == "envoy/story:7"


def test_what_came_with_the_first_poll_is_recorded_not_told():
    assert decide(baseline=True).outcome == "baseline"


def test_what_is_held_waits():
    assert decide(held=True).outcome == "held"


def test_suppressed_matches_stay_suppressed():
    decision = decide(match=a_match(suppressed=True, because="only in a teaser"))

    assert (decision.outcome, decision.because) == ("suppressed", "only in a teaser")


@pytest.mark.parametrize(
    ("age", "max_age", "outcome"),
    [
        (timedelta(days=8), 7 * 86400.0, "too-old"),
        (timedelta(days=7), 7 * 86400.0, "alert"),
        (timedelta(days=800), None, "alert"),
        (None, 60.0, "alert"),
        (timedelta(hours=-3), 60.0, "alert"),
    ],
)
def test_old_news_is_no_alert_and_an_unknown_date_is_not_old(age, max_age, outcome):
    published = None if age is None else NOON - age

    decision = decide(a_rule(max_age=max_age), published_at=published)

    assert decision.outcome == outcome
    if outcome == "too-old":
        assert decision.because == "published 8 days ago; the rule's max_age is 7 days"


def test_a_silence_is_named():
    silence = Silence(number=5, rule="envoy", source=None, until=NOON + timedelta(hours=1), comment="summit")

    decision = decide(silences=[silence])

    assert decision.outcome == "silenced"
    assert decision.because == "silence 5 until 2026-11-22 13:00 UTC: summit"


def test_a_match_of_a_rule_that_is_gone_is_left_out():
    subject = Subject(article=9, story=7, source="wire")

    assert raise_for([a_match(rule="gone")], {}, subject, told=Told(), silences=(), now=NOON) == ()


SAID = "The envoy met the minister."


def test_an_update_that_adds_no_sentence_that_matches_is_a_repeat():
    decision = decide(a_rule(updates=True), told=TOLD, earlier=(f"Talks go on. {SAID}",))

    assert decision.outcome == "repeat"
    assert decision.because == "alert 3 told this story already, and this article adds no sentence that matches"
    assert decide(a_rule(updates=True), told=TOLD, earlier=("Talks go on.",)).outcome == "alert"


def test_a_new_headline_is_no_update():
    title = a_match().hits[0]._replace(field="title", sentence="Envoy meets minister in Doha")
    decision = decide(a_rule(updates=True), told=TOLD, earlier=(SAID,), match=a_match(hits=(title,)))

    assert decision.outcome == "repeat"


def test_a_revision_elsewhere_is_a_repeat_and_a_withdrawn_sentence_is_not():
    rule = a_rule(updates=True)
    decision = decide(rule, told=TOLD, revision=1, earlier=(SAID,))
    assert (decision.outcome, decision.because) == (
        "repeat",
        "the article changed after alert 3, but not where the rule matches",
    )
    lost = withdrawn([a_match()], "Talks go on.")
    decision = decide(rule, told=TOLD, revision=1, earlier=(SAID,), match=lost["envoy"], withdrawn=lost)
    assert (decision.outcome, decision.update_of) == ("alert", 3)
    assert decision.because == f"the sentence that matched was changed or withdrawn: {SAID}"


def test_what_is_still_said_or_was_never_told_is_not_withdrawn():
    assert withdrawn([a_match()], f"Indeed: the envoy met the minister. {SAID}") == {}
    assert withdrawn([a_match(suppressed=True)], "Talks go on.") == {}
