"""What a claim costs when 100 deliveries wait and when 100,000 do.

python bench/delivery/claims.py
"""

from __future__ import annotations

import json
import sqlite3
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from filled import fill

from monitor.stages.restraint import Route
from monitor.store import deliveries
from monitor.store.connection import Store

ROUNDS = 60


def cost(count: int) -> float:
    """Median milliseconds of finding the due lanes, claiming one delivery and marking it sent, without the commit."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "monitor.db")
        fill(store, count, Route(channel="desk", targets=tuple(f"r{n}@example.org" for n in range(10))))
        now = datetime.now(UTC)

        def once(db: sqlite3.Connection) -> float:
            began = time.perf_counter()
            lanes = deliveries.due_lanes(db, now)
            claimed = deliveries.claim(db, lanes[:1], now, "bench", timedelta(minutes=5), 1)
            deliveries.sent(db, claimed[lanes[0]][0], "ok", now)
            return (time.perf_counter() - began) * 1000

        spent = [store.write_now(once) for _ in range(ROUNDS)]
        store.close()
    return statistics.median(spent)


def main() -> None:
    cost(100)
    few, many = cost(100), cost(100_000)
    print(
        json.dumps(
            {"milliseconds_100": round(few, 3), "milliseconds_100000": round(many, 3), "ratio": round(many / few, 2)}
        )
    )


if __name__ == "__main__":
    main()
