"""XML sitemaps → entries: news sitemaps, plain ones, index files, lists of addresses in plain text.

Pure; runs in a worker for all but small files. An entry of a sitemap has no body: its page is the article.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lxml import etree

from monitor.errors import Permanent, Temporary
from monitor.model import Document, Entry
from monitor.stages import parse
from monitor.stages.parse.dates import parse_date
from monitor.stages.parse.decode import decode
from monitor.stages.parse.feed import identity
from monitor.stages.parse.page import looks_like_page
from monitor.stages.parse.repair import MAX_DEPTH, depth, mend
from monitor.stages.parse.text import plain, scrub, web_link

MAX_URLS = 50_000  # of one file, as the protocol says
_FUTURE = timedelta(days=1)
_ROOT = re.compile(r"<(?:\w{1,20}:)?(?:urlset|sitemapindex)[\s>]", re.IGNORECASE)
_END = re.compile(r"</(?:\w{1,20}:)?(?:urlset|sitemapindex)\s*>", re.IGNORECASE)
_PART = re.compile(r"</(?:\w{1,20}:)?(?:url|sitemap)\s*>", re.IGNORECASE)
CUT = "the sitemap ends in the middle; what is complete was read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A sitemap named by an index."""

    url: str
    modified: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitemap:
    """A sitemap as understood: either entries or children."""

    entries: tuple[Entry, ...] = ()
    children: tuple[Child, ...] = ()
    warnings: tuple[str, ...] = ()
    damaged: bool = False  # cut off: what is complete was kept


def parse_sitemap(document: Document, *, source: str = "", now: datetime | None = None) -> Sitemap:
    """What a sitemap names. A feed in place of a sitemap is read too, as the protocol allows.

    Raises Temporary (kind 'empty') or Permanent (kind 'web-page', 'not-a-sitemap', 'too-deep').
    """
    if not document.body.strip():
        raise Temporary("the answer is empty", kind="empty")
    text, _ = decode(document.body, document.charset)
    text = scrub(text.lstrip("\ufeff \t\r\n"))
    root = _ROOT.search(text)
    if root is None and text.startswith("{"):
        return Sitemap(entries=parse.parse(document, source=source, now=now).entries)
    if root is None and not text.startswith("<"):
        return _text_list(text, document, source)
    text, cut = _whole(text, root.start()) if root else (text, False)
    if depth(text) > MAX_DEPTH:
        raise Permanent(f"nests elements more than {MAX_DEPTH} deep, as no sitemap does", kind="too-deep")
    tree = _tree(text)
    name = _local(tree) if tree is not None else ""
    if tree is None or name not in ("urlset", "sitemapindex"):
        if name in ("rss", "feed", "rdf"):
            return Sitemap(entries=parse.parse(document, source=source, now=now).entries)
        if looks_like_page(text, document.media_type):
            raise Permanent("answers a web page instead of a sitemap: it may have moved", kind="web-page")
        raise Permanent("answers something that is no sitemap", kind="not-a-sitemap")
    latest = now + _FUTURE if now else None
    warnings = [CUT] if cut else []
    if name == "sitemapindex":
        children = (_child(node, document.url, latest) for node in tree)
        found = tuple(child for child in children if child is not None)[:MAX_URLS]
        return Sitemap(children=found, warnings=tuple(warnings), damaged=cut)
    entries: dict[str, Entry] = {}
    for node in tree:
        entry = _entry(node, document.url, source, latest)
        if entry is not None:
            entries.setdefault(entry.guid, entry)
        if len(entries) >= MAX_URLS:
            warnings.append(f"more than {MAX_URLS:,} addresses; the rest is left")
            break
    return Sitemap(entries=tuple(entries.values()), warnings=tuple(warnings), damaged=cut)


def _whole(text: str, start: int) -> tuple[str, bool]:
    """The sitemap without what stands around it, and whether its end is missing: then up to its last whole part."""
    end = _last(_END, text, start)
    if end >= 0:
        return text[start:end], False
    end = _last(_PART, text, start)
    return text[start : end if end >= 0 else len(text)], True


def _last(pattern: re.Pattern[str], text: str, start: int) -> int:
    ends = [match.end() for match in pattern.finditer(text, max(start, len(text) - 20_000))]
    return ends[-1] if ends else max((match.end() for match in pattern.finditer(text, start)), default=-1)


def _tree(text: str) -> Any:
    """The root element; what is broken is mended by rule first, then by libxml2."""
    for recover in (False, True):
        parser = etree.XMLParser(
            encoding="utf-8",
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            remove_comments=True,
            recover=recover,
        )
        try:
            return etree.fromstring((mend(text) if recover else text).encode("utf-8", "replace"), parser)
        except (etree.XMLSyntaxError, ValueError):
            continue
    return None


def _local(node: Any) -> str:
    return node.tag.rpartition("}")[2].lower() if isinstance(node.tag, str) else ""


def _child(node: Any, base: str | None, latest: datetime | None) -> Child | None:
    said = {_local(inner): (inner.text or "").strip() for inner in node}
    url = web_link(said.get("loc"), base)
    return Child(url=url, modified=_date(said.get("lastmod"), latest)) if url else None


def _entry(node: Any, base: str | None, source: str, latest: datetime | None) -> Entry | None:
    said: dict[str, str] = {}
    for inner in node:
        name = _local(inner)
        if name == "news":
            for part in inner.iter():
                if part is not inner:
                    said.setdefault(f"news:{_local(part)}", (part.text or "").strip())
        else:
            said.setdefault(name, (inner.text or "").strip())
    url = web_link(said.get("loc"), base)
    if url is None:
        return None
    modified = _date(said.get("lastmod"), latest)
    keywords = (plain(word, 100) for word in said.get("news:keywords", "").split(",")[:50])
    return Entry(
        source=source,
        guid=identity(url),
        url=url,
        title=plain(said.get("news:title")),
        outlet=plain(said.get("news:name"), 300),
        language=said.get("news:language", "").lower()[:8] if said.get("news:language", "").isascii() else "",
        tags=tuple(word for word in keywords if word),
        published_at=_date(said.get("news:publication_date"), latest),
        updated_at=modified,
    )


def _text_list(text: str, document: Document, source: str) -> Sitemap:
    urls = dict.fromkeys(web_link(line, None) for line in text.splitlines()[:MAX_URLS])
    entries = tuple(Entry(source=source, guid=identity(url), url=url) for url in urls if url)
    if not entries:
        raise Permanent("answers something that is no sitemap", kind="not-a-sitemap")
    return Sitemap(entries=entries)


def _date(text: str | None, latest: datetime | None) -> datetime | None:
    found = parse_date(text) if text else None
    return None if found and latest and found > latest else found
