"""Whether the linked page is wanted, and which pages first."""

from __future__ import annotations

from datetime import timedelta

import pytest
from build import NOON, an_entry
from hypothesis import given
from hypothesis import strategies as st

from monitor.model import Document
from monitor.stages import fulltext

LONG = b"<p>" + b"The envoy met the minister in Doha. " * 40 + b"</p>"


def entry(body, **fields):
    content = Document(body=body, media_type="text/html", fragment=True)
    return an_entry(**{"url": "https://example.org/a", "content": content, **fields})


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (b"<p>Short teaser.</p>", True),
        (LONG, False),
        (LONG[:-4] + b" \xe2\x80\xa6</p>", True),
        (LONG[:-4] + b"[&hellip;]</p>", True),
        (LONG[:-4] + b" Read more &raquo;</p>", True),
        (LONG[:-4] + b" The post Talks appeared first on Site.</p>", True),
        (b'<img src="https://x.example/a.png">' * 100 + b"Short.", True),
        (LONG * 4 + b" ...", False),
        (b"<div style='" + b"x" * 5000 + b"'>Short.</div>", True),
    ],
)
def test_a_thin_or_cut_body_wants_its_page(body, wanted):
    assert fulltext.wants_page(entry(body), "auto") is wanted


def test_an_entry_without_a_body_wants_its_page():
    assert fulltext.wants_page(an_entry(url="https://example.org/a", content=None), "auto")


def test_the_feed_decides():
    assert fulltext.wants_page(entry(LONG), "true")
    assert not fulltext.wants_page(entry(b"short"), "false")


def test_without_a_link_or_for_a_file_there_is_no_page():
    assert not fulltext.wants_page(entry(b"short", url=None), "true")
    assert not fulltext.wants_page(an_entry(url="https://example.org/a"), "true"), "a file is its own page"


def test_every_wish_has_its_reason():
    for body in (b"short", LONG, b""):
        for setting in ("auto", "true", "false"):
            assert fulltext.wish(entry(body), setting).because


@pytest.mark.parametrize("path", ["/episode.mp3?x=1", "/photo.JPG", "/report.docx"])
def test_what_is_no_page_is_not_fetched(path):
    assert not fulltext.wants_page(entry(b"short", url=f"https://example.org{path}"), "true")


@given(st.lists(st.none() | st.integers(0, 1000), max_size=40), st.integers(1, 10))
def test_the_newest_pages_first_the_others_in_portions_and_none_lost(ages, limit):
    entries = {
        number: entry(b"short", published_at=None if age is None else NOON - timedelta(hours=age))
        for number, age in enumerate(ages)
    }
    portions = fulltext.queue(entries, "auto", limit)
    queued = [number for portion in portions for number in portion]
    assert len(queued) == max(len(ages) - limit, 0)
    assert len(set(queued)) == len(queued)
    assert all(len(portion) <= limit for portion in portions)
    dates = [entries[number].published_at for number in queued if entries[number].published_at]
    assert dates == sorted(dates, reverse=True)
    soon = [entries[number].published_at for number in entries if number not in queued]
    assert not dates or all(date is not None and date >= dates[0] for date in soon)


def test_what_wants_no_page_is_not_queued():
    assert fulltext.queue({number: entry(LONG) for number in range(50)}, "auto", 5) == []
    assert fulltext.queue({number: entry(b"short") for number in range(50)}, "auto", 0) == []


@pytest.mark.parametrize(
    ("announced", "known", "same"),
    [
        ("Envoy meets minister", "Envoy meets minister in Doha", True),
        ("Envoy meets minister", "Rain expected in the north", False),
        ("", "Envoy meets minister", True),
        ("СЕВЕР", "Север", True),
    ],
)
def test_one_address_with_another_headline_is_another_story(announced, known, same):
    assert fulltext.same_headline(announced, known) is same
