"""What is wrong with a rule, in plain words, and where: a character offset from 0 and a caret under the rule's text."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from monitor.errors import ConfigError

_WIDTH = 76  # characters of a long rule that are shown around the fault


@dataclass(frozen=True, slots=True)
class Fault:
    """One error or warning. `offset` counts characters of the rule's text from 0."""

    message: str
    offset: int

    def show(self, query: str) -> str:
        """Return the message, the line of the rule and a caret under the place."""
        return f"{self.message} (at character {self.offset})\n{caret(query, self.offset)}"


class RuleError(ConfigError):
    """A rule that does not compile. `details` holds each fault with its offset, `query` the rule's text."""

    def __init__(self, query: str, details: tuple[Fault, ...], slug: str = "") -> None:
        name = f"rule {slug!r}: " if slug else ""
        super().__init__(*(name + fault.show(query) for fault in details))
        self.query = query
        self.details = details
        self.slug = slug


def caret(query: str, offset: int) -> str:
    """Return the line of `query` around `offset`, and below it a caret; two indented lines."""
    begin = query.rfind("\n", 0, offset) + 1
    end = query.find("\n", offset)
    line, at = query[begin : None if end < 0 else end], offset - begin
    before = after = ""
    if len(line) > _WIDTH:
        first = max(0, min(at - _WIDTH // 2, len(line) - _WIDTH))
        before, after = "…" if first else "", "…" if first + _WIDTH < len(line) else ""
        line, at = line[first : first + _WIDTH], at - first
    line = line.replace("\t", " ")
    return f"    {before}{line}{after}\n    {' ' * (len(before) + sum(map(_columns, line[:at])))}^"


def _columns(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
