"""A daemon as an operator has it: another process, under a service manager that listens, with a log to read."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PATIENCE = 40.0  # seconds until something that must happen has not


def until(what: str, found: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """Wait until `found()` is true, and return it. Fails with `what`."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if value := found():
            return value
        time.sleep(0.02)
    raise AssertionError(f"in {patience:.0f} s there was no: {what}")


class Manager:
    """Hears what systemd would."""

    def __init__(self, address: Path) -> None:
        self.environ = {"NOTIFY_SOCKET": str(address), "WATCHDOG_USEC": "4000000"}
        self.heard: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(address))
        self._socket.settimeout(0.1)
        self._open = True
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while self._open:
            with contextlib.suppress(TimeoutError):
                self.heard += self._socket.recv(4096).decode().split("\n")

    def mark(self) -> int:
        """Now, for `since`."""
        return len(self.heard)

    def wait(self, line: str, since: int = 0) -> str:
        """The first line that begins with `line` and came after `since`."""
        return str(
            until(f"{line} from the daemon (heard {self.heard[since:]})", lambda: next(
                (one for one in self.heard[since:] if one.startswith(line)), None
            ))
        )  # fmt: skip

    def close(self) -> None:
        """Stop listening."""
        self._open = False
        self._thread.join(5)
        self._socket.close()


class Daemon:
    """One process of the daemon; `command` is what runs it, without arguments."""

    def __init__(self, command: Sequence[str | Path], config: Path, log: Path, environ: dict[str, str]) -> None:
        self._log = log
        self._begun = log.stat().st_size if log.exists() else 0
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [*command, "--config", config, "run"],
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=config.parent,
                env={**clean_environ(), **environ},
            )

    def events(self) -> list[dict[str, Any]]:
        """What this process has logged."""
        with self._log.open("rb") as file:
            file.seek(self._begun)
            lines = file.read().decode("utf-8", "replace").splitlines()
        found = []
        for line in lines:
            with contextlib.suppress(ValueError):
                found.append(json.loads(line))
        return [event for event in found if isinstance(event, dict)]

    def text(self) -> str:
        """The whole log, for a failure's message."""
        return self._log.read_text("utf-8", "replace")[-6000:]

    def wait(self, event: str, **values: Any) -> dict[str, Any]:
        """The first event of that name with those values."""

        def found() -> dict[str, Any] | None:
            for one in self.events():
                if one.get("event") == event and all(one.get(key) == value for key, value in values.items()):
                    return one
            assert self.process.poll() is None, f"the daemon ended with {self.process.returncode}:\n{self.text()}"
            return None

        return dict(until(f"event {event} {values} in\n{self.text()}", found))

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def end(self, number: signal.Signals = signal.SIGTERM, patience: float = 15.0) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(patience)


def clean_environ() -> dict[str, str]:
    """Nothing of the test run's own: an installed program must not find the clone."""
    keep = ("PATH", "HOME", "LANG", "TMPDIR")
    return {name: os.environ[name] for name in keep if name in os.environ}


def tell(command: Sequence[str | Path], config: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a verb and return what it said."""
    return subprocess.run(
        [*command, "--config", config, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=config.parent,
        env=clean_environ(),
    )


@contextlib.contextmanager
def small_disk(place: Path, megabytes: int) -> Iterator[bool]:
    """Mount a small tmpfs at `place`; False where that is not allowed."""
    place.mkdir(exist_ok=True)
    mounted = (
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", place], capture_output=True
        ).returncode
        == 0
    )
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", place], check=True)
