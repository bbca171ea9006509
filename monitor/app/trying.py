"""Looking before storing: what a visit to a source would bring, and which feeds a page names. Writes nothing.

Parsing runs in a thread of this process, so this is for commands, which end.
"""

from __future__ import annotations

import asyncio
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitor.app import watching
from monitor.app.web import open_web
from monitor.config import Config
from monitor.errors import MonitorError, Permanent
from monitor.model import Article, Entry, Work
from monitor.ports import Pull, Source, SourceRow
from monitor.sources.feed import FeedSource
from monitor.sources.folder import FolderSource
from monitor.sources.sitemap import SitemapSource
from monitor.stages.parse import Found, discover


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """An entry and what would be made of it."""

    entry: Entry
    page: str  # whether its page would be fetched, and why
    article: Article | None = None
    removed: int = 0  # blocks that cleaning takes out
    rules: tuple[str, ...] = ()
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What stands at an address: a feed, or a page that names some."""

    feed: str | None = None  # the feed's title, if it is one
    entries: int = 0
    found: tuple[Found, ...] = ()


def row_of(config: Config, target: str) -> SourceRow:
    """The configured source of this name, or a feed at this address. Raises Permanent for neither."""
    for row, settings in watching.source_rows(config):
        if row.slug == target:
            return SourceRow(
                slug=row.slug,
                kind=row.kind,
                address=row.address,
                every=row.every,
                tags=row.tags,
                options={
                    **row.options,
                    "outlet": settings["outlet"],
                    **({"after": "keep"} if row.kind == "folder" else {}),
                },
            )
    if "://" not in target and not target.startswith("feed:"):
        raise Permanent(f"there is no source '{target}', and it is no address either", kind="unknown-source")
    return SourceRow(slug="test", kind="feed", address=target, every=900.0, options={"fulltext": "auto"})


async def visit(config: Config, row: SourceRow, now: datetime) -> Pull:
    """What a first visit to a source would bring. Raises as `Source.pull` does."""
    async with open_web(config) as web:

        def headers(slug: str, url: str) -> dict[str, str]:
            return watching.headers_of(config, slug, url)

        sources: dict[str, Source] = {
            "feed": FeedSource(web, _here, headers),
            "sitemap": SitemapSource(web, _here, headers),
            "folder": FolderSource(_here),
        }
        return await sources[row.kind].pull(row, now)


def read(config: Config, row: SourceRow, entries: tuple[Entry, ...]) -> list[Reading]:
    """What digestion would make of entries, from their own text, with the rules of the configuration."""
    from monitor.pool import Change
    from monitor.pool.tenant import apply, open_book
    from monitor.stages import fulltext
    from monitor.stages.digest import digest

    book = open_book()
    apply(book, [Change(slug=slug, rule=rule, variants=config.variants) for slug, rule in config.rules.items()])
    setting = str(row.options.get("fulltext", "auto"))
    readings = []
    for entry in entries:
        page = fulltext.wish(entry, setting)
        said = f"{'yes' if page.wanted else 'no'}: {page.because}"
        try:
            found = digest(Work(entry=entry, tags=row.tags), book)
        except MonitorError as error:
            readings.append(Reading(entry=entry, page=said, fault=str(error)))
            continue
        rules = tuple(dict.fromkeys(match.rule for match in found.matches if not match.suppressed))
        readings.append(Reading(entry=entry, page=said, article=found.article, removed=len(found.removed), rules=rules))
    return readings


async def look(config: Config, url: str) -> Page:
    """What stands at an address. Raises Temporary or Permanent where nothing can be had."""
    async with open_web(config) as web:
        answer = await web.get(url)
    document = answer.document()
    try:
        feed = await _here("monitor.stages.parse:parse", document, deadline=60.0)
        return Page(feed=feed.title or answer.url, entries=len(feed.entries))
    except Permanent as error:
        if error.kind not in ("web-page", "not-a-feed"):
            raise
    return Page(found=discover(document))


async def _here(function: str | Callable[..., Any], *args: Any, deadline: float) -> Any:
    found: Callable[..., Any] = pkgutil.resolve_name(function) if isinstance(function, str) else function
    return await asyncio.wait_for(asyncio.to_thread(found, *args), deadline)
