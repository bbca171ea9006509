"""Blocks of one page → numbers a model can judge by. Pure; one pass over the page with numpy.

Character classes come from one table look-up, tokens are numbered once, and all else is counted by
`bincount` over the whole page: a loop over blocks with regular expressions takes three times as long.
No feature names a site, a language or a page total; words enter only through the lexicon, whose rows
are zero for words it does not know.
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
LONG = 20  # words: a block of this length that ends a sentence is long

# Character classes.
_UPPER, _LOWER, _LETTER, _DENSE, _DIGIT, _SPACE, _STOP, _COMMA, _COLON, _QUOTE, _BAR, _BRACKET, _MARK, _DASH, _OTHER = (
    range(15)
)
_CLASSES = 15
_TOKEN = re.compile(
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
    table = np.full(0x10000, _OTHER, np.uint8)
    by_category = {
        "Lu": _UPPER, "Lt": _UPPER, "Ll": _LOWER, "Lo": _LETTER, "Lm": _LETTER, "Mn": _MARK, "Mc": _MARK,
        "Nd": _DIGIT, "Zs": _SPACE, "Pd": _DASH, "Ps": _BRACKET, "Pe": _BRACKET, "Pi": _QUOTE, "Pf": _QUOTE,
    }  # fmt: skip
    for code in range(0x10000):
        table[code] = by_category.get(unicodedata.category(chr(code)), _OTHER)
    for characters, kind in (
        (".!?…。！？।॥؟۔։", _STOP),
        (",、،，;；؛", _COMMA),
        (":：", _COLON),
        ("\"'“”„‘’«»「」『』", _QUOTE),
        ("|/>›•·→", _BAR),
        ("\n\t ", _SPACE),
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
        part[part == _LETTER] = _DENSE
    return table


@dataclass(frozen=True, slots=True)
class Page:
    """What is counted once a page and used by both passes."""

    features: Floats  # blocks × features
    words: Floats  # length of each block in words, dense scripts converted
    pair_block: Ints  # distinct (block, word) pairs: the block …
    pair_word: Ints  # … and the word's number on this page
    vocabulary: int
    shape: Ints  # a number for the look of each block


def _safe(a: Floats, b: Floats) -> Floats:
    return (a / np.maximum(b, 1.0)).astype(np.float32)


def _shift(x: Floats, by: int) -> Floats:
    """`x` moved so that row i holds row i+by; zero beyond the page."""
    out = np.zeros_like(x)
    if 0 < by < len(x):
        out[:-by] = x[by:]
    elif 0 < -by < len(x):
        out[-by:] = x[:by]
    return out


def around(x: Floats, before: int, after: int) -> Floats:
    """Mean of rows i−before … i+after, the row itself left out; x is blocks × columns."""
    n = len(x)
    total = np.zeros((n + 1, x.shape[1]), np.float64)
    np.cumsum(x, axis=0, out=total[1:])
    i = np.arange(n)
    low, high = np.maximum(i - before, 0), np.minimum(i + after + 1, n)
    own = x if before >= 0 and after >= 0 else 0.0
    count = np.maximum(high - low - 1, 1)[:, None]
    mean: Floats = ((total[high] - total[low] - own) / count).astype(np.float32)
    return mean


def _bucket(word: str) -> int:
    return zlib.crc32(word.encode("utf-8", "surrogatepass")) & (BUCKETS - 1)


def pair_bucket(a: Any, b: Any) -> Any:
    """The row of a pair of neighbouring words in the second half of the lexicon; of numbers or of arrays."""
    return (a * 31 + b * 17 + 7) & (BUCKETS - 1)


def measure(texts: Sequence[str], roles: Sequence[int], lexicon: Floats) -> Page:
    """The features of a page's blocks.

    `roles`: for each block what `head` took it for, 0 for nothing. `lexicon`: 2 × BUCKETS log-odds of
    body against furniture, first of single words, then of pairs in short blocks; zero is unknown.
    """
    n = len(texts)
    joined = "\n".join(texts) + "\n"
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    classes = _table()[np.minimum(codes, 0xFFFF)].astype(np.int64)
    lengths = np.fromiter(map(len, texts), np.int64, n) + 1
    block_of = np.repeat(np.arange(n), lengths)
    counts = np.bincount(block_of * _CLASSES + classes, minlength=n * _CLASSES).reshape(n, _CLASSES).astype(np.float32)
    counts[:, _SPACE] -= 1  # the newline put in between
    size = np.maximum(lengths - 1, 1).astype(np.float32)

    # Words by runs of letters and digits.
    inside = (classes <= _DIGIT) | (classes == _MARK)
    begins = inside.copy()
    begins[1:] &= ~inside[:-1]
    at = np.flatnonzero(begins)
    ends_at = np.flatnonzero(inside & ~np.append(inside[1:], False))
    run = (ends_at - at + 1).astype(np.float32)
    run_block = block_of[at]
    runs = np.bincount(run_block, minlength=n).astype(np.float32)
    capital = np.bincount(run_block, weights=classes[at] == _UPPER, minlength=n).astype(np.float32)
    small = np.bincount(run_block, weights=run <= 3, minlength=n).astype(np.float32)
    upper_total = np.append(0, np.cumsum(classes == _UPPER))
    shouted = np.bincount(
        run_block, weights=(upper_total[ends_at + 1] - upper_total[at] == run) & (run > 1), minlength=n
    ).astype(np.float32)
    words = np.maximum(runs, 0) + counts[:, _DENSE] * 0.5
    # A stop counts as a sentence end when a blank or the end of the block follows, or in dense scripts always.
    following = np.append(classes[1:], _SPACE)
    stops = (classes == _STOP) & ((following == _SPACE) | (following == _QUOTE) | (codes > 0x2FFF))
    sentences = np.bincount(block_of, weights=stops, minlength=n).astype(np.float32)

    # Tokens, numbered once.
    found = _TOKEN.findall("\x01".join(texts).lower() + "\x01")
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
    token_block = np.repeat(np.arange(n), per_block)
    tf = np.bincount(tokens, minlength=max(1, vocabulary)).astype(np.float32)
    pair = np.unique(token_block * max(1, vocabulary) + tokens)
    pair_block, pair_word = pair // max(1, vocabulary), pair % max(1, vocabulary)
    distinct = np.bincount(pair_block, minlength=n).astype(np.float32)
    df = np.bincount(pair_word, minlength=max(1, vocabulary)).astype(np.float32)

    first, last, plain_end = _edges(texts)
    ended = np.isin(last, (1,)).astype(np.float32)
    long = ((words >= LONG) & (ended > 0)) | (words >= 2 * LONG)
    longf = long.astype(np.float32)

    # What the long blocks talk about.
    long_pairs = long[pair_block]
    core = np.bincount(pair_word[long_pairs], minlength=max(1, vocabulary)).astype(np.float32)
    word_length = np.fromiter(map(len, numbers), np.float32, vocabulary) if vocabulary else np.zeros(1, np.float32)
    content = word_length >= 4
    if vocabulary:
        content |= np.fromiter((word > "\u0dff" for word in numbers), bool, vocabulary)
    chosen = content[pair_word] if vocabulary else np.zeros(0, bool)
    others = core[pair_word] - long_pairs
    content_count = np.bincount(pair_block, weights=chosen, minlength=n).astype(np.float32)
    shared = np.bincount(pair_block, weights=chosen & (others > 0), minlength=n).astype(np.float32)
    shared_often = np.bincount(pair_block, weights=chosen & (others > 1), minlength=n).astype(np.float32)
    alone = np.bincount(pair_block, weights=df[pair_word] == 1, minlength=n).astype(np.float32)
    spread = np.bincount(pair_block, weights=np.log1p(df[pair_word]), minlength=n).astype(np.float32)
    frequent = np.zeros(max(1, vocabulary), bool)
    frequent[np.argsort(-core * (1 + tf * 0.01), kind="stable")[:24]] = True
    frequent &= core >= 2
    function = np.bincount(token_block, weights=frequent[tokens], minlength=n).astype(np.float32)

    # The lexicon.
    known = np.fromiter(map(_bucket, numbers), np.int64, vocabulary) if vocabulary else np.zeros(1, np.int64)
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

    # Repeats.
    seen: dict[bytes, int] = {}
    before = np.empty(n, np.float32)
    for i, key in enumerate(keys):
        before[i] = seen.get(key, 0)
        seen[key] = seen.get(key, 0) + 1
    again = np.fromiter((seen[key] for key in keys), np.float32, n) - before - 1

    log_words = np.log1p(words)
    cap = _safe(capital, runs)
    lines = np.fromiter((text.count("\n") for text in texts), np.float32, n)
    heads = "\x01".join(text if len(text) <= 80 else text[:80] for text in texts)
    limits = np.flatnonzero(np.frombuffer(heads.encode("utf-32-le", "surrogatepass"), np.uint32) == 1)
    year, clock, link = (_where(pattern, heads, limits, n) for pattern in (_YEAR, _TIME, _LINK))
    shape = (
        np.minimum(np.log2(words + 1).astype(np.int64), 6) * 4096
        + last * 512
        + first * 64
        + np.minimum((cap * 3.99).astype(np.int64), 3) * 16
        + (counts[:, _DIGIT] > 0) * 8
        + (counts[:, _BAR] > 0) * 4
        + (sentences > 1) * 2
        + (counts[:, _COMMA] > 0)
    ).astype(np.int64)

    index = np.arange(n)
    next_long = np.full(n, n + 20, np.int64)
    previous_long = np.full(n, -20, np.int64)
    spots = np.flatnonzero(long)
    if len(spots):
        k = np.searchsorted(spots, index)
        here = k < len(spots)
        next_long[here] = spots[k[here]]
        earlier = np.searchsorted(spots, index, side="left") - 1
        has = earlier >= 0
        previous_long[has] = spots[earlier[has]]
    to_next = np.log1p(np.minimum(next_long - index, 40)).astype(np.float32)
    to_previous = np.log1p(np.minimum(index - previous_long, 40)).astype(np.float32)
    long_before = np.append(0, np.cumsum(longf))[:-1].astype(np.float32)
    long_after = longf.sum() - long_before - longf
    long_words = np.cumsum(words * longf)
    total_long = max(float(long_words[-1]), 1.0) if n else 1.0

    role = np.asarray(roles, np.int64)
    base = np.stack(
        [
            log_words, ended, np.log1p(sentences), np.log1p(_safe(words, sentences)), cap, _safe(shouted, runs),
            counts[:, _DIGIT] / size, _safe(counts[:, _COMMA], words), np.minimum(counts[:, _QUOTE], 6),
            np.log1p(counts[:, _BAR]), counts[:, _OTHER] / size, np.minimum(counts[:, _BRACKET], 6),
            link, first == 0, first == 1, first == 2, first == 3, first == 4,
            last == 2, last == 3, last == 4, last == 5, last == 6, plain_end,
            _safe(np.bincount(run_block, weights=run, minlength=n).astype(np.float32), runs), _safe(small, runs),
            distinct / per, function / per, _safe(shared, content_count), _safe(shared_often, content_count),
            np.minimum(content_count, 20), _safe(alone, distinct), spread / np.maximum(distinct, 1),
            np.minimum(before, 5), np.minimum(again, 5), year, clock, np.minimum(lines, 8),
            np.log1p(counts[:, _DENSE]), role == 1, role == 2, role == 3, longf,
            odds_mean, odds_low, odds_high, odds_first, odds_last, odds_known, pairs_mean,
        ],
        axis=1,
    ).astype(np.float32)  # fmt: skip
    place = np.stack(
        [
            to_next, to_previous, np.minimum(long_before, 12), np.minimum(long_after, 12),
            long_words / total_long, np.log1p(index), np.log1p(n - 1 - index),
        ],
        axis=1,
    ).astype(np.float32)  # fmt: skip
    key = base[:, _NEAR]
    near = [_shift(key, by) for by in (-3, -2, -1, 1, 2, 3)]
    mid = base[:, _WINDOW]
    mass = words[:, None].astype(np.float32)
    alike = _same_shape(shape)
    windows = [
        around(mid, 1, 1), around(mid, 6, 0), around(mid, 0, 6), around(mid, 8, 8),
        np.log1p(around(mass, 5, 5)), np.log1p(around(mass, 2, 2)), np.log1p(around(mass, 10, 0)),
        np.log1p(around(mass, 0, 10)),
    ]  # fmt: skip
    features = np.concatenate([base, place, alike, *near, *windows], axis=1)
    return Page(features, words.astype(np.float32), pair_block, pair_word, vocabulary, shape)


def _where(pattern: re.Pattern[str], heads: str, limits: Ints, n: int) -> Floats:
    """Whether a pattern occurs in each of the heads, which U+0001 divides; one search for the page."""
    out = np.zeros(n, np.float32)
    spots = [match.start() for match in pattern.finditer(heads)]
    if spots:
        out[np.searchsorted(limits, spots)] = 1.0
    return out


_NEAR = [0, 1, 2, 4, 6, 9, 13, 18, 28, 43, 49]
_WINDOW = [0, 1, 2, 3, 4, 6, 28, 32, 42, 43, 49]


def _same_shape(shape: Ints) -> Floats:
    """How many blocks within ten places look the same, and on the whole page, as logarithms."""
    n = len(shape)
    _, inverse, count = np.unique(shape, return_inverse=True, return_counts=True)
    everywhere = np.log1p(np.minimum(count[inverse] - 1, 30))
    nearby = np.zeros(n, np.float32)
    for by in range(1, 11):
        if by >= n:
            break
        same = (shape[by:] == shape[:-by]).astype(np.float32)
        nearby[by:] += same
        nearby[:-by] += same
    return np.stack([everywhere, np.log1p(nearby)], axis=1).astype(np.float32)


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


def second(page: Page, p: Floats) -> Floats:
    """Features of the second pass: those of the first, and what the first pass thought of the page."""
    n = len(p)
    column = p[:, None].astype(np.float32)
    mass = page.words
    body = p * mass
    vocabulary = max(1, page.vocabulary)
    good = np.bincount(page.pair_word, weights=p[page.pair_block], minlength=vocabulary)
    bad = np.bincount(page.pair_word, weights=1 - p[page.pair_block], minlength=vocabulary)
    own = p[page.pair_block]
    lean = np.log((good[page.pair_word] - own + 0.3) / (bad[page.pair_word] - (1 - own) + 0.3))
    count = np.maximum(np.bincount(page.pair_block, minlength=n), 1)
    vocabulary_lean = (np.bincount(page.pair_block, weights=lean, minlength=n) / count).astype(np.float32)
    _, inverse = np.unique(page.shape, return_inverse=True)
    shape_sum, shape_n = np.bincount(inverse, weights=p), np.bincount(inverse)
    shape_mean = ((shape_sum[inverse] - p + 0.5) / (shape_n[inverse] - 1 + 1)).astype(np.float32)
    total = np.append(0.0, np.cumsum(body)).astype(np.float32)
    whole = max(float(total[-1]), 1.0)
    weighted = np.stack([body, mass], axis=1).astype(np.float32)
    parts = [column, vocabulary_lean[:, None], shape_mean[:, None]]
    parts += [_shift(column, by) for by in (-5, -4, -3, -2, -1, 1, 2, 3, 4, 5)]
    for before, after in ((2, 2), (6, 0), (0, 6), (10, 10), (20, 20)):
        parts.append(around(column, before, after))
        w = around(weighted, before, after)
        parts.append((w[:, :1] / np.maximum(w[:, 1:], 0.05)).astype(np.float32))
    parts += [(total[:-1] / whole)[:, None], ((whole - total[1:]) / whole)[:, None]]
    parts.append(np.full((n, 1), whole / max(float(mass.sum()), 1.0), np.float32))
    return np.concatenate([page.features, *parts], axis=1).astype(np.float32)
