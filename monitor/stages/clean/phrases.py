"""What the wording of a block speaks for: a linear model of hashed words, pairs and edges. Pure; numpy.

The lexicon of `scan` holds how often a word stands in body and in furniture, each word for itself. Here the
weights of all words and pairs of a block, and of the first and last three by their place, were fitted
together, so that 'book a free' says something that 'book' and 'free' do not. The same rows serve the trainer
and the product. What was not seen in training weighs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

WORDS, PAIRS, EDGES = 1 << 15, 1 << 16, 1 << 15  # rows of each part, in this order
ROWS = WORDS + PAIRS + EDGES
EDGE = 3  # words at either end of a block that count by their place, too
_SPREAD = np.array([7, 11] * EDGE)  # a word has rows of its own at each edge
_PUSHED = np.array([[place * 101 + 3, place * 211 + 5] for place in range(EDGE)]).ravel()


def rows(words: Ints, size: Ints) -> Iterator[tuple[Ints, Ints, Floats]]:
    """(block, row, value) of all that is counted, part by part.

    `words`: the hash of each word of the page in order; `size`: how many of them each block has.
    """
    n = len(size)
    block = np.repeat(np.arange(n), size)
    share = (1.0 / np.sqrt(np.maximum(size, 1))).astype(np.float32)
    yield block, words & (WORDS - 1), share[block]
    left = np.flatnonzero(block[1:] == block[:-1])
    pair = (words[left] * 31 + words[left + 1] * 17 + 7) & (PAIRS - 1)
    yield block[left], WORDS + pair, share[block[left]]
    # First and last word, second and last but one, third and last but two: a row of `where` for each.
    place = np.arange(EDGE)[:, None]
    begin = np.cumsum(size) - size
    where = np.stack([begin + place, begin + size - 1 - place], axis=1).reshape(2 * EDGE, n)
    there = np.repeat(size > place, 2, axis=0)
    edge, here = np.nonzero(there)
    row = (words[where[there]] * _SPREAD[edge] + _PUSHED[edge]) & (EDGES - 1)
    yield here, WORDS + PAIRS + row, np.full(len(here), 0.5, np.float32)


def leaning(words: Ints, size: Ints, weights: Floats) -> Floats:
    """For each block the weight of its wording as log-odds: above zero for body, below for furniture."""
    total = np.zeros(len(size))
    for block, row, value in rows(words, size):
        total += np.bincount(block, weights=weights[row] * value, minlength=len(size))
    return total.astype(np.float32)
