"""Where each key of a configuration was written: file and line.

Counted out when somebody first asks, for a fault, a key that replaces another, or `config show`: of ten thousand
feeds it would cost more time and memory than the feeds themselves. Touches nothing; it keeps the texts until then.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from monitor.config.tables import Origin

_HEADER = re.compile(r"\s*\[\[?\s*([^\[\]#]+?)\s*\]\]?\s*(?:#.*)?$")
_NAME = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_KEY = re.compile(rf"\s*({_NAME}(?:\s*\.\s*{_NAME})*)\s*=")
_PART = re.compile(r"""[A-Za-z0-9_-]+|"([^"]*)"|'([^']*)'""")


class Origins(Mapping[str, Origin]):
    """Key path → origin, of TOML files in the order they are merged, and of what was said elsewhere."""

    def __init__(self) -> None:
        self._texts: list[tuple[str, str]] = []
        self._elsewhere: dict[str, Origin] = {}
        self._written: dict[str, Origin] = {}
        self._replaced: list[str] = []

    def add(self, name: str, text: str) -> None:
        """The next file: its name for people, and its text, valid TOML. All are added before the first question."""
        self._texts.append((name, text))

    def put(self, path: str, origin: Origin) -> None:
        """The origin of a key that stands in none of the files, or is overridden from outside."""
        self._elsewhere[path] = origin

    def replaced(self) -> list[str]:
        """One sentence for each key of a file that a later file gives another value."""
        self._count()
        return list(self._replaced)

    def __getitem__(self, path: str) -> Origin:
        self._count()
        return self._elsewhere.get(path) or self._written[path]

    def __iter__(self) -> Iterator[str]:
        self._count()
        return iter(self._written | self._elsewhere)

    def __len__(self) -> int:
        self._count()
        return len(self._written | self._elsewhere)

    def _count(self) -> None:
        tree: dict[str, Any] = {}
        for name, text in self._texts:
            _trace(tree, tomllib.loads(text), "", name, line_numbers(text), self._written, self._replaced)
        self._texts = []


def _trace(
    into: dict[str, Any],
    tree: Mapping[str, Any],
    prefix: str,
    name: str,
    lines: Mapping[str, int],
    origins: dict[str, Origin],
    replaced: list[str],
) -> None:
    for key, value in tree.items():
        path = f"{prefix}{key}"
        origin = Origin(file=name, line=lines.get(path) or lines.get(prefix.rstrip(".")))
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            origins.setdefault(path, origin)
            _trace(into[key], value, f"{path}.", name, lines, origins, replaced)
            continue
        if key in into:
            replaced.append(f"{origin}: {path} replaces the one of {origins[path]}")
        origins[path] = origin
        if isinstance(value, dict):
            into[key] = {}
            _trace(into[key], value, f"{path}.", name, lines, origins, replaced)
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
