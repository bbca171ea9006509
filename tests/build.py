"""Builders: every field has a default, so that a test names only what matters to it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from monitor.model import Article, Delivery, Document, Entry, Hit, Match, Rule

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def a_document(text: str = "Talks go on.\n\nThe envoy met the minister.", **fields: Any) -> Document:
    """A plain-text document."""
    return Document(**{"body": text.encode(), "media_type": "text/plain", "name": "talks.txt", **fields})


def an_entry(**fields: Any) -> Entry:
    """What a source announced."""
    return Entry(**{"source": "wire", "guid": "guid-1", "title": "Talks go on", "content": a_document(), **fields})


def an_article(**fields: Any) -> Article:
    """Clean text."""
    return Article(**{"title": "Talks go on", "text": "The envoy met the minister.", "language": "en", **fields})


def a_rule(**fields: Any) -> Rule:
    """A rule that finds the word envoy."""
    return Rule(**{"slug": "envoy", "query": "envoy", "channels": ("console",), **fields})


def a_match(**fields: Any) -> Match:
    """The rule of `a_rule` found in the text of `an_article`."""
    hit = Hit(term="envoy", field="text", start=4, end=9, sentence="The envoy met the minister.", sentence_start=0)
    return Match(**{"rule": "envoy", "version": 1, "hits": (hit,), **fields})


def a_delivery(**fields: Any) -> Delivery:
    """A delivery of nothing yet."""
    defaults = {"number": 1, "public_id": "d-1", "channel": "console", "target": "", "created_at": NOON}
    return Delivery(**{**defaults, **fields})
