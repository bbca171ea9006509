"""The units: systemd's own checks, their hardening's score, and what their system-call rules let through.

What needs systemd as PID 1 (mount rules, IPAddressDeny=, LoadCredential=) cannot run here; the rules that are
system-call filters are built exactly as systemd builds them, see sandbox.py.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import sandbox

ROOT = Path(__file__).parents[1]
UNITS = ROOT / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))

needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="systemd-sysusers writes to a root directory as root only")


@needs_systemd
def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    """With the program in its place; without it the only complaint would be that it is missing."""
    program = tmp_path / "prefix" / "bin" / "monitor"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    units = tmp_path / "units"
    units.mkdir()
    for unit in (*UNITS.glob("*.service"), *UNITS.glob("*.timer")):
        (units / unit.name).write_text(unit.read_text().replace("/opt/monitor", str(tmp_path / "prefix")))
    done = subprocess.run(["systemd-analyze", "verify", *units.iterdir()], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@needs_systemd
@pytest.mark.parametrize(
    ("unit", "most"), [("monitor.service", 15), ("monitor-datasette.service", 10), ("monitor-backup.service", 5)]
)
def test_the_exposure_stays_low(unit: str, most: int) -> None:
    """`most` in tenths; the promise is 1.5 for all, each is pinned where it stands."""
    command = ["systemd-analyze", "security", "--offline=true", f"--threshold={most}", "--no-pager", UNITS / unit]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout.splitlines()[-1]


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_every_unit_says_which_program_and_configuration(unit: Path) -> None:
    settings = sandbox.unit_lines(unit)
    (command,) = settings["ExecStart"]
    if "failure" not in unit.name:
        assert command.startswith("/opt/monitor/bin/monitor --config /etc/monitor/config.toml ")
        assert settings["UMask"] == ["0027"]
        assert settings["Group"] == ["monitor"]


def test_what_cannot_be_mended_by_a_restart_does_not_restart() -> None:
    settings = sandbox.unit_lines(UNITS / "monitor.service")
    assert settings["RestartPreventExitStatus"] == ["2 77 78"]
    assert settings["Restart"] == ["on-failure"]
    assert (settings["Type"], settings["NotifyAccess"]) == (["notify"], ["main"])
    assert settings["StateDirectoryMode"] == ["0770"]


def test_the_desk_is_another_user_and_sees_no_secret() -> None:
    settings = sandbox.unit_lines(UNITS / "monitor-datasette.service")
    assert settings["User"] == ["monitor-web"]
    assert "--host 127.0.0.1" in settings["ExecStart"][0]
    assert "-/etc/monitor/credentials" in settings["InaccessiblePaths"][0].split()
    assert settings["IPAddressDeny"] == ["any"]


def test_every_file_here_is_explained_by_the_deployment_page() -> None:
    page = (ROOT / "docs" / "deployment.md").read_text("utf-8")
    for file in (*UNITS.glob("*.*"), *(UNITS / "drop-ins").iterdir()):
        assert file.name in page, file.name


@needs_root
@pytest.mark.skipif(not shutil.which("systemd-sysusers"), reason="systemd-sysusers is not installed")
def test_users_and_directories_are_made(tmp_path: Path) -> None:
    for place in ("etc", "usr/lib/sysusers.d", "usr/lib/tmpfiles.d"):
        (tmp_path / place).mkdir(parents=True)
    shutil.copy(UNITS / "sysusers.conf", tmp_path / "usr/lib/sysusers.d/monitor.conf")
    shutil.copy(UNITS / "tmpfiles.conf", tmp_path / "usr/lib/tmpfiles.d/monitor.conf")
    for command in ("systemd-sysusers", "systemd-tmpfiles"):
        more = ["--create"] if command.endswith("tmpfiles") else []
        done = subprocess.run([command, f"--root={tmp_path}", *more, "monitor.conf"], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    users = {line.split(":")[0]: line.split(":") for line in (tmp_path / "etc/passwd").read_text().splitlines()}
    groups = {line.split(":")[0]: line.split(":") for line in (tmp_path / "etc/group").read_text().splitlines()}
    assert {"monitor", "monitor-web"} <= users.keys()
    assert users["monitor"][6] == "/usr/sbin/nologin"
    assert "monitor-web" in groups["monitor"][3].split(",")
    state = (tmp_path / "var/lib/monitor").stat()
    assert (state.st_mode & 0o7777, state.st_uid) == (0o770, int(users["monitor"][2]))
    secrets = (tmp_path / "etc/monitor/credentials").stat()
    assert (secrets.st_mode & 0o7777, secrets.st_uid) == (0o750, 0)


# ── the unit's system-call rules, for real ──────────────────────────────────────────────────────

PROBE = """
import ctypes, json, mmap, os, resource, socket
import lxml.etree, numpy, re2, sqlite3, zstandard  # what is compiled loads without writable code

def tried(call):
    try:
        call()
    except OSError as error:
        return error.strerror
    return "done"

resource.setrlimit(resource.RLIMIT_AS, (2**33, 2**33))
libc = ctypes.CDLL(None, use_errno=True)

def unshare():
    if libc.unshare(0x10000000) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

print(json.dumps({
    "limit": resource.getrlimit(resource.RLIMIT_AS)[0],
    "tcp": tried(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).close()),
    "packet": tried(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)),
    "code": tried(lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)),
    "namespace": tried(unshare),
    "chroot": tried(lambda: os.chroot("/")),
    "setuid": tried(lambda: os.setuid(65534)),
}))
"""


def confined(*command: str | Path, unit: str = "monitor.service", **more: object) -> subprocess.CompletedProcess[str]:
    start = [sys.executable, ROOT / "tests" / "sandbox.py", UNITS / unit]
    return subprocess.run([*start, *command], capture_output=True, text=True, timeout=100, **more)  # type: ignore[call-overload,no-any-return]


@pytest.fixture(scope="session")
def can_confine() -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze, which knows the groups of system calls, is not installed")
    done = confined("/bin/true")
    if done.returncode and re.search("libseccomp|Operation not permitted", done.stderr):
        pytest.skip("this machine lets no process filter its system calls")
    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("can_confine")
@pytest.mark.parametrize("unit", ["monitor.service", "monitor-datasette.service"])
def test_the_rules_let_through_what_is_needed_and_no_more(unit: str) -> None:
    done = confined(sys.executable, "-c", PROBE, unit=unit)
    assert done.returncode == 0, done.stderr
    refused = "Operation not permitted"
    assert json.loads(done.stdout) == {
        "limit": 2**33, "tcp": "done", "packet": refused, "code": refused,
        "namespace": refused, "chroot": refused, "setuid": refused,
    }  # fmt: skip
