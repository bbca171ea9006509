"""What the installed unit lets the service do, read from the unit's own files. For `check`, `doctor` and `install`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from monitor.config import Config

UNIT = "monitor.service"
# Where systemd looks, what counts most first.
PLACES = ("etc/systemd/system", "run/systemd/system", "usr/local/lib/systemd/system", "usr/lib/systemd/system")
HIDDEN = tuple(Path(place) for place in ("/home", "/root", "/run/user"))  # by ProtectHome=


def settings(root: Path = Path("/")) -> dict[str, list[str]] | None:
    """Each setting of the installed unit and its drop-ins, or None if there is no unit."""
    files = list(_files(root))
    if not files:
        return None
    found: dict[str, list[str]] = {}
    for file in files:
        for line in file.read_text("utf-8").splitlines():
            name, equals, value = line.strip().partition("=")
            if not equals or name.startswith(("#", ";")):
                continue
            if value:
                found.setdefault(name, []).append(value)
            else:
                found.pop(name, None)  # an empty value takes back what came before
    return found


def _files(root: Path) -> Iterator[Path]:
    for place in PLACES:
        unit = root / place / UNIT
        if unit.is_file():
            yield unit
            break
    else:
        return
    for place in reversed(PLACES):
        yield from sorted((root / place / f"{UNIT}.d").glob("*.conf"))


def is_ours(config: Config, unit: dict[str, list[str]]) -> bool:
    """Whether the unit runs this very configuration."""
    return config.path is not None and any(str(config.path) in start.split() for start in unit.get("ExecStart", ()))


def folder_fault(path: Path, config: Config, *, write: bool, root: Path = Path("/")) -> str | None:
    """Why the service cannot use a drop folder that an ordinary process could, with the remedy, or None."""
    unit = settings(root)
    if unit is None or not is_ours(config, unit):
        return None
    named = [Path(one.lstrip("-+")) for value in unit.get("ReadWritePaths", ()) for one in value.split()]
    named += [Path("/var/lib") / one for value in unit.get("StateDirectory", ()) for one in value.split()]
    bound = [
        Path(one.split(":")[-1]) for key in ("BindPaths", "BindReadOnlyPaths") for one in _words(unit.get(key, ()))
    ]
    readable = [Path(one.lstrip("-+")) for one in _words(unit.get("ReadOnlyPaths", ()))]
    if _below(path, HIDDEN) and not _below(path, bound) and not _below(path, named + readable):
        return f"the service does not see {path} (ProtectHome=); move it, or `systemctl edit monitor`: BindPaths={path}"
    if write and not _below(path, named + bound):
        return f"the service cannot write to {path}; `systemctl edit monitor`: [Service] ReadWritePaths={path}"
    return None


def _words(values: Sequence[str]) -> list[str]:
    return [word for value in values for word in value.split()]


def _below(path: Path, places: Sequence[Path]) -> bool:
    return any(path.is_relative_to(place) for place in places)
