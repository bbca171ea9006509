"""All rules against one article: the reverse of search ('percolation').

The index wakes the rules that an article may match; those are asked one by one, and answer with evidence. One rule can
be added, changed or removed without touching the others. A book is not to be shared between threads.
"""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterable, Iterator

from monitor.model import Match
from monitor.stages.rules import evidence
from monitor.stages.rules.compiled import Compiled, undisturbed
from monitor.stages.rules.index import KeyIndex
from monitor.stages.rules.nodes import commonness
from monitor.stages.rules.patterns import glob
from monitor.stages.rules.reading import Reading, Subject

_REMEMBERED = 30_000  # words whose wildcards are known


class RuleBook:
    """Compiled rules, ready to be matched."""

    def __init__(self, compiled: Iterable[Compiled] = ()) -> None:
        self._rules: dict[str, Compiled] = {}
        self._slots: list[Compiled | None] = []  # by the number under which the index knows a rule
        self._free: list[int] = []
        self._index = KeyIndex(commonness)
        self._always: dict[str, Compiled] = {}
        self._wild = _Wildcards()
        self.extend(compiled)

    def __len__(self) -> int:
        return len(self._rules)

    def __contains__(self, slug: object) -> bool:
        return slug in self._rules

    def __iter__(self) -> Iterator[Compiled]:
        return iter(self._rules.values())

    def get(self, slug: str) -> Compiled | None:
        """The rule of that name, or None."""
        return self._rules.get(slug)

    def add(self, compiled: Compiled) -> None:
        """Add a rule, in place of the one of the same slug."""
        if not gc.isenabled():  # one of many
            self._add(compiled)
            return
        gc.disable()  # as `compile_rule` does
        try:
            self._add(compiled)
        finally:
            gc.enable()

    def _add(self, compiled: Compiled) -> None:
        self.remove(compiled.slug)
        self._rules[compiled.slug] = compiled
        groups = compiled.groups()
        if not groups:
            self._always[compiled.slug] = compiled
            return
        if self._free:
            compiled.slot = self._free.pop()
            self._slots[compiled.slot] = compiled
        else:
            compiled.slot = len(self._slots)
            self._slots.append(compiled)
        self._index.add(compiled.slot, groups)
        for key in compiled.wildcards:
            self._wild.add(key)

    def extend(self, compiled: Iterable[Compiled]) -> None:
        """Add many rules; they may be compiled as they are asked for, and raise."""
        with undisturbed():
            for rule in compiled:
                self._add(rule)

    def remove(self, slug: str) -> bool:
        """Take a rule out; returns whether it was there."""
        compiled = self._rules.pop(slug, None)
        if compiled is None:
            return False
        if self._always.pop(slug, None) is None:
            self._index.remove(compiled.slot)
            self._slots[compiled.slot] = None
            self._free.append(compiled.slot)
            for key in compiled.wildcards:
                self._wild.remove(key)
        return True

    def match(self, subject: Subject, without: Collection[str] = ()) -> list[Match]:
        """Return the rules that match, each with its evidence, by slug; `without` those of these slugs."""
        reading = Reading(subject)
        found = sorted(self.matching(reading), key=lambda compiled: compiled.slug)
        if without:
            found = [compiled for compiled in found if compiled.slug not in without]
        return [
            Match(rule=compiled.slug, version=compiled.version, hits=evidence.hits(compiled, reading))
            for compiled in found
        ]

    def matching(self, reading: Reading) -> Iterator[Compiled]:
        """Yield the rules that match, in no order, without evidence."""
        covered = self._wild.covered(reading.seen)
        reading.wildcards(self._wild.users, covered)
        reading.seen.update(covered)
        for slot in self._index.awake(reading.seen):
            compiled = self._slots[slot]
            if compiled is not None and compiled.holds(reading):
                yield compiled
        for compiled in self._always.values():
            if compiled.holds(reading):
                yield compiled


class _Wildcards:
    """The wildcards of all rules, found for a word by its beginning; what was found is remembered per word."""

    def __init__(self) -> None:
        self.users: dict[str, int] = {}
        self._by_prefix: dict[str, list[str]] = {}
        self._lengths: tuple[int, ...] = ()  # of the prefixes
        self._covered: dict[str, tuple[str, ...]] = {}
        self._bare: set[str] = set()  # words that no wildcard covers
        self._changed = False

    def add(self, key: str) -> None:
        self.users[key] = self.users.get(key, 0) + 1
        if self.users[key] == 1:
            self._by_prefix.setdefault(_prefix(key), []).append(key)
            self._changed = True

    def remove(self, key: str) -> None:
        self.users[key] -= 1
        if not self.users[key]:
            del self.users[key]
            keys = self._by_prefix[_prefix(key)]
            keys.remove(key)
            if not keys:
                del self._by_prefix[_prefix(key)]
            self._changed = True

    def covered(self, forms: set[str]) -> dict[str, list[str]]:
        """The wildcards that cover any of the forms: each with those it covers."""
        found: dict[str, list[str]] = {}
        if not self.users:
            return found
        if self._changed or len(self._covered) + len(self._bare) > _REMEMBERED:
            self._lengths = tuple(sorted(set(map(len, self._by_prefix))))
            self._covered, self._bare, self._changed = {}, set(), False
        for form in forms.difference(self._bare):
            keys = self._covered.get(form)
            if keys is None:
                keys = self._covering(form)
                if not keys:
                    self._bare.add(form)
                    continue
                self._covered[form] = keys
            for key in keys:
                found.setdefault(key, []).append(form)
        return found

    def _covering(self, form: str) -> tuple[str, ...]:
        if ":" in form:
            return ()
        found = []
        for length in self._lengths:
            if length > len(form):
                break
            for key in self._by_prefix.get(form[:length], ()):
                # Most are a beginning and nothing else.
                if (len(key) == length + 1 and key[-1] == "*") or glob(key)(form):
                    found.append(key)
        return tuple(found)


def _prefix(key: str) -> str:
    return key.replace("?", "*").partition("*")[0]
