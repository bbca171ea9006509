"""The words of a page's blocks, cut and numbered once for all who count them. Pure; numpy.

Tokens have digits in them, words have not; both are in lower case. The page that was asked for last is at hand.
"""

from __future__ import annotations

import functools
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import chain, count, filterfalse
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


def blocks_of_words(texts: Sequence[str], among: Sequence[int]) -> tuple[Counter[str], dict[str, int]]:
    """(in how many blocks each word of a page stands, and the same of some blocks for words of two or more of them)."""
    found = tokens(texts)
    if not found.spaced or len(found.size) != len(texts):
        words = list(map(words_of, texts))
        some = Counter(chain.from_iterable(words[i] for i in among))
        return Counter(chain.from_iterable(words)), {word: n for word, n in some.items() if n > 1}
    number = dict(found.words)
    block_of = np.repeat(np.arange(len(texts)), found.size)
    each, block = [found.each], [block_of]
    size = len(number)
    # Where each token stands, sorted once: a page may have tens of thousands of them.
    blocks_in_order = block_of[np.argsort(found.each, kind="stable")]
    begins = np.append(0, np.cumsum(np.bincount(found.each, minlength=size))).tolist()
    for token in list(filterfalse(str.isalpha, number)):  # their words are taken out
        parts = _WORDS.findall(token)
        here = blocks_in_order[begins[number[token]] : begins[number[token] + 1]]
        for word in parts:
            each.append(np.full(len(here), number.setdefault(word, size)))
            block.append(here)
            size = max(size, number[word] + 1)
        if token not in parts:
            del number[token]
    pairs = np.sort(np.concatenate(block) * size + np.concatenate(each))
    pairs = pairs[np.append(True, pairs[1:] != pairs[:-1])[: len(pairs)]]
    here, word_of = np.divmod(pairs, max(1, size))
    some_blocks = np.zeros(len(texts), bool)
    some_blocks[list(among)] = True
    order = np.fromiter(number.values(), np.int64, len(number))
    used = np.bincount(word_of, minlength=size)[order].tolist()
    often = np.bincount(word_of[some_blocks[here]], minlength=size)[order].tolist()
    return Counter(dict(zip(number, used, strict=True))), {w: n for w, n in zip(number, often, strict=True) if n > 1}


def summed(found: Tokens, marks: NDArray[np.int64]) -> list[int]:
    """What the words of each block make together; `marks`: a number for each word of the page."""
    total = np.append(0, np.cumsum(marks[found.each]))
    ends = np.cumsum(found.size)
    return (total[ends] - total[ends - found.size]).tolist()  # type: ignore[no-any-return]


def summed_once(found: Tokens, marks: NDArray[np.int64]) -> list[int]:
    """The same of the distinct words of each block."""
    block = np.repeat(np.arange(len(found.size)), found.size)
    here = marks[found.each] > 0
    pairs = np.unique(block[here] * len(marks) + found.each[here])
    where, word = np.divmod(pairs, max(1, len(marks)))
    return np.bincount(where, marks[word], len(found.size)).astype(np.int64).tolist()  # type: ignore[no-any-return]
