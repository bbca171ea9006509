"""Some eight hundred misbehaviours, each against a real server on loopback, each with its expected outcome."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from feedmaking import run_here
from sources import misbehaviours, oddities
from sources.misbehaviours import Case
from unruly import serving

from monitor.errors import MonitorError
from monitor.model import Entry
from monitor.ports import SourceRow
from monitor.sources.feed import FeedSource
from monitor.web import Web

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HTTP_LINK = re.compile(r"https?://[^\s\x00-\x1f]+")
CASES = [
    (group, case) for table in (misbehaviours, oddities) for group, cases in table.GROUPS.items() for case in cases
]


@dataclass
class Outcome:
    """What came of one poll."""

    error: str | None = None
    message: str = ""
    retry_after: float | None = None
    entries: tuple[Entry, ...] = ()
    warnings: tuple[str, ...] = ()
    refused: int = 0
    seconds: float = 0.0
    asked: list[str] = field(default_factory=list)

    @property
    def guids(self) -> list[str]:
        return [entry.guid for entry in self.entries]

    @property
    def titles(self) -> list[str]:
        return [entry.title for entry in self.entries]

    @property
    def bodies(self) -> list[str]:
        return [entry.content.body.decode() if entry.content else "" for entry in self.entries]

    @property
    def all_text(self) -> str:
        return "\n".join([*self.titles, *self.bodies])

    @property
    def sane(self) -> bool:
        """An error with a name, or entries."""
        return self.error is not None or bool(self.entries)

    @property
    def small(self) -> bool:
        return len(self.all_text) < 1_000_000


async def one(case: Case) -> tuple[Outcome, str]:
    outcome = Outcome()
    async with serving({"/feed": case.route, **case.also}) as server:
        for path, route in server.routes.items():
            if isinstance(route, bytes) and b"HOST" in route:
                grown = len(server.host) - len("HOST")
                old = re.search(rb"Content-Length: (\d+)", route)
                head, _, body = route.replace(b"HOST", server.host.encode()).partition(b"\r\n\r\n")
                if old and b"HOST" in route.partition(b"\r\n\r\n")[2]:
                    head = head.replace(old[0], b"Content-Length: %d" % (int(old[1]) + grown))
                server.routes[path] = head + b"\r\n\r\n" + body
        address = case.address or server.url("/feed")
        began = time.monotonic()
        async with Web(timeout=1.0, max_bytes=8 << 20, allow_hosts=[server.host]) as web:
            source = FeedSource(web, run_here)
            try:
                pull = await source.pull(SourceRow(slug="s", kind="feed", address=address, every=900), NOW)
            except MonitorError as error:
                outcome.error = getattr(error, "kind", "?")
                outcome.retry_after = getattr(error, "retry_after", None)
                outcome.message = str(error)
            else:
                outcome.entries, outcome.warnings, outcome.refused = pull.entries, pull.warnings, len(pull.refused)
        outcome.seconds = time.monotonic() - began
        outcome.asked = [request.path for request in server.requests]
        return outcome, server.host


@pytest.mark.parametrize(("group", "case"), CASES, ids=[f"{group}: {case.name}" for group, case in CASES])
def test_misbehaviour(group: str, case: Case) -> None:
    out, host = asyncio.run(one(case))
    if case.error is not None:
        assert out.error in case.error.split("|"), out
        assert len(out.message) > 10  # it says what is wrong
    elif case.check is None:
        assert out.error is None, out
    if case.guids is not None:
        assert out.guids == case.guids
    if case.titles is not None:
        assert out.titles == case.titles
    if case.links is not None:
        assert [entry.url for entry in out.entries] == [link and link.replace("HOST", host) for link in case.links]
    if case.texts is not None:
        assert len(out.bodies) == len(case.texts)
        for piece, body in zip(case.texts, out.bodies, strict=True):
            assert piece in body
    if case.dates is not None:
        found = [e.published_at.strftime("%Y-%m-%dT%H:%M:%S") if e.published_at else None for e in out.entries]
        assert found == case.dates
    if case.warns is not None:
        assert any(case.warns in warning for warning in out.warnings)
    if case.refused is not None:
        assert out.refused == case.refused
    if case.check is not None:
        assert case.check(out), out
    assert out.seconds < case.within
    if group == "ssrf":
        assert set(out.asked) <= {"/feed"}
    for entry in out.entries:  # what is stored, whatever was sent
        assert entry.guid
        assert len(entry.title) <= 2000
        for text in (entry.title, entry.author, entry.outlet, entry.guid, *entry.tags):
            assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]", text)
        assert entry.url is None or HTTP_LINK.fullmatch(entry.url)
        if entry.content is not None:
            assert b"\0" not in entry.content.body
            assert entry.content.fragment


def test_there_are_enough_of_them() -> None:
    assert len(CASES) >= 750
    assert len({(group, case.name) for group, case in CASES}) == len(CASES)
