"""The last resort: feedparser reads what neither the strict reader nor the repairs could. Slow; runs in a worker.

Its sanitiser and its relative-link resolver are off: bodies go to our own extractor, links to our own rules.
"""

from __future__ import annotations

import html
import io
import re
from typing import Any

from monitor.stages.parse.feed import Raw, RawItem

_BASE = re.compile(r"""\sxml:base\s*=\s*["']([^"'<>]{0,2000})["']""")


def read(text: str) -> Raw | None:
    """What feedparser makes of `text`; None where it finds neither a feed's version nor an entry."""
    import feedparser

    bases = _BASE.findall(text)
    if bases:  # it would resolve guids against them too, and known entries would look new
        text = _BASE.sub("", text)
    try:
        found = feedparser.parse(
            io.BytesIO(text.encode("utf-8", "replace")),
            response_headers={"content-type": "application/xml; charset=utf-8"},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception:  # it promises nothing about what it raises on hostile input
        return None
    if not found.get("version") and not found.entries:
        return None
    head = found.feed
    version = str(found.get("version") or "rss")
    raw = Raw(
        kind="atom" if version.startswith("atom") else "rdf" if version in ("rss10", "rss090") else "rss",
        title=_get(head, "title"),
        link=_get(head, "link"),
        language=_get(head, "language"),
        ttl=_get(head, "ttl"),
        method="feedparser",
    )
    raw.items = [_item(entry) for entry in found.entries]
    if bases:
        for item in raw.items:
            item.base = html.unescape(bases[0])
    return raw


def _item(entry: Any) -> RawItem:
    contents = [str(part.get("value") or "") for part in entry.get("content", ())]
    source = entry.get("source") or {}
    return RawItem(
        guid=_get(entry, "id"),
        guid_is_link=bool(entry.get("guidislink", False)),
        link=_get(entry, "link"),
        title=_get(entry, "title"),
        content=max(contents, key=len, default=""),
        summary=_get(entry, "summary"),
        other=tuple(_get(entry, name) for name in ("media_description", "subtitle") if _get(entry, name)),
        author=_get(entry, "author"),
        outlet=_get(source, "title") or _get(entry, "publisher"),
        language=_get(entry, "language"),
        tags=tuple(str(tag.get("term") or "") for tag in entry.get("tags", ())),
        published=_get(entry, "published") or _get(entry, "created"),
        updated=str(entry["updated"]) if "updated" in entry.keys() else "",  # noqa: SIM118  .get maps to published
    )


def _get(found: Any, name: str) -> str:
    value = found.get(name)
    return value if isinstance(value, str) else ""
