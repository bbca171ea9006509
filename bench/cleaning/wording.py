"""Fits the weights of `monitor.stages.clean.phrases`: how the wording of a block leans. scikit-learn.

A logistic regression over hashed words, pairs and edges, by averaged stochastic gradient descent, seeded. As
for the lexicon, pages whose sites are held out have no part in it, and what stands on fewer than three pages
weighs nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp
from sklearn.linear_model import SGDClassifier

from bench.cleaning.corpus import Sample
from monitor.stages.clean import phrases, scan
from monitor.stages.clean.scan import Floats
from monitor.stages.clean.tokens import tokens

KINDS = ("page", "seed", "L-page", "L-seed")  # between them they hold every block of a page
STRENGTH = 6e-6  # of the penalty on large weights
PIECE = 0.1  # of what a page weighs, a made piece weighs
PAGES = 3  # on fewer a row is not believed


def _rows(texts: Sequence[str]) -> sp.csr_matrix:
    found = tokens(texts)
    words = np.fromiter(map(scan.hashed, found.words), np.int64, len(found.words))[found.each]
    parts = list(phrases.rows(words, found.size))
    block, row, value = (np.concatenate([part[i] for part in parts]) for i in range(3))
    return sp.csr_matrix((value, (block, row)), shape=(len(texts), phrases.ROWS))


def _weights(sample: Sample) -> Floats:
    known = np.array(sample.weight, np.float32)
    size = np.sqrt([len(text) for text in sample.texts]) * known
    weights: Floats = 30.0 * size / max(float(size.sum()), 1.0) + 0.2 * known
    return weights


class Wording:
    """The blocks of a corpus as hashed wording, read once."""

    def __init__(self, samples: Sequence[Sample], intruders: Sequence[tuple[int, Sequence[str]]] = ()) -> None:
        """`intruders`: made pieces that are furniture wherever they stand, each with its fold."""
        chosen = [sample for sample in samples if sample.kind in KINDS]
        chosen += [
            Sample(f"piece/{n}", "piece", "", list(blocks), [], [0.0] * len(blocks), [1.0] * len(blocks), fold=fold)
            for n, (fold, blocks) in enumerate(intruders)
        ]
        self._rows = sp.vstack([_rows(sample.texts) for sample in chosen]).tocsr()
        self._body = np.concatenate([np.array(sample.body) > 0.5 for sample in chosen])
        self._weight = np.concatenate(
            [_weights(sample) * (PIECE if sample.kind == "piece" else 1) for sample in chosen]
        )
        self._fold = np.concatenate([np.full(len(sample.texts), sample.fold) for sample in chosen])
        names: dict[str, int] = defaultdict(lambda: len(names))
        self._page = np.concatenate(
            [np.full(len(sample.texts), names[sample.id.rpartition("/")[2]]) for sample in chosen]
        )

    def weights(self, folds: Sequence[int]) -> Floats:
        """The weights of the rows of `phrases`, learned from the pages in `folds`."""
        use = np.isin(self._fold, list(folds)) & (self._weight > 0)
        if not use.any():
            return np.zeros(phrases.ROWS, np.float32)
        rows, weight = self._rows[use], self._weight[use]
        _, page = np.unique(self._page[use], return_inverse=True)
        blocks = sp.csr_matrix((np.ones(len(page), np.float32), (page, np.arange(len(page)))))
        often = np.asarray((blocks @ rows > 0).sum(axis=0)).ravel() >= PAGES
        model = SGDClassifier(loss="log_loss", alpha=STRENGTH, max_iter=8, tol=None, average=True, random_state=1)
        model.fit(rows @ sp.diags(often.astype(np.float32)), self._body[use], sample_weight=weight / weight.mean() / 3)
        found: Floats = (model.coef_[0] * often).astype(np.float32)
        return found
