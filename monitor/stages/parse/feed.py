"""What a feed says, before and after it is made safe: `Raw` and `RawItem` come from the readers of XML, JSON
and feedparser alike; `finish` makes model entries of them: identity, plain titles, absolute links, dates.

Pure. The readers only collect strings; every rule about what they mean stands here, once.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import urljoin

from monitor.model import Document, Entry
from monitor.stages.parse.dates import parse_date, unknown_zone
from monitor.stages.parse.text import looks_like_html, plain, scrub, web_link

MAX_ENTRIES = 10_000  # more than any honest feed has; the newest are kept and the rest is reported
MAX_BODY = 2 * 1024 * 1024  # characters of one entry's body
MAX_GUID = 1000
BRIDGE_FAILS = "the bridge that makes this feed reports an error"
_FUTURE = timedelta(days=1)
_HOUR = re.compile(r"0?[0-9]|1[0-9]|2[0-4]")
_BRIDGE_ERROR = re.compile(
    r"^(?:\W*Bridge returned error\b|Bridge error\b|\[?RSS-Bridge\]? (?:error|exception)\b)", re.IGNORECASE
)


@dataclass(slots=True)
class RawItem:
    """The strings of one entry, as found."""

    guid: str = ""
    guid_is_link: bool = False
    link: str = ""
    spare_link: str = ""  # of an enclosure or another relation: where there is no other
    title: str = ""
    content: str = ""  # the full body
    summary: str = ""
    other: tuple[str, ...] = ()  # media:description, itunes:summary …: where there is no other text
    is_text: bool = False  # the body is plain text, not HTML
    title_is_text: bool = False  # the title is plain text: no markup, no entities
    author: str = ""
    outlet: str = ""
    language: str = ""
    tags: tuple[str, ...] = ()
    published: str = ""
    updated: str = ""
    other_dates: tuple[str, ...] = ()  # beside the first of each kind
    base: str | None = None  # xml:base, absolute


@dataclass(slots=True)
class Raw:
    """The strings of a feed, as found."""

    kind: str  # 'rss', 'rdf', 'atom', 'json'
    title: str = ""
    link: str = ""
    language: str = ""
    ttl: str = ""
    skip_hours: tuple[str, ...] = ()
    skip_days: tuple[str, ...] = ()
    items: list[RawItem] = field(default_factory=list)
    method: str = "strict"
    warnings: list[str] = field(default_factory=list)
    damaged: bool = False  # cut off: what is complete was kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed as understood."""

    kind: str
    title: str = ""
    link: str | None = None
    language: str = ""
    entries: tuple[Entry, ...] = ()
    ttl: float | None = None  # seconds
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[str, ...] = ()  # 'monday' …
    method: str = "strict"  # 'strict', 'repaired', 'feedparser', 'json'
    warnings: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()  # (name, reason) of what became no entry
    damaged: bool = False


def finish(raw: Raw, document: Document, *, source: str = "", now: datetime | None = None) -> Feed:
    """The feed with its entries in document order. `now` bounds dates: more than a day ahead of it is unknown."""
    title = plain(raw.title, 300)
    home = web_link(raw.link, document.url)
    base = home if raw.kind in ("rss", "rdf") and home else document.url
    warnings = list(raw.warnings)
    items = raw.items
    refused: list[tuple[str, str]] = []
    latest = now + _FUTURE if now else None
    common = _shared_links(items, home)
    found: list[Entry] = []
    dropped = 0
    for item in _newest(items, raw.language, warnings):
        entry = _entry(item, raw, source, title, base, latest, common)
        if entry is None:
            dropped += 1
        elif _BRIDGE_ERROR.match(entry.title):
            refused.append((entry.title[:200], BRIDGE_FAILS))
        else:
            found.append(entry)
    if dropped:
        refused.append((f"{dropped} empty entries" if dropped > 1 else "an empty entry", "no title, link or text"))
    if zones := sorted({zone for item in items for zone in _unknown_zones(item)}):
        names = ", ".join(zones[:5])
        warnings.append(f"dates name a time zone that is not known here ({names}); they are read as UTC")
    return Feed(
        kind=raw.kind,
        title=title,
        link=home,
        language=_language(raw.language),
        entries=_told_apart(found),
        ttl=_ttl(raw.ttl),
        skip_hours=tuple(sorted({int(h) % 24 for h in raw.skip_hours if _HOUR.fullmatch(h.strip())})),
        skip_days=tuple(sorted({d.strip().lower() for d in raw.skip_days} & _DAYS)),
        method=raw.method,
        warnings=tuple(warnings),
        refused=tuple(refused),
        damaged=raw.damaged,
    )


def _unknown_zones(item: RawItem) -> Iterator[str]:
    for text in (item.published, item.updated):
        if text and text[-1:] not in "0123456789Z" and (zone := unknown_zone(text)):
            yield zone


def _told_apart(found: list[Entry]) -> tuple[Entry, ...]:
    """The entries, each under a guid of its own; what is there twice, once.

    A guid under several links is joined with the link, as the store does for guids that are used again later. One that
    stands with the same link under several titles identifies nothing: the title joins it, wherever the entry stands.
    """
    if len({entry.guid for entry in found}) == len(found):
        return tuple(found)
    titles: dict[tuple[str, str | None], set[str]] = {}
    for entry in found:
        titles.setdefault((entry.guid, entry.url), set()).add(_headline(entry))
    taken: dict[str, Entry] = {}
    for entry in found:
        guid = entry.guid
        if len(titles[guid, entry.url]) > 1:
            guid = f"{guid} {_digest(_headline(entry))}"
        elif guid in taken and taken[guid].url != entry.url and entry.url:
            guid = f"{guid} {entry.url}"
        taken.setdefault(guid, entry if guid == entry.guid else replace(entry, guid=guid))
    return tuple(taken.values())


def _headline(entry: Entry) -> str:
    return entry.title or (entry.content.body[:500].decode("utf-8", "replace") if entry.content else "")


_DAYS = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}


def _newest(items: list[RawItem], language: str, warnings: list[str]) -> list[RawItem]:
    if len(items) <= MAX_ENTRIES:
        return items
    warnings.append(f"the feed has {len(items):,} entries; the newest {MAX_ENTRIES:,} were read")
    first, last = (parse_date(item.published or item.updated, language=language) for item in (items[0], items[-1]))
    oldest_first = first is not None and last is not None and first < last
    return items[-MAX_ENTRIES:] if oldest_first else items[:MAX_ENTRIES]


def _shared_links(items: list[RawItem], home: str | None) -> frozenset[str]:
    """Links that do not identify: several entries without guid share them, or they are the site itself."""
    counts = Counter(item.link for item in items if item.link and not item.guid)
    shared = {link for link, count in counts.items() if count > 1}
    if home:
        shared |= {home, home.rstrip("/"), home.rstrip("/") + "/"}
    return frozenset(shared)


def _entry(
    item: RawItem,
    raw: Raw,
    source: str,
    feed_title: str,
    base: str | None,
    latest: datetime | None,
    common: frozenset[str],
) -> Entry | None:
    here = _joined(base, item.base) if item.base else base
    guid = item.guid.strip()
    url = web_link(item.link, here)
    if url is None and guid and " " not in guid and ((item.guid_is_link and "/" in guid) or _is_address(raw, guid)):
        url = web_link(guid, here)
    if url is None and item.spare_link:
        url = web_link(item.spare_link, here)
    title = " ".join(scrub(item.title).split())[:2000] if item.title_is_text else plain(item.title)
    body, is_text = _body(item)
    if not (title or url or body):
        return None
    if not guid:
        if url and item.link not in common and url not in common:
            guid = url
        else:
            guid = f"content:{_digest(url or '', title, body)}"
    else:
        guid = identity(guid)
    language = _language(item.language or raw.language)
    published = _date(item.published, language, latest)
    updated = _date(item.updated, language, latest)
    for text in item.other_dates if published is None and updated is None else ():
        published = published or _date(text, language, latest)
    return Entry(
        source=source,
        guid=scrub(guid),
        url=url,
        title=title,
        author=plain(item.author, 300),
        outlet=plain(item.outlet, 300) or feed_title,
        language=language,
        tags=_tags(item.tags) if item.tags else (),
        published_at=published or updated,
        updated_at=updated,
        content=_document(body, is_text, url or here) if body else None,
    )


def _is_address(raw: Raw, guid: str) -> bool:
    """An Atom id that is a web address is where the entry stands, if no link says otherwise."""
    return raw.kind == "atom" and guid[:8].lower().startswith(("http://", "https://"))


def _joined(base: str | None, other: str) -> str | None:
    try:
        return urljoin(base or "", other)
    except ValueError:
        return base


def identity(guid: str) -> str:
    """The guid, or a digest of one that is too long to keep."""
    return guid if len(guid) <= MAX_GUID else f"long:{_digest(guid)}"


def _body(item: RawItem) -> tuple[str, bool]:
    """The best body there is: the full one, unless the summary says more; else media and podcast texts."""
    body = item.content or item.summary
    if item.content and len(item.summary) > len(item.content) and _length(item.summary) > _length(item.content):
        body = item.summary
    if not body or not body.strip():
        body = max(item.other, key=len, default="")
    body = scrub(body.strip())
    if body.startswith("<![CDATA["):  # escaped together with what it was to protect
        body = body[9:].replace("]]>", "", 1)
    if len(body) > MAX_BODY:
        body = body[:MAX_BODY]
    return body, item.is_text or not looks_like_html(body)


def _length(html: str) -> int:
    """Characters of text, roughly."""
    return len(re.sub(r"<[^<>]*>", "", html[:20_000]).strip())


def _document(body: str, is_text: bool, url: str | None) -> Document:
    return Document(
        body=body.encode("utf-8", "replace"),
        media_type="text/plain" if is_text else "text/html",
        charset="utf-8",
        url=url,
        fragment=True,
    )


def _date(text: str, language: str, latest: datetime | None) -> datetime | None:
    found = parse_date(text, language=language) if text else None
    return None if found and latest and found > latest else found


def _tags(tags: tuple[str, ...]) -> tuple[str, ...]:
    named = (plain(tag, 100) for tag in tags[:50])
    return tuple(dict.fromkeys(tag for tag in named if tag))


def _language(text: str) -> str:
    code = text.strip().replace("_", "-").lower()[:35]
    return code if re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]{1,8})*", code) else ""


def _ttl(text: str) -> float | None:
    """`ttl` is in minutes; nobody means more than a day of them."""
    digits = text.strip()
    if not digits.isascii() or not digits.isdigit():
        return None
    return min(float(digits[:9]) * 60.0, 86400.0) or None


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]
