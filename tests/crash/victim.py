"""The daemon as it is, in a world that can be made worse: a full store, a file size limit, a clock that jumps.

    python tests/crash/victim.py CONFIG [--pages N] [--bytes N] [--clock SECONDS] [--jump SECONDS]

`--pages`: how many pages the store may still grow. `--bytes`: no file may grow beyond. `--clock`: how far the clock is
off from the start. `--jump`: how far it jumps after a second.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from monitor import app, config, daemon, log
from monitor.store import connection, rarity


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("config", type=Path)
    parser.add_argument("--pages", type=int)
    parser.add_argument("--bytes", type=int)
    parser.add_argument("--clock", type=float, default=0.0)
    parser.add_argument("--jump", type=float, default=0.0)
    given = parser.parse_args()
    if given.pages is not None:
        _limit_pages(given.pages)
    if given.bytes is not None:
        _limit_files(given.bytes)
    _shift_clock(given.clock, given.jump)
    log.setup("info", "json")
    rhythm = daemon.Rhythm(poll=0.2, digest=0.5, deliver=0.2, beat=5.0, room=0.5)
    daemon.run(lambda: config.load(given.config, secrets=True), rhythm=rhythm)


def _limit_pages(more: int) -> None:
    original = connection.connect

    def connect(path: Path, *, read_only: bool = False) -> connection.Connection:
        db = original(path, read_only=read_only)
        if not read_only:
            pages = db.execute("PRAGMA page_count").fetchone()[0]
            db.execute(f"PRAGMA max_page_count = {max(pages, 1) + more}")
        return db

    connection.connect = connect


def _limit_files(size: int) -> None:
    """From when all files are open: the word counts have one that is large from the start."""
    original = rarity.Rarity.__init__

    def begin(self: rarity.Rarity, path: Path, now: datetime) -> None:
        original(self, path, now)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    rarity.Rarity.__init__ = begin


def _shift_clock(offset: float, jump: float) -> None:
    began = time.monotonic()

    def clock() -> datetime:
        late = jump if time.monotonic() - began > 1 else 0.0
        return datetime.now(UTC) + timedelta(seconds=offset + late)

    app.build.__wrapped__.__kwdefaults__["clock"] = clock


if __name__ == "__main__":
    main()
