"""`monitor stories` and `monitor held`: who told what, in whose words; and what waits because its source went wild."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import click
from rich.padding import Padding
from rich.text import Text

from monitor import app
from monitor.cli.common import Settings, ago, confirm, json_option, print_json, print_rows, reading, shown
from monitor.config.values import parse_duration
from monitor.store import held as held_rows
from monitor.store import stories as rows

SENTENCES = 4  # of a difference on the terminal, unless all are asked for


@click.group()
def stories() -> None:
    """Stories: list, show, split, join; who copies whom."""


@stories.command("list")
@click.option("--since", metavar="SPAN", help="Only stories told in the last 24h, 7d …")
@click.option("--least", type=click.IntRange(min=1), default=1, help="Only stories with so many appearances.")
@click.option("--alerted", is_flag=True, help="Only stories that raised an alert.")
@click.option("--limit", type=click.IntRange(min=1), default=30, show_default=True)
@json_option
@click.pass_obj
def list_stories(settings: Settings, since: str | None, least: int, alerted: bool, limit: int, as_json: bool) -> None:
    """List stories, the one told last first."""
    now = datetime.now(UTC)
    try:
        start = now - timedelta(seconds=parse_duration(since)) if since else None
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--since") from None
    with reading(settings.load()) as db:
        found = rows.recent(db, limit=limit, since=start, least=least, alerted=alerted)
    if not as_json:
        for row in found:
            row["last"] = ago(datetime.fromisoformat(row["last_seen_at"]), now)
    columns = {
        "id": ">story",
        "last": "last told",
        "title": "title",
        "first_outlet": "first at",
        "appearances": ">appearances",
        "size": ">texts",
        "alerts": ">alerts",
    }
    print_rows(settings, found, columns, as_json=as_json, empty="no stories")


@stories.command("show")
@click.argument("story", type=int)
@click.option("--full", is_flag=True, help="Every sentence that differs, not the first few.")
@json_option
@click.pass_obj
def show_story(settings: Settings, story: int, full: bool, as_json: bool) -> None:
    """Show a story: who told it, in what order, why each belongs to it, and what each adds or leaves out."""
    with reading(settings.load()) as db:
        found = rows.get(db, story)
    _compare(found)
    if as_json:
        print_json(found)
        return
    if found["id"] != story:
        settings.stderr.print(f"story {story} was joined to story {found['id']}", markup=False)
    out = settings.console
    out.print(Text(f"story {found['id']}: {shown(found['title'])}", style="bold"))
    out.print(Text(f"told by {shown(found['outlets'])}"))
    copies: dict[int, list[dict[str, Any]]] = {}
    for appearance in found["appearances"]:
        copies.setdefault(appearance["article"], []).append(appearance)
    for article in found["articles"]:
        out.print()
        out.print(Text(f"article {article['id']}  {shown(article['outlet'])}  {article['seen_at']}", style="bold"))
        lines = [shown(article["title"]), shown(article["url"]), f"{article['ruling']}: {shown(article['because'])}"]
        if article["scores"]:
            lines.append(", ".join(f"{name} {value}" for name, value in article["scores"].items()))
        lines += [
            f"the same text at {shown(one['outlet'])}, {one['seen_at']}: {shown(one['url'])}"
            for one in copies.get(article["id"], ())
            if one["state"] == "copy"
        ]
        lines += _sentences("+", article["adds"], full) + _sentences("-", article["leaves_out"], full)
        for revision in article["revised"]:
            lines.append(f"changed {revision['replaced_at']}: {shown(revision['because'])}")
            lines += _sentences("+", revision["added"], full) + _sentences("-", revision["withdrawn"], full)
        for line in lines:
            out.print(Padding(Text(line), (0, 0, 0, 2)))
    for alert in found["alerts"]:
        update = f", an update of alert {alert['update_of']}" if alert["update_of"] else ""
        out.print(Text(f"\nalert {alert['id']} of rule {alert['rule']}{update}, {alert['created_at']}"))


def _compare(story: dict[str, Any]) -> None:
    """Put to each article what it adds to those before it, what it leaves out of the first, and its revisions."""
    from monitor.stages.differences import difference, new_sentences  # numpy

    told: list[str] = []
    for article in story["articles"]:
        article["adds"] = new_sentences(article["text"], told) if told else ()
        article["leaves_out"] = difference(told[0], article["text"]).missing if told else ()
        told.append(article["text"])
        wordings = [one for one in story["revisions"] if one["article"] == article["id"]]
        article["revised"] = []
        for one, after in zip(wordings, [*(w["text"] for w in wordings[1:]), article["text"]], strict=False):
            change = difference(one["text"], after)
            article["revised"].append(
                {
                    "replaced_at": one["replaced_at"],
                    "because": one["because"],
                    "added": change.added,
                    "withdrawn": change.missing,
                }
            )
    del story["revisions"]


def _sentences(mark: str, found: tuple[str, ...], full: bool) -> list[str]:
    kept = found if full else found[:SENTENCES]
    more = len(found) - len(kept)
    lines = [f"{mark} {shown(one)}" for one in kept]
    return [*lines, f"{mark} … and {more} more; `--full` shows them"] if more else lines


@stories.command()
@click.argument("articles", type=int, nargs=-1, required=True)
@click.pass_obj
def split(settings: Settings, articles: tuple[int, ...]) -> None:
    """Make a story of its own of articles that were put into the wrong one."""
    new = app.command(settings.load, "stories.split", {"articles": list(articles)})
    settings.stderr.print(f"split: story {new}; `monitor stories show {new}`", markup=False)


@stories.command()
@click.argument("into", type=int)
@click.argument("others", type=int, nargs=-1, required=True)
@click.pass_obj
def join(settings: Settings, into: int, others: tuple[int, ...]) -> None:
    """Put all articles of OTHERS into story INTO. No alert is taken back."""
    moved = app.command(settings.load, "stories.join", {"into": into, "others": list(others)})
    settings.stderr.print(f"{moved} articles moved to story {into}", markup=False)


@stories.command()
@json_option
@click.pass_obj
def overlap(settings: Settings, as_json: bool) -> None:
    """How much of what each source brought in thirty days nobody else had: who only copies."""
    with reading(settings.load()) as db:
        found = rows.overlap(db)
    columns = {
        "source": "source",
        "entries": ">entries",
        "first_told": ">told first",
        "own": ">nobody else",
        "copied": ">others had first",
        "own_share": ">own share",
        "remark": "",
    }
    print_rows(settings, found, columns, as_json=as_json, empty="nothing was read in thirty days")


@click.group()
def held() -> None:
    """Floods: entries that wait because their source brought far more than it ever does."""


@held.command("list")
@click.argument("source", required=False)
@json_option
@click.pass_obj
def list_held(settings: Settings, source: str | None, as_json: bool) -> None:
    """List the sources with held entries, or the held entries of one SOURCE."""
    with reading(settings.load()) as db:
        found = held_rows.of_source(db, source) if source else held_rows.sources(db)
    columns = (
        {"entry": ">entry", "published_at": "published", "title": "title", "url": "address"}
        if source
        else {"source": "source", "entries": ">entries", "since": "since", "because": "because"}
    )
    print_rows(settings, found, columns, as_json=as_json, empty="nothing is held")


@held.command()
@click.argument("source")
@click.argument("entries", type=int, nargs=-1)
@click.pass_obj
def release(settings: Settings, source: str, entries: tuple[int, ...]) -> None:
    """Let held entries go their way: read, matched, alerted on. All of a SOURCE, or the ENTRIES named."""
    count = app.command(settings.load, "held.release", {"source": source, "entries": list(entries)})
    settings.stderr.print(f"{count} entries of {source} released", markup=False)


@held.command()
@click.argument("source")
@click.argument("entries", type=int, nargs=-1)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def discard(settings: Settings, source: str, entries: tuple[int, ...], yes: bool) -> None:
    """Give held entries up: no article, no alert. What was announced stays known and is not read again."""
    what = f"{len(entries)} entries" if entries else "all held entries"
    confirm(f"Discard {what} of {source}?", yes=yes)
    count = app.command(settings.load, "held.discard", {"source": source, "entries": list(entries)})
    settings.stderr.print(f"{count} entries of {source} discarded", markup=False)
