"""Blocks of one page → numbers a model can judge by. Pure; numpy.

What a block says for itself comes from `scan`; here it is set beside what the rest of the page says.
No feature names a site, a language or a page total; words enter only through the lexicon, whose rows
are zero for words it does not know.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from monitor.stages.clean.scan import (
    BAR,
    BRACKET,
    COMMA,
    DENSE,
    DIGIT,
    LEXICAL,
    OTHER,
    QUOTE,
    Floats,
    Ints,
    Scan,
    safe,
    scan,
)

LONG = 20  # words: a block of this length that ends a sentence is long


@dataclass(frozen=True, slots=True)
class Page:
    """What is counted once a page and used by both passes."""

    features: Floats  # blocks × features
    words: Floats  # length of each block in words, dense scripts converted
    pair_block: Ints  # distinct (block, word) pairs: the block …
    pair_word: Ints  # … and the word's number on this page
    vocabulary: int
    shape: Ints  # a number for the look of each block


def _shift(x: Floats, by: int) -> Floats:
    """`x` moved so that row i holds row i+by; zero beyond the page."""
    out = np.zeros_like(x)
    if 0 < by < len(x):
        out[:-by] = x[by:]
    elif 0 < -by < len(x):
        out[-by:] = x[:by]
    return out


def around(x: Floats, reaches: Sequence[tuple[int, int]]) -> list[Floats]:
    """For each (before, after) the mean of rows i−before … i+after, the row itself left out; x is blocks × columns."""
    n = len(x)
    most = max(map(max, reaches))
    total = np.zeros((n + 1 + 2 * most, x.shape[1]), np.float64)  # sums up to each row, held at both ends
    np.cumsum(x, axis=0, out=total[most + 1 : most + 1 + n])
    total[most + 1 + n :] = total[most + n]
    i = np.arange(n)
    means: list[Floats] = []
    for before, after in reaches:
        count = np.maximum(np.minimum(i + after + 1, n) - np.maximum(i - before, 0) - 1, 1)[:, None]
        low, high = most - before, most + after + 1
        means.append(((total[high : high + n] - total[low : low + n] - x) / count).astype(np.float32))
    return means


def measure(texts: Sequence[str], roles: Sequence[int], lexicon: Floats) -> Page:
    """The features of a page's blocks, read from nothing: `scan` and `placed` in one."""
    return placed(scan(texts, lexicon), roles)


def placed(alone: Scan, roles: Sequence[int]) -> Page:
    """The features of a page's blocks.

    `roles`: for each block what `head` took it for, 0 for nothing.
    """
    counts, tokens = alone.numbers, alone.tokens
    n, vocabulary = len(counts), max(1, len(alone.content))
    size, runs, words, sentences = (alone.column(name) for name in ("length", "runs", "words", "sentences"))
    first, last = alone.first, alone.last
    ended = (last == 1).astype(np.float32)
    long = ((words >= LONG) & (ended > 0)) | (words >= 2 * LONG)
    longf = long.astype(np.float32)

    token_block = np.repeat(np.arange(n), alone.size)
    tf = np.bincount(tokens, minlength=vocabulary).astype(np.float32)
    pair = np.sort(token_block * vocabulary + tokens)
    pair = pair[np.append(True, pair[1:] != pair[:-1])] if len(pair) else pair
    pair_block, pair_word = np.divmod(pair, vocabulary)
    distinct = np.bincount(pair_block, minlength=n).astype(np.float32)
    df = np.bincount(pair_word, minlength=vocabulary).astype(np.float32)

    # What the long blocks talk about.
    long_pairs = long[pair_block]
    core = np.bincount(pair_word[long_pairs], minlength=vocabulary).astype(np.float32)
    chosen = alone.content[pair_word]
    others = core[pair_word] - long_pairs
    content_count = np.bincount(pair_block, weights=chosen, minlength=n).astype(np.float32)
    shared = np.bincount(pair_block, weights=chosen & (others > 0), minlength=n).astype(np.float32)
    shared_often = np.bincount(pair_block, weights=chosen & (others > 1), minlength=n).astype(np.float32)
    unique = np.bincount(pair_block, weights=df[pair_word] == 1, minlength=n).astype(np.float32)
    spread = np.bincount(pair_block, weights=np.log1p(df)[pair_word], minlength=n).astype(np.float32)
    frequent = np.zeros(vocabulary, bool)
    often = core * (1 + tf * 0.01)
    candidates = np.flatnonzero(often > 2)
    frequent[candidates[np.argsort(-often[candidates], kind="stable")[:24]]] = True
    frequent &= core >= 2
    per = np.maximum(alone.size, 1).astype(np.float32)
    function = np.bincount(token_block, weights=frequent[tokens], minlength=n).astype(np.float32)

    # Repeats.
    seen: dict[bytes, int] = {}
    before = np.empty(n, np.float32)
    for i, start in enumerate(alone.starts):
        before[i] = seen.get(start, 0)
        seen[start] = seen.get(start, 0) + 1
    again = np.fromiter((seen[start] for start in alone.starts), np.float32, n) - before - 1

    log_words = np.log1p(words)
    cap = safe(alone.column("capital"), runs)
    shape = (
        np.minimum(np.log2(words + 1).astype(np.int64), 6) * 4096
        + last * 512
        + first * 64
        + np.minimum((cap * 3.99).astype(np.int64), 3) * 16
        + (counts[:, DIGIT] > 0) * 8
        + (counts[:, BAR] > 0) * 4
        + (sentences > 1) * 2
        + (counts[:, COMMA] > 0)
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
            log_words, ended, np.log1p(sentences), np.log1p(safe(words, sentences)), cap,
            safe(alone.column("shouted"), runs),
            counts[:, DIGIT] / size, safe(counts[:, COMMA], words), np.minimum(counts[:, QUOTE], 6),
            np.log1p(counts[:, BAR]), counts[:, OTHER] / size, np.minimum(counts[:, BRACKET], 6),
            alone.column("link"), first == 0, first == 1, first == 2, first == 3, first == 4,
            last == 2, last == 3, last == 4, last == 5, last == 6, alone.column("plain_end"),
            alone.column("run_mean"), safe(alone.column("small"), runs),
            distinct / per, function / per, safe(shared, content_count), safe(shared_often, content_count),
            np.minimum(content_count, 20), safe(unique, distinct), spread / np.maximum(distinct, 1),
            np.minimum(before, 5), np.minimum(again, 5),
            alone.column("year"), alone.column("clock"), np.minimum(alone.column("lines"), 8),
            np.log1p(counts[:, DENSE]), role == 1, role == 2, role == 3, longf,
            *(alone.column(name) for name in LEXICAL),
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
    windows = around(mid, ((1, 1), (6, 0), (0, 6), (8, 8)))
    windows.append(np.log1p(np.concatenate(around(mass, ((5, 5), (2, 2), (10, 0), (0, 10))), axis=1)))
    features = np.concatenate([base, place, alike, *near, *windows], axis=1)
    return Page(features, words.astype(np.float32), pair_block, pair_word, vocabulary, shape)


_NEAR = [0, 1, 2, 4, 6, 9, 13, 18, 28, 43, 49]
_WINDOW = [0, 1, 2, 3, 4, 6, 28, 32, 42, 43, 49]


def _same_shape(shape: Ints) -> Floats:
    """How many blocks within ten places look the same, and on the whole page, as logarithms."""
    n = len(shape)
    _, inverse, count = np.unique(shape, return_inverse=True, return_counts=True)
    everywhere = np.log1p(np.minimum(count[inverse] - 1, 30))
    nearby = np.zeros(n, np.int64)
    for by in range(1, 11):
        if by >= n:
            break
        same = shape[by:] == shape[:-by]
        nearby[by:] += same
        nearby[:-by] += same
    return np.stack([everywhere, np.log1p(nearby.astype(np.float32))], axis=1).astype(np.float32)


def second(page: Page, p: Floats) -> Floats:
    """Features of the second pass: those of the first, and what the first pass thought of the page."""
    n = len(p)
    column = p[:, None].astype(np.float32)
    mass = page.words
    body = p * mass
    vocabulary = page.vocabulary
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
    parts = [column, vocabulary_lean[:, None], shape_mean[:, None]]
    parts += [_shift(column, by) for by in (-5, -4, -3, -2, -1, 1, 2, 3, 4, 5)]
    for mean in around(np.stack([column[:, 0], body, mass], axis=1), ((2, 2), (6, 0), (0, 6), (10, 10), (20, 20))):
        parts += [mean[:, :1], (mean[:, 1:2] / np.maximum(mean[:, 2:], 0.05)).astype(np.float32)]
    parts += [(total[:-1] / whole)[:, None], ((whole - total[1:]) / whole)[:, None]]
    parts.append(np.full((n, 1), whole / max(float(mass.sum()), 1.0), np.float32))
    return np.concatenate([page.features, *parts], axis=1).astype(np.float32)
