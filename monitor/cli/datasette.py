"""`monitor datasette`: the research desk. Writes Datasette's files and becomes Datasette."""

from __future__ import annotations

import importlib.util
import os
import shlex
import tempfile
from pathlib import Path

import click

from monitor.cli.common import Exit, Settings, reading
from monitor.desk import files


@click.command(context_settings={"ignore_unknown_options": True})
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on. There is no login: see docs."
)
@click.option("--port", type=click.IntRange(0, 65535), default=8001, show_default=True, help="Port to listen on.")
@click.option(
    "--write-only",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write Datasette's files to DIR, print the command that serves them, and do not start it.",
)
@click.option(
    "--metadata",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Datasette metadata of your own, JSON or YAML, laid over ours: a login, permissions, further questions.",
)
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[-- DATASETTE OPTIONS]")
@click.pass_context
def datasette(
    ctx: click.Context,
    host: str,
    port: int,
    write_only: Path | None,
    metadata: Path | None,
    options: tuple[str, ...],
) -> None:
    """Serve the research desk: pages to read alerts, articles and stories, tables, ready questions, pictures.

    Reads the store and changes nothing; the daemon may run beside it or not. What stands behind `--` is handed on to
    `datasette serve`, for instance `-- --open`.
    """
    settings: Settings = ctx.obj
    config = settings.load()
    if importlib.util.find_spec("datasette") is None:
        click.echo("monitor: Datasette is not installed: pip install 'news-monitor[datasette]'", err=True)
        ctx.exit(Exit.UNAVAILABLE)
    store = config.monitor.database.resolve()
    with reading(config) as db:
        columns = files.columns_of(db)
    directory = write_only or Path(os.environ.get("RUNTIME_DIRECTORY") or tempfile.mkdtemp(prefix="monitor-desk-"))
    files.write(directory.resolve(), store.stem, columns, files.read(metadata) if metadata else None)
    command = files.command(directory.resolve(), store, host, port, options)
    if write_only:
        click.echo(shlex.join(command))
        return
    click.echo(f"The desk: http://{host}:{port}/", err=True)
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted
