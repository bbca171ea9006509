"""A rule's text, cut into tokens. Faults are collected, not raised, so that several can be shown at once."""

from __future__ import annotations

import re
from difflib import get_close_matches
from enum import Enum, auto
from typing import NamedTuple

from monitor.stages.letters import exact, is_removed
from monitor.stages.rules.faults import Fault


class Kind(Enum):
    """What a token is."""

    OPEN = auto()
    CLOSE = auto()
    OR = auto()
    AND = auto()
    NOT = auto()
    NEAR = auto()
    WORD = auto()
    PHRASE = auto()
    FIELD = auto()
    META = auto()
    VARIANT = auto()
    ATLEAST = auto()
    END = auto()


class Token(NamedTuple):
    """`text`: a word, a phrase's inside, a field's or variant's name. `spelled`: it began with `=`."""

    kind: Kind
    start: int
    end: int
    text: str = ""
    spelled: bool = False
    number: int = 0  # of NEAR and ATLEAST
    ordered: bool = False  # of NEAR
    values: tuple[str, ...] = ()  # of metadata


TEXT_FIELDS = {
    "title": "title",
    "intitle": "title",
    "headline": "title",
    "text": "text",
    "intext": "text",
    "body": "text",
    "author": "author",
    "by": "author",
}
META_FIELDS = {
    "source": "source",
    "site": "source",
    "url": "url",
    "inurl": "url",
    "lang": "lang",
    "language": "lang",
    "tag": "tag",
}
_NAMES = [*TEXT_FIELDS, *META_FIELDS]

QUOTES = '"“”„«»＂‟'
_HEBREW_QUOTE = '(?<=[\u05d0-\u05ea])["“”„](?=[\u05d0-\u05ea])'
_SPACE = re.compile(r"[\s\ufeff\u200b]+")
_RUN = re.compile(f"(?:[^\\s(){{}}|（）｜{QUOTES}]|{_HEBREW_QUOTE})+")
_PHRASE_END = re.compile(f"(?!{_HEBREW_QUOTE})[{QUOTES}]")
# Most words of most rules: no operator, no field, nothing to look into.
_EASY = re.compile(r" *([A-Z]?[a-z][a-z0-9]*\*?)(?=[ )|]|$)")
_LOWER_OPERATORS = frozenset({"and", "or", "not", "near", "onear", "adj", "And", "Or", "Not", "Near", "Adj"})
_OPERATORS = frozenset({"OR", "AND", "&", "NOT"})
_FIELD = re.compile(r"(=?)([^\W\d_][^\W_]*(?:[-_][^\W_]+)*)[:：]")
_NEAR = re.compile(r"(?:(NEAR|ONEAR|ADJ)|(NEAR|ONEAR|ADJ|W|PRE)/([0-9]+))")
_NEAR_SLASH = re.compile(r"(NEAR|ONEAR|ADJ|W|PRE)/.*", re.DOTALL)
_NEAR_NO_SLASH = re.compile(r"(NEAR|ONEAR|ADJ|PRE)([0-9]+)")
_ATLEAST = re.compile(r"ATLEAST([0-9]*)(=?)(.*)", re.DOTALL)
_LOWER = re.compile(r"and|or|not|(?:near|onear|adj)[0-9]*|(?:near|onear|adj|w|pre)/[0-9]+|atleast[0-9]+", re.IGNORECASE)
_URL_VALUE = re.compile(f"[^\\s|｜{QUOTES}]+")
_META_VALUE = re.compile(f"[^\\s|｜(){{}}（）{QUOTES}]+")
_OPEN, _CLOSE, _BAR = "(（", ")）", "|｜"
_COMMON_IN_CAPITALS = frozenset({"US", "IT", "WHO", "ICE"})
_DASHES = "–—−‐‑―－"
MAX_NEAR = 100
MAX_ATLEAST = 1_000


class Lexer:
    """Cuts one rule. `tokens`, `faults` and `warnings` are filled by the constructor."""

    def __init__(self, query: str) -> None:
        self.query = query
        self.tokens: list[Token] = []
        self.faults: list[Fault] = []
        self.warnings: list[Fault] = []
        self._at = 0
        while self._at < len(query):
            self._next()
        self.tokens.append(Token(Kind.END, len(query), len(query)))

    def _add(self, kind: Kind, end: int, text: str = "", **more: object) -> None:
        self.tokens.append(Token(kind, self._at, end, text, **more))  # type: ignore[arg-type]
        self._at = end

    def _fault(self, message: str, offset: int, resume: int, kind: Kind | None = Kind.WORD) -> None:
        """Note a fault; a token of `kind` stands in for what is wrong, so that the rest is still checked."""
        self.faults.append(Fault(message, offset))
        if kind is not None:
            self.tokens.append(Token(kind, offset, resume, "xx"))
        self._at = resume

    def _next(self) -> None:
        query, at = self.query, self._at
        easy = _EASY.match(query, at)
        if easy and easy[1] not in _LOWER_OPERATORS and not (easy[1][-1].isdigit() and _LOWER.fullmatch(easy[1])):
            self._at = easy.end()
            self.tokens.append(Token(Kind.WORD, easy.start(1), self._at, easy[1]))
            return
        space = _SPACE.match(query, at)
        if space:
            self._at = space.end()
            return
        char = query[at]
        if char in _OPEN:
            self._add(Kind.OPEN, at + 1)
        elif char in _CLOSE:
            self._add(Kind.CLOSE, at + 1)
        elif char in _BAR:
            self._add(Kind.OR, at + 1)
        elif char in QUOTES:
            self._phrase(at, spelled=False)
        elif char == "{":
            self._variant()
        elif char == "}":
            self._fault("this } closes nothing; a variant set is written {name}", at, at + 1, None)
        else:
            self._run()

    def _phrase(self, quote: int, *, spelled: bool) -> None:
        end = _PHRASE_END.search(self.query, quote + 1)
        if end is None:
            self._fault("this quote is never closed", quote, len(self.query))
            return
        inside = self.query[quote + 1 : end.start()]
        if not inside.strip():
            self._fault("this phrase is empty", quote, end.end())
            return
        self._add(Kind.PHRASE, end.end(), inside, spelled=spelled)

    def _variant(self) -> None:
        close = self.query.find("}", self._at)
        if close < 0:
            self._fault("this { is never closed; a variant set is written {name}", self._at, len(self.query))
            return
        name = self.query[self._at + 1 : close].strip()
        if not name:
            self._fault("this variant set has no name; write {name}", self._at, close + 1)
            return
        self._add(Kind.VARIANT, close + 1, name)

    # ── runs of characters without blanks, quotes and parentheses ───────────────────────────────

    def _run(self) -> None:
        at = self._at
        found = _RUN.match(self.query, at)
        assert found
        run = found.group()
        skipped = 0
        while skipped < len(run) - 1 and is_removed(run[skipped]):
            skipped += 1
        if run[skipped] == "-" and self._may_negate(at):
            self._minus(at + skipped)
            return
        operator = run if run.isascii() else exact("".join(char for char in run if not is_removed(char)))
        if self._operator(operator, found.end()) or self._field(run, found.end()):
            return
        self._word(run, found.end())

    def _may_negate(self, at: int) -> bool:
        while at and is_removed(self.query[at - 1]):
            at -= 1
        return not at or self.query[at - 1].isspace() or self.query[at - 1] in f"{_OPEN}{_CLOSE}{_BAR}{QUOTES}}}"

    def _minus(self, at: int) -> None:
        after = self.query[at + 1 : at + 2]
        if not after or after.isspace() or after in _CLOSE + _BAR or after == "}":
            self._fault("a - alone says nothing; write NOT, or put - right before the word", at, at + 1, None)
            return
        self._add(Kind.NOT, at + 1)
        run = _RUN.match(self.query, at + 1)
        if run and run.group().startswith("-"):
            self._word(run.group(), run.end())  # only the first - of a word is NOT

    def _operator(self, run: str, end: int) -> bool:
        at = self._at
        if run in _OPERATORS:
            self._add({"OR": Kind.OR, "NOT": Kind.NOT}.get(run, Kind.AND), end)
        elif near := _NEAR.fullmatch(run):
            self._near(near, end)
        elif _NEAR_SLASH.fullmatch(run):
            name = run.partition("/")[0]
            self._fault(
                f"{name}/ needs a number right after the slash, from 0 to {MAX_NEAR}: {name}/5", at, end, Kind.NEAR
            )
        elif near := _NEAR_NO_SLASH.fullmatch(run):
            self._fault(f"{run} lacks its slash: write {near[1]}/{near[2]}", at, end, Kind.NEAR)
        elif atleast := _ATLEAST.fullmatch(run):
            self._atleast(atleast, end)
        else:
            return False
        return True

    def _near(self, near: re.Match[str], end: int) -> None:
        name = near[1] or near[2]
        number = 0 if name == "ADJ" else 10
        if near[3] is not None:
            if len(near[3].lstrip("0")) > 3 or int(near[3]) > MAX_NEAR:
                message = f"{name}/{near[3][:9]}: the distance must be from 0 to {MAX_NEAR}"
                self._fault(message, self._at, end, Kind.NEAR)
                return
            number = int(near[3])
        slash = re.compile(r"\s*/\s*[0-9]+(?=\s)").match(self.query, end)
        if near[3] is None and slash:
            message = f"write {name}/{slash.group().strip(' /')} without a blank"
            self._fault(message, self._at, slash.end(), Kind.NEAR)
            return
        apart = re.compile(r"\s+([0-9]{1,3})(?=\s+[^\s)])").match(self.query, end)
        if near[3] is None and apart:
            self.warnings.append(
                Fault(f"{apart[1]} is a word here; the distance is written {name}/{apart[1]}", apart.start(1))
            )
        self._add(Kind.NEAR, end, name, number=number, ordered=name in ("ONEAR", "PRE", "ADJ"))

    def _atleast(self, found: re.Match[str], end: int) -> None:
        digits, spelled, rest = found.groups()
        at = self._at
        if not digits and rest[:1].isalpha():
            self._word(self.query[at:end], end)
            return
        if not digits:
            self._fault("ATLEAST needs its number right after it: ATLEAST3(word)", at, end)
            return
        if rest and not spelled:
            self._fault(f"write ATLEAST{digits}({rest})", at, end)
            return
        number = int(digits) if len(digits) < 6 else MAX_ATLEAST + 1
        if not 1 <= number <= MAX_ATLEAST:
            self.faults.append(Fault(f"the number of ATLEAST must be from 1 to {MAX_ATLEAST}", at))
            number = 1
        after = self.query[end:].lstrip()[:1]
        if self.query[end : end + 1].isspace() and after and after in _OPEN:
            self.faults.append(Fault(f"write ATLEAST{digits}(…) without a blank before the parenthesis", at))
        self._add(Kind.ATLEAST, end - len(rest) - len(spelled), number=number)
        if spelled:
            if rest:
                self._word(spelled + rest, end)
            else:
                self._spelled_phrase(end)

    # ── fields ──────────────────────────────────────────────────────────────────────────────────

    def _field(self, run: str, end: int) -> bool:
        found = _FIELD.match(run)
        at = self._at
        if found is None:
            if run[0] in ":：":
                self._fault("this colon has no field before it; write title:word without a blank", at, end)
                return True
            return False
        name = found[2].casefold()
        value = at + found.end()
        if found[1]:
            self._fault(f"put the = after the colon: {name}:=word", at, end)
        elif name in TEXT_FIELDS:
            self._text_field(TEXT_FIELDS[name], name, value, end)
        elif name in META_FIELDS:
            self._meta(META_FIELDS[name], name, value)
        else:
            self._fault(_unknown_field(name), at, end)
        return True

    def _text_field(self, field: str, name: str, value: int, end: int) -> None:
        follows = self.query[value : value + 1]
        if not follows or follows.isspace() or follows in _CLOSE + _BAR + "}":
            self._fault(f"{name}: needs its word right after the colon, without a blank", self._at, value)
            return
        rest = self.query[value:end]
        inner = _FIELD.match(rest)
        if rest.startswith("-"):
            self._fault(f"NOT cannot stand after the colon; write -{name}:{rest[1:]}", value, end)
            return
        if inner and inner[2].casefold() in _NAMES:
            self._fault(f"a field cannot stand right inside another one: {name}:{rest}", value, end)
            return
        if re.fullmatch(r"ATLEAST[0-9]+", rest):
            self._fault(f"put the field inside: {rest}({name}:word)", value, end)
            return
        self._add(Kind.FIELD, value, field)
        if rest:
            self._word(rest, end)

    def _meta(self, field: str, name: str, value: int) -> None:
        query, at = self.query, self._at
        follows = query[value : value + 1]
        if not follows or follows.isspace() or follows in _CLOSE + _BAR:
            self._fault(f"{name}: needs its value right after the colon, without a blank", at, value)
        elif follows in _OPEN:
            self._meta_group(field, name, value)
        else:
            text, end = self._value(field, value, grouped=False)
            if text is None:
                self._fault(f"{name}: has no value", value, max(end, value + 1))
            else:
                self._warn_of_wildcard(field, name, text, value)
                self._add(Kind.META, end, field, values=(text,))

    def _meta_group(self, field: str, name: str, opened: int) -> None:
        query, place = self.query, opened + 1
        values: list[str] = []
        wants = True
        help_ = f"{name}:(…) takes values with OR between them: {name}:(one OR two)"
        while True:
            space = _SPACE.match(query, place)
            place = space.end() if space else place
            if place >= len(query):
                self._fault("this parenthesis is never closed", opened, len(query))
                return
            char = query[place]
            if char in _CLOSE:
                break
            run = _META_VALUE.match(query, place)
            is_or = char in _BAR or (run is not None and run.group() == "OR")
            if is_or == wants:
                self._fault(help_, place, self._after_group(place))
                return
            if is_or:
                place, wants = place + (1 if char in _BAR else 2), True
                continue
            text, end = self._value(field, place, grouped=True)
            if text is None or (run is not None and run.group() in ("AND", "NOT", "&")) or char == "-":
                self._fault(help_, place, self._after_group(place))
                return
            self._warn_of_wildcard(field, name, text, place)
            values.append(text)
            place, wants = end, False
        if wants:
            self._fault(help_, place, place + 1)
            return
        self._add(Kind.META, place + 1, field, values=tuple(values))

    def _warn_of_wildcard(self, field: str, name: str, value: str, place: int) -> None:
        inside = value.strip("*") if field == "url" else value.removeprefix("*.") if field == "source" else value
        if "*" in inside:
            hint = {"source": ": a parent domain finds all below it", "url": ": any part of the address will do"}
            self.warnings.append(
                Fault(
                    f"{name}: knows no wildcards{hint.get(field, '')}", place + value.index(inside) + inside.index("*")
                )
            )

    def _after_group(self, place: int) -> int:
        found = re.compile(f"[{_CLOSE}]").search(self.query, place)
        return found.end() if found else len(self.query)

    def _value(self, field: str, place: int, *, grouped: bool) -> tuple[str | None, int]:
        """A metadata value, quoted or not, and where it ends; None where there is none."""
        query = self.query
        if query[place] == "=":
            place += 1
        if query[place : place + 1] and query[place] in QUOTES:
            end = _PHRASE_END.search(query, place + 1)
            if end is None:
                return None, len(query)
            text = query[place + 1 : end.start()].strip()
            return text or None, end.end()
        found = (_URL_VALUE if field == "url" else _META_VALUE).match(query, place)
        if found is None:
            return None, place
        text = found.group()
        if field == "url":
            text = _balanced(text)
        return text or None, place + len(text)

    # ── words ───────────────────────────────────────────────────────────────────────────────────

    def _word(self, run: str, end: int) -> None:
        """Add a word that starts at `_at`; `=` in front asks for its very spelling."""
        at = self._at
        spelled = run.startswith("=")
        word = run.lstrip("=") if spelled else run
        if spelled and not word:
            self._spelled_phrase(end)
            return
        if word.endswith("=") and self.query[end : end + 1] in tuple(QUOTES):
            self.warnings.append(Fault("the = belongs right before the quote, after a blank", end - 1))
        self._warn(word, at, spelled)
        self._add(Kind.WORD, end, word, spelled=spelled)

    def _spelled_phrase(self, end: int) -> None:
        if self.query[end : end + 1] and self.query[end] in QUOTES:
            self._phrase(end, spelled=True)
        else:
            self._fault("the = needs a word or a phrase right after it", end - 1, end)

    def _warn(self, word: str, at: int, spelled: bool) -> None:
        if word in _OPERATORS and not spelled:
            self.warnings.append(Fault(f"{word} is a word here, as it follows a colon", at))
        elif _LOWER.fullmatch(word) and not spelled:
            self.warnings.append(Fault(f"{word!r} is a word here; operators are written in capitals", at))
        elif word in _COMMON_IN_CAPITALS and not spelled:
            self.warnings.append(Fault(f"{word} also finds {word.lower()!r}; write ={word} for capitals only", at))
        elif word[0] in _DASHES and len(word) > 1:
            self.warnings.append(Fault(f"{word[0]} does not mean NOT; write - or NOT", at))
        elif word in ("PRE", "W"):
            self.warnings.append(Fault(f"{word} alone is a word; the operator is written {word}/5", at))
        elif len(word) > 1 and word[0] in "'‘" and " " in self.query[at:]:
            self.warnings.append(Fault('single quotes make no phrase; write "…"', at))


def _balanced(address: str) -> str:
    """An address up to a parenthesis that it did not open itself."""
    depth = 0
    for at, char in enumerate(address):
        depth += (char in _OPEN) - (char in _CLOSE)
        if depth < 0:
            return address[:at]
    return address


def _unknown_field(name: str) -> str:
    if name in ("http", "https"):
        return f"{name}: is no field; write url:{name}://…"
    close = get_close_matches(name, _NAMES, 1)
    hint = f"did you mean {close[0]}:?" if close else 'put quotes around it if it is a word: "a:b"'
    return f"there is no field {name}: ({hint})"
