"""Kill the daemon at random moments, under load and in a hostile world; nothing is lost, nothing is told twice anew.

CRASH_ROUNDS sets the rounds (`make crash`: 200; else a few). Each round drops articles, starts the daemon in one of
several worlds, and kills it with SIGKILL; after each the store must be whole. At the end it runs in peace until all is
told. Then every alert has been acknowledged for every target under one id; a second acknowledged copy is allowed only
of a delivery that a kill found claimed, or whose acknowledgement was cut off.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from servers import Script, SmtpServer, WebhookServer

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "4"))
SEED = int(os.environ.get("CRASH_SEED", "1"))
VICTIM = Path(__file__).with_name("victim.py")
TARGETS = ("mail a@example.org", "mail b@example.org", "hook")
PEACE = 90.0  # seconds the last, undisturbed run may take

CONFIG = """
[monitor]
state = "state"
notices = ["hook"]
[pool]
workers = 2
[folders.drop]
path = "drop"
every = "1s"
[rules.kestrel]
query = "kestrel"
[channels.mail]
kind = "email"
host = "127.0.0.1"
port = {smtp}
security = "plain"
from = "monitor@example.net"
to = ["a@example.org", "b@example.org"]
timeout = "2s"
cap = ""
[channels.hook]
kind = "webhook"
url = "http://127.0.0.1:{web}/hook"
allow_private = true
timeout = "2s"
cap = ""
"""

# What a round may be like: arguments of the victim, and how the servers behave.
WORLDS = ("plain", "full", "clock-ahead", "servers-rude", "file-limit", "jump", "clock-behind", "plain", "plain")


class Servers:
    """The mail and webhook servers, on a loop of their own."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.rude = False
        self.smtp = SmtpServer(script=self._script)
        self.web = WebhookServer(answers=[204])
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def _script(self, recipient: str, times: int) -> Script:
        if not self.rude or self.chance.random() > 0.5:
            return Script(delay=self.chance.uniform(0, 0.1))  # so that a kill finds something under way
        return self.chance.choice(
            [Script(rcpt="451 later"), Script(body="drop"), Script(body="452 full"), Script(delay=0.2)]
        )

    def behave(self, rude: bool) -> None:
        self.rude = rude
        self.web.answers[:] = [self.chance.choice([204, 503, "drop", 204]) for _ in range(200)] if rude else [204]
        self.web.answers.append(204)

    def __enter__(self) -> Servers:
        self.thread.start()
        for server in (self.smtp, self.web):
            asyncio.run_coroutine_threadsafe(server.__aenter__(), self.loop).result()
        return self

    def __exit__(self, *exc: object) -> None:
        for server in (self.smtp, self.web):
            asyncio.run_coroutine_threadsafe(server.__aexit__(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def accepted(self) -> dict[str, list[tuple[str, tuple[int, ...]]]]:
        """Target → (id, alerts) of each acknowledged message that tells alerts, in order."""
        told: dict[str, list[tuple[str, tuple[int, ...]]]] = defaultdict(list)
        for mail in self.smtp.accepted:
            if mail.message["X-Monitor-Alert"]:
                alerts = tuple(int(n) for n in mail.message["X-Monitor-Alert"].split(", "))
                told[f"mail {mail.recipient}"].append((mail.id.strip("<>").split("@")[0], alerts))
        for call in self.web.accepted:
            body = json.loads(call.body)
            if body["data"]["alerts"]:
                told["hook"].append((call.id, tuple(alert["id"] for alert in body["data"]["alerts"])))
        return told

    def handed_over(self) -> set[str]:
        """Ids of everything that was handed over, acknowledged or not."""
        return {m.id.strip("<>").split("@")[0] for m in self.smtp.mails} | {call.id for call in self.web.calls}


class Arena:
    def __init__(self, folder: Path, servers: Servers, chance: random.Random) -> None:
        self.folder = folder
        self.servers = servers
        self.chance = chance
        self.dropped = 0
        self.logged = 0  # bytes of the log that are of earlier runs
        self.claimed: set[str] = set()  # ids that a kill found claimed
        (folder / "drop").mkdir()
        (folder / "config.toml").write_text(CONFIG.format(smtp=servers.smtp.port, web=servers.web.port))

    @property
    def database(self) -> Path:
        return self.folder / "state" / "monitor.db"

    def drop(self, count: int) -> None:
        """Articles that share no sentence: each is a story of its own."""
        for _ in range(count):
            self.dropped += 1
            words = [f"{self.chance.choice(SYLLABLES)}{self.chance.choice(SYLLABLES)}" for _ in range(120)]
            words[60:60] = ["kestrel", f"number{self.dropped}"]
            sentences = [" ".join(words[at : at + 12]).capitalize() + "." for at in range(0, len(words), 12)]
            text = f"Kestrel seen, report {self.dropped}\n\n" + "\n\n".join(
                " ".join(sentences[at : at + 4]) for at in range(0, len(sentences), 4)
            )
            made = self.folder / f"{self.dropped:05}.txt"
            made.write_text(text)
            os.utime(made, (time.time() - 60, time.time() - 60))
            made.rename(self.folder / "drop" / made.name)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        log_file = self.folder / "daemon.log"
        self.logged = log_file.stat().st_size if log_file.exists() else 0
        command = [sys.executable, str(VICTIM), str(self.folder / "config.toml"), *arguments]
        with log_file.open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log)

    def round(self, world: str) -> None:
        self.drop(self.chance.randint(15, 25) if world in ("full", "file-limit") else self.chance.randint(4, 12))
        self.servers.behave(rude=world == "servers-rude")
        size = self.database.stat().st_size if self.database.exists() else 0
        victim = self.start(
            *{
                "full": ("--pages", str(self.chance.randint(0, 4))),
                "file-limit": ("--bytes", str(size + self.chance.randint(0, 2**16))),
                "clock-ahead": ("--clock", str(3 * 86400)),
                "clock-behind": ("--clock", str(-3 * 86400)),
                "jump": ("--jump", str(self.chance.choice([-86400, -600, 900, 86400]))),
            }.get(world, ())
        )
        when = self.chance.random()
        if when < 0.3:  # while it starts, or takes in what was dropped
            time.sleep(self.chance.uniform(0.3, 4.0))
        else:  # while it settles and tells
            self.wait_for(victim, b'"entry"' if when < 0.6 else b'"delivery.sent"', b'"disk.full"')
            time.sleep(self.chance.uniform(0.0, 1.0))
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        self.inspect(world)

    def wait_for(self, victim: subprocess.Popen[bytes], *events: bytes) -> None:
        """Until one of the events is logged, or it ended by itself: a full disk may not even let it start."""
        end = time.monotonic() + 15
        while victim.poll() is None and time.monotonic() < end:
            said = (self.folder / "daemon.log").read_bytes()[self.logged :]
            if any(b'"event": ' + event in said for event in events):
                return
            time.sleep(0.01)

    def inspect(self, world: str) -> None:
        """The file is whole after every kill; remember what was under way."""
        if not self.database.exists():
            return
        with contextlib.closing(sqlite3.connect(self.database)) as db:
            assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok", world
            assert db.execute("PRAGMA foreign_key_check").fetchall() == [], world
            if db.execute("PRAGMA user_version").fetchone()[0]:
                claimed = db.execute("SELECT public_id FROM deliveries WHERE state = 'claimed'")
                self.claimed |= {row[0] for row in claimed}

    def make_peace(self) -> None:
        """One undisturbed run until everything is told. What waits for its next attempt is made due, as days would."""
        self.servers.behave(rude=False)
        self._make_due()
        victim = self.start()
        end = time.monotonic() + PEACE
        try:
            self.wait_for(victim, b'"daemon.ready"')
            while (waiting := self._waiting()) != (0, 0, self.dropped):
                assert time.monotonic() < end, f"(entries, deliveries, articles) {waiting}, dropped {self.dropped}"
                assert victim.poll() is None, "the daemon ended by itself"
                time.sleep(0.2)
        finally:
            victim.send_signal(signal.SIGTERM)
            assert victim.wait(30) == 0
        self.inspect("peace")

    def _make_due(self) -> None:
        """What waits for its next attempt, and what a clock that was ahead put off. First attempts need no help."""
        self._write("UPDATE entries SET try_at = ? WHERE state = 'pending'")
        self._write("UPDATE sources SET next_poll_at = ?")
        self._write("UPDATE deliveries SET try_at = ? WHERE state IN ('pending', 'uncertain') AND attempts > 0")
        self._write("UPDATE targets SET hold_until = ?")

    def _write(self, sql: str) -> None:
        if self.database.exists():
            with contextlib.closing(sqlite3.connect(self.database)) as db, db:
                if db.execute("PRAGMA user_version").fetchone()[0]:
                    db.execute(sql, ("2026-01-01T00:00:00.000Z",))

    def _waiting(self) -> tuple[int, int, int]:
        try:
            with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as db:
                row = db.execute(
                    """SELECT (SELECT COUNT(*) FROM entries WHERE state = 'pending'),
                              (SELECT COUNT(*) FROM deliveries WHERE state IN ('pending', 'claimed', 'uncertain')),
                              (SELECT COUNT(*) FROM articles)"""
                ).fetchone()
                return int(row[0]), int(row[1]), int(row[2])
        except sqlite3.OperationalError:
            return (-1, -1, -1)


SYLLABLES = [a + b + c for a in "bdfgklmnprstvz" for b in "aeiou" for c in "lmnrst"]


@pytest.mark.timeout(3600)
def test_every_alert_is_told_once_under_one_id_whatever_happens(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    with Servers(chance) as servers:
        arena = Arena(tmp_path, servers, chance)
        worlds = Counter()
        for number in range(ROUNDS):
            world = WORLDS[number % len(WORLDS)] if number < len(WORLDS) else chance.choice(WORLDS)
            worlds[world] += 1
            arena.round(world)
        arena.make_peace()
        told = servers.accepted()
        handed_over = servers.handed_over()

    with contextlib.closing(sqlite3.connect(arena.database)) as db:
        alerts = {row[0] for row in db.execute("SELECT id FROM alerts")}
        keys = [row[0] for row in db.execute("SELECT key FROM alerts")]
        sent = {row[0] for row in db.execute("SELECT public_id FROM deliveries WHERE state = 'sent'")}
        states = Counter(row[0] for row in db.execute("SELECT state FROM deliveries"))
    assert len(alerts) == len(set(keys)) == arena.dropped
    copies = 0
    for target in TARGETS:
        ids: dict[int, set[str]] = defaultdict(set)
        for identity, numbers in told[target]:
            for number in numbers:
                ids[number].add(identity)
        assert set(ids) == alerts, f"{target}: not everything arrived"
        assert all(len(some) == 1 for some in ids.values()), f"{target}: an alert under two ids"
        times = Counter(identity for identity, _ in told[target])
        again = {identity for identity, count in times.items() if count > 1}
        copies += sum(times[identity] - 1 for identity in again)
        assert again <= arena.claimed, f"{target}: told again without a kill in between"
    assert set(states) == {"sent"}
    assert sent <= handed_over
    print(
        f"\n{ROUNDS} rounds {dict(worlds)}: {len(alerts)} alerts, {sum(map(len, told.values()))} acknowledged, "
        f"{copies} of them copies; {len(arena.claimed)} deliveries were under way at a kill"
    )
