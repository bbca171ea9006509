"""A TOML table becomes a frozen dataclass, by the dataclass's own annotations; every fault is collected.

Used for our own tables and by channels for theirs. It touches nothing: paths are joined, never opened.
"""

from __future__ import annotations

import difflib
import re
import tomllib
import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from monitor.config.values import Range, Secret, parse_duration, parse_size

T = TypeVar("T")

_WORD = re.compile(r"[a-z_]+")
SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")


class EnvironmentText(str):
    """A value from a MONITOR_… variable: text, read as whatever the key wants."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a value came from: a line of a file, or an environment variable."""

    file: str
    line: int | None = None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"


@dataclass(slots=True)
class Faults:
    """Collects everything that is wrong, so that it is reported at once."""

    origins: Mapping[str, Origin] = field(default_factory=dict)
    found: list[str] = field(default_factory=list)

    def add(self, path: str, message: str) -> None:
        """Record a fault of the key `path`, with file and line where known."""
        origin = locate(self.origins, path)
        head = f"{origin}: " if origin else ""
        self.found.append(f"{head}{path}: {message}" if path else f"{head}{message}")


def locate(origins: Mapping[str, Origin], path: str) -> Origin | None:
    """Where the key, or else the nearest table around it, was written."""
    while path:
        if path in origins:
            return origins[path]
        path = path.rpartition(".")[0]
    return None


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """A hint at the nearest known name, or at all of them if they are few."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if near:
        return f"; did you mean '{near[0]}'?"
    return f"; known are {', '.join(sorted(known))}" if 0 < len(known) <= 12 else ""


@cache
def _shape(cls: type) -> tuple[Mapping[str, Any], Mapping[str, str], Mapping[str, str]]:
    """Field → type, key → field, and the same of what is required. Kept: this costs more than reading a table."""
    # A key that is a Python keyword ('from') has its name in the field's metadata.
    named = {f.metadata.get("key", f.name): f.name for f in fields(cls) if not f.metadata.get("hidden")}
    required = {f.name for f in fields(cls) if f.default is MISSING and f.default_factory is MISSING}
    wanted = {key: name for key, name in named.items() if name in required}
    return get_type_hints(cls, include_extras=True), named, wanted


def read_table(
    cls: type[T], table: object, path: str, faults: Faults, base: Path, given: Mapping[str, Any] | None = None
) -> T | None:
    """`table` as an instance of the dataclass `cls`, or None after recording its faults.

    `path` is the key path shown in faults, `base` the directory relative paths start at, `given` holds
    values for fields that are not keys (a slug). Fields without a default are required.
    """
    given = given or {}
    if not isinstance(table, Mapping):
        faults.add(path, f"must be a table, not {_kind(table)}")
        return None
    hints, named, required = _shape(cls)  # type: ignore[arg-type]
    faulty: set[str] = set()  # keys
    values: dict[str, Any] = dict(given)
    for key, raw in table.items():
        if key not in named or named[key] in given:
            keys = [known for known, name in named.items() if name not in given]
            faults.add(f"{path}.{key}", f"unknown key '{key}'{did_you_mean(key, keys)}")
            faulty |= {key, *difflib.get_close_matches(key, keys, 1)}
            continue
        try:
            values[named[key]] = _convert(raw, hints[named[key]], base)
        except ValueError as error:
            faults.add(f"{path}.{key}", str(error))
            faulty.add(key)
    for key, name in required.items():
        if name not in values and key not in table:
            faults.add(path, f"'{key}' is missing")
    if any(name not in values for name in required.values()):
        return None
    try:
        made = cls(**values)
    except ValueError as error:  # the class's own check of its values, in __post_init__
        # Told beside the faults of single keys, but where it speaks of one of them it only repeats it.
        if faulty.isdisjoint(_WORD.findall(str(error))):
            faults.add(path, str(error))
        return None
    return None if faulty else made


def _convert(raw: object, hint: Any, base: Path) -> Any:
    """`raw` as the annotation wants it. Raises ValueError."""
    extras: tuple[Any, ...] = ()
    if get_origin(hint) is Annotated:
        hint, *rest = get_args(hint)
        extras = tuple(rest)
    if get_origin(hint) in (Union, types.UnionType):
        return _convert_union(raw, hint, extras, base)
    value = _convert_plain(raw, hint, extras, base)
    for extra in extras:
        if isinstance(extra, Range) and (fault := extra.fault(value)):
            raise ValueError(fault)
    return value


def _convert_union(raw: object, hint: Any, extras: tuple[Any, ...], base: Path) -> Any:
    choices = get_args(hint)
    if all(choice is bool or get_origin(choice) is Literal for choice in choices):
        return _one_of(raw, tuple(v for c in choices for v in ((True, False) if c is bool else get_args(c))))
    complaints = []
    for choice in choices:
        if choice is type(None):
            continue
        annotated = Annotated[(choice, *extras)] if extras else choice
        try:
            return _convert(raw, annotated, base)
        except ValueError as error:
            complaints.append(str(error))
    raise ValueError(" or ".join(dict.fromkeys(complaints)).replace(" or must be ", " or "))


def _convert_plain(raw: object, hint: Any, extras: tuple[Any, ...], base: Path) -> Any:
    if hint is Any:
        return raw
    if get_origin(hint) is Literal:
        return _one_of(raw, get_args(hint))
    if hint is Secret:
        return _secret(raw)
    if isinstance(raw, Secret):
        raise ValueError("is not a secret: write the value itself")
    if "duration" in extras:
        return _duration(raw)
    if "size" in extras:
        return _size(raw)
    if hint is bool:
        return _boolean(raw)
    if hint in (int, float):
        return _number(raw, hint)
    if hint is str:
        if not isinstance(raw, str):
            raise ValueError(f"must be text in quotes, not {_kind(raw)}{_meant(raw)}")
        return str(raw)
    if hint is Path:
        if not isinstance(raw, str) or not raw:
            raise ValueError(f"must be a path in quotes, not {_kind(raw)}")
        return base / Path(raw).expanduser()
    if get_origin(hint) is tuple:
        return tuple(_convert(item, get_args(hint)[0], base) for item in _list(raw))
    if isinstance(hint, type) and hasattr(hint, "__dataclass_fields__"):
        inner = Faults()
        value = read_table(hint, _structured(raw), "", inner, base)
        if value is None:
            raise ValueError("; ".join(fault.removeprefix(".") for fault in inner.found))
        return value
    if get_origin(hint) is not None and issubclass(get_origin(hint), Mapping):
        table = _structured(raw)
        if not isinstance(table, Mapping):
            raise ValueError(f'must be a table like {{ name = "value" }}, not {_kind(raw)}')
        return {key: _convert(item, get_args(hint)[1], base) for key, item in table.items()}
    raise TypeError(f"no way to read a value of type {hint}")


def _one_of(raw: object, choices: tuple[object, ...]) -> object:
    value = raw
    if isinstance(raw, EnvironmentText):
        value = {"true": True, "false": False}.get(raw.lower(), str(raw))
    for choice in choices:
        if type(choice) is type(value) and choice == value:
            return choice
    names = [f'"{c}"' if isinstance(c, str) else str(c).lower() for c in choices]
    hint = difflib.get_close_matches(str(value), [str(c) for c in choices], n=1)
    tail = f"; did you mean '{hint[0]}'?" if hint else f", not {_kind(raw)}"
    raise ValueError(f"must be {' or '.join(names)}{tail}")


def _secret(raw: object) -> Secret:
    if isinstance(raw, EnvironmentText):
        return Secret(str(raw), "environment")
    if not isinstance(raw, Secret):
        raise ValueError(
            'must name a secret: { credential = "name" }, { file = "path" } or { env = "NAME" }; '
            "a secret is never written into the configuration"
        )
    return raw


def _duration(raw: object) -> float:
    if isinstance(raw, str):
        return parse_duration(raw)
    if raw == 0 and not isinstance(raw, bool):
        return 0.0
    raise ValueError(f'must be a duration in quotes, like "15m", not {_kind(raw)}')


def _size(raw: object) -> int:
    if isinstance(raw, str):
        return parse_size(raw)
    if isinstance(raw, int) and not isinstance(raw, bool) and raw >= 0:
        return raw
    raise ValueError(f'must be a size in quotes, like "15MiB", not {_kind(raw)}')


def _boolean(raw: object) -> bool:
    if isinstance(raw, EnvironmentText) and raw.lower() in ("true", "false", "1", "0", "yes", "no"):
        return raw.lower() in ("true", "1", "yes")
    if not isinstance(raw, bool):
        raise ValueError(f"must be true or false, not {_kind(raw)}")
    return raw


def _number(raw: object, kind: type[int] | type[float]) -> int | float:
    if isinstance(raw, EnvironmentText):
        try:
            return kind(raw)
        except ValueError:
            raise ValueError(f"must be a number, not {str(raw)!r}") from None
    if isinstance(raw, bool) or not isinstance(raw, int | kind):
        raise ValueError(f"must be a {'whole ' if kind is int else ''}number, not {_kind(raw)}")
    return kind(raw)


def _list(raw: object) -> Sequence[object]:
    if isinstance(raw, EnvironmentText):
        structured = _structured(raw)
        if isinstance(structured, list):
            return structured
        return [part.strip() for part in raw.split(",") if part.strip()]
    if not isinstance(raw, list | tuple):
        raise ValueError(f'must be a list like ["one", "two"], not {_kind(raw)}')
    return raw


def _structured(raw: object) -> object:
    """A list or table written as TOML in an environment variable; anything else unchanged."""
    if not isinstance(raw, EnvironmentText):
        return raw
    try:
        return tomllib.loads(f"value = {raw}")["value"]
    except tomllib.TOMLDecodeError:
        return raw


def _meant(raw: object) -> str:
    """How a sample of a file or an article is written, for whoever wrote it as a table."""
    if isinstance(raw, Mapping) and len(raw) == 1 and (kind := next(iter(raw))) in ("file", "article"):
        return f'; write "{kind}:{raw[kind]}"'
    return ""


def _kind(raw: object) -> str:
    """What the user wrote, in TOML's words."""
    if isinstance(raw, bool):
        return f"{str(raw).lower()}"
    if isinstance(raw, str):
        return f"the text {raw[:40]!r}"
    if isinstance(raw, int | float):
        return f"the number {raw}"
    if isinstance(raw, list):
        return "a list"
    if isinstance(raw, Mapping):
        return "a table"
    return f"a {type(raw).__name__}"
