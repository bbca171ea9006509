"""The rule book that every worker holds, and how it is kept current. Tenant enough for workers that only match."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.errors import MonitorError
from monitor.pool import Change
from monitor.stages.rules import RuleBook, compile_rule, undisturbed


def open_book() -> RuleBook:
    """An empty rule book."""
    return RuleBook()


def apply(book: RuleBook, changes: Sequence[Change]) -> dict[str, str]:
    """Bring the book up to date. Returns what does not compile, by slug: such a rule is left out."""
    faults = {}
    with undisturbed():
        for change in changes:
            book.remove(change.slug)
            if change.rule is not None:
                try:
                    book.add(compile_rule(change.rule, change.variants))
                except MonitorError as error:
                    faults[change.slug] = str(error)
    return faults


def warm(book: RuleBook) -> None:
    """Nothing loads itself later."""
