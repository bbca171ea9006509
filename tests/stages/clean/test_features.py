"""What is counted by array operations, counted again block by block."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.stages.clean import features

SHORT = st.lists(st.integers(0, 3), min_size=1, max_size=40)


@settings(deadline=None)
@given(SHORT)
def test_blocks_that_begin_alike(starts: list[int]) -> None:
    before, again = features._repeats(np.array(starts))
    assert before.tolist() == [min(starts[:i].count(start), 5) for i, start in enumerate(starts)]
    assert again.tolist() == [min(starts[i + 1 :].count(start), 5) for i, start in enumerate(starts)]


@settings(deadline=None)
@given(SHORT)
def test_blocks_that_look_alike(shapes: list[int]) -> None:
    everywhere, nearby = features._alike(np.array(shapes))
    for i, shape in enumerate(shapes):
        near = shapes[max(0, i - features._KIN) : i + features._KIN + 1].count(shape) - 1
        assert np.isclose(everywhere[i], np.log1p(min(shapes.count(shape) - 1, 30)))
        assert np.isclose(nearby[i], np.log1p(near))


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(-3, 3, width=32), st.booleans()), min_size=1, max_size=50))
def test_the_strongest_wording_above_and_below(blocks: list[tuple[float, bool]]) -> None:
    leaning, long = np.array([x for x, _ in blocks], np.float32), np.array([is_long for _, is_long in blocks])
    out = np.empty((len(features.MARKS), len(blocks)), np.float32)
    features._marks(leaning, long, out)
    first = next((i for i, (_, is_long) in enumerate(blocks) if is_long), len(blocks))
    short = [0.0 if is_long else float(x) for x, is_long in blocks]
    body = [float(x) if is_long else 0.0 for x, is_long in blocks]
    begun = [x if i > first else 0.0 for i, x in enumerate(short)]
    for i in range(len(blocks)):
        far, near = max(0, i - features._REACH), max(0, i - features._NEAR_REACH)
        below = slice(i + 1, i + 1 + features._REACH)
        beyond_above = [0.0] if i < features._REACH else []
        beyond_near = [0.0] if i < features._NEAR_REACH else []
        beyond_below = [0.0] if i + features._REACH >= len(blocks) else []
        assert out[:, i].tolist() == [
            min([0.0, *begun[:i]]),
            min(begun[far:i] + beyond_above),
            min(begun[near:i] + beyond_near),
            min(short[below] + beyond_below),
            max(short[below] + beyond_below),
            max(body[far:i] + beyond_above),
            max(body[below] + beyond_below),
        ]
