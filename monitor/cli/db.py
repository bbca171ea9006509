"""`monitor db`: care of the store's file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from monitor import app
from monitor.cli.common import Exit, Settings, confirm, json_option, print_json, progress
from monitor.config import Config
from monitor.errors import StoreError
from monitor.store import maintenance, schema
from monitor.store.connection import LOCK, Lock, connect


@click.group()
def db() -> None:
    """Copy, restore, check, tidy up and migrate the store's file."""


@db.command()
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--keep", type=click.IntRange(1), help="Delete older copies of PATH beyond so many.")
@json_option
@click.pass_obj
def backup(settings: Settings, path: Path | None, keep: int | None, as_json: bool) -> None:
    """Make a verified copy of the store while everything runs.

    PATH is a file, or a directory for a file named by the time. Without it: backups/ in the state directory.
    The copy appears only once it is complete and has been read through. raw.db is not copied: it can be fetched again.
    """
    config, now = settings.load(), datetime.now(UTC)
    directory = path if path and (path.is_dir() or not path.suffix) else None
    if path is None:
        directory = config.monitor.state / "backups"
    target = directory / maintenance.default_name(now) if directory else path
    assert target is not None
    with progress(settings, "copying", None) as advance:
        seen = 0

        def step(done: int, total: int) -> None:
            nonlocal seen
            advance(done - seen, total)
            seen = done

        maintenance.backup(config.monitor.database, target, step)
    gone = maintenance.rotate(target.parent, keep) if keep else []
    if as_json:
        print_json({"path": target, "bytes": target.stat().st_size, "deleted": gone})
        return
    click.echo(f"{target}  {target.stat().st_size / 1e6:,.1f} MB, verified")
    for old in gone:
        click.echo(f"deleted {old}")


@db.command()
@click.argument("copy", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.pass_obj
def restore(settings: Settings, copy: Path, yes: bool) -> None:
    """Put a copy in the place of the store. The daemon must be stopped; the present store is kept beside it.

    The copy is read through first: from a damaged one, or one of a newer version, nothing is taken.
    """
    config = settings.load()
    with _held(config):
        confirm(f"Replace {config.monitor.database} by {copy}?", yes=yes)
        aside = maintenance.restore(copy, config.monitor.database, datetime.now(UTC))
    click.echo(f"{config.monitor.database} is now the copy {copy}.")
    if aside:
        click.echo(f"The store as it was: {aside}. Delete it when all is well.")


@db.command()
@click.argument("path", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--quick", is_flag=True, help="Do not compare indexes with tables; much faster.")
@json_option
@click.pass_context
def check(ctx: click.Context, path: Path | None, quick: bool, as_json: bool) -> None:
    """Look a store, or a copy at PATH, over for damage. The daemon may run.

    Exit status 3 if something is wrong.
    """
    settings: Settings = ctx.obj
    store = path or settings.load().monitor.database
    faults = maintenance.check(store, quick=quick)
    if as_json:
        print_json({"path": store, "faults": faults})
    else:
        for fault in faults:
            click.echo(fault)
        if not faults:
            click.echo(f"{store}: nothing is wrong")
    ctx.exit(Exit.FINDINGS if faults else Exit.OK)


@db.command()
@click.option("--index", is_flag=True, help="Make the full-text index anew from the articles, too.")
@click.pass_obj
def vacuum(settings: Settings, index: bool) -> None:
    """Write the file anew without gaps. The daemon does it if it runs, and writes nothing else meanwhile.

    Needs free disk as large as the file, and about a minute for some GB. Every night the file is kept in order
    anyway: this is for after much was deleted.
    """
    answer: dict[str, Any] = app.command(settings.load, "db.vacuum", {"index": index})
    click.echo(f"{answer['before'] / 1e6:,.1f} MB before, {answer['after'] / 1e6:,.1f} MB now")


@db.command()
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@json_option
@click.pass_obj
def migrate(settings: Settings, dry_run: bool, as_json: bool) -> None:
    """Bring the store to this version's schema, after a copy into backups/. The daemon does the same at its start."""
    config = settings.load()
    path = config.monitor.database
    if not path.exists():
        raise StoreError(f"there is no store at {path} yet: `monitor run` or `monitor once` makes it")
    with _held(config):
        steps = _pending(path)
        copy = None
        if steps and not dry_run:
            now = datetime.now(UTC)
            copy = maintenance.backup(path, config.monitor.state / "backups" / maintenance.default_name(now))
            writer = connect(path)
            try:
                schema.migrate(writer)
            finally:
                writer.close()
    if as_json:
        print_json({"version": schema.VERSION, "steps": steps, "done": bool(steps) and not dry_run, "copy": copy})
    elif not steps:
        click.echo(f"{path} has schema {schema.VERSION}: nothing to do")
    else:
        for step in steps:
            click.echo(f"{'would run' if dry_run else 'ran'} {step}")
        if copy:
            click.echo(f"The store as it was: {copy}")


def _pending(path: Path) -> list[str]:
    reader = connect(path, read_only=True)
    try:
        return [f"{step.__name__}: {(step.__doc__ or '').strip()}" for step in schema.pending(reader)]
    finally:
        reader.close()


@contextmanager
def _held(config: Config) -> Iterator[None]:
    """Hold the store's lock. Raises StoreBusy naming the process that has it."""
    lock = Lock(config.monitor.state / LOCK)
    try:
        yield
    finally:
        lock.release()
