"""Clean and match stored articles again, from their raw documents: after an upgrade, or when a profile has changed.

Sends nothing unless asked to. An article that changes keeps what it said before as a revision; its story and its
alerts stay.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from monitor.app.parts import App
from monitor.control import Progress
from monitor.errors import Permanent
from monitor.model import Digest, Document, SiteProfile, Work
from monitor.pipeline import DIGEST
from monitor.settle import Settlement
from monitor.store import articles, profiles, raw, reclean, sources
from monitor.store.connection import Connection
from monitor.store.entries import PendingEntry

CHUNK = 50  # articles looked up at a time
DEADLINE = 60.0  # seconds for one document


async def run(
    app: App,
    *,
    source: str = "",
    since: str = "",
    dry_run: bool = False,
    alert: bool = False,
    progress: Progress = lambda done: None,
) -> dict[str, Any]:
    """Returns {'seen', 'gone' (no raw document any more), 'failed', 'alerts', 'changed': [one dict an article]}.

    `since`: ISO 8601. Raises Permanent for a source that does not exist.
    """
    moment = datetime.fromisoformat(since) if since else None
    if source and await app.store.read(lambda db: sources.get(db, source)) is None:
        raise Permanent(f"there is no source '{source}'; see `monitor sources list`", kind="no-source")
    total = await app.store.read(lambda db: reclean.count(db, source, moment))
    report: dict[str, Any] = {"seen": 0, "gone": 0, "failed": 0, "alerts": 0, "changed": []}
    last = 0
    while True:
        found = await app.store.read(partial(reclean.after, number=last, source=source, since=moment, limit=CHUNK))
        if not found:
            return report
        for pending, sha256 in found:
            assert pending.article is not None
            last = pending.article
            report["seen"] += 1
            await _again(app, pending, sha256, report, dry_run=dry_run, alert=alert)
            progress({"done": report["seen"], "total": total})


async def _again(
    app: App, pending: PendingEntry, sha256: str, report: dict[str, Any], *, dry_run: bool, alert: bool
) -> None:
    document = await app.raw.read(lambda db: raw.get(db, sha256))
    if document is None:
        report["gone"] += 1
        return
    page = document if pending.entry.url and not document.fragment and not document.name else None
    profile = await app.store.read(lambda db: _others(db, pending, page))
    entry = pending.entry if page is not None else replace(pending.entry, content=document)
    work = Work(entry=entry, page=page, profile=profile, outlet=pending.source_outlet, tags=pending.source_tags)
    try:
        digest: Digest = await app.pool.run(DIGEST, work, deadline=DEADLINE, book=True)
    except Permanent:
        report["failed"] += 1
        return
    change = await app.store.read(lambda db: _change(db, pending, digest))
    if change is None:
        return
    report["changed"].append(change)
    if not dry_run:
        job = Settlement(pending=pending, digest=digest, now=app.clock(), note="cleaned again")
        settler = app.settler
        raised = await app.store.write(lambda db: settler.settle_again(db, job, frozenset(change["gained"]), alert))
        report["alerts"] += raised
        if raised:
            app.pipeline.alerted.set()


def _others(db: Connection, pending: PendingEntry, page: Document | None) -> SiteProfile:
    """The profile of the site without this page, which was counted when it was new."""
    profile = profiles.get(db, profiles.key_of(pending, page))
    blocks = {block: pages - 1 for block, pages in profile.blocks.items() if pages > 1}
    below = {block: min(pages, blocks[block]) for block, pages in profile.below.items() if block in blocks}
    return replace(profile, pages=max(0, profile.pages - 1), blocks=blocks, below=below)


def _change(db: Connection, pending: PendingEntry, digest: Digest) -> dict[str, Any] | None:
    assert pending.article is not None
    before = reclean.matched(db, pending.article)
    after = frozenset(match.rule for match in digest.matches if not match.suppressed)
    if reclean.same(db, pending.article, digest) and after <= before:
        return None
    old = articles.get(db, pending.article)
    assert old is not None
    return {
        "article": pending.article,
        "title": digest.article.title,
        "before": len(old.text),
        "after": len(digest.article.text),
        "gained": sorted(after - before),
        "lost": sorted(before - after),
    }
