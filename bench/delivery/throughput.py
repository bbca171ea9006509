"""Deliveries a second through the whole outbox: claim, load, render, send, acknowledge, commit.

    python bench/delivery/throughput.py [COUNT]

The server is another process on another core; ours is bound to one. Prints one JSON line for each kind.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import structlog
from filled import fill, sink

from monitor.channels import Tools, build
from monitor.config.shape import ChannelConfig
from monitor.outbox import Outbox
from monitor.store.connection import Store


def options(kind: str, port: int) -> dict[str, object]:
    if kind == "webhook":
        return {"url": f"http://127.0.0.1:{port}/hook", "allow_private": True}
    return {
        "host": "127.0.0.1",
        "port": port,
        "security": "plain",
        "from": "monitor@example.net",
        "to": [f"reader{n}@example.org" for n in range(8)],
    }


async def drained(store: Store, kind: str, port: int, count: int) -> dict[str, float]:
    channel, route = build(ChannelConfig(slug="desk", kind=kind, options=options(kind, port)), Tools())
    fill(store, count, route)
    outbox = Outbox(
        store, run="bench", channels={"desk": channel}, routes={"desk": route}, clock=lambda: datetime.now(UTC)
    )
    await outbox.start()
    began, cpu = time.perf_counter(), time.process_time()
    tally = await outbox.drain()
    seconds, spent = time.perf_counter() - began, time.process_time() - cpu
    await outbox.close()
    assert tally.sent == count, tally
    return {"per_second": round(count / seconds), "cpu_milliseconds_each": round(spent / count * 1000, 2)}


def main(count: int) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    cores = sorted(os.sched_getaffinity(0))
    for kind, server in (("email", "smtp"), ("webhook", "http")):
        with sink(server, cores[-1]) as port, tempfile.TemporaryDirectory() as folder:
            os.sched_setaffinity(0, {cores[0]})
            store = Store(Path(folder) / "monitor.db")
            result = asyncio.run(drained(store, kind, port, count))
            store.close()
            os.sched_setaffinity(0, cores)
        print(json.dumps({"kind": kind, "deliveries": count, **result}))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3000)
