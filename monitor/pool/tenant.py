"""What every worker holds: the stages, imported, and the rule book. Imported by the nursery only.

The nursery calls the first three before it forks, so that a worker is born with everything loaded.
"""

from __future__ import annotations

from collections.abc import Sequence

from monitor.errors import MonitorError
from monitor.model import Document, Entry, Work
from monitor.pool import Change
from monitor.stages import kinds, parse  # noqa: F401 - called by name
from monitor.stages.digest import digest
from monitor.stages.rules import RuleBook, compile_rule, undisturbed

# One of each kind that has lazy parts of its own: a page, plain text, a foreign language.
SAMPLES = (
    Document(
        body=b"<html><head><title>Talks</title></head><body><article><h1>Talks go on</h1><p>The envoy met the "
        b"minister on Sunday in Doha, and both sides said that they would go on talking.</p></article></body></html>",
        media_type="text/html",
        url="https://example.org/2026/11/22/talks",
    ),
    Document(body="Verhandlungen gehen weiter\n\nDer Gesandte traf den Minister in Köln.".encode(), name="a.txt"),
)


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
    """Load what loads itself at its first use: models, tables, the book's index."""
    for sample in SAMPLES:
        digest(Work(entry=Entry(source="warm-up", guid="1", content=sample)), book)
