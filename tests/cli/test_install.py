"""`install` puts everything in its place and says each step; `uninstall` takes that away and nothing else."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor import cli, config
from monitor.cli import install
from monitor.errors import ConfigError


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(cli.main, [str(arg) for arg in args])


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation below a directory, as a package's builder makes one."""
    root = tmp_path_factory.mktemp("image")
    result = run("install", "--destdir", root, "--prefix", "/opt/monitor")
    assert result.exit_code == 0, result.output
    assert f"Installed into {root}/opt/monitor" in result.output
    assert "systemctl enable --now monitor monitor-backup.timer" in result.output
    return root


def test_a_dry_run_says_every_step_and_does_none(tmp_path: Path) -> None:
    result = run("install", "--dry-run", "--destdir", tmp_path)
    assert result.exit_code == 0
    assert all(line.startswith("would ") for line in result.output.splitlines())
    assert f"would write {tmp_path}/usr/lib/systemd/system/monitor.service" in result.output
    assert list(tmp_path.iterdir()) == []


def test_the_installed_program_runs_by_itself(image: Path, tmp_path: Path) -> None:
    """From another directory, without the clone on its path."""
    program = image / "opt/monitor/bin/monitor"
    text = program.read_text()
    assert text.startswith("#!/opt/monitor/bin/python\n")
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    command = [image / "opt/monitor/bin/python", program]
    done = subprocess.run([*command, "--version"], capture_output=True, text=True, cwd=tmp_path, env=environ)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("monitor, version ")
    probe = "import monitor, trafilatura, datasette, re2; print(monitor.__file__)"
    done = subprocess.run([command[0], "-c", probe], capture_output=True, text=True, cwd=tmp_path, env=environ)
    assert done.stdout.startswith(str(image / "opt/monitor/lib")), done.stderr
    probe = "import pytest"
    done = subprocess.run([command[0], "-c", probe], capture_output=True, text=True, cwd=tmp_path, env=environ)
    assert "No module named 'pytest'" in done.stderr, "only what the lock of the product names"


def test_units_users_documentation_and_an_example_are_there(image: Path) -> None:
    units = image / "usr/lib/systemd/system"
    assert {unit.name for unit in units.iterdir()} == {
        "monitor.service", "monitor-datasette.service", "monitor-backup.service", "monitor-backup.timer",
        "monitor-failure@.service",
    }  # fmt: skip
    assert (image / "usr/lib/sysusers.d/monitor.conf").read_text().count("monitor") > 2
    assert (image / "usr/lib/tmpfiles.d/monitor.conf").is_file()
    assert (image / "opt/monitor/share/doc/monitor/deployment.md").is_file()
    loaded = config.load(image / "etc/monitor/config.toml", environ={})
    assert (loaded.monitor.state, loaded.monitor.runtime_directory) == (Path("/var/lib/monitor"), Path("/run/monitor"))
    assert (image / "etc/monitor/config.toml").stat().st_mode & 0o777 == 0o640


def test_installing_again_keeps_the_configuration_and_leaves_nothing_old(image: Path) -> None:
    mine = image / "etc/monitor/config.toml"
    mine.write_text("# mine\n")
    (package,) = (image / "opt/monitor/lib").glob("python*/site-packages/monitor")
    (package / "gone.py").write_text("")
    assert run("install", "--destdir", image, "--prefix", "/opt/monitor").exit_code == 0
    assert mine.read_text() == "# mine\n"
    assert not (package / "gone.py").exists()


def test_another_prefix_is_written_into_the_units(tmp_path: Path) -> None:
    steps = list(install.install_steps(install.Layout(prefix=Path("/srv/watch"), root=tmp_path)))
    (unit,) = [step for step in steps if step.words.endswith("monitor.service")]
    unit.do()
    text = (tmp_path / "usr/lib/systemd/system/monitor.service").read_text()
    assert "ExecStart=/srv/watch/bin/monitor --config /etc/monitor/config.toml run" in text
    assert "/opt/monitor" not in text


def test_uninstalling_leaves_what_is_yours(tmp_path: Path) -> None:
    layout = install.Layout(prefix=Path("/opt/monitor"), root=tmp_path)
    for step in install.install_steps(layout):
        if "packages" not in step.words and "copy monitor" not in step.words:
            step.do()
    state = tmp_path / "var/lib/monitor/monitor.db"
    state.parent.mkdir(parents=True)
    state.write_text("store")
    result = run("uninstall", "--destdir", tmp_path)
    assert result.exit_code == 0
    assert "Left where they are: /etc/monitor" in result.output
    left = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert left == ["etc/monitor/config.toml", "var/lib/monitor/monitor.db"]
    again = run("uninstall", "--destdir", tmp_path)
    assert again.exit_code == 78
    assert "nothing is installed in" in again.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may install")
def test_only_root_installs() -> None:
    result = run("install")
    assert result.exit_code == 77
    assert "needs root" in result.stderr


def test_a_python_in_a_home_directory_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The service would not see it, and fail to start with a riddle."""
    monkeypatch.setattr(install.sys, "executable", "/root/.pyenv/bin/python3")
    with pytest.raises(ConfigError, match="make clean && make install PYTHON=/usr/bin/python3"):
        list(install.install_steps(install.Layout(prefix=Path("/opt/monitor"), root=Path("/"))))
    assert list(install.install_steps(install.Layout(prefix=Path("/opt/monitor"), root=tmp_path))), (
        "an image is built anywhere"
    )


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str) -> None:
    result = run("completion", shell)
    assert result.exit_code == 0
    assert "_MONITOR_COMPLETE" in result.output
    if shell == "bash":
        assert subprocess.run(["bash", "-n"], input=result.output, text=True).returncode == 0
