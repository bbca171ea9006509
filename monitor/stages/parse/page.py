"""A web page given where a feed was expected: recognised, and searched for the feeds it names.

Pure. `discover` reads `<link rel=alternate>` first, then links whose address looks like a feed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from monitor.model import Document
from monitor.stages.parse.decode import decode
from monitor.stages.parse.text import plain, web_link

_TYPES = {
    "application/rss+xml": 0,
    "application/atom+xml": 0,
    "application/feed+json": 0,
    "application/rdf+xml": 1,
    "application/xml": 2,
    "text/xml": 2,
    "application/json": 3,
}
_LINK = re.compile(r"<link\b[^<>]{0,2000}>", re.IGNORECASE)
_ANCHOR = re.compile(r"<a\b[^<>]{0,2000}>", re.IGNORECASE)
_BASE = re.compile(r"<base\b[^<>]{0,2000}>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([A-Za-z-]{1,20})\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_FEEDISH = re.compile(
    r"(?:/(?:feed|rss|atom|feeds)/?$|/(?:rss|atom|feed|index)\.(?:xml|rdf|json|rss|atom)$|\.(?:rss|atom|rdf)$|[?&]feed=(?:rss2?|atom)\b"
    r"|feeds\.feedburner\.com/)",
    re.IGNORECASE,
)
_COMMENTS = re.compile(r"\bcomments?\b|/comments/feed", re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_FEED_SCHEME = re.compile(r"feed:(?://|(?=https?:))", re.IGNORECASE)
_PAGE = re.compile(r"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A feed a page names."""

    url: str
    title: str = ""
    media_type: str = ""
    declared: bool = True  # by <link>; False: only a link that looks like a feed


def looks_like_page(text: str, media_type: str = "") -> bool:
    """Whether this is a web page and not a feed."""
    head = text[:5000].lstrip("\ufeff \t\r\n")
    if head[:5].lower() == "<?xml" and "html" not in head[:1000].lower():
        return False
    return _PAGE.search(head) is not None or (media_type in ("text/html", "application/xhtml+xml") and "<" in head)


def discover(document: Document) -> tuple[Found, ...]:
    """The feeds a page names, best first: declared ones before guessed ones, comment feeds last."""
    text = _COMMENT.sub("", decode(document.body[:3_000_000], document.charset)[0])
    base = document.url
    for tag in _BASE.findall(text[:100_000]):
        base = web_link(_attributes(tag).get("href"), document.url) or base
        break
    ranked: list[tuple[int, int, Found]] = []
    for tag in _LINK.findall(text)[:2000]:
        found = _attributes(tag)
        rel = found.get("rel", "").lower().split()
        kind = found.get("type", "").partition(";")[0].strip().lower()
        href = _FEED_SCHEME.sub(_unschemed, found.get("href", ""), count=1)
        url = web_link(href, base)
        if url and (("alternate" in rel and _is_feed(kind, href)) or "feed" in rel):
            if "wp-json" in url and "feed" not in rel:
                continue  # WordPress names its programming interface in the same way
            title = plain(found.get("title", ""), 200)
            rank = _TYPES.get(kind, 1) + (5 if _COMMENTS.search(f"{title} {url}") else 0)
            ranked.append((rank, len(ranked), Found(url=url, title=title, media_type=kind)))
    for tag in _ANCHOR.findall(text)[:20_000]:
        href = _attributes(tag).get("href", "")
        if href and _FEEDISH.search(href) and (url := web_link(href, base)):
            rank = 20 + (5 if _COMMENTS.search(url) else 0)
            ranked.append((rank, len(ranked), Found(url=url, declared=False)))
    best: dict[str, Found] = {}
    for _, _, candidate in sorted(ranked, key=lambda entry: entry[:2]):
        best.setdefault(candidate.url, candidate)
    return tuple(best.values())[:30]


def _is_feed(kind: str, href: str) -> bool:
    """Whether a declared type names a feed, as 'application/x-rss' does; without a type the address decides."""
    return kind in _TYPES or "rss" in kind or "atom" in kind or (not kind and _FEEDISH.search(href) is not None)


def _unschemed(scheme: re.Match[str]) -> str:
    return "http://" if scheme[0].endswith("//") else ""


def _attributes(tag: str) -> dict[str, str]:
    import html

    return {
        match[1].lower(): html.unescape(match[2] or match[3] or match[4] or "").strip()
        for match in _ATTRIBUTE.finditer(tag)
    }
