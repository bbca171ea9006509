"""An operator's day, from the installation to the last stop: nothing lost, and each step says what it did.

The daemon runs from an installation below a prefix, under the system-call rules of its unit where these can be had, and
on a small disk of its own where one can be mounted.
"""

from __future__ import annotations

import http.server
import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from acceptance.operating import ROOT, Daemon, Manager, clean_environ, small_disk, tell, until
from background import in_background
from servers import SmtpServer, WebhookServer

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]

CONFIG = """\
[monitor]
state = "disk/state"
runtime = "{runtime}"
notices = ["hook"]

[folders.inbox]
path = "inbox"
every = "200ms"
after = "move"

[fetch]
allow_hosts = ["127.0.0.1:{feed}"]

[feeds.wire]
url = "http://127.0.0.1:{feed}/feed"
every = "1s"
baseline = false
fulltext = false

[rules.envoy]
query = "envoy"
channels = ["mail", "hook"]

[channels.mail]
kind = "email"
host = "127.0.0.1"
port = {smtp}
security = "plain"
username = "desk"
password = {{ file = "smtp" }}
from = "monitor@example.org"
to = ["desk@example.org"]
cap = ""

[channels.hook]
kind = "webhook"
url = "http://127.0.0.1:{hook}/"
allow_private = true
cap = ""
"""

FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>Wire</title>
<item><guid>w1</guid><title>The envoy and the harvest</title>
<description>An envoy spoke of wheat, rain and the price of bread at the farmers' meeting in the north.</description>
</item></channel></rss>"""

TOMORROW = """
import sys
from monitor.store import schema

def version_2(db):
    db.execute("ALTER TABLE stories ADD COLUMN colour TEXT NOT NULL DEFAULT 'grey'")

schema.MIGRATIONS = (*schema.MIGRATIONS, version_2)
schema.VERSION = len(schema.MIGRATIONS)

from monitor.cli import main
sys.exit(main(prog_name="monitor"))
"""

TOPICS = (
    "bridge",
    "glacier",
    "orchard",
    "violin",
    "harbour",
    "comet",
    "museum",
    "marathon",
    "dam",
    "saffron",
    "ferry",
    "archive",
)


def story(number: int) -> str:
    """Short news unlike any other number's."""
    topic, second, third = (TOPICS[(number * step + step // 2) % len(TOPICS)] for step in (1, 5, 7))
    return (
        f"The envoy opened {topic} number {number} on Tuesday.\n\n"
        f"Engineers and neighbours came to see the {topic}, which cost {number * 17 + 3} million, and {number + 40} "
        f"people signed a letter about its {second} and its {third}.\n\n"
        f"'It took {number + 2} years and {number * 3 + 1} meetings,' said Mayor {topic.title()}son of the {third}.\n"
    )


class Desk:
    """Everything the day needs, and what came out of it."""

    def __init__(self, place: Path, mail: SmtpServer, hook: WebhookServer, feed: int) -> None:
        self.place = place
        self.mail = mail
        self.hook = hook
        self.config = place / "config.toml"
        self.dropped = 0
        runtime = place / "run"
        for name in ("inbox", "run"):
            (place / name).mkdir()
        self.secret("right")
        self.text = CONFIG.format(feed=feed, smtp=mail.port, hook=hook.port, runtime=runtime)
        self.config.write_text(self.text)

    def secret(self, text: str) -> None:
        path = self.place / "smtp"
        path.write_text(text)
        path.chmod(0o600)

    def drop(self, count: int) -> None:
        """Files as a careful producer makes them: written beside, then renamed in."""
        for _ in range(count):
            self.dropped += 1
            beside = self.place / f"beside-{self.dropped}"
            beside.write_text(story(self.dropped))
            beside.rename(self.place / "inbox" / f"{self.dropped}.txt")

    def told(self) -> Counter[str]:
        """Webhook calls of alerts that were acknowledged, by their id."""
        return Counter(call.id for call in self.hook.accepted if b'"alert' in call.body)

    def wait_for(self, alerts: int) -> None:
        until(f"{alerts} webhook calls ({len(self.told())})", lambda: len(self.told()) >= alerts)
        until(f"{alerts} mails ({len(self.mail.accepted)})", lambda: len({m.id for m in self.mail.accepted}) >= alerts)

    @property
    def store(self) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self.place}/disk/state/monitor.db?mode=ro", uri=True)

    def ask(self, query: str) -> object:
        db = self.store
        try:
            return db.execute(query).fetchone()[0]
        finally:
            db.close()


class Feed(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = FEED.encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/rss+xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> list[str | Path]:
    """The installed program, under the unit's system-call rules where that can be done."""
    image = tmp_path_factory.mktemp("image")
    clone = [sys.executable, "-m", "monitor"]
    done = subprocess.run(
        [*clone, "install", "--destdir", image, "--prefix", "/opt/monitor"], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    assert "What follows:" in done.stdout
    prefix = image / "opt" / "monitor"
    return [prefix / "bin" / "python", prefix / "bin" / "monitor"]


@pytest.fixture(scope="module")
def confined(program: list[str | Path]) -> list[str | Path]:
    under = [sys.executable, ROOT / "tests" / "sandbox.py", ROOT / "systemd" / "monitor.service"]
    can = shutil.which("systemd-analyze") and subprocess.run([*under, "/bin/true"], capture_output=True).returncode == 0
    return [*under, *program] if can else program


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Feed)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    with (
        in_background(SmtpServer(login=("desk", "right"))) as mail,
        in_background(WebhookServer()) as hook,
    ):
        yield Desk(tmp_path, mail, hook, server.server_address[1])
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_an_operators_day(desk: Desk, program: list[str | Path], confined: list[str | Path], tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 256) as on_small_disk:
        manager = Manager(tmp_path / "notify")
        log = tmp_path / "log"
        daemon = Daemon(confined, desk.config, log, manager.environ)
        try:
            # ── morning: start and load ──────────────────────────────────────────────────────────
            manager.wait("READY=1")
            assert "sources" in manager.wait("STATUS=")
            manager.wait("WATCHDOG=1")
            desk.drop(8)
            desk.wait_for(9)  # and the one of the feed
            second = tell(program, desk.config, "run")
            assert second.returncode == 75
            assert f"in use by process {daemon.process.pid}" in second.stderr

            # ── a reload with a fault keeps what works ──────────────────────────────────────────
            mark = manager.mark()
            desk.config.write_text(desk.text + '[rules.typo]\nqurey = "x"\n')
            daemon.send(signal.SIGHUP)
            manager.wait("RELOADING=1", mark)
            assert "kept the old configuration" in manager.wait("STATUS=", mark)
            fault = daemon.wait("reload", level="error")
            assert "rules.typo.qurey: unknown key 'qurey'; did you mean 'query'?" in fault["faults"][0]
            desk.drop(1)
            desk.wait_for(10)

            # ── a good one is in force at once ──────────────────────────────────────────────────
            mark = manager.mark()
            desk.text += '[rules.mayor]\nquery = "Mayor"\nchannels = ["hook"]\n'
            desk.config.write_text(desk.text)
            daemon.send(signal.SIGHUP)
            manager.wait("READY=1", mark)
            daemon.wait("reload", outcome="done")
            desk.drop(1)
            until("an alert of the new rule", lambda: any(b'"mayor"' in call.body for call in desk.hook.accepted))
            desk.wait_for(11)

            # ── a secret is renewed ─────────────────────────────────────────────────────────────
            desk.mail.login = ("desk", "renewed")
            desk.secret("renewed")
            mark = manager.mark()
            daemon.send(signal.SIGHUP)
            manager.wait("READY=1", mark)
            before = len(desk.mail.accepted)
            desk.drop(1)
            until("a mail with the new password", lambda: len(desk.mail.accepted) > before)

            # ── a backup while it runs ──────────────────────────────────────────────────────────
            backup = tell(program, desk.config, "db", "backup", tmp_path / "copy.db")
            assert backup.returncode == 0, backup.stderr
            copy = sqlite3.connect(tmp_path / "copy.db")
            assert copy.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            assert copy.execute("SELECT COUNT(*) FROM articles").fetchone()[0] == desk.dropped + 1
            copy.close()

            # ── the disk is full, and has room again ────────────────────────────────────────────
            if on_small_disk:
                mark = manager.mark()
                filler = tmp_path / "disk" / "filler"
                with filler.open("wb") as file:
                    try:
                        while True:
                            file.write(b"x" * 65536)
                            file.flush()
                    except OSError:
                        pass
                desk.drop(12)
                full = daemon.wait("disk.full")
                assert "nothing is lost" in full["remedy"]
                assert "disk full" in manager.wait("STATUS=disk full", mark)
                assert daemon.process.poll() is None
                filler.unlink()
                daemon.wait("disk.room")
            else:
                desk.drop(12)
            until("every file read", lambda: desk.ask("SELECT COUNT(*) FROM articles") == desk.dropped + 1)

            # ── status and health ───────────────────────────────────────────────────────────────
            status = tell(program, desk.config, "status", "--json")
            seen = json.loads(status.stdout)
            assert seen["daemon"] is not None
            assert seen["sources"] == {"ok": 2}
            assert seen["articles"] == desk.dropped + 1
            check = tell(program, desk.config, "check")
            assert (check.returncode, check.stderr) == (0, "")

            # ── killed in the middle, and started again ─────────────────────────────────────────
            desk.drop(10)
            assert daemon.end(signal.SIGKILL) == -signal.SIGKILL
            mark = manager.mark()
            daemon = Daemon(confined, desk.config, log, manager.environ)
            manager.wait("READY=1", mark)
            until("every file read", lambda: desk.ask("SELECT COUNT(*) FROM articles") == desk.dropped + 1)

            # ── an upgrade migrates; the old version then refuses ───────────────────────────────
            mark = manager.mark()
            assert daemon.end() == 0
            manager.wait("STOPPING=1", mark)
            newer = tmp_path / "newer.py"
            newer.write_text(TOMORROW)
            mark = manager.mark()
            daemon = Daemon([program[0], newer], desk.config, log, manager.environ)
            manager.wait("READY=1", mark)
            assert desk.ask("SELECT COUNT(*) FROM stories WHERE colour = 'grey'") == desk.ask(
                "SELECT COUNT(*) FROM stories"
            )
            desk.drop(1)
            until("work after the upgrade", lambda: desk.ask("SELECT COUNT(*) FROM articles") == desk.dropped + 1)
            until("every message sent", lambda: desk.ask("SELECT COUNT(*) FROM deliveries WHERE state <> 'sent'") == 0)
            assert daemon.end() == 0
            old = tell(program, desk.config, "run")
            assert old.returncode == 78
            assert "install the newer version again, or restore a backup" in old.stderr

            # ── the evening's account ───────────────────────────────────────────────────────────
            assert desk.ask("SELECT COUNT(*) FROM entries WHERE state = 'pending'") == 0
            assert desk.ask("SELECT COUNT(*) FROM deliveries WHERE state <> 'sent'") == 0
            assert desk.ask("PRAGMA integrity_check") == "ok"
            mails = Counter(mail.id for mail in desk.mail.accepted)
            assert len(mails) == desk.ask("SELECT COUNT(*) FROM deliveries WHERE channel = 'mail'")
            envoys = desk.ask("SELECT COUNT(*) FROM alerts WHERE rule = 'envoy'")
            assert envoys == desk.ask("SELECT COUNT(DISTINCT story_id) FROM articles")
            assert len(list((tmp_path / "inbox" / "done").iterdir())) == desk.dropped
            repeated = [id for id, times in (mails + desk.told()).items() if times > 1]
            assert len(repeated) <= 4, "only what was under way when it was killed may come twice, under its id"
        finally:
            if daemon.process.poll() is None:
                daemon.process.kill()
                daemon.process.wait(10)
            manager.close()
    assert subprocess.run(["pgrep", "-f", str(tmp_path)], capture_output=True, env=clean_environ()).returncode == 1
