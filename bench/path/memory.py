"""The daemon with a large rule book: memory of all its processes, start to READY, and how soon an edit is in force.

    python -m bench.path.memory [--rules 100000] [--documents 500] [--edits 300]

Rules like a news desk's (bench.rules.workload) in a conf.d file, documents in a drop folder. Memory is proportional
(PSS: a page that n processes share counts 1/n for each), summed over main process, nursery and workers.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import tempfile
import time
from pathlib import Path

from bench.path.measure import Daemon, family, memory, processor
from bench.rules.workload import Workload, build


def main() -> None:
    """All figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rules", type=int, default=100_000)
    parser.add_argument("--documents", type=int, default=500)
    parser.add_argument("--edits", type=int, default=300)
    given = parser.parse_args()
    workload = build(given.rules + given.edits)
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), workload, given.rules, given.documents, given.edits)


def measure(folder: Path, workload: Workload, count: int, documents: int, edits: int) -> None:
    """One daemon, started twice."""
    daemon = Daemon(folder, "")
    queries = [query.text for query in workload.rules]
    rules = {f"r{number}": query for number, query in enumerate(queries[:count])}
    (folder / "conf.d").mkdir()
    write(folder, rules)
    texts = workload.articles
    with daemon.running() as (process, ready):
        spent = processor(process.pid)["daemon"]
        print(f"{count:,} rules, all new: ready after {ready:.1f} s, {spent:.1f} s of CPU", flush=True)
    with daemon.running() as (process, ready):
        spent = processor(process.pid)["daemon"]
        print(f"the second start: ready after {ready:.1f} s, {spent:.1f} s of CPU", flush=True)
        drop(daemon, texts, 1, "first")
        show("idle, both workers born", process.pid)
        drop(daemon, texts, documents, "many")
        show(f"after {documents} articles", process.pid)
        chance = random.Random(5)
        for batch in range(3):
            for number in range(edits // 3):
                rules[f"r{chance.randrange(count)}"] = queries[count + batch * (edits // 3) + number]
            seconds, used = edit(daemon, process.pid, rules, f"zubrofkanel{'abc'[batch]}", texts[0])
            print(
                f"{edits // 3} changed rules: {seconds:.2f} s from the signal to a match by a new one ({used:.1f} CPU)"
            )
        rules["r1"] = "unheardof"
        seconds, used = edit(daemon, process.pid, rules, "zubrofkaneld", texts[0])
        print(f"a changed rule: {seconds:.2f} s from the signal to its first match ({used:.1f} s of CPU)")
        show(f"after {edits} edits in 4 reloads", process.pid)


def write(folder: Path, rules: dict[str, str]) -> None:
    """The rules as a file beside the configuration."""
    lines = [f"[rules.{slug}]\nquery = '''{query}'''" for slug, query in rules.items()]
    (folder / "conf.d" / "rules.toml").write_text("\n".join(lines), "utf-8")


def drop(daemon: Daemon, texts: list[str], count: int, name: str, word: str = "") -> None:
    """Hand documents over, and wait until they are settled."""
    before = daemon.count("SELECT COUNT(*) FROM entries WHERE settled_at IS NOT NULL")
    staged = daemon.folder / "staged"
    staged.mkdir(exist_ok=True)
    for number in range(count):
        text = texts[number % len(texts)].split()
        random.Random(f"{name}{number}").shuffle(text)  # no copies of each other
        path = staged / f"{name}-{number}.txt"
        path.write_text(f"{name} {number}\n\n{word} {' '.join(text)}", "utf-8")
        os.utime(path, (1, 1))
        path.rename(daemon.folder / "drop" / path.name)
    while daemon.count("SELECT COUNT(*) FROM entries WHERE settled_at IS NOT NULL") < before + count:
        time.sleep(0.05)


def edit(daemon: Daemon, pid: int, rules: dict[str, str], word: str, text: str) -> tuple[float, float]:
    """Let a rule ask for `word`, and drop articles until it matches. Seconds by the clock, and of CPU in all."""
    rules["r0"] = word
    write(daemon.folder, rules)
    before = sum(processor(pid).values())
    began = time.monotonic()
    os.kill(pid, signal.SIGHUP)
    tries = 0
    while not daemon.count(f"SELECT COUNT(*) FROM matches WHERE rule = 'r0' AND evidence LIKE '%{word}%'"):
        drop(daemon, [text], 1, f"{word}-{tries}", word)
        tries += 1
    return time.monotonic() - began, sum(processor(pid).values()) - before


def show(when: str, pid: int) -> None:
    """One line: MiB in all, and of each process."""
    sizes = memory(pid)
    total = sizes.pop("all processes")
    each = ", ".join(f"{name} {size:.0f}" for name, size in sizes.items())
    print(f"{when}: {total:.0f} MiB in {len(family(pid))} processes (resident: {each})", flush=True)


if __name__ == "__main__":
    main()
