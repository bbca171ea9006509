"""A word of a rule, cut as documents are cut, but never losing its own article or ending.

    Wi-Fi        wi followed by fi, or wifi
    U.S.         us, written in capitals
    Booking.com  booking followed by com
    中国*         中 followed by 国
    =Wi-Fi       Wi followed by Fi, or WiFi, with these very capitals and accents

A word becomes a row of `Element`s that must follow each other; each is a row of `Part`s, or their closed spelling.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from functools import lru_cache
from itertools import accumulate
from sys import intern
from typing import NamedTuple

import re2

from monitor.stages.letters import MARK, QUERY, RUNNING, STAR, exact, fold
from monitor.stages.words import TOKEN, is_hyphen, number_form

_WILDCARDS = {"*": STAR, "?": QUERY}
_WILD = re.compile(f"[{STAR}{QUERY}]")
_FULL_WIDTH_WILD = str.maketrans("＊？", "  ")
_RUNNING_TAIL = re.compile(f"[{RUNNING}][{MARK}]*\\*+$")


class PatternError(ValueError):
    """A word that cannot be looked for; the message says why."""


class Part(NamedTuple):
    """What one position must hold.

    `key`: the folded form; with wildcards, a name for it that no form can have. `spelling`: as written, where capitals
    and accents count, else ''. `capitals`: the stretches of the word, (start, end), that must be written in capitals.
    `prefix`: the letters before the wildcard.
    """

    key: str
    spelling: str = ""
    capitals: tuple[tuple[int, int], ...] = ()
    prefix: str | None = None

    @property
    def is_word(self) -> bool:
        """Whether it is one form, in any spelling."""
        return self.prefix is None and not self.spelling and not self.capitals

    @property
    def is_plain(self) -> bool:
        """Whether meeting the key is all there is to it."""
        return not self.spelling and not self.capitals


class Element(NamedTuple):
    """Parts that follow each other, or one closed spelling of them all."""

    parts: tuple[Part, ...]
    closed: Part | None = None


@lru_cache(maxsize=1_000)
def elements(word: str, spelled: bool) -> tuple[Element, ...]:
    """Cut a rule word. `spelled`: its capitals and accents count. Raises PatternError."""
    if not spelled and word.isascii() and word.isalnum():
        return (Element((Part(intern(word.lower())),)),)
    _check_wildcards(word)
    pieces = re.split(r"([*?])", word.translate(_FULL_WIDTH_WILD))
    text = "".join(_WILDCARDS.get(piece) or exact(piece) for piece in pieces)
    rows: list[list[Part]] = []
    before: re.Match[str] | None = None
    for token in TOKEN.finditer(text):
        runs = before is not None and before.lastgroup == "running"
        hyphened = before is not None and not runs and is_hyphen(text[before.end() : token.start()])
        if not token.group().strip(STAR + QUERY):
            _lone_wildcard(token.group(), rows, hyphened, runs, token.end() == len(text))
        elif hyphened and token.lastgroup != "running":
            rows[-1] += _parts(token, spelled)
        else:
            rows += [_parts(token, spelled)] if token.lastgroup != "number" else _split(_parts(token, spelled))
        before = token
    if not rows:
        raise PatternError("there is no letter or digit to look for")
    return tuple(Element(tuple(row), _closed(row) if len(row) > 1 else None) for row in rows)


def _check_wildcards(word: str) -> None:
    bare = _RUNNING_TAIL.sub("x", word)
    first = min((at for at in (bare.find("*"), bare.find("?")) if at >= 0), default=-1)
    if first >= 0 and sum(map(str.isalnum, bare[:first])) < 2:
        raise PatternError("a wildcard needs at least 2 letters or digits before it")


def _lone_wildcard(wild: str, rows: list[list[Part]], hyphened: bool, runs: bool, last: bool) -> None:
    """Wildcards apart from letters: the ignored end of 中国*, one character in 中国?人, the rest of anti-*."""
    if runs and not wild.strip(STAR) and last:
        return
    if runs and not wild.strip(QUERY):
        rows.extend([Part("?", prefix="")] for _ in wild)
    elif hyphened and not wild.strip(STAR):
        whole = _closed(rows[-1])
        rows[-1] = [whole._replace(key=whole.key + "*", prefix=whole.key if whole.prefix is None else whole.prefix)]
        if whole.spelling:
            rows[-1] = [rows[-1][0]._replace(spelling=whole.spelling + "*")]
    else:
        raise PatternError("a wildcard cannot stand alone: put NEAR between the words around it")


def _split(parts: list[Part]) -> list[list[Part]]:
    return [[part] for part in parts]


def _parts(token: re.Match[str], spelled: bool) -> list[Part]:
    """The positions of one token: a single one, but for a date, which has several."""
    text, kind = token.group(), token.lastgroup
    if kind == "running":
        return [Part(text)]
    if kind == "dotted":
        letters = len(text.partition("'")[0].replace(".", ""))
        return [_make(re.sub("[.']", "", text), spelled, dotted=letters)]
    text = text.replace("'", "")
    if kind == "number":
        digits = re.match("[0-9.,]+", text)
        assert digits
        form = number_form(digits.group())
        if form is None:
            return [_make(piece, spelled) for piece in re.findall("[^.,]+", text)]
        return [_make(form + text[digits.end() :], spelled)]
    return [_make(text, spelled)]


def _make(text: str, spelled: bool, *, dotted: int = 0) -> Part:
    """`dotted`: how many letters had dots behind them, and so are capitals."""
    wild = _WILD.search(text)
    key = intern(fold(text))
    if wild is not None:
        key = re.sub(r"\*+", "*", key.replace(STAR, "*").replace(QUERY, "?"))
        text = text.replace(STAR, "*").replace(QUERY, "?")
    prefix = None if wild is None else re.split(r"[*?]", key)[0]
    if spelled:
        return Part(key, text[:dotted].upper() + text[dotted:], (), prefix)
    return Part(key, "", ((0, dotted if prefix is None else sys.maxsize),) if dotted else (), prefix)


def _closed(row: list[Part]) -> Part:
    key = "".join(part.key for part in row)
    prefix = None if all(part.prefix is None for part in row) else re.split(r"[*?]", key)[0]
    starts = accumulate((len(part.key) for part in row), initial=0)
    capitals = [(at + low, at + high) for at, part in zip(starts, row, strict=False) for low, high in part.capitals]
    return Part(key, "".join(part.spelling for part in row), tuple(capitals), prefix)


@lru_cache(maxsize=4_096)
def glob(pattern: str) -> Callable[[str], object]:
    """Return a test of whole words against a pattern with * and ?, in time linear in the word."""
    if pattern.endswith("*") and not re.search(r"[*?]", pattern[:-1]):
        prefix = pattern[:-1]
        return lambda word: word.startswith(prefix)
    wild = {"*": ".*", "?": "."}
    compiled = re2.compile("(?s)" + "".join(wild.get(char) or re2.escape(char) for char in pattern))
    return compiled.fullmatch  # type: ignore[no-any-return]
