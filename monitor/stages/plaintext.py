"""Plain text → blocks with offsets. Pure; it decides where paragraphs begin, not which are worth keeping.

Normal input is untidy: CRLF, no-break spaces, no blank line between paragraphs, lines wrapped at
72 columns. What is decided here depends on one run of lines alone, never on the whole page, so that
cutting a cleaned text into blocks again gives the same blocks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from monitor.model import Block

_LINE_ENDS = re.compile(r"\r\n?|[\u2028\u2029\u0085\f\v]")
_UNWANTED = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0e-\x1f\x7f\ufeff\ufffe\uffff\ud800-\udfff]")
_RUN = re.compile(r"\S[^\n]*(?:\n(?![ \t\u00a0\u200b\u3000]*(?:\n|$))[^\n]*)*")
_SPACES = re.compile(r"[ \t\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]+")
_ENDED = re.compile(r"[.!?…。！？।॥؟۔։።]['\"”’»)\]】」』]*$")
_UNSTOPPED = re.compile(r"[\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff]")  # Thai, Lao, Burmese, Khmer
_LIST_ITEM = re.compile(r"(?:[-*•·‣▪–—]|\d{1,3}[.)])\s")
_MARKDOWN = re.compile(r"#{1,6}\s")

LONG_RUN = 8  # lines: more than this in one run is a page without blank lines
PROSE_LINE = 80  # characters: a line of this length that ends a sentence is a paragraph
WRAP_MIN, WRAP_MAX = 45, 100  # columns at which mail and old news wires wrap


def normalise(text: str) -> str:
    """`text` with one kind of line end, without control characters, terminal colours, byte-order marks, surrogates."""
    if not _is_printable(text):  # nothing of what follows is
        text = _UNWANTED.sub("", _LINE_ENDS.sub("\n", text))
    return unicodedata.normalize("NFC", text)


def _is_printable(text: str) -> bool:
    """Whether a text has no blanks but spaces and line ends, and nothing that is not seen."""
    return text.replace("\n", "").isprintable()


def squeeze(text: str) -> str:
    """`text` with every run of blanks of any width as one space, and no blank at either end of a line."""
    return "\n".join(map(_squeezed, text.split("\n"))).strip("\n")


def _squeezed(line: str) -> str:
    if "  " in line or not line.isprintable():  # of all blanks only the space is printable
        line = _SPACES.sub(" ", line)
    return line.strip()


def split(text: str) -> tuple[Block, ...]:
    """The blocks of a plain text, in order; offsets count characters of `normalise(text)`.

    A run of lines without a blank line is one block, unless it is plainly several: many lines, or
    lines that are whole paragraphs. Hard-wrapped lines become one line again.
    """
    return tuple(
        [
            Block(text=piece, offset=start, kind="h" if piece[0] == "#" and _MARKDOWN.match(piece) else "p")
            for offset, run in _runs(text)
            for start, piece in (_pieces(run, offset) if "\n" in run else ((offset, _squeezed(run)),))
            if piece
        ]
    )


def _runs(text: str) -> Iterator[tuple[int, str]]:
    """The runs of lines without a blank line, with offsets."""
    if text.startswith(" ") or "\n " in text or not _is_printable(text):
        for match in _RUN.finditer(normalise(text)):
            yield match.start(), match.group()
        return
    # The same in a third of the time: here a blank line is an empty one.
    offset = 0
    for part in unicodedata.normalize("NFC", text).split("\n\n"):
        if run := part.strip("\n"):
            yield offset + (part[0] == "\n"), run
        offset += len(part) + 2


def _pieces(run: str, offset: int) -> list[tuple[int, str]]:
    lines: list[tuple[int, str]] = []
    for line in run.split("\n"):
        lead = len(line) - len(line.lstrip())
        text = _squeezed(line)
        if text:
            lines.append((offset + lead, text))
        offset += len(line) + 1
    if len(lines) < 2:
        return lines
    texts = [text for _, text in lines]
    if _is_wrapped(texts):
        return [(lines[0][0], " ".join(texts))]
    paragraphs = sum(len(text) >= PROSE_LINE and _is_paragraph(text) for text in texts)
    if len(lines) > LONG_RUN or paragraphs >= 2 or (paragraphs and len(lines) == 2):
        return lines
    return [(lines[0][0], "\n".join(texts))]


def _is_paragraph(line: str) -> bool:
    """Whether a long line is a whole paragraph: it ends a sentence, or its script has no full stops."""
    return bool(_ENDED.search(line)) or len(_UNSTOPPED.findall(line)) >= 40


def _is_wrapped(lines: list[str]) -> bool:
    """Whether all lines but the last break near one column and mostly in mid-sentence."""
    full = lines[:-1]
    if len(full) < 2 or len(lines[-1]) > WRAP_MAX or any(_LIST_ITEM.match(line) for line in lines[1:]):
        return False
    lengths = [len(line) for line in full]
    if max(lengths) > WRAP_MAX or min(lengths) < WRAP_MIN or max(lengths) - min(lengths) > 24:
        return False
    # A line was broken because the next word did not fit.
    fits = sum(
        len(line) + 1 + len(after.split(" ", 1)[0]) <= max(lengths) for line, after in zip(full, lines[1:], strict=True)
    )
    return fits <= len(full) // 4 and sum(bool(_ENDED.search(line)) for line in full) * 2 < len(full) + 1
