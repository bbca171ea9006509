"""Many small writes, one transaction: a commit costs a disk flush, so those who wait at the same time share it.

Under light load every item is written at once. Where more is on its way for certain, a batch waits a moment for it.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar

from monitor.errors import StoreError
from monitor.store.connection import Store, savepoint

T = TypeVar("T")
R = TypeVar("R")

MOST = 64  # items of one transaction
GATHER = 0.02  # seconds


class GroupCommit(Generic[T, R]):
    """Runs `write(connection, item)` for each item inside a savepoint of a shared transaction."""

    def __init__(
        self,
        store: Store,
        write: Callable[[sqlite3.Connection, T], R],
        *,
        most: int = MOST,
        more: Callable[[], bool] = lambda: False,
    ) -> None:
        """`more`: whether other items will come in a moment."""
        self._store = store
        self._write = write
        self._most = most
        self._more = more
        self._waiting: deque[tuple[T, asyncio.Future[R]]] = deque()
        self._task: asyncio.Task[None] | None = None

    async def do(self, item: T) -> R:
        """Write `item` and return what `write` returned, once it is committed.

        Raises what `write` raised (that item alone is undone), or StoreError (nothing of the batch was written).
        """
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain())
        return await future

    async def _drain(self) -> None:
        while self._waiting:
            if len(self._waiting) < self._most and self._more():
                await asyncio.sleep(GATHER)
            batch = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
            try:
                results = await self._store.write(partial(self._all, [item for item, _ in batch]))
            except Exception as error:
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
                continue
            for (_, future), result in zip(batch, results, strict=True):
                if future.done():  # its waiter was cancelled; what was written stands
                    continue
                if isinstance(result, _Raised):
                    future.set_exception(result.error)
                else:
                    future.set_result(result)

    def _all(self, items: list[T], db: sqlite3.Connection) -> list[R | _Raised]:
        return [self._one(db, item) for item in items]

    def _one(self, db: sqlite3.Connection, item: T) -> R | _Raised:
        try:
            with savepoint(db):
                return self._write(db, item)
        except (StoreError, sqlite3.OperationalError, sqlite3.InternalError):
            raise  # the file is in trouble, not the item
        except Exception as error:
            return _Raised(error)


class _Raised:
    def __init__(self, error: Exception) -> None:
        self.error = error
