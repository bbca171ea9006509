"""What made a rule match: terms with their characters in the stored text, and the sentence around each."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate, islice

from monitor.model import Hit
from monitor.stages.rules.compiled import Compiled
from monitor.stages.rules.nodes import Expression, Mention, Metadata, Node, Term
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


# What hits are told apart by: where they stand, as one number that orders them, and the term. Then the hits themselves.
Key = tuple[int, str]
Entries = dict[Key, Hit]
_FIELDS = {"title": 0, "text": 1 << 64, "author": 2 << 64}
_NOWHERE = 3 << 64
_new = tuple.__new__  # of a named tuple: in less than half the time, as `_make` does


def hits(compiled: Compiled, reading: Reading) -> tuple[Hit, ...]:
    """Return the evidence of a match in the order of the text, title first; at most `PER_TERM` of a term in a field."""
    kept: Entries = {}
    counts: dict[tuple[Term, str], int] = {}
    for found in islice(compiled.root.evidence(reading), _LOOKED_AT):
        if len(kept) >= PER_MATCH:
            break
        if isinstance(found, Term):
            kept.update(reading.hits.get(found) or _of_term(found, reading))
        elif isinstance(found, Metadata):
            kept[_NOWHERE, found.written] = Hit(term=found.written, field=found.field, start=0, end=0)
        else:
            field, mention = found
            seen = counts.get((mention.term, field), 0)
            if seen < PER_TERM:
                counts[mention.term, field] = seen + 1
                kept.update(_at(field, mention, reading))
    if compiled.has_expression:
        for node in _expressions(compiled.root):
            kept.update({(_place(hit.field, hit.start, hit.end), hit.term): hit for hit in _matched(node, reading)})
    if len(kept) == 1:
        return tuple(kept.values())
    return tuple([hit for _, hit in sorted(kept.items(), key=_by_place)])


def _by_place(entry: tuple[Key, Hit]) -> int:
    return entry[0][0]


def _place(field: str, start: int, end: int) -> int:
    return _FIELDS[field] + (start << 32) + end


def _of_term(term: Term, reading: Reading) -> Entries:
    """The first mentions of a term in each of its fields; found once for all rules that have it."""
    entries: Entries = {}
    for field in term.fields():
        if term.simple is not None:
            places = reading.first_pairs(term.simple, field, PER_TERM)
        else:
            places = term.pairs(reading, field)[:PER_TERM]
        if places:
            _add(entries, term, places, field, reading)
    reading.hits[term] = entries
    return entries


def _at(field: str, mention: Mention, reading: Reading) -> Entries:
    """A mention alone."""
    start, end, term = mention
    key = (term, field, start, end)
    entries: Entries | None = reading.hits.get(key)
    if entries is None:
        reading.hits[key] = entries = {}
        _add(entries, term, [(start, end)], field, reading)
    return entries


def _add(entries: Entries, term: Term, places: list[tuple[int, int]], field: str, reading: Reading) -> None:
    """Add hits of a term at some places of a field. Articles have hundreds of them: this is made to be quick."""
    words, simple, label, variant = reading.words[field], term.simple, term.label(), term.variant
    sentences = reading.memory.get(field)
    if sentences is None:
        reading.memory[field] = sentences = _Sentences(words.text, whole=field == "title")
    before = _place(field, 0, 0)
    is_bare = bool(term.plain) and reading.is_bare(term.plain, field)
    for first, last in places:
        if simple is not None:
            start, end = words.span(first, last - first, simple)
        elif is_bare:
            start, end = words.span(first)[0], words.span(last - 1)[1]
        else:
            start, end = characters(Mention(first, last, term), field, reading)
        around, at = sentences.around(start, end)
        entries[before + (start << 32) + end, label] = _new(Hit, (label, field, start, end, around, at, variant))


class _Sentences:
    """The sentences of a text, found once, line by line. `whole`: it is all one, as a headline is."""

    __slots__ = ("_begins", "_by_line", "_known", "_lines", "_text", "_too_long", "_whole")

    def __init__(self, text: str, *, whole: bool) -> None:
        self._text = text
        self._whole = whole
        self._too_long = not whole and len(text) > _ALL_AT_ONCE
        self._lines = [0]  # where each line begins, and the last one ends
        if not whole and not self._too_long:
            self._lines += accumulate([len(line) + 1 for line in text.split("\n")])
        self._by_line: dict[int, list[int]] = {}  # where the sentences of a line begin, and the last one ends
        self._begins = [0, 0]  # those of the line looked at last
        self._known: dict[int, tuple[str, int]] = {}  # by where it begins

    def around(self, start: int, end: int) -> tuple[str, int]:
        """As `sentence` does."""
        if self._whole:
            return self._text, 0
        if self._too_long:
            return sentence(self._text, start, end)
        begins = self._begins
        if not begins[0] <= start < begins[-1]:
            begins = self._turn_to(start)
        number = bisect_right(begins, start)
        first, last = begin, finish = begins[number - 1], begins[number]
        if end > last:  # it goes on behind the end of a sentence
            return sentence(self._text, start, end)
        known = self._known.get(first)
        if known is not None:
            return known
        if begin < start - _SENTENCE:
            begin = start - _SENTENCE
        if finish > end + _SENTENCE:
            finish = end + _SENTENCE
        found = self._text[begin:finish]
        bare = found.lstrip()
        known = (bare.rstrip(), begin + len(found) - len(bare))
        if last <= first + _SENTENCE:
            self._known[first] = known
        return known

    def _turn_to(self, start: int) -> list[int]:
        """The sentences of the line that has this character: a line's end ends a sentence too."""
        number = bisect_right(self._lines, start) - 1
        begins = self._by_line.get(number)
        if begins is None:
            text, low, high = self._text, self._lines[number], self._lines[number + 1]
            begins = [low, *(stop.end() for stop in _END.finditer(text, low, high) if _ends(text, stop, 0))]
            if begins[-1] < high:
                begins.append(high)
            self._by_line[number] = begins
        self._begins = begins
        return begins


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


def _matched(node: Expression, reading: Reading) -> Iterator[Hit]:
    for field in ("title", "text"):
        text = reading.words[field].text
        for found in islice(node.compiled.finditer(text), PER_TERM):  # type: ignore[attr-defined]
            start, end = found.span()
            around, at = sentence(text, start, end) if field != "title" else (text, 0)
            yield Hit(term=node.label(), field=field, start=start, end=end, sentence=around, sentence_start=at)
