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

from monitor.config.origins import Origins
from monitor.config.tables import EnvironmentText, Faults, Origin
from monitor.config.values import Secret
from monitor.errors import ConfigError

_REFERENCE = ("credential", "file", "env")
_PREFIX = "MONITOR_"
_LINE = re.compile(r"line (\d+), column (\d+)")


@dataclass(slots=True)
class Gathered:
    """All files and overrides as one tree of TOML values, with where each came from."""

    tree: dict[str, Any] = field(default_factory=dict)
    origins: Origins = field(default_factory=Origins)
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
    replaced = False
    for one in [path, *(p for p in more if not p.name.startswith("."))]:
        replaced |= _read_file(one, path.parent, gathered, faults)
    if replaced:
        gathered.warnings += gathered.origins.replaced()
    _read_environment(environ, gathered, faults)
    return gathered


def _read_file(path: Path, base: Path, gathered: Gathered, faults: Faults) -> bool:
    """Merge one file into what was gathered. True if it replaces a key of an earlier one."""
    name = str(path.relative_to(base)) if path.is_relative_to(base) else str(path)
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        faults.found.append(f"{path}: no such file; `monitor init` writes one")
        return False
    except OSError as error:
        faults.found.append(f"{path}: cannot be read: {error.strerror}")
        return False
    except UnicodeDecodeError as error:
        faults.found.append(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8")
        return False
    gathered.files.append(path)
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        what, _, where = str(error).removesuffix(")").rpartition(" (at ")
        at = _LINE.search(where)
        line = int(at[1]) if at else text.count("\n") + 1  # 'end of document'
        faults.found.append(f"{name}:{line}: not valid TOML: {what}{f', column {at[2]}' if at else ', at its end'}")
        return False
    gathered.origins.add(name, text)
    return _merge(gathered.tree, tree)


def _merge(into: dict[str, Any], tree: dict[str, Any]) -> bool:
    """Put `tree`, which is given away, over `into`. True if a key was replaced."""
    replaced = False
    for key, value in tree.items():
        before = into.get(key)
        if isinstance(value, dict) and isinstance(before, dict):
            replaced |= _merge(before, value)
        else:
            replaced |= key in into
            into[key] = value
    return replaced


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
                gathered.origins.put(path, Origin(file=name))
            level = level[found]
        found = _written_as(key, level)
        level[found] = EnvironmentText(environ[name])
        gathered.origins.put(f"{path}.{found}" if path else found, Origin(file=name))


def _written_as(part: str, level: Mapping[str, Any]) -> str:
    """The key an environment variable's part means: names there have neither dashes nor small letters."""
    wanted = part.lower()
    for key in level:
        if key.lower().replace("-", "_") == wanted:
            return key
    return wanted


# ── secrets ─────────────────────────────────────────────────────────────────────────────────────


_WITHOUT_SECRETS = ("rules", "variants")  # there { file = … } is somebody's slip, and no file is read for it


def resolve_secrets(gathered: Gathered, base: Path, environ: Mapping[str, str], faults: Faults, *, read: bool) -> None:
    """Replace every { credential | file | env } in the tree by a `Secret`.

    With `read` false the values stay empty: for commands that need none and may not be allowed to see them.
    """

    def walk(value: Any, path: str) -> Any:
        if isinstance(value, dict):
            if len(value) == 1 and (kind := next(iter(value))) in _REFERENCE and path.count(".") >= 2:
                return _secret(kind, value[kind], path)
            for key, inner in value.items():  # in place: there may be thousands
                if isinstance(inner, dict | list):
                    value[key] = walk(inner, f"{path}.{key}" if path else key)
        elif isinstance(value, list):
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

    for key, table in gathered.tree.items():
        if isinstance(table, dict) and key not in _WITHOUT_SECRETS:
            walk(table, key)


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
