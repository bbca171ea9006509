"""Linked pages, fetched as their site allows. Touches the network through `Robots`, or `Web` where that is off."""

from __future__ import annotations

from collections.abc import Callable

from monitor.model import Document
from monitor.web.client import PAGE_TYPES, Web
from monitor.web.robots import Robots


class Pages:
    """`robots` None asks nobody's leave. `clock`: seconds, steady."""

    def __init__(self, web: Web, robots: Robots | None, clock: Callable[[], float]) -> None:
        self._web = web
        self._robots = robots
        self._clock = clock

    async def page(self, url: str) -> Document:
        """The page at `url`. Raises Temporary or Permanent, kind 'robots' where the site does not want it fetched."""
        if self._robots is None:
            return (await self._web.get(url, accept=PAGE_TYPES)).document()
        return (await self._robots.page(url, PAGE_TYPES, self._clock())).document()
