"""The story of one source, and of one entry: gather → digest → settle.

Gathering ends in rows that are pending, digesting in a value, settling in one transaction that writes all an entry
means, or nothing (settle.py). Every hand-over can be cut by a power failure: what was not committed is done again.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from monitor.care import Care
from monitor.errors import MonitorError, Permanent, StoreError, Temporary
from monitor.model import Article, Digest, Document, Entry, EntryState, Work
from monitor.ports import Pull, Source, SourceRow
from monitor.settle import Outcome, Settlement, Settler
from monitor.stages import flood, fulltext, pace
from monitor.store import articles, entries, held, profiles, raw, sources
from monitor.store.batch import GroupCommit
from monitor.store.connection import Connection, Store
from monitor.store.entries import PendingEntry

log = structlog.get_logger()

POLL_LEASE = timedelta(minutes=10)  # longer than the deadline of any poll
ENTRY_LEASE = timedelta(minutes=10)  # longer than a page fetch and a digestion together
CLAIM = 64  # sources claimed in one transaction
WINDOW = 32  # entries in hand that are not waiting for a page: each may hold a document of some MiB
FETCHING = 256  # entries whose page is being fetched; the web client has its own, lower, limits
FETCHING_EACH = 16  # of one source: a server that hangs must not take all the places
DIGEST = "monitor.stages.digest:digest"  # named, not imported: trafilatura belongs in the workers
ATTEMPTS = 5  # tries to have an entry's page

Spawn = Callable[[Coroutine[Any, Any, None]], object]


class Pool(Protocol):
    """Where digestion runs; its workers hold the rule book. Raises Permanent for a document it cannot digest."""

    async def run(self, function: str, *args: Any, deadline: float, book: bool = False) -> Any: ...


class Pages(Protocol):
    """Where linked pages come from. Raises Temporary or Permanent."""

    async def page(self, url: str) -> Document: ...


@dataclass(frozen=True, slots=True)
class Polled:
    """One visit to a source, to be written down: what it brought, or why it failed."""

    row: SourceRow
    started: datetime
    ended: datetime
    pull: Pull | None = None
    error: MonitorError | None = None


class Pipeline:
    """Runs polls and entries with the live parts it is given. `run` is the id of this process's run."""

    def __init__(
        self,
        *,
        store: Store,
        raw_store: Store,
        pool: Pool,
        sources: Mapping[str, Source],
        pages: Pages,
        settler: Settler,
        run: str,
        clock: Callable[[], datetime],
        workers: int,
        deadline: float,
        care: Care | None = None,
        pages_per_poll: int = 20,
    ) -> None:
        """`deadline`: seconds for one document in the pool, of which `workers` are at work at a time.

        `pages_per_poll`: linked pages fetched per source and visit, 0 for all; the others are queued.
        """
        self.store = store
        self.pool = pool
        self.sources = sources
        self.pages = pages
        self.run = run
        self.clock = clock
        self.deadline = deadline
        self.care = care or Care()
        self.pages_per_poll = pages_per_poll
        self.wake = asyncio.Event()  # set when entries are pending
        self.alerted = asyncio.Event()  # set when deliveries were born
        self.claimed = 0  # entries this run has taken in hand
        self._stopping = False
        self._window = asyncio.Semaphore(WINDOW)
        self._in_pool = asyncio.Semaphore(2 * workers)  # enough to keep every worker busy, and polls want some too
        self._fetching: Counter[int] = Counter()  # source → its entries whose page is being fetched
        self._polls = GroupCommit(store, self._write_poll)
        # While every place in the pool is taken its results are about to come: together they cost one commit.
        self._documents = GroupCommit(raw_store, self._write_document, more=self._in_pool.locked)
        self._settlements = GroupCommit(store, settler.settle, more=self._in_pool.locked)

    # ── gather ──────────────────────────────────────────────────────────────────────────────────

    async def poll_due(self, spawn: Spawn, *, everything: bool = False, limit: int = CLAIM) -> int:
        """Claim sources whose time has come, or that stir, and start a task for each. Returns how many were started."""
        now = self.clock()
        stirring = [slug for source in self.sources.values() for slug in await source.stirring()]

        def claim(db: Connection) -> list[SourceRow]:
            for slug in stirring:
                sources.bring_forward(db, slug, now)
            return sources.claim_due(db, now, self.run, POLL_LEASE, limit, everything=everything)

        rows = await self.store.write(claim)
        for row in rows:
            spawn(self.poll(row))
        return len(rows)

    async def poll(self, row: SourceRow) -> None:
        """Visit one source and write down what it brought, with its cursor, in one transaction."""
        started = self.clock()
        source = self.sources[row.kind]
        try:
            pull = await source.pull(row, started)
        except MonitorError as error:
            await self._polls.do(Polled(row, started, self.clock(), error=error))
            return
        except Exception as error:  # a bug must not stop the other sources
            log.exception("poll.bug", source=row.slug)
            fault = Temporary(f"internal error: {error!r}", kind="bug")
            await self._polls.do(Polled(row, started, self.clock(), error=fault))
            return
        fresh = await self._polls.do(Polled(row, started, self.clock(), pull=pull))
        if fresh:
            self.wake.set()
        try:
            await source.acknowledge(row, pull)
        except MonitorError as error:  # the entries are stored; the next visit acknowledges them again
            because = str(error)
            log.warning("poll.not_acknowledged", source=row.slug, because=because)
            await self.store.write(
                lambda db: sources.record_poll(db, row.number, started, 0.0, "failed", because=because)
            )

    def _write_poll(self, db: Connection, polled: Polled) -> int:
        """Entries first, cursor and validators last, in one transaction. Returns how many are to be digested."""
        row, now = polled.row, polled.ended
        milliseconds = (now - polled.started).total_seconds() * 1000
        if polled.pull is None:
            assert polled.error is not None
            self._write_failure(db, polled, milliseconds)
            return 0
        pull = polled.pull
        baseline, fresh, flooded = False, list[int](), ""
        if pull.entries:
            baseline = sources.is_baseline(db, row.number)
            fresh = entries.add(db, row.number, pull.entries, now, baseline=baseline)
            if flooded := self._hold_flood(db, row, fresh, now, baseline=baseline):
                fresh = []
            self._queue_pages(db, row, pull, fresh, now)
        self.care.worked(db, row, now, news=bool(fresh or flooded))
        due, cursor = now, pull.cursor if fresh or flooded else pace.idler(pull.cursor, row.cursor)
        if row.kind == "folder" and not pull.more:
            due = now + timedelta(seconds=row.every)  # our own disk needs no politeness
        elif not pull.more:
            idle = int(cursor.get("idle", 0))
            due = pace.after_success(
                now, row.every, idle=idle, hint=pull.hint, not_before=pull.not_before, seed=row.slug
            )
        sources.succeeded(
            db,
            row.number,
            now,
            due,
            cursor=dict(cursor) if cursor != row.cursor else None,
            moved_to=pull.moved_to,
            brought_news=bool(fresh or flooded),
        )
        outcome = "new" if fresh else "unchanged"
        refused = [f"{name}: {reason}" for name, reason in pull.refused]
        because = "; ".join(filter(None, [flooded, *pull.warnings, *refused]))
        if fresh or because:  # an unchanged poll is a line in the log, not a row for ever
            sources.record_poll(
                db,
                row.number,
                polled.started,
                milliseconds,
                outcome,
                status=pull.status,
                received=pull.received,
                entries=len(pull.entries),
                new_entries=len(fresh),
                because=because,
            )
        facts = {
            "source": row.slug,
            "outcome": outcome,
            "status": pull.status,
            "entries": len(pull.entries),
            "new": len(fresh),
            "baseline": baseline or None,
            "ms": round(milliseconds, 1),
        }
        if row.kind == "folder" and not fresh and not because:
            log.debug("poll", **facts)  # looked at every few seconds: that nothing is new there is no news
        else:
            log.info("poll", **facts)
        for name, reason in pull.refused:
            log.warning("poll.refused", source=row.slug, name=name, because=reason)
        return len(fresh)

    def _queue_pages(self, db: Connection, row: SourceRow, pull: Pull, fresh: list[int], now: datetime) -> None:
        """More linked pages at once than is polite: the newest now, the others portion by portion."""
        limit, setting = self.pages_per_poll, str(row.options.get("fulltext", "auto"))
        if not limit or len(fresh) <= limit:
            return
        for turn, portion in enumerate(fulltext.queue(entries.announced(db, fresh, pull.entries), setting, limit), 1):
            due = now + timedelta(seconds=turn * min(max(row.every, 60.0), 900.0))
            because = f"its page waits its turn: {limit} pages per visit are fetched from one source, newest first"
            entries.queue(db, portion, due, because)

    def _hold_flood(self, db: Connection, row: SourceRow, fresh: list[int], now: datetime, *, baseline: bool) -> str:
        """Hold what a source announced if it is far above its own rate. Returns why, or ''. A folder is never wild."""
        if baseline or row.kind == "folder" or len(fresh) < flood.LEAST:
            return ""
        because = flood.flood(len(fresh), held.usual(db, row.number, now, without=fresh))
        if because and held.hold(db, row.slug, fresh, because, now):
            log.warning("source.flood", source=row.slug, held=len(fresh), because=because)
        return because

    def _write_failure(self, db: Connection, polled: Polled, milliseconds: float) -> None:
        row, error = polled.row, polled.error
        due = pace.after_failure(
            polled.ended, row.every, row.failures + 1, retry_after=getattr(error, "retry_after", None), seed=row.slug
        )
        assert error is not None
        lost = row.moved and (isinstance(error, Permanent) or row.failures >= 2)
        because = f"{error}; the configured address is asked next" if lost else str(error)
        health = self.care.failed(db, row, error, polled.ended)
        cursor = getattr(error, "cursor", None)  # what a broken feed leaves behind, so that it is not read for ever
        sources.failed(db, row.number, polled.ended, due, because, health=health, cursor=cursor, lost=lost)
        why = f"{getattr(error, 'kind', '')}: {because}"
        sources.record_poll(db, row.number, polled.started, milliseconds, "failed", because=why)
        # One warning when the state changes, not one a poll.
        say = log.warning if row.failures == 0 or health == "gone" else log.info
        facts = {"failures": row.failures + 1, "ms": round(milliseconds, 1)}
        say("poll", source=row.slug, outcome="failed", because=because, **facts)

    # ── digest ──────────────────────────────────────────────────────────────────────────────────

    async def digest_due(self) -> int:
        """Take pending entries whose time has come through to their end. Returns how many; waits for them all.

        A slow one holds up no other: as soon as there is a place, the next is claimed. What is stored meanwhile is
        taken too. Raises StoreError once everything in hand has ended.
        """
        total = 0
        running: set[asyncio.Task[None]] = set()
        try:
            while True:
                self.wake.clear()
                claimed = await self.store.write(self._claim) if self._may_claim() else []
                total += len(claimed)
                self.claimed += len(claimed)
                for pending in claimed:
                    await self._window.acquire()
                    running.add(asyncio.create_task(self._take(pending)))
                if not claimed and running:
                    await _first(running, self.wake)
                elif not claimed:
                    return total
                for task in [task for task in running if task.done()]:
                    running.discard(task)
                    task.result()
        finally:
            for task in running if isinstance(sys.exc_info()[1], asyncio.CancelledError) else ():
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    def stop(self) -> None:
        """Claim no more. What is in hand may end."""
        self._stopping = True
        self.wake.set()

    def _may_claim(self) -> bool:
        return not self._stopping and self._fetching.total() < FETCHING

    def _claim(self, db: Connection) -> list[PendingEntry]:
        busy = [source for source, pages in self._fetching.items() if pages >= FETCHING_EACH]
        return entries.claim_pending(db, self.clock(), self.run, ENTRY_LEASE, WINDOW, passing_over=busy)

    @asynccontextmanager
    async def _fetching_for(self, source: int) -> AsyncIterator[None]:
        """Waiting for somebody's server takes no place from entries that wait for nobody."""
        self._window.release()
        self._fetching[source] += 1
        try:
            yield
        finally:
            self._fetching[source] -= 1
            await self._window.acquire()

    async def _take(self, pending: PendingEntry) -> None:
        """One entry's way. Whatever happens, it ends in a named state or stays pending with a reason."""
        try:
            await self._take_through(pending)
        finally:
            self._window.release()

    async def _take_through(self, pending: PendingEntry) -> None:
        began = time.monotonic()
        try:
            outcome = await self._digest_and_settle(pending)
        except StoreError:
            raise
        except Temporary as error:
            outcome = await self._try_later(pending, error)
        except Permanent as error:
            because = " ".join(filter(None, (f"{error.kind}:", pending.entry.file, str(error))))
            outcome = await self._end(pending, EntryState.FAILED, because)
        except Exception as error:
            log.exception("entry.bug", entry=pending.number, source=pending.entry.source)
            outcome = await self._end(pending, EntryState.FAILED, f"internal error: {error!r}")
        unread = outcome.state is EntryState.FAILED and pending.entry.file  # somebody waits for it
        (log.warning if unread else log.info)(
            "entry",
            entry=pending.number,
            source=pending.entry.source,
            outcome=outcome.state,
            because=outcome.because,
            article=outcome.article,
            story=outcome.story,
            alerts=outcome.alerts or None,
            ms=round((time.monotonic() - began) * 1000, 1),
        )
        if outcome.alerts:
            self.alerted.set()

    async def _digest_and_settle(self, pending: PendingEntry) -> Outcome:
        work, note, again_at = await self._prepare(pending)
        async with self._in_pool:
            digest: Digest = await self.pool.run(DIGEST, work, deadline=self.deadline, book=True)
        used = _document_of(work, digest)
        if used is not None:
            await self._documents.do(used)
        settlement = Settlement(pending=pending, digest=digest, note=note, now=self.clock(), again_at=again_at)
        return await self._settlements.do(settlement)

    async def _prepare(self, pending: PendingEntry) -> tuple[Work, str, datetime | None]:
        """Fetch and look up what digestion needs. Returns it with a note for `because`, and when to ask again.

        News does not wait for a page: what the feed itself says is settled, and the page follows as a revision.
        """
        entry = pending.entry
        known, page, note, again_at = None, None, "", None
        wanted = fulltext.wants_page(entry, pending.fulltext)
        if wanted and pending.article is None:
            known = await self.store.read(lambda db: _known_article(db, entry))
        if wanted and known is None:
            assert entry.url is not None
            try:
                async with self._fetching_for(pending.source_number):
                    page = await self.pages.page(entry.url)
            except (Temporary, Permanent) as error:
                note = f"the page could not be had ({error}); this is the feed's own text"
                if isinstance(error, Temporary) and pending.attempts < ATTEMPTS:
                    if entry.content is None or pending.told:
                        raise
                    again_at = self._next_try(pending, error)
                    note += ", and the page is asked for again"
        key = profiles.key_of(pending, page)
        profile = await self.store.read(lambda db: profiles.get(db, key))
        outlet, tags = pending.source_outlet, pending.source_tags
        work = Work(entry=entry, page=page, known=known, profile=profile, outlet=outlet, tags=tags)
        return work, note, again_at

    def _next_try(self, pending: PendingEntry, error: Temporary) -> datetime:
        asked = min(error.retry_after or 0.0, pace.DAY)  # news that is older is no news
        return pace.after_failure(self.clock(), 60.0, pending.attempts, retry_after=asked, seed=pending.number)

    async def _try_later(self, pending: PendingEntry, error: Temporary) -> Outcome:
        if pending.attempts >= ATTEMPTS:
            because = f"{error.kind}: {error}; given up after {ATTEMPTS} tries"
            return await self._end(pending, EntryState.FAILED, because)
        due, because = self._next_try(pending, error), f"{error.kind}: {error}"
        await self.store.write(lambda db: entries.postpone(db, pending.number, due, because))
        return Outcome(state=EntryState.PENDING, because=because)

    async def _end(self, pending: PendingEntry, state: EntryState, because: str) -> Outcome:
        now, content = self.clock(), pending.entry.content
        if content is not None:  # so that it can be looked at, and digested again by a better version
            await self._documents.do(content)
        sha256 = content.sha256 if content else None
        await self.store.write(
            lambda db: entries.settle(
                db,
                pending.number,
                state,
                because,
                now,
                document_sha256=sha256,
                announced_hash=pending.announced_hash,
            )
        )
        return Outcome(state=state, because=because)

    def _write_document(self, db: Connection, document: Document) -> None:
        raw.add(db, [document], self.clock())


def _document_of(work: Work, digest: Digest) -> Document | None:
    """The document the article was made from: it is kept as evidence."""
    sha256 = digest.article.document_sha256
    return next((one for one in (work.page, work.entry.content) if one and one.sha256 == sha256), None)


def _known_article(db: Connection, entry: Entry) -> Article | None:
    """The article this entry's address already led to: its page need not be fetched again.

    Not for an entry that brings its own text, nor under another headline: a front page or a live page is one address
    for many stories, and none may be swallowed.
    """
    from monitor.stages import canonical  # courlan and its tables: only where there are entries

    address = canonical.canonical_url(entry.url)
    number = articles.find_canonical(db, address) if address else None
    known = articles.get(db, number) if number is not None else None
    return known if known is not None and fulltext.same_headline(entry.title, known.title) else None


async def _first(tasks: set[asyncio.Task[None]], event: asyncio.Event) -> None:
    """Wait until one of the tasks is done, or the event is set."""
    woken = asyncio.create_task(event.wait())
    try:
        await asyncio.wait({*tasks, woken}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        woken.cancel()
