"""What one text says that another does not, sentence by sentence: members of a story, revisions of an article.

A sentence is known to a text that has nearly all of its word sequences, so that a comma or a misprint makes none new.
A function of values. Not the place where stories are decided: that is `dedupe`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from monitor.stages.compare import tokens
from monitor.stages.fingerprint import Hashes, shingles

KNOWN = 0.8  # share of a sentence's word sequences that makes it known
SHORT = 3  # words; shorter pieces are headings and credits

_END = re.compile(r"(?<=[.!?…])\s+|(?<=[.!?…][\"'”’»)\]])\s+|(?<=[。！？])(?![”』」])|\n+")


@dataclass(frozen=True, slots=True)
class Difference:
    """Sentences of the one text that the other lacks, in reading order."""

    added: tuple[str, ...]
    missing: tuple[str, ...]


class Said:
    """What some texts have said already."""

    def __init__(self, texts: Iterable[str]) -> None:
        words = [tokens(text) for text in texts]
        none = np.empty(0, np.uint64)
        self._single: Hashes = np.concatenate([none, *(shingles(one, 1) for one in words)])
        self._pairs: Hashes = np.concatenate([none, *(shingles(one, 2) for one in words)])
        self._runs: Hashes = np.concatenate([none, *(shingles(one) for one in words)])

    def has(self, sentence: str) -> bool:
        """Whether they said this. A sentence without words is never new. Another number makes another sentence."""
        words = tokens(sentence)
        if not words:
            return True
        numbers = [word for word in words if any(letter.isdigit() for letter in word)]
        if not np.isin(shingles(numbers, 1), self._single).all():
            return False
        held = (self._single, self._pairs, self._runs)[min(len(words), 3) - 1]
        return bool(np.isin(shingles(words), held).mean() >= KNOWN)


def sentences(text: str) -> list[str]:
    """The sentences of a text; a line ends one as well."""
    return [piece.strip() for piece in _END.split(text) if piece and piece.strip()]


def difference(before: str, after: str) -> Difference:
    """What `after` adds to `before`, and what it leaves out."""
    return Difference(added=new_sentences(after, [before]), missing=new_sentences(before, [after]))


def new_sentences(text: str, told: Sequence[str]) -> tuple[str, ...]:
    """Sentences of a text that none of the texts told before has."""
    said = Said(told)
    return tuple(one for one in sentences(text) if len(tokens(one)) >= SHORT and not said.has(one))
