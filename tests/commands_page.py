"""Writes docs/commands.md from the commands themselves: `.venv/bin/python tests/commands_page.py`. A test compares."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

ROOT = Path(__file__).parents[1]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from monitor import cli  # noqa: E402 - after the path, when run as a script

PAGE = ROOT / "docs" / "commands.md"
HEAD = """\
# Commands

`monitor COMMAND --help` tells all of it; this page is written from the same words. Before the command stand
`--config PATH` ([where else it is looked for](configuration.md#where-it-is-read-from)) and `--log-level`.
Every list takes `--json`. What was asked for is on standard output, everything else on standard error; `NO_COLOR` is
honoured; nothing asks a question without a terminal. `monitor completion bash` makes the shell complete them.

Commands that change something go to the running daemon through `monitor.sock`; where none runs, they take the store's
lock and do the same.

| exit status | |
| --- | --- |
| 0 | done |
| 1 | ran, and some of the work failed, or something needs a look |
| 2 | wrong usage |
| 3 | `check` found faults |
| 69 | the other side is unavailable |
| 73 | the store cannot be written |
| 74 | input or output failed |
| 75 | try again: in use by another process, disk full |
| 77 | not permitted |
| 78 | the configuration is at fault, or the store is of a newer version |
"""


def verbs(group: click.Group, path: str, names: list[str]) -> Iterator[tuple[str, click.Command]]:
    """Every command below `group` whose first word is in `names`, with its full name."""
    context = click.Context(group, info_name=path)
    for name in names:
        command = group.get_command(context, name)
        assert command is not None, name
        if isinstance(command, click.Group):
            yield from verbs(command, f"{path} {name}", command.list_commands(click.Context(command)))
        else:
            yield f"{path} {name}", command


def page() -> str:
    """The whole page."""
    out = [HEAD]
    for section, names in cli.VERBS.items():
        out.append(f"## {section}\n\n| command | | options |\n| --- | --- | --- |")
        for path, command in verbs(cli.main, "monitor", list(names)):
            pieces = [piece for piece in command.collect_usage_pieces(click.Context(command)) if piece != "[OPTIONS]"]
            usage = " ".join([path, *pieces]).replace("|", "\\|")
            options = " ".join(
                f"`{option.opts[-1]}`"
                for option in command.params
                if isinstance(option, click.Option) and not option.hidden
            )
            out.append(f"| `{usage}` | {command.get_short_help_str(300)} | {options} |")
        out.append("")
    return "\n".join(out)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
