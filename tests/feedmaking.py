"""Feeds for tests, and the pool's stand-in: what runs elsewhere runs here."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from typing import Any


async def run_here(function: str | Callable[..., Any], *args: Any, deadline: float) -> Any:
    """`Pool.run` without a pool."""
    if isinstance(function, str):
        function = pkgutil.resolve_name(function)
    return function(*args)


def rss(
    *items: str, head: str = "", attributes: str = "", declaration: str = '<?xml version="1.0" encoding="utf-8"?>'
) -> bytes:
    """An RSS 2.0 feed of these items."""
    channel = f"<title>At news</title><link>https://news.example/</link><description>d</description>{head}"
    return f'{declaration}\n<rss version="2.0"{attributes}><channel>{channel}{"".join(items)}</channel></rss>'.encode()


def item(number: int = 1, **fields: str) -> str:
    """An RSS item; a field given as '' is left out."""
    said = {
        "title": f"Story {number}",
        "link": f"https://news.example/{number}",
        "guid": f"g-{number}",
        "pubDate": "Sun, 22 Nov 2026 10:00:00 +0000",
        "description": f"The envoy said {number} things.",
        **fields,
    }
    return "<item>" + "".join(f"<{name}>{value}</{name}>" for name, value in said.items() if value) + "</item>"


def atom(*entries: str, attributes: str = "", head: str = "") -> bytes:
    """An Atom feed of these entries."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"{attributes}>'
        f'<title>At news</title><link href="https://news.example/"/>{head}{"".join(entries)}</feed>'
    ).encode()
