# ruff: noqa: E501, DTZ001  samples stand in one line; hypothesis wants naive bounds
"""Feeds as parsed: agreement with feedparser on real-shaped samples, one reading for whole and broken alike, dates."""

from __future__ import annotations

import contextlib
import io
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

import feedparser
import pytest
from feedmaking import atom, item, rss
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import MonitorError, Permanent
from monitor.model import Document
from monitor.stages.parse import Feed, discover, parse, parse_date, parse_plain, plain, web_link
from monitor.stages.parse.repair import close

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
URL = "https://news.example/feed.xml"


def document(body: bytes, **fields: Any) -> Document:
    return Document(**{"body": body, "url": URL, "media_type": "application/rss+xml", **fields})


CONTENT = (
    ' xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:atom="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/"'
    ' xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
)
WORDPRESS = rss(
    item(
        1,
        **{
            "title": "Ceasefire talks &#8216;stall&#8217; &amp; resume",
            "description": "<![CDATA[<p>The talks &#8230; <a href='https://news.example/1'>more</a></p>]]>",
            "content:encoded": "<![CDATA[<p>The talks stalled.</p>\n<p>Then they resumed &amp; ended.</p>]]>",
            "dc:creator": "<![CDATA[Jane Doe]]>",
            "category": "<![CDATA[Politics]]>",
            "guid": "https://news.example/?p=1",
        },
    ),
    item(2, title="<![CDATA[R&D budget <em>up</em>]]>"),
    attributes=CONTENT,
    head='<atom:link href="https://news.example/feed" rel="self" type="application/rss+xml"/><generator>WP</generator>'
    "<sy:updatePeriod>hourly</sy:updatePeriod><image><url>x</url><title>Logo</title><link>y</link></image>",
)
GOOGLE_NEWS = rss(
    "<item><title>Talks resume - The Paper</title><link>https://g.example/rss/1?oc=5</link>"
    '<guid isPermaLink="false">CBMi</guid><pubDate>Sun, 22 Nov 2026 09:00:00 GMT</pubDate>'
    '<description>&lt;a href="https://g.example/1"&gt;Talks resume&lt;/a&gt;</description>'
    '<source url="https://paper.example">The Paper</source></item>'
)
BLOGGER = atom(
    "<entry><id>tag:blogger.com,1999:blog-1.post-2</id><published>2026-11-21T10:00:00.001-08:00</published>"
    "<updated>2026-11-22T01:00:00-08:00</updated><category scheme='x' term='peace'/>"
    '<title type="text">A post</title><content type="html">&lt;p&gt;Hello &amp;amp; welcome&lt;/p&gt;</content>'
    '<link rel="replies" href="https://b.example/c"/><link rel="alternate" type="text/html" href="https://b.example/2"/>'
    "<author><name>Ann</name></author></entry>"
)
XHTML = atom(
    '<entry><id>urn:1</id><title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">Big <b>news</b></div></title>'
    '<updated>2026-11-22T10:00:00Z</updated><summary>Short one.</summary><link href="/2026/1"/>'
    '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>One &amp; two<br/>three</p></div></content>'
    "</entry>"
)
RDF = (
    b'<?xml version="1.0" encoding="UTF-8"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    b'xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
    b'<channel rdf:about="https://r.example/"><title>R</title><link>https://r.example/</link><description>d</description>'
    b'<items><rdf:Seq><rdf:li rdf:resource="https://r.example/1"/></rdf:Seq></items></channel>'
    b'<item rdf:about="https://r.example/1"><title>First</title><link>https://r.example/1</link>'
    b"<description>Text &amp;amp; more</description><dc:date>2026-11-22T09:00:00+01:00</dc:date><dc:creator>Bo</dc:creator>"
    b"</item></rdf:RDF>"
)
PODCAST = rss(
    item(
        1,
        **{"description": "", "itunes:summary": "The envoy, interviewed.", "itunes:author": "Radio", "title": "Ep. 1"},
    ),
    attributes=CONTENT,
)
YOUTUBE = atom(
    '<entry><id>yt:video:abc</id><title>A video</title><link rel="alternate" href="https://y.example/watch?v=abc"/>'
    "<published>2026-11-22T09:00:00+00:00</published><author><name>Chan</name></author>"
    '<media:group xmlns:media="http://search.yahoo.com/mrss/"><media:title>A video</media:title>'
    "<media:description>The envoy on stage</media:description></media:group></entry>"
)
DRUPAL = rss(
    item(3, title="Ministers&#039; talks", guid="3 at https://news.example", pubDate="Sun, 22 Nov 2026 09:00:00 -0500"),
    attributes=' xml:base="https://news.example/" xmlns:dc="http://purl.org/dc/elements/1.1/"',
)
SAMPLES = {
    "wordpress": WORDPRESS,
    "google news": GOOGLE_NEWS,
    "blogger": BLOGGER,
    "xhtml": XHTML,
    "rdf": RDF,
    "podcast": PODCAST,
    "youtube": YOUTUBE,
    "drupal": DRUPAL,
    "many": rss(*(item(number) for number in range(30))),
}


def _words(html: str) -> list[str]:
    return plain(html, 100_000).split()


@pytest.mark.parametrize("name", SAMPLES)
def test_agreement_with_feedparser(name: str) -> None:
    body = SAMPLES[name]
    ours = parse_plain(document(body), source="s", now=NOW)
    assert ours is not None
    body = body.replace(b' xml:base="https://news.example/"', b"")  # it resolves even guids against it
    theirs = feedparser.parse(io.BytesIO(body), response_headers={"content-type": "text/xml"})
    assert not theirs.bozo
    assert len(ours.entries) == len(theirs.entries)
    for mine, other in zip(ours.entries, theirs.entries, strict=True):
        assert mine.guid == other.get("id", mine.guid)
        assert mine.title == plain(other.get("title"))
        assert mine.url == urljoin(URL, other.get("link", ""))
        stamp = other.get("published_parsed") or other.get("updated_parsed")
        ours_at = mine.published_at and mine.published_at.replace(microsecond=0)
        assert ours_at == (datetime(*stamp[:6], tzinfo=UTC) if stamp else None)
        bodies = [part.value for part in other.get("content", [])] or [
            other.get("summary") or other.get("media_description") or ""
        ]
        assert mine.content is not None
        assert _words(mine.content.body.decode()) == _words(max(bodies, key=len))
        assert mine.author == other.get("author", "")


def _same(one: Feed, other: Feed) -> None:
    keys = ("guid", "url", "title", "author", "outlet", "language", "tags", "published_at", "updated_at")
    assert [[getattr(e, key) for key in keys] for e in one.entries] == [
        [getattr(e, key) for key in keys] for e in other.entries
    ]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_repaired_feed_reads_as_the_whole_one(name: str) -> None:
    whole = parse(document(SAMPLES[name]), now=NOW)
    mended = parse(document(b"\n " + SAMPLES[name].replace(b"</title>", b"\x08</title>") + b"<!-- cached -->"), now=NOW)
    assert (whole.method, mended.method) == ("strict", "repaired")
    _same(whole, mended)


@pytest.mark.parametrize("name", sorted(set(SAMPLES) - {"youtube", "xhtml"}))
def test_feedparsers_reading_names_entries_as_the_strict_one_does(name: str) -> None:
    """A feed that breaks must not make known entries look new."""
    whole = parse(document(SAMPLES[name]), now=NOW)
    broken = parse(
        document(SAMPLES[name].replace(b"</description>", b"</b></description>").replace(b"</id>", b"</i></id>")),
        now=NOW,
    )
    if broken.method == "feedparser":
        assert [(e.guid, e.url) for e in broken.entries] == [(e.guid, e.url) for e in whole.entries]
    else:
        _same(whole, broken)


def test_sources_outlets_and_tags() -> None:
    feed = parse_plain(document(GOOGLE_NEWS), source="gnews", now=NOW)
    assert feed is not None
    entry = feed.entries[0]
    assert (entry.source, entry.outlet) == ("gnews", "The Paper")
    assert feed.title == "At news"
    tagged = parse_plain(document(BLOGGER), now=NOW)
    assert tagged is not None
    assert tagged.entries[0].tags == ("peace",)
    assert tagged.entries[0].updated_at == datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def test_what_a_channel_says_of_itself() -> None:
    head = "<language>de-DE</language><ttl>90</ttl><skipHours><hour>0</hour><hour>24</hour><hour>x</hour></skipHours>"
    feed = parse_plain(document(rss(item(1), head=head + "<skipDays><day>Sunday</day><day>Doomsday</day></skipDays>")))
    assert feed is not None
    assert (feed.language, feed.ttl, feed.skip_hours, feed.skip_days) == ("de-de", 5400, (0,), ("sunday",))
    assert feed.entries[0].language == "de-de"


LARGE = "<!-- " + "x" * 300_000 + " -->"


@pytest.mark.parametrize(
    ("body", "method"),
    [
        (rss(item(1)), "strict"),
        (rss(item(1), head=LARGE), "strict"),
        (b"\n" + rss(item(1)), "repaired"),
        (rss(item(1, title="a & b &nbsp;")), "repaired"),
        (rss(item(1)).decode().encode("utf-16"), "repaired"),
        (rss(item(1, description="<p>an <b>envoy</p>")), "repaired"),
        (b'{"version": "https://jsonfeed.org/version/1.1", "title": "x", "items": [{"id": "1"}]}', "json"),
        (rss(item(1), head="</nonsense>"), None),
        (b"\n" + rss(item(1), head=LARGE), None),
        (rss(item(1)) + b" " * (2 * 1024 * 1024), None),
    ],
)
def test_what_is_read_on_the_loop_and_what_goes_to_a_worker(body: bytes, method: str | None) -> None:
    feed = parse_plain(document(body))
    assert (feed.method if feed else None) == method


def test_mending_is_quick_however_hostile_the_feed() -> None:
    """What is done on the event loop must stay bounded: a quarter of a megabyte of each trap."""
    traps = [b"<title>", b"<![CDATA[", b"<!--", b"&", b"&a;", b"<a:b ", b"<a ", b"<!DOCTYPE", b"<item>", b"<description>",
             b"</rss>", b"<x y='", b"<title></title>", b"&#0;", b"<?xml", b"]]>", b"<description><"]  # fmt: skip
    for trap in traps:
        body = b"<rss><channel><item><title>x</title>" + trap * (250_000 // len(trap))
        began = time.process_time()
        with contextlib.suppress(MonitorError):
            parse_plain(document(body))
        assert time.process_time() - began < 2.0, trap


@settings(deadline=None)  # the first guess at an encoding imports a library
@given(st.binary(max_size=400))
def test_any_bytes_give_a_feed_or_an_error_with_a_name(body: bytes) -> None:
    assert_total(body)


PIECES = [b"<rss>", b"<channel>", b"<item>", b"</item>", b"<title>", b"</title>", b"<![CDATA[", b"]]>", b"&", b"&nbsp;",
          b"<guid>", b"</guid>", b"x", b"\xff", b"<feed>", b"<entry>", b"<!DOCTYPE", b"[", b"<!ENTITY a 'b'>", b"<?xml", b"?>",
          b"<a:b c:d='e'>", b"<!--", b"-->", b"</rss>", b"{", b"\0", b"&#0;", b"<link>", b"http://[", b"</link>"]  # fmt: skip


@settings(deadline=None)  # the first guess at an encoding imports a library
@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_any_rubble_gives_a_feed_or_an_error_with_a_name(pieces: list[bytes]) -> None:
    assert_total(b"<rss><channel><item>" + b"".join(pieces))


def assert_total(body: bytes) -> None:
    kind, guids = "", []
    try:
        guids = [entry.guid for entry in parse(document(body), now=NOW).entries]
    except MonitorError as error:
        kind = getattr(error, "kind", "?")
    assert kind in ("", "empty", "web-page", "not-a-feed", "too-deep", "unreadable", "bridge-error")
    assert len(set(guids)) == len(guids)
    assert all(guids)


@given(st.text(max_size=300))
def test_plain_text_has_no_markup_and_one_line(text: str) -> None:
    found = plain(text)
    assert "\n" not in found
    assert "\0" not in found
    assert "<script" not in found.lower()
    assert found == plain(found) or "&" in text or "<" in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a &lt; b", "a < b"),
        ("Q&A", "Q&A"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;x", "x"),
        ("a<br>b", "a b"),
        ("1 < 2 > 0", "1 < 2 > 0"),
        ("<3 you", "<3 you"),
        ("x" * 3000, "x" * 1999 + "…"),
        (None, ""),
    ],
)
def test_titles(text: str | None, expected: str) -> None:
    assert plain(text) == expected


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("/x", "https://news.example/x"),
        ("x?a=1&amp;b=2", "https://news.example/x?a=1&b=2"),
        ("HTTPS://X.example/a b", "https://X.example/a%20b"),
        (" \n https://x.example/\t", "https://x.example/"),
        ("java\nscript:alert(1)", None),
        ("JavaScript:alert(1)", None),
        ("vbscript:x", None),
        ("mailto:a@b.example", None),
        ("http://", None),
        ("http://[::1", None),
        ("https:///path", None),
        ("", None),
        (None, None),
    ],
)
def test_links(link: str | None, expected: str | None) -> None:
    assert web_link(link, URL) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sun, 22 Nov 2026 00:00:00 +0200", "2026-11-21T22:00"),
        ("Sunday, 22 November 2026 10:11:12 GMT", "2026-11-22T10:11"),
        ("22 Nov 26 1:02 EST", "2026-11-22T06:02"),
        ("Sun, 22 Nov 2026 10:11 PDT", "2026-11-22T17:11"),
        ("Sun, 22 Nov 2026 10:11:12 Europe/Berlin", "2026-11-22T09:11"),
        ("2026-07-22 10:11 Europe/Berlin", "2026-07-22T08:11"),
        ("22 Jul 2026 10:11 America/Argentina/Buenos_Aires", "2026-07-22T13:11"),
        ("22 Jul 2026 10:11 Etc/GMT+5", "2026-07-22T15:11"),
        ("Wed, 22 Jul 2026 10:11:12 +0300 Europe/Berlin", "2026-07-22T07:11"),
        ("22 Jul 2026 10:11 Europe/Nowhere", "2026-07-22T10:11"),
        ("2026-11-22", "2026-11-22T00:00"),
        ("2026-11-22T10:11Z", "2026-11-22T10:11"),
        ("2026-11-22 10:11:12 +0100", "2026-11-22T09:11"),
        ("2026-11-22T10:11:12.1234567+05:30", "2026-11-22T04:41"),
        ("20261122T101112Z", "2026-11-22T10:11"),
        ("2026/11/22 10:11", "2026-11-22T10:11"),
        ("Nov 22, 2026 3:04 PM", "2026-11-22T15:04"),
        ("Sunday, November 22nd, 2026", "2026-11-22T00:00"),
        ("Sat Nov 21 10:11:12 UTC 2026", "2026-11-21T10:11"),
        ("22-Nov-2026 10:11", "2026-11-22T10:11"),
        ("22 novembre 2026 à 14h30", "2026-11-22T14:30"),
        ("mar. 3 févr. 2026 10:00", "2026-02-03T10:00"),
        ("So, 22. Nov. 2026 10:00:00 +0100", "2026-11-22T09:00"),
        ("22 de noviembre de 2026 10:00", "2026-11-22T10:00"),
        ("22 ноября 2026, 10:00", "2026-11-22T10:00"),
        ("Нд, 22 листопада 2026 10:00", "2026-11-22T10:00"),
        ("22 Kasım 2026 10:10", "2026-11-22T10:10"),
        ("22 lis 2026", "2026-11-22T00:00"),
        ("Κυρ, 22 Νοεμβρίου 2026 10:00:00 EET", "2026-11-22T08:00"),
        ("2026年11月22日 10:11", "2026-11-22T10:11"),
        ("2026년 11월 22일 오후 3:04", "2026-11-22T15:04"),
        ("٢٢ نوفمبر ٢٠٢٦", "2026-11-22T00:00"),
        ("22.11.2026 10:11", "2026-11-22T10:11"),
        ("3/4/2026", "2026-04-03T00:00"),
        ("11/22/2026", "2026-11-22T00:00"),
        ("1795342272", "2026-11-22T10:11"),
        ("1795342272000", "2026-11-22T10:11"),
        ("20261122101112", "2026-11-22T10:11"),
        ("Sun, 22 Nov 2026 24:00:00 GMT", "2026-11-23T00:00"),
        ("Sun, 22 Nov 2026 10:11:60 GMT", "2026-11-22T10:11"),
        ("yesterday", None),
        ("2026", None),
        ("0000-00-00 00:00:00", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("Mon, 01 Jan 0001 00:00:00 +0000", None),
        ("31 Feb 2026 10:00", None),
        ("99/99/9999", None),
        ("", None),
        (None, None),
    ],
)
def test_dates(text: str | None, expected: str | None) -> None:
    found = parse_date(text)
    assert (found.strftime("%Y-%m-%dT%H:%M") if found else None) == expected


def test_the_language_decides_ambiguous_dates() -> None:
    assert parse_date("3/4/2026", language="en-us") == datetime(2026, 3, 4, tzinfo=UTC)
    assert parse_date("3/4/2026", language="en-gb") == datetime(2026, 4, 3, tzinfo=UTC)


@given(st.text(max_size=60))
def test_any_text_gives_a_date_or_none(text: str) -> None:
    found = parse_date(text)
    assert found is None or found.tzinfo is UTC


@given(st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1)))
def test_iso_dates_come_back(moment: datetime) -> None:
    moment = moment.replace(tzinfo=UTC, microsecond=0)
    assert parse_date(moment.isoformat()) == moment
    assert parse_date(moment.strftime("%d %b %Y %H:%M:%S +0000")) == moment


PAGE = b"""<!DOCTYPE html><html><head><base href="https://site.example/sub/">
<link rel="alternate" type="application/rss+xml" title="Comments" href="/comments/feed">
<link rel="alternate" type="application/atom+xml" title="All &amp; more" href="atom.xml">
<link rel='alternate' type='application/json' href='/wp-json/wp/v2/pages/2'>
<link rel="stylesheet" href="x.css"></head><body><a href="/rss.xml">RSS</a> <a href="javascript:x">x</a></body></html>"""


def test_discovery_ranks_what_a_page_names() -> None:
    found = discover(document(PAGE, media_type="text/html"))
    assert [(feed.url, feed.title, feed.declared) for feed in found] == [
        ("https://site.example/sub/atom.xml", "All & more", True),
        ("https://site.example/comments/feed", "Comments", True),
        ("https://site.example/rss.xml", "", False),
    ]


@pytest.mark.parametrize(
    ("tags", "addresses"),
    [
        ('<!-- <link rel="alternate" type="application/rss+xml" href="/old"> -->', []),
        ("<LINK REL=alternate TYPE=application/rss+xml HREF=/f>", ["/f"]),
        ('<link rel="alternate" type="application/x-rss+xml" href="/f">', ["/f"]),
        ('<link rel="alternate" type="application/rss" href="/f">', ["/f"]),
        ('<link rel="alternate" href="/rss.xml">', ["/rss.xml"]),
        ('<link rel="alternate" hreflang="de" href="/de">', []),
        ('<link rel="alternate" type="application/rss+xml" href="feed://site.example/f">', ["/f"]),
        ('<link rel="alternate" type="application/rss+xml" href="feed:http://site.example/f">', ["/f"]),
        ('<link rel="alternate" type="application/rss+xml" href="/f?a=1&amp;b=2">', ["/f?a=1&b=2"]),
        ('<link rel="alternate" type="application/rss+xml" href="javascript:x">', []),
    ],
)
def test_ways_to_name_a_feed(tags: str, addresses: list[str]) -> None:
    page = Document(body=f"<html><head>{tags}</head></html>".encode(), url="http://site.example/")

    assert [found.url.removeprefix("http://site.example") for found in discover(page)] == addresses


def test_a_page_is_told_from_a_feed() -> None:
    with pytest.raises(Permanent, match="monitor feeds discover https://news") as caught:
        parse(document(PAGE, media_type="text/html"))
    assert caught.value.kind == "web-page"


@pytest.mark.parametrize("field", ["title", "description"])
def test_comments_that_never_end_take_no_quadratic_time(field: str) -> None:
    body = rss(item(1, **{field: "Words &lt;!--" + "&lt;!--" * 50_000}))
    began = time.process_time()
    feed = parse_plain(document(body), now=NOW)
    assert time.process_time() - began < 2.0
    assert feed is not None
    assert len(feed.entries) == 1


def test_a_number_of_sixty_thousand_digits_is_no_hour() -> None:
    body = rss(item(1)).replace(
        b"<item>", b"<skipHours><hour>" + b"0" * 60_000 + b"</hour><hour>24</hour><hour>07</hour></skipHours><item>", 1
    )
    feed = parse_plain(document(body), now=NOW)
    assert feed is not None
    assert feed.skip_hours == (0, 7)


# ── what nobody closed ──────────────────────────────────────────────────────────────────────────


def _three(second: str) -> str:
    def item(number: int, body: str) -> str:
        return (
            f"<item><title>T{number}</title><link>https://a.example/{number}</link>{body}<guid>g{number}</guid></item>"
        )

    items = (
        item(1, "<description>first</description>"),
        item(2, second),
        item(3, "<description><![CDATA[third]]></description>"),
    )
    return f"<rss version='2.0'><channel><title>F</title>{''.join(items)}</channel></rss>"


@pytest.mark.parametrize(
    "second",
    [
        "<description>second",
        "<description>&lt;p&gt;second",
        "<description><p>second</p><b>",
        "<description>second</descripton>",
        "<description><![CDATA[second</description>",
        "<description><![CDATA[second",
        "<description>short</description><content:encoded><![CDATA[second text]]>",
        "<description>second<category>c</category>",
    ],
)
def test_a_text_that_is_never_closed_swallows_nothing(second: str) -> None:
    feed = parse(Document(body=_three(second).encode(), url="https://a.example/feed"))
    assert [(entry.title, entry.guid) for entry in feed.entries] == [("T1", "g1"), ("T2", "g2"), ("T3", "g3")]
    bodies = [entry.content.body.decode() if entry.content else "" for entry in feed.entries]
    assert (bodies[0], bodies[2]) == ("first", "third")
    assert "second" in bodies[1]
    assert "item" not in bodies[1]
    assert any("never closed" in warning for warning in feed.warnings)


def test_a_title_that_is_never_closed_ends_at_the_next_field() -> None:
    feed = parse(Document(body=_three("").replace("T2</title>", "T2").encode()))
    assert [entry.title for entry in feed.entries] == ["T1", "T2", "T3"]


def test_closing_looks_at_each_part_of_a_text_once() -> None:
    for piece in ("<title>", "<description><![CDATA[", "<item><description>x", "<content></a"):
        closed, count = close(piece * 20_000)  # as many questions as pieces: a second look would take minutes
        assert count > 0
        assert len(closed) > len(piece) * 20_000


def test_a_zone_nobody_knows_is_told() -> None:
    text = _three("<pubDate>Tue, 17 Nov 2026 09:30:00 XYZT</pubDate>")
    feed = parse(Document(body=text.encode()))
    assert feed.entries[1].published_at == datetime(2026, 11, 17, 9, 30, tzinfo=UTC)
    assert any("XYZT" in warning and "read as UTC" in warning for warning in feed.warnings)
    for known in ("GMT", "EST", "+0200", "Z", "UTC", "NPT", "PM"):
        assert not parse(Document(body=text.replace("XYZT", known).encode())).warnings, known
