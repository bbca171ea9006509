"""Tokens to a syntax tree, by recursive descent, tightest first: field, NEAR, NOT, AND, OR.

or = and {OR and}      and = not {[AND] not}      not = {NOT} near      near = atom {NEAR atom}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple, NoReturn

from monitor.stages.letters import exact
from monitor.stages.rules.faults import Fault
from monitor.stages.rules.lexer import Kind, Lexer, Token
from monitor.stages.rules.nodes import And, Metadata, Node, Not, Or, Term
from monitor.stages.rules.patterns import Element, PatternError, elements
from monitor.stages.rules.proximity import AtLeast, Near, named_fields
from monitor.stages.rules.reading import VALUE_OF

MAX_DEPTH = 100  # parentheses within parentheses
MAX_NEARS = 30  # NEARs within NEARs, as in a chain

_DOUBTFUL = frozenset({Kind.NOT, Kind.META})
_NAMES = {Kind.OR: "OR", Kind.AND: "AND", Kind.NOT: "NOT", Kind.NEAR: "NEAR"}
_ABSENT = "can hold by absence alone: it would match nearly every article; say what must be there as well"


class Parsed(NamedTuple):
    """A tree, or None where there are faults. `doubtful`: it is worth looking whether the rule can match at all."""

    root: Node | None
    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...]
    doubtful: bool = False


class _Stop(Exception):
    """The rule cannot be read on; the fault is noted. Never leaves this file."""


def parse(query: str, variants: Mapping[str, Sequence[str]]) -> Parsed:
    """Read a rule. Never raises; all faults and warnings are returned, by offset."""
    lexer = Lexer(query)
    parser = _Parser(lexer, variants)
    root: Node | None = None
    try:
        root = parser.rule()
    except _Stop:
        root = None
    faults = tuple(sorted(set(lexer.faults), key=lambda fault: fault.offset))
    warnings = tuple(sorted(set(lexer.warnings), key=lambda fault: fault.offset))
    doubtful = any(token.kind in _DOUBTFUL for token in lexer.tokens)
    return Parsed(None if faults else root, faults, warnings, doubtful)


class _Parser:
    def __init__(self, lexer: Lexer, variants: Mapping[str, Sequence[str]]) -> None:
        self.query = lexer.query
        self.tokens = lexer.tokens
        self.faults = lexer.faults
        self.variants = variants
        self.at = 0
        self.depth = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def rule(self) -> Node:
        if self.token.kind is Kind.END:
            self._stop("this rule is empty", 0)
        node = self._or("")
        if self.token.kind is Kind.CLOSE:
            self._stop("this parenthesis closes nothing", self.token.start)
        if node.is_absence() and not self.faults:
            self._fault(f"this rule {_ABSENT}", 0)
        return node

    def _stop(self, message: str, offset: int) -> NoReturn:
        if not self.faults:  # else it may well follow from a fault that is known already
            self.faults.append(Fault(message, offset))
        raise _Stop

    def _fault(self, message: str, offset: int) -> None:
        self.faults.append(Fault(message, offset))

    def _or(self, field: str) -> Node:
        start, known = self.token.start, len(self.faults)
        first = self._and(field)
        if self.token.kind is not Kind.OR:
            return first
        branches = [(first, start, known, len(self.faults))]
        while self.token.kind is Kind.OR:
            self.at += 1
            start, known = self.token.start, len(self.faults)
            branches.append((self._and(field), start, known, len(self.faults)))
        children: list[Node] = []
        for node, offset, known, since in branches:
            # not again where it was said of a branch inside this one
            if node.is_absence() and not any(fault.message.endswith(_ABSENT) for fault in self.faults[known:since]):
                self._fault(f"this side of OR {_ABSENT}", offset)
            if isinstance(node, Or) and not node.name:
                children.extend(node.children)
            else:
                children.append(node)
        return Or(tuple(children))

    def _and(self, field: str) -> Node:
        children: list[Node] = []
        while True:
            token = self.tokens[self.at]
            if token.kind is Kind.WORD and self.tokens[self.at + 1].kind is not Kind.NEAR:  # the most common case
                self.at += 1
                children.append(self._term(token, field))
            else:
                children.append(self._not(field))
            kind = self.tokens[self.at].kind
            if kind is Kind.AND:
                self.at += 1
            elif kind is Kind.OR or kind is Kind.CLOSE or kind is Kind.END:
                break
        if len(children) == 1:
            return children[0]
        flat: list[Node] = []
        for node in children:
            flat.extend(node.children if isinstance(node, And) else (node,))
        return And(tuple(flat))

    def _not(self, field: str) -> Node:
        negated = False
        while self.token.kind is Kind.NOT:
            negated = not negated
            self.at += 1
        node = self._near(field)
        if not negated:
            return node
        return node.children[0] if isinstance(node, Not) else Not(node)

    def _near(self, field: str) -> Node:
        start = self.token.start
        node = self._atom(field)
        while self.token.kind is Kind.NEAR:
            near = self.token
            self._check_operand(node, start)
            self.at += 1
            start = self.token.start
            right = self._atom(field)
            self._check_operand(right, start)
            node = Near(node, right, near.number, near.ordered, near.text)
            if node.depth > MAX_NEARS:
                self._stop(f"more than {MAX_NEARS} NEARs within each other; join shorter chains by AND", near.start)
            if named_fields(node) == ("none",):
                self._fault("both sides of NEAR must stand in the same field", near.start)
        return node

    def _check_operand(self, node: Node, offset: int) -> None:
        wrong = _not_near(node)
        if wrong:
            self._fault(f"{wrong} cannot stand inside NEAR; use words, phrases, OR groups and NEARs", offset)

    def _atom(self, field: str) -> Node:
        token = self.token
        kind = token.kind
        if kind is Kind.WORD or kind is Kind.PHRASE:
            self.at += 1
            return self._term(token, field)
        if kind is Kind.OPEN:
            return self._group(field)
        if kind is Kind.FIELD:
            self.at += 1
            if self.token.kind is Kind.FIELD or self.token.kind is Kind.META:
                self._stop("a field cannot stand right inside another one", self.token.start)
            return self._atom(token.text)
        if kind is Kind.META:
            self.at += 1
            values = tuple(VALUE_OF[token.text](value) for value in token.values)
            if not all(values):
                self._fault(f"{token.text}: has no value", token.start)
            return Metadata(token.text, values, self.query[token.start : token.end])
        if kind is Kind.VARIANT:
            self.at += 1
            return self._variant(token, field)
        if kind is Kind.ATLEAST:
            return self._at_least(token, field)
        return self._missing()

    def _missing(self) -> NoReturn:
        """Something had to stand here: say so at the operator that waits for it, or at what stands in its place."""
        token, before = self.token, self.tokens[self.at - 1] if self.at else None
        if token.kind is Kind.CLOSE and (before is None or before.kind is not Kind.OPEN):
            if before is None:
                self._stop("this parenthesis closes nothing", token.start)
            self._stop(f"{self._shown(before)} has nothing after it", before.start)
        if token.kind is Kind.CLOSE:
            assert before
            self._stop("these parentheses are empty", before.start)
        if token.kind is Kind.END:
            if before is None:
                self._stop("this rule is empty", 0)
            self._stop(f"{self._shown(before)} has nothing after it", before.start)
        if before is None or before.kind is Kind.OPEN:
            self._stop(f"{self._shown(token)} has nothing before it", token.start)
        if token.kind is Kind.NOT:
            self._stop("NOT cannot stand inside NEAR; write NOT before the whole NEAR", token.start)
        self._stop(f"{self._shown(token)} cannot follow {self._shown(before)}: a word is missing between", token.start)

    def _shown(self, token: Token) -> str:
        return self.query[token.start : token.end] or _NAMES.get(token.kind, "this")

    def _group(self, field: str) -> Node:
        opened = self.token
        self.at += 1
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self._stop(f"more than {MAX_DEPTH} parentheses within each other", opened.start)
        node = self._or(field)
        if self.token.kind is not Kind.CLOSE:
            self._stop("this parenthesis is never closed", opened.start)
        self.at += 1
        self.depth -= 1
        return node

    def _term(self, token: Token, field: str) -> Node:
        try:
            return term(token.text, token.kind is Kind.PHRASE, token.spelled, field)
        except PatternError as error:
            self._fault(str(error), token.start + error_offset(token.text, token.kind is Kind.PHRASE, token.spelled))
            return _STAND_IN

    def _variant(self, token: Token, field: str) -> Node:
        forms = self.variants.get(token.text)
        if forms is None:
            known = ", ".join(sorted(self.variants)) or "none is configured"
            self._fault(f"there is no variant set {{{token.text}}} (known: {known})", token.start)
            return _STAND_IN
        children: list[Node] = []
        for form in forms:
            try:
                children.append(_variant_term(token.text, form, field))
            except PatternError as error:
                self._fault(f"variant set {{{token.text}}}: form {form!r}: {error}", token.start)
        if not children:
            self._fault(f"variant set {{{token.text}}} has no forms", token.start)
            return _STAND_IN
        return Or(tuple(children), token.text)

    def _at_least(self, token: Token, field: str) -> Node:
        self.at += 1
        start = self.token.start
        if self.token.kind not in (Kind.OPEN, Kind.WORD, Kind.PHRASE, Kind.VARIANT, Kind.FIELD):
            self._stop(f"ATLEAST{token.number} needs a word, a phrase or an OR group: ATLEAST3(a OR b)", token.start)
        node = self._atom(field)
        wrong = "NEAR" if _holds_near(node) else _not_near(node)
        if wrong:
            self._fault(f"{wrong} cannot stand inside ATLEAST; use a word, a phrase or an OR group", start)
        return AtLeast(node, token.number)


def _not_near(node: Node) -> str:
    """The name of what may not stand in a NEAR, or ''."""
    if isinstance(node, And):
        return "AND"
    if isinstance(node, Not):
        return "NOT"
    if isinstance(node, Metadata):
        return f"{node.field}:"
    if isinstance(node, AtLeast):
        return "ATLEAST"
    return next(filter(None, map(_not_near, node.children)), "")


def _holds_near(node: Node) -> bool:
    return isinstance(node, Near) or any(map(_holds_near, node.children))


@lru_cache(maxsize=200_000)
def term(text: str, is_phrase: bool, spelled: bool, field: str) -> Term:
    """A word or phrase; the same object for the same words, so that many rules share it. Raises PatternError."""
    row = phrase_elements(text, spelled) if is_phrase else elements(text, spelled)
    written = f'"{text}"' if is_phrase else text
    return Term(f"={written}" if spelled else written, row, field)


@lru_cache(maxsize=100_000)
def _variant_term(name: str, form: str, field: str) -> Term:
    """One form of a variant set; shared as other terms are. Raises PatternError."""
    row = phrase_elements(form.lstrip("=").strip('"“”„«»'), form.startswith("="))
    return Term(f"{{{name}}}", row, field, variant=form)


def forget_terms() -> None:
    """Let go of the terms kept for sharing: for who checks many rules and keeps none of them."""
    term.cache_clear()
    _variant_term.cache_clear()


def phrase_elements(text: str, spelled: bool) -> tuple[Element, ...]:
    """The elements of a phrase's words; lone punctuation counts for nothing. Raises PatternError."""
    row: list[Element] = []
    for word in text.split():
        if _says_something(word):
            row.extend(elements(word, spelled))
    if not row:
        raise PatternError("there is no letter or digit to look for")
    return tuple(row)


def _says_something(word: str) -> bool:
    return any(char.isalnum() or char in "*?" for char in exact(word))


def error_offset(text: str, is_phrase: bool, spelled: bool) -> int:
    """Where in a term the word stands that cannot be looked for."""
    offset = int(spelled) + int(is_phrase)
    if not is_phrase:
        return 0
    at = 0
    for word in text.split():
        at = text.index(word, at)
        try:
            if _says_something(word):
                elements(word, spelled)
        except PatternError:
            return offset + at
        at += len(word)
    return 0


_STAND_IN = Term("…", elements("xx", False))
