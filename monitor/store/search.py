"""A search as people type it → an FTS5 query over the words that rules see, its hits, and where they stand in a text.

Words, "phrases", beginnings (Tali*), OR or |, NOT or -, parentheses, NEAR/n, title: and text:, as in the rule
language; words side by side must all be there. Nothing a person types is an error: what makes no sense is left out.
Not the rule engine: `=Word`, order in NEAR and a wildcard inside a word are read as their nearest wider search.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.stages.words import Words, analyse
from monitor.store.connection import to_text

DEPTH = 12  # parentheses deeper than this are ignored: FTS5 has a small stack
SPREAD = 64  # phrases one NEAR may be multiplied to by ORs inside it
NEAR_WORDS = 10  # of a bare NEAR
LONGEST = 4000  # characters of a search; the rest is ignored

_TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<open>[(（])|(?P<close>[)）])"
    r"|(?P<field>(?i:title|intitle|headline|text|intext|body):)(?=\S)"
    r"|=?[\"“”„«»](?P<phrase>[^\"“”„«»]*)(?:[\"“”„«»]|\Z)"
    r"|(?P<near>(?:NEAR|ONEAR|ADJ|W|PRE)/\d{1,3}|(?:NEAR|ONEAR|ADJ))(?=[\s(\"]|\Z)"
    r"|(?P<or>OR(?=[\s(\"]|\Z)|[|｜])"
    r"|(?P<and>AND(?=[\s(\"]|\Z)|&(?=\s))"
    r"|(?P<not>NOT(?=[\s(\"]|\Z)|(?<![^\s(\"])-(?=\S))"
    r"|(?P<word>[^\s()（）\"“”„«»|｜]+)"
)
_TITLE = ("title", "intitle", "headline")


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase: its spellings as runs of word forms. `prefix`: the last form is a beginning."""

    spellings: tuple[tuple[str, ...], ...]
    prefix: bool = False
    column: str = ""  # 'title', 'text'; '' is both

    def fts(self) -> list[str]:
        """Each spelling as an FTS5 phrase."""
        star = " *" if self.prefix else ""
        return ['"{}"{}'.format(" ".join(forms).replace('"', '""'), star) for forms in self.spellings]


@dataclass(frozen=True, slots=True)
class Query:
    """`fts`: for MATCH. `terms`: what is sought (not what is excluded), for highlighting."""

    fts: str
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class _And:
    parts: tuple[_Node, ...]


@dataclass(frozen=True, slots=True)
class _Or:
    parts: tuple[_Node, ...]


@dataclass(frozen=True, slots=True)
class _Not:
    part: _Node


@dataclass(frozen=True, slots=True)
class _Near:
    parts: tuple[_Node, ...]
    words: tuple[int, ...]  # that may stand between each and the next


_Node = Term | _And | _Or | _Not | _Near


def parse(text: str) -> Query | None:
    """What a person typed as a query; None if there is no word in it that could be sought."""
    tree = _Parser(text[:LONGEST]).read()
    fts = _fts(tree) if tree is not None else None
    return Query(fts, tuple(_terms(tree))) if tree is not None and fts else None


class _Parser:
    """Recursive descent; every rule returns None where nothing sensible stands."""

    def __init__(self, text: str) -> None:
        self.tokens = [
            (str(found.lastgroup), found[str(found.lastgroup)])
            for found in _TOKEN.finditer(text)
            if found.lastgroup not in (None, "space")
        ]
        self.at = self.depth = 0
        self.column = ""

    def read(self) -> _Node | None:
        parts = []
        while self.at < len(self.tokens):
            parts.append(self._or())
            self.at += 1  # a parenthesis that closes nothing
        return _joined(_And, parts)

    def _peek(self) -> str:
        return self.tokens[self.at][0] if self.at < len(self.tokens) else ""

    def _take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1][1]

    def _or(self) -> _Node | None:
        parts = [self._and()]
        while self._peek() == "or":
            self._take()
            parts.append(self._and())
        return _joined(_Or, parts)

    def _and(self) -> _Node | None:
        parts = []
        while (kind := self._peek()) not in ("", "or", "close"):
            if kind in ("and", "near"):  # AND needs no saying; a NEAR without a left side is none
                self._take()
                continue
            parts.append(self._not())
        return _joined(_And, parts)

    def _not(self) -> _Node | None:
        negated = False
        while self._peek() == "not":
            self._take()
            negated = not negated
        part = self._near()
        return _Not(part) if negated and part is not None else part

    def _near(self) -> _Node | None:
        first = self._atom()
        if first is None or self._peek() != "near":
            return first
        parts, words = [first], []
        while self._peek() == "near":
            distance = self._take().partition("/")[2]
            if (part := self._atom()) is not None:
                parts.append(part)
                words.append(int(distance) if distance else NEAR_WORDS)
        return _Near(tuple(parts), tuple(words)) if words else first

    def _atom(self) -> _Node | None:
        outer = self.column
        while self._peek() == "field":
            self.column = "title" if self._take()[:-1].lower() in _TITLE else "text"
        inner = self._operand()
        self.column = outer
        return inner

    def _operand(self) -> _Node | None:
        kind = self._peek()
        if kind == "open":
            self._take()
            self.depth += 1
            inner = self._or() if self.depth <= DEPTH else None
            self.depth -= 1
            if self._peek() == "close":
                self._take()
            return inner
        if kind in ("word", "phrase"):
            return _term(self._take(), self.column)
        return None


def _joined(kind: type[_And] | type[_Or], parts: Sequence[_Node | None]) -> _Node | None:
    found = tuple(part for part in parts if part is not None)
    return found[0] if len(found) == 1 else kind(found) if found else None


def _term(written: str, column: str) -> Term | None:
    # A star ends what can be sought: for 'organi?ation' that is every word beginning with 'organi'.
    head, star = written.lstrip("="), False
    wild = re.search(r"[*?]", head)
    if wild:
        star = head[: wild.start()][-1:].isalnum() and " " not in head[wild.start() :].rstrip()
        head = head[: wild.start()] if star else re.sub(r"[*?]", " ", head)
    words = analyse(head)
    if not words.forms:
        return None
    forms = tuple(words.forms)
    closed = tuple((form,) for _, length, form in words.extras if length == len(forms) > 1)
    return Term((forms, *closed), star, column)


def _fts(node: _Node) -> str | None:
    match node:
        case Term():
            return _scoped(node.column, " OR ".join(node.fts()))
        case _Or(parts):
            found = [fts for part in parts if (fts := _fts(part))]
            return "({})".format(" OR ".join(found)) if found else None
        case _And(parts):
            wanted = [fts for part in parts if not isinstance(part, _Not) and (fts := _fts(part))]
            unwanted = [fts for part in parts if isinstance(part, _Not) and (fts := _fts(part.part))]
            if not wanted:
                return None
            inside = "({})".format(" AND ".join(wanted))
            return "({} NOT ({}))".format(inside, " OR ".join(unwanted)) if unwanted else inside
        case _Near(parts, words):
            pairs = [_pair(parts[i], parts[i + 1], apart) for i, apart in enumerate(words)]
            found = [pair for pair in pairs if pair]
            return "({})".format(" AND ".join(found)) if found else None
        case _Not():
            return None  # absence alone finds nothing


def _pair(left: _Node, right: _Node, words: int) -> str | None:
    pairs = [(a, b) for a in _alternatives(left) for b in _alternatives(right)][:SPREAD]
    found = [_scoped(a[1] or b[1], f"NEAR({a[0]} {b[0]}, {words})") for a, b in pairs]
    return "({})".format(" OR ".join(found)) if found else None


def _alternatives(node: _Node) -> list[tuple[str, str]]:
    """Phrases one of which must be near, each with its column. Of an AND inside a NEAR each word counts as one."""
    if isinstance(node, Term):
        return [(phrase, node.column) for phrase in node.fts()]
    return [] if isinstance(node, _Not) else [phrase for part in node.parts for phrase in _alternatives(part)]


def _scoped(column: str, fts: str) -> str:
    return f"{{{column}}} : ({fts})" if column else f"({fts})"


def _terms(node: _Node) -> Iterator[Term]:
    match node:
        case Term():
            yield node
        case _And(parts) | _Or(parts) | _Near(parts, _):
            for part in parts:
                yield from _terms(part)
        case _Not():
            return


# ── asking the store ────────────────────────────────────────────────────────────────────────────

_FIND = """
SELECT a.id, a.story_id, a.title, a.byline, a.outlet, s.slug AS source, a.language, a.url,
       a.published_at, a.seen_at, a.text
FROM articles_fts f CROSS JOIN articles a ON a.id = f.rowid CROSS JOIN sources s ON s.id = a.source_id
WHERE f.articles_fts MATCH :fts {more} ORDER BY f.rowid DESC LIMIT :limit OFFSET :offset"""


def find(
    db: sqlite3.Connection,
    query: Query,
    *,
    limit: int = 20,
    offset: int = 0,
    source: str | None = None,
    language: str | None = None,
    since: datetime | None = None,
) -> list[sqlite3.Row]:
    """Articles that the query finds, those seen last first. The index is read from its end, so that is also fast."""
    more, values = "", {"fts": query.fts, "limit": limit, "offset": offset}
    if source:
        more += " AND s.slug = :source"
        values["source"] = source
    if language:
        more += " AND a.language = :language"
        values["language"] = language
    if since:
        more += " AND f.rowid >= COALESCE((SELECT min(id) FROM articles WHERE seen_at >= :since), 9e18)"
        values["since"] = to_text(since)
    return db.execute(_FIND.format(more=more), values).fetchall()


# ── showing what was found ──────────────────────────────────────────────────────────────────────


def spans(text: str, query: Query, column: str = "text") -> list[tuple[int, int]]:
    """Where the sought words stand in a text, as (start, end) in characters, in order."""
    words = analyse(text)
    found: set[tuple[int, int]] = set()
    for term in query.terms:
        if term.column in ("", column):
            for spelling in term.spellings:
                found.update(_runs(words, spelling, term.prefix))
    return sorted(found)


def _runs(words: Words, spelling: tuple[str, ...], prefix: bool) -> Iterator[tuple[int, int]]:
    forms, length, last = words.forms, len(spelling), spelling[-1]
    for i in range(len(forms) - length + 1):
        tail = forms[i + length - 1]
        if (tail == last or (prefix and tail.startswith(last))) and tuple(forms[i : i + length - 1]) == spelling[:-1]:
            yield words.span(i, length)
    if length == 1:
        for position, covered, form in words.extras:
            if form == last or (prefix and form.startswith(last)):
                yield words.span(position, covered, form)


def excerpt(text: str, found: Sequence[tuple[int, int]], width: int = 240) -> tuple[str, list[tuple[int, int]]]:
    """About `width` characters around the first place found, cut at blanks, and the places inside it."""
    start = max(found[0][0] - width // 3, 0) if found else 0
    if start:
        blank = text.find(" ", start, found[0][0])
        start = blank + 1 if blank >= 0 else start
    end = min(start + width, len(text))
    if end < len(text):
        blank = text.rfind(" ", start, end)
        end = blank if blank > start else end
    head, tail = "… " if start else "", " …" if end < len(text) else ""
    piece = re.sub(r"\s", " ", text[start:end])
    inside = [(a - start + len(head), min(b, end) - start + len(head)) for a, b in found if a >= start and a < end]
    return head + piece + tail, inside
