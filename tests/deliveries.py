"""Alerts and deliveries for tests: every field has a default, a test names only what matters."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from monitor.model import AlertView, Delivery, Hit

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
SENTENCE = "Envoy Zalmay Khalilzad said the talks would resume in Doha on Monday."


def a_hit(term: str = "Khalilzad", sentence: str = SENTENCE, start: int = 200, **changed: Any) -> Hit:
    at = sentence.index(term) if term in sentence else 0
    values: dict[str, Any] = {
        "term": term,
        "field": "text",
        "start": start + at,
        "end": start + at + len(term),
        "sentence": sentence,
        "sentence_start": start,
    }
    return Hit(**(values | changed))


def an_alert(number: int = 1, **changed: Any) -> AlertView:
    values: dict[str, Any] = {
        "number": number,
        "key": f"envoy/story:{number}",
        "rule": "envoy",
        "rule_version": 1,
        "severity": "normal",
        "created_at": NOW,
        "title": "Khalilzad returns to Doha for talks",
        "url": "https://news.example.org/2026/doha",
        "outlet": "Example News",
        "language": "en",
        "byline": "A. Writer",
        "published_at": datetime(2026, 11, 22, 8, 5, tzinfo=UTC),
        "first_seen_at": datetime(2026, 11, 22, 9, 29, 58, tzinfo=UTC),
        "article": number,
        "story": number,
        "hits": (a_hit(), Hit(term="Khalilzad", field="title", start=0, end=9)),
        "because": "rule envoy: Khalilzad in title and text",
        "story_outlets": ("Other Post", "Third Times"),
        "excerpt": SENTENCE,
    }
    return AlertView(**(values | changed))


def a_delivery(*alerts: AlertView, **changed: Any) -> Delivery:
    values: dict[str, Any] = {
        "number": 1,
        "public_id": "0123456789abcdef0123456789abcdef",
        "channel": "desk",
        "target": "reader@example.org",
        "created_at": NOW,
        "alerts": alerts or (an_alert(),),
    }
    return Delivery(**(values | changed))
