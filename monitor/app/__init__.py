"""Configuration becomes live parts. The only place that knows the concrete classes.

    parts       `build` opens everything and closes it again; `App` is what stands between
    watching    sources and rules of a configuration, written to the store and handed to the workers
    round       one round by hand
    ingest      documents handed over by a command
    commands    what can be asked of a running program, over monitor.sock or under the lock

It decides nothing about news, and does not know when things are done: that is the daemon's. Its parts are imported
when they are asked for: a command that only reads needs none of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.app.commands import COMMANDS, answer, command, session, writes
    from monitor.app.ingest import arguments
    from monitor.app.parts import App, build
    from monitor.app.round import once
    from monitor.store.health import Report

__all__ = ["COMMANDS", "App", "Report", "answer", "arguments", "build", "command", "once", "session", "writes"]

_WHERE = {
    "commands": ("COMMANDS", "answer", "command", "session", "writes"),
    "ingest": ("arguments",),
    "parts": ("App", "build"),
    "round": ("Report", "once"),
}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        for module, names in _WHERE.items():
            if name in names:
                return getattr(import_module(f"{__name__}.{module}"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
