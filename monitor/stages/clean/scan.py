"""What each block of a page says for itself, whatever stands beside it. Pure; numpy, one pass over the page.

Character classes come from one table look-up, tokens are numbered once, and all else is counted by
`bincount` over the whole page: a loop over blocks with regular expressions takes three times as long.
A scan of a page is good for every part of it, too (`Scan.of`): when some blocks have gone, the rest is not
read again. What depends on the neighbours is counted in `features`.
"""

from __future__ import annotations

import functools
import re
import unicodedata
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

BUCKETS = 1 << 15  # rows of each half of the lexicon: single words, pairs of words
PAIRED = 12  # words: pairs are looked up in blocks up to this length

# Character classes.
UPPER, LOWER, LETTER, DENSE, DIGIT, SPACE, STOP, COMMA, COLON, QUOTE, BAR, BRACKET, MARK, DASH, OTHER = range(15)
_CLASSES = 15
TOKEN = re.compile(
    r"\x01|[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
    r"|[^\W_\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+"
)
_CLOSING = "'\"”’»«)]】」』*_ \u200f\u200e"
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_TIME = re.compile(r"(?<!\d)\d{1,2}[:.h]\d\d(?!\d)")
_LINK = re.compile(r"https?:|www\.|@|\.(?:com|org|net)\b")


@functools.cache
def _table() -> NDArray[np.uint8]:
    """The class of every character of the basic plane; all beyond it count as 'other'."""
    table = np.full(0x10000, OTHER, np.uint8)
    by_category = {
        "Lu": UPPER, "Lt": UPPER, "Ll": LOWER, "Lo": LETTER, "Lm": LETTER, "Mn": MARK, "Mc": MARK,
        "Nd": DIGIT, "Zs": SPACE, "Pd": DASH, "Ps": BRACKET, "Pe": BRACKET, "Pi": QUOTE, "Pf": QUOTE,
    }  # fmt: skip
    for code in range(0x10000):
        table[code] = by_category.get(unicodedata.category(chr(code)), OTHER)
    for characters, kind in (
        (".!?…。！？।॥؟۔։", STOP),
        (",、،，;；؛", COMMA),
        (":：", COLON),
        ("\"'“”„‘’«»「」『』", QUOTE),
        ("|/>›•·→", BAR),
        ("\n\t ", SPACE),
    ):
        for character in characters:
            table[ord(character)] = kind
    for low, high in (
        (0x0E00, 0x0EFF),
        (0x1000, 0x109F),
        (0x1780, 0x17FF),
        (0x3040, 0x30FF),
        (0x3400, 0x9FFF),
        (0xAC00, 0xD7AF),
    ):
        part = table[low : high + 1]
        part[part == LETTER] = DENSE
    return table


@dataclass(frozen=True, slots=True)
class Scan:
    """The blocks of a page taken for themselves. One row a block, but for tokens and words."""

    numbers: Floats  # blocks × columns, see `COLUMNS`
    first: Ints  # how a block begins, see `_edges`
    last: Ints  # how it ends
    size: Ints  # tokens in it
    starts: list[bytes]  # equal where blocks begin with the same sixty tokens
    tokens: Ints  # number of each token's word, counted by first appearance
    content: NDArray[np.bool_]  # of each word: long enough to mean something

    def column(self, name: str) -> Floats:
        """One number of every block."""
        column: Floats = self.numbers[:, COLUMNS[name]]
        return column

    def of(self, rows: Ints) -> Scan:
        """The scan of a page that has only these blocks, in this order."""
        size = self.size[rows]
        begin = (np.cumsum(self.size) - self.size)[rows]
        tokens = self.tokens[np.arange(size.sum()) + np.repeat(begin - (np.cumsum(size) - size), size)]
        where = np.full(len(self.content), -1, np.int64)
        where[tokens[::-1]] = np.arange(len(tokens) - 1, -1, -1)  # the first place of a word is written last
        present = np.flatnonzero(where >= 0)
        order = present[np.argsort(where[present])]
        where[order] = np.arange(len(order))
        return Scan(
            self.numbers[rows], self.first[rows], self.last[rows], size, [self.starts[row] for row in rows.tolist()],
            where[tokens], self.content[order],
        )  # fmt: skip


LEXICAL = ("odds_mean", "odds_low", "odds_high", "odds_first", "odds_last", "odds_known", "pairs_mean")
_NUMBERS = (
    "length", "runs", "words", "sentences", "capital", "shouted", "small", "run_mean", "plain_end", "year", "clock",
    "link", "lines", *LEXICAL,
)  # fmt: skip
# The character classes come first, so that a class is its own column.
COLUMNS = {name: number for number, name in enumerate(_NUMBERS, _CLASSES)}


def bucket(word: str) -> int:
    """The row of a word in the first half of the lexicon."""
    return zlib.crc32(word.encode("utf-8", "surrogatepass")) & (BUCKETS - 1)


def pair_bucket(a: Any, b: Any) -> Any:
    """The row of a pair of neighbouring words in the second half of the lexicon; of numbers or of arrays."""
    return (a * 31 + b * 17 + 7) & (BUCKETS - 1)


def safe(a: Floats, b: Floats) -> Floats:
    """`a / b`, with nothing for `b` counted as one."""
    return (a / np.maximum(b, 1.0)).astype(np.float32)


def scan(texts: Sequence[str], lexicon: Floats) -> Scan:
    """What the blocks of a page say for themselves.

    `lexicon`: 2 × BUCKETS log-odds of body against furniture, first of single words, then of pairs in
    short blocks; zero is unknown.
    """
    n = len(texts)
    joined = "\n".join(texts) + "\n"
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    classes = _table()[np.minimum(codes, 0xFFFF)].astype(np.int64)
    lengths = np.fromiter(map(len, texts), np.int64, n) + 1
    block_of = np.repeat(np.arange(n), lengths)
    counts = np.bincount(block_of * _CLASSES + classes, minlength=n * _CLASSES).reshape(n, _CLASSES).astype(np.float32)
    counts[:, SPACE] -= 1  # the newline put in between
    size = np.maximum(lengths - 1, 1).astype(np.float32)

    # Words by runs of letters and digits.
    inside = (classes <= DIGIT) | (classes == MARK)
    begins = inside.copy()
    begins[1:] &= ~inside[:-1]
    at = np.flatnonzero(begins)
    ends_at = np.flatnonzero(inside & ~np.append(inside[1:], False))
    run = (ends_at - at + 1).astype(np.float32)
    run_block = block_of[at]
    runs = np.bincount(run_block, minlength=n).astype(np.float32)
    capital = np.bincount(run_block, weights=classes[at] == UPPER, minlength=n).astype(np.float32)
    small = np.bincount(run_block, weights=run <= 3, minlength=n).astype(np.float32)
    upper_total = np.append(0, np.cumsum(classes == UPPER))
    shouted = np.bincount(
        run_block, weights=(upper_total[ends_at + 1] - upper_total[at] == run) & (run > 1), minlength=n
    ).astype(np.float32)
    words = np.maximum(runs, 0) + counts[:, DENSE] * 0.5
    # A stop counts as a sentence end when a blank or the end of the block follows, or in dense scripts always.
    following = np.append(classes[1:], SPACE)
    stops = (classes == STOP) & ((following == SPACE) | (following == QUOTE) | (codes > 0x2FFF))
    sentences = np.bincount(block_of, weights=stops, minlength=n).astype(np.float32)

    # Tokens, numbered once.
    found = _tokens(texts)
    numbers = {word: number for number, word in enumerate(dict.fromkeys(["\x01", *found]))}
    every = np.fromiter(map(numbers.__getitem__, found), np.int64, len(found))
    breaks = np.flatnonzero(every == 0)
    per_block = np.diff(breaks, prepend=-1) - 1
    tokens = every[every != 0] - 1
    del numbers["\x01"]
    vocabulary = len(numbers)
    packed = tokens.astype(np.int32).tobytes()
    begin = (np.append(0, np.cumsum(per_block)) * 4).tolist()
    keys = [packed[a : min(b, a + 240)] for a, b in pairwise(begin)]
    word_length = np.fromiter(map(len, numbers), np.int64, vocabulary)
    content = (word_length >= 4) | np.fromiter((word > "\u0dff" for word in numbers), bool, vocabulary)

    # The lexicon.
    token_block = np.repeat(np.arange(n), per_block)
    known = np.fromiter(map(bucket, numbers), np.int64, vocabulary) if vocabulary else np.zeros(1, np.int64)
    odds = lexicon[:BUCKETS][known]
    token_odds = odds[tokens] if len(tokens) else np.zeros(0, np.float32)
    per = np.maximum(per_block, 1).astype(np.float32)
    odds_mean = np.bincount(token_block, weights=token_odds, minlength=n).astype(np.float32) / per
    odds_known = np.bincount(token_block, weights=token_odds != 0, minlength=n).astype(np.float32) / per
    starts = np.append(0, np.cumsum(per_block))[:-1]
    filled = per_block > 0
    odds_low, odds_high = np.zeros(n, np.float32), np.zeros(n, np.float32)
    odds_first, odds_last = np.zeros(n, np.float32), np.zeros(n, np.float32)
    if filled.any():
        where = starts[filled]
        odds_low[filled] = np.minimum.reduceat(token_odds, where)
        odds_high[filled] = np.maximum.reduceat(token_odds, where)
        odds_first[filled] = token_odds[where]
        odds_last[filled] = token_odds[where + per_block[filled] - 1]
    pairs_mean = np.zeros(n, np.float32)
    if len(tokens) > 1:
        left = np.flatnonzero((token_block[1:] == token_block[:-1]) & (per_block[token_block[1:]] <= PAIRED))
        if len(left):
            values = lexicon[BUCKETS:][pair_bucket(known[tokens[left]], known[tokens[left + 1]])]
            pair_count = np.bincount(token_block[left], minlength=n)
            pairs_mean = (
                np.bincount(token_block[left], weights=values, minlength=n) / np.maximum(pair_count, 1)
            ).astype(np.float32)

    lines = np.fromiter((text.count("\n") for text in texts), np.float32, n)
    heads = [text[:80] for text in texts]
    numbered = np.flatnonzero(counts[:, DIGIT]).tolist()
    year, clock = (_where(pattern, heads, numbered) for pattern in (_YEAR, _TIME))
    link = _where(_LINK, heads, [i for i, h in enumerate(heads) if "." in h or "@" in h or "http" in h])
    first, last, plain_end = _edges(texts)
    run_mean = safe(np.bincount(run_block, weights=run, minlength=n).astype(np.float32), runs)
    columns = [
        size, runs, words, sentences, capital, shouted, small, run_mean, plain_end, year, clock, link, lines,
        odds_mean, odds_low, odds_high, odds_first, odds_last, odds_known, pairs_mean,
    ]  # fmt: skip
    table = np.concatenate([counts, np.stack(columns, axis=1)], axis=1).astype(np.float32)
    return Scan(table, first, last, per_block, keys, tokens, content)


@functools.cache
def _alphanumeric() -> NDArray[np.bool_]:
    """Of every character below U+3000: whether it is of a word; so is U+0001, which divides blocks."""
    table = np.fromiter((chr(code).isalnum() for code in range(0x10000)), bool, 0x10000)
    table[1] = True
    return table


def _tokens(texts: Sequence[str]) -> list[str]:
    """What `TOKEN` finds in the blocks, lower case, with a U+0001 after each block."""
    joined = " \x01 ".join(texts).lower() + " \x01"
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    if ((codes >= 0x0E00) & ((codes < 0x2000) | (codes > 0x2FFF))).any():
        return TOKEN.findall(joined)
    # Without scripts that have no blanks a token is a run of letters and digits: half of the pattern's time.
    spaced = np.where(_alphanumeric()[codes], codes, np.uint32(32))
    return spaced.tobytes().decode("utf-32-le").split()


def _where(pattern: re.Pattern[str], heads: Sequence[str], candidates: Sequence[int]) -> Floats:
    """Whether a pattern occurs in each of the heads; only the candidates are looked at."""
    out = np.zeros(len(heads), np.float32)
    out[[i for i in candidates if pattern.search(heads[i])]] = 1.0
    return out


def _edges(texts: Sequence[str]) -> tuple[Ints, Ints, Floats]:
    """How blocks begin (0 lower, 1 upper, 2 digit, 3 quote, 4 other letter, 5 sign) and end.

    Ends: 1 full stop and its like, 2 colon, 3 ellipsis, 4 question or exclamation mark, 5 comma,
    6 digit, 0 anything else. The third column: whether nothing closed the block after its last letter.
    """
    n = len(texts)
    first, last = np.zeros(n, np.int64), np.zeros(n, np.int64)
    plain = np.zeros(n, np.float32)
    for i, text in enumerate(texts):
        a = text[:1]
        first[i] = (
            0
            if a.islower()
            else 1
            if a.isupper()
            else 2
            if a.isdigit()
            else 3
            if a in "\"'“”„‘’«»「『"
            else 4
            if a.isalpha()
            else 5
        )
        tail = text[-12:].rstrip(_CLOSING)
        z = tail[-1:]
        if z in ".。।॥۔։" and z:
            last[i] = 3 if tail.endswith("...") else 1
        elif z in "?!？！؟" and z:
            last[i] = 4
        elif z == "…":
            last[i] = 3
        elif z in ":：" and z:
            last[i] = 2
        elif z in ",;،，、–—-" and z:
            last[i] = 5
        elif z.isdigit():
            last[i] = 6
        plain[i] = float(text[-1:].isalpha())
    return first, last, plain
