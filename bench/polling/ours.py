"""One round of ours as a process of its own: start, poll every source once, stop. `--digest` goes on to articles.

Prints one line of JSON for `run.py`; CPU and memory are measured from outside.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import re
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import structlog


async def main(path: Path, digest: bool) -> None:
    """Poll all that is due."""
    from monitor import config
    from monitor.app.parts import build

    async with build(config.load(path), idle=not digest) as app:
        tasks: set[asyncio.Task[None]] = set()

        def spawn(work: Coroutine[Any, Any, None]) -> None:
            task = asyncio.create_task(work)
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        await app.store.write(lambda db: db.execute("UPDATE sources SET next_poll_at = '2000-01-01'"))
        while await app.pipeline.poll_due(spawn):  # as `monitor once` does
            await asyncio.wait(tasks)
        entries = app.store.read_now(lambda db: db.execute("SELECT COUNT(*) FROM entries").fetchone()[0])
        failed = app.store.read_now(
            lambda db: db.execute("SELECT COUNT(*) FROM sources WHERE failures > 0").fetchone()[0]
        )
        done = await app.pipeline.digest_due() if digest else 0
        peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
        assert peak is not None
        said = {"entries": entries, "failed": failed, "digested": done, "mib": int(peak[1]) // 1024}
        print(json.dumps(said))


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("config", type=Path)
    arguments.add_argument("--digest", action="store_true")
    given = arguments.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    asyncio.run(main(given.config, given.digest))
