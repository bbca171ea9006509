"""Fit what tells spam from a page's own sentences: `python -m bench.cleaning.strangers [--judge DIR] [--out PATH]`.

Data: the pages of the development corpus, as they are and cut down to a few paragraphs of their body, with spam
of the styles of `bench.cleaning.junk` and honest notices of `bench.cleaning.honest` put in at random places. The
styles that are held back there are not seen. With `--judge DIR`, which holds the block models of four folds
(`bench.cleaning.train --folds 4 --keep DIR`), every style is judged by trees that have seen neither the style nor
a quarter of the others, on pages of sites that neither model has seen. Needs `bench/cleaning/requirements.txt`.
Everything is seeded.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import numpy as np
from catboost import CatBoostClassifier
from numpy.typing import NDArray

from bench.cleaning import corpus, honest, junk, measures, train
from monitor.model import Block
from monitor.stages import language
from monitor.stages.clean import learned, offers, shapes, spam, strangers
from monitor.stages.clean.learned import Trees
from monitor.stages.clean.scan import Floats

TARGET = Path(strangers.__file__).with_name("strangers.npz")
GROUPS = 4  # of styles; the folds of sites are as many
FURNITURE = 0.1  # what a sentence of furniture weighs: that it goes is no harm, that it is called spam is a little
STYLES = tuple(style for style in junk.STYLES if style not in junk.HELD_BACK)
GROUP = {style: number % GROUPS for number, style in enumerate(sorted(STYLES))}
TRIES = 3  # styles put into each form of a page


class Rows(NamedTuple):
    """Sentences, described and labelled."""

    x: Floats
    spam: NDArray[np.bool_]
    weight: Floats
    fold: NDArray[np.int64]
    group: NDArray[np.int64]  # of the style, −1 where there is none


class Form(NamedTuple):
    """A page in one form."""

    texts: list[str]
    weights: list[float]  # of a sentence in each block


def _sentences(form: Form, only: Collection[int] | None = None) -> Iterator[tuple[Floats, int, offers.Sentence]]:
    """(features, block, sentence) of what would be judged."""
    blocks = [Block(text=text) for text in form.texts]
    page = spam.Page(form.texts, spam.suspicious(blocks).trading)
    for i, text in enumerate(form.texts):
        if (only is None or i in only) and offers.offering(text):
            for row, sentence in zip(page.around(i), offers.sentences(text), strict=True):
                yield row, i, sentence


def _put(r: random.Random, form: Form, piece: str) -> tuple[Form, int, int]:
    """`form` with a piece put in as a block, at the end of one or between its sentences; the block and the place."""
    texts, weights = list(form.texts), list(form.weights)
    body = [
        i for i, text in enumerate(texts) if weights[i] > FURNITURE and len(text) >= 75 and shapes.ENDED.search(text)
    ]
    chance = r.random()
    if not body or chance < 0.4:
        i = r.choice(body) + 1 if body else len(texts)
        texts.insert(i, piece)
        weights.insert(i, 1.0)
        return Form(texts, weights), i, 0
    i = body[-1] if r.random() < 0.5 else r.choice(body)
    places = [match.end() for match in offers.STOP.finditer(texts[i])]
    if chance < 0.88 or not places:
        place = len(texts[i]) + 1
        texts[i] = f"{texts[i]} {piece}"
    else:
        place = r.choice(places)
        texts[i] = f"{texts[i][:place]}{piece} {texts[i][place:]}"
    return Form(texts, weights), i, place


def _forms(r: random.Random, sample: corpus.Sample) -> Iterator[Form]:
    """The page, and some paragraphs of its body."""
    weights = [
        0.0 if not w else 1.0 if body > 0.5 else FURNITURE for body, w in zip(sample.body, sample.weight, strict=True)
    ]
    yield Form(sample.texts, weights)
    body = [i for i, weight in enumerate(weights) if weight == 1.0]
    if len(body) > 3:
        first = r.randrange(len(body) - 2)
        kept = body[first : first + r.randrange(2, 8)]
        yield Form([sample.texts[i] for i in kept], [1.0] * len(kept))


def gathered(folder: Path, share: float) -> Rows:
    """The sentences of a share of the corpus' pages, with and without spam."""
    known = corpus.sites(folder)
    found: list[tuple[Floats, bool, float, int, int]] = []
    for kind in ("seed", "near", "languages"):
        for record in corpus.records(kind, folder):
            r = random.Random(f"{kind}/{record['id']}")
            sample = corpus.sample(record, kind, "")
            if r.random() >= share or not sample.texts:
                continue
            fold = corpus.fold_of(str(record["id"]), known)
            for form in _forms(r, sample):
                found += _of_form(r, form, fold)
    x, y, w, folds, groups = zip(*found, strict=True)
    return Rows(np.stack(x), np.array(y), np.array(w, np.float32), np.array(folds), np.array(groups))


def _of_form(r: random.Random, form: Form, fold: int) -> Iterator[tuple[Floats, bool, float, int, int]]:
    for row, i, _ in _sentences(form):
        if form.weights[i]:
            yield row, False, form.weights[i], fold, -1
    own = [text for text, weight in zip(*form, strict=True) if weight == 1.0]
    notice = honest.notice(r, own, language.of(" ".join(own)[:3000], ""))
    pieces = [(notice, -1)] if notice else []
    for style in r.sample(STYLES, TRIES):
        pieces.append((junk.STYLES[style](r), GROUP[style]))
    for piece, group in pieces:
        spoiled, block, place = _put(r, form, piece)
        for row, _, sentence in _sentences(spoiled, {block}):
            inside = min(sentence.end, place + len(piece)) - max(sentence.start, place)
            if inside > 0.6 * len(sentence.text):
                yield row, group >= 0, 1.0, fold, group
            elif inside < 0.1 * len(sentence.text):
                yield row, False, 1.0, fold, -1


def fit(rows: Rows, use: NDArray[np.bool_], trees: int) -> Trees:
    """Trees of the rows in use."""
    model = CatBoostClassifier(
        iterations=trees, depth=learned.DEPTH, learning_rate=10 / trees, l2_leaf_reg=8, border_count=32, verbose=0,
        random_seed=1, allow_writing_files=False, bootstrap_type="Bernoulli", subsample=0.7, rsm=0.3, thread_count=2,
    )  # fmt: skip
    model.fit(rows.x[use], rows.spam[use].astype(int), sample_weight=rows.weight[use])
    return strangers.read(strangers.packed(train.exported(model)))  # as they will be read: rounded


def _judge(rows: Rows, options: argparse.Namespace, say: Callable[[str], None]) -> None:
    """Prints the table of `junk`, each style by trees that have not seen it."""
    known = corpus.sites(options.corpus)
    every = corpus.records("seed", options.corpus)
    for number in range(GROUPS):
        trees = fit(rows, (rows.fold != number) & (rows.group != number), options.trees)
        model = learned.read((options.judge / f"fold{number}.npz").read_bytes())
        records = [record for record in every if corpus.fold_of(str(record["id"]), known) == number]
        records = random.Random("junk").sample(records, min(options.pages, len(records)))
        styles = [style for style in STYLES if GROUP[style] == number]
        say(f"fold {number}")
        with mock.patch.object(strangers, "shipped", lambda trees=trees: trees):
            found = junk.measured(
                records, styles, lambda record, model=model: measures.cleaned(str(record["text"]), model)
            )
        for line in junk.lines(found):
            print(line, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Judges where asked to, fits, writes the constants."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=corpus.FOLDER)
    parser.add_argument("--share", type=float, default=0.4, help="of the corpus' pages to learn from")
    parser.add_argument("--trees", type=int, default=100)
    parser.add_argument("--judge", type=Path, help="folder with the block models of the folds")
    parser.add_argument("--pages", type=int, default=40)
    parser.add_argument("--out", type=Path, default=TARGET)
    options = parser.parse_args(arguments)
    begun = time.monotonic()

    def say(text: str) -> None:
        print(f"[{time.monotonic() - begun:6.0f} s] {text}", flush=True)

    rows = gathered(options.corpus, options.share)
    say(f"{len(rows.x)} sentences, {rows.spam.sum()} of spam")
    options.out.write_bytes(strangers.packed(fit(rows, np.ones(len(rows.x), bool), options.trees)))
    say(f"{options.out.name}: {options.out.stat().st_size / 1024:.0f} KiB")
    if options.judge:
        _judge(rows, options, say)
    return 0


if __name__ == "__main__":
    sys.exit(main())
