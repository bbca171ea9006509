"""Feed bytes → entries: RSS, RDF, Atom, JSON Feed.

`parse_plain` is quick and bounded enough for the event loop: well-formed XML in a known encoding, and small feeds that
simple rules can mend. It answers None for the rest, which `parse` understands too: slowly, in a worker with a deadline.
Pure; touches nothing. Not the place where bodies become text: that is extraction.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from monitor.errors import Permanent, Temporary
from monitor.model import Document
from monitor.stages.parse import json, lenient, xml
from monitor.stages.parse.dates import parse_date
from monitor.stages.parse.decode import decode, plain_to_see, quick
from monitor.stages.parse.feed import BRIDGE_FAILS, Feed, Raw, finish
from monitor.stages.parse.page import Found, discover, looks_like_page
from monitor.stages.parse.repair import MAX_DEPTH, close, depth, enclose, find_root, repair
from monitor.stages.parse.text import plain, scrub, web_link

__all__ = ["VERSION", "Feed", "Found", "discover", "parse", "parse_date", "parse_plain", "plain", "scrub", "web_link"]

VERSION = "2"  # raised when a document that could not be read before may be readable now
PLAIN_LIMIT = 2 * 1024 * 1024  # bytes; larger feeds go to a worker
MEND_LIMIT = 256 * 1024  # bytes; odd feeds larger than that, too


def parse_plain(document: Document, *, source: str = "", now: datetime | None = None) -> Feed | None:
    """The feed, if it is well-formed XML of moderate size, or small and easily mended; else None.

    Raises as `parse` does.
    """
    body = document.body
    if len(body) > PLAIN_LIMIT:
        return None
    encoded = quick(body, document.charset) if _prolog(body) is not None else None
    raw = xml.strict(encoded, document.url) if encoded is not None else None
    if raw is not None and any(_swallowed(item.summary) or _swallowed(item.content) for item in raw.items):
        raw = None
    if raw is None and len(body) <= MEND_LIMIT and (decoded := _decoded(document, plain_to_see)) is not None:
        raw, _ = _mended(document, *decoded)
    return _finished(raw, document, source, now) if raw else None


def _swallowed(body: str) -> bool:
    """Whether a section that nobody closed has taken in the entries that follow it."""
    return "<![CDATA[" in body and ("</item>" in body or "</entry>" in body)


def _prolog(body: bytes) -> bytes | None:
    """What stands before the root element, or None where that is not plain."""
    head = body[:4096]
    if head[:3] == b"\xef\xbb\xbf":
        head = head[3:]
    at = 0
    while True:
        at = head.find(b"<", at)
        if at < 0:
            return None
        follow = head[at + 1 : at + 2]
        if follow == b"?":
            at += 2
        elif follow == b"!":
            if head[at : at + 4] != b"<!--":
                return None
            at = head.find(b"-->", at)
            if at < 0:
                return None
        else:
            return head[:at] if follow.isalpha() else None


def parse(document: Document, *, source: str = "", now: datetime | None = None) -> Feed:
    """The feed in a document, whatever state it is in. Runs in a worker: it may take long and much memory.

    Raises Permanent (kind 'web-page', 'not-a-feed', 'too-deep') or Temporary (kind 'empty', 'bridge-error',
    'unreadable').
    """
    feed = parse_plain(document, source=source, now=now)
    if feed is not None:
        return feed
    decoded = _decoded(document, decode)
    assert decoded is not None
    raw, text = _mended(document, *decoded)
    if raw is None:
        raw = lenient.read(text)
        if raw is None:
            raise _no_feed(document, text)
        raw.warnings.append("the XML is broken beyond simple repair; it was read leniently")
    return _finished(raw, document, source, now)


def _finished(raw: Raw, document: Document, source: str, now: datetime | None) -> Feed:
    feed = finish(raw, document, source=source, now=now)
    if feed.refused and not feed.entries and feed.refused[0][1] == BRIDGE_FAILS:
        raise Temporary(f"the bridge that makes this feed fails: {feed.refused[0][0]}", kind="bridge-error")
    return feed


def _decoded(
    document: Document, reading: Callable[[bytes, str | None], tuple[str, str] | None]
) -> tuple[str, str] | None:
    """Text and encoding. Raises Temporary where there is nothing."""
    if not document.body.strip(b" \t\r\n\0\xef\xbb\xbf"):
        raise Temporary("the answer is empty", kind="empty")
    return reading(document.body, document.charset)


def _mended(document: Document, text: str, encoding: str) -> tuple[Raw | None, str]:
    """What can be read once it is mended, and the mended text; None where that is not enough."""
    text = text.lstrip("\ufeff\x00 \t\r\n")
    if text[:1] in "{[":
        return _json(text), text
    root = find_root(text)
    if root < 0 or (root > 200 and looks_like_page(text[:root], document.media_type)):
        raise _no_feed(document, text)
    if depth(text) > MAX_DEPTH:
        raise Permanent(f"nests elements more than {MAX_DEPTH} deep, as no feed does", kind="too-deep")
    text, unclosed = close(text)
    mended, cut = repair(text)
    raw = xml.strict(mended.encode("utf-8", "replace"), document.url)
    if raw is None:
        raw = xml.strict(enclose(mended).encode("utf-8", "replace"), document.url)
    if raw is not None:
        raw.method = "repaired"
        raw.damaged = cut
        if cut:
            raw.warnings.append("the feed ends in the middle; what is complete was read")
        if unclosed:
            raw.warnings.append(
                f"{unclosed} texts or titles are never closed; each was read up to the next field of its entry"
            )
        if encoding != "utf-8":
            raw.warnings.append(f"read as {encoding}")
    return raw, mended


def _json(text: str) -> Raw:
    try:
        raw = json.read(scrub(text))
    except ValueError as error:
        raise Temporary(f"looks like JSON, but is broken: {error}", kind="unreadable") from None
    if raw is None:
        raise Permanent("answers JSON that is no JSON Feed", kind="not-a-feed")
    return raw


def _no_feed(document: Document, text: str) -> Permanent:
    if looks_like_page(text, document.media_type):
        return Permanent(
            "answers a web page instead of a feed: it may have moved; "
            f"try `monitor feeds discover {document.url or 'URL'}`",
            kind="web-page",
        )
    if other := _ANOTHER.search(text[:5000]):
        return Permanent(_ANOTHER_KIND[other[1].lower()], kind="not-a-feed")
    return Permanent("answers something that is no feed (neither RSS, Atom, RDF nor JSON Feed)", kind="not-a-feed")


_ANOTHER = re.compile(r"<(?:\w{1,20}:)?(urlset|sitemapindex|opml)[\s>]", re.IGNORECASE)
_ANOTHER_KIND = {
    "urlset": "answers a sitemap, no feed: put its address into [sitemaps.NAME]",
    "sitemapindex": "answers an index of sitemaps, no feed: put its address into [sitemaps.NAME]",
    "opml": "answers a list of feeds, no feed: `monitor opml import FILE` takes them in",
}
