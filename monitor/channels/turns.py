"""Who may use a shared server next: so many at a time, and nobody waits long for a target that hangs.

Pure asyncio; opens nothing. A turn that lasts longer than the patience moves to a second row of places, and so do the
next turns of that target, until one ends in time. The first row is left to the targets that are quick.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

PATIENCE = 2.0  # seconds that a turn may last in the first row
SPARE = 3  # places in the second row, as a multiple of those in the first


class Turns:
    """Hands out turns by target. At most `places` go at a time that do not hang, and 1 + SPARE times as many in all."""

    def __init__(self, places: int, patience: float = PATIENCE) -> None:
        """`patience`: seconds."""
        self._patience = patience
        self._quick = asyncio.Semaphore(places)
        self._slow = asyncio.Semaphore(places * SPARE)
        self._hanging: set[str] = set()

    @asynccontextmanager
    async def of(self, target: str) -> AsyncIterator[None]:
        """Wait for a turn of `target`, and hold it."""
        place = [await self._place(target)]
        watching = asyncio.create_task(self._watch(target, place))
        began = asyncio.get_running_loop().time()
        try:
            yield
        finally:
            watching.cancel()
            place[0].release()
            if asyncio.get_running_loop().time() - began < self._patience:
                self._hanging.discard(target)

    async def _place(self, target: str) -> asyncio.Semaphore:
        while True:
            row = self._row(target)
            await row.acquire()
            if row is self._row(target):
                return row
            row.release()  # the target began to hang, or ceased to, while we waited

    def _row(self, target: str) -> asyncio.Semaphore:
        return self._slow if target in self._hanging else self._quick

    async def _watch(self, target: str, place: list[asyncio.Semaphore]) -> None:
        """Move a turn that lasts too long to the second row, as soon as there is room."""
        await asyncio.sleep(self._patience)
        self._hanging.add(target)
        if place[0] is self._quick:
            await self._slow.acquire()
            place[0] = self._slow
            self._quick.release()
