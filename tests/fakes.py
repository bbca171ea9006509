"""Stand-ins for the outermost sockets: worker processes, systemd. And a place on disk to run a whole house in."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from monitor import config
from monitor.errors import MonitorError
from monitor.stages import digest, kinds  # noqa: F401 - their libraries warn when they are imported, not in a test


class InlinePool:
    """The pool's interface without processes: calls run at once, in the event loop's thread."""

    def __init__(self, tenant, *, workers=None, memory=0, **_):
        from monitor.stages.rules import RuleBook

        self.workers = max(2, workers or 2)
        self.calls = 0
        self.behind = 0.0
        self.closed = False
        self.gate = None  # an asyncio.Event that calls wait for
        self.told = []
        self.book = RuleBook()

    async def start(self):
        pass

    def tell(self, changes):
        from monitor.stages.rules import compile_rule

        faults = {}
        for change in changes:
            self.told.append(change.slug)
            self.book.remove(change.slug)
            if change.rule is not None:
                try:
                    self.book.add(compile_rule(change.rule, change.variants))
                except MonitorError as error:
                    faults[change.slug] = str(error)
        answer = asyncio.get_running_loop().create_future()
        answer.set_result(faults)
        return answer

    async def publish(self, changes):
        return await self.tell(changes)

    async def run(self, function, *args, deadline, book=False):
        self.calls += 1
        if self.gate is not None:
            await self.gate.wait()
        if isinstance(function, str):
            module, name = function.split(":")
            function = getattr(import_module(module), name)
        return function(*args, *([self.book] if book else []))

    def overdue(self):
        return self.behind

    async def close(self):
        self.closed = True


@contextmanager
def systemd(tmp_path: Path):
    """A datagram socket that listens as systemd does. Yields `heard()`: all lines so far."""
    path = tmp_path / "notify"
    lines: list[str] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(path))
        ear.setblocking(False)

        def heard() -> list[str]:
            while True:
                try:
                    lines.extend(ear.recv(65536).decode().splitlines())
                except BlockingIOError:
                    return lines

        heard.path = str(path)
        yield heard


@dataclass
class Place:
    """A folder with a configuration, a drop folder, and what comes out."""

    root: Path
    extra: str = ""
    console: Callable[[], str] = lambda: ""  # what was printed since the last call
    so_far: str = ""

    def __post_init__(self):
        (self.root / "drop").mkdir(exist_ok=True)
        self.write()

    def write(self, extra: str = "", *, rules: str = "[rules.envoy]\nquery = 'envoy'\n") -> None:
        """Write the configuration anew, atomically, as an editor would."""
        text = f"""
[monitor]
state = "var"
[folders.drop]
path = "drop"
every = "100ms"
[channels.console]
kind = "console"
cap = ""
{rules}
{self.extra}
{extra}
"""
        new = self.root / "config.new"
        new.write_text(text)
        os.replace(new, self.root / "config.toml")

    def load(self, *, secrets: bool = True):
        return config.load(self.root / "config.toml", environ={}, secrets=secrets)

    def drop(self, name: str, text: str) -> None:
        """A complete file: written elsewhere, made old, renamed in."""
        hidden = self.root / f".{name}"
        hidden.write_text(text)
        os.utime(hidden, (1_700_000_000, 1_700_000_000))
        os.replace(hidden, self.root / "drop" / name)

    @property
    def printed(self) -> str:
        """All that the console channel has said."""
        self.so_far += self.console()
        return self.so_far


async def until(happened, *, seconds: float = 8.0, what: str = ""):
    """Wait until `happened()` (or its awaitable) is true. Fails the test after `seconds`."""
    end = asyncio.get_running_loop().time() + seconds
    while True:
        answer = happened()
        if asyncio.iscoroutine(answer):
            answer = await answer
        if answer:
            return answer
        assert asyncio.get_running_loop().time() < end, f"waited {seconds} s in vain for {what or happened}"
        await asyncio.sleep(0.01)
