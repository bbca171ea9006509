"""The syntax tree of a rule, and what each node means for an article.

Every node answers four questions: does it hold; can it hold by absence alone; which keys must an article have for it to
hold (`groups`); and what made it hold (`evidence`). Nodes that have a place in the text also answer where (`spans`).
Nothing is ever expanded to disjunctive normal form.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise
from typing import NamedTuple

from monitor.stages.letters import RUNNING
from monitor.stages.rules.patterns import Element, Part
from monitor.stages.rules.reading import BODY, Reading

_RUNNING_CHAR = re.compile(f"[{RUNNING}]")
MAX_PAIRS = 2_000  # spans of a nested NEAR that are followed one by one; beyond, only the widest are


class Span(NamedTuple):
    """Positions start to end (exclusive) in a field, and the mentions that made it."""

    start: int
    end: int
    members: tuple[Mention, ...]


class Mention(NamedTuple):
    """A term at its place."""

    start: int
    end: int
    term: Term


class Found(NamedTuple):
    """A piece of evidence: a term at a place, or wherever it stands; or a piece of metadata, which has no place."""

    field: str = ""
    mention: Mention | None = None
    label: str = ""
    term: Term | None = None


class Node:
    """Base of all nodes."""

    __slots__ = ()
    children: tuple[Node, ...] = ()

    def holds(self, reading: Reading) -> bool:
        """Whether the article satisfies this node."""
        raise TypeError(type(self).__name__)

    def is_absence(self) -> bool:
        """Whether an article that has nothing at all would satisfy this node."""
        return False

    def groups(self) -> list[frozenset[str]]:
        """Sets of keys; an article that satisfies this node has at least one key of each set."""
        return []

    def evidence(self, reading: Reading) -> Iterator[Found]:
        """What made this node hold; call it only where it holds."""
        return iter(())

    def may_stand_in(self, reading: Reading, field: str) -> bool:
        """A quick look whether `spans` can find anything; True where only looking closely would tell."""
        return True

    def spans(self, reading: Reading, field: str) -> list[Span]:
        """The places of this node in a field, by start."""
        raise TypeError(type(self).__name__)

    def pairs(self, reading: Reading, field: str) -> list[tuple[int, int]] | None:
        """The places of this node as (start, end), by start; None where only `spans` can tell."""
        return None

    def label(self) -> str:
        """The node in the rule language, on one line."""
        raise TypeError(type(self).__name__)


class Term(Node):
    """A word or a phrase: elements that follow each other in one field."""

    __slots__ = ("elements", "field", "plain", "simple", "variant", "written")

    def __init__(self, written: str, elements: tuple[Element, ...], field: str = "", variant: str = "") -> None:
        self.written = written
        self.elements = elements
        self.field = field  # '' is title and text
        self.variant = variant
        # The keys of its words where they are all there is to it, and of a single word.
        self.plain: tuple[str, ...] = ()
        if all(element.closed is None and element.parts[0].is_word for element in elements):
            self.plain = tuple([element.parts[0].key for element in elements])
        self.simple: str | None = self.plain[0] if len(self.plain) == 1 else None

    def holds(self, reading: Reading) -> bool:
        forms = reading.forms
        if self.simple is not None:
            if self.field:
                return self.simple in forms[self.field]
            return self.simple in forms["text"] or self.simple in forms["title"]
        if self.plain and not reading.seen.issuperset(self.plain):
            return False
        for field in (self.field,) if self.field else BODY:  # noqa: SIM110  (the hottest loop there is)
            if self._occurs(reading, field):
                return True
        return False

    def _occurs(self, reading: Reading, field: str) -> bool:
        first = self.elements[0]
        if len(self.elements) == 1 and first.closed is None:
            return reading.has(first.parts[0], field)
        return bool(self.pairs(reading, field))

    def fields(self) -> tuple[str, ...]:
        """The fields it is sought in."""
        return (self.field,) if self.field else BODY

    def groups(self) -> list[frozenset[str]]:
        found: list[frozenset[str]] = []
        before: Part | None = None
        for element in self.elements:
            first = element.parts[0]
            if element.closed is not None:
                # of each pair (part, closed spelling) one must be there
                found += [frozenset({part.key, element.closed.key}) for part in element.parts if part.prefix != ""]
                before = None
                continue
            if first.prefix != "":
                found.append(frozenset({first.key}))
            runs = first.prefix is None and _RUNNING_CHAR.match(first.key)
            if runs and before is not None:
                found.append(frozenset({before.key + first.key}))
            before = first if runs else None
        return found

    def evidence(self, reading: Reading) -> Iterator[Found]:
        yield Found(term=self)

    def spans(self, reading: Reading, field: str) -> list[Span]:
        if self.field and self.field != field:
            return []
        found: list[Span] | None = reading.memory.get((self, field))
        if found is None:
            reading.memory[self, field] = found = self._spans(reading, field)
        return found

    def mentions(self, reading: Reading, field: str) -> Iterator[Mention]:
        """Where it stands in a field, without the cost of spans."""
        for start, end in self.pairs(reading, field):
            yield Mention(start, end, self)

    def may_stand_in(self, reading: Reading, field: str) -> bool:
        return self.simple is None or self.simple in reading.forms[field]

    def _spans(self, reading: Reading, field: str) -> list[Span]:
        return [Span(start, end, (Mention(start, end, self),)) for start, end in self.pairs(reading, field)]

    def pairs(self, reading: Reading, field: str) -> list[tuple[int, int]]:
        if self.field and self.field != field:
            return []
        found: list[tuple[int, int]] | None = reading.memory.get((self, field, "pairs"))
        if found is None:
            reading.memory[self, field, "pairs"] = found = self._pairs(reading, field)
        return found

    def _pairs(self, reading: Reading, field: str) -> list[tuple[int, int]]:
        if self.plain and not reading.forms[field].issuperset(self.plain):
            return []
        if self.simple is not None:
            return reading.word_pairs(self.simple, field)
        if len(self.elements) == 1 and self.elements[0].closed is None:
            return sorted({(start, end) for start, end, _ in reading.places(self.elements[0].parts[0], field)})
        found = reading.plain_phrase(self.plain, field) if self.plain else None
        return reading.phrase(self.elements, field) if found is None else found

    def label(self) -> str:
        return f"{self.field}:{self.written}" if self.field else self.written


class Metadata(Node):
    """source:, url:, lang: or tag: with one or several values, any of which will do."""

    __slots__ = ("field", "values", "written")

    def __init__(self, field: str, values: tuple[str, ...], written: str) -> None:
        self.field = field
        self.values = values  # as `reading.VALUE_OF` makes them
        self.written = written

    def holds(self, reading: Reading) -> bool:
        if self.field == "url":
            return any(map(reading.address_has, self.values))
        return any(f"{self.field}:{value}" in reading.seen for value in self.values)

    def groups(self) -> list[frozenset[str]]:
        if self.field == "url":
            return []
        return [frozenset(f"{self.field}:{value}" for value in self.values)]

    def evidence(self, reading: Reading) -> Iterator[Found]:
        yield Found(self.field, label=self.written)

    def label(self) -> str:
        return self.written


class And(Node):
    """All of its children, anywhere in the article."""

    __slots__ = ("children",)

    def __init__(self, children: tuple[Node, ...]) -> None:
        self.children = children

    def holds(self, reading: Reading) -> bool:
        for child in self.children:  # noqa: SIM110  (faster than a generator)
            if not child.holds(reading):
                return False
        return True

    def is_absence(self) -> bool:
        return all(child.is_absence() for child in self.children)

    def groups(self) -> list[frozenset[str]]:
        return [group for child in self.children for group in child.groups()]

    def evidence(self, reading: Reading) -> Iterator[Found]:
        for child in self.children:
            yield from child.evidence(reading)

    def label(self) -> str:
        return " AND ".join(_inside(child) for child in self.children)


class Or(Node):
    """Any of its children; `name` is set where they are the forms of a variant set."""

    __slots__ = ("children", "name")

    def __init__(self, children: tuple[Node, ...], name: str = "") -> None:
        self.children = children
        self.name = name

    def holds(self, reading: Reading) -> bool:
        for child in self.children:  # noqa: SIM110  (faster than a generator)
            if child.holds(reading):
                return True
        return False

    def is_absence(self) -> bool:
        return any(child.is_absence() for child in self.children)

    def groups(self) -> list[frozenset[str]]:
        united: set[str] = set()
        for child in self.children:
            groups = child.groups()
            if not groups:
                return []
            united |= min(groups, key=cost)
        return [frozenset(united)]

    def evidence(self, reading: Reading) -> Iterator[Found]:
        for child in self.children:
            if child.holds(reading):
                yield from child.evidence(reading)

    def spans(self, reading: Reading, field: str) -> list[Span]:
        if len(self.children) == 1:
            return self.children[0].spans(reading, field)
        found = {span for child in self.children for span in child.spans(reading, field)}
        return sorted(found, key=_by_place)

    def pairs(self, reading: Reading, field: str) -> list[tuple[int, int]] | None:
        found: set[tuple[int, int]] = set()
        for child in self.children:
            pairs = child.pairs(reading, field)
            if pairs is None:
                return None
            found.update(pairs)
        return sorted(found)

    def may_stand_in(self, reading: Reading, field: str) -> bool:
        return any(child.may_stand_in(reading, field) for child in self.children)

    def label(self) -> str:
        return f"{{{self.name}}}" if self.name else " OR ".join(_inside(child) for child in self.children)


class Not(Node):
    """Its child does not hold."""

    __slots__ = ("children",)

    def __init__(self, child: Node) -> None:
        self.children = (child,)

    def holds(self, reading: Reading) -> bool:
        return not self.children[0].holds(reading)

    def is_absence(self) -> bool:
        return not self.children[0].is_absence()

    def label(self) -> str:
        return f"NOT {_inside(self.children[0])}"


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
        return sorted(set(found), key=_by_place)

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
        shown = left.label() if isinstance(left, Near) else _inside(left)
        return f"{shown} {self.name}/{self.distance} {_inside(right)}"


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


class Expression(Node):
    """A regular expression on title and text, run by RE2."""

    __slots__ = ("compiled", "pattern")

    def __init__(self, pattern: str, compiled: object) -> None:
        self.pattern = pattern
        self.compiled = compiled

    def holds(self, reading: Reading) -> bool:
        search = self.compiled.search  # type: ignore[attr-defined]
        return bool(search(reading.subject.title) or search(reading.subject.text))

    def label(self) -> str:
        return f"/{self.pattern}/"


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


def cost(group: Iterable[str]) -> float:
    """A guess at how often an article has a key of the group: long words are rare, short ones are not."""
    return sum(map(_cost, group))


_RARITY = (200.0, 200.0, 120.0, 60.0, 20.0, 9.0, 5.0, 3.0, 2.0)  # by the length of a word


def _cost(key: str) -> float:
    if ":" in key:
        return {"lang": 400.0, "tag": 60.0, "source": 20.0}.get(key.partition(":")[0], 1.0)
    if key > "\u0e00" and _RUNNING_CHAR.match(key):
        return 120.0 if len(key) == 1 else 4.0
    length = len(key) - (3 if "*" in key else 0)
    return _RARITY[length] if 0 <= length < 9 else 1.0


def _inside(node: Node) -> str:
    """A node's label, in parentheses where it would else be read otherwise."""
    if isinstance(node, And | Near) or (isinstance(node, Or) and not node.name and len(node.children) > 1):
        return f"({node.label()})"
    return node.label()


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


def _by_place(span: Span) -> tuple[int, int]:
    return span.start, span.end


def _by_end(span: Span) -> tuple[int, int]:
    return span.end, -span.start
