"""The measures of cleaning, page by page and over a set.

F1: 4-token shingles, mean precision and mean recall over pages. lost: share of the body's sentences not
found token for token. kept: share of furniture blocks still there. perfect: pages with neither. spam: share of
the junk's own tokens left. The definitions are those of the development corpus's own `score.py`.
"""

from __future__ import annotations

import re
import statistics
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.cleaning.corpus import Sample
from monitor.model import Metadata, SiteProfile
from monitor.stages import clean as cleaning
from monitor.stages import plaintext
from monitor.stages.clean.learned import Model

_CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f"
_TOKEN = re.compile(rf"[{_CJK}]|[^\W{_CJK}]+")
_SENTENCE = re.compile(r"(?<=[.!?…。！？])[\"'”’»)\]]*\s+|\n+")


def tokens(text: str) -> list[str]:
    return _TOKEN.findall(unicodedata.normalize("NFKC", text or "").lower())


def shingles(words: Sequence[str], n: int = 4) -> Counter[tuple[str, ...]]:
    return Counter(tuple(words[i : i + n]) for i in range(max(1, len(words) - n + 1))) if words else Counter()


@dataclass(frozen=True, slots=True)
class Page:
    """One page's figures; None where they are not defined."""

    precision: float | None
    recall: float | None
    lost: int
    sentences: int
    kept: int
    furniture: int
    spam: float | None


def page(record: Mapping[str, object], got_text: str) -> Page:
    """The figures of one record for the text that cleaning made of it."""
    blocks = record["blocks"]
    body = "\n\n".join(part for _, part, _ in blocks if part)
    true, got = shingles(tokens(body)), shingles(tokens(got_text))
    skipped: Counter[tuple[str, ...]] = Counter()
    for text, _, kind in blocks:
        if kind == "skip":
            skipped |= shingles(tokens(text))
    flat = f" {' '.join(tokens(got_text))} "
    lines = {" ".join(tokens(line)) for line in got_text.split("\n")}
    kept = total = 0
    for text, _, kind in blocks:
        words = tokens(text)
        if kind in ("body", "skip") or not words:
            continue
        own = shingles(words) - true
        total += 1
        if len(words) < 4 or not own:
            kept += " ".join(words) in lines
        else:
            kept += sum((own & got).values()) >= 0.5 * sum(own.values())
    wanted = [s for s in _SENTENCE.split(body) if s and len(tokens(s)) >= 4]
    lost = sum(f" {' '.join(tokens(s))} " not in flat for s in wanted)
    spam = None
    if "spam" in record:
        own_tokens = set(tokens(str(record["spam"]))) - set(tokens(body))
        spam = len(own_tokens & set(tokens(got_text))) / len(own_tokens) if own_tokens else 0.0
    answer = got - (skipped - true)
    hit = sum((true & answer).values())
    return Page(
        hit / sum(answer.values()) if answer else None,
        hit / sum(true.values()) if true else None,
        lost,
        len(wanted),
        kept,
        total,
        spam,
    )


def summed(pages: Sequence[Page]) -> dict[str, float]:
    """The figures of a set of pages."""
    p = statistics.mean([x.precision for x in pages if x.precision is not None] or [0.0])
    r = statistics.mean([x.recall for x in pages if x.recall is not None] or [0.0])
    out = {
        "F1": 2 * p * r / (p + r) if p + r else 0.0,
        "P": p,
        "R": r,
        "lost": sum(x.lost for x in pages) / max(1, sum(x.sentences for x in pages)),
        "kept": sum(x.kept for x in pages) / max(1, sum(x.furniture for x in pages)),
        "perfect": sum(not x.lost and not x.kept for x in pages) / max(1, len(pages)),
        "pages": float(len(pages)),
    }
    left = [x.spam for x in pages if x.spam is not None]
    return out | ({"spam": statistics.mean(left)} if left else {})


def line(result: Mapping[str, float]) -> str:
    """A result in one line."""
    return "  ".join(
        f"{name} {value:.0f}" if name == "pages" else f"{name} {value:.4f}" for name, value in result.items()
    )


def cleaned(text: str, model: Model | None = None) -> str:
    """`text` as plain text through the whole of cleaning."""
    return cleaning.clean(plaintext.split(text), SiteProfile(), Metadata(), model=model).text


def by_kind(samples: Iterable[Sample], model: Model | None = None) -> dict[str, dict[str, float]]:
    """The figures of the shipped or a given model over samples, by kind of conversion."""
    pages: dict[str, list[Page]] = defaultdict(list)
    for sample in samples:
        if sample.record is not None:
            pages[sample.kind].append(page(sample.record, cleaned(str(sample.record["text"]), model)))
    return {kind: summed(found) for kind, found in pages.items()}


__all__ = ["Page", "by_kind", "cleaned", "line", "page", "summed"]
