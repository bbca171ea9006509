"""Is an entry's own body enough, or is its page to be fetched, and which pages first? Pure decisions with reasons."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from monitor.model import Entry

ENOUGH = 600  # characters of text; shorter bodies are mostly teasers
_ELLIPSIS = re.compile(
    r"(?:\[(?:…|\.\.\.|&hellip;|&#8230;)\]|…|\.\.\.|read more|continue reading|weiterlesen|lire la suite|leer más"
    r"|читать далее|ادامه مطلب|اقرأ المزيد|the post .{0,300} appeared first on .{0,200})\W*$",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[^<>]*>")
_NO_PAGE = re.compile(
    r"\.(?:mp3|m4a|mp4|mov|avi|mkv|wav|ogg|jpe?g|png|gif|webp|svg|zip|gz|exe|dmg|docx?|xlsx?|pptx?|torrent)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Whether a linked page is wanted, and why."""

    wanted: bool
    because: str


def _text(entry: Entry) -> str:
    if entry.content is None:
        return ""
    text = entry.content.body[:40_000].decode("utf-8", "replace")
    if entry.content.media_type != "text/plain":
        text = html.unescape(_TAG.sub(" ", text))
    return " ".join(text.split())


def wish(entry: Entry, setting: str) -> Wish:
    """Whether to fetch the page an entry links to. `setting` is the source's `fulltext`: 'auto', 'true' or 'false'.

    Nothing is decided here about pages whose article is already known, nor about robots.txt.
    """
    if entry.url is None:
        return Wish(wanted=False, because="no link")
    if entry.content is not None and not entry.content.fragment:
        return Wish(wanted=False, because="a file is its own page")
    if _NO_PAGE.search(urlsplit(entry.url).path):
        return Wish(wanted=False, because="the link is no page")
    if setting == "false":
        return Wish(wanted=False, because="full text is switched off for this source")
    if setting == "true":
        return Wish(wanted=True, because="full text is switched on for this source")
    text = _text(entry)
    if not text:
        return Wish(wanted=True, because="the entry has no text of its own")
    if len(text) < ENOUGH:
        return Wish(wanted=True, because=f"the entry has only {len(text)} characters of text")
    if len(text) < 4 * ENOUGH and _ELLIPSIS.search(text[-600:]):
        return Wish(wanted=True, because="the entry's text ends as a teaser does")
    return Wish(wanted=False, because="the entry has its own text")


def wants_page(entry: Entry, setting: str) -> bool:
    """Whether `wish` says yes."""
    return wish(entry, setting).wanted


def queue(entries: Mapping[int, Entry], setting: str, limit: int) -> list[list[int]]:
    """The entries whose pages do not fit into this visit, in portions of `limit`, newest first.

    `entries`: by row number, of one source. What fits, and what wants no page, is not in the answer. `limit` 0 means
    no limit.
    """
    if not limit or len(entries) <= limit:
        return []
    oldest = datetime.min.replace(tzinfo=UTC)
    wanting = [number for number, entry in entries.items() if wants_page(entry, setting)]
    wanting.sort(key=lambda number: entries[number].published_at or oldest, reverse=True)
    return [wanting[start : start + limit] for start in range(limit, len(wanting), limit)]


def same_headline(announced: str, known: str) -> bool:
    """Whether an announcement and a known article at one address tell the same: half of the shorter title's words.

    An announcement without a title says nothing against it.
    """
    one, other = (set(re.findall(r"\w+", title.casefold())) for title in (announced, known))
    return not one or not other or 2 * len(one & other) >= min(len(one), len(other))
