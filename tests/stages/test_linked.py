"""Which linked pages are fetched, and in which order."""

from __future__ import annotations

from datetime import timedelta

import pytest
from build import NOON, a_document, an_entry
from hypothesis import given
from hypothesis import strategies as st

from monitor.stages import linked

LONG = "The envoy met the minister in Kabul and spoke for an hour. " * 40


@pytest.mark.parametrize(
    ("text", "fulltext", "url", "wanted"),
    [
        ("Short.", "auto", "https://x.example/1", True),
        ("", "auto", "https://x.example/1", True),
        (LONG, "auto", "https://x.example/1", False),
        (LONG[:1500] + " […]", "auto", "https://x.example/1", True),
        (LONG[:1500] + " Read more", "auto", "https://x.example/1", True),
        (LONG[:1500] + " The post Talks appeared first on Site.", "auto", "https://x.example/1", True),
        (LONG, "true", "https://x.example/1", True),
        ("Short.", "false", "https://x.example/1", False),
        ("Short.", "true", None, False),
        ("Short.", "auto", "https://x.example/episode.mp3?x=1", False),
    ],
)
def test_wanted(text: str, fulltext: str, url: str | None, wanted: bool) -> None:
    wish = linked.wanted(an_entry(url=url, content=a_document(text)), fulltext)
    assert wish.wanted is wanted
    assert wish.because


def test_markup_is_not_text() -> None:
    body = '<p class="x">Short.</p>' + '<img src="https://x.example/a.png">' * 100
    entry = an_entry(url="https://x.example/1", content=a_document(body, media_type="text/html"))
    assert linked.text_length(entry) == len("Short.")
    assert linked.wanted(entry, "auto").wanted


def test_an_entry_without_a_body_wants_its_page() -> None:
    assert linked.wanted(an_entry(url="https://x.example/1", content=None), "auto").wanted


@given(st.lists(st.none() | st.integers(0, 1000), max_size=30), st.integers(0, 10))
def test_newest_first_and_none_lost(ages: list[int | None], limit: int) -> None:
    entries = [
        an_entry(guid=str(number), published_at=None if age is None else NOON - timedelta(hours=age))
        for number, age in enumerate(ages)
    ]
    now, later = linked.first(entries, limit)
    assert len(now) == min(limit, len(entries))
    assert {entry.guid for entry in (*now, *later)} == {entry.guid for entry in entries}
    dates = [entry.published_at for entry in (*now, *later) if entry.published_at]
    assert dates == sorted(dates, reverse=True)


def test_a_page_that_cannot_be_had_is_tried_again_and_then_left() -> None:
    waits = [linked.retry_after(attempt) for attempt in range(1, 6)]
    assert waits == [300.0, 3600.0, 21600.0, 86400.0, None]
