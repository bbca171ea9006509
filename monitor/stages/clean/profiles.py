"""What the other pages of a site repeat. Pure; the counts are kept in `store/profiles.py`.

A block is known by a 63-bit hash of its words with digits made alike, so that '12 comments' and
'7 comments' are one.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Sequence

import numpy as np
import xxhash
from numpy.typing import NDArray

from monitor.model import Block, SiteProfile
from monitor.stages.clean import shapes
from monitor.stages.clean.furniture import Verdicts
from monitor.stages.clean.tokens import has_astral_letters

_DIGITS = re.compile(r"\d+")
_BETWEEN, _JOINT, _SEVERAL, _BLANK, _NOUGHT = "\x01", 2, 3, ord(" "), ord("0")
LEARNED_AT_MOST = 400  # blocks of one page


def fingerprint(text: str) -> int:
    """The identity of a block across pages, 0 for one without letters or digits."""
    return _hashed([text])[0]


def fingerprints(blocks: Sequence[Block]) -> tuple[int, ...]:
    """The distinct fingerprints of a page, for its site's profile."""
    found = dict.fromkeys(_hashed([block.text for block in blocks[:LEARNED_AT_MOST]]))
    found.pop(0, None)
    return tuple(found)


def _hashed(texts: Sequence[str]) -> list[int]:
    """The fingerprint of each text."""
    keys = _keys(texts)
    return [xxhash.xxh64_intdigest(key.encode("utf-8", "replace")) >> 1 if key else 0 for key in keys]


def _keys(texts: Sequence[str]) -> list[str]:
    """`shapes.folded` of each text, with every run of digits as one nought: all at once, in a third of the time."""
    joined = _BETWEEN.join(("", *texts, ""))
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    seen = _folded_as().take(codes, mode="clip")
    if codes.max() > 0xFFFF or (seen == _SEVERAL).any():
        joined = unicodedata.normalize("NFKD", joined.casefold())
        codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
        seen = _seen_as().take(codes, mode="clip")
    if joined.count(_BETWEEN) != len(texts) + 1 or has_astral_letters(codes):
        return [_DIGITS.sub("0", shapes.folded(text)) for text in texts]
    if not seen.all():
        codes, seen = codes[seen != 0], seen[seen != 0]
    joints = np.flatnonzero(seen == _JOINT)
    inside = (seen[joints - 1] > _BLANK) & (seen[joints + 1] > _BLANK)
    seen[joints] = np.where(inside, codes[joints], _BLANK)
    keep = (seen[1:] != seen[:-1]) | ((seen[1:] != _BLANK) & (seen[1:] != _NOUGHT))
    keep &= (seen[1:] != _BLANK) | (seen[:-1] > _BLANK)
    return [key.rstrip() for key in seen[1:][keep].tobytes().decode("utf-32-le").split(_BETWEEN)[:-1]]


@functools.cache
def _seen_as() -> NDArray[np.uint32]:
    """What becomes of the characters of the basic plane; 0 for accents, which go."""
    codes = range(0x10000)
    table = np.fromiter((code if chr(code).isalnum() else _BLANK for code in codes), np.uint32, len(codes))
    table[[code for code in codes if chr(code).isdecimal()]] = _NOUGHT
    table[[code for code in codes if shapes.COMBINING.match(chr(code))]] = 0
    table[[ord(joint) for joint in "'’-."]] = _JOINT
    table[ord(_BETWEEN)] = ord(_BETWEEN)
    return table


@functools.cache
def _folded_as() -> NDArray[np.uint32]:
    """The same of characters before they are folded; `_SEVERAL` for those that fold to more than one."""
    seen = _seen_as()

    def folded(character: str) -> int:
        found = shapes.COMBINING.sub("", unicodedata.normalize("NFKD", character.casefold()))
        if len(found) != 1 or found > "\uffff":
            return 0 if not found else _SEVERAL if found.strip(".") else _BLANK  # an ellipsis joins nothing
        kind = int(seen[ord(found)])
        return _SEVERAL if kind == _JOINT and found != character else kind

    return np.fromiter(map(folded, map(chr, range(0x10000))), np.uint32)


def repeated(blocks: Sequence[Block], profile: SiteProfile, found: Verdicts) -> frozenset[int]:
    """Adds the blocks that the site's other pages repeat; returns short ones for which that is not enough.

    One other page suffices for a short line outside the text, which reaches from the first to the last paragraph
    that is this page's own; a paragraph must stand on three, and a
    short subhead between paragraphs is never taken: one sibling touches the body of every eighth page.
    """
    if not profile.blocks and not profile.pinned:
        return frozenset()
    seen: set[int] = set()
    keys = _hashed([block.text for block in blocks])
    own = [i for i, key in enumerate(keys) if i not in found and key not in profile.blocks]
    prose = [i for i in own if shapes.is_prose(blocks[i].text)]
    for i, (block, key) in enumerate(zip(blocks, keys, strict=True)):
        if i in found:
            continue
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
        elif size < 75 and not shapes.ENDED.search(block.text):
            seen.add(i)
    return frozenset(seen)
