"""How well duplicates are found, beside exact hashes, SimHash and MinHash-LSH, on the same streams in the same run.

Streams: the development corpus beside the project, if it is there, and one made by `bench.dedup.republish` with other
edits and other templates, from the corpus's pages or, without it, from invented reports. An article joins the cluster
of the best match found; ours goes through the real store.

    python -m bench.dedup.quality [--corpus ../shared/corpus] [--seed 1] [--half 0] [--only monitor]

pair F1     of all pairs of articles: are they held to tell one story?
missed      stories of which no article opened a cluster: an alert never sent
repeat      second and later clusters of a story, of the articles that are not the first of theirs
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import random
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from bench.dedup.republish import Press, Sample
from bench.store.texts import Zipf
from monitor.model import Article, Digest
from monitor.stages.canonical import canonical_url
from monitor.stages.compare import tokens
from monitor.stages.dedupe import rule_on
from monitor.stages.fingerprint import ascending, exact_hash, fingerprint, shingles
from monitor.stages.words import analyse
from monitor.store import articles, candidates, schema
from monitor.store.connection import connect
from monitor.store.rarity import Rarity

CORPUS = Path("../shared/corpus")
START = datetime(2026, 3, 1, tzinfo=UTC)
Finder = Callable[[Sample], int | None]  # the number of the earlier article it is like


# ── streams ─────────────────────────────────────────────────────────────────────────────────────


def corpus(folder: Path) -> list[Sample]:
    """The development corpus in its order of arrival."""
    with (
        gzip.open(folder / "dedup-docs.jsonl.gz", "rt") as docs,
        gzip.open(folder / "dedup-gold.jsonl.gz", "rt") as gold,
    ):
        truth = {one["id"]: one for one in map(json.loads, gold)}
        return [
            Sample(
                doc["id"], doc["title"], doc["text"], truth[doc["id"]]["story"], truth[doc["id"]]["kind"], doc["url"]
            )
            for doc in map(json.loads, docs)
        ]


def pages(folder: Path) -> list[tuple[str, str]]:
    """Title and text of the corpus's pages."""
    found = []
    with gzip.open(folder / "cleaning-near.jsonl.gz", "rt") as lines:
        for page in map(json.loads, lines):
            body = [part.strip().replace("\n", " ") for _, part, _ in page["blocks"] if part.strip()]
            if sum(len(part.split()) for part in body) >= 60:
                found.append((" ".join(body[0].split()[:10]), "\n".join(body)[:6000]))
    return found


def invented(seed: int, count: int) -> list[tuple[str, str]]:
    """Reports of made-up words in sentences, each with a name or a number in it."""
    zipf, chance = Zipf(seed, chars=2500), random.Random(seed)
    texts = []
    for _ in range(count):
        report = zipf.report()
        rare = sorted({word for word in report.index_text.split() if len(word) > 6})  # short words are frequent ones
        cast = [word.capitalize() for word in chance.sample(rare, 6)]
        lines = []
        for paragraph in report.text.split("\n\n"):
            sentences = []
            for sentence in paragraph.split(". "):
                words = sentence.rstrip(".").split()
                words.insert(chance.randint(1, len(words)), chance.choice((*cast, str(chance.randint(2, 9999)))))
                sentences.append(" ".join([words[0].capitalize(), *words[1:]]) + ".")
            lines.append(" ".join(sentences))
        texts.append((" ".join(cast), "\n".join(lines)))
    return texts


def press(folder: Path, seed: int, half: int) -> list[Sample]:
    """Republications of one half of the pages, or of invented reports."""
    if (folder / "cleaning-near.jsonl.gz").exists():
        texts = pages(folder)
        texts = texts[: len(texts) // 2] if half == 0 else texts[len(texts) // 2 :]
    else:
        texts = invented(seed, 200)
    return Press(texts, seed).stream()


# ── methods ─────────────────────────────────────────────────────────────────────────────────────


def by_exact_hash() -> Finder:
    """The same words."""
    seen: dict[str, int] = {}
    places = itertools.count()

    def find(sample: Sample) -> int | None:
        return seen.setdefault(exact_hash(tokens(sample.text)), next(places))

    return find


def by_simhash(distance: int = 6) -> Finder:
    """64 bits over word 3-grams (Charikar 2002), nearest within a Hamming distance."""
    known = np.empty(0, np.uint64)

    def find(sample: Sample) -> int | None:
        nonlocal known
        hashes = shingles(tokens(sample.text))
        bits = (hashes[:, None] >> np.arange(64, dtype=np.uint64)) & np.uint64(1)
        votes = bits.astype(np.int64).sum(axis=0) * 2 > len(hashes)
        mine = np.uint64((votes.astype(np.uint64) << np.arange(64, dtype=np.uint64)).sum())
        distances = np.unpackbits((known ^ mine).view(np.uint8).reshape(-1, 8), axis=1).sum(axis=1)
        known = np.append(known, mine)
        return int(distances.argmin()) if len(distances) and distances.min() <= distance else None

    return find


def by_datasketch(threshold: float = 0.7) -> Finder:
    """datasketch: MinHash of 128 permutations over word 3-grams, banded."""
    from datasketch import MinHash, MinHashLSH

    index, known = MinHashLSH(threshold=threshold, num_perm=128), []

    def find(sample: Sample) -> int | None:
        mine = MinHash(num_perm=128)
        mine.update_batch([str(one).encode() for one in shingles(tokens(sample.text)).tolist()])
        hits = [(mine.jaccard(known[hit]), -hit) for hit in index.query(mine)]
        index.insert(len(known), mine)
        known.append(mine)
        best = max(hits, default=None)
        return -best[1] if best and best[0] >= threshold else None

    return find


def by_rensa(threshold: float = 0.7) -> Finder:
    """rensa: the same in Rust."""
    from rensa import RMinHash, RMinHashLSH

    index, known = RMinHashLSH(threshold=threshold, num_perm=128, num_bands=16), []

    def find(sample: Sample) -> int | None:
        mine = RMinHash(num_perm=128, seed=42)
        mine.update([str(one) for one in shingles(tokens(sample.text)).tolist()])
        hits = [(mine.jaccard(known[hit]), -hit) for hit in index.query(mine)]
        index.insert(len(known), mine)
        known.append(mine)
        best = max(hits, default=None)
        return -best[1] if best and best[0] >= threshold else None

    return find


def by_containment(threshold: float = 0.85) -> Finder:
    """Share of the smaller text's word 3-grams that the other has, as Feedly published it."""
    postings: dict[int, list[int]] = defaultdict(list)
    sizes: list[int] = []

    def find(sample: Sample) -> int | None:
        mine = ascending(shingles(tokens(sample.text))).tolist()
        common: Counter[int] = Counter()
        for one in mine:
            common.update(postings[one])
        hits = [(count / max(1, min(sizes[n], len(mine))), -n) for n, count in common.most_common(50)]
        for one in mine:
            postings[one].append(len(sizes))
        sizes.append(len(mine))
        best = max(hits, default=None)
        return -best[1] if best and best[0] >= threshold else None

    return find


def by_monitor(folder: Path, count: int) -> Finder:
    """Ours, through the real store, spread over a month."""
    db, rarity = connect(folder / "monitor.db"), Rarity(folder / "rarity.bin", START)
    schema.migrate(db)
    db.execute("PRAGMA synchronous = OFF")
    db.execute(
        """INSERT INTO sources (id, slug, kind, address, every_seconds, next_poll_at, created_at)
           VALUES (1, 'wire', 'feed', 'https://example.com/feed', 900, '', '')"""
    )
    numbers: dict[int, int] = {}  # article → place in the stream
    place = -1

    def find(sample: Sample) -> int | None:
        nonlocal place
        place += 1
        now = START + timedelta(days=30) * (place / count)
        article = Article(
            title=sample.title,
            text=sample.text,
            canonical_url=canonical_url(sample.url),
            fingerprint=fingerprint(analyse(sample.text).forms),
        )
        judgement = rule_on(article, candidates.find(db, article, now), rarity)
        ruling = judgement.ruling
        if ruling.kind != "copy":
            number, _ = articles.add(db, 1, Digest(article=article), ruling, now)
            candidates.add(db, number, article.fingerprint)
            rarity.count(judgement.counted, article=number, founded=ruling.story is None, now=now)
            numbers[number] = place
        return numbers[ruling.article] if ruling.article is not None else None

    return find


# ── measures ────────────────────────────────────────────────────────────────────────────────────


def clusters(stream: Sequence[Sample], find: Finder) -> list[int]:
    """The cluster of each article: that of the one it is like, else its own."""
    found: list[int] = []
    for place, sample in enumerate(stream):
        like = find(sample)
        found.append(place if like is None or like == place else found[like])
    return found


def measures(stream: Sequence[Sample], found: Sequence[int]) -> dict[str, float]:
    """The measures named above."""

    def pairs(counts: Counter[Any]) -> int:
        return sum(count * (count - 1) // 2 for count in counts.values())

    true = Counter(sample.story for sample in stream)
    both = pairs(Counter((sample.story, cluster) for sample, cluster in zip(stream, found, strict=True)))
    precision, recall = both / max(1, pairs(Counter(found))), both / max(1, pairs(true))
    opened: set[int] = set()
    alerts: Counter[str] = Counter()
    for sample, cluster in zip(stream, found, strict=True):
        alerts[sample.story] += cluster not in opened
        opened.add(cluster)
    return {
        "pair F1": 2 * precision * recall / max(1e-9, precision + recall),
        "precision": precision,
        "recall": recall,
        "missed": sum(not alerts[story] for story in true) / len(true),
        "repeat": sum(max(0, count - 1) for count in alerts.values()) / max(1, len(stream) - len(true)),
    }


def methods(folder: Path, count: int) -> Iterator[tuple[str, Finder]]:
    """Name and finder of each method."""
    yield "exact hash", by_exact_hash()
    yield "SimHash, distance 6", by_simhash()
    yield "datasketch MinHash-LSH .7", by_datasketch()
    yield "rensa MinHash-LSH .7", by_rensa()
    yield "containment .85", by_containment()
    yield "monitor", by_monitor(folder, count)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=CORPUS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--half", type=int, choices=(0, 1), default=0, help="of the pages; 1 was kept unseen")
    parser.add_argument("--only", help="one method")
    options = parser.parse_args()
    streams = {"press": press(options.corpus, options.seed, options.half)}
    if (options.corpus / "dedup-docs.jsonl.gz").exists():
        streams["corpus"] = corpus(options.corpus)
    for name, stream in streams.items():
        print(f"{name}: {len(stream)} articles, {len({sample.story for sample in stream})} stories")
        with tempfile.TemporaryDirectory() as folder:
            for method, find in methods(Path(folder), len(stream)):
                if options.only and options.only != method:
                    continue
                began = time.process_time()
                result = measures(stream, clusters(stream, find))
                cost = (time.process_time() - began) / len(stream) * 1e3
                figures = "  ".join(f"{key} {value:.4f}" for key, value in result.items())
                print(f"  {method:26} {figures}  {cost:.2f} ms")


if __name__ == "__main__":
    main()
