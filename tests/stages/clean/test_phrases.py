"""The wording of a block: each block by itself, the trainer's rows and the product's sum the same."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.stages.clean import features, phrases, scan
from monitor.stages.clean.tokens import tokens

BLOCKS = st.lists(st.lists(st.integers(0, 2**32 - 1), max_size=8), min_size=1, max_size=6)


def weights() -> phrases.Floats:
    return np.random.default_rng(3).normal(size=phrases.ROWS).astype(np.float32)


def hashed(texts: list[str]) -> tuple[phrases.Ints, phrases.Ints]:
    found = tokens(texts)
    return np.array([scan.hashed(word) for word in found.words], np.int64)[found.each], found.size


@settings(deadline=None)
@given(BLOCKS)
def test_a_block_leans_alike_on_every_page(blocks: list[list[int]]) -> None:
    size = np.array([len(block) for block in blocks])
    together = phrases.leaning(np.array([word for block in blocks for word in block], np.int64), size, weights())
    for block, leaning in zip(blocks, together, strict=True):
        alone = phrases.leaning(np.array(block, np.int64), np.array([len(block)]), weights())
        assert np.isclose(alone[0], leaning, atol=1e-5)


@settings(deadline=None)
@given(BLOCKS)
def test_rows_stay_in_the_table_and_in_their_part(blocks: list[list[int]]) -> None:
    size = np.array([len(block) for block in blocks])
    parts = list(phrases.rows(np.array([word for block in blocks for word in block], np.int64), size))
    bounds = [(0, phrases.WORDS), (phrases.WORDS, phrases.WORDS + phrases.PAIRS)]
    bounds += [(phrases.WORDS + phrases.PAIRS, phrases.ROWS)]
    assert len(parts) == len(bounds)
    for (block, row, value), (low, high) in zip(parts, bounds, strict=True):
        assert len(block) == len(row) == len(value)
        assert ((row >= low) & (row < high)).all()
        assert ((block >= 0) & (block < len(size))).all()


def test_order_and_place_tell() -> None:
    words, size = hashed(["book a free demo today", "today demo free a book", "a free book"])
    first, turned, other = phrases.leaning(words, size, weights())
    assert first != turned
    assert other not in (first, turned)


def test_what_is_not_known_weighs_nothing() -> None:
    words, size = hashed(["one two three", "", "four"])
    assert phrases.leaning(words, size, np.zeros(phrases.ROWS, np.float32)).tolist() == [0.0, 0.0, 0.0]


def test_a_heading_is_felt_by_what_follows() -> None:
    """A short block below the first paragraph marks the blocks after it, and none before."""
    prose = "It was said on Monday that the council of the town had met, and that it would meet again on Friday."
    texts = [prose, "Comments", "Nice one", "Me too"]
    table = np.zeros(scan.TABLE, np.float32)
    words, size = hashed(["Comments"])
    for _, row, _ in phrases.rows(words, size):
        table[2 * scan.BUCKETS + row] = -1.0
    page = features.measure(texts, [0, 0, 0, 0], table)
    lowest = page.features[:, features._FIRST["low_above"]]
    assert lowest[:2].tolist() == [0.0, 0.0]
    assert lowest[2] == lowest[3] < -0.9
    assert page.features[0, features._FIRST["low_below"]] == lowest[2]
