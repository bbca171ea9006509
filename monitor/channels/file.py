"""File: appends each delivery as one line of JSON (JSON Lines), the object that a webhook gets.

Touches one file. A line is written whole or not at all: what a full disk cut off is taken back.
"""

from __future__ import annotations

import asyncio
import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from monitor.channels.common import Common
from monitor.channels.tools import Tools
from monitor.errors import ConfigError, Temporary
from monitor.model import Delivery
from monitor.stages.message import payload


@dataclass(frozen=True, kw_only=True)
class FileOptions(Common):
    """Options of `kind = "file"`."""

    path: Path
    cap: str = ""  # a program reads it: every alert is a line of its own
    sync: bool = True


class File:
    """Appends and, unless `sync = false`, waits until the line is on the disk."""

    Options = FileOptions

    def __init__(self, slug: str, options: FileOptions, tools: Tools) -> None:
        """Raises ConfigError when the folder of the file is missing."""
        self._path = options.path
        self._sync = options.sync
        self._links = tools.links
        self._lock = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, f"file-{slug}")  # a disk that hangs holds no thread of others
        if not self._path.parent.is_dir():
            raise ConfigError(f"path: no such folder: {self._path.parent}")

    def targets(self) -> tuple[str, ...]:
        """No targets: there is one file."""
        return ("",)

    async def send(self, delivery: Delivery) -> str:
        """Append one line. Raises Temporary."""
        line = json.dumps(payload(delivery, self._links), ensure_ascii=False).encode() + b"\n"
        async with self._lock:
            try:
                await asyncio.get_running_loop().run_in_executor(self._thread, self._append, line)
            except OSError as error:
                why = error.strerror or str(error)
                raise Temporary(f"cannot write {self._path}: {why}", kind="write") from error
        return "written"

    async def close(self) -> None:
        """Let the thread go. The file itself is opened for each line, so that it may be rotated at any time."""
        self._thread.shutdown(wait=False)

    def _append(self, line: bytes) -> None:
        handle = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            size = os.fstat(handle).st_size
            if size and os.pread(handle, 1, size - 1) != b"\n":
                line = b"\n" + line  # a kill in mid-line: what it left stays a line of its own
            try:
                if (written := os.write(handle, line)) < len(line):
                    os.write(handle, line[written:])
                if self._sync:
                    os.fsync(handle)
            except OSError:
                os.ftruncate(handle, size)
                raise
        finally:
            os.close(handle)
