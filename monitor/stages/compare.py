"""Two texts → how much of one is in the other, and whether the facts in what they share agree.

A text is compared as its word 3-grams ("shingles"), each weighing 1 / the number of stories that have it: a
subscription notice or the fixed words of a weather report weigh next to nothing. What stands between two shared
passages is a slot: a number or a name in a slot that the other text fills with something else contradicts it.
A function of values. Not the place where a ruling is made: that is `dedupe`.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from html import unescape
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from monitor.stages.fingerprint import LENGTH, Hashes, ascending, facts, shingles

Weights = NDArray[np.float64]
Slots = dict[tuple[str, str], tuple[int, int, float]]

HEAD = 40  # words that make the head of a text
SLOT = 24  # longest slot, in words

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"  # a character is a word
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
_ASCII_WORD = re.compile(r"[a-z0-9]+")
_CLOCK = re.compile(r"^\d{1,2}[:.]\d\d\b", re.MULTILINE)  # the time before an item of a live page: not a fact
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")


class Rarity(Protocol):
    """In how many stories word sequences and single words were seen."""

    @property
    def stories(self) -> float:
        """How many stories were counted."""

    def __call__(self, hashes: Hashes) -> Weights:
        """For each hash: in how many stories it was seen, about; 0 is never."""


def tokens(text: str) -> list[str]:
    """Words for comparison: lower case, compatibility forms unified, punctuation and invisible characters gone.

    Far cheaper than `words.analyse`, whose offsets and inflections a comparison of two stored texts can do without.
    """
    if "&" in text:
        text = unescape(text)  # some write them twice
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())
    return _WORD.findall(unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).casefold())


class Reading:
    """A text made ready for comparison. Parts are computed when first asked for."""

    def __init__(self, title: str, text: str, rarity: Rarity) -> None:
        self.title = title
        self.text = text
        self.rarity = rarity
        self.words: Sequence[str] = tokens(_CLOCK.sub("", text))
        self.hashes = shingles(self.words)

    @property
    def count(self) -> int:
        """How many words."""
        return len(self.words)

    @cached_property
    def distinct(self) -> Hashes:
        """Its shingles, ascending, each once."""
        return ascending(self.hashes)

    @cached_property
    def weights(self) -> Weights:
        """Of each shingle, in reading order: 1 / the number of stories that have it."""
        return 1.0 / np.maximum(self.rarity(self.hashes), 1.0)

    def counted(self, told: Reading | None = None) -> Hashes:
        """What is counted for the rarity of later texts: its shingles and its single words, each once.

        Without those of another text, `told`: forty mastheads do not make one story's words boilerplate.
        """
        if told is None or not told.count:
            return np.concatenate((self.distinct, shingles(tuple(self.vocabulary), 1)))
        new_words = tuple(self.vocabulary - told.vocabulary)
        return np.concatenate((self.distinct[~_held(self.distinct, told)], shingles(new_words, 1)))

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """Its words."""
        return frozenset(self.words)

    @cached_property
    def title_words(self) -> frozenset[str]:
        """Words of its title that say something: numbers, and words of four letters or more in Latin script."""
        return frozenset(w for w in tokens(self.title) if len(w) > 3 or not w.isascii() or w.isdigit())

    @cached_property
    def factual(self) -> NDArray[np.bool_]:
        """For each word: is it a part of a number or a name?"""
        names = frozenset(tokens(" ".join(facts(self.text))))
        return np.array([w in names or w[0].isdigit() for w in self.words], np.bool_)

    @cached_property
    def is_digest(self) -> bool:
        """Have its paragraphs nothing in common, as the items of a press review?

        Of the words that few stories have, an article repeats a fifth in another paragraph, a digest hardly any.
        False where there is too little to tell by, or too little was read yet.
        """
        paragraphs = [p for p in (set(tokens(line)) for line in self.text.split("\n")) if len(p) >= 8]
        if len(paragraphs) < 4 or self.rarity.stories < 100:
            return False
        times = Counter(word for paragraph in paragraphs for word in paragraph if len(word) > 2)
        words = list(times)
        seen = self.rarity(shingles(words, 1)).tolist()
        rare = [times[word] for word, stories in zip(words, seen, strict=True) if stories < 0.02 * self.rarity.stories]
        return sum(rare) >= 20 and sum(n for n in rare if n > 1) < 0.08 * sum(rare)


def _held(hashes: Hashes, whole: Reading) -> NDArray[np.bool_]:
    """For each shingle: is it in a text, which has one at least?"""
    places = np.searchsorted(whole.distinct, hashes)
    places[places == len(whole.distinct)] = 0
    held: NDArray[np.bool_] = whole.distinct[places] == hashes
    return held


@dataclass(frozen=True)
class Passages:
    """What of one text is in another."""

    share: float  # of its shingles, by weight
    rare: float  # weight of the shared ones: 20 is twenty sequences that nobody else has
    held: Weights  # for each shingle: its weight if it is shared, else 0
    words: int

    @cached_property
    def cover(self) -> Weights:
        """For each word: the weight of the heaviest shared shingle it stands in; 0 outside shared passages."""
        cover = np.zeros(self.words)
        for shift in range(min(LENGTH, self.words)):
            stretch = cover[shift : shift + len(self.held)]
            np.maximum(stretch, self.held, out=stretch)
        return cover

    @property
    def foreign_head(self) -> float:
        """Share of its first words that stand outside shared passages."""
        head = self.cover[:HEAD]
        return float((head == 0).mean()) if len(head) else 1.0


def passages(part: Reading, whole: Reading) -> Passages:
    """What of `part` is in `whole`, wherever it stands there."""
    count = part.count
    if not count or not whole.count:
        return Passages(0.0, 0.0, np.zeros(len(part.hashes)), count)
    held = np.where(_held(part.hashes, whole), part.weights, 0.0)
    rare = float(held.sum())
    return Passages(rare / float(part.weights.sum()), rare, held, count)


@dataclass(frozen=True, slots=True)
class Facts:
    """How the facts of one text fare in another, by the weight of the passages they stand in."""

    agreeing: float  # in shared passages
    contradicted: float  # in slots that the other text fills otherwise, and nowhere in it
    numbers: float  # the numbers among the agreeing
    other_numbers: int  # how many different numbers are contradicted …
    other_numbers_weight: float  # … and their weight

    @property
    def agreement(self) -> float:
        """Share of them that agree, or of the numbers, if that is less; 1 where there are none.

        Where every noun has a capital, the fixed words of a form would outvote its figures. One other number is a
        correction, two are another report.
        """
        total = self.agreeing + self.contradicted
        share = self.agreeing / total if total else 1.0
        if self.other_numbers < 2:
            return share
        return min(share, self.numbers / (self.numbers + self.other_numbers_weight))


def facts_in(one: Reading, other: Reading, here: Passages, there: Passages) -> tuple[Facts, Facts]:
    """How the facts of each text fare in the other. `here`: what of `one` is in `other`; `there`: the reverse."""
    ours, theirs = _slots(one, here.cover), _slots(other, there.cover)
    return _facts(one, other, here.cover, ours, theirs), _facts(other, one, there.cover, theirs, ours)


def _facts(part: Reading, whole: Reading, cover: Weights, slots: Slots, others: Slots) -> Facts:
    agreeing: dict[str, float] = {}
    for place in np.flatnonzero(part.factual & (cover > 0)).tolist():
        word = part.words[place]
        agreeing[word] = max(agreeing.get(word, 0.0), float(cover[place]))
    contradicted: dict[str, float] = {}
    for edges, (start, end, weight) in slots.items():
        if edges not in others:
            continue  # an insertion: the other text goes straight on here
        first, last, _ = others[edges]
        for place in (np.flatnonzero(part.factual[start:end]) + start).tolist():
            word = part.words[place]
            if word not in whole.vocabulary and not _misprint(word, whole.words[first:last]):
                contradicted[word] = max(contradicted.get(word, 0.0), weight)
    numbers = [weight for word, weight in contradicted.items() if word.isdigit()]
    return Facts(
        agreeing=sum(agreeing.values()),
        contradicted=sum(contradicted.values()),
        numbers=sum(weight for word, weight in agreeing.items() if word.isdigit()),
        other_numbers=len(numbers),
        other_numbers_weight=sum(numbers),
    )


def _slots(part: Reading, cover: Weights) -> Slots:
    """The gaps between shared passages, by the two words at their edges: from, to, lesser weight of the edges."""
    inside = np.flatnonzero(cover)
    gaps = np.diff(inside)
    slots: Slots = {}
    for gap in np.flatnonzero((gaps > 1) & (gaps <= SLOT + 1)).tolist():
        before, after = int(inside[gap]), int(inside[gap + 1])
        weight = float(min(cover[before], cover[after]))
        slots.setdefault((part.words[before], part.words[after]), (before + 1, after, weight))
    return slots


def _misprint(word: str, candidates: Sequence[str]) -> bool:
    """Is it one of these, misread? Of a number nobody can tell."""
    return not word.isdigit() and bool(get_close_matches(word, candidates, 1, 0.7))


def titles_in_common(one: Reading, other: Reading) -> float:
    """Share of the shorter title's words that the other title has; 0 without a title."""
    fewer = min(len(one.title_words), len(other.title_words))
    return len(one.title_words & other.title_words) / fewer if fewer else 0.0


def subjects_differ(one: Reading, other: Reading) -> bool:
    """Has each title a word that its own text begins with, and that the other article does not have at all?

    'Forecast for Halden' and 'Forecast for Skagen', say; not 'Exclusive:' and the name of an outlet.
    """
    return _own_subject(one, other) and _own_subject(other, one)


def _own_subject(one: Reading, other: Reading) -> bool:
    own = (one.title_words - other.title_words - other.vocabulary).intersection(one.words[:HEAD])
    return any(not _misprint(word, [*other.title_words, *other.words[:HEAD]]) for word in own)


def title_support(one: Reading, other: Reading) -> float:
    """Share of the one title's words that the other article has in its title or text; 0 without a title."""
    words = one.title_words
    return sum(w in other.title_words or w in other.vocabulary for w in words) / len(words) if words else 0.0
