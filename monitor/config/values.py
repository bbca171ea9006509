"""The small values a configuration is written in: durations, sizes, secrets.

Pure text to value and back. Reading secrets from disk is `files`' work, not this room's.
"""

from __future__ import annotations

import re
from typing import Annotated

_DURATION_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_SIZE_UNITS = {
    "": 1, "B": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9,
    "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "K": 2**10, "M": 2**20, "G": 2**30,
}  # fmt: skip
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)\s*")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)")

Duration = Annotated[float, "duration"]
"""Seconds; written '20s', '15m', '1h30m', '7d'."""

Size = Annotated[int, "size"]
"""Bytes; written '15MiB', '64kB'."""


class Range:
    """Bounds of a number, both included; for `Annotated[int, Range(1, 65535)]`."""

    def __init__(self, least: float | None = None, most: float | None = None) -> None:
        self.least = least
        self.most = most

    def fault(self, value: float) -> str | None:
        """What is wrong with `value`, or None."""
        if self.least is not None and value < self.least:
            return f"must be at least {self.least:g}"
        if self.most is not None and value > self.most:
            return f"must be at most {self.most:g}"
        return None


class Secret:
    """A value that never shows itself: not in repr, str, logs or `config show`."""

    __slots__ = ("_value", "origin")

    def __init__(self, value: str, origin: str = "") -> None:
        self._value = value
        self.origin = origin  # "credential 'smtp'": safe to show

    def reveal(self) -> str:
        """The secret itself."""
        return self._value

    def __str__(self) -> str:
        return "********"

    def __repr__(self) -> str:
        return f"Secret({self.origin or '********'})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(("Secret", self._value))


def reveal(value: str | Secret) -> str:
    """Text of a value that may be a secret."""
    return value.reveal() if isinstance(value, Secret) else value


def parse_duration(text: str) -> float:
    """Seconds of '20s', '15m', '1h30m', '7d' or '0'. Raises ValueError with what to write instead."""
    if text.strip() == "0":
        return 0.0
    position, seconds = 0, 0.0
    stripped = text.strip()
    while position < len(stripped):
        part = _DURATION_PART.match(stripped, position)
        if part is None:
            break
        seconds += float(part[1]) * _DURATION_UNITS[part[2]]
        position = part.end()
    if not stripped or position < len(stripped):
        raise ValueError(f"{text!r} is not a duration; write it like '20s', '15m', '1h30m' or '7d'")
    return seconds


def format_duration(seconds: float) -> str:
    """The shortest spelling that `parse_duration` reads back: '15m', '1h30m', '0'."""
    left, out = round(seconds * 1000), []
    for unit in ("d", "h", "m", "s", "ms"):
        count, left = divmod(left, round(_DURATION_UNITS[unit] * 1000))
        if count:
            out.append(f"{count}{unit}")
    return "".join(out) or "0"


def parse_size(text: str) -> int:
    """Bytes of '15MiB', '64kB' or '100'. Raises ValueError with what to write instead."""
    found = _SIZE.fullmatch(text.strip())
    if found is None or found[2] not in _SIZE_UNITS:
        raise ValueError(f"{text!r} is not a size; write it like '15MiB', '64kB' or '100'")
    return int(float(found[1]) * _SIZE_UNITS[found[2]])


def format_size(count: int) -> str:
    """The shortest exact spelling: '15MiB', '100'."""
    for unit in ("GiB", "MiB", "KiB"):
        if count and count % _SIZE_UNITS[unit] == 0:
            return f"{count // _SIZE_UNITS[unit]}{unit}"
    return str(count)
