"""The units under a real systemd: start, secrets, paths, reload, watchdog, failure report, backup, desk, stop."""

from __future__ import annotations

import json
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from acceptance import booted
from acceptance.booted import Machine
from acceptance.operating import ROOT, until
from background import in_background
from servers import SmtpServer

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]

CONFIG = """\
[monitor]
state = "/var/lib/monitor"
runtime = "/run/monitor"

[folders.inbox]
path = "/var/lib/monitor/inbox"
every = "200ms"
after = "move"

[rules.envoy]
query = "envoy"

[channels.mail]
kind = "email"
host = "127.0.0.1"
port = {port}
security = "plain"
username = "desk"
password = {{ credential = "smtp" }}
from = "monitor@example.org"
to = ["desk@example.org"]
"""

QUICKER = "[Service]\nWatchdogSec=4\nRestartSec=200ms\n"
SENDMAIL = "#!/bin/sh\ncat > /var/lib/monitor/failure.mail\n"
STORY = (
    "The envoy opened {topic} on Tuesday.\n\nNeighbours came to see the {topic}, and many signed a letter about it.\n"
)
CREDENTIALS = "/etc/monitor/credentials"


@pytest.fixture(scope="module")
def mail() -> Iterator[SmtpServer]:
    with in_background(SmtpServer(login=("desk", "s3cret"))) as server:
        yield server


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory, mail: SmtpServer) -> Iterator[Machine]:
    if reason := booted.reason_not_to():
        pytest.skip(reason)
    with booted.machine(tmp_path_factory.mktemp("machine")) as made:
        if made is None:
            pytest.skip("this kernel lets nobody boot systemd in a namespace")
        made.write("/etc/monitor/config.toml", CONFIG.format(port=mail.port), "root:monitor", "0640")
        made.write(f"{CREDENTIALS}/smtp", "s3cret\n", mode="0600")
        made.write("/etc/systemd/system/monitor.service.d/quicker.conf", QUICKER)
        made.write("/usr/sbin/sendmail", SENDMAIL, mode="0755")
        made.run("install", "-d", "-o", "monitor", "-g", "monitor", "-m", "2770", "/var/lib/monitor/inbox")
        made.run("systemctl", "daemon-reload")
        yield made


def drop(machine: Machine, folder: str, topic: str) -> None:
    machine.write(f"{folder}/.{topic}", STORY.format(topic=topic), "monitor:monitor", "0660")
    machine.run("mv", f"{folder}/.{topic}", f"{folder}/{topic}.txt")


def mailed(mail: SmtpServer, topic: str) -> None:
    until(f"a mail about {topic}", lambda: any(topic in one.raw.decode() for one in mail.accepted))


def check_it_starts_confined_and_does_its_work_with_a_credential(machine: Machine, mail: SmtpServer) -> None:
    machine.run("systemctl", "start", "monitor")
    assert machine.show("monitor", "ActiveState") == "active"
    assert "1 sources" in machine.show("monitor", "StatusText")
    process = machine.run("cat", f"/proc/{machine.show('monitor', 'MainPID')}/status")
    status = dict(line.split(":\t") for line in process.splitlines() if ":\t" in line)
    assert (status["CapEff"], status["NoNewPrivs"], status["Seccomp"]) == ("0" * 16, "1", "2")
    assert "0" not in status["Uid"].split()
    drop(machine, "/var/lib/monitor/inbox", "bridge")
    mailed(mail, "bridge")
    assert machine.run("ls", "/var/lib/monitor/inbox/done").split() == ["bridge.txt"]
    line = machine.run("journalctl", "-u", "monitor", "-o", "json", "-n", "1")
    assert json.loads(line)["PRIORITY"] == "6"
    assert json.loads(json.loads(line)["MESSAGE"])["event"]


def check_a_member_of_the_group_may_ask_and_nobody_else(machine: Machine) -> None:
    ask = ["/opt/monitor/bin/monitor", "--config", "/etc/monitor/config.toml", "status", "--json"]
    told = machine.run("setpriv", "--reuid=monitor-web", "--regid=monitor", "--clear-groups", *ask)
    assert json.loads(told)["daemon"]
    refused = machine.run("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *ask, check=False)
    assert "Permission denied" in refused


def check_a_folder_elsewhere_needs_its_drop_in_and_check_says_so(machine: Machine, mail: SmtpServer) -> None:
    machine.run("install", "-d", "-o", "monitor", "-g", "monitor", "-m", "2770", "/srv/wire")
    text = '[folders.wire]\npath = "/srv/wire"\nevery = "200ms"\nafter = "move"\n'
    machine.write("/etc/monitor/conf.d/wire.toml", text, "root:monitor", "0640")
    checked = machine.run("/opt/monitor/bin/monitor", "--config", "/etc/monitor/config.toml", "check", check=False)
    assert "`systemctl edit monitor`: [Service] ReadWritePaths=/srv/wire" in checked
    drop_in = (ROOT / "systemd" / "drop-ins" / "folder.conf").read_text()
    machine.write("/etc/systemd/system/monitor.service.d/folder.conf", drop_in)
    machine.run("systemctl", "daemon-reload")
    checked = machine.run("/opt/monitor/bin/monitor", "--config", "/etc/monitor/config.toml", "check", check=False)
    assert "all is well" in checked
    machine.run("systemctl", "restart", "monitor")
    drop(machine, "/srv/wire", "glacier")
    mailed(mail, "glacier")


def check_a_secret_is_renewed_by_a_restart(machine: Machine, mail: SmtpServer) -> None:
    mail.login = ("desk", "renewed")
    machine.write(f"{CREDENTIALS}/smtp", "renewed\n", mode="0600")
    machine.run("systemctl", "restart", "monitor")
    drop(machine, "/var/lib/monitor/inbox", "harbour")
    mailed(mail, "harbour")


def check_a_reload_with_a_fault_keeps_it_running(machine: Machine) -> None:
    before = machine.show("monitor", "MainPID")
    machine.write("/etc/monitor/conf.d/typo.toml", "[rules.typo]\nqurey = 'x'\n", "root:monitor", "0640")
    machine.run("systemctl", "reload", "monitor")
    machine.wait("monitor", "StatusText", "kept the old configuration")
    assert machine.show("monitor", "MainPID") == before
    assert "did you mean 'query'?" in machine.run("journalctl", "-u", "monitor", "-p", "err", "-o", "cat")


def check_a_start_with_a_fault_is_reported_and_not_repeated(machine: Machine) -> None:
    machine.run("systemctl", "restart", "monitor", check=False)
    machine.wait("monitor", "ActiveState", "failed")
    assert machine.show("monitor", "ExecMainStatus") == "78"
    assert machine.show("monitor", "NRestarts") == "0"
    machine.wait("monitor-failure@monitor.service.service", "ActiveState", "inactive")
    report = until("the mail to root", lambda: machine.run("cat", "/var/lib/monitor/failure.mail", check=False))
    assert "Subject: monitor.service failed on" in report
    assert "did you mean 'query'?" in report
    machine.run("rm", "/etc/monitor/conf.d/typo.toml")
    machine.run("systemctl", "reset-failed")
    machine.run("systemctl", "start", "monitor")


def check_a_daemon_that_hangs_is_started_again(machine: Machine, mail: SmtpServer) -> None:
    machine.run("systemctl", "kill", "--kill-whom=main", "--signal=STOP", "monitor")
    machine.wait("monitor", "NRestarts", "1")
    machine.wait("monitor", "ActiveState", "active")
    drop(machine, "/var/lib/monitor/inbox", "orchard")
    mailed(mail, "orchard")


def check_a_backup_while_it_runs(machine: Machine) -> None:
    machine.run("systemctl", "start", "monitor-backup")
    assert machine.show("monitor-backup", "Result") == "success"
    copies = machine.run("ls", "/var/backups/monitor").split()
    assert any(name.endswith(".db") for name in copies), copies


def check_the_desk_reads_while_the_daemon_runs_and_after(machine: Machine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    start = "/opt/monitor/bin/monitor --config /etc/monitor/config.toml datasette --host 127.0.0.1"
    text = f"[Service]\nExecStart=\nExecStart={start} --port {port}\n"
    machine.write("/etc/systemd/system/monitor-datasette.service.d/port.conf", text)
    machine.run("systemctl", "daemon-reload")

    def articles() -> int:
        query = f"http://127.0.0.1:{port}/monitor.json?sql=select+count(*)+from+articles&_shape=arrayfirst"
        try:
            with urllib.request.urlopen(query, timeout=5) as answer:
                return int(json.load(answer)[0])
        except OSError:
            return 0

    machine.run("systemctl", "start", "monitor-datasette")
    assert until(f"an answer of the desk\n{machine.journal()[-1500:]}", articles) >= 4
    machine.run("systemctl", "stop", "monitor")
    assert machine.show("monitor", "Result") == "success"
    machine.run("systemctl", "restart", "monitor-datasette")
    assert until(f"an answer without a daemon\n{machine.journal()[-1500:]}", articles) >= 4
    uid = machine.run("ps", "-o", "user=", "-p", machine.show("monitor-datasette", "MainPID")).strip()
    assert uid.startswith("monitor-")
    machine.run("systemctl", "stop", "monitor-datasette")


def check_the_state_is_the_groups_and_nobody_elses(machine: Machine) -> None:
    modes = machine.run("stat", "-c", "%U:%G %a %n", "/var/lib/monitor", "/var/lib/monitor/monitor.db")
    assert modes.splitlines() == [
        "monitor:monitor 770 /var/lib/monitor",
        "monitor:monitor 640 /var/lib/monitor/monitor.db",
    ]


def check_the_places_are_as_documented(machine: Machine) -> None:
    for path in ("/etc/monitor/credentials", "/var/backups/monitor", "/opt/monitor/share/doc/monitor/deployment.md"):
        machine.run("test", "-e", path)
    assert Path(machine.upper / "var/lib/monitor/monitor.db").exists(), "what was written is in the overlay"


def test_a_service_under_a_real_systemd(machine: Machine, mail: SmtpServer) -> None:
    """One machine goes through all of it, in this order."""
    check_it_starts_confined_and_does_its_work_with_a_credential(machine, mail)
    check_a_member_of_the_group_may_ask_and_nobody_else(machine)
    check_a_folder_elsewhere_needs_its_drop_in_and_check_says_so(machine, mail)
    check_a_secret_is_renewed_by_a_restart(machine, mail)
    check_a_reload_with_a_fault_keeps_it_running(machine)
    check_a_start_with_a_fault_is_reported_and_not_repeated(machine)
    check_a_daemon_that_hangs_is_started_again(machine, mail)
    check_a_backup_while_it_runs(machine)
    check_the_desk_reads_while_the_daemon_runs_and_after(machine)
    check_the_state_is_the_groups_and_nobody_elses(machine)
    check_the_places_are_as_documented(machine)
