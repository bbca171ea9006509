"""`monitor install` and `uninstall`: the program under a prefix, and the service under systemd.

What is done is first written down as steps, so that `--dry-run` shows exactly what would happen and uninstalling knows
what was put where. Configuration, store and users are never taken away.
"""

from __future__ import annotations

import compileall
import importlib.metadata
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import click

import monitor
from monitor.cli import service
from monitor.errors import ConfigError, Permanent

PREFIX = Path("/opt/monitor")
MANIFEST = "share/monitor/installed.txt"
UNITS = "usr/lib/systemd/system"
OTHERS = {"sysusers.conf": "usr/lib/sysusers.d/monitor.conf", "tmpfiles.conf": "usr/lib/tmpfiles.d/monitor.conf"}
DOCS = "share/doc/monitor"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: what it is in words, and how."""

    words: str
    do: Callable[[], object]
    made: tuple[Path, ...] = ()  # what uninstalling takes away again


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where things go. `root` is '/' or the image a package is made of."""

    prefix: Path
    root: Path

    def real(self, path: Path | str) -> Path:
        """Where a path of the installed system is written to now."""
        return self.root / str(path).lstrip("/")

    @property
    def program(self) -> Path:
        """The prefix, where it is written to now."""
        return self.real(self.prefix)


def options(function: Callable[..., object]) -> Callable[..., object]:
    """The options that install and uninstall share."""
    for option in (
        click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing."),
        click.option(
            "--destdir",
            type=click.Path(path_type=Path),
            default=Path("/"),
            help="Write below this directory: an image for a package. No users, nothing is started.",
        ),
        click.option(
            "--prefix",
            type=click.Path(path_type=Path),
            default=PREFIX,
            show_default=True,
            help="Where the program goes.",
        ),
    ):
        function = option(function)
    return function


@click.command()
@options
@click.pass_context
def install(ctx: click.Context, prefix: Path, destdir: Path, dry_run: bool) -> None:
    """Install program, units, users and an example configuration; print what to do next.

    A configuration that is there is left as it is. Repeat it to upgrade.
    """
    layout = Layout(prefix=prefix.absolute(), root=destdir.absolute())
    _needs_root(layout, dry_run)
    steps = list(install_steps(layout))
    for step in steps:
        click.echo(("would " if dry_run else "") + step.words)
        if not dry_run:
            step.do()
    if dry_run:
        return
    program = layout.prefix / "bin" / "monitor"
    click.echo(f"Installed into {layout.program}. What follows:")
    click.echo(f"  1. sudoedit /etc/monitor/config.toml && sudo {program} check")
    click.echo("  2. sudo systemctl enable --now monitor monitor-backup.timer")
    click.echo(f"  3. sudo {program} status        and: journalctl -u monitor -f")


@click.command()
@options
@click.pass_context
def uninstall(ctx: click.Context, prefix: Path, destdir: Path, dry_run: bool) -> None:
    """Take away program and units. Configuration, store and users stay."""
    layout = Layout(prefix=prefix.absolute(), root=destdir.absolute())
    _needs_root(layout, dry_run)
    for step in uninstall_steps(layout):
        click.echo(("would " if dry_run else "") + step.words)
        if not dry_run:
            step.do()
    click.echo("Left where they are: /etc/monitor, /var/lib/monitor, /var/backups/monitor, the users.")


def _needs_root(layout: Layout, dry_run: bool) -> None:
    if not dry_run and layout.root == Path("/") and os.geteuid() != 0:
        raise PermissionError("installing needs root: sudo, or --dry-run to see what would be done")


# ── what is to be done ──────────────────────────────────────────────────────────────────────────


def install_steps(layout: Layout) -> Iterator[Step]:
    """All of it, in order."""
    source = _source_tree()
    interpreter = Path(sys.executable).resolve()
    if layout.root == Path("/") and any(interpreter.is_relative_to(place) for place in service.HIDDEN):
        raise ConfigError(
            f"this Python, {interpreter}, lies where the service does not see it (ProtectHome=); use the system's: "
            "`make clean && make install PYTHON=/usr/bin/python3`"
        )
    if source is not None:
        yield from _program_steps(layout, source)
        docs = layout.program / DOCS
        pages = [*(source / "docs").glob("*.md"), source / "README.md", source / "LICENSE"]
        yield Step(f"write the documentation to {docs}", lambda: _copy_all(pages, docs), (docs,))
    elif Path(sys.prefix) != layout.prefix:
        raise Permanent(
            f"this monitor was installed by pip into {sys.prefix}: run its install with --prefix {sys.prefix}, "
            "or run `make install` in a clone"
        )
    units = _unit_directory(source)
    written: list[Path] = []
    for unit in sorted([*units.glob("*.service"), *units.glob("*.timer")]):
        target = layout.real(UNITS) / unit.name
        written.append(target)
        text = unit.read_text("utf-8").replace(str(PREFIX), str(layout.prefix))
        yield Step(f"write {target}", _writer(target, text), (target,))
    for name, place in OTHERS.items():
        target = layout.real(place)
        written.append(target)
        yield Step(f"write {target}", _writer(target, (units / name).read_text("utf-8")), (target,))
    config = layout.real("/etc/monitor/config.toml")
    if not config.exists():
        yield Step(f"write an example configuration, {config}", _writer(config, example(), 0o640))
    manifest = layout.program / MANIFEST
    yield Step(f"note in {manifest} what was written", _writer(manifest, "\n".join(map(str, written)) + "\n"))
    if layout.root == Path("/"):
        yield Step("make the users monitor and monitor-web", _runner("systemd-sysusers", "monitor.conf"))
        yield Step("make the directories", _runner("systemd-tmpfiles", "--create", "monitor.conf"))
        yield Step(f"let the group monitor read {config}", _runner("chown", "root:monitor", str(config)))
        yield Step("tell systemd about the units", _runner("systemctl", "daemon-reload", may_fail=True))


def uninstall_steps(layout: Layout) -> Iterator[Step]:
    """The way back."""
    manifest = layout.program / MANIFEST
    if not manifest.is_file():
        raise ConfigError(f"nothing is installed in {layout.program}: there is no {manifest}")
    files = [Path(line) for line in manifest.read_text("utf-8").splitlines()]
    if layout.root == Path("/"):
        units = [file.name for file in files if file.suffix in (".service", ".timer") and "@" not in file.name]
        yield Step(
            f"stop and disable {', '.join(units)}", _runner("systemctl", "disable", "--now", *units, may_fail=True)
        )
    for file in files:
        yield Step(f"remove {file}", lambda file=file: file.unlink(missing_ok=True))  # type: ignore[misc]
    yield Step(f"remove {layout.program}", lambda: shutil.rmtree(layout.program))
    if layout.root == Path("/"):
        yield Step("tell systemd", _runner("systemctl", "daemon-reload", may_fail=True))


def example() -> str:
    """The starting configuration, with the places of an installed system."""
    text = resources.files("monitor.cli").joinpath("starting.toml").read_text("utf-8")
    return (
        text.replace(
            'state = "var"                      # the store; relative paths start at this file\n',
            'state = "/var/lib/monitor"         # the store\nruntime = "/run/monitor"           # the control socket\n',
        )
        .replace("secrets/", "credentials/")
        .replace('path = "inbox"', 'path = "/var/lib/monitor/inbox"')
    )


# ── the program ─────────────────────────────────────────────────────────────────────────────────


def _source_tree() -> Path | None:
    """The clone we run from, or None for an installed package."""
    root = Path(monitor.__file__).parents[1]
    return root if (root / "pyproject.toml").is_file() and (root / "requirements.lock").is_file() else None


def _unit_directory(source: Path | None) -> Path:
    place = source / "systemd" if source else Path(sysconfig.get_path("data")) / "share" / "monitor" / "systemd"
    if not place.is_dir():
        raise ConfigError(f"the units are missing: there is no {place}")
    return place


def _program_steps(layout: Layout, source: Path) -> Iterator[Step]:
    """A virtual environment with what the lock names, copied from the one we run in: same files, no network."""
    target = layout.program
    packages = target / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    yield Step(f"make a virtual environment in {target}", lambda: _make_environment(target))
    wanted = _locked(source / "requirements.lock")
    yield Step(f"copy {len(wanted)} locked packages", lambda: _copy_distributions(wanted, packages))
    yield Step(f"copy monitor {monitor.__version__}", lambda: _copy_package(source / "monitor", packages / "monitor"))
    program = target / "bin" / "monitor"
    interpreter = layout.prefix / "bin" / "python"
    yield Step(f"write {program}", _writer(program, f"#!{interpreter}\n{PROGRAM}", 0o755))


PROGRAM = """\
import sys

from monitor.cli import main

sys.exit(main(prog_name="monitor"))
"""


def _make_environment(target: Path) -> None:
    shutil.rmtree(target / "lib", ignore_errors=True)  # an upgrade must not leave modules that are no more
    interpreter = Path(sys.executable).resolve()
    venv.EnvBuilder(symlinks=True, with_pip=False).create(target)
    link = target / "bin" / "python"
    if link.resolve() != interpreter:
        link.unlink(missing_ok=True)
        link.symlink_to(interpreter)


def _locked(lock: Path) -> list[str]:
    """Names of the locked packages that are here; a lock for several Pythons names some that are not."""
    names = re.findall(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==", lock.read_text("utf-8"), re.MULTILINE)
    here = {_plain(found.metadata["Name"]) for found in importlib.metadata.distributions()}
    return [name for name in names if _plain(name) in here]


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _copy_distributions(names: Sequence[str], target: Path) -> None:
    for name in names:
        distribution = importlib.metadata.distribution(name)
        base = Path(str(distribution.locate_file("")))
        for file in distribution.files or ():
            if file.parts[0] == "..":
                continue  # scripts point at the environment they were made for
            place = base / file
            if place.is_file():
                (target / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(place, target / file)  # with its times, so that compiled files stay valid


def _copy_package(source: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    compileall.compile_dir(target, quiet=2)


def _copy_all(files: Sequence[Path], target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for file in files:
        if file.is_file():
            shutil.copy2(file, target)


def _writer(target: Path, text: str, mode: int = 0o644) -> Callable[[], None]:
    def write() -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
        target.chmod(mode)

    return write


def _runner(*command: str, may_fail: bool = False) -> Callable[[], None]:
    def run() -> None:
        try:
            done = subprocess.run(command, capture_output=True, text=True)  # noqa: S603 - our own words
        except FileNotFoundError:
            done = subprocess.CompletedProcess(command, 127, "", f"there is no {command[0]} here")
        if done.returncode:
            words = f"`{shlex.join(command)}`: {done.stderr.strip() or done.stdout.strip()}"
            if not may_fail:
                raise Permanent(f"{words}; mend that and repeat")
            click.echo(f"  {words}", err=True)

    return run
