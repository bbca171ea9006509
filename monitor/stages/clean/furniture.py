"""Furniture that can be told by its place and shape alone, each kind under its own name. Pure.

These rules say *why* in a word an analyst understands. They hold for any site: none of them
knows a site's phrases. What they leave is the business of `learned`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from monitor.model import Block
from monitor.stages.clean import shapes
from monitor.stages.clean.head import Head

Verdicts = dict[int, tuple[str, float]]  # block index → (reason, confidence)

_POINTER = re.compile(r"^[^\W\d_a-z]{2,}(?: [^\W\d_a-z]{2,}){1,3}: \S+(?: \S+){2,}$")
SENTENCE = 45  # characters: a line of this length that ends a sentence is of the text
_KINDS = {  # of blocks that a file's own form shows to be none of its text
    "hidden": ("hidden", 1.0),
    "header": ("header", 0.98),
    "signature": ("signature", 0.9),
    "running": ("running-head", 0.9),
}
_NAMES = {
    "title": ("repeated-title", 0.98),
    "byline": ("byline", 0.95),
    "dateline": ("dateline", 0.95),
    "breadcrumb": ("breadcrumb", 0.97),
}


def verdicts(blocks: Sequence[Block], head: Head) -> Verdicts:
    """The blocks that go by rule, with reason and confidence."""
    found: Verdicts = {}
    texts = [block.text for block in blocks]
    for i, block in enumerate(blocks):
        if block.kind in _KINDS:
            found[i] = _KINDS[block.kind]
    for i, role in head.roles.items():
        if i in head.certain:
            found.setdefault(i, _NAMES[role])
    last = _last_paragraph(texts, found)
    if last is None:
        return found
    _mirrors(texts, found)
    _pointers(texts, found)
    _teasers(texts, found, last)
    return found


def _last_paragraph(texts: Sequence[str], found: Verdicts) -> int | None:
    """Index of the last paragraph that is not cut off like a teaser, None where there is none."""
    for i in range(len(texts) - 1, -1, -1):
        if i not in found and shapes.is_prose(texts[i]) and not shapes.CUT.search(texts[i]):
            return i
    return None


def _is_sentence(text: str) -> bool:
    return shapes.is_prose(text) or (shapes.weight(text) >= SENTENCE and bool(shapes.ENDED.search(text)))


def _mirrors(texts: Sequence[str], found: Verdicts) -> None:
    """Blocks of nothing but addresses below the text, and the line that announces them."""
    bare = [i for i, text in enumerate(texts) if "." in text and shapes.only_addresses(text)]
    for i in bare:
        later = [
            j
            for j in range(i + 1, len(texts))
            if j not in found and _is_sentence(texts[j]) and not shapes.CUT.search(texts[j])
        ]
        if later:
            continue
        found.setdefault(i, ("addresses", 0.9))
        above = i - 1
        if above >= 0 and texts[above].rstrip().endswith((":", "：")) and len(texts[above]) < 200:
            found.setdefault(above, ("addresses", 0.9))


def _pointers(texts: Sequence[str], found: Verdicts) -> None:
    """Between paragraphs: a label in capitals with a colon, and a headline that does not end: READ MORE: Why …"""
    for i in range(1, len(texts) - 1):
        if i in found or len(texts[i]) > 160 or not _POINTER.match(texts[i]) or shapes.ENDED.search(texts[i]):
            continue
        if shapes.is_prose(texts[i - 1]) and shapes.is_prose(texts[i + 1]):
            found[i] = ("teaser", 0.75)


def _teasers(texts: Sequence[str], found: Verdicts, last: int) -> None:
    """Below the last paragraph: other articles announced by a heading and a text cut off in mid-sentence."""
    for i in range(last + 1, len(texts)):
        if i not in found and shapes.CUT.search(texts[i]) and len(texts[i]) >= 40:
            found[i] = ("teaser", 0.9)
            for j in range(i - 1, last, -1):
                if j in found or shapes.ENDED.search(texts[j]):
                    break
                found[j] = ("teaser", 0.85)
