"""The service manager hears what it should, on a real datagram socket."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.supervisor import Supervisor


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(5)
        yield listener


def environ(manager: socket.socket, **more: str) -> dict[str, str]:
    return {"NOTIFY_SOCKET": manager.getsockname(), **more}


def heard(manager: socket.socket) -> list[str]:
    return manager.recv(4096).decode().split("\n")


def silent(manager: socket.socket) -> bool:
    manager.setblocking(False)
    try:
        manager.recv(4096)
    except BlockingIOError:
        return True
    finally:
        manager.settimeout(5)
    return False


def test_the_life_of_a_service(manager: socket.socket) -> None:
    supervisor = Supervisor(environ(manager))
    supervisor.extend(90)
    assert heard(manager) == ["EXTEND_TIMEOUT_USEC=90000000"]
    supervisor.ready("12 sources, 3 rules")
    assert heard(manager) == ["READY=1", "STATUS=12 sources, 3 rules"]
    supervisor.reloading("reading config.toml")
    first, moment, status = heard(manager)
    assert (first, status) == ("RELOADING=1", "STATUS=reading config.toml")
    stamp = int(moment.removeprefix("MONOTONIC_USEC="))
    assert 0 <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000 - stamp < 5_000_000
    supervisor.ready()
    assert heard(manager) == ["READY=1"]
    supervisor.stopping("3 deliveries under way")
    assert heard(manager) == ["STOPPING=1", "STATUS=3 deliveries under way"]


def test_a_status_is_one_line_and_sent_when_it_changes(manager: socket.socket) -> None:
    supervisor = Supervisor(environ(manager))
    supervisor.status("one\nREADY=1\ttwo")
    assert heard(manager) == ["STATUS=one READY=1 two"]
    supervisor.status("one READY=1 two")
    assert silent(manager)


def test_the_watchdog_is_fed_only_if_it_is_there_and_ours(manager: socket.socket) -> None:
    ours = Supervisor(environ(manager, WATCHDOG_USEC="30000000", WATCHDOG_PID="77"), pid=77)
    assert ours.watchdog == 30.0
    ours.alive()
    assert heard(manager) == ["WATCHDOG=1"]
    for other in (
        Supervisor(environ(manager, WATCHDOG_USEC="30000000", WATCHDOG_PID="78"), pid=77),
        Supervisor(environ(manager)),
        Supervisor(environ(manager, WATCHDOG_USEC="0")),
        Supervisor(environ(manager, WATCHDOG_USEC="soon")),
    ):
        assert other.watchdog is None
        other.alive()
        assert silent(manager)


def test_an_abstract_socket() -> None:
    name = f"monitor-test-{time.monotonic_ns()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("\0" + name)
        listener.settimeout(5)
        Supervisor({"NOTIFY_SOCKET": "@" + name}).ready()
        assert listener.recv(100) == b"READY=1"


def test_without_a_manager_nothing_happens(tmp_path: Path) -> None:
    nobody = Supervisor({})
    assert not nobody.present
    nobody.ready("x")
    gone = Supervisor({"NOTIFY_SOCKET": str(tmp_path / "gone")})
    assert gone.present
    gone.ready("x")


def test_a_manager_that_does_not_read_does_not_stop_us(manager: socket.socket) -> None:
    manager.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    supervisor = Supervisor(environ(manager))
    began = time.monotonic()
    for number in range(2000):
        supervisor.status(f"number {number} " + "x" * 400)
    assert time.monotonic() - began < 5
