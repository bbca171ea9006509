"""Short lines above the first and below the last paragraph. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.model import Block
from monitor.stages.clean import shapes
from monitor.stages.clean.furniture import Verdicts


def verdicts(blocks: Sequence[Block], found: Verdicts) -> None:
    """Adds the unended short blocks outside the paragraphs."""
    prose = [i for i, block in enumerate(blocks) if i not in found and shapes.is_prose(block.text)]
    if not prose:
        return
    for i, block in enumerate(blocks):
        if i not in found and not prose[0] <= i <= prose[-1] and not shapes.ENDED.search(block.text):
            found[i] = ("head" if i < prose[0] else "tail", 0.7)
