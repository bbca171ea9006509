"""Pages as HTML: what is left of them by trafilatura alone, and by it with our cleaning."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Sequence
from pathlib import Path

import trafilatura

from bench.cleaning import corpus, measures
from monitor.errors import Permanent
from monitor.model import Document, SiteProfile
from monitor.stages import clean, extract
from monitor.stages.clean.learned import Model

Record = dict[str, str]
Figures = dict[str, float]


def records(folder: Path = corpus.FOLDER) -> list[Record]:
    """The pages of the corpus: id, html, truth."""
    with gzip.open(folder / "html.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def fold_of(record: Record, known: dict[str, str]) -> int:
    """The fold whose model has not seen this page, which the other files of the corpus have under a longer name."""
    name = next((page for page in known if page.rpartition("-")[2] == record["id"]), "")
    return corpus.fold_of(name, known) if name else zlib.crc32(record["id"].encode()) % 4


def alone(record: Record) -> str:
    """What trafilatura takes for the text, in its default mode."""
    return trafilatura.extract(record["html"]) or ""


def ours(record: Record, model: Model | None = None) -> str:
    """The clean text of a page; '' where there is nothing to read."""
    try:
        found = extract.extract(Document(body=record["html"].encode(), media_type="text/html", charset="utf-8"))
    except Permanent:
        return ""
    return clean.clean(found.blocks, SiteProfile(), found.metadata, method=found.method, model=model).text


def figures(pages: Sequence[Record], texts: Sequence[str]) -> Figures:
    """F1 of 4-token shingles with mean precision and recall over pages."""
    pairs = []
    for record, text in zip(pages, texts, strict=True):
        blocks = [[record["truth"], record["truth"], "body"]]
        pairs.append(measures.page({"blocks": blocks}, text))
    found = measures.summed(pairs)
    return {name: found[name] for name in ("F1", "P", "R", "lost")}
