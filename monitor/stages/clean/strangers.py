"""Sentences that the page did not write: spam of any trade, known by what `offers` says of it. Pure; numpy.

A few small trees weigh contacts, appeals, form, and what a sentence shares with its page. A sentence that is
surely strange goes, with what stands beside it and is probably of its kind. The constants come from
`python -m bench.cleaning.strangers`.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Sequence
from importlib import resources

import numpy as np

from monitor.stages.clean import offers
from monitor.stages.clean.learned import Trees
from monitor.stages.clean.scan import Floats

SURE, LIKELY = 0.6, 0.12  # P(strange) for a sentence to go, and to go with its neighbour
PROVEN = 0.9  # on a page about a trade or bad hosts

SPOKEN = 3  # words: bare addresses are a list of sources as often as not, and are left to others


@functools.cache
def shipped() -> Trees:
    """The trees that come with the package, read once."""
    return read(resources.files(__package__).joinpath("strangers.npz").read_bytes())


def read(data: bytes) -> Trees:
    """Trees from the bytes that `packed` made."""
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return Trees(
            arrays["feature"].astype(np.int64),
            arrays["border"],
            arrays["leaf"].astype(np.float32),
            float(arrays["bias"]),
        )


def packed(trees: Trees) -> bytes:
    """Trees as bytes, rounded to what matters."""
    out = io.BytesIO()
    np.savez_compressed(
        out,
        feature=trees.feature.astype(np.uint8),
        border=trees.border.astype(np.float32),
        leaf=trees.leaf.astype(np.float16),
        bias=np.float32(trees.bias),
    )
    return out.getvalue()


def cuts(
    found: Sequence[offers.Sentence], rows: Floats, known: Sequence[tuple[int, int, float]] = (), sure: float = SURE
) -> list[tuple[int, int, float]]:
    """(start, end, confidence) of what is strange among the sentences of a block.

    `rows`: their features; `known`: what is known as spam already, which says nothing of its neighbours.
    """
    p = strange(rows)
    out = []
    k = 0
    while k < len(found):
        begun = k
        while k < len(found) and p[k] >= LIKELY:
            k += 1
        run = found[begun:k]
        surely = [s for s, q in zip(run, p[begun:k], strict=True) if q >= sure and not _overlaps(s, known)]
        if surely and any(map(offers.pulls, run)) and sum(len(s.words) for s in surely) >= SPOKEN:
            out.append((run[0].start, run[-1].end, round(min(0.99, float(p[begun:k].max())), 3)))
        k = max(k, begun + 1)
    return out


def strange(rows: Floats) -> Floats:
    """P(strange) of each sentence by its features."""
    return shipped().probability(rows)


def _overlaps(sentence: offers.Sentence, known: Sequence[tuple[int, int, float]]) -> bool:
    return any(start < sentence.end and sentence.start < end for start, end, _ in known)
