"""The store's files on their disk: how large they are, and how much room is left. Looks, and touches nothing."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Sizes in bytes, as far as they can be had."""

    sizes: dict[str, int]
    free: int | None


def look_at_files(state: Path) -> Files:
    """The store's files and the room on their disk."""
    sizes = {}
    for name in ("monitor.db", "monitor.db-wal", "raw.db", "raw.db-wal"):
        with contextlib.suppress(OSError):
            sizes[name] = (state / name).stat().st_size
    free = None
    with contextlib.suppress(OSError):
        free = shutil.disk_usage(state).free
    return Files(sizes=sizes, free=free)
