"""The syntax tree of a rule, and what each node means for an article.

Every node answers four questions: does it hold; can it hold by absence alone; which keys must an article have for it to
hold (`groups`); and what made it hold (`evidence`). Nodes that have a place in the text also answer where (`spans`).
Nothing is ever expanded to disjunctive normal form.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from monitor.stages.letters import RUNNING
from monitor.stages.rules.patterns import Element, Part
from monitor.stages.rules.reading import BODY, Reading
from monitor.stages.words import LONGEST_CHAIN

_RUNNING_CHAR = re.compile(f"[{RUNNING}]")


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


class Placed(NamedTuple):
    """A piece of evidence: a term at one place of a field."""

    field: str
    mention: Mention


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
        """What made this node hold: terms at a place or wherever they stand, and metadata. Only where it holds."""
        return iter(())

    def denial(self, reading: Reading) -> Iterator[Found]:
        """What is there and keeps this node from holding, as far as a NOT asks for it; only where it does not hold."""
        return iter(())

    def may_stand_in(self, reading: Reading, field: str) -> bool:
        """A quick look whether `spans` can find anything; True where only looking closely would tell."""
        return True

    def spans(self, reading: Reading, field: str, low: int = 0, high: int = sys.maxsize) -> list[Span]:
        """The places of this node in a field that begin in a range of positions, by start."""
        raise TypeError(type(self).__name__)

    def reach(self, reading: Reading, field: str) -> int:
        """How many positions a place of this node in a field takes at most."""
        return max((child.reach(reading, field) for child in self.children), default=1)

    def pairs(self, reading: Reading, field: str) -> list[tuple[int, int]] | None:
        """The places of this node as (start, end), by start; None where only `spans` can tell."""
        return None

    def is_compound(self) -> bool:
        """Whether its label needs parentheses inside another one."""
        return False

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
        if self.simple is not None:
            return self.simple in reading.forms[self.field]
        if self.plain:
            for field in (self.field,) if self.field else BODY:
                if reading.forms[field].issuperset(self.plain) and self.pairs(reading, field):
                    return True
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
        return iter((self,))

    def spans(self, reading: Reading, field: str, low: int = 0, high: int = sys.maxsize) -> list[Span]:
        pairs = self.pairs(reading, field)
        first, last = bisect_left(pairs, (low,)), bisect_left(pairs, (high,))
        return [Span(start, end, (Mention(start, end, self),)) for start, end in pairs[first:last]]

    def reach(self, reading: Reading, field: str) -> int:
        if self.plain and reading.is_bare(self.plain, field):
            return len(self.plain)
        return LONGEST_CHAIN * sum(len(element.parts) for element in self.elements)

    def mentions(self, reading: Reading, field: str) -> Iterator[Mention]:
        """Where it stands in a field, without the cost of spans."""
        for start, end in self.pairs(reading, field):
            yield Mention(start, end, self)

    def may_stand_in(self, reading: Reading, field: str) -> bool:
        if self.plain:
            return reading.forms[field].issuperset(self.plain)
        return all(reading.may_have(element, field) for element in self.elements)

    def pairs(self, reading: Reading, field: str) -> list[tuple[int, int]]:
        if self.field and self.field != field:
            return []
        if self.simple is not None:
            return reading.word_pairs(self.simple, field) if self.simple in reading.forms[field] else []
        found = reading.phrases.get((self, field))  # many rules share the same phrase
        if found is None:
            reading.phrases[self, field] = found = self._pairs(reading, field)
        return found

    def _pairs(self, reading: Reading, field: str) -> list[tuple[int, int]]:
        if self.plain and not reading.forms[field].issuperset(self.plain):
            return []
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
        return iter((self,))

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

    def denial(self, reading: Reading) -> Iterator[Found]:
        for child in self.children:
            if not child.holds(reading):
                yield from child.denial(reading)

    def label(self) -> str:
        return " AND ".join(inside(child) for child in self.children)

    def is_compound(self) -> bool:
        return True


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
            united |= min(groups, key=_common)
        return [frozenset(united)]

    def evidence(self, reading: Reading) -> Iterator[Found]:
        for child in self.children:
            if child.holds(reading):
                yield from child.evidence(reading)

    def denial(self, reading: Reading) -> Iterator[Found]:
        for child in self.children:
            yield from child.denial(reading)

    def spans(self, reading: Reading, field: str, low: int = 0, high: int = sys.maxsize) -> list[Span]:
        if len(self.children) == 1:
            return self.children[0].spans(reading, field, low, high)
        found = {span for child in self.children for span in child.spans(reading, field, low, high)}
        return sorted(found, key=by_place)

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
        return f"{{{self.name}}}" if self.name else " OR ".join(inside(child) for child in self.children)

    def is_compound(self) -> bool:
        return not self.name and len(self.children) > 1


Found = Term | Placed | Metadata


class Not(Node):
    """Its child does not hold."""

    __slots__ = ("children",)

    def __init__(self, child: Node) -> None:
        self.children = (child,)

    def holds(self, reading: Reading) -> bool:
        return not self.children[0].holds(reading)

    def is_absence(self) -> bool:
        return not self.children[0].is_absence()

    def evidence(self, reading: Reading) -> Iterator[Found]:
        return self.children[0].denial(reading)  # NOT (NOT a NOT b) is a OR b

    def denial(self, reading: Reading) -> Iterator[Found]:
        return self.children[0].evidence(reading)

    def label(self) -> str:
        return f"NOT {inside(self.children[0])}"


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


def _common(group: Iterable[str]) -> float:
    return sum(map(commonness, group))


_RARITY = (200.0, 200.0, 120.0, 60.0, 20.0, 9.0, 5.0, 3.0, 2.0)  # by the length of a word


def commonness(key: str) -> float:
    """A guess at how many of a thousand articles have a key: long words are rare, short ones are not."""
    if ":" in key:
        return {"lang": 400.0, "tag": 60.0, "source": 20.0}.get(key.partition(":")[0], 1.0)
    if key > "\u0e00" and _RUNNING_CHAR.match(key):
        return 120.0 if len(key) == 1 else 4.0
    length = len(key) - (3 if "*" in key else 0)
    return _RARITY[length] if 0 <= length < 9 else 1.0


def inside(node: Node) -> str:
    """A node's label, in parentheses where it would else be read otherwise."""
    return f"({node.label()})" if node.is_compound() else node.label()


def by_place(span: Span) -> tuple[int, int]:
    """Sort key: where it begins, then where it ends."""
    return span.start, span.end
