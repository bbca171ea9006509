"""Which matches of a settled article are worth saying, and why the others are not. Pure; nothing is rendered here.

A match becomes an alert once per key. The store holds keys unique, so this room only has to name them well:

    rule/story:7                   once_per = "story"
    rule/article:9                 once_per = "article" and "day" (a day's alerts share a message), and updates
    rule/article:9/revision:2      an article that changed, for rules that ask for updates
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from monitor.model import Alert, Hit, Match, Rule
from monitor.stages.restraint import Silence, silenced


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What has been said about a story and an article before."""

    keys: Mapping[str, int] = field(default_factory=dict)  # alert key → alert number
    first: Mapping[str, int] = field(default_factory=dict)  # rule → its first alert of the story


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The settled article, as far as alerts care."""

    article: int
    story: int
    source: str
    published_at: datetime | None = None  # unknown is never too old
    revision: int = 0  # how often the article changed; 0 for its first text
    baseline: bool = False  # came with the first poll of its source
    held: bool = False  # part of a flood
    earlier: tuple[str, ...] = ()  # what the story's other articles say, and what this one said before
    withdrawn: Mapping[str, Match] = field(default_factory=dict)  # rule → what matched before and is gone


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What became of one match. `outcome` and `because` are stored with it."""

    match: Match
    outcome: str  # alert, repeat, baseline, held, too-old, silenced, suppressed
    because: str
    alert: Alert | None = None
    update_of: int | None = None


def raise_for(
    matches: Sequence[Match],
    rules: Mapping[str, Rule],
    subject: Subject,
    *,
    told: Told,
    silences: Sequence[Silence],
    now: datetime,
) -> tuple[Decision, ...]:
    """Return a decision for each match, in order. A match whose rule is not in `rules` any more is left out."""
    return tuple(
        _decide(match, rules[match.rule], subject, told, silences, now) for match in matches if match.rule in rules
    )


def withdrawn(before: Sequence[Match], text: str) -> dict[str, Match]:
    """What matched in an article before and is not said by its new `text`: rule → a match with the lost sentences."""
    if not before:
        return {}
    from monitor.stages.differences import Said  # numpy: only where an article has changed

    said = Said([text])
    lost: dict[str, Match] = {}
    for match in before:
        gone = [hit for hit in match.hits if hit.field == "text" and not said.has(hit.sentence)]
        if gone and not match.suppressed:
            because = f"the sentence that matched was changed or withdrawn: {gone[0].sentence}"
            hits = tuple(hit._replace(field="withdrawn", start=0, end=0, sentence_start=0) for hit in gone)
            lost[match.rule] = replace(match, hits=hits, because=because)
    return lost


def _decide(
    match: Match, rule: Rule, subject: Subject, told: Told, silences: Sequence[Silence], now: datetime
) -> Decision:
    if match.suppressed:
        return Decision(match=match, outcome="suppressed", because=match.because or "only in text that was removed")
    if subject.baseline:
        because = "stored with the source's first poll: not news to anybody"
        return Decision(match=match, outcome="baseline", because=because)
    if subject.held:
        return Decision(match=match, outcome="held", because="part of a flood of entries: waits for release")
    if too_old(rule, subject.published_at, now):
        assert subject.published_at is not None
        assert rule.max_age is not None
        because = f"published {_days(now - subject.published_at)} ago; the rule's max_age is {_days(rule.max_age)}"
        return Decision(match=match, outcome="too-old", because=because)
    if silence := silenced(silences, match.rule, subject.source, now):
        comment = f": {silence.comment}" if silence.comment else ""
        because = f"silence {silence.number} until {silence.until:%Y-%m-%d %H:%M} UTC{comment}"
        return Decision(match=match, outcome="silenced", because=because)
    key, update_of, because = _key(match, rule, subject, told)
    if not key or key in told.keys:
        return Decision(match=match, outcome="repeat", because=because or f"alert {told.keys[key]} said it already")
    alert = Alert(
        key=key,
        rule=rule.slug,
        match=match,
        channels=rule.channels,
        severity=rule.severity,
        created_at=now,
        because=match.because,
    )
    return Decision(match=match, outcome="alert", because=match.because, alert=alert, update_of=update_of)


def too_old(rule: Rule, published_at: datetime | None, now: datetime) -> bool:
    """Whether an article is older than its rule wants. An unknown date never is."""
    if rule.max_age is None or published_at is None:
        return False
    return now - published_at > timedelta(seconds=rule.max_age)


def _key(match: Match, rule: Rule, subject: Subject, told: Told) -> tuple[str, int | None, str]:
    """Return (key, number of the alert it updates, because); an empty key is a repeat."""
    first = told.first.get(rule.slug)
    article_key = f"{rule.slug}/article:{subject.article}"
    if subject.revision and first is not None:
        if not rule.updates:
            return "", None, f"the article changed after alert {first}; the rule does not ask for updates"
        if match.rule not in subject.withdrawn and not _adds(match.hits, subject.earlier):
            return "", None, f"the article changed after alert {first}, but not where the rule matches"
        return f"{article_key}/revision:{subject.revision}", first, ""
    if rule.once_per != "story":
        return article_key, first if rule.updates else None, ""
    if first is None:
        return f"{rule.slug}/story:{subject.story}", None, ""
    if rule.updates:
        if _adds(match.hits, subject.earlier):
            return article_key, first, ""
        return "", None, f"alert {first} told this story already, and this article adds no sentence that matches"
    return "", None, f"alert {first} told this story already"


def _adds(hits: Sequence[Hit], earlier: Sequence[str]) -> bool:
    """Whether a sentence that matched is new. Headlines differ from outlet to outlet and say nothing new."""
    if not earlier:
        return True
    from monitor.stages.differences import Said

    said = Said(earlier)
    return any(hit.field == "text" and not said.has(hit.sentence) for hit in hits)


def _days(span: timedelta | float) -> str:
    seconds = span.total_seconds() if isinstance(span, timedelta) else span
    for unit, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= unit:
            count = int(seconds // unit)
            return f"{count} {name}{'s' if count > 1 else ''}"
    return f"{int(seconds)} seconds"
