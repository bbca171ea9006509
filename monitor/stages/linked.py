"""What a page's JSON-LD says of the article it holds: date, authors, publisher. Pure.

A page describes many things beside its article (the site, a trail, a video, other articles): only what calls itself
an article speaks for the page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from monitor.model import Metadata
from monitor.stages.kinds import fields

_ARTICLE = re.compile(r"(?:Article|Posting|Report|Review|Interview)$")
_NOBODY = re.compile(r"Organization|^https?://")
_COMMENT = re.compile(r"^\s*(?:<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/)|(?://\s*)?(?:-->|\]\]>)\s*(?:\*/)?\s*$")
_DEEP = 4
_MOST = 200  # objects looked at


def said(tree: Any, fetched_at: datetime | None) -> Metadata:
    """The metadata of the first article that the page (an lxml tree) describes; nothing is known where it does not."""
    for script in tree.iterfind(".//script[@type='application/ld+json']"):
        for item in _articles(_read(script.text or "")):
            people = {key: _people(item[key]) for key in ("author", "creator") if key in item}
            return fields.metadata_of(fields.folded({**item, **people}), fetched_at)
    return Metadata()


def _people(value: Any) -> list[Any]:
    """Those of the authors who are no organisations and no addresses."""
    several = value if isinstance(value, list) else [value]
    return [one for one in several if not _NOBODY.search(_told(one))]


def _told(one: Any) -> str:
    return str(one.get("@type", "")) if isinstance(one, dict) else str(one)


def _read(text: str) -> Any:
    try:
        return json.loads(_COMMENT.sub("", text).strip().rstrip(";"), strict=False)
    except (ValueError, RecursionError):
        return None


def _articles(value: Any) -> Iterator[Mapping[str, Any]]:
    waiting = [(value, 0)]
    for _ in range(_MOST):
        if not waiting:
            return
        found, depth = waiting.pop(0)
        if isinstance(found, list):
            waiting = [*((one, depth) for one in found[:_MOST]), *waiting]
        elif isinstance(found, dict):
            kinds = found.get("@type")
            names = kinds if isinstance(kinds, list) else [kinds]
            if any(isinstance(name, str) and _ARTICLE.search(name) for name in names):
                yield found
            elif depth < _DEEP:
                inner = [found[key] for key in ("@graph", "mainEntity", "mainEntityOfPage") if key in found]
                waiting = [*((one, depth + 1) for one in inner), *waiting]
