"""Which blocks of a page could hold spam: asked of the page as a whole first, by its distinct words. Pure; numpy.

Most blocks hold nothing of the kind, and the patterns that would say so are slow. So each distinct word is asked
once, a few signs are looked for in the joined page, and only the blocks where one stands are read.
"""

from __future__ import annotations

import functools
import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate, compress
from typing import NamedTuple

import numpy as np

from monitor.model import Block
from monitor.stages.clean import disguise, offers, shapes, trades
from monitor.stages.clean.addresses import oddness
from monitor.stages.clean.memory import remembered
from monitor.stages.clean.tokens import summed, summed_once, tokens, words_of

_LINKED = re.compile(r"https?:|hxxp|www\.|[#＃][^\W\d]|<a\s|\[url", re.IGNORECASE)
_DOTTED = re.compile(r"\.(?<=[a-z0-9]\.)[a-z]{2,}\b", re.IGNORECASE)
_MARKED = re.compile(r"[#＃<[]")
_WORDS = re.compile(r"[^\W\d_]+")
_SIGNS = ("://", "<", "[")
LISTED = 60  # characters: lines up to this length make a list of search words

_TRADED, _HIDDEN, _NETTED = 1, 2, 4  # what a word may be; above that, what `offers` says of it
_SAID = 3


class Suspects(NamedTuple):
    """The texts of the blocks that could hold spam."""

    trading: frozenset[str]  # a word of a trade, or what looks linked
    offering: frozenset[str]  # perhaps an offer of any trade, see `offers.offering`


def suspicious(blocks: Sequence[Block]) -> Suspects:
    """The blocks of a page that could hold spam."""
    texts = [block.text for block in blocks]
    found = tokens(texts)
    if not found.spaced or len(found.size) != len(texts):
        return Suspects(_one_by_one(texts), frozenset(texts))
    whole = "\n".join(texts)
    begins = list(accumulate((len(text) + 1 for text in texts), initial=0))

    def holding(places: Iterable[int]) -> set[str]:
        return {texts[bisect_right(begins, place) - 1] for place in places}

    def marked(mark: int) -> Iterable[str]:
        here = marks & mark
        return compress(texts, summed(found, here)) if here.any() else ()

    marks = np.fromiter(map(_marks, found.words), np.int64, len(found.words))
    trading = {*marked(_TRADED), *filter(disguise.hides, marked(_HIDDEN))}
    netted = holding(m.start() for pattern in (_DOTTED, _MARKED) for m in pattern.finditer(whole))
    netted.update(marked(_NETTED))
    if any(map(linked, netted)):
        trading.update(filter(_looks_linked, netted))
    # One word of appeal is none however often it stands there.
    said = marks >> _SAID
    appealing = [size > 1 for size in summed_once(found, said)]
    offered = {*compress(texts, appealing), *holding(offers.hints(whole))}
    return Suspects(frozenset(trading), frozenset(offered))


def _one_by_one(texts: Sequence[str]) -> frozenset[str]:
    """What trades in scripts whose words are not between blanks."""
    any_linked = linked("\n".join(texts))
    return frozenset(text for text in texts if _speaks(text) or (any_linked and _looks_linked(text)))


@functools.lru_cache(maxsize=1 << 14)
def _marks(token: str) -> int:
    """What a token could be of spam. Long ones, that patterns cut, may hide anything."""
    words = (token,) if token.isalpha() else _WORDS.findall(token)
    traded = any(trades.of_word(word) in trades.TRADES for word in words)
    hidden = len(token) > disguise.LONGEST or disguise.trade_of(token) in trades.TRADES
    netted = "http" in token or "xxp" in token or "www" in token
    return _TRADED * traded + _HIDDEN * hidden + _NETTED * netted + (offers.says(token) << _SAID)


def _speaks(text: str) -> bool:
    """Whether a block holds a word of a trade, open or disguised."""
    traded = any(trades.of_word(word) in trades.TRADES for word in words_of(text))
    return traded or bool(trades.inside(text)) or disguise.hides(text)


@remembered
def is_enough(text: str) -> bool:
    """Whether a block holds what a stretch needs: two words of a trade, or in a list one and a pitch.

    One word is enough beside an address, mark-up, a telephone number or letters beyond ASCII, and where it is
    disguised. Most suspects are a lone 'agent' or 'bonus' in a paragraph.
    """
    if any(sign in text for sign in _SIGNS) or trades.inside(text) or linked(text):
        return True
    if disguise.hides(text) or disguise.reaches(text) or any(c.isalpha() for c in text if c > "\x7f"):
        return True
    kinds = {word: kind for word in words_of(text) if (kind := trades.of_word(word))}
    if len(kinds) > 1 and shapes.weight(text) <= LISTED:
        return True
    lower = text.lower()
    return sum(lower.count(word) for word, kind in kinds.items() if kind in trades.TRADES) > 1


@remembered
def linked(text: str) -> bool:
    """Whether anything in a block is like an address, a hash tag or shown mark-up."""
    if _DOTTED.search(text):
        return True
    lower = text.lower()
    marked = "http" in lower or "xxp" in lower or "www." in lower or "<a" in lower or "[url" in lower
    return (marked or "#" in text or "＃" in text) and bool(_LINKED.search(text))


@remembered
def _looks_linked(text: str) -> bool:
    """Whether a block holds an odd address, or a hash tag that names a trade."""
    if linked(text) and any(oddness(address) >= 1.5 for address in shapes.addresses(text)):
        return True
    return ("#" in text or "＃" in text) and trades.in_name(text)
