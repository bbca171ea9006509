"""One rule, compiled: its tree, its scope, and the keys an article must have for it to be worth a look."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import re2

from monitor.model import Rule
from monitor.stages.rules.faults import Fault, RuleError
from monitor.stages.rules.nodes import And, Expression, Metadata, Node, Not, Or, Term
from monitor.stages.rules.parser import parse
from monitor.stages.rules.proximity import AtLeast, Near
from monitor.stages.rules.reading import Reading, language_value, plain_value

_NO_VARIANTS: Mapping[str, Sequence[str]] = {}
_WORTH_COMPARING = 10_000  # pairs of parts of an AND; beyond, only the same part with and without NOT is noticed
_NO_SCOPE: tuple[frozenset[str], frozenset[str], frozenset[str]] = (frozenset(), frozenset(), frozenset())


class Compiled:
    """A rule that can be asked. `feeds`, `tags` and `languages` limit it; empty means no limit."""

    __slots__ = ("_scope", "has_expression", "root", "slot", "slug", "version", "warnings", "wildcards")

    def __init__(self, rule: Rule, root: Node, warnings: tuple[Fault, ...]) -> None:
        self.slug = rule.slug
        self.version = rule.version
        self.root = root
        self.warnings = warnings
        self._scope = _NO_SCOPE
        if rule.feeds or rule.tags or rule.languages:
            self._scope = (
                frozenset(rule.feeds),
                frozenset(f"tag:{plain_value(tag)}" for tag in rule.tags),
                frozenset(f"lang:{language_value(language)}" for language in rule.languages),
            )
        self.has_expression = bool(rule.regex)
        # Its words with wildcards, wherever they stand in it: what the book looks up once for an article.
        self.wildcards: tuple[str, ...] = ()
        if any(sign in rule.query for sign in "*?{"):
            self.wildcards = tuple(sorted(set(_wildcards(root))))
        self.slot = -1  # the rule's number in the index of the book that holds it

    def holds(self, reading: Reading) -> bool:
        """Whether the rule matches, its scope included."""
        return (self._scope is _NO_SCOPE or self.in_scope(reading)) and self.root.holds(reading)

    def in_scope(self, reading: Reading) -> bool:
        """Whether the article is one of those the rule is limited to."""
        feeds, tags, languages = self._scope
        return (
            (not feeds or reading.subject.source in feeds)
            and (not tags or not tags.isdisjoint(reading.seen))
            and (not languages or not languages.isdisjoint(reading.seen))
        )

    def groups(self) -> list[frozenset[str]]:
        """Sets of keys; a matching article has at least one key of each."""
        _, tags, languages = self._scope
        return [*self.root.groups(), *filter(None, (tags, languages))]


@contextmanager
def undisturbed() -> Iterator[None]:
    """While many rules are made: no collection of cycles, which would look through all of them again and again.

    Rules hold no cycles, and what is counted waits until after.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def compile_rule(rule: Rule, variants: Mapping[str, Sequence[str]] = _NO_VARIANTS) -> Compiled:
    """Compile a rule. `variants` maps a set's name to its forms. Raises RuleError with every fault found."""
    if not gc.isenabled():  # one of many
        return _compile(rule, variants)
    # Not `undisturbed`, which itself makes objects that are counted, and so could set off a collection after it has
    # allowed them again: what waits is then collected before an edit or after it, never in it. So does `RuleBook.add`.
    gc.disable()
    try:
        return _compile(rule, variants)
    finally:
        gc.enable()


def _compile(rule: Rule, variants: Mapping[str, Sequence[str]]) -> Compiled:
    roots: list[Node] = []
    warnings: tuple[Fault, ...] = ()
    if rule.query or not rule.regex:
        parsed = parse(rule.query, variants)
        if parsed.root is None:
            raise RuleError(rule.query, parsed.faults, rule.slug)
        roots.append(parsed.root)
        never = _never(parsed.root) if parsed.doubtful else ""
        warnings = (*parsed.warnings, *((Fault(f"this rule can never match: {never}", 0),) if never else ()))
    if rule.regex:
        roots.append(_expression(rule))
    return Compiled(rule, roots[0] if len(roots) == 1 else And(tuple(roots)), warnings)


def _expression(rule: Rule) -> Expression:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 8 << 20
    try:
        return Expression(rule.regex, re2.compile(rule.regex, options=options))
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
        culprit = reason.rpartition(": ")[2]
        offset = max(0, rule.regex.find(culprit)) if culprit else 0
        message = f"not a regular expression that RE2 can run: {reason}"
        raise RuleError(rule.regex, (Fault(message, offset),), rule.slug) from None


def _wildcards(node: Node) -> Iterator[str]:
    if isinstance(node, Term):
        for element in node.elements:
            parts = (*element.parts, element.closed) if element.closed else element.parts
            yield from (part.key for part in parts if part.prefix)
    for child in node.children:
        yield from _wildcards(child)


def _never(node: Node) -> str:
    """Why a node can never hold, or '': only what can be seen at once."""
    if isinstance(node, Or):
        reasons = [_never(child) for child in node.children]
        return reasons[0] if all(reasons) else ""
    if isinstance(node, And) and any(isinstance(child, Not | Metadata) for child in node.children):
        wanted = {_identity(child) for child in node.children}
        for child in node.children:
            if isinstance(child, Not) and _identity(child.children[0]) in wanted:
                return f"it asks for {child.children[0].label()} and for its absence"
        excluded = _excluded(node)
        if excluded:
            return f"it asks for {excluded} and excludes all that has it"
        languages = [child for child in node.children if isinstance(child, Metadata) and child.field == "lang"]
        for one in languages:
            for other in languages:
                if not any(_prefixed(a, b) for a in one.values for b in other.values):
                    return f"no article is both {one.label()} and {other.label()}"
    if isinstance(node, Not):
        return ""
    return next(filter(None, map(_never, node.children)), "")


def _excluded(node: And) -> str:
    """The part of an AND that its NOTs leave no room for, or ''."""
    denied = [child.children[0] for child in node.children if isinstance(child, Not)]
    wanted = [child for child in node.children if not isinstance(child, Not)]
    if len(denied) * len(wanted) > _WORTH_COMPARING:
        return ""
    for one in wanted:
        if _implies(one, Or(tuple(denied))):
            return one.label()
    for other in denied:
        if isinstance(other, And) and all(any(_implies(one, part) for one in wanted) for part in other.children):
            return other.label()
    return ""


def _implies(one: Node, other: Node) -> bool:
    """Whether an article that has the one surely has the other, as far as can be seen at once."""
    if isinstance(one, Or):
        return all(_implies(child, other) for child in one.children)
    if isinstance(other, Or):
        return any(_implies(one, child) for child in other.children)
    if isinstance(one, And | Near | AtLeast) and any(_implies(child, other) for child in one.children):
        return True
    if isinstance(one, Term) and isinstance(other, Term) and other.field in ("", one.field):
        same = one.elements == other.elements or any(
            element.closed is None and element.parts[0].prefix is None and element.parts[0].key == other.simple
            for element in one.elements
        )
        return same and (bool(other.field) or one.field != "author")
    return _identity(one) == _identity(other)


def _prefixed(a: str, b: str) -> bool:
    return a == b or a.startswith(f"{b}-") or b.startswith(f"{a}-")


def _identity(node: Node) -> object:
    if isinstance(node, Term):
        return (Term, node.elements, node.field)
    if isinstance(node, Metadata):
        return (Metadata, node.field, node.values)
    number = node.number if isinstance(node, AtLeast) else node.distance if isinstance(node, Near) else 0
    return (type(node), number, tuple(map(_identity, node.children)))
