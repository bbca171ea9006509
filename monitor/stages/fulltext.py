"""Is an entry's own body enough, or should its page be fetched? Pure."""

from __future__ import annotations

import re

from monitor.model import Entry

ENOUGH = 600  # characters of text; shorter bodies are mostly teasers
_TAG = re.compile(rb"<[^>]*>")
_DOTS = rb"(\.\.\.|\xe2\x80\xa6|&hellip;|&#8230;)"
_CUT = re.compile(_DOTS + rb"\s*\]?\s*(</\w+>\s*)*$")


def wants_page(entry: Entry, setting: str) -> bool:
    """True if the linked page should be fetched: `setting` is the feed's `fulltext`: 'auto', 'true' or 'false'."""
    if not entry.url or setting == "false" or (entry.content is not None and not entry.content.fragment):
        return False
    return setting == "true" or is_thin(entry)


def is_thin(entry: Entry) -> bool:
    """True if the body is short, or ends in the dots of a text that was cut."""
    if entry.content is None:
        return True
    body = entry.content.body.strip()
    return len(_TAG.sub(b" ", body).strip()) < ENOUGH or bool(_CUT.search(body[-200:]))


def same_headline(announced: str, known: str) -> bool:
    """Whether an announcement and a known article at one address tell the same: half of the shorter title's words.

    An announcement without a title says nothing against it.
    """
    one, other = (set(re.findall(r"\w+", title.casefold())) for title in (announced, known))
    return not one or not other or 2 * len(one & other) >= min(len(one), len(other))
