"""`status` fits a terminal, says what needs a look, and has all of it as JSON."""

from __future__ import annotations

import importlib.util
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from build import NOON
from click.testing import CliRunner, Result
from rich.console import Console

from monitor import cli, config
from monitor.cli import status
from monitor.store.connection import Store
from monitor.store.files import Files
from monitor.store.overview import Overview, overview

spec = importlib.util.spec_from_file_location("filled", Path(__file__).parents[1] / "store" / "test_overview.py")
assert spec is not None
assert spec.loader is not None
filled = importlib.util.module_from_spec(spec)
spec.loader.exec_module(filled)

DAEMON = {"run": "abc"}
FILES = Files(sizes={"monitor.db": 5_000_000, "monitor.db-wal": 300 * 2**20}, free=500_000_000)


@pytest.fixture
def configuration(tmp_path: Path) -> config.Config:
    (tmp_path / "config.toml").write_text("[monitor]\nstate = 'var'\n")
    loaded = config.load(tmp_path / "config.toml", environ={})
    store = Store(loaded.monitor.database)
    store.write_now(filled.fill)
    store.close()
    return loaded


@pytest.fixture
def view(configuration: config.Config) -> Overview:
    from monitor.cli.common import reading

    with reading(configuration) as db:
        return overview(db, NOON)


def rendered(view: Overview, configuration: config.Config, *, width: int = 80, daemon: object = DAEMON) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    console.print(status.screen(view, FILES, daemon, configuration))  # type: ignore[arg-type]
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def test_the_screen_fits_a_terminal_and_tells_what_matters(view: Overview, configuration: config.Config) -> None:
    screen = rendered(view, configuration)
    lines = screen.splitlines()
    assert len(lines) <= 30
    assert max(map(len, lines[1:])) <= 80
    assert "daemon running" in screen
    assert "sources 1 failing, 1 ok, 1 paused" in screen
    assert "write-ahead log 314.6 MB" in screen
    for row in (
        ["gather", "60", "min", "ago", "–", "–", "in", "60", "min"],
        ["settle", "60", "min", "ago", "2", "(+1", "held)", "3", "h", "–"],
        ["broken", "failing", "60", "min", "ago", "in", "2", "h", "HTTP", "503"],
        ["envoy", "1", "1", "never"],
        ["hook", "2", "0", "0", "0"],
    ):
        assert row in [line.split() for line in lines], row
    assert "421 too busy" in rendered(view, configuration, width=140)


def test_a_daemon_that_is_not_there_is_told(view: Overview, configuration: config.Config) -> None:
    assert "daemon not running" in rendered(view, configuration, daemon=None)
    assert not status.is_well(view, None)


def run(configuration: config.Config, *args: str) -> Result:
    return CliRunner().invoke(cli.main, ["--config", str(configuration.path), "status", *args])


def test_a_rule_that_does_not_compile_is_not_well(view: Overview) -> None:
    sound = replace(view, sources={"ok": 1}, lanes=())
    assert status.is_well(sound, DAEMON)
    stale = replace(view.rules[0], state="stale", error="AND has nothing after it")
    assert not status.is_well(replace(sound, rules=(stale,)), DAEMON)


def test_all_of_it_as_json(configuration: config.Config) -> None:
    result = run(configuration, "--json")
    told = json.loads(result.stdout)
    assert result.exit_code == 1, "a source fails and no daemon runs"
    assert told["well"] is False
    assert told["daemon"] is None
    assert told["pending"] == 2
    assert told["stages"]["gather"] == "2026-11-22T11:00:00.000Z"
    assert told["troubles"][0]["slug"] == "broken"
    assert told["files"]["monitor.db"] > 0


def test_the_command_prints_the_screen(configuration: config.Config) -> None:
    assert "Sources that need a look" in run(configuration).stdout


def test_a_faulty_configuration_hides_nothing_of_what_goes_on(configuration: config.Config) -> None:
    configuration.path.write_text("[monitor]\nstate = 'var'\n[feeds.a]\nurll = 'x'\n")
    result = CliRunner().invoke(cli.main, ["--config", str(configuration.path), "status"])
    assert result.exit_code == 78
    assert "Sources that need a look" in result.stdout
    assert "did you mean 'url'?" in result.stderr


def test_without_a_store_it_says_how_to_have_one(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("")
    result = CliRunner().invoke(cli.main, ["--config", str(tmp_path / "config.toml"), "status"])
    assert result.exit_code == 73
    assert "`monitor run` or `monitor once` makes it" in result.stderr
    assert not (tmp_path / "var").exists(), "looking makes nothing"


def test_a_round_with_a_broken_rule_is_not_a_success(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    for query, code in (("(foo AND", 1), ("foo", 0)):
        file.write_text(f"[monitor]\nstate = 'var'\n[rules.bad]\nquery = '{query}'\n")
        result = CliRunner().invoke(cli.main, ["--config", str(file), "once"])
        assert result.exit_code == code
        assert ("AND has nothing after it" in result.stderr) == bool(code)
