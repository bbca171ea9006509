"""Blocks of one page → numbers a model can judge by. Pure; numpy.

What a block says for itself comes from `scan`; here it is set beside what the rest of the page says.
No feature names a site, a language or a page total; words enter only through the lexicon, whose rows
are zero for words it does not know.

Arrays lie features × blocks, so that a feature is one stretch of memory: pages are short, and it is the number
of steps that costs, not their size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.stages.clean import signs
from monitor.stages.clean.scan import BASE, ROW, Floats, Ints, Scan, scan

PLACE = ("to_next", "to_previous", "long_before", "long_after", "depth", "from_start", "from_end")
ALIKE = ("alike", "alike_nearby")
MARKS = ("low_above", "low_reach_above", "low_near_above", "low_below", "high_below", "body_above", "body_below")
_FIRST = {name: number for number, name in enumerate((*BASE, *PLACE, *ALIKE, *MARKS))}
_NEAR = [
    ROW[name]
    for name in (
        "log_words", "ended", "log_sentences", "capital", "digits", "bars", "opens_0", "closes_2", "shared",
        "odds_mean", "pairs_mean", "leaning",
    )
]  # fmt: skip
_SHIFTS = (-3, -2, -1, 1, 2, 3)
_WINDOW = [
    ROW[name]
    for name in (
        "log_words", "ended", "log_sentences", "sentence_words", "capital", "digits", "shared", "spread", "long",
        "odds_mean", "pairs_mean", "leaning",
    )
]  # fmt: skip
_REACHES = ((1, 1), (6, 0), (0, 6), (8, 8))  # blocks before and after
_MASS_REACHES = ((5, 5), (2, 2), (10, 0), (0, 10))
_OPINION_SHIFTS = (-5, -4, -3, -2, -1, 1, 2, 3, 4, 5)
_OPINION_REACHES = ((2, 2), (6, 0), (0, 6), (10, 10), (20, 20))
_REACH, _NEAR_REACH = 12, 5  # blocks in which the strongest wording is looked for
_KIN = 10  # blocks to either side among which one looks for its like
_OPENERS = [signs.KINDS.index(kind) for kind in signs.OPENERS]
_SIGN_REACHES = ((6, 0), (0, 6), (8, 8))
_SPOKEN_FOR, _SPOKEN_NEAR, _AHEAD = 12, 4, 6  # blocks above and below in which a heading of furniture is looked for
FREQUENT = 24  # words that the long blocks share most count as small words


@dataclass(frozen=True, slots=True)
class Page:
    """What is counted once a page and used by both passes."""

    features: Floats  # blocks × features
    words: Floats  # length of each block in words, dense scripts converted
    pair_block: Ints  # distinct (block, word) pairs: the block …
    pair_word: Ints  # … and the word's number on this page
    distinct: Ints  # how many of them each block has
    vocabulary: int
    kin: Ints  # equal for blocks of the same look


def around(x: Floats, reaches: Sequence[tuple[int, int]]) -> Floats:
    """For each (before, after) the mean of blocks i−before … i+after, block i itself left out.

    x is columns × blocks; returned is reaches × columns × blocks.
    """
    n = x.shape[1]
    most = max(map(max, reaches))
    total = np.zeros((len(x), n + 1 + 2 * most), np.float64)  # sums up to each block, held at both ends
    np.cumsum(x, axis=1, out=total[:, most + 1 : most + 1 + n])
    total[:, most + 1 + n :] = total[:, most + n, None]
    i = np.arange(n)
    before, after = np.array(reaches).T[:, :, None]
    count = np.maximum(np.minimum(i + (after + 1), n) - np.maximum(i - before, 0) - 1.0, 1.0)
    means = np.empty((len(reaches), *x.shape), np.float64)
    for mean, (low, high) in zip(means, reaches, strict=True):
        a, b = most - low, most + high + 1
        np.subtract(total[:, b : b + n], total[:, a : a + n], out=mean)
    means -= x
    means /= count[:, None]
    return means.astype(np.float32)


def _shifted(x: Floats, shifts: Sequence[int]) -> Floats:
    """For each shift `x` moved so that block i holds block i+shift, zero beyond the page: shifts × columns × blocks."""
    n = x.shape[1]
    out = np.zeros((len(shifts), *x.shape), np.float32)
    for moved, by in zip(out, shifts, strict=True):
        if 0 < by < n:
            moved[:, :-by] = x[:, by:]
        elif 0 < -by < n:
            moved[:, -by:] = x[:, :by]
    return out


def measure(texts: Sequence[str], roles: Sequence[int], lexicon: Floats) -> Page:
    """The features of a page's blocks, read from nothing: `scan` and `placed` in one."""
    return placed(scan(texts, lexicon), roles)


def placed(alone: Scan, roles: Sequence[int]) -> Page:
    """The features of a page's blocks.

    `roles`: for each block what `head` took it for, 0 for nothing.
    """
    n, vocabulary, words = len(alone.words), len(alone.means), alone.words
    pair_block, pair_word = alone.pair_block, alone.pair_word
    out = np.empty((len(_FIRST), n), np.float32)
    base = out[: len(BASE)]
    base[:] = alone.base

    # What the long blocks talk about, and what only one block does.
    long_pairs = alone.long[pair_block]
    core = np.bincount(pair_word[long_pairs], minlength=vocabulary).astype(np.float32)
    df = np.bincount(pair_word, minlength=vocabulary).astype(np.float32)
    chosen = alone.means[pair_word]
    others = core[pair_word] - long_pairs
    content = np.maximum(alone.content, 1).astype(np.float32)
    distinct = np.maximum(alone.distinct, 1).astype(np.float32)
    base[ROW["shared"]] = _count(pair_block, chosen & (others > 0), n) / content
    base[ROW["shared_often"]] = _count(pair_block, chosen & (others > 1), n) / content
    base[ROW["unique"]] = _count(pair_block, df[pair_word] == 1, n) / distinct
    base[ROW["spread"]] = _count(pair_block, np.log1p(df)[pair_word], n) / distinct
    token_block = np.repeat(np.arange(n), alone.size)
    function = _count(token_block, _frequent(alone, core)[alone.tokens], n)
    base[ROW["function"]] = function / np.maximum(alone.size, 1).astype(np.float32)
    base[ROW["before"]], base[ROW["again"]] = _repeats(alone.starts)
    role = np.asarray(roles, np.int64)
    for number, name in enumerate(("breadcrumb", "title", "byline"), 1):
        base[ROW[name]] = role == number

    _place(alone, out)
    out[_FIRST["alike"]], out[_FIRST["alike_nearby"]] = _alike(alone.kin)
    _marks(base[ROW["leaning"]], alone.long, out[_FIRST["low_above"] :])
    near = _shifted(base[_NEAR], _SHIFTS)
    windows = around(base[_WINDOW], _REACHES)
    masses = np.log1p(around(words[None], _MASS_REACHES))
    features = np.concatenate([out, *near, *windows, *masses, *_signs(alone)])
    return Page(features.T, words, pair_block, pair_word, alone.distinct, vocabulary, alone.kin)


def _count(block: Ints, weights: np.ndarray, n: int) -> Floats:
    """The sum of weights in each block."""
    return np.bincount(block, weights=weights, minlength=n).astype(np.float32)


def _frequent(alone: Scan, core: Floats) -> np.ndarray:
    """Of each word: whether it is one of those most long blocks share; of equals the first on the page goes before."""
    frequent = np.zeros(len(core), bool)
    tf = np.bincount(alone.tokens, minlength=len(core)).astype(np.float32)
    often = core * (1 + tf * 0.01)
    candidates = np.flatnonzero(often > 2)
    if len(candidates) > FREQUENT:
        candidates = candidates[np.lexsort((alone.order[candidates], -often[candidates]))[:FREQUENT]]
    frequent[candidates] = True
    return frequent & (core >= 2)


def _repeats(starts: Ints) -> tuple[Floats, Floats]:
    """How many blocks above, and how many below, begin like each block; at most five."""
    count = np.bincount(starts)
    order = np.argsort(starts, kind="stable")
    before = np.empty(len(starts), np.int64)
    before[order] = np.arange(len(starts)) - (np.cumsum(count) - count)[starts[order]]
    below = count[starts] - before - 1
    return np.minimum(before, 5).astype(np.float32), np.minimum(below, 5).astype(np.float32)


def _place(alone: Scan, out: Floats) -> None:
    """Fills in where blocks stand: how far from long blocks and from the ends of the page."""
    n, long = len(alone.words), alone.long
    index = np.arange(n)
    longf = long.astype(np.float32)
    following = np.minimum.accumulate(np.where(long, index, n + 20)[::-1])[::-1]
    previous = np.full(n, -20)
    np.maximum.accumulate(np.where(long, index, -20)[:-1], out=previous[1:])
    before = np.zeros(n, np.float32)
    np.cumsum(longf[:-1], out=before[1:])
    long_words = np.cumsum(alone.words * longf)
    place = out[_FIRST["to_next"] :]
    place[0] = np.log1p(np.minimum(following - index, 40))
    place[1] = np.log1p(np.minimum(index - previous, 40))
    place[2] = np.minimum(before, 12)
    place[3] = np.minimum(longf.sum() - before - longf, 12)
    place[4] = long_words / max(float(long_words[-1]), 1.0)
    place[5] = np.log1p(index)
    place[6] = place[5][::-1]


def _alike(kin: Ints) -> tuple[Floats, Floats]:
    """How many blocks on the page and how many nearby look the same, as logarithms."""
    n = len(kin)
    everywhere = np.log1p(np.minimum(np.bincount(kin)[kin] - 1, 30))
    padded = np.full(n + 2 * _KIN, -1)
    padded[_KIN : _KIN + n] = kin
    same = padded[np.arange(2 * _KIN + 1)[:, None] + np.arange(n)] == kin
    nearby = same.view(np.uint8).sum(axis=0, dtype=np.uint8) - 1
    return everywhere, np.log1p(nearby.astype(np.float32))


def _marks(leaning: Floats, long: NDArray[np.bool_], out: Floats) -> None:
    """Fills in the strongest wording above and below each block: a short 'Comments' speaks for all that follows.

    Of short blocks the lowest leaning above, counted from the first long block, the lowest within reach and near,
    the lowest and the highest below; of long blocks the highest above and below.
    """
    short = np.where(long, np.float32(0), leaning)
    body = np.where(long, leaning, np.float32(0))
    begun = short * (np.cumsum(long) > 0)  # the first long block itself is not short
    out[0, 0] = 0
    np.minimum.accumulate(begun[:-1], out=out[0, 1:])
    n = len(long)
    padded = np.zeros((3, n + 2 * _REACH), np.float32)  # nothing stands beyond the page
    padded[:, _REACH : _REACH + n] = begun, short, body
    lowest, low_near = _running(np.minimum, padded[:2])
    highest, _ = _running(np.maximum, padded[1:])
    above, below = slice(0, n), slice(_REACH + 1, _REACH + 1 + n)  # where the stretches before and behind begin
    out[1], out[2] = lowest[0, above], low_near[0, _REACH - _NEAR_REACH :][above]
    out[3], out[4] = lowest[1, below], highest[0, below]
    out[5], out[6] = highest[1, above], highest[1, below]


def _running(most: np.ufunc, x: Floats) -> tuple[Floats, Floats]:
    """The most of each stretch of `_REACH` (twelve) and of `_NEAR_REACH` (five) columns, from those of 2, 4 and 8."""
    two = most(x[:, :-1], x[:, 1:])
    four = most(two[:, :-2], two[:, 2:])
    eight = most(four[:, :-4], four[:, 4:])
    return most(eight[:, :-4], four[:, 8:]), most(four[:, :-1], x[:, 4:])


def _signs(alone: Scan) -> list[Floats]:
    """What signs of furniture a block holds, its neighbours hold, and which headings of furniture stand about it.

    A heading speaks for what follows it once the text has begun.
    """
    n, many = len(alone.words), len(signs.KINDS)
    density = np.minimum(alone.signs[:many] / np.maximum(alone.words, 1), 1)
    opens = alone.signs[many:]
    every = np.minimum(density.sum(axis=0, keepdims=True), 1)
    heading = (density > 0.3)[_OPENERS] * (alone.words <= 8)  # 'Read also: why bridges cost more' heads nothing
    begun = heading * (np.cumsum(alone.long) > 0)
    padded = np.zeros((2, len(_OPENERS), n + 2 * _SPOKEN_FOR), np.float32)
    padded[:, :, _SPOKEN_FOR : _SPOKEN_FOR + n] = begun, heading
    places = np.arange(_SPOKEN_FOR)[:, None] + np.arange(n)
    above = padded[0][:, places]  # openers × places in reach × blocks
    within, close = above.max(axis=1), above[:, -_SPOKEN_NEAR:].max(axis=1)
    below = padded[1][:, places[:_AHEAD] + _SPOKEN_FOR + 1].max(axis=1)
    seen = np.zeros_like(begun)
    np.maximum.accumulate(begun[:, :-1], axis=1, out=seen[:, 1:])
    sums = [part.sum(axis=0, keepdims=True) for part in (within, below, seen)]
    neighbours = [*_shifted(every, _SHIFTS), *around(every, _SIGN_REACHES)]
    return [density, opens, every, opens.max(axis=0, keepdims=True), *neighbours, within, close, below, seen, *sums]


def second(page: Page, p: Floats) -> Floats:
    """Features of the second pass, blocks × features: those of the first, and what that pass thought of the page."""
    n = len(p)
    p = p.astype(np.float32)
    mass = page.words
    body = p * mass
    pair_block, pair_word = page.pair_block, page.pair_word
    own = p[pair_block]
    good = np.bincount(pair_word, weights=own, minlength=page.vocabulary)
    bad = np.bincount(pair_word, weights=1 - own, minlength=page.vocabulary)
    lean = np.log((good[pair_word] - own + 0.3) / (bad[pair_word] - (1 - own) + 0.3))
    distinct = np.maximum(page.distinct, 1)
    same_sum, same = np.bincount(page.kin, weights=p), np.bincount(page.kin)
    means = around(np.stack([p, body, mass]), _OPINION_REACHES)
    total = np.cumsum(body, dtype=np.float32)
    whole = max(float(total[-1]), 1.0)
    opinions = np.empty((26, n), np.float32)
    opinions[0] = p
    opinions[1] = np.bincount(pair_block, weights=lean, minlength=n) / distinct
    opinions[2] = (same_sum[page.kin] - p + 0.5) / same[page.kin]
    opinions[3:13] = _shifted(p[None], _OPINION_SHIFTS)[:, 0]
    opinions[13:23:2] = means[:, 0]
    opinions[14:23:2] = means[:, 1] / np.maximum(means[:, 2], 0.05)
    opinions[23, 0], opinions[23, 1:] = 0.0, total[:-1] / whole
    opinions[24] = (whole - total) / whole
    opinions[25] = whole / max(float(mass.sum()), 1.0)
    return np.concatenate([page.features.T, opinions]).T
