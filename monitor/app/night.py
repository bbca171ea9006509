"""The night's work: forget what is over its age, put the files in order, copy the store.

In slices, so that nothing else waits for long: between two of them polls, articles and deliveries are written.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

from monitor.config import Config
from monitor.config.shape import FeedConfig, FolderConfig
from monitor.store import candidates, maintenance, raw, retention, tidy
from monitor.store.connection import Connection, Store
from monitor.store.retention import Keep


async def tidy_up(store: Store, raw_store: Store, config: Config, now: datetime) -> dict[str, int]:
    """Do all of it. Returns how many rows of each kind went, and how many copies there are. Raises StoreError."""
    kept = config.store
    counts = Counter(await store.write(lambda db: tidy.prune(db, now, polls=kept.polls)))
    otherwise, own = _keep(config)

    def forget(db: Connection) -> dict[str, int]:
        return {
            "sketches": candidates.sort_in(db) + candidates.forget_before(db, now),
            "articles": retention.prune(db, own, now, otherwise=otherwise),
        }

    while any((slice_ := await store.write(forget)).values()):
        counts.update(slice_)
    resting = await store.read(tidy.documents_in_use)
    if kept.raw:
        before = now - timedelta(seconds=kept.raw)
        counts["documents"] = await raw_store.write(lambda db: raw.prune(db, before, resting))
    for one in (store, raw_store):
        await asyncio.to_thread(one.maintain, tidy.put_in_order)
    if kept.backups:
        counts["copies"] = await asyncio.to_thread(copy, store.path, backups(config), kept.backups, now)
    return dict(counts)


def backups(config: Config) -> Path:
    """Where the nightly copies are."""
    return config.monitor.state / "backups"


def copy(store: Path, directory: Path, keep: int, now: datetime) -> int:
    """Make a verified copy and delete the oldest ones. Returns how many there are. Raises StoreError."""
    maintenance.backup(store, directory / maintenance.default_name(now))
    maintenance.rotate(directory, keep)
    return len(list(directory.glob("monitor-[0-9]*.db")))


def _keep(config: Config) -> tuple[Keep, dict[str, Keep]]:
    """What holds for every source, and what sources say for themselves."""
    kept = Keep(age=config.store.keep, most=config.store.keep_most)
    sources: dict[str, FeedConfig | FolderConfig] = {**config.feeds, **config.sitemaps, **config.folders}
    own = {
        slug: Keep(
            age=kept.age if one.keep is None else one.keep, most=kept.most if one.keep_most is None else one.keep_most
        )
        for slug, one in sources.items()
        if one.keep is not None or one.keep_most is not None
    }
    return kept, own
