"""`run`, `once`, `ingest`: have the work done. The daemon and the app do it; this prints what came of it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from monitor.cli.common import Exit, Settings, json_option, print_json, print_json_lines, progress, shown
from monitor.errors import Permanent


@click.command()
@click.pass_obj
def run(settings: Settings) -> None:
    """Watch until stopped: poll, clean, match, tell.

    SIGTERM or Ctrl-C ends it in order; SIGHUP reads the configuration again and keeps the old one if that is at fault.
    """
    from monitor import daemon

    settings.watching = True
    daemon.run(lambda: settings.load(secrets=True))


@click.command()
@click.option("--all", "everything", is_flag=True, help="Poll every source, due or not.")
@json_option
@click.pass_context
def once(ctx: click.Context, everything: bool, as_json: bool) -> None:
    """Do all that is due, once, and say what came of it: for cron, and for a first look.

    Exit status 1 if some of it failed.
    """
    from monitor import app

    settings: Settings = ctx.obj
    config = settings.load(secrets=True)

    async def main() -> app.Report:
        async with app.build(config) as live:
            return await app.once(live, everything=everything)

    report = asyncio.run(main())
    if as_json:
        print_json(report)
    else:
        _print_report(settings, report)
    ctx.exit(Exit.OK if report.complete else Exit.FAILED)


def _print_report(settings: Settings, report: Any) -> None:
    err = settings.stderr
    entries = ", ".join(f"{count} {state}" for state, count in report.entries.items()) or "nothing new"
    err.print(f"{report.polled} sources polled · {entries} · {report.alerts} alerts · {report.sent} messages sent")
    for name, summary in report.baselines.items():
        err.print(Text(f"source {name}: first poll: {summary}"))
    for kind, failures in (("source", report.failed), ("channel", report.unsent), ("rule", report.broken)):
        for name, because in failures.items():
            err.print(Text(f"{kind} {name}: {shown(because)}", style="yellow"))


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--source", default="", help="A source of the configuration to store them under; else 'ingest'.")
@click.option("--outlet", default="", help="Publisher's name, where a file does not tell.")
@click.option("--url", default="", help="Where the document is from; for a single file.")
@json_option
@click.pass_context
def ingest(ctx: click.Context, paths: Sequence[Path], source: str, outlet: str, url: str, as_json: bool) -> None:
    """Read files, and folders of files, as articles. `-` is a document on standard input.

    A document that is known already is not read again, so an interrupted run is simply repeated.
    Exit status 1 if a file could not be read.
    """
    from monitor import app

    settings: Settings = ctx.obj
    files = _files(paths)
    if url and len(files) != 1:
        raise click.UsageError("--url is the address of one document; there are several.")
    failed = False
    with app.session(settings.load) as call, progress(settings, "reading", len(files)) as advance:
        for path in files:
            rows = _ingested(call, path, source=source, outlet=outlet, url=url)
            failed = failed or any(row["state"] in ("failed", "refused") for row in rows)
            for row in rows:
                print_json_lines([row]) if as_json else _print_outcome(settings, row)
            advance(1)
    ctx.exit(Exit.FAILED if failed else Exit.OK)


def _ingested(call: Callable[..., Any], path: Path, **others: str) -> list[dict[str, Any]]:
    """What became of a file's articles. A file that cannot be read is no reason to leave out the next."""
    from monitor import app

    try:
        content = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
        name = "standard-input.txt" if str(path) == "-" else path.name
        rows: list[dict[str, Any]] = call("ingest", app.arguments(name, content, **others))
    except Permanent as error:
        if error.kind == "no-source":
            raise
        return [{"name": str(path), "state": "refused", "because": str(error)}]
    except OSError as error:
        return [{"name": str(path), "state": "refused", "because": error.strerror or str(error)}]
    return [{**row, "name": str(path)} for row in rows]


def _print_outcome(settings: Settings, row: Mapping[str, Any]) -> None:
    because = f"  ({row['because']})" if row.get("because") else ""
    article = f"article {row['article']}" if row.get("article") else ""
    style = "yellow" if row["state"] in ("failed", "refused") else ""
    settings.console.print(Text(shown(f"{row['state']:<9} {row['name']}  {article}{because}"), style=style))


def _files(paths: Sequence[Path]) -> list[Path]:
    """The files meant, those in folders in name order; hidden ones are passed over as a drop folder does."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = (p for p in path.rglob("*") if not any(part[0] == "." for part in p.relative_to(path).parts))
            found += sorted(p for p in inside if p.is_file())
        elif str(path) == "-" or path.exists():
            found.append(path)
        else:
            raise click.UsageError(f"There is no file {path}.")
    return found
