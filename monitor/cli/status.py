"""`monitor status`: how everything stands, on one screen. Reads the store; asks the daemon whether it is there."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import click
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from monitor import control
from monitor.cli.common import Exit, Settings, ago, fail, json_option, print_json, reading, shown, span
from monitor.config import Config, survey
from monitor.errors import ConfigError, MonitorError
from monitor.store.files import Files, look_at_files
from monitor.store.overview import Overview, overview

SHOWN = 8  # rows of a list; the rest is a number
LOW_DISK = 10**9  # bytes free below which the line is marked


@click.command()
@json_option
@click.option(
    "--watch",
    type=click.FloatRange(min=0.2),
    is_flag=False,
    flag_value=2.0,
    metavar="[SECONDS]",
    help="Show it again and again, every 2 seconds or as said.",
)
@click.pass_context
def status(ctx: click.Context, as_json: bool, watch: float | None) -> None:
    """Show what is watched, how it does, what waits, and what is due next.

    Exit status 1 if a source fails, a rule does not compile, a delivery was given up, or the daemon does not run;
    78, with the faults, if the configuration as it is now is at fault.
    """
    settings: Settings = ctx.obj
    faults: ConfigError | None = None
    try:
        config = settings.load()
    except ConfigError as error:
        # The daemon goes on with what it had; whoever looks now wants to see it, beside what is wrong.
        config, faults = survey(settings.path, secrets=False)[0], error
        if not config.monitor.database.exists():
            raise
    if watch is not None and not as_json:
        _watch(settings, config, watch)
        return
    view, files, daemon = look(config)
    if as_json:
        print_json(as_values(view, files, daemon, config))
    else:
        settings.console.print(screen(view, files, daemon, config))
    if faults is not None:
        fail(faults)
    ctx.exit(Exit.OK if is_well(view, daemon) else Exit.FAILED)


def look(config: Config) -> tuple[Overview, Files, Mapping[str, Any] | None]:
    """The view, the files, and what the daemon says of itself (None: it does not answer)."""
    with reading(config) as db:
        view = overview(db, datetime.now(UTC))
    try:
        daemon: Mapping[str, Any] | None = control.call(config.monitor.runtime_directory, "ping", {}, timeout=3)
    except MonitorError:
        daemon = None
    return view, look_at_files(config.monitor.state), daemon


def is_well(view: Overview, daemon: Mapping[str, Any] | None) -> bool:
    """Whether there is nothing an operator should look at."""
    failing = view.sources.get("failing", 0) + view.sources.get("gone", 0)
    broken = any(rule.error for rule in view.rules)
    return daemon is not None and not failing and not broken and not any(lane.dead for lane in view.lanes)


def as_values(view: Overview, files: Files, daemon: Mapping[str, Any] | None, config: Config) -> dict[str, Any]:
    """All of it for a program; a stable shape."""
    values: dict[str, Any] = {name: getattr(view, name) for name in view.__dataclass_fields__}
    return {
        "well": is_well(view, daemon),
        "daemon": daemon,
        "configuration": config.path,
        "files": files.sizes,
        "disk_free": files.free,
        **values,
    }


def _watch(settings: Settings, config: Config, every: float) -> None:
    from rich.live import Live

    with Live(console=settings.console, screen=settings.console.is_terminal, auto_refresh=False) as live:
        while True:
            live.update(screen(*look(config), config), refresh=True)
            time.sleep(every)


# ── the screen ──────────────────────────────────────────────────────────────────────────────────


def screen(view: Overview, files: Files, daemon: Mapping[str, Any] | None, config: Config) -> RenderableType:
    """One screen of at most 80 columns."""
    parts: list[RenderableType] = [_head(view, files, daemon, config), Text(), _stages(view)]
    for title, table in (
        ("Sources that need a look", _troubles(view)),
        ("Could not be read, last 24 hours (more: monitor sources show SOURCE)", _unread(view)),
        ("Rules, last 24 hours", _rules(view)),
        ("Outbox", _lanes(view)),
        ("Standing troubles", _notices(view)),
    ):
        if table is not None:
            parts += [Text(), Text(title, style="bold"), table]
    return Group(*parts)


def _head(view: Overview, files: Files, daemon: Mapping[str, Any] | None, config: Config) -> Text:
    line = Text("daemon ")
    line.append("running" if daemon else "not running", "green" if daemon else "red")
    line.append(f" · {config.path}\n")
    healths = ", ".join(f"{count} {health}" for health, count in sorted(view.sources.items())) or "none"
    line.append(f"sources {healths} · articles {view.articles:,} · stories {view.stories:,}\n")
    size = sum(files.sizes.values())
    line.append(f"store {_bytes(size)} · disk ")
    free = "unknown" if files.free is None else f"{_bytes(files.free)} free"
    line.append(free, "red" if files.free is not None and files.free < LOW_DISK else "")
    wal = files.sizes.get("monitor.db-wal", 0)
    if wal > 256 * 2**20:
        line.append(f" · write-ahead log {_bytes(wal)}", "yellow")
    if view.silences:
        line.append(f" · {view.silences} silences")
    return line


def _stages(view: Overview) -> Table:
    table = _table("stage", "last success", "waiting", "oldest", "next")
    lanes = view.lanes
    oldest = min((lane.oldest_at for lane in lanes if lane.oldest_at), default=None)
    waiting = sum(lane.pending + lane.claimed + lane.uncertain for lane in lanes)
    held = f" (+{view.held} held)" if view.held else ""
    rows = (
        ("gather", "–", None, view.next_poll_at),
        ("settle", f"{view.pending:,}{held}", view.oldest_pending_at, None),
        ("deliver", f"{waiting:,}", oldest, view.next_delivery_at),
    )
    for stage, count, since, due in rows:
        age = span((view.at - since).total_seconds()) if since else "–"
        next_ = "–" if due is None else "now" if due <= view.at else ago(due, view.at)
        table.add_row(stage, ago(view.stages[stage], view.at), count, age, next_)
    return table


def _troubles(view: Overview) -> Table | None:
    if not view.troubles:
        return None
    table = _table("source", "health", "since", "next try", "because")
    for one in view.troubles[:SHOWN]:
        table.add_row(
            shown(one.slug),
            Text(one.health, style="red" if one.health in ("failing", "gone") else "yellow"),
            ago(one.since, view.at),
            "–" if one.health in ("paused", "gone") else ago(one.next_poll_at, view.at),
            Text(shown(one.because), overflow="ellipsis", no_wrap=True),
        )
    _more(table, len(view.troubles))
    return table


def _unread(view: Overview) -> Table | None:
    if not view.unread:
        return None
    table = _table("source", "when", "because")
    for one in view.unread[:SHOWN]:
        because = Text(shown(one.because), overflow="ellipsis", no_wrap=True)
        table.add_row(shown(one.source), ago(one.at, view.at), because)
    _more(table, len(view.unread))
    return table


def _rules(view: Overview) -> Table | None:
    rows = [rule for rule in view.rules if rule.matches or rule.error or rule.state != "on"]
    if not view.rules:
        return None
    table = _table("rule", ">matches", ">alerts", "last match", "")
    for rule in rows[:SHOWN] or view.rules[:SHOWN]:
        remark = "" if rule.state == "on" else f"{rule.state} {rule.error}".strip().splitlines()[0]
        table.add_row(
            shown(rule.slug),
            str(rule.matches),
            str(rule.alerts),
            ago(rule.last_match_at, view.at),
            Text(shown(remark) if remark else "", style="yellow", overflow="ellipsis", no_wrap=True),
        )
    _more(table, len(view.rules))
    return table


def _lanes(view: Overview) -> Table | None:
    if not view.lanes:
        return None
    table = _table("channel", ">sent, 24 h", ">waiting", ">uncertain", ">dead", "")
    for lane in view.lanes[:SHOWN]:
        failing = f"failing since {ago(lane.failing_since, view.at)}: {lane.last_error}" if lane.failing_since else ""
        table.add_row(
            shown(lane.channel),
            str(lane.sent),
            str(lane.pending + lane.claimed),
            str(lane.uncertain),
            Text(str(lane.dead), style="red" if lane.dead else ""),
            Text(shown(failing) if failing else "", style="yellow", overflow="ellipsis", no_wrap=True),
        )
    _more(table, len(view.lanes))
    return table


def _notices(view: Overview) -> Table | None:
    if not view.notices:
        return None
    table = _table("since", "what", "remedy")
    for notice in view.notices[:SHOWN]:
        table.add_row(ago(notice.began_at, view.at), Text(shown(notice.text)), Text(shown(notice.remedy)))
    _more(table, len(view.notices))
    return table


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in headings:
        table.add_column(heading.lstrip(">"), justify="right" if heading.startswith(">") else "left")
    return table


def _more(table: Table, count: int) -> None:
    if count > SHOWN:
        table.add_row(Text(f"and {count - SHOWN} more", style="dim"))


def _bytes(count: int) -> str:
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"
