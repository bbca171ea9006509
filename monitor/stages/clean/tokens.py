"""The words of a page's blocks, cut and numbered once for all who count them. Pure; numpy.

Tokens have digits in them, words have not; both are in lower case. The page that was asked for last is at hand.
"""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from itertools import chain, count, filterfalse, islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitor.stages.clean.memory import remembered

WITHOUT_BLANKS = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF), (0x3400, 0x9FFF), (0xAC00, 0xD7AF),
)  # fmt: skip
_SET = "".join(f"{chr(low)}-{chr(high)}" for low, high in WITHOUT_BLANKS)
TOKEN = re.compile(rf"\x01|[{_SET}]|[^\W_{_SET}]+")
_NOT_ALONE = "\u0130Σ"  # the letters whose lower case is not one letter, or depends on the next
_WORDS = re.compile(r"[^\W\d_]+")
_ASCII_WORDS = re.compile("[a-z]+")  # the same of ASCII in lower case, in two thirds of the time


class Tokens(NamedTuple):
    """What `TOKEN` finds in the blocks of a page, in lower case."""

    words: dict[str, int]  # with their numbers, by first place
    each: NDArray[np.int64]  # the number of each token's word
    size: NDArray[np.int64]  # tokens in each block
    spaced: bool  # whether they are the runs of letters and digits: so where all scripts put blanks between words


def tokens(texts: Sequence[str]) -> Tokens:
    """The tokens of a page's blocks."""
    return _tokens(" \x01 ".join(texts))


@remembered
def _tokens(joined: str) -> Tokens:
    if any(letter in joined for letter in _NOT_ALONE):
        joined = joined.lower()
    joined += " \x01"
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    spaced = _spaced().take(codes, mode="clip")
    # Without scripts that have no blanks a token is a run of letters and digits: a third of the pattern's time.
    plain = bool(spaced.all()) and not has_astral_letters(codes)
    found = spaced.tobytes().decode("utf-32-le").split() if plain else TOKEN.findall(joined.lower())
    words: defaultdict[str, int] = defaultdict(count(-1).__next__)
    words["\x01"]
    every = np.fromiter(map(words.__getitem__, found), np.int64, len(found))
    breaks = np.flatnonzero(every < 0)
    size = np.diff(breaks, prepend=-1) - 1
    del words["\x01"]
    words.default_factory = None
    return Tokens(words, every[every >= 0], size, plain)


def has_astral_letters(codes: NDArray[np.uint32]) -> bool:
    """Whether any character beyond the basic plane is a letter or digit: most are emoji."""
    return any(chr(code).isalnum() for code in set(codes[codes > 0xFFFF].tolist()))


@functools.cache
def _spaced() -> NDArray[np.uint32]:
    """Of every character of the basic plane: its lower case where it is of a word, else a blank.

    0 in scripts without blanks. U+0001, which divides blocks, is a word.
    """
    codes = range(0x10000)
    table = np.fromiter((ord(chr(code).lower()[0]) if chr(code).isalnum() else 32 for code in codes), np.uint32)
    table[1] = 1
    for low, high in WITHOUT_BLANKS:
        table[low : high + 1] = 0
    return table


@remembered
def words_of(text: str) -> frozenset[str]:
    """The distinct words of a text."""
    return frozenset((_ASCII_WORDS if text.isascii() else _WORDS).findall(text.lower()))


def vocabulary(texts: Sequence[str]) -> Collection[str]:
    """The distinct words of a page."""
    found = tokens(texts)
    if not found.spaced:
        return words_of("\n".join(texts))
    mixed = " ".join(filterfalse(str.isalpha, found.words))
    return {*filter(str.isalpha, found.words), *_WORDS.findall(mixed)}


def words_by_block(texts: Sequence[str]) -> list[frozenset[str]]:
    """The distinct words of each block."""
    found = tokens(texts)
    if not found.spaced:
        return [words_of(text) for text in texts]
    words = [(word,) if word.isalpha() else tuple(_WORDS.findall(word)) for word in found.words]
    each = map(words.__getitem__, found.each.tolist())
    return [frozenset(chain.from_iterable(islice(each, size))) for size in found.size.tolist()]
