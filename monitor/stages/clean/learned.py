"""The trained model: how likely each block of a page is to be body. Pure; numpy only.

Two passes of oblivious gradient-boosted trees (every node of one depth asks the same question, so a tree
is a table and a page is judged by a few array operations): the first sees the page's features, the second
also what the first thought of the neighbours. The constants beside this file come from
`python -m bench.cleaning.train`; nothing of a learning framework is needed here.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from monitor.stages.clean import features
from monitor.stages.clean import scan as scanning
from monitor.stages.clean.scan import Floats, Scan

LEXICON_SCALE = 40.0  # int8 steps to one unit of log-odds
DEPTH = 6
_AT_ONCE = 512  # blocks: the answers about more take megabytes, and no less time


@dataclass(frozen=True, slots=True)
class Trees:
    """A sum of oblivious trees: tree t asks `feature[d, t] > border[d, t]` at depth d."""

    feature: NDArray[np.int64]  # DEPTH × trees
    border: Floats  # DEPTH × trees
    leaf: Floats  # trees × 2**DEPTH
    bias: float
    # Trees share many of their questions: each is asked once.
    _asked: NDArray[np.int64] = field(init=False, repr=False)  # the feature of each question
    _above: Floats = field(init=False, repr=False)  # and its border, as a column
    _question: NDArray[np.int64] = field(init=False, repr=False)  # DEPTH × trees
    _begin: NDArray[np.unsignedinteger] = field(init=False, repr=False)  # the first leaf of each tree, as a column

    def __post_init__(self) -> None:
        pairs = np.stack([self.feature.ravel(), self.border.ravel().view(np.int32)], axis=1)
        distinct, question = np.unique(pairs, axis=0, return_inverse=True)
        object.__setattr__(self, "_asked", distinct[:, 0].copy())
        object.__setattr__(self, "_above", distinct[:, 1].astype(np.int32).view(np.float32)[:, None])
        object.__setattr__(self, "_question", question.reshape(self.feature.shape))
        begin = (np.arange(len(self.leaf)) << DEPTH).astype(np.min_scalar_type(self.leaf.size))
        object.__setattr__(self, "_begin", begin[:, None])

    def probability(self, x: Floats) -> Floats:
        """P(body) of each row of `x`."""
        if len(x) <= _AT_ONCE:
            return self._some(x)
        return np.concatenate([self._some(rows) for rows in np.array_split(x, -(-len(x) // _AT_ONCE))])

    def _some(self, x: Floats) -> Floats:
        answers = (np.ascontiguousarray(x.T).take(self._asked, axis=0) > self._above).view(np.uint8)
        place = answers.take(self._question[-1], axis=0)
        for question in self._question[-2::-1]:
            place += place  # numpy is slow to shift
            place += answers.take(question, axis=0)
        # A leaf's number fits sixteen bits, which add up faster than 64; none lies outside, and 'clip' spares a check.
        places = (place + self._begin).astype(np.int64)
        total = self.leaf.reshape(-1).take(places, mode="clip").sum(axis=0) + self.bias
        p: Floats = (1.0 / (1.0 + np.exp(-np.clip(total, -30, 30)))).astype(np.float32)
        return p


@dataclass(frozen=True, slots=True)
class Model:
    """All that training found out."""

    lexicon: Floats
    first: Trees
    second: Trees

    def probability(self, texts: Sequence[str], roles: Sequence[int]) -> Floats:
        """P(body) of each block of a page, from its texts and from what `head` took them for."""
        return Reader(self).probability(texts, roles)


class Reader:
    """A model at work on one document: blocks that it has read once it does not read again."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._rows: dict[str, int] = {}
        self._scan: Scan | None = None

    def probability(self, texts: Sequence[str], roles: Sequence[int]) -> Floats:
        """P(body) of each block, as `Model.probability` has it."""
        if not texts:
            return np.zeros(0, np.float32)
        rows = [self._rows.get(text, -1) for text in texts]
        if self._scan is None or -1 in rows:
            self._scan = scan = scanning.scan(texts, self._model.lexicon)
            self._rows = {text: row for row, text in enumerate(texts)}
        else:
            scan = self._scan.of(rows)
        page = features.placed(scan, roles)
        opinion = self._model.first.probability(page.features)
        return self._model.second.probability(features.second(page, opinion))


@functools.cache
def shipped() -> Model:
    """The model that comes with the package, read once."""
    return read(resources.files(__package__).joinpath("learned.npz").read_bytes())


def read(data: bytes) -> Model:
    """A model from the bytes that `packed` made."""
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return Model(
            (arrays["lexicon"].astype(np.float32) / LEXICON_SCALE).astype(np.float32),
            *(
                Trees(
                    arrays[f"feature{n}"].astype(np.int64),
                    arrays[f"border{n}"].astype(np.float32),
                    arrays[f"leaf{n}"].astype(np.float32),
                    float(arrays[f"bias{n}"]),
                )
                for n in (1, 2)
            ),
        )


def packed(model: Model) -> bytes:
    """A model as the bytes of an .npz file."""
    out = io.BytesIO()
    arrays: dict[str, NDArray[np.generic]] = {
        "lexicon": np.clip(np.rint(model.lexicon * LEXICON_SCALE), -127, 127).astype(np.int8)
    }
    for n, trees in ((1, model.first), (2, model.second)):
        arrays[f"feature{n}"] = trees.feature.astype(np.uint16)
        arrays[f"border{n}"] = trees.border.astype(np.float32)
        arrays[f"leaf{n}"] = trees.leaf.astype(np.float16)
        arrays[f"bias{n}"] = np.array(trees.bias, np.float64)
    np.savez_compressed(out, **arrays)  # type: ignore[arg-type]
    return out.getvalue()
