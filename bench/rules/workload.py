"""A workload like a news desk's: rules of two to eight terms over words and names as articles use them."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "dedup-docs.jsonl.gz"
LENGTH = 750  # words of an article

_WORD = re.compile(r"[A-Za-z]{3,}")
_NAME = re.compile(r"(?<=[a-z] )[A-Z][a-z]{2,}(?: [A-Z][a-z]{2,})?")


@dataclass(frozen=True)
class Workload:
    """Rules as (query, terms by role), and articles of about `LENGTH` words that none of the rules were made from."""

    rules: list[Query]
    articles: list[str]
    real: bool


@dataclass(frozen=True)
class Query:
    """A rule: all of `needs` (each a list of alternatives) and none of `bans`; `near`: first two within ten words."""

    needs: list[list[str]]
    bans: list[str]
    near: bool = False

    @property
    def text(self) -> str:
        """In the rule language."""
        parts = [_group([_written(term) for term in group]) for group in self.needs]
        joined = f"{parts[0]} NEAR/10 {' '.join(parts[1:])}" if self.near else " ".join(parts)
        return joined + "".join(f" -{_written(term)}" for term in self.bans)

    @property
    def regex(self) -> str:
        """As one expression of `re` with look-aheads: any order, whole words."""
        needs = [f"(?=.*\\b(?:{'|'.join(map(_pattern, group))}))" for group in self.needs]
        bans = [f"(?!.*\\b{_pattern(term)})" for term in self.bans]
        return "(?is)\\A" + "".join(needs + bans)

    @property
    def fts(self) -> str:
        """As a query of SQLite's FTS5."""
        parts = [_group([_fts(term) for term in group]) for group in self.needs]
        if self.near and len(self.needs[0]) == len(self.needs[1]) == 1:
            first, second, *others = parts
            parts = [f"NEAR({first} {second}, 10)" if "*" not in first + second else f"({first} AND {second})", *others]
        query = " AND ".join(parts)
        return f"({query}) NOT ({' OR '.join(map(_fts, self.bans))})" if self.bans else query


def _group(terms: list[str]) -> str:
    return terms[0] if len(terms) == 1 else f"({' OR '.join(terms)})"


def _written(term: str) -> str:
    return f'"{term}"' if " " in term else term


def _pattern(term: str) -> str:
    return re.escape(term[:-1]) if term.endswith("*") else re.escape(term) + r"\b"


def _fts(term: str) -> str:
    return f'"{term[:-1]}"*' if term.endswith("*") else f'"{term}"'


def build(rules: int, articles: int = 40, seed: int = 1) -> Workload:
    """Make a workload: from the shared corpus where it is there, else from words of our own."""
    chance = random.Random(seed)
    texts = _corpus(chance)
    real = bool(texts)
    if not real:
        texts = _invented(chance)
    half = len(texts) // 2
    names, words = Counter[str](), Counter[str]()
    for text in texts[:half]:
        names.update(set(_NAME.findall(text)))
        words.update({word.lower() for word in _WORD.findall(text)})
    common = {word for word, number in words.items() if number > half / 12}
    pool = [name for name in sorted(names) if name.lower() not in common]
    usual = [word for word, number in sorted(words.items()) if 3 <= number <= half / 12 and len(word) > 4]
    found: dict[str, Query] = {}
    while len(found) < rules:
        query = _query(chance, pool, usual)
        found[query.text] = query
    return Workload(list(found.values()), _of_length(texts[half:], articles, chance), real)


def _query(chance: random.Random, names: list[str], words: list[str]) -> Query:
    """One of the shapes analysts write, with two to eight terms."""

    def name() -> str:
        return chance.choice(names)

    def word() -> str:
        picked = chance.choice(words)
        return picked[:-1] + "*" if len(picked) > 6 and chance.random() < 0.15 else picked

    def some(number: int) -> list[str]:
        return [word() for _ in range(number)]

    shape = chance.random()
    if shape < 0.25:
        return Query([[name()], [word()]], [])
    if shape < 0.45:
        return Query([[name()], some(chance.randint(2, 4))], [])
    if shape < 0.60:
        return Query([[name()], some(chance.randint(2, 3))], some(chance.randint(1, 2)))
    if shape < 0.75:
        return Query([[name(), name()], some(chance.randint(2, 4)), some(2)], [])
    if shape < 0.90:
        return Query([[name()], [word()]] + [[w] for w in some(chance.randint(0, 2))], [], near=True)
    return Query([[name(), name()], some(2)], [word()])


def _corpus(chance: random.Random) -> list[str]:
    if not CORPUS.exists():
        return []
    with gzip.open(CORPUS, "rt", encoding="utf-8") as lines:
        texts = [f"{row['title']}\n{row['text']}" for row in map(json.loads, lines)]
    chance.shuffle(texts)
    return texts


def _invented(chance: random.Random) -> list[str]:
    """Texts of invented words, spread as words are in real ones (Zipf), with invented names in mid-sentence."""
    syllables = [
        "ka",
        "lo",
        "mi",
        "ran",
        "tes",
        "vor",
        "ul",
        "shen",
        "bi",
        "dar",
        "no",
        "pel",
        "qua",
        "rus",
        "tig",
        "wen",
    ]
    words = sorted({"".join(chance.choices(syllables, k=chance.randint(2, 4))) for _ in range(40_000)})
    chance.shuffle(words)
    weights = [1 / (rank + 3) for rank in range(len(words))]
    texts = []
    for _ in range(2_000):
        picked = chance.choices(words, weights, k=250)
        for _ in range(12):
            picked[chance.randrange(2, 250)] = chance.choice(words).title()
        texts.append(" ".join(picked) + ".")
    return texts


def _of_length(texts: list[str], number: int, chance: random.Random) -> list[str]:
    """Articles of about `LENGTH` words, put together from whole texts, since the corpus' own are shorter."""
    articles, current = [], ""
    order = list(texts)
    chance.shuffle(order)
    for text in order:
        current = f"{current}\n\n{text}" if current else text
        length = len(current.split())
        if length >= LENGTH * 0.85:
            if length <= LENGTH * 1.3:
                articles.append(current)
            current = ""
        if len(articles) == number:
            break
    return articles
