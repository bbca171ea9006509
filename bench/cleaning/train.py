"""Train the cleaning model: `python -m bench.cleaning.train [--folds 4] [--out PATH]`.

Data: `cleaning-{near,seed,page,lines,languages}.jsonl.gz` of the development corpus (WCXB development
split, CC BY 4.0, and pages from the tests of Fundus). With `--folds K` it cross-validates by site first
and prints the table; without, it only fits. Needs `bench/cleaning/requirements.txt` (CatBoost) beside the
product; the product itself needs numpy only. Everything is seeded.

What makes it carry over to other sites and languages: the lexicon is counted strictly out of fold; a third
of the pages is repeated with the lexicon empty (language drop-out); some pages are repeated with their
furniture gone, so that a clean text is left alone, some with made advertising and spam put in (`inserts`); the
second pass sees only out-of-fold opinions of the first.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from catboost import CatBoostClassifier

from bench.cleaning import corpus, honest, inserts, measures
from bench.cleaning.wording import Wording
from monitor.stages import language, plaintext
from monitor.stages.clean import features, learned, scan
from monitor.stages.clean.features import Page
from monitor.stages.clean.learned import DEPTH, Model, Trees
from monitor.stages.clean.scan import BUCKETS, TABLE, Floats
from monitor.stages.clean.tokens import TOKEN

ROOT = Path(__file__).resolve().parents[2]
TARGET = Path(learned.__file__).with_name("learned.npz")
INNER = 4  # folds the lexicon and the first pass are kept apart by
SHARES = {
    "seed": 0.85, "near": 0.35, "page": 0.55, "lines": 0.5,
    "L-near": 0.9, "L-seed": 0.9, "L-page": 1.0, "L-lines": 1.0,
}  # fmt: skip
SEEDS, WANTED = "the user's samples", 5.0  # the name of their site; how many pages each of them weighs
INTRUDED, INTRUDING = 0.3, 2.0  # the share of pages repeated with pieces that do not belong; what such a block weighs
PIECES = 40  # of each kind, whose wording is learned
ENGLISH = [kind for kind in inserts.KINDS if kind[2:3] != "_"]
LATIN = frozenset("en de fr es it pt nl sv no nb da fi pl cs sk hu ro sl hr tr id ms vi ca et lv lt".split())  # noqa: SIM905
EMPTY = np.zeros(TABLE, np.float32)


def _chance(*parts: str) -> float:
    return zlib.crc32("/".join(parts).encode()) % 10_000 / 10_000


def load(folder: Path) -> list[corpus.Sample]:
    """All pages in all conversions; `fold` is set by site."""
    known = corpus.sites(folder)
    out = []
    for name in (*corpus.KINDS, "languages"):
        for record in corpus.records(name, folder):
            kind = name if name != "languages" else f"L-{record['id'].split('/')[0]}"
            sample = corpus.sample(record, kind, corpus.site_of(record["id"], known))
            if sample.texts:
                sample.fold = int(_chance("x", sample.group) * INNER)
                out.append(sample)
    return out + seeds()


def seeds() -> list[corpus.Sample]:
    """The five sample documents with the text that their user wants of them."""
    out = []
    for path in sorted((ROOT / "seeds").glob("*.txt")):
        wanted = (ROOT / "tests" / "expected" / path.name).read_text("utf-8")
        blocks = plaintext.split(path.read_text("utf-8"))
        texts = [block.text for block in blocks]
        body = [float(text in wanted) for text in texts]
        sample = corpus.Sample(path.stem, "seed", SEEDS, texts, corpus.roles(blocks), body, [1.0] * len(texts))
        sample.fold = int(_chance("x", path.stem) * INNER)
        out.append(sample)
    return out


# ── the lexicon ─────────────────────────────────────────────────────────────────────────────────


def _words(sample: corpus.Sample) -> list[set[int]]:
    """Buckets of words and of pairs in short blocks, in body and in furniture."""
    sets: list[set[int]] = [set(), set(), set(), set()]
    for text, share, weight in zip(sample.texts, sample.body, sample.weight, strict=True):
        if weight:
            ids = [scan.bucket(word) for word in TOKEN.findall(text.lower())]
            side = 0 if share > 0.5 else 1
            sets[side].update(ids)
            if 1 < len(ids) <= scan.PAIRED:
                sets[2 + side].update(scan.pair_bucket(a, b) for a, b in pairwise(ids))
    return sets


@dataclass(frozen=True)
class Lexicons:
    """What words stand for, for any choice of folds."""

    counts: Floats
    total: Floats
    wording: Wording

    def of(self, folds: Sequence[int]) -> Floats:
        """The table that `scan` reads, from the pages of these folds alone."""
        return np.concatenate([lexicon(self.counts, self.total, folds), self.wording.weights(folds)])


def lexicons(samples: Sequence[corpus.Sample]) -> Lexicons:
    """The words of all pages, counted."""
    intruders = [
        (number % INNER, inserts.piece(kind, random.Random(f"{kind}/{n}")))
        for number, kind in enumerate(inserts.KINDS)
        for n in range(PIECES)
    ]
    return Lexicons(*counted(samples), Wording(samples, intruders))


def counted(samples: Sequence[corpus.Sample]) -> tuple[Floats, Floats]:
    """Pages per fold and bucket that have a word in body, in furniture, a pair in either; and pages per fold."""
    pages: dict[str, tuple[int, list[set[int]]]] = {}
    for sample in samples:
        if sample.kind in ("page", "seed", "L-page", "L-seed"):
            _, sets = pages.setdefault(sample.id.rpartition("/")[2], (sample.fold, [set(), set(), set(), set()]))
            for mine, new in zip(sets, _words(sample), strict=True):
                mine |= new
    counts, total = np.zeros((INNER, 4, BUCKETS), np.float32), np.zeros(INNER, np.float32)
    for fold, sets in pages.values():
        total[fold] += 1
        for row, ids in enumerate(sets):
            counts[fold, row, list(ids)] += 1
    return counts, total


def lexicon(counts: Floats, total: Floats, folds: Sequence[int]) -> Floats:
    """Log-odds of body against furniture, smoothed, of what stands on three pages or more."""
    if not folds:
        return EMPTY[: 2 * BUCKETS]
    c, pages = counts[list(folds)].sum(0), total[list(folds)].sum()
    single = np.log((c[0] + 1) / (pages + 2)) - np.log((c[1] + 1) / (pages + 2))
    paired = np.log((c[2] + 0.7) / (c[3] + 0.7))
    single[c[0] + c[1] < 3] = 0
    paired[c[2] + c[3] < 3] = 0
    return np.clip(np.concatenate([single, paired]), -3, 3).astype(np.float32)


# ── the trees ───────────────────────────────────────────────────────────────────────────────────

Item = tuple[corpus.Sample, Page, float]


def _weights(sample: corpus.Sample, scale: float) -> Floats:
    """A page counts as one for its words, and every block a little for itself."""
    known = np.array(sample.weight, np.float32)
    size = np.array([len(text) for text in sample.texts], np.float32) ** 0.8 * known
    return scale * (30.0 * size / max(float(size.sum()), 1.0) + 0.4 * known)


def _without_furniture(sample: corpus.Sample) -> corpus.Sample | None:
    keep = [i for i, (y, w) in enumerate(zip(sample.body, sample.weight, strict=True)) if y > 0.5 or not w]
    if len(keep) < 3:
        return None
    out = copy.copy(sample)
    out.texts = [sample.texts[i] for i in keep]
    out.roles = [0] * len(keep)
    out.body = [sample.body[i] for i in keep]
    out.weight = [sample.weight[i] for i in keep]
    return out


def _with_intruders(sample: corpus.Sample) -> corpus.Sample:
    """The page with made pieces in or below its body: some that do not belong there, some that do.

    Every kind of English intruder belongs to a fold, as every site does: what words stand for was not learned from
    it. A page gets intruders in its own language, or else none unless it is in Latin letters: that a strange script
    is furniture must not be learned. Honest notices (call the police on …, tickets at …) are of the text.
    """
    r = random.Random(f"{sample.kind}/{sample.id}")
    out = copy.copy(sample)
    out.texts, out.roles, out.body, out.weight = (
        list(part) for part in (sample.texts, sample.roles, sample.body, sample.weight)
    )
    body = [i for i, share in enumerate(sample.body) if share > 0.5] or [0]
    tongue = language.of("\n".join(sample.texts[i] for i in body), "en")

    def put(piece: Sequence[str], share: float, below: int) -> None:
        at = r.randint(body[0] + 1, min(body[-1] + 1 + below, len(out.texts)))
        out.texts[at:at] = piece
        out.roles[at:at] = [0] * len(piece)
        out.body[at:at] = [share] * len(piece)
        out.weight[at:at] = [INTRUDING] * len(piece)

    kinds = [kind for kind in inserts.KINDS if kind[2:3] == "_" and kind[:2] == tongue]
    if tongue in LATIN:
        kinds += ENGLISH[sample.fold :: INNER]
    for _ in range(r.choice((1, 1, 2, 3)) if kinds else 0):
        put(inserts.piece(r.choice(kinds), r), 0.0, 2)
    for _ in range(r.choice((0, 1, 1, 2, 3))):
        if notice := honest.notice(r, [sample.texts[i] for i in body], tongue):
            put([notice], 1.0, 0)
    return out


def _items(samples: Sequence[corpus.Sample], lexicons: dict[int, Floats]) -> list[Item]:
    items: list[Item] = []
    for sample in samples:
        wanted = sample.group == SEEDS
        if not wanted and _chance(sample.id, sample.kind, "pick") >= SHARES[sample.kind]:
            continue
        scale = WANTED if wanted else 1.6 if sample.kind.startswith("L-") else 1.0
        words = lexicons[sample.fold]
        items.append((sample, features.measure(sample.texts, sample.roles, words), scale))
        chance = _chance(sample.id, sample.kind, "drop")
        if chance < 0.33:
            items.append((sample, features.measure(sample.texts, sample.roles, EMPTY), 0.7 * scale))
        if chance > 0.75 and not sample.kind.endswith("page"):
            bare = _without_furniture(sample)
            if bare:
                items.append((bare, features.measure(bare.texts, bare.roles, words), 0.5 * scale))
        if _chance(sample.id, sample.kind, "intrude") < INTRUDED:
            dirty = _with_intruders(sample)
            empty = _chance(sample.id, sample.kind, "blind") < 0.33
            items.append((dirty, features.measure(dirty.texts, dirty.roles, EMPTY if empty else words), 0.5 * scale))
    return items


def _fit(items: Sequence[Item], rows: Callable[[int], Floats], trees: int) -> Trees:
    x = np.concatenate([rows(n) for n in range(len(items))])
    y = np.concatenate([np.array(sample.body) > 0.5 for sample, _, _ in items]).astype(int)
    w = np.concatenate([_weights(sample, scale) for sample, _, scale in items])
    use = w > 0
    model = CatBoostClassifier(
        iterations=trees, depth=DEPTH, learning_rate=30 / trees, l2_leaf_reg=6, border_count=48, verbose=0,
        random_seed=1, allow_writing_files=False, bootstrap_type="Bernoulli", subsample=0.6, rsm=0.25, thread_count=2,
    )  # fmt: skip
    model.fit(x[use], y[use], sample_weight=w[use])
    return exported(model)


def exported(model: CatBoostClassifier) -> Trees:
    """The trees of a fitted model, as the product asks them."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        model.save_model(file.name, format="json")
        found = json.loads(Path(file.name).read_text())
    trees = found["oblivious_trees"]
    feature = np.zeros((DEPTH, len(trees)), np.int64)
    border = np.full((DEPTH, len(trees)), np.inf, np.float32)
    leaf = np.zeros((len(trees), 1 << DEPTH), np.float32)
    for t, tree in enumerate(trees):
        splits = tree["splits"] or []
        for depth, split in enumerate(splits):
            feature[depth, t], border[depth, t] = split["float_feature_index"], split["border"]
        leaf[t, : 1 << len(splits)] = tree["leaf_values"]
    scale, bias = found["scale_and_bias"]
    return Trees(feature, border, leaf * scale, float(bias[0]))


def fit(
    samples: Sequence[corpus.Sample], words: Lexicons, folds: Sequence[int], trees: int, say: Callable[[str], None]
) -> Model:
    """A model of the pages in `folds`."""
    unseen = {g: words.of([f for f in folds if f != g]) for g in folds}
    items = _items([sample for sample in samples if sample.fold in folds], unseen)
    say(f"{len(items)} pages, {sum(len(page.words) for _, page, _ in items)} blocks")
    first = _fit(items, lambda n: items[n][1].features, trees)
    opinion: list[Floats] = [np.zeros(0, np.float32)] * len(items)
    for fold in folds:
        others = [n for n, (sample, _, _) in enumerate(items) if sample.fold != fold]
        part = _fit([items[n] for n in others], lambda n, o=others: items[o[n]][1].features, trees)
        for n, (sample, page, _) in enumerate(items):
            if sample.fold == fold:
                opinion[n] = part.probability(page.features)
    say("first pass done")
    second = _fit(items, lambda n: features.second(items[n][1], opinion[n]), trees)
    model = Model(words.of(folds), first, second)
    return learned.read(learned.packed(model))  # as it will be read: rounded


def main(arguments: Sequence[str] | None = None) -> int:
    """Fits, and cross-validates where asked to; writes the constants."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=corpus.FOLDER)
    parser.add_argument("--folds", type=int, default=0, choices=range(INNER + 1), help="cross-validate this many folds")
    parser.add_argument("--trees", type=int, default=300)
    parser.add_argument("--only-cv", action="store_true", help="write no constants")
    parser.add_argument("--keep", type=Path, help="folder for the models of the folds")
    parser.add_argument("--out", type=Path, default=TARGET)
    options = parser.parse_args(arguments)
    begun = time.monotonic()

    def say(text: str) -> None:
        print(f"[{time.monotonic() - begun:6.0f} s] {text}", flush=True)

    random.seed(1)
    samples = load(options.corpus)
    words = lexicons(samples)
    say(f"{len(samples)} pages in {len({sample.group for sample in samples})} sites")
    for fold in range(options.folds):
        model = fit(samples, words, [f for f in range(INNER) if f != fold], options.trees, say)
        if options.keep:
            options.keep.mkdir(parents=True, exist_ok=True)
            (options.keep / f"fold{fold}.npz").write_bytes(learned.packed(model))
        say(f"fold {fold}")
        for kind, result in measures.by_kind([s for s in samples if s.fold == fold], model).items():
            print(f"  {kind:8}", measures.line(result), flush=True)
    if not options.only_cv:
        model = fit(samples, words, range(INNER), options.trees, say)
        options.out.write_bytes(learned.packed(model))
        say(f"{options.out.name}: {options.out.stat().st_size / 1024:.0f} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
