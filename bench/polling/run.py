"""Polling, measured: a thousand feeds on loopback, five moods of their server, CPU seconds and memory per round.

    python bench/polling/run.py                 # ours and `reader`, 1,000 feeds
    python bench/polling/run.py --feeds 10000 --moods ab --no-peer
    python bench/polling/run.py --digest        # what each new entry costs on top, down to the article

Each round is a process of its own, so start-up is included; CPU is that of the process and all its children; memory
is the peak of the main process. The same feeds for the same seed. Our bytecode is written first, as an installation
does: where Python is told to write none (PYTHONDONTWRITEBYTECODE), each round would compile the program anew.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
LIMITS = {"a": 12.0, "b": 0.8, "c": 1.6, "d": 1.2, "e": 1.2}
TITLES = {
    "a": "a first poll",
    "b": "b all 304",
    "c": "c 5 % changed",
    "d": "d 200, same body and validators",
    "e": "e 200, same body, no validators",
}


@dataclass(frozen=True, slots=True)
class Round:
    """What one process cost and said."""

    cpu: float
    wall: float
    mib: float
    said: dict[str, int]


def measured(command: list[str]) -> Round:
    """Run a command; CPU seconds of it and its children, peak memory of it."""
    began = time.monotonic()
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert process.stdout is not None
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command} ended with {process.returncode}")
    said = json.loads(out.strip().splitlines()[-1])
    return Round(usage.ru_utime + usage.ru_stime, time.monotonic() - began, said["mib"], said)


def configuration(folder: Path, urls: list[str], host: str) -> Path:
    """A configuration of ours that watches these feeds, a hundred rules, no channel."""
    feeds = "\n".join(f'[feeds.f{number}]\nurl = "{url}"\nfulltext = false\n' for number, url in enumerate(urls))
    rules = "\n".join(
        f'[rules.r{number}]\nquery = "word{number} OR talks NEAR/5 envoy{number}"\n' for number in range(100)
    )
    path = folder / "config.toml"
    path.write_text(
        f'[monitor]\nstate = "{folder / "state"}"\n[fetch]\nallow_hosts = ["{host}"]\nper_host = 32\n{feeds}\n{rules}'
    )
    return path


def main() -> None:
    """Serve, measure, print a table; exit 1 where a limit is passed."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--feeds", type=int, default=1000)
    arguments.add_argument("--moods", default="abcde")
    arguments.add_argument("--no-peer", action="store_true")
    arguments.add_argument("--digest", action="store_true")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="polling-") as name:
        folder = Path(name)
        port_file = folder / "port"
        kinds = min(given.feeds, 1000)  # more feeds than that repeat the bodies under other addresses
        server = subprocess.Popen(
            [
                sys.executable,
                str(HERE / "server.py"),
                "--seed",
                str(given.seed),
                "--feeds",
                str(kinds),
                "--port-file",
                str(port_file),
            ]
        )
        try:
            while not port_file.exists():
                time.sleep(0.05)
            measure(folder, f"127.0.0.1:{port_file.read_text()}", given)
        finally:
            server.kill()
            server.wait()


def measure(folder: Path, host: str, given: argparse.Namespace) -> None:
    """All rounds, ours and the peer's beside each other."""
    urls = [f"http://{host}/feed/{number}" for number in range(given.feeds)]
    (folder / "urls").write_text("\n".join(urls))
    config = configuration(folder, urls, host)
    ours = [sys.executable, str(HERE / "ours.py"), str(config)] + (["--digest"] if given.digest else [])
    peer = [sys.executable, str(HERE / "peer.py"), str(folder / "reader.db"), str(folder / "urls")]
    print("| phase | ours CPU s | wall s | MiB | entries | failed | reader CPU s | MiB | entries | limit |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    compileall.compile_dir(ROOT / "monitor", quiet=1)
    late = []
    for mood in given.moods:
        urllib.request.urlopen(f"http://{host}/mood/{mood}").read()
        mine = measured(ours)
        other = None if given.no_peer else measured(peer)
        theirs = f"{other.cpu:.1f} | {other.mib:.0f} | {other.said['entries']:,}" if other else "– | – | –"
        limit = LIMITS[mood] if given.feeds == 1000 else float("inf")
        print(
            f"| {TITLES[mood]} | {mine.cpu:.2f} | {mine.wall:.1f} | {mine.mib:.0f} | {mine.said['entries']:,} |"
            f" {mine.said['failed']} | {theirs} | {LIMITS[mood] if given.feeds == 1000 else '–'} |",
            flush=True,
        )
        if given.digest and mine.said["digested"]:
            each = 1000 * mine.cpu / mine.said["digested"]
            print(f"  {mine.said['digested']:,} entries digested, {each:.2f} ms each in all")
        if mine.cpu > limit and not given.digest:
            late.append(mood)
    if late:
        raise SystemExit(f"over the limit: {', '.join(late)}")


if __name__ == "__main__":
    main()
