"""The books of cleaning one document: what is still there, what went, where each stood. Pure.

Blocks are taken out whole or in part; the account knows for each removed piece its place in the
document and the place in the clean text where it can be folded back in.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from monitor.model import Block, Removed
from monitor.stages import plaintext


def _tidy(text: str) -> bool:
    """Whether normalising and squeezing would change nothing: true of most blocks, which come from `plaintext`."""
    plain = text.isprintable() and "  " not in text and text == text.strip()
    return plain and unicodedata.is_normalized("NFC", text)


@dataclass(slots=True)
class _Piece:
    """A block on its way to the clean text: runs of the original, in order."""

    block: Block  # as it reads now
    runs: list[tuple[int, str]]  # (offset in the document, text)


class Account:
    """Keeps what is left of a document and what was taken out of it."""

    def __init__(self, blocks: Iterable[Block]) -> None:
        self._pieces: list[_Piece] = []
        self._removed: list[tuple[int, str, str, float, bool]] = []
        for block in blocks:
            if block.kind == "pre":
                block = replace(block, text=plaintext.normalise(block.text).strip("\n"))
            elif not _tidy(block.text):
                block = replace(block, text=plaintext.squeeze(plaintext.normalise(block.text)))
            if block.text and not block.text.isspace():
                self._pieces.append(_Piece(block, [(block.offset, block.text)]))

    def blocks(self) -> list[Block]:
        """What is left, as blocks."""
        return [piece.block for piece in self._pieces]

    def remove(self, verdicts: Mapping[int, tuple[str, float]]) -> bool:
        """Takes whole blocks out; returns whether there were any."""
        kept = []
        for i, piece in enumerate(self._pieces):
            if i in verdicts:
                reason, confidence = verdicts[i]
                self._removed.append((piece.block.offset, piece.block.text, reason, confidence, False))
            else:
                kept.append(piece)
        changed = len(kept) < len(self._pieces)
        self._pieces = kept
        return changed

    def cut(self, spans: Mapping[int, Sequence[tuple[int, int, float]]], reason: str = "spam-links") -> None:
        """Takes pieces out of blocks: index → (start, end, confidence), in order.

        A block that holds nothing else goes whole."""
        kept: list[_Piece] = []
        for i, piece in enumerate(self._pieces):
            cuts = spans.get(i, ())
            if not cuts:
                kept.append(piece)
                continue
            text, offset = piece.block.text, piece.block.offset
            runs: list[tuple[int, str]] = []
            position = 0
            for start, end, _ in [*cuts, (len(text), len(text), 0.0)]:
                part = text[position:start]
                if part.strip():
                    lead = len(part) - len(part.lstrip())
                    runs.append((offset + position + lead, part.strip()))
                position = end
            for start, end, confidence in cuts:
                self._removed.append((offset + start, text[start:end].strip(), reason, confidence, bool(runs)))
            if runs:
                joined = " ".join(part for _, part in runs)
                kept.append(_Piece(Block(text=joined, offset=runs[0][0], kind=piece.block.kind), runs))
        self._pieces = kept

    def settle(self) -> tuple[str, tuple[Removed, ...]]:
        """(clean text, all that was removed in the order of the document)."""
        out: list[str] = []
        starts: list[tuple[int, int]] = []  # (offset in the document, position in the clean text) of each run
        position = 0
        for piece in self._pieces:
            if out:
                out.append("\n\n")
                position += 2
            for n, (offset, text) in enumerate(piece.runs):
                if n:
                    out.append(" ")
                    position += 1
                starts.append((offset, position))
                out.append(text)
                position += len(text)
        furthest = list(accumulate((begun for begun, _ in starts), max))
        removed = []
        for offset, text, reason, confidence, span in sorted(self._removed, key=lambda item: item[0]):
            following = bisect_right(furthest, offset)
            at = starts[following][1] if following < len(starts) else position
            removed.append(
                Removed(text=text, offset=offset, at=at, reason=reason, confidence=round(confidence, 3), span=span)
            )
        return "".join(out), tuple(removed)
