"""`doctor` finds what is wrong, one thing at a time, and says the remedy."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from background import in_background
from click.testing import CliRunner, Result
from servers import SmtpServer

from monitor import cli, config
from monitor.cli import doctor
from monitor.cli.common import Settings
from monitor.store import files as store_files
from monitor.store.connection import Lock, Store, to_text

CONSOLE = "[channels.console]\nkind = 'console'\n"


def write(tmp_path: Path, text: str = CONSOLE) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(text, "utf-8")
    return path


def run(path: Path, *args: str) -> Result:
    return CliRunner().invoke(cli.main, ["--config", str(path), "doctor", *args])


def findings(path: Path, *, offline: bool = True) -> dict[tuple[str, str], doctor.Finding]:
    """(name, verdict) → finding."""
    found = doctor.examine(Settings(path=path), offline=offline, deep=False)
    return {(finding.name, finding.verdict): finding for finding in found}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    os.umask(0o027)
    made = Store(tmp_path / "var" / "monitor.db")
    yield made
    made.close()


def test_a_sound_installation(tmp_path: Path, store: Store) -> None:
    result = run(write(tmp_path), "--offline")
    assert result.exit_code == 0, result.output
    assert "✓ configuration: no fault" in result.output
    assert "✓ store: schema" in result.output
    assert "! daemon: does not run\n    → systemctl start monitor" in result.output


def test_a_first_look_before_anything_ran(tmp_path: Path) -> None:
    found = findings(write(tmp_path))
    assert ("state", "warning") in found
    assert ("store", "well") not in found
    assert not (tmp_path / "var").exists(), "a doctor changes nothing"


def test_faults_of_the_configuration(tmp_path: Path) -> None:
    result = run(write(tmp_path, "[feeds.a]\nulr = 'x'\n"), "--offline")
    assert result.exit_code == 1
    assert "✗ configuration: config.toml:2: feeds.a.ulr: unknown key" in result.output


def test_no_configuration_at_all(tmp_path: Path) -> None:
    result = run(tmp_path / "none.toml", "--offline")
    assert result.exit_code == 1
    assert "no such file" in result.output


def test_a_state_directory_open_to_everybody(tmp_path: Path, store: Store) -> None:
    (tmp_path / "var").chmod(0o777)
    finding = findings(write(tmp_path))["state", "warning"]
    assert "open to everybody (0777)" in finding.text
    assert finding.remedy.startswith("chmod o= ")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write everything")
def test_a_state_directory_that_is_not_ours(tmp_path: Path, store: Store) -> None:
    (tmp_path / "var").chmod(0o500)
    finding = findings(write(tmp_path))["state", "wrong"]
    assert "cannot be written by you" in finding.text
    (tmp_path / "var").chmod(0o700)


def test_a_damaged_store(tmp_path: Path, store: Store) -> None:
    store.write_now(lambda db: db.execute("CREATE TABLE filler AS SELECT randomblob(200000)"))
    store.maintain(lambda db: db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())
    file = tmp_path / "var" / "monitor.db"
    with file.open("r+b") as bytes_:
        bytes_.seek(4 * 4096)
        bytes_.write(b"\xff" * 16 * 4096)
    found = findings(write(tmp_path))
    assert any(name == "store" and verdict == "wrong" for name, verdict in found), found


def test_a_store_that_is_held_by_a_daemon_that_does_not_answer(tmp_path: Path, store: Store) -> None:
    lock = Lock(tmp_path / "var" / "monitor.lock")
    finding = findings(write(tmp_path))["daemon", "wrong"]
    lock.release()
    assert f"in use by process {os.getpid()}" in finding.text
    assert "does not answer" in finding.text
    assert ("daemon", "warning") in findings(write(tmp_path)), "a lock file nobody holds is no trouble"


def test_a_clock_that_was_wrong(tmp_path: Path, store: Store) -> None:
    future = to_text(datetime.now(UTC) + timedelta(days=400))

    def insert(db: sqlite3.Connection) -> None:
        db.execute("PRAGMA defer_foreign_keys = ON")
        db.execute("INSERT INTO stories (id, first_seen_at, last_seen_at) VALUES (1, ?, ?)", (future, future))
        db.execute(
            """INSERT INTO sources (id, slug, kind, address, every_seconds, next_poll_at, created_at)
               VALUES (1, 'a', 'feed', 'x', 1, ?, ?)""",
            (future, future),
        )
        db.execute("INSERT INTO articles (story_id, source_id, text, seen_at) VALUES (1, 1, 'x', ?)", (future,))

    store.write_now(insert)
    finding = findings(write(tmp_path))["clock", "wrong"]
    assert "in the future" in finding.text
    assert "timedatectl" in finding.remedy


def test_little_room_and_a_large_log(tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {"monitor.db": 5 * 10**9, "monitor.db-wal": 10**9}
    monkeypatch.setattr(store_files, "look_at_files", lambda state: store_files.Files(sizes=sizes, free=2 * 10**9))
    found = findings(write(tmp_path))
    assert "only 2.0 GB free" in found["disk", "wrong"].text
    assert "write-ahead log has 1000 MB" in found["disk", "warning"].text


def test_an_examination_that_breaks_is_a_finding_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(state: Path) -> store_files.Files:
        raise RuntimeError("boom")

    monkeypatch.setattr(store_files, "look_at_files", broken)
    found = findings(write(tmp_path))
    assert "boom" in found["disk", "wrong"].text
    assert ("daemon", "warning") in found


def test_findings_as_json(tmp_path: Path, store: Store) -> None:
    told = json.loads(run(write(tmp_path), "--offline", "--json").stdout)
    assert {"name": "configuration", "verdict": "well", "text": "no fault", "remedy": ""} in told


def test_a_report_tells_everything_but_secrets(tmp_path: Path, store: Store) -> None:
    (tmp_path / "token").write_text("s3cret")
    (tmp_path / "token").chmod(0o600)
    path = write(
        tmp_path,
        CONSOLE + "[feeds.a]\nurl = 'http://me:pass@127.0.0.1/?token=abc'\nheaders = { X = { file = 'token' } }\n",
    )
    report = run(path, "--offline", "--report").stdout
    for part in ("monitor 0", "packages: aiohttp", "## doctor", "## configuration", "## status", '"stages"'):
        assert part in report, part
    for secret in ("s3cret", "pass@", "abc"):
        assert secret not in report


# ── the network, on loopback ────────────────────────────────────────────────────────────────────


def test_a_mail_servers_login(tmp_path: Path) -> None:
    with in_background(SmtpServer(login=("u", "right"))) as server:
        text = (
            "[channels.mail]\nkind = 'email'\nhost = '127.0.0.1'\nsecurity = 'plain'\nusername = 'u'\n"
            f"port = {server.port}\nfrom = 'a@example.org'\nto = ['b@example.org']\npassword = {{ file = 'smtp' }}\n"
        )
        for password, verdict, words in (("right", "well", "takes our login"), ("wrong", "wrong", "refused the login")):
            (tmp_path / "smtp").write_text(password)
            (tmp_path / "smtp").chmod(0o600)
            finding = findings(write(tmp_path, text), offline=False)["channel mail", verdict]
            assert words in finding.text
    assert server.mails == [], "a doctor sends nothing"


def test_names_that_do_not_resolve(tmp_path: Path) -> None:
    loaded = config.load(write(tmp_path, "[feeds.a]\nurl = 'http://no-such-host.invalid/'\n"), environ={})
    (finding,) = doctor._names(loaded)
    assert finding.verdict == "wrong"
    assert "no-such-host.invalid" in finding.text
    loaded = config.load(write(tmp_path, "[feeds.a]\nurl = 'http://localhost/'\n"), environ={})
    (finding,) = doctor._names(loaded)
    assert finding.verdict == "well"


def test_feeds_that_do_not_answer(tmp_path: Path) -> None:
    loaded = config.load(
        write(tmp_path, "[fetch]\nallow_hosts = ['127.0.0.1:9']\n[feeds.a]\nurl = 'http://127.0.0.1:9/'\n"), environ={}
    )
    (finding,) = doctor._feeds(loaded)
    assert finding.verdict == "warning"
    assert "feeds.a.url" in finding.text
    assert "feeds test" in finding.remedy
