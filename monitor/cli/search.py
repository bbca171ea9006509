"""`monitor search`: articles that hold certain words, the newest first."""

from __future__ import annotations

from datetime import datetime

import click
from rich.text import Text

from monitor import log
from monitor.cli.common import Exit, Settings, print_json, reading
from monitor.cli.times import Since
from monitor.store import search as searching


@click.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--limit", "-n", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many.")
@click.option("--source", metavar="SLUG", help="Only from this source.")
@click.option("--language", metavar="CODE", help="Only in this language, e.g. en.")
@click.option("--since", type=Since(), help="Only what was seen since: 36h, 7d, or 2026-11-22.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with the whole text.")
@click.pass_context
def search(
    ctx: click.Context,
    words: tuple[str, ...],
    limit: int,
    source: str | None,
    language: str | None,
    since: datetime | None,
    as_json: bool,
) -> None:
    """Find articles, the newest first. Nothing is asked of the daemon.

    \b
    ceasefire talks             both words
    '"border crossing"'         a phrase (quote it for the shell)
    'Taliban OR Haqqani'        either
    'flood -insurance'          without a word
    'earthq*'                   a beginning
    'border NEAR/5 closed'      at most five words between
    'title:Kabul'               in the title only

    Words are seen as rules see them: U.S. is US, Straße is Strasse, counter-terrorism is counterterrorism.
    Exit status 1 if nothing was found.
    """
    settings: Settings = ctx.obj
    query = searching.parse(" ".join(words))
    if query is None:
        raise click.UsageError("There is no word in this that could be sought.")
    with reading(settings.load()) as db:
        rows = searching.find(db, query, limit=limit, source=source, language=language, since=since)
    if as_json:
        print_json([dict(row) for row in rows])
    for row in () if as_json else rows:
        _show(settings, dict(row), query)
    if not rows:
        if not as_json:
            settings.stderr.print("nothing was found", markup=False)
        ctx.exit(Exit.FAILED)


def _show(settings: Settings, row: dict[str, str], query: searching.Query) -> None:
    published = (row["published_at"] or row["seen_at"])[:16].replace("T", " ")
    settings.console.print(Text.assemble((log.printable(row["title"]) or "(no title)", "bold"), f"  [{row['id']}]"))
    where = log.printable(row["outlet"]) or row["source"]
    settings.console.print(Text(f"{published} UTC · {where} · {log.printable(row['url'] or '')}", style="dim"))
    piece, inside = searching.excerpt(row["text"], searching.spans(row["text"], query))
    shown = Text(piece if piece.isprintable() else "".join(c if c.isprintable() else " " for c in piece))
    for start, end in inside:
        shown.stylize("bold yellow", start, end)
    settings.console.print(shown)
    settings.console.print()
