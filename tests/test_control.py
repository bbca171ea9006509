"""The control socket: real sockets, good and bad callers."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import threading
from contextlib import contextmanager

import pytest
from structlog.testing import capture_logs

from monitor import control
from monitor.errors import ConfigError, Permanent, Temporary


async def handler(command, arguments, progress):
    if command == "add":
        return {"sum": arguments["a"] + arguments["b"]}
    if command == "long":
        for done in range(3):
            progress({"done": done})
        return "end"
    if command == "later":
        raise Temporary("busy", retry_after=3.5, kind="http-503")
    if command == "config":
        raise ConfigError("first fault", "second fault")
    if command == "hang":
        await asyncio.sleep(60)
    raise KeyError(command)


@contextmanager
def daemon(directory):
    """A server on a thread of its own, as the daemon is a process of its own."""
    ready, stop = threading.Event(), threading.Event()

    async def serve():
        async with control.serving(directory, handler):
            ready.set()
            while not stop.is_set():
                await asyncio.sleep(0.005)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(5)
    try:
        yield directory
    finally:
        stop.set()
        thread.join(5)
        assert not thread.is_alive()


def test_a_command_is_answered_and_the_caller_is_logged(tmp_path):
    with capture_logs() as logs, daemon(tmp_path):
        assert control.call(tmp_path, "add", {"a": 2, "b": 3}, timeout=5) == {"sum": 5}
    (line,) = [line for line in logs if line["event"] == "control"]
    assert (line["command"], line["outcome"], line["peer_uid"], line["peer_pid"]) == (
        "add", "done", os.getuid(), os.getpid(),
    )  # fmt: skip


def test_progress_comes_before_the_result(tmp_path):
    seen = []
    with daemon(tmp_path):
        assert control.call(tmp_path, "long", {}, progress=seen.append, timeout=5) == "end"
    assert seen == [{"done": 0}, {"done": 1}, {"done": 2}]


def test_errors_of_ours_arrive_as_they_were(tmp_path):
    with daemon(tmp_path):
        with pytest.raises(Temporary, match="busy") as temporary:
            control.call(tmp_path, "later", {}, timeout=5)
        assert (temporary.value.retry_after, temporary.value.kind) == (3.5, "http-503")
        with pytest.raises(ConfigError) as config:
            control.call(tmp_path, "config", {}, timeout=5)
        assert config.value.faults == ("first fault", "second fault")


def test_a_bug_in_a_command_is_told_and_the_next_command_works(tmp_path):
    with capture_logs() as logs, daemon(tmp_path):
        with pytest.raises(Permanent, match="internal error: KeyError"):
            control.call(tmp_path, "nonsense", {}, timeout=5)
        assert control.call(tmp_path, "add", {"a": 1, "b": 1}, timeout=5) == {"sum": 2}
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["control.bug"]


def test_without_a_daemon_it_says_so(tmp_path):
    with pytest.raises(control.NoDaemon, match="no daemon listens"):
        control.call(tmp_path, "add", {})
    with daemon(tmp_path):
        pass
    with pytest.raises(control.NoDaemon):
        control.call(tmp_path, "add", {})


def test_a_socket_left_by_a_killed_daemon_is_replaced(tmp_path):
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / control.NAME))
    with pytest.raises(control.NoDaemon):
        control.call(tmp_path, "add", {})
    with daemon(tmp_path):
        assert control.call(tmp_path, "add", {"a": 1, "b": 1}, timeout=5) == {"sum": 2}


def test_only_owner_and_group_may_ask(tmp_path):
    with daemon(tmp_path):
        mode = (tmp_path / control.NAME).stat().st_mode
    assert stat.S_IMODE(mode) == 0o660


def test_a_path_longer_than_the_kernel_takes(tmp_path):
    deep = tmp_path / ("d" * 80) / ("e" * 80)
    with daemon(deep):
        assert control.call(deep, "add", {"a": 1, "b": 1}, timeout=5) == {"sum": 2}


@pytest.mark.parametrize(
    "nonsense",
    [
        b"hello\n",
        b"[]\n",
        b'{"command": 1, "arguments": 7}\n',
        b"\xff\xfe\n",
        b"[" * 100_000 + b"\n",
        b"{}\n",
        b"null\n",
    ],
)
def test_nonsense_gets_one_answer_and_harms_nobody(tmp_path, nonsense):
    with daemon(tmp_path):
        with socket.socket(socket.AF_UNIX) as caller:
            caller.settimeout(5)
            caller.connect(str(tmp_path / control.NAME))
            caller.sendall(nonsense)
            assert b"that is not a request" in caller.recv(4096)
        assert control.call(tmp_path, "add", {"a": 1, "b": 1}, timeout=5) == {"sum": 2}


def test_a_line_without_end_is_cut_off(tmp_path, monkeypatch):
    monkeypatch.setattr(control, "LARGEST", 10_000)
    with daemon(tmp_path), socket.socket(socket.AF_UNIX) as caller:
        caller.settimeout(5)
        caller.connect(str(tmp_path / control.NAME))
        caller.sendall(b"x" * 50_000)
        assert b"that is not a request" in caller.recv(4096)


def test_a_silent_caller_is_hung_up_on(tmp_path, monkeypatch):
    monkeypatch.setattr(control, "PATIENCE", 0.05)
    with daemon(tmp_path), socket.socket(socket.AF_UNIX) as caller:
        caller.settimeout(5)
        caller.connect(str(tmp_path / control.NAME))
        assert caller.recv(10) == b""


def test_a_command_that_runs_does_not_hold_up_the_end(tmp_path):
    failed = []

    def ask():
        try:
            control.call(tmp_path, "hang", {}, timeout=10)
        except Temporary as error:
            failed.append(str(error))

    with daemon(tmp_path):
        caller = threading.Thread(target=ask)
        caller.start()
        while not caller.is_alive():
            pass
    caller.join(5)
    assert failed, "the caller is told that the daemon ended"


def test_a_folder_that_cannot_be_used_is_named(tmp_path):
    (tmp_path / "file").write_text("")

    async def go():
        async with control.serving(tmp_path / "file", handler):
            pass

    with pytest.raises(Permanent, match="cannot listen at"):
        asyncio.run(go())
