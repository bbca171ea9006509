"""The corpus for cleaning: pages as noisy text, cut into our blocks, each with its share of body.

It reads `cleaning-*.jsonl.gz` from a folder (by default the shared corpus beside the project). Pages
are grouped by site, so that no site is both learned from and judged on: by publisher where the name
says it, else by the furniture that pages have in common.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

from monitor.model import Metadata
from monitor.stages import plaintext
from monitor.stages.clean import head

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "corpus"
KINDS = ("near", "seed", "page", "lines")


@dataclass
class Sample:
    """One page in one kind of conversion."""

    id: str
    kind: str
    group: str
    texts: list[str]
    roles: list[int]
    body: list[float]  # share of each block that is body
    weight: list[float]  # 0 where the truth has no opinion
    record: dict[str, object] | None = None
    fold: int = -1


def records(kind: str, folder: Path = FOLDER) -> list[dict[str, object]]:
    """The records of one file, in order."""
    with gzip.open(folder / f"cleaning-{kind}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def sites(folder: Path = FOLDER) -> dict[str, str]:
    """Page → site, found by rare furniture that pages share."""
    where: dict[str, set[str]] = defaultdict(set)
    parent: dict[str, str] = {}
    for record in records("page", folder):
        parent[record["id"]] = record["id"]
        for text, _, kind in record["blocks"]:
            if kind == "noise" and 3 <= len(text.split()) <= 60:
                where[text].add(record["id"])
    together: Counter[tuple[str, str]] = Counter()
    for pages in where.values():
        if 2 <= len(pages) <= 6:
            ordered = sorted(pages)
            together.update((a, b) for n, b in enumerate(ordered) for a in ordered[:n])

    def root(page: str) -> str:
        while parent[page] != page:
            page = parent[page]
        return page

    for (a, b), shared in together.items():
        if shared >= 4:
            parent[root(a)] = root(b)
    return {page: root(page) for page in parent}


def site_of(page: str, known: dict[str, str]) -> str:
    """The site of a page id, which may carry the kind of conversion before a slash."""
    name = page.rpartition("/")[2]
    if name.startswith("fundus-"):
        return name.split("_", 1)[0]
    return known.get(name, name)


def fold_of(page: str, known: dict[str, str]) -> int:
    """The fold a page belongs to, as `bench.cleaning.train` cuts them."""
    return int(zlib.crc32(f"x/{site_of(page, known)}".encode()) % 10_000 / 10_000 * 4)


def sample(record: dict[str, object], kind: str, group: str) -> Sample:
    """A record cut into our blocks, with the truth laid over them by position."""
    text = plaintext.normalise(record["text"])
    spans: list[tuple[int, int, float]] = []  # start, end, share of body; −1 for no opinion
    position = 0
    for raw, body, label in record["blocks"]:
        piece = plaintext.normalise(raw)
        start = text.find(piece, position)
        if start < 0:
            continue
        position = start + len(piece)
        if label == "skip":
            spans.append((start, position, -1.0))
        elif body and body != raw:
            inner = start + max(0, piece.find(plaintext.normalise(body)))
            spans.append((inner, inner + len(body), 1.0))
        else:
            spans.append((start, position, 1.0 if body else 0.0))
    blocks = plaintext.split(text)
    share, weight = [], []
    k = 0
    for block in blocks:
        a, b = block.offset, block.offset + len(block.text)
        while k and spans[k - 1][1] > a:
            k -= 1
        while k < len(spans) and spans[k][1] <= a:
            k += 1
        good = seen = skipped = 0.0
        j = k
        while j < len(spans) and spans[j][0] < b:
            overlap = min(b, spans[j][1]) - max(a, spans[j][0])
            if spans[j][2] < 0:
                skipped += overlap
            else:
                seen += overlap
                good += overlap * spans[j][2]
            j += 1
        share.append(good / seen if seen else 0.0)
        weight.append(0.0 if skipped > seen or not seen else 1.0)
    return Sample(record["id"], kind, group, [b.text for b in blocks], roles(blocks), share, weight, record)


def roles(blocks: object) -> list[int]:
    """What `head` takes each block for, as `learned` hands it to the model."""
    found = head.read(blocks, Metadata())
    return [head.ROLE_NUMBERS.get(found.roles.get(i, ""), 0) for i in range(len(blocks))]
