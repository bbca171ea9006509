"""What can be asked of a running program. The same function runs in the daemon or, without one, under the store's lock.

A new command is a line in COMMANDS. `writes` makes one of a function of the store: its keyword arguments are the
command's, `now` is filled in.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from monitor import control
from monitor.app import reclean, telling
from monitor.app.ingest import ingest
from monitor.app.parts import App, build
from monitor.config import Config
from monitor.control import Progress
from monitor.errors import Permanent, StoreBusy
from monitor.store import held, maintenance, profiles, sources, stories

Command = Callable[..., Awaitable[Any]]
Call = Callable[..., Any]

PATIENCE = 5.0  # seconds a daemon may be neither there nor gone: it is starting, or ending


class Load(Protocol):
    """Reads the configuration; secrets only when they are needed."""

    def __call__(self, *, secrets: bool = False) -> Config: ...


def writes(function: Callable[..., Any]) -> Command:
    """A command that is one function of the store, in one transaction on the writer."""
    wants_now = "now" in inspect.signature(function).parameters

    async def run(app: App, **arguments: Any) -> Any:
        given = {"now": app.clock(), **arguments} if wants_now else arguments
        return await app.store.write(lambda db: function(db, **given))

    run.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]
    return run


async def ping(app: App) -> dict[str, Any]:
    """Whether it is there, and which run it is."""
    return {"run": app.run, "state": str(app.config.monitor.state)}


async def poll(app: App, *, slug: str) -> bool:
    """Visit a source as soon as may be. False if there is none, or it is paused."""
    return bool(await app.store.write(lambda db: sources.bring_forward(db, slug, app.clock())))


async def vacuum(app: App, *, index: bool) -> dict[str, int]:
    """Write the store's file anew, its full-text index too if asked. Returns bytes before and after."""
    before = app.store.path.stat().st_size
    if index:
        from monitor.stages.words import index_text

        await app.store.write(lambda db: maintenance.rebuild_index(db, index_text))
    await asyncio.to_thread(app.store.maintain, maintenance.vacuum)
    return {"before": before, "after": app.store.path.stat().st_size}


COMMANDS: dict[str, Command] = {
    "ping": ping,
    "db.vacuum": vacuum,
    "ingest": ingest,
    "held.release": writes(held.release),
    "held.discard": writes(held.discard),
    "stories.split": writes(stories.split),
    "stories.join": writes(stories.join),
    "reclean": reclean.run,
    "profiles.change": writes(profiles.change),
    "sources.pause": writes(sources.pause),
    "sources.resume": writes(sources.resume),
    "sources.poll": poll,
    **telling.COMMANDS,
}


async def answer(app: App, name: str, arguments: Mapping[str, Any], progress: Progress) -> Any:
    """Run a command. Raises Permanent for one that does not exist or is asked wrongly, and whatever it raises."""
    found = COMMANDS.get(name)
    if found is None:
        raise Permanent(f"this version has no command '{name}'; is the daemon older than you?", kind="no-command")
    given = dict(arguments)
    parameters = inspect.signature(found).parameters
    if "progress" in parameters:
        given["progress"] = progress
    unknown = [key for key in given if key not in parameters]
    missing = [
        key
        for key, one in parameters.items()
        if one.default is one.empty and key not in given and key not in ("app", "db", "now")
    ]
    if unknown or missing:
        raise Permanent(f"{name}: unknown {unknown}, missing {missing}", kind="bad-request")
    return await found(app, **given)


@contextmanager
def session(load: Load) -> Iterator[Call]:
    """Something to ask commands with: `call(name, arguments, progress=None)`. The daemon answers, or, without one, we.

    Raises ConfigError, StoreError (StoreBusy names who holds the store); a call raises what the command raises.
    """
    directory = load().monitor.runtime_directory
    end = time.monotonic() + PATIENCE
    while True:
        try:
            control.call(directory, "ping", {})
        except control.NoDaemon:
            pass
        else:
            yield partial(_there, directory)
            return
        with asyncio.Runner() as runner:
            parts = build(load(secrets=True), idle=True)
            try:
                app = runner.run(parts.__aenter__())
            except StoreBusy:  # by a daemon that is starting, or ending?
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)
                continue
            try:
                yield partial(_here, runner, app)
            finally:
                runner.run(parts.__aexit__(None, None, None))
            return


def command(load: Load, name: str, arguments: Mapping[str, Any], *, progress: Progress | None = None) -> Any:
    """Ask one command. See `session`."""
    with session(load) as call:
        return call(name, arguments, progress)


def _there(directory: Path, name: str, arguments: Mapping[str, Any], progress: Progress | None = None) -> Any:
    return control.call(directory, name, arguments, progress=progress)


def _here(
    runner: asyncio.Runner, app: App, name: str, arguments: Mapping[str, Any], progress: Progress | None = None
) -> Any:
    return runner.run(answer(app, name, arguments, progress or (lambda done: None)))
