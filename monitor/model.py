"""The nouns: frozen, slotted, keyword-only values that walk through the house.

    Source → Entry → Document → Article → Story        what is read
    Rule   → Match → Alert    → Delivery               what is said

This is not the place for behaviour: nothing here touches a clock, a disk, a network or a database.
All times are aware UTC datetimes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

# ── what is read ────────────────────────────────────────────────────────────────────────────────


class EntryState(StrEnum):
    """Where an entry stands. Every entry ends in a named state, with a `because`."""

    PENDING = "pending"  # announced, not digested yet
    DONE = "done"  # became an article of its own
    COPY = "copy"  # an appearance of an article that was there already
    REVISION = "revision"  # changed an article that came from the same entry
    BASELINE = "baseline"  # stored and matched, but older than our watch: no alert
    HELD = "held"  # part of a flood: stored, waiting for release or discard
    FAILED = "failed"  # could not be digested; `because` says why
    SKIPPED = "skipped"  # not wanted: empty, or refused by a setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Bytes as they came from the world."""

    body: bytes
    media_type: str = ""  # lower case, without parameters: 'text/html'; '' is unknown
    charset: str | None = None  # as declared by HTTP, never guessed
    url: str | None = None  # address after redirects
    name: str = ""  # file name, for display and its ending only; never a path
    headers: Mapping[str, str] = field(default_factory=dict)
    fetched_at: datetime | None = None
    fragment: bool = False  # a feed entry's own body: a piece of HTML, not a page

    @property
    def sha256(self) -> str:
        """Identity: hex SHA-256 of the bytes."""
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """The documents in one file: itself, or one for each of its records, and what of it could not be read."""

    documents: tuple[Document, ...]
    refused: tuple[tuple[str, str], ...] = ()  # (where in the file: 'line 3', 'record 2'; why, and what to do)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a source announced. Identity: (source, guid)."""

    source: str  # slug
    guid: str  # the feed's guid, else the link, else a hash of the content
    url: str | None = None
    title: str = ""  # plain text, at most 2,000 characters
    author: str = ""
    outlet: str = ""  # the publisher named for this appearance; '' is unknown
    section: str = ""  # sub-folder of a drop folder, '' at its top: each has a site profile of its own
    language: str = ""  # as declared; '' is unknown
    tags: tuple[str, ...] = ()
    published_at: datetime | None = None
    updated_at: datetime | None = None
    content: Document | None = None  # the entry's own body, or the dropped file
    number: int | None = None  # row number once stored

    @property
    def file(self) -> str:
        """The file it came from, with its sub-folder: 'mail/x.eml'; '' where it came from none."""
        name = self.content.name if self.content else ""
        return f"{self.section}/{name}" if name and self.section else name

    @property
    def announced_hash(self) -> str:
        """Hash of what was announced, so that an edit is seen."""
        body = self.content.body if self.content else b""
        head = "\0".join((self.url or "", self.title, self.author)).encode()
        return hashlib.sha256(head + b"\0" + body).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A paragraph-sized piece of a document, in reading order."""

    text: str
    offset: int = 0  # where it begins in the document's plain text, in characters
    kind: str = "p"  # p, h (heading), li, cell, quote, pre, figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What a document says of itself. Unknown stays unknown: '' or None, never a guess of 'now'."""

    title: str = ""
    byline: str = ""
    outlet: str = ""
    published_at: datetime | None = None
    language: str = ""  # ISO 639-1 where there is one
    canonical_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """A document taken apart, not cleaned yet."""

    blocks: tuple[Block, ...]
    metadata: Metadata
    method: str  # 'text', 'fragment', 'trafilatura', 'fallback:…'


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteProfile:
    """What the other pages of a site repeat: block fingerprint → number of pages that have it."""

    key: str = ""  # page host, feed slug, or folder slug with its sub-folder
    pages: int = 0  # pages seen so far, this one not counted
    blocks: Mapping[int, int] = field(default_factory=dict)
    below: Mapping[int, int] = field(default_factory=dict)  # of those pages, the ones that had it below their text only
    pinned: frozenset[int] = frozenset()  # the operator says: this is furniture


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """A block, or a span inside a block, that cleaning took out, and why."""

    text: str
    offset: int  # where it stood in the document's plain text (Block.offset + position)
    at: int  # where it would stand in the clean text: for folding it back in place
    reason: str  # a rule's or signal's name: 'breadcrumb', 'teaser', 'spam-links', 'model', 'repeated'
    confidence: float  # 0–1
    span: bool = False  # True: a piece of a block whose rest was kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """The outcome of cleaning: text of kept blocks joined by a blank line, all that went, and metadata."""

    text: str
    removed: tuple[Removed, ...]
    metadata: Metadata
    learned: tuple[int, ...] = ()  # block fingerprints of this page, for the site's profile; () for a copy
    below: tuple[int, ...] = ()  # those of them that stand below the text only
    spam_hosts: tuple[str, ...] = ()  # hosts of the link spam that was removed


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """What duplicates are found by."""

    exact: str  # hex hash of the normalised clean text; '' for an empty text
    keys: tuple[int, ...] = ()  # the sketch: bottom-k shingle hashes, signed 64 bit
    shingles: int = 0  # how many distinct shingles the text has


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """Clean text with what is known of it."""

    title: str
    text: str
    url: str | None = None  # as fetched
    canonical_url: str | None = None  # identity across tracking parameters, AMP, print …
    byline: str = ""
    outlet: str = ""
    language: str = ""
    published_at: datetime | None = None
    fingerprint: Fingerprint = Fingerprint(exact="")
    extractor: str = ""  # Extracted.method
    cleaner: str = ""  # version of the cleaner
    document_sha256: str = ""
    number: int | None = None  # row number once stored


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """An entry with everything its digestion needs. It travels to the pool."""

    entry: Entry
    page: Document | None = None  # the linked page, where it was fetched
    known: Article | None = None  # the article this is known to be an appearance of: nothing to extract
    profile: SiteProfile = field(default_factory=SiteProfile)
    outlet: str = ""  # as configured for the source
    tags: tuple[str, ...] = ()  # of the source


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """All that one document means, before the store is asked: what the pool sends back."""

    article: Article
    removed: tuple[Removed, ...] = ()
    matches: tuple[Match, ...] = ()  # suppressed ones included
    index_title: str = ""  # normalised words of the title, for the full-text index
    index_text: str = ""  # normalised words of the text, for the full-text index
    learned: tuple[int, ...] = ()
    below: tuple[int, ...] = ()
    profile_key: str = ""
    spam_hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A stored article that might tell the same story."""

    article: int
    story: int
    title: str
    text: str
    fingerprint: Fingerprint
    canonical_url: str | None = None
    source: str = ""
    shared: int = 0  # sketch keys in common


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What an article was held to be, and why."""

    kind: str  # 'fresh', 'echo' (same story), 'copy' (same text), 'revision'
    article: int | None = None  # the article it copies or revises
    story: int | None = None  # the story it joins; None founds one
    because: str = ""
    scores: Mapping[str, float] = field(default_factory=dict)


# ── what is said ────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule as configured; stages.rules compiles it. Identity: slug."""

    slug: str
    query: str = ""  # rule language; `keywords` are joined to one by the configuration
    regex: str = ""  # RE2; instead of a query
    feeds: tuple[str, ...] = ()  # sources it is limited to; empty means all
    tags: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    variants: tuple[tuple[str, tuple[str, ...]], ...] = ()  # the sets its query names, with their forms
    channels: tuple[str, ...] = ()
    severity: str = "normal"  # 'low', 'normal', 'high', 'critical'
    once_per: str = "story"  # 'story', 'article', 'day'
    updates: bool = False
    max_age: float | None = 7 * 86400.0  # seconds; None means no limit
    enabled: bool = True
    version: int = 1
    must_match: tuple[str, ...] = ()
    must_not_match: tuple[str, ...] = ()


class Hit(NamedTuple):
    """One place in an article that made a rule match.

    A tuple, since an article may have hundreds, each made once and sent from a worker to the daemon.
    """

    term: str  # as the rule has it
    field: str  # 'title', 'text', 'author', or a metadata field
    start: int  # characters into the stored field; start == end for metadata
    end: int
    sentence: str = ""
    sentence_start: int = 0
    variant: str = ""  # the form of a variant set that hit


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A rule found in an article, with its evidence."""

    rule: str
    version: int
    hits: tuple[Hit, ...]
    suppressed: bool = False  # only in text that cleaning removed
    removed: int | None = None  # index of that block in Digest.removed
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Something worth saying, once. `key` is unique in the store and so decides what a repeat is."""

    key: str  # 'rule/story:7', 'rule/article:9', …
    rule: str
    match: Match
    channels: tuple[str, ...]
    severity: str
    created_at: datetime
    because: str = ""


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"  # waiting for `try_at`
    CLAIMED = "claimed"  # being sent, under a lease
    SENT = "sent"  # acknowledged by the other side
    UNCERTAIN = "uncertain"  # broke after hand-over: will be sent again under the same id
    DEAD = "dead"  # given up; shown until retried or dropped
    DROPPED = "dropped"  # given up by hand, kept for the record


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertView:
    """An alert with all that a message about it needs."""

    number: int
    key: str
    rule: str
    rule_version: int
    severity: str
    created_at: datetime
    title: str
    url: str | None
    outlet: str
    language: str
    byline: str
    published_at: datetime | None
    first_seen_at: datetime
    article: int
    story: int
    hits: tuple[Hit, ...]
    because: str
    story_outlets: tuple[str, ...] = ()  # other outlets of the story, in order of appearance
    excerpt: str = ""
    update_of: int | None = None  # number of the first alert of the story, for threading


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message to one target, holding one or more alerts, or a notice of the program itself."""

    number: int
    public_id: str  # stable across retries: Message-ID, webhook-id
    channel: str  # slug
    target: str  # mail address, URL …; a channel without targets has ''
    kind: str = "alert"  # 'alert', 'digest', 'summary' (over a cap), 'notice', 'test'
    created_at: datetime
    due_at: datetime | None = None  # when it was first to be sent; later than created_at for a digest
    attempts: int = 0
    subject: str = ""  # for notices; messages of alerts are rendered from their alerts
    body: str = ""
    thread_id: str = ""  # public_id of the first delivery of the story to this target
    alerts: tuple[AlertView, ...] = ()  # the first so many; `more` counts the rest
    more: int = 0
