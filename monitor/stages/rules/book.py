"""All rules against one article: the reverse of search ('percolation').

Each rule waits under one key that a matching article must have (a word, a pair of characters, a tag), so an article
wakes only the rules that wait for one of its keys. A rule that wakes in vain moves to a key the article lacked: after
some articles rules wait for their rare words, whatever was guessed at first. (Watched literals, as SAT solvers keep
them; Lucene Monitor and Elasticsearch's percolator choose a term once.)

One rule can be added, changed or removed without touching the others. A book is not to be shared between threads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from monitor.model import Hit, Match, Removed, Rule
from monitor.stages.rules import evidence
from monitor.stages.rules.compiled import Compiled, compile_rule
from monitor.stages.rules.faults import RuleError
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
        self._waiting: dict[str, list[Compiled]] = {}
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
        keys = self._keys(compiled)
        for key in keys:
            self._waiting.setdefault(key, []).append(compiled)
        if not keys:
            self._always[compiled.slug] = compiled
        for key in {*keys, *compiled.needs}:
            self._wild.add(key)

    def remove(self, slug: str) -> bool:
        """Take a rule out; returns whether it was there."""
        compiled = self._rules.pop(slug, None)
        if compiled is None:
            return False
        keys = (compiled.key,) if compiled.needs else self._keys(compiled)
        for key in keys:
            waiting = self._waiting[key]
            waiting.remove(compiled)
            if not waiting:
                del self._waiting[key]
        self._always.pop(slug, None)
        for key in {*keys, *compiled.needs}:
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

    def _keys(self, compiled: Compiled) -> tuple[str, ...]:
        """Where a rule shall wait: under one key it needs, else under each key of a group of which it needs one."""
        groups = compiled.groups()
        needs = {key for group in groups if len(group) == 1 for key in group}
        if needs:
            compiled.needs = frozenset(needs)
            compiled.key = min(sorted(needs), key=lambda key: cost((key,)))
            return (compiled.key,)
        return tuple(sorted(min(groups, key=cost))) if groups else ()

    def _matching(self, reading: Reading) -> Iterator[Compiled]:
        seen = reading.seen
        seen.update(self._wild.keys(seen))
        waiting = self._waiting
        tried: set[str] = set()
        for key in [key for key in seen if key in waiting]:
            moved: list[Compiled] | None = None
            for compiled in waiting[key]:
                needs = compiled.needs
                if needs:
                    if not needs <= seen:
                        moved = [] if moved is None else moved
                        moved.append(compiled)
                        continue
                elif compiled.slug in tried:
                    continue
                else:
                    tried.add(compiled.slug)
                if compiled.holds(reading):
                    yield compiled
            if moved:
                self._move(key, moved, seen)
        for compiled in self._always.values():
            if compiled.holds(reading):
                yield compiled

    def _move(self, key: str, moved: list[Compiled], seen: set[str]) -> None:
        """Let rules that woke in vain wait for a key that was not there."""
        gone = {compiled.slug for compiled in moved}
        staying = [compiled for compiled in self._waiting[key] if compiled.slug not in gone]
        if staying:
            self._waiting[key] = staying
        else:
            del self._waiting[key]
        for compiled in moved:
            compiled.key = next(need for need in compiled.needs if need not in seen)
            self._waiting.setdefault(compiled.key, []).append(compiled)


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


class _Wildcards:
    """The wildcards of all rules, found for a word by its beginning; what was found is remembered per word."""

    def __init__(self) -> None:
        self._users: dict[str, int] = {}
        self._by_prefix: dict[str, list[str]] = {}
        self._lengths: tuple[int, ...] = ()
        self._known: dict[str, tuple[str, ...]] = {}

    def add(self, key: str) -> None:
        if "*" not in key and "?" not in key:
            return
        self._users[key] = self._users.get(key, 0) + 1
        if self._users[key] == 1:
            self._by_prefix.setdefault(_prefix(key), []).append(key)
            self._changed()

    def remove(self, key: str) -> None:
        if key not in self._users:
            return
        self._users[key] -= 1
        if not self._users[key]:
            del self._users[key]
            keys = self._by_prefix[_prefix(key)]
            keys.remove(key)
            if not keys:
                del self._by_prefix[_prefix(key)]
            self._changed()

    def _changed(self) -> None:
        self._known = {}
        self._lengths = ()

    def keys(self, forms: set[str]) -> set[str]:
        """The wildcards that cover any of the forms."""
        if not self._users:
            return set()
        if not self._known:
            self._lengths = tuple(sorted(set(map(len, self._by_prefix))))
        if len(self._known) > _REMEMBERED:
            self._known = {}
        known = self._known
        found: set[str] = set()
        for form in forms:
            keys = known.get(form)
            if keys is None:
                known[form] = keys = self._covering(form)
            if keys:
                found.update(keys)
        return found

    def _covering(self, form: str) -> tuple[str, ...]:
        if ":" in form:
            return ()
        starts = (form[:length] for length in self._lengths if length <= len(form))
        return tuple(key for start in starts for key in self._by_prefix.get(start, ()) if glob(key)(form))


def _prefix(key: str) -> str:
    return key.replace("?", "*").partition("*")[0]
