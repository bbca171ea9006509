"""All rules against one article: the reverse of search ('percolation').

The index wakes the rules that an article may match; those are asked one by one, and answer with evidence. One rule can
be added, changed or removed without touching the others. A book is not to be shared between threads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from monitor.model import Hit, Match, Removed, Rule
from monitor.stages.rules import evidence
from monitor.stages.rules.compiled import Compiled, compile_rule
from monitor.stages.rules.faults import RuleError
from monitor.stages.rules.index import KeyIndex
from monitor.stages.rules.nodes import cost
from monitor.stages.rules.patterns import glob
from monitor.stages.rules.reading import Reading, Subject

_REMEMBERED = 30_000  # words whose wildcards are known


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One numbered change of a rule book, as it travels to another process. `rule` is None where it goes."""

    number: int
    slug: str
    rule: Rule | None
    variants: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # the sets the rule uses


class RuleBook:
    """Compiled rules, ready to be matched. `number` is that of the last change applied."""

    def __init__(self, compiled: Iterable[Compiled] = ()) -> None:
        self.number = 0
        self._rules: dict[str, Compiled] = {}
        self._slots: list[Compiled | None] = []  # by the number under which the index knows a rule
        self._free: list[int] = []
        self._index = KeyIndex()
        self._always: dict[str, Compiled] = {}
        self._wild = _Wildcards()
        for rule in compiled:
            self.add(rule)

    def __len__(self) -> int:
        return len(self._rules)

    def __contains__(self, slug: object) -> bool:
        return slug in self._rules

    def get(self, slug: str) -> Compiled | None:
        """The rule of that name, or None."""
        return self._rules.get(slug)

    def add(self, compiled: Compiled) -> None:
        """Add a rule, in place of the one of the same slug."""
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
        self._index.add(compiled.slot, groups, list(map(cost, groups)))
        for key in _wildcards(groups):
            self._wild.add(key)

    def remove(self, slug: str) -> bool:
        """Take a rule out; returns whether it was there."""
        compiled = self._rules.pop(slug, None)
        if compiled is None:
            return False
        if self._always.pop(slug, None) is None:
            self._index.remove(compiled.slot)
            self._slots[compiled.slot] = None
            self._free.append(compiled.slot)
            for key in _wildcards(compiled.groups()):
                self._wild.remove(key)
        return True

    def apply(self, changes: Iterable[Change]) -> list[RuleError]:
        """Apply changes that are newer than `number`; returns the errors of rules that do not compile.

        Such a rule keeps the version it had.
        """
        errors: list[RuleError] = []
        for change in changes:
            if change.number <= self.number:
                continue
            self.number = change.number
            if change.rule is None or not change.rule.enabled:
                self.remove(change.slug)
                continue
            try:
                self.add(compile_rule(change.rule, change.variants))
            except RuleError as error:
                errors.append(error)
        return errors

    def match(self, subject: Subject) -> list[Match]:
        """Return the rules that match, each with its evidence, by slug."""
        reading = Reading(subject)
        found = sorted(self._matching(reading), key=lambda compiled: compiled.slug)
        return [
            Match(rule=compiled.slug, version=compiled.version, hits=evidence.hits(compiled, reading))
            for compiled in found
        ]

    def match_removed(self, subject: Subject, removed: Sequence[Removed], matches: Iterable[Match]) -> list[Match]:
        """Return what matches only if the text that cleaning removed is read as well, marked as suppressed.

        `matches` is what `match` returned for the same subject. Hits in removed text have the field 'removed' and
        offsets into that block; `Match.removed` is the index of the first such block.
        """
        if not removed:
            return []
        text, begins = subject.text, []
        for piece in removed:
            begins.append(len(text) + 2)
            text += "\n\n" + piece.text
        reading = Reading(replace(subject, text=text, words=None))
        known = {match.rule for match in matches}
        found = sorted((c for c in self._matching(reading) if c.slug not in known), key=lambda compiled: compiled.slug)
        out: list[Match] = []
        for compiled in found:
            placed = [_rebased(hit, len(subject.text), begins) for hit in evidence.hits(compiled, reading)]
            block = next((number for number, _ in placed if number is not None), None)
            if block is None:
                continue
            because = f"only in text removed as {removed[block].reason}"
            hits = tuple(hit for _, hit in placed)
            out.append(
                Match(
                    rule=compiled.slug, version=compiled.version, hits=hits,
                    suppressed=True, removed=block, because=because,
                )
            )  # fmt: skip
        return out

    def _matching(self, reading: Reading) -> Iterator[Compiled]:
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


def _rebased(hit: Hit, kept: int, begins: Sequence[int]) -> tuple[int | None, Hit]:
    """A hit in the text with all removed blocks behind it → the block's index, and the hit within that block."""
    if hit.field != "text" or hit.start < kept:
        return None, hit
    number = max(n for n, begin in enumerate(begins) if begin <= hit.start)
    shift = begins[number]
    return number, replace(
        hit, field="removed", start=hit.start - shift, end=hit.end - shift,
        sentence_start=max(0, hit.sentence_start - shift),
    )  # fmt: skip


def _wildcards(groups: Iterable[Iterable[str]]) -> set[str]:
    return {key for group in groups for key in group if "*" in key or "?" in key}


class _Wildcards:
    """The wildcards of all rules, found for a word by its beginning; what was found is remembered per word."""

    def __init__(self) -> None:
        self.users: dict[str, int] = {}
        self._by_prefix: dict[str, list[str]] = {}
        self._lengths: tuple[int, ...] = ()
        self._known: dict[str, tuple[str, ...]] = {}

    def add(self, key: str) -> None:
        self.users[key] = self.users.get(key, 0) + 1
        if self.users[key] == 1:
            self._by_prefix.setdefault(_prefix(key), []).append(key)
            self._changed()

    def remove(self, key: str) -> None:
        self.users[key] -= 1
        if not self.users[key]:
            del self.users[key]
            keys = self._by_prefix[_prefix(key)]
            keys.remove(key)
            if not keys:
                del self._by_prefix[_prefix(key)]
            self._changed()

    def _changed(self) -> None:
        self._known = {}
        self._lengths = ()

    def covered(self, forms: set[str]) -> dict[str, list[str]]:
        """The wildcards that cover any of the forms: each with those it covers."""
        found: dict[str, list[str]] = {}
        if not self.users:
            return found
        if not self._known:
            self._lengths = tuple(sorted(set(map(len, self._by_prefix))))
        if len(self._known) > _REMEMBERED:
            self._known = {}
        known = self._known
        for form in forms:
            keys = known.get(form)
            if keys is None:
                known[form] = keys = self._covering(form)
            for key in keys:
                found.setdefault(key, []).append(form)
        return found

    def _covering(self, form: str) -> tuple[str, ...]:
        if ":" in form:
            return ()
        starts = (form[:length] for length in self._lengths if length <= len(form))
        return tuple(key for start in starts for key in self._by_prefix.get(start, ()) if glob(key)(form))


def _prefix(key: str) -> str:
    return key.replace("?", "*").partition("*")[0]
