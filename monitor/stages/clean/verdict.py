"""From probabilities to verdicts: how sure the model must be, and what its reasons are called. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from monitor.model import Block
from monitor.stages.clean import shapes
from monitor.stages.clean.furniture import Verdicts
from monitor.stages.clean.head import ROLE_NUMBERS, Head
from monitor.stages.clean.learned import Reader
from monitor.stages.clean.memory import remembered
from monitor.stages.clean.scan import Floats

_UNSTOPPED = re.compile(r"[\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff]")  # Thai, Lao, Burmese, Khmer
_SCORE = re.compile(r"^[^\W\d][^\n]{0,40}\s\d{1,3}\s?[–—:-]\s?\d{1,3}\s[^\W\d][^\n]{0,40}$")
_QUOTATION = re.compile(r"^[\"“„«「『‘][^\n]{1,400}[.!?…,。！？][\"”“»」』’]$")

# P(body) below which a block goes. Losing a sentence is the worse fault, so what ends like a sentence
# is kept on less evidence than a scrap of three words.
SENTENCE, LINE, SCRAP = 0.33, 0.42, 0.7
OUTSIDE = 0.92  # for a scrap above the first or below the last paragraph
SPOKEN = 0.55  # for speech that hangs on a block that stays
FLOOR, MESSY = 0.5, 0.15  # thresholds are scaled down to FLOOR where less than MESSY of the blocks are doubted
PICKED = 0.1  # for what trafilatura picked: its choice is evidence, too


def judged(blocks: Sequence[Block], above: Head, model: Reader, method: str, found: Verdicts) -> None:
    """Adds the blocks that the model holds to be furniture."""
    if len(blocks) < 2:
        return
    texts = [block.text for block in blocks]
    roles = [ROLE_NUMBERS.get(above.roles.get(i, ""), 0) for i in range(len(blocks))]
    p = _spoken(texts, model.probability([_with_stop(text) for text in texts], roles))
    # A page that has little furniture, a clean text say, is believed: what little is doubted there stays.
    doubted = float((p < LINE).mean())
    strict = FLOOR + (1.0 - FLOOR) * min(1.0, doubted / MESSY)
    prose = [i for i, text in enumerate(texts) if shapes.is_prose(_with_stop(text))]
    gone = []
    for i, text in enumerate(texts):
        if method == "trafilatura":
            needed = PICKED
        elif prose and not prose[0] < i < prose[-1] and threshold(text) == SCRAP:
            needed = OUTSIDE
        else:
            needed = threshold(text) * strict
        gone.append(float(p[i]) < needed)
    kept = [i for i in range(len(texts)) if not gone[i] and i not in found]
    first, last = (kept[0], kept[-1]) if kept else (0, len(texts))
    for i in range(len(texts)):
        if gone[i] and i not in found:
            reason = "above-text" if i < first else "below-text" if i > last else "model"
            found[i] = (reason, round(1.0 - float(p[i]), 3))


@remembered
def _with_stop(text: str) -> str:
    """`text` with a full stop for the model's eyes, where its script has paragraphs but no full stops."""
    if text.isascii():
        return text
    return text + "." if len(_UNSTOPPED.findall(text)) >= 40 and not shapes.ENDED.search(text) else text


def _spoken(texts: Sequence[str], p: Floats) -> Floats:
    """`p`, raised for what hangs on a kept block: quotations, who said what the block above quotes, rows of scores."""
    out = p.copy()
    for i in range(1, len(texts)):
        if out[i] >= SPOKEN or out[i - 1] < LINE:
            continue
        text = texts[i]
        listed = _SCORE.match(text) and (_SCORE.match(texts[i - 1]) or _SCORE.match(texts[min(i + 1, len(texts) - 1)]))
        if listed or _QUOTATION.match(text) or (shapes.QUOTED.search(texts[i - 1]) and shapes.ENDED.search(text)):
            out[i] = SPOKEN
    return out


@remembered
def threshold(text: str) -> float:
    """The P(body) a block needs to stay."""
    if shapes.ENDED.search(text):
        return SENTENCE
    return SCRAP if shapes.weight(text) < 45 and len(text.split()) < 4 else LINE


def leaves_text(blocks: Sequence[Block], found: Verdicts) -> bool:
    """Whether anything would be left: a document with text never comes out empty."""
    return any(i not in found for i in range(len(blocks)))
