"""`monitor export`: articles as JSON lines or CSV, as they come out of the store."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import IO, Any

import click

from monitor.cli.common import Settings, reading
from monitor.cli.times import Since
from monitor.store import export as exporting
from monitor.store import search as searching

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@click.command()
@click.option("--jsonl", "form", flag_value="jsonl", default="jsonl", help="One JSON object a line (the default).")
@click.option("--csv", "form", flag_value="csv", help="For spreadsheets: what looks like a formula gets a ' before it.")
@click.option("--query", metavar="WORDS", help="Only what this search finds, as in `monitor search`.")
@click.option("--rule", metavar="SLUG", help="Only what this rule matched.")
@click.option("--source", metavar="SLUG", help="Only from this source.")
@click.option("--since", type=Since(), help="Only what was seen since: 36h, 7d, or 2026-11-22.")
@click.option("--until", type=Since(), help="Only what was seen before.")
@click.option("--output", "-o", type=click.Path(dir_okay=False, writable=True, allow_dash=True), default="-",
              help="File; standard output without it.")  # fmt: skip
@click.pass_obj
def export(
    settings: Settings,
    form: str,
    query: str | None,
    rule: str | None,
    source: str | None,
    since: datetime | None,
    until: datetime | None,
    output: str,
) -> None:
    """Write articles with their text, source, times, story and the rules that matched, in the order they were seen.

    Streams: memory does not grow with the store, and the daemon goes on beside it.
    """
    asked = searching.parse(query) if query is not None else None
    if query is not None and asked is None:
        raise click.UsageError("There is no word in --query that could be sought.")
    with reading(settings.load()) as db, click.open_file(output, "w", encoding="utf-8", lazy=False) as file:
        rows = exporting.articles(db, query=asked, rule=rule, source=source, since=since, until=until)
        count = _write_csv(rows, file) if form == "csv" else _write_lines(rows, file)
    if output != "-" or sys.stderr.isatty():
        settings.stderr.print(f"{count} articles", markup=False)


def _write_lines(rows: Iterable[Mapping[str, Any]], file: IO[str]) -> int:
    count = 0
    for row in rows:
        file.write(json.dumps(row, ensure_ascii=False) + "\n")
        count += 1
    return count


def _write_csv(rows: Iterable[Mapping[str, Any]], file: IO[str]) -> int:
    writer = csv.DictWriter(file, exporting.FIELDS, lineterminator="\r\n")
    writer.writeheader()
    count = 0
    for row in rows:
        writer.writerow({key: _cell(" ".join(value) if key == "rules" else value) for key, value in row.items()})
        count += 1
    return count


def _cell(value: object) -> object:
    # A headline must not become a formula when somebody opens the file.
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
