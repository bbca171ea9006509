"""What made a rule match: terms with their characters in the stored text, and the sentence around each."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from operator import itemgetter

from monitor.model import Hit
from monitor.stages.rules.compiled import Compiled
from monitor.stages.rules.nodes import Expression, Mention, Node, Term
from monitor.stages.rules.patterns import Part
from monitor.stages.rules.reading import Place, Reading

PER_TERM = 3  # hits kept of one term in one field
PER_MATCH = 40  # hits kept of a rule
_LOOKED_AT = 2_000  # places looked at before the rest is left out
_ALL_AT_ONCE = 200_000  # characters of a text whose sentences are all found when one is asked for
_SENTENCE = 400  # characters around a hit, at most, on either side

# Begins with one class of characters, which `re` finds fast; what must follow depends on which it is.
_END = re.compile(r"[.!?…。！？؟۔।\n](?:(?<!\n)[\"'”’»)\]]*(?=\s|[^\x00-\u2fff])|(?<=\n)\n*|(?<=[。！？]))")
_NO_END = re.compile(r"(?:\b\w|\b(?:Mr|Mrs|Ms|Dr|St|Prof|Gen|Col|Lt|Sgt|Rev|Hon|Jr|Sr|vs|No|Sen|Rep|Gov|Inc))\.$")


# A hit, behind what it is sorted by and what it is told apart by.
Entry = tuple[tuple[int, int, int], tuple[str, int, int, str], Hit]
_ORDER = {"title": 0, "text": 1, "author": 2}


def hits(compiled: Compiled, reading: Reading) -> tuple[Hit, ...]:
    """Return the evidence of a match in the order of the text, title first; at most `PER_TERM` of a term in a field."""
    kept: dict[tuple[str, int, int, str], Entry] = {}
    counts: Counter[tuple[Term, str]] = Counter()
    for found in islice(compiled.root.evidence(reading), _LOOKED_AT):
        field, mention, label, term = found
        if len(kept) >= PER_MATCH:
            break
        if term is not None:
            for entry in _hits_of(term, reading):
                kept[entry[1]] = entry
        elif mention is None:
            entry = _entry(Hit(term=label, field=field, start=0, end=0))
            kept[entry[1]] = entry
        elif counts[mention.term, field] < PER_TERM:
            entry = _hit(mention, field, reading)
            kept[entry[1]] = entry
            counts[mention.term, field] += 1
    if compiled.has_expression:
        for node in _expressions(compiled.root):
            for entry in map(_entry, _expression_hits(node, reading)):
                kept[entry[1]] = entry
    if len(kept) == 1:
        return (next(iter(kept.values()))[2],)
    return tuple([hit for _, _, hit in sorted(kept.values(), key=_PLACE)])


_PLACE = itemgetter(0)


def _entry(hit: Hit) -> Entry:
    field, start, end = hit.field, hit.start, hit.end
    return (_ORDER.get(field, 3), start, end), (field, start, end, hit.term), hit


def _hits_of(term: Term, reading: Reading) -> list[Entry]:
    """The first mentions of a term in each of its fields; found once for all rules that have it so written."""
    key = (term.written, term.field, term.variant, term.plain or term, "hits")
    known: list[Entry] | None = reading.memory.get(key)
    if known is None:
        known = []
        for field in term.fields():
            for start, end in term.pairs(reading, field)[:PER_TERM]:
                known.append(_hit(Mention(start, end, term), field, reading))
        reading.memory[key] = known
    return known


def sentence(text: str, start: int, end: int) -> tuple[str, int]:
    """Return the sentence around characters start to end, and where it begins."""
    low = max(0, start - _SENTENCE)
    begin = low
    for stop in _END.finditer(text, low, start):
        if _ends(text, stop, low):
            begin = stop.end()
    high = min(len(text), end + _SENTENCE)
    finish = high
    for stop in _END.finditer(text, end, high):
        if _ends(text, stop, begin):
            finish = stop.end()
            break
    found = text[begin:finish]
    bare = found.lstrip()
    return bare.rstrip(), begin + len(found) - len(bare)


def _ends(text: str, stop: re.Match[str], low: int) -> bool:
    """Whether a stop ends a sentence: an abbreviation's dot does not."""
    at = stop.start()
    if text[at] != "." or text[max(low, at - 5) : at].isalpha():  # a whole word before it is no abbreviation
        return True
    return not _NO_END.search(text[max(low, at - 8) : at + 1])


def _hit(mention: Mention, field: str, reading: Reading) -> Entry:
    term = mention.term
    start, end = characters(mention, field, reading)
    text, at = (reading.words[field].text, 0) if field == "title" else _sentence(field, start, end, reading)
    label, variant = term.label(), term.variant
    return _entry(Hit(term=label, field=field, start=start, end=end, sentence=text, sentence_start=at, variant=variant))


def _sentence(field: str, start: int, end: int, reading: Reading) -> tuple[str, int]:
    """`sentence`, from boundaries that are found once where a text is not too long."""
    text = reading.words[field].text
    if len(text) > _ALL_AT_ONCE:
        return sentence(text, start, end)
    begins: list[int] | None = reading.memory.get((field, "sentences"))
    if begins is None:
        begins = [0, *(stop.end() for stop in _END.finditer(text) if _ends(text, stop, max(0, stop.start() - 8)))]
        reading.memory[field, "sentences"] = begins
    number = bisect_right(begins, start) - 1
    begin = begins[number]
    finish = begins[number + 1] if number + 1 < len(begins) else len(text)
    if begin < start - _SENTENCE:
        begin = start - _SENTENCE
    finish = min(max(finish, end), end + _SENTENCE)
    known: tuple[str, int] | None = reading.memory.get((field, begin, finish))
    if known is None:
        found = text[begin:finish]
        bare = found.lstrip()
        reading.memory[field, begin, finish] = known = (bare.rstrip(), begin + len(found) - len(bare))
    return known


def characters(mention: Mention, field: str, reading: Reading) -> tuple[int, int]:
    """The characters of a mention: of its first word's first to its last word's last, stems without their ending."""
    words = reading.words[field]
    simple = mention.term.simple
    if simple is not None:
        return words.span(mention.start, mention.end - mention.start, simple)
    if mention.term.plain and reading.is_bare(mention.term.plain, field):
        return words.span(mention.start)[0], words.span(mention.end - 1)[1]
    first, last = mention.term.elements[0], mention.term.elements[-1]
    heads = [first.parts[0], *filter(None, (first.closed,))]
    tails = [last.parts[-1], *filter(None, (last.closed,))]
    start, end = words.span(mention.start)[0], words.span(mention.end - 1)[1]
    starts = [
        words.span(p[0], p[1] - p[0], p[2])[0] for part in heads for p in _at_start(reading, part, field, mention)
    ]
    ends = [words.span(p[0], p[1] - p[0], p[2])[1] for part in tails for p in _at_end(reading, part, field, mention)]
    return min(starts, default=start), max(ends, default=end)


def _at_start(reading: Reading, part: Part, field: str, mention: Mention) -> Iterator[Place]:
    places = reading.places(part, field)
    at = bisect_right(places, (mention.start, -1, ""))
    while at < len(places) and places[at][0] == mention.start:
        if places[at][1] <= mention.end:
            yield places[at]
        at += 1


def _at_end(reading: Reading, part: Part, field: str, mention: Mention) -> Iterator[Place]:
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
        for found in islice(node.compiled.finditer(text), PER_TERM):  # type: ignore[attr-defined]
            start, end = found.span()
            around, at = sentence(text, start, end) if field != "title" else (text, 0)
            yield Hit(term=node.label(), field=field, start=start, end=end, sentence=around, sentence_start=at)
