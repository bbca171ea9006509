"""What a large store costs: finding, looking, and settling more. Run on a store of `bench.store.generate --text zipf`.

    python -m bench.store.measure /tmp/store/monitor.db       python -m bench.store makes one and measures it

Settling is the pipeline's own, in transactions of 50 with synchronous=FULL; the store is larger afterwards.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np

from bench.store.generate import KEYS
from bench.store.texts import Zipf
from monitor.model import Article, Digest, Entry, Fingerprint, Removed
from monitor.settle import Settlement, Settler
from monitor.store import entries, overview, search
from monitor.store.connection import Connection, connect, from_text, transaction
from monitor.store.rarity import Rarity

BATCH = 50  # settlements of one transaction


def milliseconds(function: Callable[[], object]) -> float:
    """How long a call takes."""
    began = time.perf_counter()
    function()
    return (time.perf_counter() - began) * 1000


def written() -> int:
    """Bytes this process has had written to disks, as Linux counts them."""
    lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes"))


def show(name: str, times: list[float], found: float | None = None) -> None:
    """One line of the report."""
    more = "" if found is None else f"   {found:8.0f} found on average"
    print(f"{name:34} median {statistics.median(times):8.1f} ms   worst {max(times):8.1f} ms{more}")


def finding(db: Connection, seed: int) -> None:
    """Searches of each kind, newest twenty first, cold words each time."""
    chance = random.Random(seed)
    words = Zipf(7).words
    last = db.execute("SELECT max(id) FROM articles").fetchone()[0]

    def text() -> str:
        return str(db.execute("SELECT text FROM articles WHERE id = ?", (chance.randint(1, last),)).fetchone()["text"])

    def neighbours(apart: int) -> tuple[str, str]:
        found = text().replace(".", "").split()
        at = chance.randrange(len(found) - apart - 1)
        return found[at], found[at + apart]

    def common(low: int, high: int) -> str:
        return words[chance.randrange(low, high)]

    kinds: dict[str, Callable[[], str]] = {
        "two words, frequent": lambda: f"{common(5, 200)} {common(5, 200)}",
        "two words, middling": lambda: f"{common(200, 5000)} {common(200, 5000)}",
        "two words, one rare": lambda: f"{common(20000, 90000)} {common(5, 500)}",
        "phrase of neighbours": lambda: '"{} {}"'.format(*neighbours(1)),
        "NEAR/5 of neighbours": lambda: "{} NEAR/5 {}".format(*neighbours(4)),
        "beginning of four letters": lambda: common(2000, 60000)[:4] + "*",
        "either of three": lambda: " OR ".join(common(50, 20000) for _ in range(3)),
        "one without another": lambda: f"{common(50, 2000)} -{common(50, 500)}",
    }
    for name, make in kinds.items():
        times, found = [], []
        for _ in range(40):
            query = search.parse(make())
            assert query is not None
            began = time.perf_counter()
            found.append(len(search.find(db, query)))
            times.append((time.perf_counter() - began) * 1000)
        show(f"search: {name}", times, statistics.mean(found))


def looking(db: Connection) -> None:
    """The operator's overview: all that `monitor status` asks the store."""
    now = from_text(db.execute("SELECT max(seen_at) FROM articles").fetchone()[0])
    assert now is not None
    show("status: overview", [milliseconds(lambda: overview.overview(db, now)) for _ in range(5)])


def settling(db: Connection, count: int, seed: int) -> None:
    """New articles: announced, claimed, and settled with candidates, ruling, article, sketch, removed blocks."""
    make, numbers = Zipf(seed), np.random.default_rng(seed)
    now = from_text(db.execute("SELECT max(seen_at) FROM articles").fetchone()[0])
    source = db.execute("SELECT id, slug FROM sources LIMIT 1").fetchone()
    assert now is not None
    work = []
    for i in range(count):
        report = make.report()
        url = f"https://measured.example/{seed}/{time.time_ns()}-{i}"
        article = Article(
            title=report.title, text=report.text, url=url, canonical_url=url, outlet="Measured", language="en",
            published_at=now, extractor="trafilatura", cleaner="1",
            fingerprint=Fingerprint(
                exact=f"{numbers.integers(2**62):032x}", shingles=400,
                keys=tuple(numbers.integers(-(2**31), 2**31, KEYS).tolist()),
            ),
        )  # fmt: skip
        removed = (Removed(text="Also read: ten things to know", offset=9, at=0, reason="teaser", confidence=0.9),)
        digest = Digest(
            article=article, removed=removed,
            index_title=report.index_title or "", index_text=report.index_text or "",
        )  # fmt: skip
        work.append((Entry(source=source["slug"], guid=url, url=url, title=report.title), digest))
    path = Path(db.execute("PRAGMA database_list").fetchone()["file"])
    rarity = Rarity(path.with_name("rarity.bin"), now)
    settler = Settler(run="measure", rules={}, routes={}, rarity=lambda: rarity)
    times, cpu, before = [], time.process_time(), written()
    for start in range(0, count, BATCH):
        batch = work[start : start + BATCH]
        digests = {entry.guid: digest for entry, digest in batch}
        began = time.perf_counter()
        with transaction(db):
            entries.add(db, source["id"], [entry for entry, _ in batch], now, baseline=False)
        with transaction(db):
            claimed = entries.claim_pending(db, now, "measure", timedelta(minutes=10), BATCH)
        with transaction(db):
            for pending in claimed:
                job = Settlement(pending=pending, digest=digests[pending.entry.guid], now=now)
                outcome = settler.settle(db, job)
                assert outcome.state == "done", outcome
        times.append((time.perf_counter() - began) * 1000)
        now += timedelta(seconds=1)
    rarity.close()
    cpu, disk = time.process_time() - cpu, written() - before
    print(
        f"settling {count}: {count / sum(times) * 1000:.0f} a second, worst batch of {BATCH} {max(times):.0f} ms;"
        f" an article costs {cpu / count * 1000:.2f} ms of CPU and {disk / count / 1e3:.0f} kB written"
    )


def weighing(db: Connection) -> None:
    """The file against the text in it."""
    size = db.execute("PRAGMA page_count").fetchone()[0] * db.execute("PRAGMA page_size").fetchone()[0]
    count, text = db.execute("SELECT count(*), sum(length(CAST(text AS BLOB))) FROM articles").fetchone()
    every = (
        text
        + db.execute(
            "SELECT (SELECT sum(length(CAST(text AS BLOB))) FROM revisions)"
            " + (SELECT sum(length(CAST(text AS BLOB))) FROM removed_blocks)"
            " + (SELECT sum(length(CAST(title AS BLOB))) FROM articles)"
        ).fetchone()[0]
    )
    print(f"{count:,} articles, text {text / 1e6:,.0f} MB, file {size / 1e6:,.0f} MB: {size / text:.2f} × the text,"
          f" {size / every:.2f} × all text (titles, earlier wordings and removed passages too)")  # fmt: skip


def measure(path: Path, settle: int = 3000, seed: int = 11) -> None:
    """Print what a store costs; it has `settle` articles more afterwards."""
    db = connect(path)
    try:
        finding(db, seed)
        looking(db)
        settling(db, settle, seed)
        finding(db, seed + 1)
        weighing(db)
    finally:
        db.close()


def main() -> None:
    """Command line: the path of a generated store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--settle", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=11)
    arguments = parser.parse_args()
    measure(arguments.path, arguments.settle, arguments.seed)


if __name__ == "__main__":
    main()
