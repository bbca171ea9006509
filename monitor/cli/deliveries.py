"""`monitor deliveries` and `notify`: the outbox by hand, and a trial of each channel."""

from __future__ import annotations

import asyncio
import secrets
from datetime import UTC, datetime
from typing import Any

import click

from monitor import app
from monitor.channels import Tools, build
from monitor.cli.common import Exit, Settings, ago, confirm, json_option, print_json, print_rows, reading
from monitor.errors import Permanent, Temporary
from monitor.model import Delivery
from monitor.stages.message import Links
from monitor.stages.sample import sample_alert
from monitor.store import letters, targets

STATES = ["pending", "claimed", "uncertain", "dead", "sent", "dropped"]


@click.group()
def deliveries() -> None:
    """Deliveries: what waits, what was given up; try it again or drop it."""


@deliveries.command("list")
@click.option("--state", "states", type=click.Choice(STATES), multiple=True, help="Default: all but sent and dropped.")
@click.option("--channel", help="Only this channel.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True)
@json_option
@click.pass_obj
def list_deliveries(
    settings: Settings, states: tuple[str, ...], channel: str | None, limit: int, as_json: bool
) -> None:
    """List deliveries, dead letters first; then targets that fail or are disabled."""
    now = datetime.now(UTC)
    with reading(settings.load()) as db:
        found = [dict(r) for r in letters.listing(db, states=states or letters.OPEN, channel=channel, limit=limit)]
        troubled = [one for one in targets.troubled(db) if channel in (None, one.lane.channel)]
    if as_json:
        print_json({"deliveries": found, "targets": troubled})
        return
    for row in found:
        row["next"] = (
            ago(datetime.fromisoformat(row["next_at"]), now) if row["state"] in ("pending", "uncertain") else ""
        )
        row["told"] = row["last_error"] or row["receipt"] or row["because"]
    columns = {
        "id": ">delivery",
        "state": "state",
        "channel": "channel",
        "target": "target",
        "kind": "kind",
        "alerts": ">alerts",
        "attempts": ">attempts",
        "next": "next attempt",
        "told": "last answer",
    }
    print_rows(settings, found, columns, empty="no deliveries wait and none was given up")
    for one in troubled:
        what = "disabled" if one.disabled_at else f"failing for {ago(one.failing_since, now).removesuffix(' ago')}"
        settings.stderr.print(f"{one.lane.channel} {one.lane.target}: {what}: {one.because}", markup=False)


def _choice(numbers: tuple[int, ...], channel: str | None, target: str | None, everything: bool) -> dict[str, Any]:
    ways = sum((bool(numbers), channel is not None, everything))
    if ways != 1:
        raise click.UsageError("Name deliveries by number, or a --channel, or say --all.")
    if target is not None and channel is None:
        raise click.UsageError("--target goes with --channel.")
    return {"numbers": list(numbers), "channel": channel, "target": target}


def _dead(settings: Settings, chosen: dict[str, Any]) -> int:
    with reading(settings.load()) as db:
        return len(letters.chosen(db, **chosen))


@deliveries.command("retry")
@click.argument("numbers", nargs=-1, type=int)
@click.option("--channel", help="All dead letters of this channel, and what waits for it.")
@click.option("--target", help="With --channel: of this target only. A disabled target is used again.")
@click.option("--all", "everything", is_flag=True, help="All dead letters.")
@click.option("--dry-run", is_flag=True, help="Only say how many.")
@click.pass_obj
def retry(
    settings: Settings,
    numbers: tuple[int, ...],
    channel: str | None,
    target: str | None,
    everything: bool,
    dry_run: bool,
) -> None:
    """Try dead letters again, under the same id.

    With --channel, what waits for its next attempt is sent now, too.
    """
    chosen = _choice(numbers, channel, target, everything)
    count = _dead(settings, chosen) if dry_run else app.command(settings.load, "deliveries.retry", chosen)
    settings.stderr.print(
        f"{count} dead letters would be due now" if dry_run else f"{count} deliveries are due now", markup=False
    )


@deliveries.command("drop")
@click.argument("numbers", nargs=-1, type=int)
@click.option("--channel", help="All dead letters of this channel.")
@click.option("--target", help="With --channel: of this target only.")
@click.option("--all", "everything", is_flag=True, help="All dead letters.")
@click.option("--dry-run", is_flag=True, help="Only say how many.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def drop(
    settings: Settings,
    numbers: tuple[int, ...],
    channel: str | None,
    target: str | None,
    everything: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """Give dead letters up; they stay on record as dropped."""
    chosen = _choice(numbers, channel, target, everything)
    count = _dead(settings, chosen)
    if dry_run:
        settings.stderr.print(f"{count} dead letters would be dropped", markup=False)
        return
    if count:
        confirm(f"Drop {count} dead letters?", yes=yes)
        count = app.command(settings.load, "deliveries.drop", chosen)
    settings.stderr.print(f"{count} dead letters dropped", markup=False)


@click.group()
def notify() -> None:
    """Channels: try one out."""


@notify.command("test")
@click.argument("channel")
@click.option("--rule", help="Make the sample look like an alert of this rule.")
@click.option("--dry-run", is_flag=True, help="Only say where it would go.")
@json_option
@click.pass_context
def try_channel(ctx: click.Context, channel: str, rule: str | None, dry_run: bool, as_json: bool) -> None:
    """Send a sample through a channel, to each of its targets, and say what the other side answered.

    Exit status 0 if all accepted it, 69 if one may later, 1 if one never will.
    """
    settings: Settings = ctx.obj
    config = settings.load(secrets=not dry_run)
    if channel not in config.channels:
        raise click.UsageError(f"There is no channel '{channel}'; there are: {', '.join(config.channels) or 'none'}.")
    if rule is not None and rule not in config.rules:
        raise click.UsageError(f"There is no rule '{rule}'.")
    severity = config.rules[rule].severity if rule else "normal"
    tools = Tools(links=Links(base_url=config.monitor.base_url), zone=config.monitor.zone)
    mouth, route = build(config.channels[channel], tools)
    alert = sample_alert(datetime.now(UTC), rule=rule or "sample", severity=severity)

    async def send_all() -> list[dict[str, Any]]:
        told = []
        for target in route.targets:
            delivery = Delivery(
                number=0,
                public_id=secrets.token_hex(16),
                channel=channel,
                target=target,
                kind="test",
                created_at=alert.created_at,
                alerts=(alert,),
            )
            row: dict[str, Any] = {"target": target, "id": delivery.public_id}
            try:
                row |= {"outcome": "accepted", "answer": await mouth.send(delivery)}
            except (Temporary, Permanent) as error:
                outcome = "failed" if isinstance(error, Temporary) else "refused"
                row |= {"outcome": outcome, "answer": str(error)}
            told.append(row)
        await mouth.close()
        return told

    if dry_run:
        print_rows(settings, [{"target": target} for target in route.targets], {"target": "target"}, as_json=as_json)
        return
    told = asyncio.run(send_all())
    print_rows(settings, told, {"target": "target", "outcome": "outcome", "answer": "answer"}, as_json=as_json)
    outcomes = {row["outcome"] for row in told}
    ctx.exit(Exit.FAILED if "refused" in outcomes else Exit.UNAVAILABLE if "failed" in outcomes else Exit.OK)
