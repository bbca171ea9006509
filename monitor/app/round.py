"""One round by hand: poll, digest, send, and say what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from monitor.app.parts import App
from monitor.store import health
from monitor.store.health import Report

AT_ONCE = 64  # sources claimed in one transaction
ALL = -1  # what SQLite takes for no limit


async def once(app: App, *, everything: bool = False) -> Report:
    """Poll what is due (`everything`: every source), digest all that is pending, send all that is due.

    Raises StoreError. What failed is counted in the report and tried again by a later run.
    """
    began = app.clock()
    tasks: set[asyncio.Task[None]] = set()

    def spawn(work: Coroutine[Any, Any, None]) -> None:
        tasks.add(asyncio.create_task(work))

    while True:
        await app.pipeline.poll_due(spawn, everything=everything, limit=ALL if everything else AT_ONCE)
        everything = False
        while tasks:
            done, tasks = await asyncio.wait(tasks)
            for task in done:
                task.result()
        if not await app.pipeline.digest_due():  # a full folder asks to be visited again at once
            break
    await app.outbox.drain()
    return await app.store.read(lambda db: health.report(db, began))
