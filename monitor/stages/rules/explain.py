"""Why a rule matches an article or does not: its tree, with a mark at every part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from monitor.stages.rules.compiled import Compiled
from monitor.stages.rules.evidence import characters
from monitor.stages.rules.nodes import And, Metadata, Node, Not, Or, Term
from monitor.stages.rules.proximity import AtLeast, Near
from monitor.stages.rules.reading import BODY, Reading, Subject


@dataclass(frozen=True, slots=True)
class Explained:
    """A part of a rule: whether it holds, what was found or is missing, and its own parts."""

    label: str
    holds: bool
    note: str = ""
    children: tuple[Explained, ...] = ()

    def lines(self, depth: int = 0) -> Iterator[str]:
        """The tree as text: ✓ or ✗, the part, and a note."""
        note = f"  — {self.note}" if self.note else ""
        yield f"{'  ' * depth}{'✓' if self.holds else '✗'} {self.label}{note}"
        for child in self.children:
            yield from child.lines(depth + 1)


def explain(compiled: Compiled, subject: Subject) -> Explained:
    """Return the tree of a rule with a mark at every part, its scope on top where it has one."""
    reading = Reading(subject)
    _settle_chains(compiled.root, reading)
    root = _explain(compiled.root, reading)
    if compiled.in_scope(reading):
        return root
    scope = Explained("feeds, tags, languages", False, "the article is outside the rule's scope")
    return Explained("scope AND query", False, "", (scope, root))


def _settle_chains(node: Node, reading: Reading) -> None:
    """Note which parts of each chain of NEARs hold, without asking every one."""
    if not isinstance(node, Near):
        for child in node.children:
            _settle_chains(child, reading)
        return
    chain, near = [node], node
    while isinstance(near.children[0], Near):
        near = near.children[0]
        chain.append(near)
    for field in set(BODY).intersection(node.fields):
        # Where one holds, so do all within it, and where one does not, no other around it does. The whole is asked
        # first, then what is ever further in.
        low, high, step = 0, len(chain), 1
        while low < high:
            asked = min(low + step - 1, (low + high) // 2)
            if chain[asked].holds_in(reading, field):
                high = asked
            else:
                low, step = asked + 1, 2 * step
        for number, part in enumerate(chain):
            reading.memory[part, field] = number >= high
    for part in chain:
        _settle_chains(part.children[1], reading)


def _explain(node: Node, reading: Reading) -> Explained:
    holds = node.holds(reading)
    children: tuple[Explained, ...] = ()
    label = node.label()
    if isinstance(node, Term) and node.variant:
        label = f"{label}: {node.variant}"
    elif isinstance(node, And):
        label = "AND"
    elif isinstance(node, Or) and len(node.children) > 1:
        label = f"{{{node.name}}}" if node.name else "OR"
    elif isinstance(node, Not):
        label = "NOT"
    elif isinstance(node, Near):
        label = f"{node.name}/{node.distance}"
    elif isinstance(node, AtLeast):
        label = f"ATLEAST{node.number}"
    if not isinstance(node, Term | Metadata):
        children = tuple(_explain(child, reading) for child in node.children)
    return Explained(label, holds, _note(node, reading, holds), children)


def _note(node: Node, reading: Reading, holds: bool) -> str:
    if isinstance(node, Term):
        return _where(node, reading) if holds else f"not found in {' or '.join(node.fields())}"
    if isinstance(node, Metadata) and not holds:
        return _metadata(node, reading.subject)
    if isinstance(node, AtLeast):
        found = node.count(reading)
        return f"at least {found} mentions" if holds else f"only {found} of {node.number} mentions"
    if isinstance(node, Near):
        if holds:
            field = next(field for field in node.fields if node.holds_in(reading, field))
            return f"within {node.distance} words, in {field}"
        if all(child.holds(reading) for child in node.children):
            order = "in this order, " if node.ordered else ""
            return f"both occur, but nowhere {order}in one field with at most {node.distance} words between"
    return ""


def _where(term: Term, reading: Reading) -> str:
    places = {field: term.spans(reading, field) for field in term.fields()}
    field = next(field for field in places if places[field])
    words = reading.words[field]
    start, end = characters(places[field][0].members[0], field, reading)
    shown = " and ".join(f"{len(spans)} × {field}" for field, spans in places.items() if spans)
    return f"{shown}: “{words.text[start:end]}” at {start}"


def _metadata(node: Metadata, subject: Subject) -> str:
    held = {
        "lang": subject.language or "unknown",
        "tag": ", ".join(subject.tags) or "none",
        "source": subject.outlet or subject.url or subject.source or "unknown",
        "url": subject.url or "unknown",
    }
    return f"the article has {held[node.field]}"
