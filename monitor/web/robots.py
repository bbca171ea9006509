"""What a site wants left alone: robots.txt for linked pages (feeds are made for programs and need no leave).

Follows RFC 9309: no file means everything is allowed; a server in trouble means nothing is, for now. Answers
are remembered for a day, per origin. Touches the network through `Web`.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from protego import Protego
from yarl import URL

from monitor.errors import Permanent, Temporary
from monitor.stages import pace
from monitor.stages.parse.decode import by_mark
from monitor.web.answer import Answer
from monitor.web.client import Web

_MAX_BYTES = 5 * 1024 * 1024
_READ = 512 * 1024  # characters that are read of it: as much as the RFC wants, and enough of a huge one
_REMEMBERED = 2000
_LONGEST_DELAY = 30.0
_AGENT = "news-monitor"


@dataclass(frozen=True, slots=True)
class _Leave:
    rules: Protego | None  # None: everything is allowed
    until: float


class Robots:
    """Fetches pages as robots.txt allows. `now` is seconds on any steady clock."""

    def __init__(self, web: Web):
        self._web = web
        self._known: OrderedDict[str, _Leave] = OrderedDict()

    async def allowed(self, url: str, now: float) -> tuple[bool, float | None]:
        """Whether the page may be fetched, and the crawl delay asked for in seconds.

        Raises Temporary where robots.txt cannot be had: then nobody knows.
        """
        leave = await self._leave(url, now)
        if leave.rules is None:
            return True, None
        delay = leave.rules.crawl_delay(_AGENT)
        return leave.rules.can_fetch(url, _AGENT), min(float(delay), _LONGEST_DELAY) if delay else None

    async def page(self, url: str, accept: str, now: float, *, max_bytes: int | None = None) -> Answer:
        """The page, or Permanent(kind='robots') where the site does not want it fetched."""
        may, delay = await self.allowed(url, now)
        if not may:
            raise Permanent("the site's robots.txt does not allow programs to fetch this page", kind="robots")
        return await self._web.get(url, accept=accept, spacing=delay, max_bytes=max_bytes)

    async def _leave(self, url: str, now: float) -> _Leave:
        try:
            origin = str(URL(url).origin())
        except ValueError:
            raise Permanent(f"{url[:200]!r} is not an address", kind="bad-url") from None
        known = self._known.get(origin)
        if known is not None and known.until > now:
            self._known.move_to_end(origin)
            return known
        try:
            answer = await self._web.get(f"{origin}/robots.txt", accept="text/plain, */*;q=0.5", max_bytes=_MAX_BYTES)
            rules: Protego | None = Protego.parse(_text(answer.body))
        except Permanent as error:
            if error.kind == "address":
                raise
            rules = None  # 4xx, or a file too large to be one: no rules
        except Temporary as error:
            if error.kind == "redirects" or (error.kind[:6] in ("http-2", "http-4") and error.kind != "http-429"):
                rules = None
            else:
                raise Temporary(
                    f"robots.txt of {origin} cannot be had, so the page must wait ({error})",
                    retry_after=error.retry_after,
                    kind="robots-unknown",
                ) from error
        leave = self._known[origin] = _Leave(rules, now + pace.DAY)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return leave


def _text(body: bytes) -> str:
    marked, length = by_mark(body) or ("utf-8", 0)
    return body[length:].decode(marked, "replace").replace("\0", "")[:_READ]
