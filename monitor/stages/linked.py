"""Linked pages: whether an entry's page is to be fetched, and which pages first. Pure decisions with reasons."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from monitor.model import Entry

THIN = 900  # characters of text below which an entry's own body is a teaser
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


def text_length(entry: Entry) -> int:
    """Characters of text in the entry's own body."""
    return len(_text(entry))


def _text(entry: Entry) -> str:
    if entry.content is None:
        return ""
    text = entry.content.body[:40_000].decode("utf-8", "replace")
    if entry.content.media_type != "text/plain":
        text = html.unescape(_TAG.sub(" ", text))
    return " ".join(text.split())


def wanted(entry: Entry, fulltext: str) -> Wish:
    """Whether to fetch the page an entry links to. `fulltext`: 'auto', 'true' or 'false'.

    Nothing is decided here about pages whose article is already known, nor about robots.txt.
    """
    if entry.url is None:
        return Wish(wanted=False, because="no link")
    if _NO_PAGE.search(urlsplit(entry.url).path):
        return Wish(wanted=False, because="the link is no page")
    if fulltext == "false":
        return Wish(wanted=False, because="full text is switched off for this source")
    if fulltext == "true":
        return Wish(wanted=True, because="full text is switched on for this source")
    text = _text(entry)
    if not text:
        return Wish(wanted=True, because="the entry has no text of its own")
    if len(text) < THIN:
        return Wish(wanted=True, because=f"the entry has only {len(text)} characters of text")
    if len(text) < 4 * THIN and _ELLIPSIS.search(text[-600:]):
        return Wish(wanted=True, because="the entry's text ends as a teaser does")
    return Wish(wanted=False, because="the entry has its own text")


def first(entries: Sequence[Entry], limit: int) -> tuple[list[Entry], list[Entry]]:
    """(pages to fetch now, pages to queue) of one source: newest first, undated ones in the order announced."""
    oldest = datetime.min.replace(tzinfo=UTC)
    ordered = sorted(entries, key=lambda entry: entry.published_at or oldest, reverse=True)
    return ordered[:limit], ordered[limit:]


def retry_after(attempts: int) -> float | None:
    """Seconds until a page that could not be had is tried again; None: no more, the entry's own text stays."""
    steps = (300.0, 3600.0, 6 * 3600.0, 86400.0)
    return steps[attempts - 1] if 0 < attempts <= len(steps) else None
