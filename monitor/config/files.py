"""Reads the configuration files, the environment and the secrets they name; merges them into one tree.

What the keys mean is `shape`'s and `load`'s work.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monitor.config.tables import EnvironmentText, Faults, Origin
from monitor.config.values import Secret
from monitor.errors import ConfigError

_HEADER = re.compile(r"\s*\[\[?\s*([^\[\]#]+?)\s*\]\]?\s*(?:#.*)?$")
_NAME = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_KEY = re.compile(rf"\s*({_NAME}(?:\s*\.\s*{_NAME})*)\s*=")
_PART = re.compile(r"""[A-Za-z0-9_-]+|"([^"]*)"|'([^']*)'""")
_REFERENCE = ("credential", "file", "env")
_PREFIX = "MONITOR_"


@dataclass(slots=True)
class Gathered:
    """All files and overrides as one tree of TOML values, with where each came from."""

    tree: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def find(given: Path | None, environ: Mapping[str, str] | None = None) -> Path:
    """The configuration file to use: the one given, else the first that exists of the usual places.

    Raises ConfigError if there is none.
    """
    environ = os.environ if environ is None else environ
    if given is not None:
        return given.absolute()
    if named := environ.get("MONITOR_CONFIG"):
        return Path(named).absolute()
    home = Path(environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME", "/nonexistent")) / ".config")
    places = [Path("config.toml"), home / "monitor" / "config.toml", Path("/etc/monitor/config.toml")]
    for place in places:
        if place.exists():
            return place.absolute()
    looked = ", ".join(str(place) for place in places)
    raise ConfigError(
        f"no configuration found (looked for {looked}); name one with --config, or write one: `monitor init`"
    )


def gather(path: Path, environ: Mapping[str, str], faults: Faults) -> Gathered:
    """`path`, then conf.d/*.toml beside it in name order, then MONITOR_SECTION__KEY variables."""
    gathered = Gathered()
    faults.origins = gathered.origins
    drop_ins = path.parent / "conf.d"
    more = sorted(drop_ins.glob("*.toml")) if drop_ins.is_dir() else []
    for one in [path, *(p for p in more if not p.name.startswith("."))]:
        _read_file(one, path.parent, gathered, faults)
    _read_environment(environ, gathered, faults)
    return gathered


def _read_file(path: Path, base: Path, gathered: Gathered, faults: Faults) -> None:
    name = str(path.relative_to(base)) if path.is_relative_to(base) else str(path)
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        faults.found.append(f"{path}: no such file; `monitor init` writes one")
        return
    except OSError as error:
        faults.found.append(f"{path}: cannot be read: {error.strerror}")
        return
    except UnicodeDecodeError as error:
        faults.found.append(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8")
        return
    gathered.files.append(path)
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        faults.found.append(f"{name}: not valid TOML: {error}")
        return
    lines = line_numbers(text)
    _merge(gathered.tree, tree, "", name, lines, gathered)


def _merge(
    into: dict[str, Any],
    tree: Mapping[str, Any],
    prefix: str,
    name: str,
    lines: Mapping[str, int],
    gathered: Gathered,
) -> None:
    for key, value in tree.items():
        path = f"{prefix}{key}"
        line = lines.get(path) or lines.get(prefix.rstrip("."))
        origin = Origin(file=name, line=line)
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            gathered.origins.setdefault(path, origin)
            _merge(into[key], value, f"{path}.", name, lines, gathered)
            continue
        if key in into:
            gathered.warnings.append(f"{origin}: {path} replaces the one of {gathered.origins[path]}")
        gathered.origins[path] = origin
        if isinstance(value, dict):
            into[key] = {}
            _merge(into[key], value, f"{path}.", name, lines, gathered)
        else:
            into[key] = value


def line_numbers(text: str) -> dict[str, int]:
    """Line (from 1) of each table and key of a TOML text, as far as a look at its lines tells.

    tomllib keeps no positions. Lines inside multi-line strings are passed over.
    """
    found: dict[str, int] = {}
    table = ""
    closing = ""
    for number, line in enumerate(text.splitlines(), 1):
        if closing:
            if closing in line:
                closing = ""
            continue
        if header := _HEADER.match(line):
            table = _dotted(header[1])
            parts = table.split(".")
            for depth in range(1, len(parts) + 1):  # [feeds.a] is where `feeds` begins, too
                found.setdefault(".".join(parts[:depth]), number)
        elif key := _KEY.match(line):
            path = f"{table}.{_dotted(key[1])}" if table else _dotted(key[1])
            found.setdefault(path, number)
        for quotes in ('"""', "'''"):
            if line.count(quotes) % 2:
                closing = quotes
    return found


def _dotted(written: str) -> str:
    return ".".join(part[1] or part[2] or part[0] for part in _PART.finditer(written))


def _read_environment(environ: Mapping[str, str], gathered: Gathered, faults: Faults) -> None:
    for name in sorted(environ):
        if not name.startswith(_PREFIX) or "__" not in name:
            continue
        *tables, key = name.removeprefix(_PREFIX).split("__")
        level = gathered.tree
        path = ""
        for part in tables:
            found = _written_as(part, level)
            path = f"{path}.{found}" if path else found
            if not isinstance(level.get(found), dict):
                level[found] = {}
                gathered.origins[path] = Origin(file=name)
            level = level[found]
        found = _written_as(key, level)
        level[found] = EnvironmentText(environ[name])
        gathered.origins[f"{path}.{found}" if path else found] = Origin(file=name)


def _written_as(part: str, level: Mapping[str, Any]) -> str:
    """The key an environment variable's part means: names there have neither dashes nor small letters."""
    wanted = part.lower()
    for key in level:
        if key.lower().replace("-", "_") == wanted:
            return key
    return wanted


# ── secrets ─────────────────────────────────────────────────────────────────────────────────────


def resolve_secrets(gathered: Gathered, base: Path, environ: Mapping[str, str], faults: Faults, *, read: bool) -> None:
    """Replace every { credential | file | env } in the tree by a `Secret`.

    With `read` false the values stay empty: for commands that need none and may not be allowed to see them.
    """

    def walk(value: Any, path: str) -> Any:
        if isinstance(value, dict):
            if len(value) == 1 and (kind := next(iter(value))) in _REFERENCE and path.count(".") >= 2:
                return _secret(kind, value[kind], path)
            return {key: walk(inner, f"{path}.{key}" if path else key) for key, inner in value.items()}
        if isinstance(value, list):
            return [walk(inner, path) for inner in value]
        return value

    def _secret(kind: str, name: object, path: str) -> Secret:
        origin = f"{kind} '{name}'"
        if not isinstance(name, str) or not name:
            faults.add(path, f"{{ {kind} = … }} wants a name in quotes")
            return Secret("", origin)
        if not read:
            return Secret("", origin)
        try:
            if kind == "env":
                gathered.warnings.append(f"{path}: child processes see the secrets of the environment; prefer a file")
                return Secret(environ[name], origin)
            if kind == "credential":
                return Secret(_read_secret(_credential(name, base, environ)), origin)
            return Secret(_read_secret(base / Path(name).expanduser()), origin)
        except KeyError:
            faults.add(path, f"the environment variable {name} is not set")
        except (OSError, ValueError) as error:
            faults.add(path, str(error))
        return Secret("", origin)

    gathered.tree = walk(gathered.tree, "")


def _credential(name: str, base: Path, environ: Mapping[str, str]) -> Path:
    """Where a credential is. Of a directory, systemd names the files ID_FILE; without systemd they lie
    beside the configuration."""
    if "/" in name or name.startswith("."):
        raise ValueError(f"{name!r} is not the name of a credential")
    if directory := environ.get("CREDENTIALS_DIRECTORY"):
        for candidate in (Path(directory) / name, Path(directory) / f"monitor_{name}"):
            if candidate.exists():
                return candidate
        raise ValueError(f"there is no credential '{name}'; put it into {base}/credentials and restart the service")
    return base / "credentials" / name


def _read_secret(path: Path) -> str:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if stat.S_ISREG(mode) and mode & stat.S_IRWXO:
                raise ValueError(f"{path} can be read or written by everybody; `chmod o= {path}` mends it")
            value = file.read(65536).decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8 text") from None
    except OSError as error:
        raise ValueError(f"cannot read the secret {path}: {error.strerror}") from None
    if not value:
        raise ValueError(f"the secret {path} is empty")
    return value
