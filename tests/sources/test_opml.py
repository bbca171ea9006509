"""OPML: other readers' lists are understood; ours come back with tags, intervals and names."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config import OpmlConfig
from monitor.errors import ConfigError
from monitor.sources.opml import Outline, expand, read, slug_of, tag_of, write

FEEDLY = b"""<?xml version="1.0" encoding="UTF-8"?>
<opml version="1.0"><head><title>subscriptions</title></head><body>
<outline text="World News" title="World News">
  <outline type="rss" text="The &amp; Paper" title="The &amp; Paper" xmlUrl="https://paper.example/rss" htmlUrl="https://paper.example"/>
  <outline text="Asia"><outline type="rss" text="AT" xmlUrl="feed://at.example/feed"/></outline>
</outline>
<outline text="Loose" xmlurl="https://loose.example/atom.xml"/>
<outline text="The Paper again" xmlUrl="https://paper.example/rss" category="/politics/europe,daily"/>
<outline text="A link" type="link" url="https://x.example/"/>
<outline text="Script" xmlUrl="javascript:alert(1)"/>
</body></opml>"""


def test_other_readers_lists() -> None:
    found = read(FEEDLY)
    assert [(feed.url, feed.title, feed.tags) for feed in found] == [
        ("https://paper.example/rss", "The & Paper", ("world-news", "politics", "europe", "daily")),
        ("http://at.example/feed", "AT", ("world-news", "asia")),
        ("https://loose.example/atom.xml", "Loose", ()),
    ]


words = st.text("abcdefghijklmnopqrstuvwxyzäñش中", min_size=1, max_size=12)
outlines = st.builds(
    Outline,
    url=words.map(lambda word: f"https://{word.encode().hex()}.example/feed?a=1&b=<2>"),
    title=st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=30).map(tag_of).filter(bool),
    tags=st.lists(words, max_size=4, unique=True).map(tuple),
    every=st.none() | st.integers(60, 86400).map(float),
    slug=st.from_regex(r"[a-z0-9][a-z0-9-]{0,20}", fullmatch=True),
)


@given(st.lists(outlines, max_size=8, unique_by=lambda outline: outline.url))
def test_what_we_write_we_read(feeds: list[Outline]) -> None:
    back = read(write(feeds))
    assert sorted(back, key=lambda feed: feed.url) == sorted(feeds, key=lambda feed: feed.url)


@pytest.mark.parametrize(
    "body",
    [b"", b"not xml", b"<rss/>", b"<opml>" + b"<outline>" * 5000],
)
def test_what_is_no_opml(body: bytes) -> None:
    with pytest.raises(ConfigError):
        read(body)


def test_no_entity_is_fetched_or_multiplied() -> None:
    hostile = b'<!DOCTYPE o [<!ENTITY x SYSTEM "file:///etc/passwd">]><opml><body><outline text="&x;" xmlUrl="https://a.example/"/></body></opml>'
    assert "root:" not in read(hostile)[0].title


@pytest.mark.parametrize(
    ("title", "url", "slug"),
    [
        ("The Paper: World", "https://x.example/", "the-paper-world"),
        ("Café Zürich", "https://x.example/", "cafe-zurich"),
        ("北京新闻", "https://www.news.example/rss", "news-example"),
        ("", "https://news.example/rss", "news-example"),
        ("taken", "https://x.example/", "taken-2"),
    ],
)
def test_names(title: str, url: str, slug: str) -> None:
    assert slug_of(Outline(url=url, title=title), {"taken"}) == slug


def test_a_configured_list_becomes_feeds(tmp_path: Path) -> None:
    path = tmp_path / "feeds.opml"
    path.write_bytes(FEEDLY)
    feeds = expand(OpmlConfig(slug="desk", path=path, every=1800.0, tags=("desk",)), {"at"})
    assert list(feeds) == ["the-paper", "at-example", "loose"]
    assert feeds["the-paper"].tags == ("desk", "world-news", "politics", "europe", "daily")
    assert feeds["loose"].every == 1800
    assert feeds["at-example"].url == "http://at.example/feed"


def test_a_missing_list_is_a_fault_of_the_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"opml\.desk\.path: .*No such file"):
        expand(OpmlConfig(slug="desk", path=tmp_path / "none.opml"), ())
