"""What opening a file gives: its text, how that is marked up, and what its own fields say. Pure values."""

from __future__ import annotations

from dataclasses import dataclass, field

from monitor.model import Block, Metadata
from monitor.stages import plaintext


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A document's text as found: its kind of mark-up, and what its own fields say."""

    text: str
    form: str  # 'text', 'html' (a page), 'fragment' (a piece of HTML)
    metadata: Metadata = field(default_factory=Metadata)
    method: str = "text"
    blocks: tuple[Block, ...] = ()  # of a plain text, where its kind of file says what a block is


def line(text: str) -> str:
    """`text` as one line, at most 2,000 characters."""
    return " ".join(plaintext.normalise(text).split())[:2000]


def marked(blocks: tuple[Block, ...], offset: int, kind: str, *, below: bool = False) -> tuple[Block, ...]:
    """`blocks`, those above `offset` (or from there on, `below`) made of another kind."""
    return tuple(
        Block(text=block.text, offset=block.offset, kind=kind) if (block.offset >= offset) is below else block
        for block in blocks
    )
