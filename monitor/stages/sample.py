"""An alert about nothing: what `monitor notify test` sends, and what replaced templates are tried on."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from monitor.model import AlertView, Delivery, Hit

_BEFORE = "This sentence stands for the one that made your rule match: "
_TERM = "sample word"
_SENTENCE = f"{_BEFORE}the {_TERM} is highlighted, as the words of your rule will be."


def sample_alert(now: datetime, *, rule: str = "sample", severity: str = "normal") -> AlertView:
    """Return an alert with every field filled."""
    at = _SENTENCE.index(_TERM)
    return AlertView(
        number=0,
        key=f"{rule}/story:0",
        rule=rule,
        rule_version=1,
        severity=severity,
        created_at=now,
        title="A sample headline with a sample word",
        url="https://www.example.org/sample",
        outlet="Example News",
        language="en",
        byline="A. Writer",
        published_at=now - timedelta(minutes=20),
        first_seen_at=now,
        article=0,
        story=0,
        hits=(
            Hit(term=_TERM, field="title", start=25, end=36),
            Hit(term=_TERM, field="text", start=at, end=at + len(_TERM), sentence=_SENTENCE),
        ),
        because=f"rule {rule}: “{_TERM}” in title and text",
        story_outlets=("Other Post",),
        excerpt=_SENTENCE,
    )


def samples(now: datetime) -> tuple[Delivery, ...]:
    """Return a delivery of every kind."""
    alert = sample_alert(now)
    first = Delivery(
        number=0, public_id="0" * 32, channel="sample", target="nobody@example.org", created_at=now, alerts=(alert,)
    )
    other = replace(alert, rule="other", story=1, update_of=1, url=None, outlet="", published_at=None, hits=())
    return (
        first,
        replace(first, kind="test"),
        replace(first, alerts=(other,)),
        replace(first, kind="digest", alerts=(alert, other)),
        replace(first, kind="summary", more=36),
        replace(first, kind="notice", alerts=(), subject="A sample notice", body="It says\nwhat to do."),
    )
