"""A feed as a source: conditional GET, parse only what changed, say when to come again.

Plain well-formed XML is read here on the event loop (a millisecond); everything else goes to a worker through
`run_elsewhere`. The cursor holds validators, the hash of the last body that parsed, and what the feed said of its
own pace; it is saved with the entries, so a kill in between means one harmless re-read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from monitor.errors import MonitorError, Permanent, Temporary
from monitor.ports import Pull, SourceRow
from monitor.sources.running import RunElsewhere
from monitor.stages import pace
from monitor.stages.parse import VERSION, Feed, Found, discover, parse, parse_plain
from monitor.web import Answer, Web

PARSE_DEADLINE = 30.0
_SAME_BREAKAGE = 3  # so often the same unreadable body: it is not a transmission fault
_FULL_AGAIN = 8  # every so many failures a full look, whatever the server says


class FeedSource:
    """Pulls RSS, RDF, Atom and JSON feeds.

    `headers_of`: slug and address → request headers with their secrets filled in; they never reach the store.
    """

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
        """One visit. Raises Temporary, Permanent or Gone; an error may carry a cursor that is to be kept."""
        afresh: dict[str, Any] = {"address": source.address}
        cursor = dict(source.cursor) if source.cursor.get("address") == source.address else afresh
        if "found" not in cursor:
            return await self._visit(source, cursor, now, look=source.last_success_at is None)
        try:
            return await self._visit(source, cursor, now, look=False)
        except Permanent:  # the feed that a page named is gone: perhaps the page names another
            return await self._visit(source, afresh, now, look=True)

    async def _visit(self, source: SourceRow, cursor: dict[str, Any], now: datetime, *, look: bool) -> Pull:
        """One visit with what the cursor knows. `look`: a page may lead to the feed it names."""
        address = str(cursor.get("found") or source.address)
        answer = await self._ask(source.slug, address, cursor)
        if answer.status == 304:
            return self._unchanged(source, cursor, answer, now)
        digest = hashlib.sha256(answer.body).hexdigest()
        if digest == cursor.get("hash"):
            cursor |= _validators(answer)
            return self._unchanged(source, cursor, answer, now)
        if _still_broken(cursor, digest):
            raise _again(cursor, digest, answer)
        warnings: list[str] = []
        try:
            feed = await self._read(answer, source, now)
        except MonitorError as error:
            better = await self._look_in_page(error, answer, source, now) if look else None
            if better is None:
                raise _with_cursor(error, _broken(cursor, digest, answer, error)) from error
            found, answer, feed = better
            cursor["found"] = found.url
            digest = hashlib.sha256(answer.body).hexdigest()
            warnings.append(f"the address is a web page; the feed it names is read instead: {found.url}")
        return self._changed(source, feed, answer, digest, cursor, warnings, now)

    async def stirring(self) -> tuple[str, ...]:
        """Nobody knows without asking."""
        return ()

    async def acknowledge(self, source: SourceRow, pull: Pull) -> None:
        """Nothing to do: validators were saved with the entries."""

    async def _ask(self, slug: str, address: str, cursor: Mapping[str, Any]) -> Answer:
        validators: Mapping[str, Any] = cursor
        broken = cursor.get("broken")
        if broken and broken.get("times", 0) >= _SAME_BREAKAGE and broken["times"] % _FULL_AGAIN:
            validators = broken
        answer = await self._web.get(
            address,
            etag=validators.get("etag"),
            last_modified=validators.get("last_modified"),
            headers=self._headers_of(slug, address),
        )
        if answer.status == 304 and validators is broken:
            raise _again(cursor, str(broken["hash"]), answer)
        if answer.status == 304 and not cursor.get("hash"):
            raise Temporary("HTTP 304 'not modified' to a question that had no condition", kind="http-304")
        return answer

    async def _read(self, answer: Answer, source: SourceRow, now: datetime) -> Feed:
        document = answer.document()
        feed = parse_plain(document, source=source.slug, now=now)
        if feed is None:
            feed = await self._run_elsewhere(_parse, document, source.slug, now, deadline=PARSE_DEADLINE)
        assert feed is not None
        return feed

    async def _look_in_page(
        self, error: MonitorError, answer: Answer, source: SourceRow, now: datetime
    ) -> tuple[Found, Answer, Feed] | None:
        """The feed that a page given as a feed address names."""
        if getattr(error, "kind", "") != "web-page":
            return None
        candidates = await self._run_elsewhere(discover, answer.document(), deadline=PARSE_DEADLINE)
        tried = ""
        for found in [candidate for candidate in candidates if candidate.declared][:3]:
            try:
                second = await self._web.get(found.url)
                return found, second, await self._read(second, source, now)
            except MonitorError as fault:
                tried = tried or f"answers a web page; the feed it names, {found.url}, cannot be had: {fault}"
        if tried:
            raise Temporary(tried, kind="web-page") from error
        return None

    def _unchanged(self, source: SourceRow, cursor: dict[str, Any], answer: Answer, now: datetime) -> Pull:
        cursor["idle"] = min(int(cursor.get("idle", 0)) + 1, 32)
        cursor |= {name: value for name, value in _validators(answer).items() if value}  # a 304 may bring new ones
        cursor.pop("broken", None)
        # The same body as the one that parsed before: so the target of a permanent redirect is a feed.
        moved_to = answer.moved_to if answer.status == 200 and not cursor.get("found") else None
        cursor["address"] = moved_to or source.address
        return Pull(
            cursor=cursor,
            unchanged=True,
            status=answer.status,
            received=answer.received,
            moved_to=moved_to,
            hint=_hint(cursor, answer),
            not_before=_not_before(source.every, cursor, now),
        )

    def _changed(
        self,
        source: SourceRow,
        feed: Feed,
        answer: Answer,
        digest: str,
        before: Mapping[str, Any],
        warnings: list[str],
        now: datetime,
    ) -> Pull:
        moved_to = None if "found" in before else answer.moved_to
        cursor: dict[str, Any] = {"address": moved_to or source.address, "title": feed.title, "idle": 0}
        if "found" in before:
            cursor["found"] = before["found"]
        if not feed.damaged:  # of a feed cut off in the middle the rest is still wanted
            cursor |= {"hash": digest, **_validators(answer)}
        if feed.ttl:
            cursor["ttl"] = feed.ttl
        if feed.skip_hours:
            cursor["skip_hours"] = list(feed.skip_hours)
        if feed.skip_days:
            cursor["skip_days"] = list(feed.skip_days)
        entries = feed.entries
        outlet, language = str(source.options.get("outlet") or ""), str(source.options.get("language") or "")
        if outlet or language:
            entries = tuple(
                replace(
                    entry,
                    outlet=outlet if outlet and entry.outlet in ("", feed.title) else entry.outlet,
                    language=entry.language or language,
                )
                for entry in entries
            )
        return Pull(
            entries=entries,
            cursor=cursor,
            status=answer.status,
            received=answer.received,
            moved_to=moved_to,
            hint=_hint(cursor, answer),
            not_before=_not_before(source.every, cursor, now),
            warnings=(*warnings, *feed.warnings),
            refused=feed.refused,
        )


def _parse(document: Any, slug: str, now: datetime) -> Feed:
    """What runs in the worker."""
    return parse(document, source=slug, now=now)


def _validators(answer: Answer) -> dict[str, str | None]:
    return {"etag": answer.headers.get("etag"), "last_modified": answer.headers.get("last-modified")}


def _hint(cursor: Mapping[str, Any], answer: Answer) -> float | None:
    asked = [cursor.get("ttl"), pace.max_age(answer.headers.get("cache-control"))]
    return max((float(seconds) for seconds in asked if seconds), default=None)


def _not_before(every: float, cursor: Mapping[str, Any], now: datetime) -> datetime | None:
    hours, days = cursor.get("skip_hours", ()), cursor.get("skip_days", ())
    if not hours and not days:
        return None
    due = now + timedelta(seconds=every)
    allowed = pace.skip(due, hours, days)
    return allowed if allowed > due else None


def _still_broken(cursor: Mapping[str, Any], digest: str) -> bool:
    broken = cursor.get("broken") or {}
    return broken.get("hash") == digest and broken.get("version") == VERSION


def _broken(cursor: Mapping[str, Any], digest: str, answer: Answer, error: MonitorError) -> dict[str, Any]:
    """The cursor with a note on a body that did not parse; the validators of the last good one stay."""
    note = {
        "hash": digest,
        "version": VERSION,
        "times": 1,
        "because": str(error),
        "kind": getattr(error, "kind", ""),
        "hard": isinstance(error, Permanent),
        **_validators(answer),
    }
    return {**cursor, "broken": note}


def _again(cursor: Mapping[str, Any], digest: str, answer: Answer) -> MonitorError:
    """The same failure as last time, without parsing again."""
    note = dict(cursor["broken"])
    note["times"] = int(note.get("times", 1)) + 1
    if answer.status == 200:
        note |= _validators(answer)
    kept = {**cursor, "broken": note}
    if note.get("hard"):
        return Permanent(str(note["because"]), kind=str(note["kind"]), cursor=kept)
    return Temporary(str(note["because"]), kind=str(note["kind"]), cursor=kept)


def _with_cursor(error: MonitorError, cursor: dict[str, Any]) -> MonitorError:
    if isinstance(error, Permanent | Temporary):
        error.cursor = cursor
    return error
