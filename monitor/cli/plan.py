"""`monitor plan`: what a changed configuration would do, before it is loaded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import click
from rich.text import Text

from monitor.app.watching import source_rows
from monitor.cli.backtest import counted, difference, print_difference, routes_of, run_backtests, summary
from monitor.cli.common import Exit, Settings, json_option, print_json, reading, shown, span
from monitor.cli.rules import since_option
from monitor.config import Config
from monitor.model import Rule
from monitor.ports import SourceRow
from monitor.stages.backtest import Asked
from monitor.stages.rules import RuleError, compile_rule
from monitor.store import backtest as rows
from monitor.store import rules, source_lists
from monitor.store.connection import Connection


@click.command()
@since_option("7d")
@json_option
@click.pass_obj
@click.pass_context
def plan(ctx: click.Context, settings: Settings, since: timedelta | None, as_json: bool) -> None:
    """Show what the configuration as it is now would change: sources, rules, and each changed rule's backtest.

    Nothing is changed. Exit status 3 if a rule does not compile.
    """
    config = settings.load()
    start = None if since is None else datetime.now(UTC) - since
    with reading(config) as db:
        made = {"sources": _sources(config, db), "rules": _rules(settings, config, db, start)}
    if as_json:
        print_json(made)
    else:
        _print(settings, made)
    broken = any(rule["change"] == "broken" for rule in made["rules"])
    ctx.exit(Exit.FINDINGS if broken else Exit.OK)


def _sources(config: Config, db: Connection) -> list[dict[str, Any]]:
    """Sources that come, go, or are configured differently; each with what it calls itself, where that is known."""
    now = {row.slug: _configured(row, **others) for row, others in source_rows(config)}
    then = {row["slug"]: _stored(dict(row)) for row in rows.sources(db)}
    titles = source_lists.titles(db)
    found: list[dict[str, Any]] = []
    for slug in sorted({*now, *then}):
        new, old = now.get(slug), then.get(slug)
        if new == old:
            continue
        change = "added" if old is None else "removed" if new is None else "changed"
        address = (new or old or {})["address"]
        told = {"source": slug, "change": change, "title": titles.get(slug, ""), "address": address}
        if new and old:
            told["settings"] = {key: [old.get(key, ""), new[key]] for key in new if new[key] != old.get(key, "")}
        found.append(told)
    return found


def _configured(row: SourceRow, *, enabled: bool, baseline: bool, outlet: str) -> dict[str, Any]:
    return {
        "address": row.address,
        "kind": row.kind,
        "every": row.every,
        "tags": list(row.tags),
        "outlet": outlet,
        "enabled": enabled,
        "baseline": baseline,
        **row.options,
    }


def _stored(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "address": row["address"],
        "kind": row["kind"],
        "every": row["every_seconds"],
        "tags": json.loads(row["tags"]),
        "outlet": row["outlet"],
        "enabled": bool(row["enabled"]),
        "baseline": bool(row["baseline"]),
        **json.loads(row["options"]),
    }


def _rules(settings: Settings, config: Config, db: Connection, start: datetime | None) -> list[dict[str, Any]]:
    standing = rules.working(db)
    found: list[dict[str, Any]] = []
    changed: list[tuple[Rule, Rule | None]] = []  # as it will be, and as it stands
    for slug, rule in config.rules.items():
        before = standing.get(slug)
        if before is not None and rules.meaning(before) == rules.meaning(rule):
            continue
        if fault := _fault(rule, config):
            found.append({"rule": slug, "change": "broken", "errors": fault})
        else:
            changed.append((rule, before))
    asked = [Asked(rule, dict(rule.variants)) for pair in changed for rule in pair if rule is not None]
    tallies = iter(run_backtests(settings, config.monitor.database, asked, start, routes_of(config)) if asked else ())
    for rule, before in changed:
        now_it = next(tallies)
        gained, lost = difference(db, now_it, next(tallies) if before is not None else None)
        change = "changed" if rule.slug in standing else "added"
        found.append({"rule": rule.slug, "change": change, **summary(now_it), "gained": gained, "lost": lost})
    found += [{"rule": slug, "change": "removed"} for slug in standing if slug not in config.rules]
    return sorted(found, key=lambda row: row["rule"])


def _fault(rule: Rule, config: Config) -> tuple[str, ...]:
    try:
        compile_rule(rule, config.variants)
    except RuleError as error:
        return error.faults
    return ()


def _value(key: str, value: Any) -> str:
    if key == "every":
        return span(value)
    return ", ".join(value) or "none" if isinstance(value, list) else shown(str(value)) or "none"


def _print(settings: Settings, made: dict[str, list[dict[str, Any]]]) -> None:
    out = settings.console
    marks = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow"), "broken": ("!", "bold red")}
    for row in made["sources"]:
        mark, style = marks[row["change"]]
        title = f"  {shown(row['title'])}" if row["title"] else ""
        out.print(Text.assemble((f"{mark} source {row['source']}", style), f"{title}  {shown(row['address'])}"))
        for key, (old, new) in row.get("settings", {}).items():
            out.print(Text(f"    {key}: {_value(key, old)} → {_value(key, new)}"))
    for row in made["rules"]:
        mark, style = marks[row["change"]]
        out.print(Text(f"{mark} rule {row['rule']}  {row['change']}", style=style))
        for fault in row.get("errors", ()):
            out.print(Text(f"    {fault}"))
        if "matches" in row:
            found, alerts = counted(row["matches"], "match"), counted(row["alerts"], "alert")
            out.print(Text(f"    {found} in {counted(row['articles'], 'article')}, {alerts}"))
        if row["change"] == "changed":
            print_difference(settings, row["gained"], row["lost"])
    if not made["sources"] and not made["rules"]:
        settings.stderr.print("nothing would change", markup=False)
