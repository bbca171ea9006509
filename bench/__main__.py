"""Every measurement of bench/RESULTS.md in turn: `make bench`, or `python -m bench [NAME …]`.

Each runs as a process of its own and prints its own table. `--short` takes sizes that end within minutes.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from pathlib import Path

# name → (arguments, arguments of the short form)
MEASUREMENTS: dict[str, tuple[list[str], list[str]]] = {
    "path": (["bench/path/measure.py"], ["bench/path/measure.py", "--documents", "300"]),
    "memory": (
        ["-m", "bench.path.memory"],
        ["-m", "bench.path.memory", "--rules", "5000", "--documents", "100", "--edits", "30"],
    ),
    "latency": (["bench/delivery/latency.py"], ["bench/delivery/latency.py", "50", "10"]),
    "claims": (["bench/delivery/claims.py"], ["bench/delivery/claims.py"]),
    "throughput": (["bench/delivery/throughput.py"], ["bench/delivery/throughput.py", "500"]),
    "rules": (["-m", "bench.rules"], ["-m", "bench.rules", "--rules", "1000"]),
    "backtest": (["-m", "bench.store.backtest"], ["-m", "bench.store.backtest", "--articles", "10000"]),
    "dedup": (["-m", "bench.dedup.quality"], ["-m", "bench.dedup.quality", "--only", "monitor"]),
    "dedup-speed": (
        ["-m", "bench.dedup.speed", "--articles", "100000"],
        ["-m", "bench.dedup.speed", "--articles", "5000"],
    ),
    "cleaning": (["-m", "bench.cleaning"], ["-m", "bench.cleaning", "--pages", "15"]),
    "polling": (["bench/polling/run.py"], ["bench/polling/run.py", "--feeds", "100"]),
}


def main(arguments: list[str]) -> int:
    """Run the named measurements, or all. Returns 1 if one of them failed."""
    short = "--short" in arguments
    names = [name for name in arguments if not name.startswith("-")] or list(MEASUREMENTS)
    unknown = [name for name in names if name not in MEASUREMENTS]
    if unknown:
        print(f"no measurement {', '.join(unknown)}; there are {', '.join(MEASUREMENTS)}", file=sys.stderr)
        return 2
    processors = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    model = next((line for line in processors if line.startswith("model name")), ": unknown")
    print(f"{model.split(':', 1)[1].strip()}, {os.cpu_count()} cores; Python {platform.python_version()}", flush=True)
    failed = []
    for name in names:
        began = time.monotonic()
        print(f"\n── {name} ──", flush=True)
        done = subprocess.run(
            [sys.executable, *MEASUREMENTS[name][short]], env={**os.environ, "PYTHONPATH": "."}, check=False
        )
        print(f"({time.monotonic() - began:.0f} s)", flush=True)
        if done.returncode:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
