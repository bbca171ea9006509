"""Sentences that somebody else glued to a paragraph: a pitch with its address or telephone number. Pure.

`spam` knows the words of some trades; here nothing is known of the trade. The sentences of a paragraph that names
a way to reach somebody are shown to the model as blocks of their own. Where those about it then look like
furniture and the rest like text, they go: advertising in the middle of a page is what the model has seen most of.
A paragraph that is all of one kind is left to the verdict on whole blocks.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from monitor.model import Block
from monitor.stages.clean import disguise, shapes
from monitor.stages.clean.head import ROLE_NUMBERS, Head
from monitor.stages.clean.learned import Reader
from monitor.stages.clean.spam import Span
from monitor.stages.clean.tokens import blocks_of_words, words_of

# P(body) of a sentence for itself: below it is doubted; so low on average must be what goes; so high one of the rest.
DOUBTED, STRANGE, OWN = 0.62, 0.45, 0.62
SHORTEST, LONGEST = 40, 6000  # characters of a paragraph that is looked at
SHARED = 0.5  # of the longer words of a sentence: if other blocks have more of them, it is of the page

_NAME = re.compile(rf"{disguise.CONTACT}|[^\s@]+@[^\s@]+\.\w", re.IGNORECASE)
_NUMBER = re.compile(r"\d(?:(?<!\w\d)|(?<=[(+]\d))\d{1,4}\)?(?:[ .-]\d{2,5}){2,}|\d{6,}")
_DOTTED = re.compile(r"\.(?<=[^\W_]\.)[^\W\d_]{2}")
_STOP = re.compile(r"(?<=[.!?…。！？।॥؟۔])[\"'”’»)\]]*\s+|\n|(?<=[。！？])")


def _reaches(text: str) -> bool:
    """Whether a text names an address, a telephone number, a name on a service or a long number."""
    if ("@" in text or "+" in text) and _NAME.search(text):
        return True
    return bool(_NUMBER.search(text)) or (bool(_DOTTED.search(text)) and bool(shapes.URL.search(text)))


def _sentences(text: str) -> list[tuple[int, int]]:
    """(start, end) of each sentence, the blanks behind it included."""
    ends = [match.end() for match in _STOP.finditer(text)]
    begins = [0, *ends]
    return [(a, b) for a, b in zip(begins, [*ends, len(text)], strict=True) if text[a:b].strip()]


def find(blocks: Sequence[Block], above: Head, reader: Reader) -> dict[int, list[Span]]:
    """Where such sentences stand: block index → spans in order.

    `reader` is not to be the one that judges the blocks, which remembers the page it has read."""
    cut = _suspects([block.text for block in blocks])
    if not cut:
        return {}
    texts: list[str] = []
    roles: list[int] = []
    at: dict[int, int] = {}
    for i, block in enumerate(blocks):
        at[i] = len(texts)
        parts = [block.text[a:b].strip() for a, b in cut[i]] if i in cut else [block.text]
        texts += parts
        roles += [ROLE_NUMBERS.get(above.roles.get(i, ""), 0)] * len(parts)
    p = reader.probability(texts, roles).tolist()
    found = {
        i: list(_strange(blocks[i].text, sentences, p[at[i] : at[i] + len(sentences)])) for i, sentences in cut.items()
    }
    return {i: spans for i, spans in found.items() if spans}


def _suspects(texts: Sequence[str]) -> dict[int, list[tuple[int, int]]]:
    """The sentences of paragraphs where one reaches out in words that the rest of the page hardly has."""
    cut = {
        i: sentences
        for i, text in enumerate(texts)
        if SHORTEST <= len(text) <= LONGEST and _reaches(text) and len(sentences := _sentences(text)) > 1
    }
    if not cut or len(texts) < 2:
        return {}
    used, _ = blocks_of_words(texts, ())
    return {
        i: sentences
        for i, sentences in cut.items()
        if any(
            _reaches(sentence) and _shared(sentence, used, words_of(texts[i])) <= SHARED
            for sentence in (texts[i][a:b] for a, b in sentences)
        )
    }


def _shared(sentence: str, used: Counter[str], own: frozenset[str]) -> float:
    """The share of the longer words of a sentence that blocks besides its own have."""
    words = [word for word in words_of(sentence) if len(word) > 3]
    return sum(used[word] > (word in own) for word in words) / max(len(words), 1)


def _strange(text: str, sentences: Sequence[tuple[int, int]], p: Sequence[float]) -> Iterator[Span]:
    """The runs of doubted sentences that name a way to reach somebody, in a paragraph with sentences of its own."""
    runs: list[list[int]] = []
    for n, one in enumerate(p):
        if one < DOUBTED:
            if runs and runs[-1][-1] == n - 1:
                runs[-1].append(n)
            else:
                runs.append([n])
    strange = []
    for run in runs:
        start, end = sentences[run[0]][0], sentences[run[-1]][1]
        mean = sum(p[n] for n in run) / len(run)
        if mean < STRANGE and _reaches(text[start:end]):
            strange.append((start, end, round(1 - mean, 3), run))
    gone = {n for *_, run in strange for n in run}
    rest = [p[n] for n in range(len(p)) if n not in gone]
    if rest and max(rest) >= OWN:
        yield from ((start, end, sure) for start, end, sure, _ in strange)
