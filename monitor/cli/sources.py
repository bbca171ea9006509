"""`monitor sources`: every source, what it brought, and how it fares."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from monitor.cli.clean import learned
from monitor.cli.common import Settings, ago, json_option, print_json, print_rows, reading, shown, span
from monitor.errors import Permanent
from monitor.store import source_lists
from monitor.store.connection import from_text


@click.group()
def sources() -> None:
    """Sources of every kind: list, show, learned."""


sources.add_command(learned)


@sources.command("list")
@click.option("--all", "everything", is_flag=True, help="Retired ones too.")
@json_option
@click.pass_obj
def list_sources(settings: Settings, everything: bool, as_json: bool) -> None:
    """List feeds, sitemaps and folders with their health."""
    print_listing(settings, retired=everything, as_json=as_json)


def print_listing(
    settings: Settings, *, kinds: tuple[str, ...] = (), retired: bool = False, as_json: bool = False
) -> None:
    """The sources of these kinds as a table or JSON."""
    now = datetime.now(UTC)
    with reading(settings.load()) as db:
        rows = source_lists.listing(db, now, kinds=kinds, retired=retired)
    if not as_json:
        for row in rows:
            row["every"] = span(row["every_seconds"])
            row["success"] = ago(from_text(row["last_success_at"]), now)
            row["news"] = ago(from_text(row["last_entry_at"]), now)
            row["next"] = "–" if row["state"] in ("paused", "gone", "off") else ago(from_text(row["next_poll_at"]), now)
            row["because"] = row["because"][:100] if row["because"] else ""
    columns = {
        "slug": "name",
        "kind": "kind",
        "state": "state",
        "every": ">every",
        "day": ">entries in 24 h",
        "success": "worked",
        "news": "news",
        "next": "next",
        "because": "because",
    }
    print_rows(settings, rows, columns, as_json=as_json, empty="no sources")


@sources.command()
@click.argument("name")
@json_option
@click.pass_obj
def show(settings: Settings, name: str, as_json: bool) -> None:
    """Show one source: its state, the day's funnel, its latest visits."""
    now = datetime.now(UTC)
    with reading(settings.load()) as db:
        found = source_lists.detail(db, name, now)
    if found is None:
        raise Permanent(f"there is no source '{name}'; see `monitor sources list`", kind="unknown-source")
    if as_json:
        print_json(found)
        return
    _print_facts(settings, found, now)
    settings.console.print()
    funnel = found["funnel"]
    settings.console.print("last 24 hours: " + ", ".join(f"{count} {name}" for name, count in funnel.items()))
    settings.console.print()
    _print_failed(settings, found["failed"], now)
    for poll in found["polls"]:
        poll["when"] = ago(from_text(poll["started_at"]), now)
    columns = {
        "when": "visited",
        "outcome": "outcome",
        "status": ">status",
        "received_bytes": ">bytes",
        "milliseconds": ">ms",
        "entries": ">entries",
        "new_entries": ">new",
        "because": "because",
    }
    print_rows(settings, found["polls"], columns, empty="no visit worth a line yet")


def _print_failed(settings: Settings, failed: list[dict[str, Any]], now: datetime) -> None:
    """What became no article in the last seven days, and why."""
    if not failed:
        return
    for entry in failed:
        entry["when"] = ago(from_text(entry["seen_at"]), now)
        entry["what"] = entry["title"] or entry["url"] or ""
    columns = {"when": "failed", "entry": ">entry", "what": "what", "because": "because"}
    print_rows(settings, failed, columns)
    settings.console.print()


def _first_visit(stored: int, would_have_alerted: int) -> str | None:
    """What was there before we watched. None where that was news, or is not through yet."""
    entries = "1 entry" if stored == 1 else f"{stored:,} entries"
    return f"{entries} taken as known; {would_have_alerted:,} would have alerted" if stored else None


def _print_facts(settings: Settings, found: dict[str, Any], now: datetime) -> None:
    facts = {
        "name": found["slug"],
        "kind": found["kind"],
        "address": found["address"],
        "moved to": found["moved_to"],
        "state": found["state"],
        "because": found["paused_because"] or found["health_because"],
        "failures in a row": found["failures"] or None,
        "every": span(found["every_seconds"]),
        "tags": found["tags"],
        "first visit": _first_visit(**found["baseline"]),
        "last worked": ago(from_text(found["last_success_at"]), now),
        "last news": ago(from_text(found["last_entry_at"]), now),
        "next visit": ago(from_text(found["next_poll_at"]), now),
    }
    width = max(map(len, facts))
    for label, value in facts.items():
        if value not in (None, "", []):
            settings.console.print(f"{label:<{width}}  {shown(value)}", markup=False)
