"""A site's sitemap as a source: news sitemaps, plain ones, and index files with their children.

Only what is new is announced: pages dated within the last days, and pages without a date that were not there on
the first visit. An index is visited child by child, a bounded number each time, and only where something changed;
a child may be an index again.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from monitor.errors import Gone, MonitorError, Temporary
from monitor.model import Entry
from monitor.ports import Pull, SourceRow
from monitor.sources import sitemap_index
from monitor.sources.running import RunElsewhere
from monitor.sources.sitemap_index import RECENT
from monitor.stages import pace
from monitor.stages.parse.sitemap import Child, Sitemap, parse_sitemap
from monitor.web import Answer, Web

ACCEPT = "application/xml, text/xml;q=0.9, text/plain;q=0.5, */*;q=0.3"
PARSE_DEADLINE = 30.0
SMALL = 64 * 1024  # bytes that are parsed on the event loop
CHILDREN_PER_VISIT = 20
MAX_ENTRIES = 1000  # announced by one visit
MAX_KNOWN = 100_000  # undated pages remembered


class SitemapSource:
    """Pulls sitemaps. `headers_of`: slug and address → request headers, secrets filled in."""

    def __init__(
        self,
        web: Web,
        run_elsewhere: RunElsewhere,
        headers_of: Callable[[str, str], Mapping[str, str]] = lambda slug, address: {},
    ):
        self._web = web
        self._run_elsewhere = run_elsewhere
        self._headers_of = headers_of

    async def pull(self, source: SourceRow, now: datetime) -> Pull:
        """One visit. Raises Temporary, Permanent or Gone as for a feed."""
        same = source.cursor.get("address") == source.address
        before: Mapping[str, Any] = source.cursor if same else {}
        top, sitemap, note = await self._fetch(source, source.address, before.get("top") or {}, now)
        moved_to = top.moved_to if sitemap is not None else None
        cursor: dict[str, Any] = {"settling": True, **before, "address": moved_to or source.address, "top": note}
        warnings: list[str] = []
        found: list[Entry] = []
        more = False
        if sitemap is not None and sitemap.children:
            _grow(cursor, "", sitemap.children, warnings, now)
            warnings += sitemap.warnings
        elif sitemap is not None:
            cursor.pop("children", None)
            found += sitemap.entries
            warnings += sitemap.warnings
        if cursor.get("children"):
            cursor["children"] = dict(cursor["children"])  # the old cursor stays as it was: the two are compared
            more = await self._visit_children(source, cursor, found, warnings, now)
        entries, left = _news(found, cursor, now)
        if left:
            warnings.append(f"{left:,} pages that were there already or are old are not fetched")
        if len(entries) > MAX_ENTRIES:
            warnings.append(f"{len(entries):,} new pages at once; the newest {MAX_ENTRIES:,} are taken")
        entries = _configured(entries[:MAX_ENTRIES], source)
        unchanged = not found and top.status in (200, 304) and sitemap is None
        cursor["idle"] = 0 if entries else min(int(before.get("idle", 0)) + 1, 32)
        return Pull(
            entries=tuple(entries),
            cursor=cursor,
            unchanged=unchanged and not entries,
            status=top.status,
            received=top.received,
            moved_to=moved_to,
            hint=pace.max_age(top.headers.get("cache-control")),
            warnings=tuple(warnings),
            more=more,
        )

    async def stirring(self) -> tuple[str, ...]:
        """Nobody knows without asking."""
        return ()

    async def acknowledge(self, source: SourceRow, pull: Pull) -> None:
        """Nothing to do: the cursor was saved with the entries."""

    async def _fetch(
        self, source: SourceRow, url: str, note: Mapping[str, Any], now: datetime
    ) -> tuple[Answer, Sitemap | None, dict[str, Any]]:
        """The answer, the sitemap (None: unchanged), and the note on this address for the cursor."""
        answer = await self._web.get(
            url,
            etag=note.get("etag"),
            last_modified=note.get("last_modified"),
            accept=ACCEPT,
            headers=self._headers_of(source.slug, url),
        )
        if answer.status == 304:
            if not note.get("hash"):
                raise Temporary("HTTP 304 'not modified' to a question that had no condition", kind="http-304")
            return answer, None, dict(note)
        digest = hashlib.sha256(answer.body).hexdigest()[:32]
        fresh = {
            "hash": digest,
            "etag": answer.headers.get("etag"),
            "last_modified": answer.headers.get("last-modified"),
        }
        if digest == note.get("hash"):
            return answer, None, fresh
        document = answer.document()
        if len(answer.body) <= SMALL:
            sitemap = parse_sitemap(document, source=source.slug, now=now)
        else:
            sitemap = await self._run_elsewhere(_parse, document, source.slug, now, deadline=PARSE_DEADLINE)
        return answer, sitemap, {} if sitemap.damaged else fresh  # of one cut off the rest is still wanted

    async def _visit_children(
        self, source: SourceRow, cursor: dict[str, Any], found: list[Entry], warnings: list[str], now: datetime
    ) -> bool:
        """Visit the children that are due; their entries go to `found`. True if more of them are waiting.

        One that cannot be had is named and holds up no other. Raises Temporary where none at all can be had.
        """
        visited: set[str] = set()
        trouble = ""
        for _ in range(CHILDREN_PER_VISIT):
            notes: dict[str, Any] = cursor["children"]
            url = next((url for url in sitemap_index.due(notes, now) if url not in visited), None)
            if url is None:
                break
            visited.add(url)
            note = notes[url]
            try:
                _, sitemap, fresh = await self._fetch(source, url, note, now)
            except Gone:
                trouble = f"{url}: gone for good"
                notes[url] = {**note, "seen": note.get("said"), "at": now.timestamp(), "gone": True}
            except MonitorError as error:
                trouble = f"{url}: {error}"
                warnings.append(trouble)
                notes[url] = sitemap_index.failed(note, source.every, now)
            else:
                notes[url] = sitemap_index.read(note, fresh, now)
                if sitemap is not None:
                    found += sitemap.entries
                    warnings += sitemap.warnings
                    _grow(cursor, url, sitemap.children, warnings, now)
        notes = cursor["children"]
        if trouble and sitemap_index.all_failed(notes):
            because = f"none of the sitemaps it names can be had: {trouble}"
            raise Temporary(because, kind="children", cursor=cursor)
        return any("at" not in notes[url] for url in sitemap_index.due(notes, now) if url not in visited)


def _grow(cursor: dict[str, Any], index: str, children: Sequence[Child], warnings: list[str], now: datetime) -> None:
    """Take over what an index names; `index` is its address, '' the source's own."""
    known: dict[str, Any] = cursor.get("children") or {}
    if index and not children and not any(note.get("under") == index for note in known.values()):
        return  # a plain sitemap
    if index and children and known[index].get("depth", 1) >= sitemap_index.MAX_DEPTH:
        warnings.append(f"{index}: indexes nest more than {sitemap_index.MAX_DEPTH} deep; what it names is left")
        return
    notes, left = sitemap_index.merged(known, index, children, now)
    notes.pop(str(cursor["address"]), None)  # an index that names itself
    cursor["children"] = notes
    if left:
        most = sitemap_index.MAX_CHILDREN
        warnings.append(f"{index or cursor['address']}: more than {most:,} sitemaps in all; {left:,} are left")


def _parse(document: Any, slug: str, now: datetime) -> Sitemap:
    """What runs in the worker."""
    return parse_sitemap(document, source=slug, now=now)


def _news(found: list[Entry], cursor: dict[str, Any], now: datetime) -> tuple[list[Entry], int]:
    """The entries worth announcing, newest first, and how many were left out. Remembers undated ones.

    While it is settling, that is until every sitemap has been visited once, pages without a date are no news.
    """
    news: list[Entry] = []
    known = dict.fromkeys(cursor.get("known", ()))
    left = 0
    for entry in found:
        moment = entry.published_at or entry.updated_at
        if moment is not None:
            if moment > now - RECENT:
                news.append(entry)
            else:
                left += 1
            continue
        mark = urlsafe_b64encode(hashlib.blake2b(entry.guid.encode(), digest_size=6).digest()).decode()
        if mark in known:
            continue
        known[mark] = None
        if cursor["settling"]:
            left += 1
        else:
            news.append(entry)
    cursor["settling"] = bool(cursor.get("children")) and any("at" not in note for note in cursor["children"].values())
    if known:
        cursor["known"] = list(known)[-MAX_KNOWN:]
    news.sort(key=lambda entry: (entry.published_at or entry.updated_at or now).timestamp(), reverse=True)
    return news, left


def _configured(entries: list[Entry], source: SourceRow) -> list[Entry]:
    outlet, language = str(source.options.get("outlet") or ""), str(source.options.get("language") or "")
    if not outlet and not language:
        return entries
    return [replace(entry, outlet=outlet or entry.outlet, language=entry.language or language) for entry in entries]
