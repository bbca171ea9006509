"""What made a rule match: terms with their characters in the stored text, and the sentence around each."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from monitor.model import Hit
from monitor.stages.rules.compiled import Compiled
from monitor.stages.rules.nodes import Expression, Found, Mention, Node
from monitor.stages.rules.reading import Reading
from monitor.stages.words import Words

PER_TERM = 5  # hits kept of one term in one field
PER_MATCH = 40  # hits kept of a rule
_LOOKED_AT = 2_000  # places looked at before the rest is left out
_SENTENCE = 400  # characters around a hit, at most, on either side

_END = re.compile(r"[.!?…。！？؟۔।][\"'”’»)\]]*(?=\s|[^\x00-\u2fff])|\n+|[。！？]")
_NO_END = re.compile(
    r"(?:\b\w|\b(?:Mr|Mrs|Ms|Dr|St|Prof|Gen|Col|Lt|Sgt|Rev|Hon|Jr|Sr|vs|No|Sen|Rep|Gov|approx|Inc))\.$"
)


def hits(compiled: Compiled, reading: Reading) -> tuple[Hit, ...]:
    """Return the evidence of a match in the order of the text, title first; at most `PER_TERM` of each term."""
    kept: dict[tuple[str, int, int, str], Hit] = {}
    counts: Counter[tuple[str, str]] = Counter()
    for found in islice(_found(compiled.root, reading), _LOOKED_AT):
        mention = found.mention
        if mention is None:
            kept.setdefault((found.field, 0, 0, found.label), Hit(term=found.label, field=found.field, start=0, end=0))
            continue
        name = (mention.term.label() + mention.term.variant, found.field)
        if counts[name] >= PER_TERM or len(kept) >= PER_MATCH:
            continue
        hit = _hit(mention, found.field, reading)
        if kept.setdefault((hit.field, hit.start, hit.end, hit.term), hit) is hit:
            counts[name] += 1
    for node in _expressions(compiled.root):
        for hit in islice(_expression_hits(node, reading), PER_TERM):
            kept[hit.field, hit.start, hit.end, hit.term] = hit
    order = {"title": 0, "text": 1, "author": 2}
    return tuple(sorted(kept.values(), key=lambda hit: (order.get(hit.field, 3), hit.start, hit.end)))


def sentence(text: str, start: int, end: int) -> tuple[str, int]:
    """Return the sentence around characters start to end, and where it begins."""
    low = max(0, start - _SENTENCE)
    begin = low
    for stop in _END.finditer(text, low, start):
        if not _NO_END.search(text[max(low, stop.start() - 8) : stop.start() + 1]) or "\n" in stop.group():
            begin = stop.end()
    high = min(len(text), end + _SENTENCE)
    finish = high
    for stop in _END.finditer(text, end, high):
        if "\n" in stop.group():
            finish = stop.start()
        elif _NO_END.search(text[max(begin, stop.start() - 8) : stop.start() + 1]):
            continue
        else:
            finish = stop.end()
        break
    found = text[begin:finish]
    bare = found.lstrip()
    return bare.rstrip(), begin + len(found) - len(bare)


def _found(node: Node, reading: Reading) -> Iterator[Found]:
    return node.evidence(reading)


def _hit(mention: Mention, field: str, reading: Reading) -> Hit:
    words = reading.words[field]
    start, end = characters(mention, field, reading, words)
    around, at = sentence(words.text, start, end) if field != "title" else (words.text, 0)
    term = mention.term
    return Hit(
        term=term.label(), field=field, start=start, end=end, sentence=around, sentence_start=at, variant=term.variant
    )


def characters(mention: Mention, field: str, reading: Reading, words: Words) -> tuple[int, int]:
    """The characters of a mention: of its first word's first to its last word's last, stems without their ending."""
    first, last = mention.term.elements[0], mention.term.elements[-1]
    heads = [first.parts[0], *filter(None, (first.closed,))]
    tails = [last.parts[-1], *filter(None, (last.closed,))]
    start, end = words.span(mention.start)[0], words.span(mention.end - 1)[1]
    starts = [
        words.span(p[0], p[1] - p[0], p[2])[0] for part in heads for p in _at_start(reading, part, field, mention)
    ]
    ends = [words.span(p[0], p[1] - p[0], p[2])[1] for part in tails for p in _at_end(reading, part, field, mention)]
    return min(starts, default=start), max(ends, default=end)


def _at_start(reading: Reading, part, field: str, mention: Mention):  # type: ignore[no-untyped-def]
    places = reading.places(part, field)
    at = bisect_right(places, (mention.start, -1, ""))
    while at < len(places) and places[at][0] == mention.start:
        if places[at][1] <= mention.end:
            yield places[at]
        at += 1


def _at_end(reading: Reading, part, field: str, mention: Mention):  # type: ignore[no-untyped-def]
    places = reading.places(part, field)
    at = bisect_right(places, (mention.start, -1, ""))
    while at < len(places) and places[at][0] < mention.end:
        if places[at][1] == mention.end:
            yield places[at]
        at += 1


def _expressions(node: Node) -> Iterator[Expression]:
    if isinstance(node, Expression):
        yield node
    for child in node.children:
        yield from _expressions(child)


def _expression_hits(node: Expression, reading: Reading) -> Iterator[Hit]:
    for field in ("title", "text"):
        text = reading.words[field].text
        for found in node.compiled.finditer(text):  # type: ignore[attr-defined]
            start, end = found.span()
            around, at = sentence(text, start, end) if field != "title" else (text, 0)
            yield Hit(term=node.label(), field=field, start=start, end=end, sentence=around, sentence_start=at)
