"""One round of `reader` as a process of its own: start, update every feed once, stop."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

import feedparser_sgmllib

sys.modules.setdefault("sgmllib", feedparser_sgmllib)  # what reader's own feedparser asks for by its old name
from reader import make_reader  # noqa: E402

if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("database", type=Path)
    arguments.add_argument("urls", type=Path)
    given = arguments.parse_args()
    reader = make_reader(str(given.database))
    known = {feed.url for feed in reader.get_feeds()}
    for url in given.urls.read_text().split():
        if url not in known:
            reader.add_feed(url)
    failed = sum(
        1 for result in reader.update_feeds_iter(scheduled=False, workers=2) if not result.value and result.error
    )
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert peak is not None
    print(json.dumps({"entries": reader.get_entry_counts().total, "failed": failed, "mib": int(peak[1]) // 1024}))
    reader.close()
