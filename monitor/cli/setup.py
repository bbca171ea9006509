"""`monitor init` and `monitor config show`: a first configuration, and what the present one amounts to."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import click

from monitor import config as configuration
from monitor.cli.common import Exit, Settings, json_option, print_json
from monitor.errors import ConfigError


@click.command()
@click.argument("path", type=click.Path(path_type=Path), default=Path("config.toml"))
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@click.pass_context
def init(ctx: click.Context, path: Path, force: bool) -> None:
    """Write a commented starting configuration to PATH (config.toml)."""
    if path.is_dir():
        path = path / "config.toml"
    text = resources.files("monitor.cli").joinpath("starting.toml").read_text("utf-8")
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        click.echo(f"monitor: {path} is there already; --force replaces it", err=True)
        ctx.exit(Exit.CANNOT_CREATE)
    except OSError as error:
        click.echo(f"monitor: cannot write {path}: {error.strerror}", err=True)
        ctx.exit(Exit.CANNOT_CREATE)
    named = "" if path == Path("config.toml") else f" --config {path}"
    click.echo(f"Wrote {path}. Read it, then:")
    click.echo(f"  monitor{named} check    finds what is wrong with it")
    click.echo(f"  monitor{named} once     polls everything once")
    click.echo(f"  monitor{named} run      goes on watching")


@click.group()
def config() -> None:
    """Show the configuration as the program sees it."""


@config.command()
@click.option("--effective", is_flag=True, help="Name the defaults, too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def show(settings: Settings, effective: bool, as_json: bool) -> None:
    """Print every value and where it came from: a line of a file, a variable, or the default.

    Secrets are masked. What is printed is TOML again.
    """
    loaded = settings.load(tree=True)
    if as_json:
        print_json(configuration.describe(loaded, effective=effective))
    else:
        click.echo(configuration.show(loaded, effective=effective), nl=False)
    for warning in loaded.warnings:
        click.echo(f"warning: {warning}", err=True)


@config.command()
@json_option
@click.pass_obj
def path(settings: Settings, as_json: bool) -> None:
    """Print which files are read, in their order."""
    try:
        files = settings.load().files
    except ConfigError:
        files = (configuration.find(settings.path),)
    if as_json:
        print_json(files)
        return
    for file in files:
        click.echo(file)
