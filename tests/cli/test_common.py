"""The edge of the commands: exit codes, messages, tables, JSON, and the help that lists every verb."""

from __future__ import annotations

import errno
import json
import os
import pkgutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from monitor import cli, errors
from monitor.cli import common
from monitor.cli.common import Edge, Exit, Settings

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.ConfigError("a", "b"), 78),
        (errors.StoreTooNew("x"), 78),
        (errors.StoreBusy("x"), 75),
        (errors.StoreFull("x"), 75),
        (errors.StoreError("x"), 73),
        (errors.Temporary("x"), 69),
        (errors.Permanent("x"), 1),
        (PermissionError(errno.EACCES, "Permission denied", "/x"), 77),
        (OSError(errno.ENOSPC, "No space left on device", "/x"), 75),
        (OSError(errno.EIO, "Input/output error", "/x"), 74),
    ],
)
def test_each_error_has_its_exit_code_and_says_what_is_wrong(error: Exception, code: int) -> None:
    @click.group(cls=Edge)
    def group() -> None: ...

    @group.command()
    def verb() -> None:
        raise error

    result = CliRunner().invoke(group, ["verb"])
    assert result.exit_code == code
    assert result.stderr.startswith("monitor: ")
    assert result.stdout == ""


def test_every_fault_of_a_configuration_is_a_line() -> None:
    @click.group(cls=Edge)
    def group() -> None: ...

    @group.command()
    def verb() -> None:
        raise errors.ConfigError("one", "two \x1b[31m")

    assert CliRunner().invoke(group, ["verb"]).stderr == "monitor: one\nmonitor: two \\x1b[31m\n"


def test_a_bug_keeps_its_traceback() -> None:
    @click.group(cls=Edge)
    def group() -> None: ...

    @group.command()
    def verb() -> None:
        raise KeyError("bug")

    assert isinstance(CliRunner().invoke(group, ["verb"]).exception, KeyError)


def test_every_verb_of_the_table_exists_and_explains_itself() -> None:
    for verbs in cli.VERBS.values():
        for verb, place in verbs.items():
            command = pkgutil.resolve_name(f"monitor.cli.{place}")
            assert isinstance(command, click.Command), place
            assert command.help, f"{verb} has no help"
            for option in command.params:
                assert not isinstance(option, click.Option) or option.help, f"{verb} {option.name} has no help"


def test_help_lists_every_verb_and_the_exit_codes() -> None:
    result = CliRunner().invoke(cli.main, ["--help"])
    assert result.exit_code == 0
    for verbs in cli.VERBS.values():
        for verb in verbs:
            assert f"  {verb} " in result.output
    for code in Exit:
        assert str(int(code)) in result.output


def test_a_mistyped_verb_gets_a_hint() -> None:
    result = CliRunner().invoke(cli.main, ["confg"])
    assert result.exit_code == Exit.USAGE
    assert "Did you mean 'config'?" in result.stderr


def test_without_a_configuration_it_says_where_it_looked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("MONITOR_CONFIG", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    if Path("/etc/monitor/config.toml").exists():
        pytest.skip("this machine has a configuration of its own in /etc/monitor")
    result = CliRunner().invoke(cli.main, ["config", "show"])
    assert result.exit_code == Exit.CONFIG
    assert "looked for config.toml" in result.stderr
    assert "monitor init" in result.stderr


def test_json_is_one_line_for_a_program(capsys: pytest.CaptureFixture[str]) -> None:
    common.print_json({"at": NOW, "path": Path("/x"), "text": "كابل", "set": {"b", "a"}})
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert json.loads(out) == {"at": "2026-11-22T12:00:00.000Z", "path": "/x", "text": "كابل", "set": ["a", "b"]}


def test_rows_are_a_table_whose_words_cannot_move_the_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"name": "[bold]a\x1b[31m", "n": 1}, {"name": None, "n": 22}]
    common.print_rows(Settings(), rows, {"name": "name", "n": ">n"})
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["name", "n"]
    assert lines[1].split() == ["[bold]a\\x1b[31m", "1"]
    assert lines[2].split() == ["–", "22"]


def test_no_rows_is_said_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    common.print_rows(Settings(), [], {"a": "a"}, empty="no alerts")
    common.print_rows(Settings(), [], {"a": "a"}, as_json=True)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("[]\n", "no alerts\n")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s ago"), (59, "59 s ago"), (150, "2 min ago"), (7200, "2 h ago"), (200000, "2 d ago"), (-300, "in 5 min")],
)
def test_ages_are_read_at_a_glance(seconds: float, words: str) -> None:
    assert common.ago(NOW - timedelta(seconds=seconds), NOW) == words


def test_without_a_terminal_nobody_is_asked() -> None:
    @click.command()
    @click.option("--yes", is_flag=True, help="Do not ask.")
    def drop(yes: bool) -> None:
        common.confirm("Drop it?", yes=yes)
        click.echo("dropped")

    assert CliRunner().invoke(drop, ["--yes"]).output == "dropped\n"
    result = CliRunner().invoke(drop)
    assert result.exit_code == Exit.USAGE
    assert "repeat the command with --yes" in result.stderr


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("".join(f"[feeds.f{n}]\nurl = 'http://x/{n}'\n" for n in range(5000)))
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "--config", tmp_path / "config.toml", "config", "show"],
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")
