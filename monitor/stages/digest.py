"""One document, all it means: extract → clean → words → fingerprint → match. The one call made in the pool.

Pure: the rule book is an argument, and what depends on the store (is it a copy, whose story is it, is it worth an
alert) is decided later, inside the transaction that writes it down.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Protocol

from monitor.errors import Permanent
from monitor.model import (
    Article,
    Cleaned,
    Digest,
    Document,
    Hit,
    Match,
    Removed,
    Work,
)
from monitor.stages import canonical, clean, extract, words
from monitor.stages.fingerprint import fingerprint
from monitor.stages.rules import Subject

THIN = 3  # a page must have this many times fewer words than the entry's own body to be held for a failed extraction
JOINT = "\n\n"  # stands between the clean text and each removed block when we look for suppressed matches


class Book(Protocol):
    """What we need of a rule book."""

    def match(self, subject: Subject, without: Collection[str] = ()) -> list[Match]: ...


def digest(work: Work, book: Book) -> Digest:
    """Everything a document means. Raises Permanent, saying why, for a document without an article in it."""
    if work.known is not None:
        return _appearance(work, work.known, book)
    document, cleaned, extractor = _best_text(work)
    entry, said = work.entry, cleaned.metadata
    if not cleaned.text and not said.title:
        raise Permanent("nothing is left after cleaning: no text and no title", kind="empty")
    article = Article(
        title=said.title or entry.title,
        text=cleaned.text,
        url=entry.url or document.url or said.canonical_url,
        canonical_url=canonical.canonical_url(said.canonical_url or entry.url or document.url),
        byline=said.byline or entry.author,
        outlet=said.outlet or entry.outlet or work.outlet,
        language=said.language or entry.language,
        published_at=entry.published_at or said.published_at,
        extractor=extractor,
        cleaner=clean.VERSION,
        document_sha256=document.sha256,
    )
    read = words.analyse(article.text)
    article = replace(article, fingerprint=fingerprint(read.forms))
    subject = replace(subject_of(work, article), words=read)
    matches = book.match(subject)
    return Digest(
        article=article,
        removed=cleaned.removed,
        matches=(*matches, *_suppressed(subject, cleaned.removed, matches, book)),
        index_title=words.index_text(article.title),
        index_text=words.index_of(read),
        learned=cleaned.learned,
        below=cleaned.below,
        profile_key=work.profile.key,
        spam_hosts=cleaned.spam_hosts,
    )


def _appearance(work: Work, article: Article, book: Book) -> Digest:
    """A known text seen at another place: only rules with a scope can say something new."""
    seen_here = replace(article, url=work.entry.url or article.url, outlet=work.entry.outlet or work.outlet)
    return Digest(article=seen_here, matches=tuple(book.match(subject_of(work, seen_here))))


def subject_of(work: Work, article: Article) -> Subject:
    """What rules look at: the article as it appears at this source."""
    return Subject(
        title=article.title,
        text=article.text,
        author=article.byline,
        url=article.url or "",
        source=work.entry.source,
        outlet=article.outlet,
        language=article.language,
        tags=(*work.tags, *work.entry.tags),
    )


def _best_text(work: Work) -> tuple[Document, Cleaned, str]:
    """The page where it was had and gives more than the entry's own body, else that body."""
    tried: list[tuple[Document, Cleaned, str]] = []
    faults: list[Permanent] = []
    for document in (work.page, work.entry.content):
        if document is None:
            continue
        try:
            extracted = extract.extract(document, work.entry)
        except Permanent as fault:
            faults.append(fault)
            continue
        cleaned = clean.clean(
            extracted.blocks, work.profile, extracted.metadata, method=extracted.method, fetched_at=document.fetched_at
        )
        tried.append((document, cleaned, extracted.method))
    if not tried:
        if faults and not _has_headline(work):
            raise faults[0]
        return _headline_only(work)
    page, *own = tried
    if own and len(page[1].text) * THIN < len(own[0][1].text):
        return own[0]
    return page


def _has_headline(work: Work) -> bool:
    """Whether a feed announced a title: it is news though its page or its body, a picture perhaps, has no text."""
    own = work.entry.content
    return bool(work.entry.title) and (own is None or own.fragment)


def _headline_only(work: Work) -> tuple[Document, Cleaned, str]:
    """Some feeds announce a headline and nothing else: that is the article."""
    document = Document(body=work.entry.title.encode(), media_type="text/plain", url=work.entry.url)
    return document, clean.clean((), work.profile, extract.announced(work.entry, document)), "headline"


def _suppressed(subject: Subject, removed: Sequence[Removed], matches: Sequence[Match], book: Book) -> list[Match]:
    """Rules that match only with what cleaning took out: not sent, but the analyst can see them."""
    if not removed:
        return []
    starts, text = [], subject.text
    for one in removed:
        starts.append(len(text) + len(JOINT))
        text += JOINT + one.text
    already = {match.rule for match in matches}
    found = []
    for match in book.match(replace(subject, text=text, words=None), already):
        taken = [(hit, _block_at(starts, hit.start)) for hit in match.hits if hit.field == "text"]
        inside = [(hit, block) for hit, block in taken if block is not None]
        if not inside:
            continue
        block = inside[0][1]
        hits = tuple(_moved(hit, starts[at]) for hit, at in inside if at == block)
        found.append(
            replace(
                match,
                hits=hits,
                suppressed=True,
                removed=block,
                because=f"only in text that cleaning removed ({removed[block].reason})",
            )
        )
    return found


def _block_at(starts: Sequence[int], position: int) -> int | None:
    inside = [index for index, start in enumerate(starts) if start <= position]
    return inside[-1] if inside else None


def _moved(hit: Hit, start: int) -> Hit:
    """A hit with offsets into the removed block instead of the joined text."""
    return hit._replace(
        field="removed", start=hit.start - start, end=hit.end - start, sentence_start=hit.sentence_start - start
    )
