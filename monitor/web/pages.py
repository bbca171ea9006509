"""Linked pages, fetched as their site allows. Touches the network through `Robots`, or `Web` where that is off."""

from __future__ import annotations

from collections.abc import Callable

from monitor.errors import Permanent
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
        """The page at `url`.

        Raises Temporary or Permanent: kind 'robots' where the site does not want it fetched, 'not-a-page' for an
        image, a film or a sound.
        """
        if self._robots is None:
            answer = await self._web.get(url, accept=PAGE_TYPES)
        else:
            answer = await self._robots.page(url, PAGE_TYPES, self._clock())
        if answer.media_type.startswith(("image/", "audio/", "video/", "font/")):
            raise Permanent(f"the link leads to {answer.media_type}, not to a page", kind="not-a-page")
        return answer.document()
