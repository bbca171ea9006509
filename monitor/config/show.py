"""A configuration as TOML again, each value with where it came from. Secrets are masked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from monitor.config.load import NAMED, SECTIONS
from monitor.config.shape import Config
from monitor.config.values import Secret, format_duration, format_size


def show(config: Config, *, effective: bool = False) -> str:
    """TOML text with a comment of origin after each value; with `effective`, defaults too."""
    lines: list[str] = []
    for path, rows in _tables(config, effective):
        lines += ["", f"[{path}]"]
        lines += [f"{f'{_key(key)} = {to_toml(value)}':<48}  # {origin}" for key, value, origin in rows]
    return "\n".join(lines).strip() + "\n"


def describe(config: Config, *, effective: bool = False) -> dict[str, Any]:
    """The same as JSON: key path → { value, from }."""
    return {
        f"{path}.{key}": {"value": _masked(value), "from": origin}
        for path, rows in _tables(config, effective)
        for key, value, origin in rows
    }


def _tables(config: Config, effective: bool) -> Iterator[tuple[str, list[tuple[str, Any, str]]]]:
    """Each table's key path, with its (key, value, origin)."""
    for section, cls in SECTIONS.items():
        table = config.tree.get(section, {})
        if table or effective:
            yield section, _rows(config, section, table, cls if effective else None)
    for section, cls in NAMED.items():
        for slug, table in config.tree.get(section, {}).items():
            # What a channel's options are by default, its own class knows.
            defaults = cls if effective and section != "channels" else None
            yield f"{section}.{slug}", _rows(config, f"{section}.{slug}", table, defaults)


def _rows(config: Config, path: str, table: Mapping[str, Any], cls: type | None) -> list[tuple[str, Any, str]]:
    rows = [(key, value, config.where(f"{path}.{key}")) for key, value in table.items()]
    if cls is not None:
        rows += [(key, value, "default") for key, value in _defaults(cls).items() if key not in table]
    return rows


def _defaults(cls: type) -> dict[str, Any]:
    """The defaults of a table, spelled as a user would: durations and sizes with their units."""
    hints = get_type_hints(cls, include_extras=True)
    out = {}
    for one in fields(cls):
        if one.metadata.get("hidden"):
            continue
        value = one.default_factory() if one.default_factory is not MISSING else one.default
        if value is None or value is MISSING:
            continue
        marks = get_args(hints[one.name])[1:] if get_origin(hints[one.name]) is Annotated else ()
        if "duration" in marks:
            value = format_duration(value)
        elif "size" in marks:
            value = format_size(value)
        out[one.name] = value
    return out


def _masked(value: object) -> object:
    if isinstance(value, Secret):
        return f"******** ({value.origin})"
    if isinstance(value, Mapping):
        return {key: _masked(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(inner) for inner in value]
    return value


def to_toml(value: object) -> str:
    """A value in TOML. A secret shows its name only."""
    value = _masked(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) else str(value)
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{_key(key)} = {to_toml(inner)}" for key, inner in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(to_toml(inner) for inner in value) + "]"
    if isinstance(value, str | Path):
        return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(str(value))  # a date, as TOML has them


def _key(key: str) -> str:
    return key if key.replace("-", "").replace("_", "").isalnum() and key.isascii() else json.dumps(key)
