"""SIGKILL at random moments: every document is stored once, every alert is delivered, the file stays sound.

CRASH_ROUNDS=200 kills longer, CRASH_SEED=… kills elsewhere. What is counted at the end is what came out at the other
side: a webhook receiver that outlives every run.
"""

from __future__ import annotations

import os
import random
import re
import sqlite3
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
ROUNDS = int(os.environ.get("CRASH_ROUNDS", "20"))
SEED = int(os.environ.get("CRASH_SEED", "20261122"))
EACH = 6  # documents dropped a round, into each folder
TEXTS = [path.read_text("utf-8") for path in sorted((ROOT / "tests" / "expected").iterdir())]
WORDS = sorted({word.lower() for text in TEXTS for word in text.split() if word.isalpha() and len(word) > 3})

MARK = re.compile(r"\bzq[a-z]{8}\b")  # one in each document, in the sentence that the rule finds

pytestmark = [pytest.mark.acceptance, pytest.mark.slow, pytest.mark.timeout(60 + 10 * ROUNDS)]

CONFIG = """
[monitor]
state = "state"
[folders.keep]
path = "keep"
every = "200ms"
[folders.move]
path = "move"
every = "200ms"
after = "move"
[rules.copper]
query = 'copperhead'
once_per = "article"
[channels.hook]
kind = "webhook"
url = "http://127.0.0.1:{port}/hook"
allow_private = true
cap = ""
"""


class Receiver(ThreadingHTTPServer):
    """Accepts webhook calls."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.accepted = []  # (webhook-id, the document's mark)

    def handle_error(self, request, client_address):
        """A killed daemon hangs up in the middle of a call: that is what this is about."""


class Answer(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.accepted.append((self.headers["webhook-id"], MARK.search(body)[0]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Monitor:
    """A folder to work in, and the daemon as it runs there."""

    def __init__(self, folder: Path, port: int):
        self.folder = folder
        self.marks: list[str] = []
        for name in ("keep", "move"):
            (folder / name).mkdir()
        (folder / "config.toml").write_text(CONFIG.format(port=port))

    def start(self) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "monitor", "--config", self.folder / "config.toml", "run"],
                cwd=ROOT, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def drop(self, chance: random.Random) -> None:
        for _ in range(EACH):
            for name in ("keep", "move"):
                mark = "zq" + "".join(chance.choices("abcdefghijklmnoprstuvwxy", k=8))
                paragraphs = [" ".join(sentence(chance, 12) for _ in range(4)) for _ in range(5)]
                paragraphs[2] += f" {sentence(chance, 5)[:-1]} copperhead {mark} {sentence(chance, 6).lower()}"
                hidden = self.folder / f".{len(self.marks)}"
                hidden.write_text("\n\n".join([sentence(chance, 7)[:-1], *paragraphs]))
                os.utime(hidden, (1_700_000_000, 1_700_000_000))
                hidden.rename(self.folder / name / f"{len(self.marks)}.txt")
                self.marks.append(mark)

    def rows(self, query: str, name: str = "monitor.db") -> list[tuple]:
        db = sqlite3.connect(self.folder / "state" / name)
        try:
            return db.execute(query).fetchall()
        finally:
            db.close()


@pytest.fixture
def receiver():
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_killed_at_random_moments_it_loses_nothing_and_repeats_nothing_under_another_id(tmp_path, receiver):
    chance = random.Random(SEED)
    monitor = Monitor(tmp_path, receiver.server_port)
    for _ in range(ROUNDS):
        monitor.drop(chance)
        process = monitor.start()
        time.sleep(chance.uniform(0.4, 2.4))
        process.kill()
        process.wait()
        if (tmp_path / "state" / "monitor.db").exists():
            assert monitor.rows("PRAGMA integrity_check") == [("ok",)]
    process = monitor.start()
    try:
        end = time.monotonic() + 60
        while {mark for _, mark in receiver.accepted} != set(monitor.marks) or unsent(monitor):
            assert time.monotonic() < end, report(monitor, receiver)
            time.sleep(0.1)
    finally:
        process.kill()
        process.wait()

    assert monitor.rows("SELECT state, COUNT(*) FROM entries GROUP BY state") == [("done", len(monitor.marks))]
    stored = [MARK.search(text)[0] for (text,) in monitor.rows("SELECT text FROM articles")]
    assert sorted(stored) == sorted(monitor.marks), "once each"
    assert monitor.rows("SELECT COUNT(*) FROM alerts") == [(len(monitor.marks),)]
    assert monitor.rows("SELECT state, COUNT(*) FROM deliveries GROUP BY state") == [("sent", len(monitor.marks))]
    ids = {mark: {identity for identity, said in receiver.accepted if said == mark} for mark in monitor.marks}
    assert all(len(found) == 1 for found in ids.values()), "a repeat may only come under the same id"
    hashes = {row[0] for row in monitor.rows("SELECT document_sha256 FROM entries")}
    assert {row[0] for row in monitor.rows("SELECT sha256 FROM documents", "raw.db")} >= hashes
    for name in ("monitor.db", "raw.db"):
        assert monitor.rows("PRAGMA integrity_check", name) == [("ok",)]
    assert len(list((tmp_path / "move" / "done").iterdir())) == len(monitor.marks) // 2
    assert not list((tmp_path / "move").glob("*.txt"))


def sentence(chance: random.Random, length: int) -> str:
    return " ".join(chance.choices(WORDS, k=length)).capitalize() + "."


def unsent(monitor):
    return monitor.rows("SELECT COUNT(*) FROM deliveries WHERE state <> 'sent'") != [(0,)]


def report(monitor, receiver):
    """What to look at when something is missing."""
    missing = set(monitor.marks) - {mark for _, mark in receiver.accepted}
    return {
        "missing": sorted(missing)[:10],
        "entries": monitor.rows("SELECT state, because, COUNT(*) FROM entries GROUP BY 1, 2"),
        "deliveries": monitor.rows("SELECT state, last_error, COUNT(*) FROM deliveries GROUP BY 1, 2"),
        "matches": monitor.rows("SELECT outcome, because, COUNT(*) FROM matches GROUP BY 1, 2"),
        "log": (monitor.folder / "log").read_text()[-3000:],
    }
