"""The main job on the built wheel: a real process, a news site, a mail server, a webhook receiver."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from acceptance.clean_room import ROOT, make
from acceptance.outside import outside

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

EXPECTED = {path.name: path.read_text("utf-8") for path in (ROOT / "tests" / "expected").iterdir()}
SILENT = ('"Thomas West"', "drones", "airspace", "Retirees", "markas303", "Roku", "presstv")
REFERENCE = re.compile(r"reference(\d+)")
WORDS = [word for name in EXPECTED for word in EXPECTED[name].split() if word.isalpha() and len(word) > 3]
LATEST = 5.0  # seconds from a complete file or entry to acceptance, for 95 of 100

CONFIG = """
[monitor]
state = "state"
[fetch]
allow_hosts = ["127.0.0.1:{site}"]
spacing = "0s"
[folders.drop]
path = "drop"
every = "1s"
[feeds.wire]
url = "http://127.0.0.1:{site}/feed.xml"
every = "1s"
fulltext = false
baseline = false
[rules.khalilzad]
query = 'Khalilzad'
max_age = "0s"
[rules.peace]
query = '"peace agreement"'
max_age = "0s"
[rules.reference]
query = 'Zanzibar'
{silent}
[channels.mail]
kind = "email"
host = "127.0.0.1"
port = {smtp}
security = "plain"
from = "monitor@example.org"
to = ["desk@example.org"]
cap = ""
[channels.hook]
kind = "webhook"
url = "http://127.0.0.1:{hooks}/hook"
allow_private = true
cap = ""
"""


class Installed:
    """The installed command and a folder it works in."""

    def __init__(self, command: Path, folder: Path) -> None:
        self.command = command
        self.folder = folder
        self.log = folder / "log"
        (folder / "drop").mkdir(parents=True)

    @contextmanager
    def daemon(self):
        """The running daemon. Ended by SIGTERM, within ten seconds, with exit code 0."""
        before = self.log.read_text().count("daemon.ready") if self.log.exists() else 0
        environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        with self.log.open("a") as log:
            process = subprocess.Popen(
                [self.command, "--config", self.folder / "config.toml", "run"],
                stdout=log, stderr=log, env=environment, cwd=self.folder,
            )  # fmt: skip
        try:
            until(
                lambda: self.log.read_text().count("daemon.ready") > before or process.poll() is not None, "readiness"
            )
            assert process.poll() is None, self.log.read_text()
            yield process
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0, self.log.read_text()[-3000:]
            assert time.monotonic() - began < 10
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()

    def drop(self, name: str, content: bytes) -> float:
        """Put a complete file into the drop folder. Returns when."""
        hidden = self.folder / f".{name}"
        hidden.write_bytes(content)
        os.utime(hidden, (1_700_000_000, 1_700_000_000))
        os.replace(hidden, self.folder / "drop" / name)
        return time.time()

    def rows(self, query: str) -> list[tuple]:
        db = sqlite3.connect(f"file:{self.folder / 'state' / 'monitor.db'}?mode=ro", uri=True)
        try:
            return db.execute(query).fetchall()
        finally:
            db.close()


def until(happened, what: str, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, f"waited {seconds} s in vain for {what}"
        time.sleep(0.02)


def story(number: int, chance: random.Random) -> str:
    """Three kilobytes that resemble nothing else, with one sentence to find it by."""

    def sentence(length: int) -> str:
        return " ".join(chance.choices(WORDS, k=length)).capitalize() + "."

    paragraphs = [" ".join(sentence(15) for _ in range(5)) for _ in range(6)]
    paragraphs[2] += f" {sentence(6)[:-1]} Zanzibar reference{number} {sentence(6)}"
    return "\n\n".join([sentence(8)[:-1], *paragraphs])


@pytest.fixture(scope="module")
def world():
    with outside() as servers:
        yield servers


@pytest.fixture(scope="module")
def installed(tmp_path_factory, world):
    folder = tmp_path_factory.mktemp("main-job")
    made = Installed(make(folder), folder / "work")
    silent = "\n".join(f"[rules.silent-{i}]\nquery = '{query}'" for i, query in enumerate(SILENT))
    ports = {"site": world.site, "smtp": world.smtp, "hooks": world.hooks}
    (made.folder / "config.toml").write_text(CONFIG.format(silent=silent, **ports))
    return made


def test_the_seeds_a_feed_mails_webhooks_a_stop_and_a_second_start(installed, world):
    chance = random.Random(2026)
    published: dict[int, float] = {}
    with installed.daemon():
        _the_seeds(installed, world)

        for number in range(60):  # twenty a second into the folder, and some into the feed
            published[number] = installed.drop(f"{number}.txt", story(number, chance).encode())
            if number % 10 == 0:
                world.publish(f"g{number}", " ".join(chance.choices(WORDS, k=8)), story(1000 + number, chance))
            time.sleep(0.05)
        until(lambda: len(world.served) == 6, "the feed's entries to be fetched")
        published |= {1000 + int(guid[1:]): moment for guid, moment in world.served.items()}
        until(lambda: arrivals(world.mails).keys() >= published.keys(), "a mail for each")
        until(lambda: arrivals(world.calls).keys() >= published.keys(), "a webhook call for each")

    for name, items in (("mail", world.mails), ("webhook", world.calls)):
        found = arrivals(items)
        waits = sorted(found[number] - published[number] for number in published)
        late = waits[int(0.95 * len(waits))]
        print(f"{name}: median {waits[len(waits) // 2]:.2f} s, p95 {late:.2f} s, longest {waits[-1]:.2f} s")
        assert late <= LATEST, f"{name}: p95 is {late:.2f} s"
        assert len({identity for _, identity, _ in items}) == len(items), "each under an id of its own, once"

    sent = len(world.mails), len(world.calls)
    polls = world.polls
    with installed.daemon():
        until(lambda: world.polls > polls + 1, "a poll after the second start")
        time.sleep(1.5)
    assert (len(world.mails), len(world.calls)) == sent, "the second start repeated something"
    assert installed.rows("PRAGMA integrity_check") == [("ok",)]
    assert installed.rows("SELECT COUNT(*) FROM deliveries WHERE state <> 'sent'") == [(0,)]


def _the_seeds(installed, world):
    for path in sorted((ROOT / "seeds").iterdir()):
        installed.drop(path.name, path.read_bytes())
    settled = "SELECT COUNT(*) FROM entries WHERE settled_at IS NOT NULL"
    until(lambda: installed.rows(settled) == [(5,)], "the seeds")
    until(lambda: len(world.mails) >= 5 and len(world.calls) >= 5, "the alerts of the seeds")
    texts = {name: " ".join(text.split()) for name, text in EXPECTED.items()}
    stored = {
        next(name for name, text in texts.items() if text == " ".join(row[0].split())): row[1:]
        for row in installed.rows(
            "SELECT text, title, byline, outlet, published_at, language, story_id, id FROM articles"
        )
    }
    assert stored.keys() == EXPECTED.keys()
    by = {name[:3]: row for name, row in stored.items()}
    assert by["001"][1] == "Farhad Naibkhel"
    assert by["003"][2] == "Japan Times"
    assert {key: (row[3] or "")[:10] for key, row in by.items()} == {
        "000": "", "001": "", "002": "", "003": "2019-06-29", "004": "",
    }  # fmt: skip
    assert {row[4] for row in by.values()} == {"en"}
    assert len({row[5] for row in by.values()}) == 5, "five different stories"
    number = {row[6]: key for key, row in by.items()}
    alerts: dict[str, set[str]] = {}
    for rule, article in installed.rows("SELECT rule, article_id FROM alerts"):
        alerts.setdefault(rule, set()).add(number[article])
    assert alerts == {"khalilzad": {"001", "003"}, "peace": {"000", "001", "002"}}
    assert {host for (host,) in installed.rows("SELECT host FROM spam_hosts")} == {
        "www.markas303.ac.id", "www.markas303.or.id", "www.markas303.sch.id",
    }  # fmt: skip
    removed = installed.rows("SELECT article_id, reason FROM removed_blocks")
    assert {number[article] for article, _ in removed} == set(by)
    assert all(reason for _, reason in removed)


def arrivals(items) -> dict[int, float]:
    """Reference number → when it arrived first."""
    found: dict[int, float] = {}
    for moment, _, body in items:
        for number in REFERENCE.findall(body if isinstance(body, str) else json.dumps(body)):
            found.setdefault(int(number), moment)
    return found
