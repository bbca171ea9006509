"""The whole path, measured: documents a second, settling alone, memory, start-up, first alert.

    python bench/path/measure.py [--documents 1000] [--rules 1000] [--profile]

Runs the real daemon on a drop folder of 3 KB text files made with a fixed seed. Prints one line a figure.
"""

from __future__ import annotations

import argparse
import contextlib
import cProfile
import json
import os
import pstats
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

CONFIG = """
[monitor]
state = "state"
[folders.drop]
path = "drop"
every = "200ms"
{rules}
[channels.file]
kind = "file"
path = "alerts.jsonl"
cap = ""
"""


def vocabulary() -> list[str]:
    """Words of real news, and as many made-up names, so that documents differ as news do."""
    texts = " ".join(path.read_text("utf-8") for path in sorted((ROOT / "tests" / "expected").iterdir()))
    words = sorted({word.lower() for word in texts.split() if word.isalpha() and len(word) > 2})
    chance = random.Random(1)
    names = ["".join(chance.choices("abdegiklmnoprstuvz", k=chance.randrange(4, 10))) for _ in range(4000)]
    return words + names


def document(chance: random.Random, words: list[str], size: int = 3000) -> str:
    """About `size` characters in sentences and paragraphs; one in five says 'envoy'."""
    parts, length = [" ".join(chance.choices(words, k=8)).capitalize()], 0
    while length < size:
        sentences = [" ".join(chance.choices(words, k=chance.randrange(8, 20))).capitalize() + "." for _ in range(4)]
        if chance.random() < 0.05:
            sentences[1] += " The envoy said so."
        parts.append(" ".join(sentences))
        length += len(parts[-1])
    return "\n\n".join(parts)


def rules(count: int, words: list[str]) -> str:
    """Rules as people write them: words, phrases, AND, NOT. The first finds 'envoy'."""
    chance = random.Random(2)
    made = ["[rules.r0]\nquery = 'envoy'"]
    for number in range(1, count):
        one, two, three = chance.sample(words, 3)
        query = (f"{one} AND {two} AND {three}", f'"{one} {two}"', f"({one} OR {two}) NEAR/3 {three}")[number % 3]
        made.append(f"[rules.r{number}]\nquery = '{query}'")
    return "\n".join(made)


class Daemon:
    """A real daemon in a folder of its own, that tells us by NOTIFY_SOCKET when it is ready."""

    def __init__(self, folder: Path, rule_text: str) -> None:
        self.folder = folder
        (folder / "drop").mkdir()
        (folder / "config.toml").write_text(CONFIG.format(rules=rule_text))
        self.ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.ear.bind(str(folder / "notify"))

    @contextmanager
    def running(self):
        """Yields (process, seconds from its start to READY=1)."""
        began = time.monotonic()
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "monitor", "--config", self.folder / "config.toml", "run"],
                cwd=ROOT, stdout=log, stderr=log, env={**os.environ, "NOTIFY_SOCKET": str(self.folder / "notify")},
            )  # fmt: skip
        try:
            while b"READY=1" not in self.ear.recv(65536):
                pass
            yield process, time.monotonic() - began
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()

    def count(self, query: str) -> int:
        db = sqlite3.connect(self.folder / "state" / "monitor.db")
        try:
            return int(db.execute(query).fetchone()[0])
        finally:
            db.close()


def family(root: int) -> list[int]:
    """A process and all below it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found, todo = [], [root]
    while todo:
        found.append(todo.pop())
        todo += children.get(found[-1], [])
    return found


def processor(root: int) -> dict[str, float]:
    """Seconds of CPU so far: the daemon, and its workers with those that have ended."""
    tick = os.sysconf("SC_CLK_TCK")
    used = {"daemon": 0.0, "workers": 0.0}
    for place, pid in enumerate(family(root)):
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        own, ended = int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
        used["workers" if place else "daemon"] += (own + (ended if place else 0)) / tick
    return used


def memory(root: int) -> dict[str, float]:
    """MiB of a process and all below it: proportional in all (shared pages divided), resident each."""
    total, each = 0.0, {}
    for place, pid in enumerate(family(root)):
        fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
        total += int(fields["Pss"].split()[0]) / 1024
        resident, anonymous = int(fields["Rss"].split()[0]) / 1024, int(fields["Anonymous"].split()[0]) / 1024
        each["daemon" if not place else f"child {place}"] = resident
        each["of it not files" if not place else f"of child {place} not files"] = anonymous
    return {"all processes": total, **each}


def measure_path(folder: Path, documents: int, rule_text: str) -> None:
    """Documents a second from ready to the last settled, with the alerts sent."""
    chance, words = random.Random(3), vocabulary()
    daemon = Daemon(folder, rule_text)
    with daemon.running() as (process, ready):
        spent = processor(process.pid)["daemon"]
        print(f"ready after {ready:.2f} s ({spent:.2f} s of CPU) with {rule_text.count('[rules.')} rules, all new")
        warm = folder / "drop" / "warm.txt"
        warm.write_text(document(chance, words))
        os.utime(warm, (1, 1))
        while not daemon.count("SELECT COUNT(*) FROM entries WHERE settled_at IS NOT NULL"):
            time.sleep(0.05)
        print("idle:", ", ".join(f"{name} {size:.0f} MiB" for name, size in memory(process.pid).items()))
        staged = folder / "staged"
        staged.mkdir()
        for number in range(documents):
            path = staged / f"{number}.txt"
            path.write_text(document(chance, words))
            os.utime(path, (1, 1))
        before = processor(process.pid)
        began = time.monotonic()
        for path in list(staged.iterdir()):
            path.rename(folder / "drop" / path.name)
        half = None
        while (done := daemon.count("SELECT COUNT(*) FROM entries WHERE settled_at IS NOT NULL")) <= documents:
            if half is None and done > documents / 2:
                half = memory(process.pid)
            time.sleep(0.1)
        spent = time.monotonic() - began
        while daemon.count("SELECT COUNT(*) FROM deliveries WHERE state <> 'sent'"):
            time.sleep(0.05)
        sent = time.monotonic() - began
        print(
            f"{documents / spent:.0f} documents a second ({documents} in {spent:.1f} s; last alert after {sent:.1f} s)"
        )
        used = {name: (after - before[name]) / documents * 1000 for name, after in processor(process.pid).items()}
        print("processor:", ", ".join(f"{name} {each:.1f} ms a document" for name, each in used.items()))
        print("busy:", ", ".join(f"{name} {size:.0f} MiB" for name, size in (half or memory(process.pid)).items()))
    assert daemon.count("SELECT COUNT(*) FROM articles") == documents + 1
    with daemon.running() as (process, ready):
        print(f"ready after {ready:.2f} s ({processor(process.pid)['daemon']:.2f} s of CPU) on the second start")


def measure_settle(folder: Path, documents: int, *, profile: bool) -> None:
    """Settling alone: digested before, in batches of 64, with synchronous=FULL."""
    from monitor.model import Document, Entry, Rule, Work
    from monitor.ports import SourceRow
    from monitor.settle import Settlement, Settler
    from monitor.stages.digest import digest
    from monitor.stages.restraint import Route
    from monitor.stages.rules import RuleBook, compile_rule
    from monitor.store import entries, sources
    from monitor.store import rules as stored
    from monitor.store.connection import Store, savepoint
    from monitor.store.rarity import Rarity

    now = datetime.now(UTC)
    store = Store(folder / "settle.db")
    rarity = Rarity(folder / "rarity.bin", now)
    rule = Rule(slug="r0", query="envoy", channels=("file",))
    book = RuleBook()
    book.add(compile_rule(rule, {}))
    chance, words = random.Random(4), vocabulary()
    row = SourceRow(slug="bench", kind="folder", address="x", every=10)
    source = store.write_now(lambda db: sources.upsert(db, row, now))
    store.write_now(lambda db: stored.save(db, rule, "", now))
    made = [
        Entry(source="bench", guid=str(n), content=Document(body=document(chance, words).encode(), name=f"{n}.txt"))
        for n in range(documents)
    ]
    store.write_now(lambda db: entries.add(db, source, made, now))
    from datetime import timedelta

    pending = store.write_now(lambda db: entries.claim_pending(db, now, "run", timedelta(hours=1), documents))
    began = time.process_time()
    work = [(one, digest(Work(entry=one.entry), book)) for one in pending]
    digested = time.process_time() - began
    settler = Settler(run="run", rules={"r0": rule}, routes={"file": Route(channel="file")}, rarity=lambda: rarity)

    def batch(db, part):
        for one, found in part:
            with savepoint(db):
                settler.settle(db, Settlement(pending=one, digest=found, now=now))

    profiler = cProfile.Profile()
    began, cpu = time.monotonic(), time.process_time()
    for start in range(0, documents, 64):
        part = work[start : start + 64]
        if profile:
            store.write_now(lambda db, part=part: profiler.runcall(batch, db, part))
        else:
            store.write_now(lambda db, part=part: batch(db, part))
    spent, cpu = time.monotonic() - began, time.process_time() - cpu
    print(f"{documents / spent:.0f} settled a second in batches of 64 ({cpu / documents * 1000:.2f} ms of CPU each)")
    print(f"digest: {digested / documents * 1000:.1f} ms of CPU each")
    if profile:
        pstats.Stats(profiler).sort_stats("cumulative").print_stats(45)
    store.close()
    rarity.close()


def measure_first_alert() -> None:
    """From the command to the first alert on the console, as `make run` on a set-up clone."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = (ROOT / "config.toml").read_text().replace('path = "seeds"', f'path = "{ROOT / "seeds"}"')
        (folder / "config.toml").write_text(text)
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "monitor", "--config", folder / "config.toml", "run"],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        assert process.stdout is not None
        process.stdout.readline()
        print(f"first alert {time.monotonic() - began:.2f} s after the command")
        process.send_signal(signal.SIGTERM)
        process.communicate()


def main() -> None:
    """All figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=1000)
    parser.add_argument("--rules", type=int, default=1000)
    parser.add_argument("--profile", action="store_true")
    given = parser.parse_args()
    print(
        json.dumps(
            {"cores": len(os.sched_getaffinity(0)), "load": os.getloadavg()[0], "python": sys.version.split()[0]}
        )
    )
    measure_first_alert()
    with tempfile.TemporaryDirectory() as folder:
        measure_settle(Path(folder), given.documents, profile=given.profile)
    with tempfile.TemporaryDirectory() as folder:
        measure_path(Path(folder), given.documents, rules(given.rules, vocabulary()))


if __name__ == "__main__":
    main()
