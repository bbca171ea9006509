"""Whether the linked page is wanted."""

from __future__ import annotations

import pytest
from build import an_entry

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
