"""The commands. The only place that prints; what they do is done by `app` and `daemon`.

Each group of verbs has a file of its own, imported when it is asked for. A new verb is a line in `VERBS`.
"""

from __future__ import annotations

import difflib
import pkgutil
from pathlib import Path

import click

from monitor import __version__
from monitor.cli.common import Edge, Settings

# Section of the help text → verb → where its click command is.
VERBS: dict[str, dict[str, str]] = {
    "Run": {
        "run": "run:run",
        "once": "run:once",
        "ingest": "run:ingest",
    },
    "Configure": {
        "init": "setup:init",
        "check": "check:check",
        "config": "setup:config",
    },
    "Look": {
        "search": "search:search",
        "export": "export:export",
        "datasette": "datasette:datasette",
    },
    "Sources": {
        "sources": "sources:sources",
        "feeds": "feeds:feeds",
        "opml": "feeds:opml_group",
    },
    "Cleaning": {
        "clean": "clean:clean",
        "reclean": "clean:reclean",
    },
    "Rules": {
        "rules": "rules:rules",
        "plan": "plan:plan",
        "explain": "explain:explain",
    },
    "Alerts": {
        "alerts": "alerts:alerts",
        "evidence": "alerts:evidence",
        "silence": "alerts:silence",
        "deliveries": "deliveries:deliveries",
        "notify": "deliveries:notify",
    },
    "Stories": {
        "stories": "stories:stories",
        "held": "stories:held",
    },
    "Operate": {
        "status": "status:status",
        "doctor": "doctor:doctor",
        "install": "install:install",
        "uninstall": "install:uninstall",
        "completion": "completion:completion",
    },
    "Store": {
        "db": "db:db",
    },
}


class Verbs(Edge):
    """A group that imports a verb when it is used and lists verbs in sections."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [verb for verbs in VERBS.values() for verb in verbs]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        for verbs in VERBS.values():
            if cmd_name in verbs:
                found = pkgutil.resolve_name(f"monitor.cli.{verbs[cmd_name]}")
                assert isinstance(found, click.Command)
                return found
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it, with a hint at the nearest verb."""
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], self.list_commands(ctx), n=1)
            hint = f" Did you mean '{near[0]}'?" if near else " See `monitor --help`."
            raise click.UsageError(f"There is no command '{args[0]}'.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(len(verb) for verb in self.list_commands(ctx))
        for section, verbs in VERBS.items():
            rows = []
            for verb in verbs:
                command = self.get_command(ctx, verb)
                assert command is not None
                rows.append((verb.ljust(width), command.get_short_help_str(formatter.width - width - 6)))
            with formatter.section(section):
                formatter.write_dl(rows)


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option(
    "--config",
    "-c",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The configuration. Without it: $MONITOR_CONFIG, ./config.toml, ~/.config/monitor/, /etc/monitor/.",
)
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]), help="Overrides [log] level.")
@click.version_option(__version__, "--version", "-V", prog_name="monitor")
@click.pass_context
def main(ctx: click.Context, path: Path | None, log_level: str | None) -> None:
    """Watch news feeds and folders; be told once when something you asked for is there, and why.

    \b
    Exit status: 0 done · 1 some of the work failed · 2 wrong usage · 3 `check` found faults ·
    69 the other side is unavailable · 73 cannot write the store · 74 input/output ·
    75 try again (in use, disk full) · 77 not permitted · 78 the configuration is at fault
    """
    ctx.obj = Settings(path=path, log_level=log_level)
