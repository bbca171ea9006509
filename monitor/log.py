"""structlog, set up once: one event per line on standard error. JSON, or colours on a terminal.

Under journald each line begins with its priority and carries no time of its own. No line shows a secret: passwords
and tokens in addresses are masked, and control characters are escaped, so that a feed cannot draw on a terminal
or forge a line. This is not the place for what a user asked to see: that goes to standard output, in `cli`.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import structlog

MASK = "***"

_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s\"'<>\\]+", re.IGNORECASE)
_TOKEN_NAME = re.compile(
    r"(?:^|[_.-])(?:api|app|access|auth|session|private)?[_-]?(?:key|token|secret|password|passwd|pass|pwd|sig|signature|auth|"
    r"apikey|credential|credentials|code|jwt|session|sid|hash)$",
    re.IGNORECASE,
)
_TOKEN_VALUE = re.compile(r"(?=[^\s]*\d)(?=[^\s]*[A-Za-z])[A-Za-z0-9_~+/=.-]{24,}")
# C0 and C1 controls, line and paragraph separators, and the marks that turn text around.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_PRIORITIES = {"critical": 2, "error": 3, "warning": 4, "info": 6, "debug": 7}


def printable(text: str) -> str:
    r"""`text` with control characters and direction overrides written as \x1b, \u202e; tabs and line ends stay."""
    return _UNPRINTABLE.sub(lambda found: ascii(found[0])[1:-1], text)


def safe_url(url: str) -> str:
    """`url` without its password, and with the values of its tokens masked."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        netloc = f"{MASK}@{host}" if "@" in parts.netloc else host
        query = parts.query
        pairs = parse_qsl(query, keep_blank_values=True)
        if any(_is_token(name, value) for name, value in pairs):
            query = urlencode([(n, MASK if _is_token(n, v) else v) for n, v in pairs], safe="*/:,")
        return urlunsplit((parts.scheme, netloc, parts.path, query, parts.fragment))
    except ValueError:
        return MASK  # not an address that can be taken apart: show none of it


def safe_text(text: str) -> str:
    """`text` as it may be logged: addresses in it without secrets, nothing that moves the cursor."""
    return printable(_URL.sub(lambda found: safe_url(found[0]), text))


def _is_token(name: str, value: str) -> bool:
    return bool(_TOKEN_NAME.search(name) or _TOKEN_VALUE.fullmatch(value))


def setup(
    level: str = "info",
    form: str = "auto",
    *,
    stream: TextIO | None = None,
    environ: Mapping[str, str] | None = None,
) -> None:
    """Configure structlog and the standard library's logging, which joins it from 'warning' up.

    `form`: 'json', 'console', or 'auto': console on a terminal, else JSON.
    """
    stream = sys.stderr if stream is None else stream
    environ = os.environ if environ is None else environ
    journal = _is_journal(stream, environ)
    pretty = form == "console" or (form == "auto" and stream.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.StackInfoRenderer(),
    ]
    if pretty:
        shared.append(structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False))
    elif not journal:
        shared.append(structlog.processors.TimeStamper(fmt="iso", utc=True))
    renderer: structlog.typing.Processor
    if pretty:
        colours = stream.isatty() and not environ.get("NO_COLOR")
        shared.append(_scrub)
        renderer = structlog.dev.ConsoleRenderer(colors=colours, pad_event_to=14, pad_level=False, sort_keys=False)
    else:
        shared += [structlog.processors.format_exc_info, _scrub]
        renderer = _Json(journal=journal)
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[_name_foreign, *shared],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)  # of libraries
    logging.getLogger("monitor").setLevel(level.upper())
    logging.captureWarnings(True)
    quiet = [_leave_out_routine] if pretty and level != "debug" else []
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *quiet,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=_factory,
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,  # a second setup (reload, tests) must reach every logger
    )


def _factory(*args: Any) -> logging.Logger:
    name = str(args[0]) if args else "monitor"
    return logging.getLogger(name if name == "monitor" or name.startswith("monitor.") else f"monitor.{name}")


def _is_journal(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether `stream` is the one systemd gave us, by device and inode, as sd-daemon's documentation says."""
    try:
        device, inode = environ.get("JOURNAL_STREAM", "").split(":")
        found = os.fstat(stream.fileno())
        return (found.st_dev, found.st_ino) == (int(device), int(inode))
    except (ValueError, OSError):
        return False


def _name_foreign(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A library's line: its words become `message`, and the event has a stable name."""
    record = event.get("_record")
    event["message"] = event.get("event", "")
    event["event"] = "library"
    event["library"] = record.name if record is not None else ""
    return event


def _leave_out_routine(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Somebody who watches a terminal sees the alerts themselves; what went as ever would bury them."""
    name = event.get("event")
    nothing_new = name == "poll" and not event.get("new") and event.get("outcome") != "failed"
    if method == "info" and (nothing_new or name in ("entry", "delivery.sent")):
        raise structlog.DropEvent
    for key in [key for key, value in event.items() if value is None]:
        del event[key]
    return event


def _scrub(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if not key.startswith("_"):
            event[key] = _scrubbed(value)
    return event


def _scrubbed(value: Any) -> Any:
    if isinstance(value, str):
        return safe_text(value)
    if isinstance(value, Mapping):
        return {str(key): _scrubbed(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_scrubbed(inner) for inner in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, BaseException):
        return safe_text(f"{type(value).__name__}: {value}")
    return safe_text(str(value))


class _Json:
    """One JSON object a line, `event` and `level` first; under journald after a '<6>'."""

    def __init__(self, *, journal: bool) -> None:
        self.journal = journal

    def __call__(self, logger: Any, method: str, event: MutableMapping[str, Any]) -> str:
        level = str(event.get("level", "info"))
        first = {key: event[key] for key in ("timestamp", "level", "event") if key in event}
        line = json.dumps(first | dict(event), ensure_ascii=False, default=str)
        return f"<{_PRIORITIES.get(level, 6)}>{line}" if self.journal else line
