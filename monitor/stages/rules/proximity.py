"""The nodes of a rule's tree that count positions: NEAR and its kin, and ATLEAST."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import islice, pairwise

from monitor.stages.rules.nodes import Found, Mention, Node, Span, Term, by_place, inside
from monitor.stages.rules.reading import BODY, Reading

MAX_PAIRS = 2_000  # spans of a nested NEAR that are followed one by one; beyond, only the widest are


class Near(Node):
    """Two operands in one field with at most `distance` words between them; `ordered`: the left one first."""

    __slots__ = ("children", "distance", "name", "ordered")

    def __init__(self, left: Node, right: Node, distance: int, ordered: bool, name: str = "NEAR") -> None:
        self.children = (left, right)
        self.distance = distance
        self.ordered = ordered
        self.name = name

    def fields(self) -> tuple[str, ...]:
        """The fields in which both operands can stand."""
        asked = named_fields(self)
        if not asked:
            return BODY
        return tuple(field for field in ("title", "text", "author") if field in asked)

    def holds(self, reading: Reading) -> bool:
        return any(self._holds_in(reading, field) for field in self.fields())

    def _holds_in(self, reading: Reading, field: str) -> bool:
        if not self.may_stand_in(reading, field):
            return False
        left, right = (child.pairs(reading, field) for child in self.children)
        if left is None or right is None:
            return next(self._places(reading, field), None) is not None
        return _are_near(left, right, self.distance) or (not self.ordered and _are_near(right, left, self.distance))

    def may_stand_in(self, reading: Reading, field: str) -> bool:
        return all(child.may_stand_in(reading, field) for child in self.children)

    def groups(self) -> list[frozenset[str]]:
        return [group for child in self.children for group in child.groups()]

    def evidence(self, reading: Reading) -> Iterator[Found]:
        for field in self.fields():
            for span in islice(self._places(reading, field), 20):
                for mention in span.members:
                    yield Found(field, mention)

    def spans(self, reading: Reading, field: str) -> list[Span]:
        found = list(islice(self._places(reading, field), MAX_PAIRS + 1))
        if len(found) > MAX_PAIRS:
            found = list(self._places(reading, field, widest=True))
        return sorted(set(found), key=by_place)

    def _places(self, reading: Reading, field: str, *, widest: bool = False) -> Iterator[Span]:
        if not self.may_stand_in(reading, field):
            return
        right = _Spans(self.children[1], reading, field)
        if not right.places:
            return
        starts = [place[0] for place in right.places]
        longest = max(place[1] - place[0] for place in right.places)
        for one in _Spans(self.children[0], reading, field):
            low = one.end if self.ordered else one.start - self.distance - longest
            first = bisect_left(starts, low)
            last = bisect_left(starts, one.end + self.distance + 1)
            choice: Iterator[int] = iter(range(first, last))
            if widest and last - first > 8:
                choice = iter((*range(first, first + 4), *range(last - 4, last)))
            for number in choice:
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


class _Spans:
    """The spans of an operand, made when they are looked at: of a frequent word most never are."""

    __slots__ = ("_term", "places")

    def __init__(self, node: Node, reading: Reading, field: str) -> None:
        self._term = node if isinstance(node, Term) else None
        self.places: Sequence[tuple[int, int] | Span] = (
            node.pairs(reading, field) if isinstance(node, Term) else node.spans(reading, field)
        )

    def __getitem__(self, number: int) -> Span:
        place = self.places[number]
        if isinstance(place, Span):
            return place
        assert self._term is not None
        return Span(*place, (Mention(*place, self._term),))

    def __iter__(self) -> Iterator[Span]:
        return (self[number] for number in range(len(self.places)))


class AtLeast(Node):
    """At least `number` mentions of its child that do not overlap, title and text together."""

    __slots__ = ("children", "field", "number")

    def __init__(self, child: Node, number: int, field: str = "") -> None:
        self.children = (child,)
        self.number = number
        self.field = field

    def holds(self, reading: Reading) -> bool:
        return self.count(reading) >= self.number

    def count(self, reading: Reading) -> int:
        """How many mentions there are, counted as far as needed."""
        total, child = 0, self.children[0]
        for field in self._fields():
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

    def _fields(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*BODY, *named_fields(self.children[0], every=True))))

    def groups(self) -> list[frozenset[str]]:
        return self.children[0].groups()

    def evidence(self, reading: Reading) -> Iterator[Found]:
        return self.children[0].evidence(reading)

    def _mentions(self, reading: Reading, field: str) -> Iterator[Found]:
        """The most mentions that fit beside each other: always the next that ends first."""
        if self.children[0].may_stand_in(reading, field):
            reached = 0
            for span in sorted(self.children[0].spans(reading, field), key=_by_end):
                if span.start >= reached and (field != "author" or span.members[0].term.field == "author"):
                    reached = span.end
                    yield Found(field, span.members[0])

    def label(self) -> str:
        return f"ATLEAST{self.number}({self.children[0].label()})"


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


def _by_end(span: Span) -> tuple[int, int]:
    return span.end, -span.start
