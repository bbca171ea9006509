"""Politeness towards one host: how many requests at a time, and how far apart they begin.

Holds the gates in memory; nothing here needs to survive a restart.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

_MANY = 4096


class _Gate:
    __slots__ = ("free", "next_start", "users")

    def __init__(self, places: int):
        self.free = asyncio.Semaphore(places)
        self.next_start = 0.0
        self.users = 0


class Hosts:
    """One gate per host and port.

    `per_host`: requests under way at a time. `spacing`: seconds between two starts on the same host.
    """

    def __init__(self, *, per_host: int, spacing: float, clock: Callable[[], float] | None = None):
        self._per_host = max(per_host, 1)
        self._spacing = spacing
        self._clock = clock
        self._gates: dict[tuple[str, int], _Gate] = {}

    def _now(self) -> float:
        return self._clock() if self._clock else asyncio.get_running_loop().time()

    @asynccontextmanager
    async def turn(self, host: str, port: int, *, spacing: float | None = None) -> AsyncIterator[None]:
        """Wait for a turn at this host; hold it inside the block. `spacing` overrides the usual distance."""
        gate = self._gates.get((host, port))
        if gate is None:
            self._forget_idle()
            gate = self._gates[(host, port)] = _Gate(self._per_host)
        gate.users += 1
        try:
            async with gate.free:
                distance = self._spacing if spacing is None else spacing
                if distance > 0:
                    start = max(self._now(), gate.next_start)
                    gate.next_start = start + distance
                    if start > self._now():
                        await asyncio.sleep(start - self._now())
                yield
        finally:
            gate.users -= 1

    def _forget_idle(self) -> None:
        if len(self._gates) < _MANY:
            return
        now = self._now()
        self._gates = {key: gate for key, gate in self._gates.items() if gate.users or gate.next_start > now}
