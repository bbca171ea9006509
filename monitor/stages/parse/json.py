"""JSON Feed 1.0 and 1.1 → `Raw`. Pure; tolerant of numbers where strings belong."""

from __future__ import annotations

import json
from typing import Any

from monitor.stages.parse.feed import Raw, RawItem

_TELLING = {"title", "url", "content_html", "content_text"}


def read(text: str) -> Raw | None:
    """The feed in `text`; None where it is no JSON Feed. Raises ValueError where it is no JSON."""
    try:
        data = json.loads(text, strict=False)  # line ends in strings are common
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(data, dict):
        return None
    items = data.get("items")
    if isinstance(items, dict):  # what PHP makes of an array with gaps
        items = list(items.values())
    if "jsonfeed.org" not in _string(data.get("version")) and not _are_entries(items):
        return None
    raw = Raw(
        kind="json",
        title=_string(data.get("title")),
        link=_string(data.get("home_page_url")),
        language=_string(data.get("language")),
        method="json",
    )
    feed_author = _authors(data)
    for found in items if isinstance(items, list) else ():
        if isinstance(found, dict):
            raw.items.append(_item(found, feed_author))
    return raw


def _are_entries(items: object) -> bool:
    return isinstance(items, list) and any(isinstance(one, dict) and _TELLING & one.keys() for one in items)


def _item(found: dict[str, Any], feed_author: str) -> RawItem:
    markup, text = _string(found.get("content_html")), _string(found.get("content_text"))
    tags = found.get("tags")
    return RawItem(
        guid=_string(found.get("id")),
        guid_is_link=True,
        link=_string(found.get("url")) or _string(found.get("external_url")),
        title=_string(found.get("title")),
        title_is_text=True,
        content=markup or text,
        is_text=not markup and bool(text),
        summary="" if markup or text else _string(found.get("summary")),
        author=_authors(found) or feed_author,
        language=_string(found.get("language")),
        tags=tuple(_string(tag) for tag in tags if _string(tag)) if isinstance(tags, list) else (),
        published=_string(found.get("date_published")),
        updated=_string(found.get("date_modified")),
    )


def _authors(found: dict[str, Any]) -> str:
    people = found.get("authors")
    if not isinstance(people, list):
        people = [found.get("author")]
    names = (_string(person.get("name")) if isinstance(person, dict) else _string(person) for person in people)
    return ", ".join(name for name in names if name)


def _string(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
