"""What the other pages of a site repeat. Pure; the counts are kept in `store/profiles.py`.

A block is known by a 63-bit hash of its words with digits made alike, so that '12 comments' and
'7 comments' are one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import xxhash

from monitor.model import Block, SiteProfile
from monitor.stages.clean import shapes
from monitor.stages.clean.furniture import Verdicts

_DIGITS = re.compile(r"\d+")
LEARNED_AT_MOST = 400  # blocks of one page


def fingerprint(text: str) -> int:
    """The identity of a block across pages, 0 for one without letters or digits."""
    key = _DIGITS.sub("0", shapes.folded(text))
    return xxhash.xxh64_intdigest(key.encode("utf-8", "replace")) >> 1 if key else 0


def fingerprints(blocks: Sequence[Block]) -> tuple[int, ...]:
    """The distinct fingerprints of a page, for its site's profile."""
    found = dict.fromkeys(fingerprint(block.text) for block in blocks[:LEARNED_AT_MOST])
    found.pop(0, None)
    return tuple(found)


def repeated(blocks: Sequence[Block], profile: SiteProfile, found: Verdicts) -> None:
    """Adds the blocks that the site's other pages repeat.

    One other page suffices for a short line outside the text; a paragraph must stand on three, and a
    short subhead between paragraphs is never taken: one sibling touches the body of every eighth page.
    """
    if not profile.blocks and not profile.pinned:
        return
    prose = [i for i, block in enumerate(blocks) if i not in found and shapes.is_prose(block.text)]
    for i, block in enumerate(blocks):
        if i in found:
            continue
        key = fingerprint(block.text)
        if key in profile.pinned:
            found[i] = ("pinned", 1.0)
            continue
        pages = profile.blocks.get(key, 0)
        if not pages:
            continue
        inside = bool(prose) and prose[0] < i < prose[-1]
        size = shapes.weight(block.text)
        needed = 3 if size >= 75 or shapes.ENDED.search(block.text) else 2 if inside else 1
        if pages >= needed and not (inside and size < 40 and pages < 3):
            found[i] = ("repeated", min(0.99, 0.8 + 0.05 * pages))
