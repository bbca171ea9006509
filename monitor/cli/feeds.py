"""`monitor feeds` and `monitor opml`: what is watched, what would come of it, and lists of feeds in and out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path

import click

from monitor.cli.common import Exit, Settings, ago, json_option, print_json, print_rows, reading
from monitor.cli.sources import print_listing
from monitor.config import Config
from monitor.config.values import format_duration, parse_duration
from monitor.errors import ConfigError, Permanent, StoreError
from monitor.sources import opml
from monitor.sources.opml import Outline

_KINDS = ("feed", "sitemap")


def _duration(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    if value is None:
        return None
    try:
        return parse_duration(value)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from None


@click.group()
def feeds() -> None:
    """Feeds and sitemaps: list, add, test, discover, pause, resume."""


@feeds.command("list")
@click.option("--all", "everything", is_flag=True, help="Retired ones too.")
@json_option
@click.pass_obj
def list_feeds(settings: Settings, everything: bool, as_json: bool) -> None:
    """List the feeds and sitemaps with their health."""
    print_listing(settings, kinds=_KINDS, retired=everything, as_json=as_json)


@feeds.command()
@click.argument("target", metavar="URL|NAME")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Entries to read.")
@json_option
@click.pass_obj
def test(settings: Settings, target: str, limit: int, as_json: bool) -> None:
    """Show what a visit would store, without storing anything."""
    from datetime import UTC, datetime

    from monitor.app import trying

    config = settings.load(secrets=True)
    now = datetime.now(UTC)
    row = trying.row_of(config, target)
    pull = asyncio.run(trying.visit(config, row, now))
    readings = trying.read(config, row, pull.entries[:limit])
    lines = [
        {
            "published_at": one.entry.published_at,
            "title": (one.article.title if one.article else "") or one.entry.title,
            "url": one.entry.url,
            "outlet": one.entry.outlet,
            "language": one.article.language if one.article else one.entry.language,
            "characters": len(one.article.text) if one.article else 0,
            "removed": one.removed,
            "page": one.page,
            "rules": list(one.rules),
            "fault": one.fault,
        }
        for one in readings
    ]
    if as_json:
        print_json(
            {
                "address": row.address,
                "moved_to": pull.moved_to,
                "status": pull.status,
                "bytes": pull.received,
                "entries": len(pull.entries),
                "warnings": list(pull.warnings),
                "refused": [{"name": name, "reason": reason} for name, reason in pull.refused],
                "read": lines,
            }
        )
        return
    say = settings.stderr.print
    many = "entry" if len(pull.entries) == 1 else "entries"
    say(f"{row.address}: {len(pull.entries)} {many}, {pull.received:,} bytes", markup=False)
    if pull.moved_to:
        say(f"moved for good to {pull.moved_to}; that address will be used", markup=False)
    for warning in pull.warnings:
        say(f"note: {warning}", markup=False)
    for name, reason in pull.refused:
        say(f"refused: {name}: {reason}", markup=False)
    for line in lines:
        line["when"] = ago(line["published_at"], now) if line["published_at"] else "unknown"  # type: ignore[arg-type]
    columns = {
        "when": "published",
        "title": "title",
        "characters": ">characters",
        "removed": ">blocks removed",
        "rules": "rules",
        "page": "fetch its page?",
        "fault": "fault",
    }
    print_rows(settings, lines, columns, empty="no entries")


@feeds.command()
@click.argument("url")
@json_option
@click.pass_obj
def discover(settings: Settings, url: str, as_json: bool) -> None:
    """Show the feeds that a web page names, best first. Exit 1 if there is none."""
    from monitor.app import trying

    page = asyncio.run(trying.look(settings.load(), url))
    rows = [{"url": one.url, "title": one.title, "declared": one.declared} for one in page.found]
    if page.feed is not None:
        rows = [{"url": url, "title": page.feed, "declared": True}]
        settings.stderr.print(f"this is a feed, with {page.entries} entries", markup=False)
    columns = {"url": "address", "title": "title", "declared": "named by the page"}
    print_rows(settings, rows, columns, as_json=as_json, empty="this page names no feed")
    if not rows:
        raise click.exceptions.Exit(Exit.FAILED)


@feeds.command()
@click.argument("url")
@click.option("--name", help="Its name; otherwise made from the feed's title.")
@click.option("--tag", "tags", multiple=True, help="A tag; may be repeated.")
@click.option("--every", callback=_duration, help="How often to ask: 15m, 2h …")
@click.option("--unchecked", is_flag=True, help="Add it without asking whether it is a feed.")
@click.option("--print", "only_print", is_flag=True, help="Print the lines instead of writing them to conf.d/.")
@click.pass_obj
def add(
    settings: Settings,
    url: str,
    name: str | None,
    tags: tuple[str, ...],
    every: float | None,
    unchecked: bool,
    only_print: bool,
) -> None:
    """Add a feed, or the feed a page names, as a file in conf.d/."""
    config = settings.load()
    title = ""
    if not unchecked:
        from monitor.app import trying

        page = asyncio.run(trying.look(config, url))
        if page.feed is None:
            declared = [one for one in page.found if one.declared]
            if not declared:
                raise Permanent(f"{url} is a web page that names no feed", kind="web-page")
            url, title = declared[0].url, declared[0].title
            settings.stderr.print(f"the page names its feed: {url}", markup=False)
        else:
            title = page.feed
    outline = Outline(url=url, title="" if title == url else title, tags=tags, every=every, slug=name or "")
    _install(settings, config, [outline], only_print=only_print, exact=name)


@feeds.command()
@click.argument("name")
@click.option("--because", default="", help="Why, for those who find it paused.")
@click.pass_obj
def pause(settings: Settings, name: str, because: str) -> None:
    """Stop asking a source until `resume`. The configuration stays as it is."""
    from monitor import app

    if not app.command(settings.load, "sources.pause", {"slug": name, "because": because or "paused by hand"}):
        raise Permanent(f"there is no source '{name}'; see `monitor sources list`", kind="unknown-source")
    settings.stderr.print(f"{name} is paused", markup=False)


@feeds.command()
@click.argument("name")
@click.pass_obj
def resume(settings: Settings, name: str) -> None:
    """Ask a paused source again, at once; also one that answered 'gone'."""
    from monitor import app

    if not app.command(settings.load, "sources.resume", {"slug": name}):
        raise Permanent(f"there is no source '{name}'; see `monitor sources list`", kind="unknown-source")
    settings.stderr.print(f"{name} is asked again", markup=False)


@click.group("opml")
def opml_group() -> None:
    """Lists of feeds: import, export."""


@opml_group.command("import")
@click.argument("path", metavar="FILE", type=click.Path(dir_okay=False, exists=True, path_type=Path))
@click.option("--tag", "tags", multiple=True, help="A tag for all of them; may be repeated.")
@click.option("--print", "only_print", is_flag=True, help="Print the lines instead of writing them to conf.d/.")
@click.pass_obj
def import_opml(settings: Settings, path: Path, tags: tuple[str, ...], only_print: bool) -> None:
    """Add the feeds of an OPML file as a file in conf.d/. Those that are there already are left alone."""
    config = settings.load()
    try:
        found = opml.read(path.read_bytes())
    except ConfigError as error:
        raise ConfigError(f"{path} {error}") from None
    known = {feed.url for feed in config.feeds.values()}
    fresh = [
        Outline(
            url=one.url,
            title=one.title,
            site=one.site,
            tags=tuple(dict.fromkeys((*tags, *one.tags))),
            every=one.every,
            slug=one.slug,
        )
        for one in found
        if one.url not in known
    ]
    settings.stderr.print(f"{len(found)} feeds in {path.name}, {len(found) - len(fresh)} known already", markup=False)
    if fresh:
        _install(settings, config, fresh, only_print=only_print, file=f"opml-{path.stem}")


@opml_group.command("export")
@click.argument("path", metavar="[FILE]", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.pass_obj
def export_opml(settings: Settings, path: Path | None) -> None:
    """Write all feeds, those of OPML files too, as OPML to FILE or standard output."""
    from monitor.app import watching
    from monitor.store import source_lists

    config = settings.load()
    try:
        with reading(config) as db:
            titles = source_lists.titles(db)
    except StoreError:
        titles = {}  # nothing was polled yet
    written = opml.write(opml.of_configuration(watching.all_feeds(config), titles))
    if path is None:
        click.echo(written, nl=False)
    else:
        path.write_bytes(written)
        settings.stderr.print(f"{path} written", markup=False)


# ── writing the configuration ───────────────────────────────────────────────────────────────────


def _install(
    settings: Settings,
    config: Config,
    outlines: Iterable[Outline],
    *,
    only_print: bool,
    exact: str | None = None,
    file: str = "",
) -> None:
    """Feeds as a new file in conf.d/; printed where that cannot be written."""
    taken = {*config.feeds, *config.sitemaps, *config.folders, *config.opml}
    if exact is not None and exact in taken:
        raise ConfigError(f"there is a source '{exact}' already; choose another --name")
    known = {feed.url: slug for slug, feed in config.feeds.items()}
    tables = []
    name = file
    for outline in outlines:
        if outline.url in known:
            raise ConfigError(f"{outline.url} is watched already, as '{known[outline.url]}'")
        slug = exact or opml.slug_of(outline, taken)
        taken.add(slug)
        name = name or f"feed-{slug}"
        tables.append(_table(slug, outline))
    text = "\n".join(tables)
    assert config.path is not None
    folder = config.path.parent / "conf.d"
    if only_print:
        click.echo(text, nl=False)
        return
    target = folder / f"{''.join(c if c.isalnum() or c in '-_' else '-' for c in name)}.toml"
    number = 2
    while target.exists():
        target, number = target.with_name(f"{target.stem.rstrip('0123456789')}{number}.toml"), number + 1
    try:
        folder.mkdir(exist_ok=True)
        with target.open("x", encoding="utf-8") as made:
            made.write(text)
    except OSError as error:
        settings.stderr.print(f"{target} cannot be written ({error.strerror}); add these lines yourself:", markup=False)
        click.echo(text, nl=False)
        return
    try:
        settings.load()
    except ConfigError:
        target.unlink()
        raise
    settings.stderr.print(f"{target} written; a running monitor takes it over on reload (SIGHUP)", markup=False)


def _table(slug: str, outline: Outline) -> str:
    lines = [f"[feeds.{slug}]"]
    if outline.title:
        lines.insert(0, f"# {' '.join(outline.title.split())}")
    lines.append(f"url = {_quoted(outline.url)}")
    if outline.every is not None:
        lines.append(f'every = "{format_duration(outline.every)}"')
    if outline.tags:
        lines.append(f"tags = [{', '.join(_quoted(tag) for tag in outline.tags)}]")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A TOML basic string."""
    return json.dumps("".join(c for c in text if c.isprintable()), ensure_ascii=False)  # the same escapes as TOML
