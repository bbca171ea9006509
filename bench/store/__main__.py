"""Make a store of invented news in a temporary directory and measure it: `python -m bench.store --articles 1000000`."""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from bench.store.generate import fill
from bench.store.measure import measure


def main() -> None:
    """Command line: how many articles, and where."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=100_000)
    parser.add_argument("--directory", type=Path, help="where there is room: some 7 kB an article")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.directory) as directory:
        path = Path(directory) / "monitor.db"
        began = time.perf_counter()
        fill(path, arguments.articles, text="zipf", days=max(arguments.articles // 10_000, 1))
        print(f"{arguments.articles:,} articles made in {time.perf_counter() - began:.0f} s")
        measure(path)


if __name__ == "__main__":
    main()
