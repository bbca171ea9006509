"""`monitor alerts`, `evidence` and `silence`: what was said, what it rests on, and what not to say for a while."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from monitor import app
from monitor.cli.common import Settings, ago, confirm, json_option, print_json, print_rows, reading, shown
from monitor.config.values import parse_duration
from monitor.errors import Permanent
from monitor.model import AlertView
from monitor.stages import evidence as bundle
from monitor.stages import message
from monitor.store import alerts as rows
from monitor.store import evidence as evidence_rows
from monitor.store import letters, raw
from monitor.store.connection import Store


def _span(ctx: click.Context, param: click.Parameter, value: str | None) -> timedelta | None:
    """'15m', '24h', '7d' on the command line."""
    if value is None:
        return None
    try:
        return timedelta(seconds=parse_duration(value))
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from None


@click.group()
def alerts() -> None:
    """Alerts: list, show, mark, send again."""


@alerts.command("list")
@click.option("--rule", help="Only alerts of this rule.")
@click.option("--since", callback=_span, help="Only alerts of the last 24h, 7d …")
@click.option("--mark", type=click.Choice(["relevant", "noise", "none"]), help="Only alerts marked so.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True)
@json_option
@click.pass_obj
def list_alerts(
    settings: Settings, rule: str | None, since: timedelta | None, mark: str | None, limit: int, as_json: bool
) -> None:
    """List alerts, the newest first."""
    now = datetime.now(UTC)
    with reading(settings.load()) as db:
        found = rows.newest(db, rule=rule, mark=mark, since=now - since if since else None, limit=limit)
    table = []
    for row in found:
        states = json.loads(row["deliveries"] or "{}")
        table.append({**dict(row), "deliveries": states})
    if as_json:
        print_json(table)
        return
    for line in table:
        line["when"] = ago(datetime.fromisoformat(line["created_at"]), now)
        line["delivered"] = ", ".join(f"{count} {state}" for state, count in line["deliveries"].items())
        line["title"] = message.one_line(line["title"], 90)
    columns = {
        "id": ">alert",
        "when": "when",
        "rule": "rule",
        "severity": "severity",
        "title": "title",
        "outlet": "outlet",
        "delivered": "deliveries",
        "mark": "mark",
    }
    print_rows(settings, table, columns, empty="no alerts")


@alerts.command("show")
@click.argument("alert")
@json_option
@click.pass_obj
def show_alert(settings: Settings, alert: str, as_json: bool) -> None:
    """Show one alert, given by number or key: text, evidence, story, deliveries."""
    config = settings.load()
    with reading(config) as db:
        number = _number(rows.find(db, alert), alert)
        (view,) = rows.views(db, [number])
        sent = [dict(row) for row in letters.of_alert(db, number)]
        mark = db.execute("SELECT mark FROM alerts WHERE id = ?", (number,)).fetchone()["mark"]
    if as_json:
        print_json({"alert": view, "mark": mark, "deliveries": sent})
        return
    for line in _lines(view, config.monitor.zone):
        settings.console.print(line)
    if mark:
        settings.console.print(Text(f"marked: {mark}"))
    settings.console.print()
    now = datetime.now(UTC)
    for row in sent:
        row["when"] = ago(datetime.fromisoformat(row["sent_at"] or row["try_at"]), now)
        row["told"] = row["receipt"] if row["state"] == "sent" else row["last_error"] or row["because"]
    columns = {
        "id": ">delivery",
        "state": "state",
        "channel": "channel",
        "target": "target",
        "when": "sent or due",
        "attempts": ">attempts",
        "told": "answer",
    }
    print_rows(settings, sent, columns, empty="no deliveries: no channel of its rule takes it")


def _lines(view: AlertView, zone: Any) -> list[Text]:
    marked = "bold black on yellow"
    title = [(s.text, marked if s.marked else "bold") for s in message.headline(view)]
    facts = " · ".join(filter(None, [message.one_line(view.outlet, 120), *message.times(view, zone)]))
    made = [Text.assemble(*title), Text(shown(facts))]
    for sentence in message.sentences(view, 20):
        made.append(Text.assemble("  “", *((s.text, marked if s.marked else "") for s in sentence), "”"))
    for hit in message.other_hits(view):
        made.append(Text(shown(f"  {hit.field}: {hit.term}")))
    if link := message.web_link(view.url):
        made.append(Text(link))
    if view.story_outlets:
        made.append(Text(shown("also: " + message.one_line(", ".join(view.story_outlets), 400))))
    key = f"{view.key} · severity {view.severity} · rule version {view.rule_version} · article {view.article}"
    made += [Text(shown(f"why: {message.why(view)}")), Text(shown(key))]
    return made


@alerts.command("mark")
@click.argument("alert")
@click.argument("verdict", type=click.Choice(["relevant", "noise", "clear"]))
@click.pass_obj
def mark_alert(settings: Settings, alert: str, verdict: str) -> None:
    """Note what you thought of an alert; `rules show` counts it."""
    app.command(settings.load, "alerts.mark", {"alert": alert, "verdict": None if verdict == "clear" else verdict})
    settings.stderr.print(f"alert {shown(alert)}: {verdict}", markup=False)


@alerts.command("resend")
@click.argument("alert")
@click.option("--channel", "channels", multiple=True, help="Only through this channel; may be repeated.")
@click.option("--dry-run", is_flag=True, help="Only say where it would go.")
@click.pass_obj
def resend_alert(settings: Settings, alert: str, channels: tuple[str, ...], dry_run: bool) -> None:
    """Send an alert again, under a new id, through the channels of its rule or those named."""
    arguments = {"alert": alert, "channels": list(channels), "dry_run": dry_run}
    lanes = app.command(settings.load, "alerts.resend", arguments)
    verb = "would be sent" if dry_run else "will be sent"
    for channel, target in lanes:
        settings.stderr.print(f"{verb} through {channel}" + (f" to {target}" if target else ""), markup=False)


@click.command()
@click.argument("alert")
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Default: alert-NUMBER.zip")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@click.pass_obj
def evidence(settings: Settings, alert: str, output: Path | None, force: bool) -> None:
    """Write a zip of everything an alert rests on: raw bytes, clean text, removed blocks, rule, match, receipts."""
    config = settings.load()
    with reading(config) as db:
        number = _number(rows.find(db, alert), alert)
        gathered = evidence_rows.gather(db, number)
    assert gathered is not None
    document = None
    if config.monitor.raw_database.exists():
        store = Store(config.monitor.raw_database, migrate=raw.migrate, readers=1)
        try:
            document = store.read_now(lambda db: raw.get(db, gathered["document_sha256"]))
        finally:
            store.close()
    path = output or Path(f"alert-{number}.zip")
    if path.exists() and not force:
        raise click.UsageError(f"{path} is there already: name another file, or say --force.")
    path.write_bytes(bundle.bundle(gathered, document))
    for note in bundle.notes(gathered, gathered["article"].get("text", ""), document):
        settings.stderr.print(f"note: {note}", markup=False)
    click.echo(str(path))


def _number(found: int | None, given: str) -> int:
    if found is None:
        raise Permanent(f"there is no alert {given}; see `monitor alerts list`", kind="no-alert")
    return found


# ── silences ────────────────────────────────────────────────────────────────────────────────────


@click.group()
def silence() -> None:
    """Silences: say nothing of a rule or a source for a while. Matches are recorded all the same."""


@silence.command("add")
@click.argument("rule", required=False)
@click.option("--source", help="Only what comes from this source.")
@click.option("--for", "span", callback=_span, required=True, help="For how long: 2h, 24h, 7d …")
@click.option("--comment", default="", help="Why; shown with what was kept quiet.")
@click.option("--yes", is_flag=True, help="Do not ask before silencing everything.")
@click.pass_obj
def add_silence(
    settings: Settings, rule: str | None, source: str | None, span: timedelta, comment: str, yes: bool
) -> None:
    """Silence a rule, a source, or (with neither) everything."""
    config = settings.load()
    if rule is not None and rule not in config.rules:
        raise click.UsageError(f"There is no rule '{rule}'.")
    if source is not None and source not in {**config.feeds, **config.sitemaps, **config.folders} and not config.opml:
        raise click.UsageError(f"There is no source '{source}'.")
    if rule is None and source is None:
        confirm("Silence every rule?", yes=yes)
    arguments = {"rule": rule, "source": source, "seconds": span.total_seconds(), "comment": comment}
    number, until = app.command(settings.load, "silences.add", arguments)
    settings.stderr.print(
        f"silence {number} until {until}; end it with `monitor silence expire {number}`", markup=False
    )


@silence.command("list")
@click.option("--all", "past", is_flag=True, help="Those that are over, too.")
@json_option
@click.pass_obj
def list_silences(settings: Settings, past: bool, as_json: bool) -> None:
    """List silences, with how many matches each kept quiet."""
    now = datetime.now(UTC)
    with reading(settings.load()) as db:
        found = [dict(row) for row in rows.all_silences(db, past=past, now=now)]
    if not as_json:
        for row in found:
            row["what"] = row["rule"] or "every rule"
            row["from"] = row["source"] or "every source"
            row["ends"] = "over" if not row["holds"] else ago(datetime.fromisoformat(row["until"]), now)
    columns = {
        "id": ">silence",
        "what": "rule",
        "from": "source",
        "ends": "ends",
        "kept_quiet": ">kept quiet",
        "comment": "comment",
    }
    print_rows(settings, found, columns, as_json=as_json, empty="no silences")


@silence.command("expire")
@click.argument("number", type=int)
@click.pass_obj
def expire_silence(settings: Settings, number: int) -> None:
    """End a silence now."""
    app.command(settings.load, "silences.expire", {"number": number})
    settings.stderr.print(f"silence {number} is over", markup=False)
