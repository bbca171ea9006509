"""Configuration becomes live parts. The only place that knows the concrete classes.

    parts       `build` opens everything and closes it again; `App` is what stands between
    watching    sources and rules of a configuration, written to the store and handed to the workers
    once        one round by hand
    ingest      documents handed over by a command
    commands    what can be asked of a running program, over monitor.sock or under the lock

It decides nothing about news, and does not know when things are done: that is the daemon's.
"""

from monitor.app.commands import COMMANDS, answer, command, session, writes
from monitor.app.ingest import arguments
from monitor.app.once import once
from monitor.app.parts import App, build
from monitor.store.health import Report

__all__ = ["COMMANDS", "App", "Report", "answer", "arguments", "build", "command", "once", "session", "writes"]
