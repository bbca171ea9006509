"""Commands about what is told: alerts, silences, deliveries. And what the operator is told: heartbeat, a bad reload."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from monitor.errors import Permanent
from monitor.store import alerts, deliveries, heartbeat, letters, notices
from monitor.store.connection import Connection, to_text

if TYPE_CHECKING:
    from monitor.app.parts import App
    from monitor.stages.restraint import Route


async def mark(app: App, *, alert: str, verdict: str | None) -> None:
    """Note what a reader thought of an alert: 'relevant', 'noise', or None."""
    now = app.clock()

    def write(db: Connection) -> None:
        alerts.mark(db, _number(db, alert), verdict, now)

    await app.store.write(write)


async def resend(app: App, *, alert: str, channels: Sequence[str] = (), dry_run: bool = False) -> list[list[str]]:
    """Send an alert again through `channels`, or those of its rule. Returns [channel, target] for each message."""
    now, routes = app.clock(), app.mouths.routes

    def write(db: Connection) -> list[list[str]]:
        number = _number(db, alert)
        rule = db.execute("SELECT rule FROM alerts WHERE id = ?", (number,)).fetchone()["rule"]
        named = list(channels) or list(app.rules[rule].channels if rule in app.rules else ())
        unknown = [slug for slug in named if slug not in routes]
        if unknown or not named:
            known = ", ".join(routes) or "none"
            raise Permanent(
                f"no such channel: {', '.join(unknown) or '(none named)'}; there are: {known}", kind="channel"
            )
        chosen = [routes[slug] for slug in named]
        if not dry_run:
            deliveries.resend(db, number, chosen, rule, now)
        return [[route.channel, target] for route in chosen for target in route.targets]

    done = await app.store.write(write)
    app.pipeline.alerted.set()
    return done


async def retry(app: App, *, numbers: Sequence[int] = (), channel: str | None = None, target: str | None = None) -> int:
    """Make dead letters due again. Returns how many.

    Raises Permanent when a number is no dead letter's, or the configuration has no channel for any of them.
    """
    now = app.clock()
    known = {slug: route.targets for slug, route in app.mouths.routes.items()}

    def write(db: Connection) -> int:
        _dead(db, numbers)
        meant = letters.chosen(db, numbers=numbers, channel=channel, target=target)
        done = letters.retry(db, numbers=numbers, channel=channel, target=target, now=now, known=known)
        if not done and (meant or (channel is not None and channel not in known)):
            name = channel or meant[0]["channel"]
            raise Permanent(
                f"the configuration has no channel '{name}', or not that target of it: name it there again, "
                f"or give its letters up with `monitor deliveries drop --channel {name}`",
                kind="channel",
            )
        return done

    done = await app.store.write(write)
    app.pipeline.alerted.set()
    return done


async def drop(app: App, *, numbers: Sequence[int] = (), channel: str | None = None, target: str | None = None) -> int:
    """Give dead letters up. Returns how many. Raises Permanent when a number is no dead letter's."""

    now = app.clock()

    def write(db: Connection) -> int:
        _dead(db, numbers)
        return letters.drop(db, numbers=numbers, channel=channel, target=target, now=now)

    return await app.store.write(write)


def _dead(db: Connection, numbers: Sequence[int]) -> None:
    others = letters.not_dead(db, numbers)
    if others:
        told = (f"delivery {n} is {state}" if state else f"there is no delivery {n}" for n, state in others.items())
        raise Permanent(f"{'; '.join(told)}: only dead letters can be named", kind="delivery")


async def add_silence(
    app: App, *, rule: str | None, source: str | None, seconds: float, comment: str = ""
) -> tuple[int, str]:
    """Silence a rule, a source, or everything. Returns the silence's number and its end."""
    now = app.clock()
    until = now + timedelta(seconds=seconds)
    number = await app.store.write(
        lambda db: alerts.add_silence(db, rule=rule, source=source, until=until, comment=comment, now=now)
    )
    return number, to_text(until)


async def expire_silence(app: App, *, number: int) -> None:
    """End a silence now. Raises Permanent if none of that number holds."""
    now = app.clock()
    if not await app.store.write(lambda db: alerts.expire_silence(db, number, now)):
        raise Permanent(f"no silence {number} holds; see `monitor silence list --all`", kind="no-silence")


async def beat(app: App) -> int:
    """Write the heartbeat if one is due. Returns how many messages that made."""
    monitor, now = app.config.monitor, app.clock()
    routes = _routes(app)
    if monitor.heartbeat == "off" or not routes:
        return 0
    made = await app.store.write(
        lambda db: heartbeat.beat(db, every=monitor.heartbeat, zone=monitor.zone, routes=routes, now=now)
    )
    return len(made)


RELOAD = "reload-refused"


async def reload_refused(app: App, because: Sequence[str]) -> None:
    """Note, and tell once, that the configuration was read again and is at fault: it will not survive a restart."""
    text = "the new configuration is at fault, the old one is in force: " + (because[0] if because else "unknown fault")
    text += f" (and {len(because) - 1} more)" if len(because) > 1 else ""
    remedy = "`monitor check` shows every fault; mend them and reload"
    now, routes = app.clock(), _routes(app)

    def write(db: Connection) -> None:
        if notices.begin(db, RELOAD, text, now, severity="high", remedy=remedy) is not None:
            subject = "monitor: the new configuration is at fault"
            body = "\n".join([*because, "", remedy])
            deliveries.add_message(db, routes, kind="notice", subject=subject, body=body, now=now)

    await app.store.write(write)
    app.pipeline.alerted.set()


async def reload_accepted(app: App) -> None:
    """Note, and tell if the contrary was told, that the configuration is sound and in force."""
    now, routes = app.clock(), _routes(app)

    def write(db: Connection) -> bool:
        ended = notices.end(db, RELOAD, now)
        if ended is not None:
            subject, body = "monitor: the new configuration is in force", f"It had been noted: {ended.text}"
            deliveries.add_message(db, routes, kind="notice", subject=subject, body=body, now=now)
        return ended is not None

    if await app.store.write(write):
        app.pipeline.alerted.set()


def _routes(app: App) -> list[Route]:
    return [app.mouths.routes[slug] for slug in app.config.monitor.notices if slug in app.mouths.routes]


def _number(db: Connection, alert: str) -> int:
    found = alerts.find(db, alert)
    if found is None:
        raise Permanent(f"there is no alert {alert}; see `monitor alerts list`", kind="no-alert")
    return found


COMMANDS: dict[str, Any] = {
    "alerts.mark": mark,
    "alerts.resend": resend,
    "deliveries.retry": retry,
    "deliveries.drop": drop,
    "silences.add": add_silence,
    "silences.expire": expire_silence,
}
