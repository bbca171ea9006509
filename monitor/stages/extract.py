"""Document → blocks and metadata: the first step of digestion.

Pure. It chooses the short way for each kind of document (trafilatura for pages, block by block for
fragments, runs of lines for plain text) and merges what the feed entry said with what the document
says of itself. It removes nothing: that is `clean`.
"""

from __future__ import annotations

from monitor.errors import Permanent
from monitor.model import Document, Entry, Extracted, Metadata
from monitor.stages import dates, kinds, pages, plaintext

_SCRIPTED = " of its own: its scripts would fetch it, and scripts are not run; save the page from a browser instead"


def extract(document: Document, entry: Entry | None = None, *, max_bytes: int = kinds.MAX_BYTES) -> Extracted:
    """The blocks of a document in reading order, with title, byline, outlet, date, language, canonical URL.

    What the document says of itself goes before what the entry announced, except where the document is
    the entry's own body. Raises Permanent where there is nothing to read: kind 'empty', 'too-large',
    'binary', 'encrypted', 'broken' or 'several', with a sentence that says why.
    """
    opened = kinds.opened(document, max_bytes)
    own = opened.metadata
    method = opened.method
    if opened.form == "html":
        blocks, own, method = pages.page(opened.text, document.url, document.fetched_at)
    elif opened.form == "fragment":
        blocks = pages.fragment(opened.text)
    else:
        blocks = opened.blocks or plaintext.split(opened.text)
    if not any(block.text.strip() for block in blocks):
        scripted = opened.form == "html" and "<script" in opened.text.lower()
        raise Permanent(f"has no text{_SCRIPTED if scripted else ''}", kind="empty")
    said = announced(entry, document)
    first, second = (said, own) if document.fragment else (own, said)
    return Extracted(blocks=blocks, metadata=merged(first, second), method=method)


def announced(entry: Entry | None, document: Document) -> Metadata:
    """What the feed said of an entry, as metadata; a date in the future of the fetch is not believed."""
    if entry is None:
        return Metadata()
    return Metadata(
        title=" ".join(entry.title.split()),
        byline=" ".join(entry.author.split()),
        outlet=entry.outlet,
        published_at=dates.plausible(entry.published_at, document.fetched_at),
        language=entry.language,
        canonical_url=entry.url,
    )


def merged(first: Metadata, second: Metadata) -> Metadata:
    """`first`, with what it does not know taken from `second`."""
    return Metadata(
        title=first.title or second.title,
        byline=first.byline or second.byline,
        outlet=first.outlet or second.outlet,
        published_at=first.published_at or second.published_at,
        language=first.language or second.language,
        canonical_url=first.canonical_url or second.canonical_url,
    )
