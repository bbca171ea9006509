"""`init` writes a configuration that is valid; `config show` says where each value came from."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor import cli, config


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(cli.main, [str(arg) for arg in args])


def test_init_writes_what_loads_and_says_what_comes_next(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    result = run("init", path)
    assert result.exit_code == 0
    assert f"monitor --config {path} check" in result.output
    loaded = config.load(path, environ={})
    assert loaded.rules
    assert loaded.channels["console"].kind == "console"


def test_init_into_a_directory_and_never_over_a_file(tmp_path: Path) -> None:
    assert run("init", tmp_path).exit_code == 0
    (tmp_path / "config.toml").write_text("mine")
    result = run("init", tmp_path)
    assert result.exit_code == 73
    assert "is there already; --force replaces it" in result.stderr
    assert (tmp_path / "config.toml").read_text() == "mine"
    assert run("init", "--force", tmp_path).exit_code == 0
    assert (tmp_path / "config.toml").read_text() != "mine"


def test_init_where_nothing_can_be_written(tmp_path: Path) -> None:
    result = run("init", tmp_path / "none" / "config.toml")
    assert result.exit_code == 73
    assert "No such file or directory" in result.stderr


def test_the_commented_examples_load_too(tmp_path: Path) -> None:
    """What a user uncomments must work."""
    root = Path(__file__).parents[2]
    (tmp_path / "secrets").mkdir()
    for name in ("smtp", "webhook"):
        (tmp_path / "secrets" / name).write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        (tmp_path / "secrets" / name).chmod(0o600)
    for source in (root / "config.toml", root / "monitor" / "cli" / "starting.toml"):
        lines = []
        for line in source.read_text("utf-8").splitlines():
            bare = line.removeprefix("# ")
            is_example = bare != line and (bare.startswith("[") or " = " in bare)
            lines.append(bare if is_example else line)
        path = tmp_path / "config.toml"
        path.write_text("\n".join(lines), "utf-8")
        loaded = config.load(path, environ={})
        assert {"console", "mail", "hook"} <= set(loaded.channels)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text("[feeds.a]\nurl = 'https://a.example/'\nheaders = { X = { env = 'TOKEN' } }\n")
    return path


def test_config_show_names_the_line_of_each_value(written: Path) -> None:
    result = run("--config", written, "config", "show")
    assert result.exit_code == 0
    assert 'url = "https://a.example/"' in result.stdout
    assert "# config.toml:2" in result.stdout
    assert tomllib.loads(result.stdout)["feeds"]["a"]["headers"]["X"] == "******** (env 'TOKEN')"


def test_config_show_effective_names_defaults(written: Path) -> None:
    result = run("--config", written, "config", "show", "--effective")
    assert tomllib.loads(result.stdout)["fetch"]["concurrency"] == 32
    assert "# default" in result.stdout


def test_config_show_as_json(written: Path) -> None:
    told = json.loads(run("--config", written, "config", "show", "--json").stdout)
    assert told["feeds.a.url"] == {"value": "https://a.example/", "from": "config.toml:2"}
    assert told["feeds.a.headers"]["value"] == {"X": "******** (env 'TOKEN')"}


def test_config_path_lists_the_files_even_when_they_are_at_fault(written: Path) -> None:
    (written.parent / "conf.d").mkdir()
    more = written.parent / "conf.d" / "more.toml"
    more.write_text("[feeds.b]\nurl = 'https://b.example/'\n")
    assert run("--config", written, "config", "path").stdout.splitlines() == [str(written), str(more)]
    assert json.loads(run("--config", written, "config", "path", "--json").stdout) == [str(written), str(more)]
    more.write_text("[nonsense]\n")
    assert run("--config", written, "config", "path").stdout.splitlines() == [str(written)]


def test_faults_are_told_and_exit_78(written: Path) -> None:
    written.write_text("[feeds.a]\nulr = 'x'\n")
    result = run("--config", written, "config", "show")
    assert result.exit_code == 78
    assert "config.toml:2: feeds.a.ulr: unknown key 'ulr'; did you mean 'url'?" in result.stderr
