"""Two addresses of one article are one identity; addresses of two articles stay two."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.stages.canonical import canonical_url

STORY = "https://example.com/2026/03/a-story-12"


@pytest.mark.parametrize(
    "address",
    [
        STORY,
        "http://example.com/2026/03/a-story-12",
        "https://WWW.Example.com/2026/03/a-story-12/",
        "https://example.com:443/2026/03/a-story-12",
        "https://example.com/2026//03/a-story-12",
        f"{STORY}?utm_source=rss&utm_medium=feed&fbclid=x",
        f"{STORY}?ref=home",
        f"{STORY}#comments",
        f"{STORY}/amp",
        f"{STORY}/amp/?utm_campaign=x",
        f"{STORY}?amp=1",
        f"{STORY}?outputType=amp",
        "https://example.com/amp/2026/03/a-story-12",
        "https://amp.example.com/2026/03/a-story-12",
        "https://m.example.com/2026/03/a-story-12",
        "https://mobile.example.com/2026/03/a-story-12",
        f"{STORY}/print",
        f"{STORY}?print=1",
        f"{STORY}?view=print",
        f"{STORY}/index.html",
        "https://www.google.com/amp/s/www.example.com/2026/03/a-story-12",
        "https://example-com.cdn.ampproject.org/c/s/example.com/2026/03/a-story-12",
        "https://user:secret@example.com/2026/03/a%2Dstory%2d12",
        f"  {STORY}\n",
    ],
)
def test_one_article_has_one_address(address: str) -> None:
    assert canonical_url(address) == STORY


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.com/?p=1", "https://example.com/?p=2"),
        ("https://example.com/article.php?cid=12", "https://example.com/article.php?cid=13"),
        ("https://example.com/x?page=1", "https://example.com/x?page=2"),
        ("https://example.com/Story", "https://example.com/story"),
        ("https://example.com/amp/guitar", "https://example.com/guitar"),
        ("https://m.com/story-1", "https://com/story-1"),
        ("https://www.co.uk/story", "https://co.uk/story"),
        ("https://news.example.com/a", "https://sport.example.com/a"),
        ("https://example.com:8443/a", "https://example.com/a"),
        ("https://example.com/#!/a", "https://example.com/#!/b"),
        ("https://example.com/view?view=summary", "https://example.com/view"),
    ],
)
def test_two_articles_keep_two_addresses(one: str, other: str) -> None:
    assert canonical_url(one) != canonical_url(other)


def test_order_of_parameters_does_not_matter() -> None:
    assert canonical_url("https://example.com/x?b=2&a=1") == canonical_url("https://example.com/x?a=1&b=2")


def test_international_names_are_one_in_both_spellings() -> None:
    assert canonical_url("https://xn--bcher-kva.example/x") == canonical_url("https://bücher.example/x")


@pytest.mark.parametrize(
    "address", [None, "", "mailto:a@b.example", "ftp://example.com/x", "https://", "https://[::1", "/x"]
)
def test_what_is_no_web_address_has_none(address: str | None) -> None:
    assert canonical_url(address) is None


@given(st.text(max_size=40), st.text(max_size=40))
def test_it_is_total_and_settles_at_once(path: str, query: str) -> None:
    first = canonical_url(f"https://example.com/{path}?{query}")
    assert first is None or canonical_url(first) == first
