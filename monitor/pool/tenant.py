"""What every worker of the daemon holds: the stages, imported, and the rule book. Imported by the nursery only.

The nursery calls `warm` before it forks, so that a worker is born with everything loaded.
"""

from __future__ import annotations

from monitor.model import Document, Entry, Work
from monitor.pool.books import apply, open_book
from monitor.stages import kinds, parse  # noqa: F401 - called by name
from monitor.stages.digest import digest
from monitor.stages.rules import RuleBook

__all__ = ["apply", "open_book", "warm"]

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


def warm(book: RuleBook) -> None:
    """Load what loads itself at its first use: models, tables, the book's index."""
    for sample in SAMPLES:
        digest(Work(entry=Entry(source="warm-up", guid="1", content=sample)), book)
