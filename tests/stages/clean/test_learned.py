"""The trees, asked all at once, answer as they do one by one."""

from __future__ import annotations

import numpy as np
import pytest

from monitor.stages.clean.learned import DEPTH, Trees


@pytest.mark.parametrize("count", [1, 3, 1500])  # more leaves than sixteen bits can number
def test_each_tree_adds_its_leaf(count: int) -> None:
    random = np.random.default_rng(count)
    trees = Trees(
        feature=random.integers(0, 5, (DEPTH, count)),
        border=random.normal(size=(DEPTH, count)).astype(np.float32),
        leaf=random.normal(scale=0.05, size=(count, 2**DEPTH)).astype(np.float32),
        bias=0.25,
    )
    x = random.normal(size=(7, 5)).astype(np.float32)
    for row, p in zip(x, trees.probability(x), strict=True):
        total = trees.bias
        for tree in range(count):
            answers = [row[trees.feature[depth, tree]] > trees.border[depth, tree] for depth in range(DEPTH)]
            total += float(trees.leaf[tree, sum(int(yes) << depth for depth, yes in enumerate(answers))])
        assert np.isclose(p, 1 / (1 + np.exp(-total)), atol=1e-5)


def test_a_page_of_many_blocks_is_judged_in_parts_to_the_same_effect() -> None:
    random = np.random.default_rng(4)
    trees = Trees(
        feature=random.integers(0, 5, (DEPTH, 20)),
        border=random.normal(size=(DEPTH, 20)).astype(np.float32),
        leaf=random.normal(size=(20, 2**DEPTH)).astype(np.float32),
        bias=0.25,
    )
    x = random.normal(size=(1300, 5)).astype(np.float32)
    single = np.concatenate([trees.probability(x[start : start + 100]) for start in range(0, len(x), 100)])
    assert np.array_equal(trees.probability(x), single)
    assert trees.probability(x[:0]).shape == (0,)
