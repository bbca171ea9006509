"""From probabilities to verdicts: how sure the model must be, and what its reasons are called. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from monitor.model import Block
from monitor.stages.clean import profiles, shapes
from monitor.stages.clean.furniture import Verdicts
from monitor.stages.clean.head import ROLE_NUMBERS, Head
from monitor.stages.clean.learned import Reader
from monitor.stages.clean.memory import remembered

_UNSTOPPED = re.compile(r"[\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff]")  # Thai, Lao, Burmese, Khmer: dense, all of them
_SCORE = re.compile(r"^[^\W\d][^\n]{0,40}\s\d{1,3}\s?[–—:-]\s?\d{1,3}\s[^\W\d][^\n]{0,40}$")
_QUOTATION = re.compile(r"^[\"“„«「『‘][^\n]{1,400}[.!?…,。！？][\"”“»」』’]$")
_COLON = re.compile(r"[:：]$")
# How a line begins that goes on with a sentence: small, with a mark that closes something, with a Japanese particle.
_GOES_ON = re.compile(r"[a-zß-öø-ÿа-яёα-ω,.;:!?)\]}、。，；：）」』”’،؛۔।はがをにのでともや]")

# P(body) below which a block goes. Losing a sentence is the worse fault, so what ends like a sentence
# is kept on less evidence than a scrap of three words.
SENTENCE, LINE, SCRAP = 0.31, 0.42, 0.73
OUTSIDE = 0.9  # for a scrap above the first or below the last paragraph or sure sentence
SURE = 0.8  # P(body) of such a sentence
TAIL = 0.85  # for a line below the last sentence that stays
ANNOUNCING = 60  # characters of a line with a colon at its end that is held to announce what follows
SPOKEN = 0.55  # for speech that hangs on a block that stays
REST = 0.1  # of what stays may stand below its last sentence, to be a rest
LOST = 0.05  # the share of a page's prose that must stay for the model to be believed
FLOOR, MESSY = 0.5, 0.15  # thresholds are scaled down to FLOOR where less than MESSY of the blocks are doubted
CAREFUL = 0.55  # of the usual, on a page in letters that hardly any training page has
BRIEF, BRIEFLY = 600, 0.5  # the weight of all sentences of a brief page, and of the usual for them there
PICKED = 0.1  # for what trafilatura picked: its choice is evidence, too


class _Look(NamedTuple):
    """What is asked about a block each time its page is judged."""

    text: str  # for the model's eyes: with a full stop, where its script has paragraphs but no full stops
    prose: bool  # whether that is a paragraph of running text
    needed: float  # the P(body) it needs to stay
    weight: int


def judged(
    blocks: Sequence[Block],
    above: Head,
    model: Reader,
    method: str,
    found: Verdicts,
    site: profiles.Known | None = None,
) -> None:
    """Adds the blocks that the model holds to be furniture, weighed with what the site's other pages say."""
    if len(blocks) < 2:
        return
    texts = [block.text for block in blocks]
    roles = [ROLE_NUMBERS.get(above.roles.get(i, ""), 0) for i in range(len(blocks))]
    looks = [_look(text) for text in texts]
    usual = [look.needed for look in looks]
    p = _continued(texts, model.probability([look.text for look in looks], roles).tolist(), usual)
    p = _spoken(texts, p, usual)
    # A page that has little furniture, a clean text say, is believed: what little is doubted there stays.
    doubted = sum(one < LINE for one in p) / len(p)
    messy = min(1.0, doubted / MESSY)
    strict = FLOOR + (1.0 - FLOOR) * messy
    careful = CAREFUL if _is_strange("".join(texts)) else 1.0
    brief = sum(look.weight for look in looks if look.needed == SENTENCE) < BRIEF
    prose = [i for i, look in enumerate(looks) if look.prose]
    first, last = (prose[0], prose[-1]) if prose else (-1, len(texts))
    sure = [i for i, look in enumerate(looks) if look.needed == SENTENCE and p[i] >= SURE]
    inner = (min(first, *sure), max(last, *sure)) if prose and sure else (first, last)
    end = _last_sentence(looks, p, strict * careful)
    end = len(texts) if end is None else end
    gone = []
    for i, needed in enumerate(usual):
        if method == "trafilatura":
            needed = PICKED
        elif needed == SCRAP and not inner[0] < i < inner[1]:
            needed = OUTSIDE
        elif needed == LINE and i > end:
            needed = max(LINE * strict, TAIL * messy)
        else:
            needed *= strict * (BRIEFLY if brief and needed == SENTENCE else 1.0)
        gone.append(p[i] < needed * careful)
    if prose and _at_a_loss(looks, gone, found, prose):
        gone = [gone[i] and not first <= i <= last for i in range(len(texts))]
    if site is not None:
        for i, moved in site.moved(blocks, p).items():
            if moved < (PICKED if method == "trafilatura" else looks[i].needed):
                found.setdefault(i, ("repeated" if texts[i] in site.strength else "below-text", round(1.0 - moved, 3)))
    kept = [i for i in range(len(texts)) if not gone[i] and i not in found]
    if not kept:  # the rules may leave something, the model would not
        return
    first, last = kept[0], kept[-1]
    for i in range(len(texts)):
        if gone[i] and i not in found:
            reason = "above-text" if i < first else "below-text" if i > last else "model"
            found[i] = (reason, round(1.0 - p[i], 3))


def _last_sentence(looks: Sequence[_Look], p: Sequence[float], strict: float) -> int | None:
    """The last block that stays as a paragraph or as a sentence, None where there is none.

    None, too, where lists follow that are a good part of what stays: then the lines below are no mere rest."""
    below = above = 0
    last = None
    for i in range(len(looks) - 1, -1, -1):
        look = looks[i]
        if p[i] < look.needed * strict:
            continue
        if last is None and (look.prose or look.needed == SENTENCE):
            last = i
        if last is None:
            below += look.weight
        else:
            above += look.weight
    return last if below <= REST * above else None


def _at_a_loss(looks: Sequence[_Look], gone: Sequence[bool], found: Verdicts, prose: Sequence[int]) -> bool:
    """Whether next to none of a page's paragraphs would stay: such a page is of a kind that the model does not know."""
    every = [i for i in prose if i not in found]
    return sum(looks[i].weight for i in every if not gone[i]) < LOST * sum(looks[i].weight for i in every)


@remembered
def _look(text: str) -> _Look:
    weight = shapes.weight(text)
    # All scripts of `_UNSTOPPED` are dense.
    unstopped = len(_UNSTOPPED.findall(text)) if weight > len(text) else 0
    ended = bool(shapes.ENDED.search(text))
    shown = text + "." if unstopped >= 40 and not ended else text
    # A sign of Thai says about as much as a letter, not as one of Chinese.
    scrap = (len(text) if unstopped else weight) < 45 and len(text.split()) < 4
    return _Look(shown, shapes.is_prose(shown), SENTENCE if ended else SCRAP if scrap else LINE, weight)


def _is_strange(whole: str) -> bool:
    """Whether most letters of a page are of other scripts than Latin."""
    if whole.isascii():
        return False
    codes = np.frombuffer(whole.encode("utf-32-le", "surrogatepass"), np.uint32)
    latin = ((codes | 0x20) - ord("a") < 26) | ((codes > 0xBF) & (codes < 0x250))
    other = (codes > 0x24F) & ((codes < 0x2000) | (codes > 0x2FFF)) & ((codes < 0x3000) | (codes > 0x303F))
    return bool(other.sum() > latin.sum())


def _continued(texts: Sequence[str], p: list[float], usual: Sequence[float]) -> list[float]:
    """`p`, equal for the lines of a sentence that was broken at its links: as likely as the likeliest of them.

    `usual`: the P(body) that each block needs."""
    out = p.copy()
    first = 0
    for i in range(1, len(texts) + 1):
        if i < len(texts) and usual[i - 1] != SENTENCE and _GOES_ON.match(texts[i]):
            continue
        if i - first > 1:
            out[first:i] = [max(out[first:i])] * (i - first)
        first = i
    return out


def _spoken(texts: Sequence[str], p: list[float], usual: Sequence[float]) -> list[float]:
    """`p`, raised for what hangs on a kept block: quotations, who said what the block above quotes, rows of scores.

    A long line with a colon hangs on what it announces. `usual`: the P(body) that each block needs."""
    out = p.copy()
    for i in range(len(texts) - 2, -1, -1):
        if out[i] < SPOKEN and out[i + 1] >= usual[i + 1] and len(texts[i]) >= ANNOUNCING and _COLON.search(texts[i]):
            out[i] = SPOKEN
    for i in range(1, len(texts)):
        if out[i] >= SPOKEN or out[i - 1] < usual[i - 1]:
            continue
        text = texts[i]
        listed = _SCORE.match(text) and (_SCORE.match(texts[i - 1]) or _SCORE.match(texts[min(i + 1, len(texts) - 1)]))
        if listed or _QUOTATION.match(text) or (shapes.QUOTED.search(texts[i - 1]) and shapes.ENDED.search(text)):
            out[i] = SPOKEN
    return out


def leaves_text(blocks: Sequence[Block], found: Verdicts) -> bool:
    """Whether anything would be left: a document with text never comes out empty."""
    return any(i not in found for i in range(len(blocks)))
