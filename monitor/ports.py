"""The two sockets: where entries come from, and where alerts go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from monitor.model import Delivery, Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """A source as the store knows it, handed to `Source.pull`."""

    slug: str
    kind: str  # 'feed', 'sitemap', 'folder'
    address: str  # URL or path
    moved: bool = False  # the address is where a permanent redirect led, not the configured one
    every: float  # seconds between polls, as configured
    tags: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    cursor: Mapping[str, Any] = field(default_factory=dict)  # what the last pull handed back
    last_success_at: datetime | None = None
    failures: int = 0  # in a row
    number: int = 0  # row number in the store


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """What one visit to a source brought."""

    entries: tuple[Entry, ...] = ()
    cursor: Mapping[str, Any] = field(default_factory=dict)  # saved with the entries, in one transaction
    unchanged: bool = False  # 304, or the same body
    not_before: datetime | None = None  # the server asked us to wait until then
    hint: float | None = None  # seconds: ttl, Cache-Control, skipHours
    status: int = 0  # HTTP status, 0 where there is none
    received: int = 0  # bytes over the wire
    moved_to: str | None = None  # permanent redirect whose target parsed as a feed
    warnings: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()  # (name, reason) of what could not become an entry
    more: bool = False  # not everything fitted into this visit: come again at once


class Source(Protocol):
    """Where entries come from. Both calls may be repeated; neither may lose an entry.

    `pull` raises Temporary, Permanent or Gone.
    """

    async def pull(self, source: SourceRow, now: datetime) -> Pull: ...

    async def acknowledge(self, source: SourceRow, pull: Pull) -> None:
        """Called after COMMIT: a folder moves its file; a feed does nothing."""

    async def stirring(self) -> tuple[str, ...]:
        """Slugs of sources that have something new, where that costs nothing to know: they are visited at once."""


class Channel(Protocol):
    """Where an alert goes. `send` returns once the other side has accepted, with what it said, or raises.

    Temporary: try again. Uncertain: it broke after the hand-over, try again under the same id.
    Permanent: a dead letter. Gone: disable the target.
    """

    def targets(self) -> tuple[str, ...]:
        """One delivery is made for each; a channel without targets returns ('',)."""

    async def send(self, delivery: Delivery) -> str: ...

    async def close(self) -> None: ...
