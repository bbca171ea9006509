"""What the commands share: settings, the error edge with its exit codes, tables and JSON, progress.

Standard output carries what was asked for, standard error everything else.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import click

from monitor import errors, log
from monitor.model import Hit

if TYPE_CHECKING:
    from rich.console import Console

    from monitor.config import Config
    from monitor.store.connection import Connection

F = TypeVar("F", bound=Callable[..., Any])


class Exit(IntEnum):
    """Exit codes; those from 64 on are sysexits.h's."""

    OK = 0
    FAILED = 1  # ran, and some of the work failed
    USAGE = 2
    FINDINGS = 3  # `check` found faults
    UNAVAILABLE = 69  # the other side
    CANNOT_CREATE = 73  # the store cannot be written
    IO = 74
    TRY_AGAIN = 75  # in use by another process, disk full
    NOT_PERMITTED = 77
    CONFIG = 78


@dataclass(slots=False)
class Settings:
    """The options given before the verb. `click.pass_obj` hands it to each command."""

    path: Path | None = None
    log_level: str | None = None
    watching: bool = False  # `run`: what is done is logged; a command prints what came of it, and logs trouble only

    def load(self, *, secrets: bool = False, tree: bool = False) -> Config:
        """The configuration, and logging set up by it. Raises ConfigError.

        `secrets`: read them too; only commands that send or fetch need them, and may be allowed to. `tree`: keep what
        was written.
        """
        from monitor import config

        loaded = config.load(self.path, secrets=secrets, tree=tree)
        level = loaded.log.level if self.watching else "warning"
        log.setup(self.log_level or level, loaded.log.format)
        return loaded

    @cached_property
    def console(self) -> Console:
        """Standard output."""
        from rich.console import Console

        # In a pipe a row stays one line: somebody may want to grep it.
        wide = None if sys.stdout.isatty() or os.environ.get("COLUMNS") else 400
        return Console(highlight=False, emoji=False, soft_wrap=not sys.stdout.isatty(), width=wide)

    @cached_property
    def stderr(self) -> Console:
        """Standard error: diagnostics, progress."""
        from rich.console import Console

        return Console(stderr=True, highlight=False, emoji=False, soft_wrap=not sys.stderr.isatty())


@contextmanager
def reading(config: Config) -> Iterator[Connection]:
    """A connection that only reads, beside a daemon or without one. Raises StoreError if there is no store yet."""
    from monitor.store import schema
    from monitor.store.connection import connect

    path = config.monitor.database
    if not path.exists():
        raise errors.StoreError(f"there is no store at {path} yet: `monitor run` or `monitor once` makes it")
    db = connect(path, read_only=True)
    try:
        if schema.pending(db):
            raise errors.StoreError(
                f"{path} is of an older version: `monitor db migrate` or a start of the daemon renews it"
            )
        yield db
    finally:
        db.close()


NARROW = 10  # characters up to which a column of a table is never wrapped


json_option: Callable[[F], F] = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


# ── the edge ────────────────────────────────────────────────────────────────────────────────────


class Edge(click.Group):
    """Turns our errors into a message and an exit code. What is not ours is a bug and shows its traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except errors.MonitorError as error:
            fail(error)
        except BrokenPipeError:
            # The reader of our output went away, e.g. `| head`: not worth a word.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(Exit.OK)
        except OSError as error:
            fail(error)


def exit_code(error: BaseException) -> Exit:
    """The exit code that stands for an error."""
    match error:
        case errors.ConfigError() | errors.StoreTooNew():
            return Exit.CONFIG
        case errors.StoreBusy() | errors.StoreFull():
            return Exit.TRY_AGAIN
        case errors.StoreError():
            return Exit.CANNOT_CREATE
        case errors.Temporary():
            return Exit.UNAVAILABLE
        case PermissionError():
            return Exit.NOT_PERMITTED
        case OSError() if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return Exit.TRY_AGAIN
        case OSError():
            return Exit.IO
        case _:
            return Exit.FAILED


def fail(error: BaseException, code: Exit | None = None) -> None:
    """Say what is wrong on standard error and leave with the code for it."""
    lines = error.faults if isinstance(error, errors.ConfigError) else (_words(error),)
    for line in lines:
        click.echo(f"monitor: {log.safe_text(line)}", err=True)
    raise click.exceptions.Exit(exit_code(error) if code is None else code)


def _words(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error) or type(error).__name__


# ── printing ────────────────────────────────────────────────────────────────────────────────────


def print_json(value: object) -> None:
    """JSON on standard output: indented for a person, one line for a program."""
    indent = 2 if sys.stdout.isatty() else None
    click.echo(json.dumps(value, ensure_ascii=False, indent=indent, default=_plain))


def print_json_lines(rows: Iterable[object]) -> None:
    """One JSON object a line, as they come."""
    for row in rows:
        click.echo(json.dumps(row, ensure_ascii=False, default=_plain))


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "__dataclass_fields__"):
        return {name: _named(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value)


def _named(value: object) -> object:
    """Hits, alone or in a row, with the names of their fields: JSON would take the tuples that they are for lists."""
    if isinstance(value, Hit):
        return value._asdict()
    if isinstance(value, tuple) and value and isinstance(value[0], Hit):
        return list(map(_named, value))
    return value


def print_rows(
    settings: Settings,
    rows: Sequence[Mapping[str, Any]],
    columns: Mapping[str, str],
    *,
    as_json: bool = False,
    empty: str = "nothing",
    title: str | None = None,
) -> None:
    """Rows as a table (`columns`: key → heading; a heading that begins with '>' is aligned right), or as JSON."""
    if as_json:
        print_json(list(rows))
        return
    if not rows:
        settings.stderr.print(empty, markup=False)
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, title=title, title_justify="left", header_style="bold")
    cells = [[shown(row.get(key)) for key in columns] for row in rows]
    for number, heading in enumerate(columns.values()):
        # Names, numbers and states stay on one line; titles and reasons give way where the terminal is narrow.
        words = heading.lstrip(">")
        width = max(len(words), *(len(line[number]) for line in cells))
        narrow = {"no_wrap": True, "min_width": width} if width <= NARROW else {"overflow": "fold"}
        table.add_column(words, justify="right" if heading.startswith(">") else "left", **narrow)
    for line in cells:
        table.add_row(*map(Text, line))
    settings.console.print(table)


def shown(value: object) -> str:
    """A value as text for a terminal: nothing in it can move the cursor."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M")
    if isinstance(value, float):
        return f"{value:.1f}"
    if isinstance(value, list | tuple):
        return ", ".join(shown(inner) for inner in value)
    return log.printable(str(value))


def ago(then: datetime | None, now: datetime) -> str:
    """'3 min ago', 'in 40 s', 'never'."""
    if then is None:
        return "never"
    seconds = (now - then).total_seconds()
    words = span(abs(seconds))
    return f"{words} ago" if seconds >= 0 else f"in {words}"


def span(seconds: float) -> str:
    """A length of time in its largest fitting unit: '40 s', '3 min', '5 h', '2 d'."""
    for size, unit in ((86400.0, "d"), (3600.0, "h"), (60.0, "min")):
        if seconds >= 1.5 * size or (seconds >= size and unit == "d"):
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


class Advance(Protocol):
    """Moves a progress bar on by `done`; `total` says how long it is, once that is known."""

    def __call__(self, done: int, total: int | None = None, /) -> None: ...


@contextmanager
def progress(settings: Settings, label: str, total: int | None) -> Iterator[Advance]:
    """A progress bar on a terminal's standard error; elsewhere nothing."""
    if not settings.stderr.is_terminal:
        yield lambda done, total=None: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=settings.stderr, transient=True) as bar:
        task = bar.add_task(label, total=total)
        yield lambda done, total=None: bar.update(task, advance=done, total=total)


def confirm(question: str, *, yes: bool) -> None:
    """Ask before what cannot be undone. Without a terminal `--yes` is needed: nobody is there to answer."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(f"{question} Nobody is here to answer: repeat the command with --yes.")
    click.confirm(question, abort=True)
