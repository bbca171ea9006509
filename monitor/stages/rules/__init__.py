"""The rule language: rule text → syntax tree → rule book; article × rule book → matches with evidence. Pure.

    book = RuleBook([compile_rule(Rule(slug="kabul", query="Kabul NEAR/5 blast"))])
    book.match(Subject(title="Blast in Kabul", text="…"))

For a quick question there are `matches` and `check`, which need no more than the rule's text.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from monitor.model import Rule
from monitor.stages.rules.compiled import Compiled, compile_rule, undisturbed
from monitor.stages.rules.explain import Explained, explain
from monitor.stages.rules.faults import Fault, RuleError, caret
from monitor.stages.rules.fulltext import superset_query
from monitor.stages.rules.reading import Reading, Subject

if TYPE_CHECKING:
    from monitor.stages.rules.book import RuleBook
else:

    def __getattr__(name: str) -> object:
        """The book brings numpy; one rule is compiled and asked without."""
        if name in ("RuleBook", "undisturbed"):
            from monitor.stages.rules import book

            return getattr(book, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "Checked",
    "Compiled",
    "Explained",
    "Fault",
    "Reading",
    "RuleBook",
    "RuleError",
    "Subject",
    "caret",
    "check",
    "compile_rule",
    "explain",
    "matches",
    "superset_query",
    "undisturbed",
]

_NO_VARIANTS: Mapping[str, Sequence[str]] = {}


class Checked(NamedTuple):
    """What is wrong with a rule (`errors`: it does not run) and what looks wrong (`warnings`)."""

    errors: tuple[Fault, ...]
    warnings: tuple[Fault, ...]


def matches(
    query: str,
    *,
    title: str = "",
    text: str = "",
    author: str = "",
    source: str = "",
    outlet: str = "",
    url: str = "",
    lang: str = "",
    tags: Collection[str] = (),
    variants: Mapping[str, Sequence[str]] = _NO_VARIANTS,
) -> bool:
    """Whether a rule's query matches an article. Raises RuleError where the query does not compile."""
    subject = Subject(
        title=title, text=text, author=author, source=source, outlet=outlet, url=url, language=lang, tags=tags
    )
    return compile_rule(Rule(slug="query", query=query), variants).holds(Reading(subject))


def check(query: str, *, variants: Mapping[str, Sequence[str]] = _NO_VARIANTS) -> Checked:
    """Return the errors and warnings of a rule's query, by offset. Never raises."""
    try:
        compiled = compile_rule(Rule(slug="query", query=query), variants)
    except RuleError as error:
        return Checked(error.details, ())
    return Checked((), compiled.warnings)
