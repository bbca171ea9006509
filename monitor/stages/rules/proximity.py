"""The nodes of a rule's tree that count positions: NEAR and its kin, and ATLEAST."""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from itertools import islice, pairwise

from monitor.stages.rules.nodes import Found, Mention, Node, Placed, Span, Term, by_place, inside
from monitor.stages.rules.reading import BODY, TEXT_FIELDS, Reading

MAX_PAIRS = 2_000  # spans of a nested NEAR that are all followed; beyond, the widest at each place are


class Near(Node):
    """Two operands in one field with at most `distance` words between them; `ordered`: the left one first."""

    __slots__ = ("children", "depth", "distance", "fields", "name", "ordered")

    def __init__(self, left: Node, right: Node, distance: int, ordered: bool, name: str = "NEAR") -> None:
        self.children = (left, right)
        self.depth = 1 + max(_depth(left), _depth(right))  # NEARs within each other, itself among them
        self.distance = distance
        self.ordered = ordered
        self.name = name
        asked = named_fields(self)
        # In which both operands can stand.
        self.fields = tuple(field for field in TEXT_FIELDS if field in asked) if asked else BODY

    def holds(self, reading: Reading) -> bool:
        for field in self.fields:  # noqa: SIM110  (faster than a generator)
            if self.holds_in(reading, field):
                return True
        return False

    def holds_in(self, reading: Reading, field: str) -> bool:
        """Whether it holds in that field."""
        if not self.may_stand_in(reading, field):
            return False
        left, right = (child.pairs(reading, field) for child in self.children)
        if left is None or right is None or field == "author":
            known: bool | None = reading.memory.get((self, field))  # asked again by what explains it
            if known is None:
                reading.memory[self, field] = known = next(self._found(reading, field), None) is not None
            return known
        return _are_near(left, right, self.distance) or (not self.ordered and _are_near(right, left, self.distance))

    def may_stand_in(self, reading: Reading, field: str) -> bool:
        return all(child.may_stand_in(reading, field) for child in self.children)

    def groups(self) -> list[frozenset[str]]:
        return [group for child in self.children for group in child.groups()]

    def evidence(self, reading: Reading) -> Iterator[Found]:
        for field in self.fields:
            for span in islice(self._found(reading, field), 20):
                for mention in span.members:
                    yield Placed(field, mention)

    def spans(self, reading: Reading, field: str, low: int = 0, high: int = sys.maxsize) -> list[Span]:
        left, right = self._operands(reading, field, low, high)
        if not left or not right:
            return []
        choices = list(self._choices(left, right))
        if sum(last - first for first, last in choices) <= MAX_PAIRS:
            return sorted(set(self._join(left, right, choices)), key=by_place)
        if self.ordered:
            left.sort(key=_by_end)
        thinned = _thin(left, right, list(self._choices(left, right)))
        return _outermost(self._join(left, right, thinned))

    def reach(self, reading: Reading, field: str) -> int:
        return self.distance + sum(child.reach(reading, field) for child in self.children)

    def _found(self, reading: Reading, field: str) -> Iterator[Span]:
        """Its places, window by window: where words crowd, the first window shows it."""
        if not self.may_stand_in(reading, field):
            return
        reach, size = self.reach(reading, field), len(reading.words[field].forms)
        step = max(2 * reach, 400)
        for low in range(0, max(size - reach, 1), step):
            left, right = self._operands(reading, field, low, low + step + reach)
            if left and right:
                for span in self._join(left, right, self._choices(left, right)):
                    if field != "author" or any(mention.term.field for mention in span.members):
                        yield span  # words without a field are not sought among authors for their own sake

    def _operands(self, reading: Reading, field: str, low: int, high: int) -> tuple[list[Span], list[Span]]:
        """The places of both, or none of either: the right one is looked for first, as a chain's left one is longer."""
        left, right = self.children
        found = right.spans(reading, field, low, high)
        return (left.spans(reading, field, low, high), found) if found else ([], [])

    def _choices(self, left: list[Span], right: list[Span]) -> Iterator[tuple[int, int]]:
        """For each on the left, which on the right may be near it: the first, and the one after the last."""
        starts = [span.start for span in right]
        longest = max(span.end - span.start for span in right)
        for one in left:
            low = one.end if self.ordered else one.start - self.distance - longest
            yield bisect_left(starts, low), bisect_left(starts, one.end + self.distance + 1)

    def _join(
        self, left: list[Span], right: list[Span], choices: Iterable[tuple[int, int] | Collection[int]]
    ) -> Iterator[Span]:
        for one, choice in zip(left, choices, strict=True):
            for number in range(*choice) if isinstance(choice, tuple) else choice:
                other = right[number]
                if self._fits(one, other):
                    start, end = min(one.start, other.start), max(one.end, other.end)
                    yield Span(start, end, one.members + other.members)

    def _fits(self, one: Span, other: Span) -> bool:
        if one.end <= other.start:
            return other.start - one.end <= self.distance
        if self.ordered:
            return False
        if other.end <= one.start:
            return one.start - other.end <= self.distance
        return not any(a.start < b.end and b.start < a.end for a in one.members for b in other.members)

    def label(self) -> str:
        left, right = self.children
        shown = left.label() if isinstance(left, Near) else inside(left)
        return f"{shown} {self.name}/{self.distance} {inside(right)}"

    def is_compound(self) -> bool:
        return True


class AtLeast(Node):
    """At least `number` mentions of its child that do not overlap, title and text together."""

    __slots__ = ("_fields", "children", "number")

    def __init__(self, child: Node, number: int) -> None:
        self.children = (child,)
        self.number = number
        named = named_fields(child, every=True)
        self._fields = tuple(dict.fromkeys((*BODY, *named))) if named else BODY

    def holds(self, reading: Reading) -> bool:
        return self.count(reading) >= self.number

    def count(self, reading: Reading) -> int:
        """How many mentions there are, counted as far as needed."""
        total, child = 0, self.children[0]
        for field in self._fields:
            if not child.may_stand_in(reading, field):
                continue
            pairs = child.pairs(reading, field) if field != "author" else None
            if pairs is None:
                total += sum(1 for _ in self._mentions(reading, field))
            else:
                total += _apart(pairs, self.number - total)
            if total >= self.number:
                break
        return total

    def groups(self) -> list[frozenset[str]]:
        return self.children[0].groups()

    def evidence(self, reading: Reading) -> Iterator[Found]:
        return self.children[0].evidence(reading)

    def _mentions(self, reading: Reading, field: str) -> Iterator[Mention]:
        """The most mentions that fit beside each other: always the next that ends first."""
        if self.children[0].may_stand_in(reading, field):
            reached = 0
            for span in sorted(self.children[0].spans(reading, field), key=_by_end):
                if span.start >= reached and (field != "author" or span.members[0].term.field == "author"):
                    reached = span.end
                    yield span.members[0]

    def label(self) -> str:
        return f"ATLEAST{self.number}({self.children[0].label()})"


def _depth(node: Node) -> int:
    if isinstance(node, Near):
        return node.depth
    return max(map(_depth, node.children), default=0)


def named_fields(node: Node, *, every: bool = False) -> tuple[str, ...]:
    """The text fields named inside a NEAR: those all operands agree on; `every`: all that are named."""
    if isinstance(node, Term):
        return (node.field,) if node.field else ()
    if isinstance(node, Near) and not every:
        left, right = (named_fields(child) for child in node.children)
        if left and right:
            return tuple(field for field in left if field in right) or ("none",)
        return left or right
    named = [named_fields(child, every=every) for child in node.children]
    if not every and not all(named):
        united = {field for fields in named for field in fields}
        return tuple(sorted(united | set(BODY))) if united else ()
    return tuple(dict.fromkeys(field for fields in named for field in fields))


def _are_near(left: list[tuple[int, int]], right: list[tuple[int, int]], distance: int) -> bool:
    """Whether some place on the left is followed by one on the right, with at most `distance` words between."""
    if not left or not right:
        return False
    starts = [start for start, _ in right]
    for _, end in left:
        at = bisect_left(starts, end)
        if at == len(starts):
            continue
        if starts[at] - end <= distance:
            return True
    return False


def _apart(pairs: list[tuple[int, int]], enough: int) -> int:
    """How many places fit beside each other without overlap, counted up to `enough`."""
    if all(one[1] <= other[0] for one, other in pairwise(pairs)):
        return min(len(pairs), enough)
    total = reached = 0
    for end, start in sorted([(end, -start) for start, end in pairs]):
        if -start >= reached:
            reached, total = end, total + 1
            if total >= enough:
                break
    return total


def _thin(left: list[Span], right: list[Span], choices: list[tuple[int, int]]) -> Iterator[Collection[int]]:
    """Of many choices the outermost, and as many more as it takes to join everything with something on either side."""
    starts = [span.start for span in right]
    before = after = 0  # those below have been chosen by one that stands behind them, in front of them
    for one, (first, last) in zip(left, choices, strict=True):
        if last - first <= 8:
            yield range(first, last)
            continue
        middle = bisect_left(starts, one.start)
        fresh = (*range(max(before, first), middle), *range(max(after, middle, first), last))
        before, after = max(before, middle), max(after, last)
        yield sorted({*range(first, first + 4), *range(last - 4, last), *fresh})


def _outermost(spans: Iterable[Span]) -> list[Span]:
    """Of the spans that begin, or end, at one place the shortest and the longest."""
    known = {(span.start, span.end): span for span in spans}
    by_start: dict[int, list[tuple[int, int]]] = {}
    by_end: dict[int, list[tuple[int, int]]] = {}
    for place in sorted(known):
        by_start.setdefault(place[0], []).append(place)
        by_end.setdefault(place[1], []).append(place)
    kept = {place for row in (*by_start.values(), *by_end.values()) for place in (row[0], row[-1])}
    return [known[place] for place in sorted(kept)]


def _by_end(span: Span) -> tuple[int, int]:
    return span.end, -span.start
