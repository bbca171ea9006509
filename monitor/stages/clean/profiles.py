"""What the other pages of a site repeat. Pure; the counts are kept in `store/profiles.py`.

A block is known by a 63-bit hash of its words with digits made alike, so that '12 comments' and
'7 comments' are one.
"""

from __future__ import annotations

import functools
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import xxhash
from numpy.typing import NDArray

from monitor.model import Block, Removed, SiteProfile
from monitor.stages.clean import shapes
from monitor.stages.clean.tokens import has_astral_letters

_DIGITS = re.compile(r"\d+")
_BETWEEN, _JOINT, _SEVERAL, _BLANK, _NOUGHT = "\x01", 2, 3, ord(" "), ord("0")
LEARNED_AT_MOST = 400  # blocks of one page

# Log-odds against a block for each doubling of the pages that have it, fitted on pages of the corpus with one sibling.
OUTSIDE, INSIDE, INSIDE_LONG = 5.0, 1.0, 1.6
JOINED = 3.5  # for a paragraph next to the page's own: agencies tell the background of a story in the same words
SHORT = 40  # characters
THREE = 1.8  # the strength of about three pages
BELOW = 3.0  # log-odds against what stands where other pages are over
ABOVE_END = 0.8  # of what stays must stand above that place, for it to be believed
STAYS, SURE = 0.33, 0.8  # P(body) of a paragraph that is likely, or surely, of the text
USUAL = 50  # pages on which a line of the text is found once more by chance


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


@dataclass(frozen=True, slots=True)
class Known:
    """What a site's other pages say of the blocks of one page."""

    strength: Mapping[str, float]  # of the texts that they repeat: about 1 for one page, 2 for three, 3 for seven
    pinned: frozenset[str]  # texts
    end: float  # from this offset on stands what they have below their text; infinite where nothing says so

    def moved(self, blocks: Sequence[Block], p: Sequence[float]) -> dict[int, float]:
        """P(body) of the blocks for which the other pages are evidence, `p` being what the model thinks of each.

        A repeated block outside the page's own text is furniture; inside, it may be a subhead of many articles, and
        the model's opinion counts for more; so it does for a sentence that fewer than three others have: reports of
        one kind begin alike. A page most of whose text is repeated is a copy of another, not made of
        furniture: then nothing inside it is held against it.
        """
        texts = [block.text for block in blocks]
        strength = [self.strength.get(text, 0.0) for text in texts]
        sure = _prose([i for i in range(len(texts)) if p[i] >= SURE], texts)
        copy = is_copy((texts[i], strength[i] > 0) for i in sure)
        likely = [i for i, text in enumerate(texts) if p[i] >= STAYS and not strength[i]]
        end = math.inf if copy or not self._ends(blocks, likely) else self.end
        own = sure if copy else _prose([i for i in likely if blocks[i].offset < end], texts)
        first, last = (own[0], own[-1]) if own else (len(texts), -1)
        out = {}
        for i, block in enumerate(blocks):
            if not strength[i]:
                against = BELOW if block.offset >= end else 0.0
            elif strength[i] < THREE and p[i] >= SURE and shapes.ENDED.search(block.text):
                against = 0.0
            elif not first <= i <= last:
                joined = (i == first - 1 or i == last + 1) and shapes.is_prose(block.text)
                against = (JOINED if joined else OUTSIDE) * strength[i]
            elif copy:
                against = 0.0
            else:
                against = (INSIDE if shapes.weight(block.text) < SHORT else INSIDE_LONG) * strength[i]
            if against:
                odds = p[i] / max(1e-6, 1.0 - p[i]) * math.exp(-against)
                out[i] = odds / (1.0 + odds)
        return out

    def _ends(self, blocks: Sequence[Block], likely: Sequence[int]) -> bool:
        """Whether nearly all that is likely to be this page's text stands above the place where others end."""
        sizes = [(shapes.weight(blocks[i].text), blocks[i].offset < self.end) for i in likely]
        return sum(size for size, above in sizes if above) >= ABOVE_END * sum(size for size, _ in sizes)


def known(blocks: Sequence[Block], profile: SiteProfile) -> Known | None:
    """What is known of these blocks; None where nothing was learned."""
    if not profile.blocks and not profile.pinned:
        return None
    keys = _hashed([block.text for block in blocks])
    texts = [(block.text, key) for block, key in zip(blocks, keys, strict=True) if key in profile.blocks]
    # On many pages a few that have the same line are chance: the share counts, too.
    usual = 1.0 + profile.pages / USUAL
    return Known(
        strength={text: math.log2(1.0 + profile.blocks[key] / usual) for text, key in texts},
        pinned=frozenset(block.text for block, key in zip(blocks, keys, strict=True) if key in profile.pinned),
        end=_end(blocks, keys, profile),
    )


def _end(blocks: Sequence[Block], keys: Sequence[int], profile: SiteProfile) -> float:
    """Where the text ends if this page is built like the others: the cut that agrees with most repeated blocks.

    Each of them votes for its side, as it stood below the text or not on most pages that had it."""
    votes = [0 if key not in profile.blocks else -1 if _stands_below(key, profile) else 1 for key in keys]
    if -1 not in votes:
        return math.inf
    agreed = [0, *accumulate(votes)]
    cut = max(range(len(agreed)), key=lambda i: (agreed[i], i))
    return blocks[cut].offset if cut < len(blocks) else math.inf


def _stands_below(key: int, profile: SiteProfile) -> bool:
    return 2 * profile.below.get(key, 0) > profile.blocks[key]


def _prose(chosen: Sequence[int], texts: Sequence[str]) -> Sequence[int]:
    """The paragraphs among the chosen texts; all of them where none is one."""
    return [i for i in chosen if shapes.is_prose(texts[i])] or chosen


def is_copy(prose: Iterable[tuple[str, bool]]) -> bool:
    """Whether most of a text, given as paragraphs and whether other pages have them, stands elsewhere, too."""
    sizes = [(shapes.weight(text), there) for text, there in prose]
    return 2 * sum(size for size, there in sizes if there) > sum(size for size, _ in sizes)


def learned(
    blocks: Sequence[Block], removed: Sequence[Removed], profile: SiteProfile
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """(what a cleaned page teaches about its site, which of that stood below the text only).

    A copy of what is known already teaches nothing: an archive of reports from one template, or a story sent thrice,
    would else make the text itself furniture.
    """
    gone = {one.offset for one in removed if not one.span}
    blocks = blocks[:LEARNED_AT_MOST]
    keys = _hashed([block.text for block in blocks])
    stays = [i for i, block in enumerate(blocks) if block.offset not in gone]
    prose = _prose(stays, [block.text for block in blocks])
    if is_copy((blocks[i].text, keys[i] in profile.blocks) for i in prose):
        return (), ()
    last = prose[-1] if prose else len(blocks)
    above = set(keys[: last + 1])
    found = dict.fromkeys(keys)
    found.pop(0, None)
    return tuple(found), tuple(key for key in found if key not in above)
