"""Which rules can match an article that has these keys: the rare-term index of the rule book, in flat arrays.

A rule is filed as groups of keys, of each of which a matching article has at least one. It *waits* on the pages of all
keys of its rarest group; its next rare group is its *guard*, and stands beside it there. An article wakes the rules on
the pages of its keys. Those whose guard has no key in it fall asleep again in one array operation, and so do then those
of which any other group is missing. How common a key is, is guessed at first and then counted: every few articles some
of the rules that woke are moved, so that in time none waits for what most articles have.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

GUARD = 4  # keys of a guard, at most
_ROW = 1 + GUARD  # of a page: a rule and the keys of its guard; the first row has the key's own number, and no guard
_RECORD = 4  # numbers that are kept of a rule
_ALWAYS, _NEVER = 0, 1  # numbers of keys that every article has and that none has
_EVERY = 8  # articles, until some rules are looked at again; and one in so many of those that woke is
_AT_ONCE = 1_000  # rules looked at, at most
_GUESS = 0.1  # articles for each of a thousand that are guessed to have a key: as if a hundred had been counted
_WATCHED = 0.001  # articles for each rule that has a key: what many watch, many write about

Ints = npt.NDArray[np.int32]


class KeyIndex:
    """Rules are numbered by the caller with small numbers, used again after `remove`.

    `commonness` is a guess at how many of a thousand articles have a key.
    """

    def __init__(self, commonness: Callable[[str], float] = lambda key: 1.0) -> None:
        self._commonness = commonness
        self._pages: dict[str, array[int]] = {}
        self._free_numbers: list[int] = []
        # By number of key:
        self._names = ["", ""]
        self._users = array("i", (1, 1))  # rules that have it, once for each group
        self._common = array("f", (0.0, 0.0))  # articles that had it, and are thought to have had it before
        self._present = bytearray(b"\1\0")  # whether the article at hand has it; 0 between articles
        self._keys = array("i")  # the groups of all rules, one after the other; the first of a group is negative
        self._free_places: dict[int, list[int]] = {}  # by size
        self._rules = array("i")  # in rows: where a rule's groups are, their keys, their number, for which it waits
        self._articles = 0

    def add(self, rule: int, groups: Sequence[Collection[str]]) -> None:
        """File a rule."""
        numbers = [[self._intern(key) for key in group] for group in groups]
        keys = array("i")
        for first, *others in numbers:
            keys.append(-first)
            keys.extend(others)
        size = len(keys)
        free = self._free_places.get(size)
        at = free.pop() if free else len(self._keys)
        self._keys[at : at + size] = keys
        while len(self._rules) <= rule * _RECORD:
            self._rules.extend((0,) * _RECORD)
        self._rules[rule * _RECORD : (rule + 1) * _RECORD] = array("i", (at, size, len(groups), 0))
        self._wait(rule, numbers)

    def remove(self, rule: int) -> None:
        """Take a rule out; its room, and the keys that no other rule has, are used again."""
        groups = self._groups_of(rule)
        self._unwait(rule, groups)
        for number in chain.from_iterable(groups):
            self._users[number] -= 1
            if not self._users[number]:
                del self._pages[self._names[number]]
                self._names[number] = ""
                self._free_numbers.append(number)
        at, size, _, _ = self._record(rule)
        self._free_places.setdefault(size, []).append(at)

    def awake(self, keys: Iterable[str]) -> list[int]:
        """Return the rules of which every group has one of these keys, in no order."""
        pages = b"".join(filter(None, map(self._pages.get, keys)))
        self._articles += 1
        if not pages:
            return []
        rows = np.frombuffer(pages, np.int32).reshape(-1, _ROW)
        here = rows[rows[:, 1] == _NEVER, 0]
        _numbers(self._common)[here] += 1
        if len(here) == len(rows):
            return []
        present = np.frombuffer(self._present, np.bool_)
        present[here] = True
        guarded = present.take(rows[:, 1:]).view(np.uint32).ravel() != 0  # all four at once
        rules = rows[guarded, 0]
        if len(rules):
            keys_of, begins, firsts = self._laid_out(rules)
            met = np.logical_or.reduceat(present[keys_of], begins)
            rules = rules[np.logical_and.reduceat(met, firsts)]
        present[here] = False
        if not self._articles % _EVERY:
            woken = rows[rows[:, 1] != _NEVER, 0]
            self._move(np.unique(woken[self._articles // _EVERY % _EVERY :: _EVERY][:_AT_ONCE]))
        return list(set(rules.tolist()))  # a rule may wait for several of the keys

    def _laid_out(self, rules: Ints) -> tuple[Ints, npt.NDArray[Any], npt.NDArray[Any]]:
        """The keys of these rules in a row; where in it each group begins; and which is each rule's first group."""
        starts, sizes, groups, _ = _numbers(self._rules).reshape(-1, _RECORD).take(rules, axis=0).T
        ends = np.cumsum(sizes)
        keys = _numbers(self._keys).take(np.repeat(starts - (ends - sizes), sizes) + np.arange(ends[-1]))
        return np.abs(keys), np.flatnonzero(keys < 0), np.cumsum(groups) - groups

    def _move(self, rules: Ints) -> None:
        """Let those of these rules wait elsewhere that wait for what is far more common than their rarest."""
        if not len(rules):
            return
        keys, begins, firsts = self._laid_out(rules)
        common = np.add.reduceat(_numbers(self._common)[keys], begins)
        waits = common[firsts + _numbers(self._rules)[rules * _RECORD + 3]]
        worth = 2 * np.minimum.reduceat(common, firsts) + 1 + self._articles / 100
        for rule in rules[waits > worth].tolist():
            groups = self._groups_of(rule)
            self._unwait(rule, groups)
            self._wait(rule, groups)

    def _groups_of(self, rule: int) -> list[list[int]]:
        groups: list[list[int]] = []
        at, size, _, _ = self._record(rule)
        for key in self._keys[at : at + size]:
            if key < 0:
                groups.append([])
            groups[-1].append(abs(key))
        return groups

    def _record(self, rule: int) -> array[int]:
        return self._rules[rule * _RECORD : (rule + 1) * _RECORD]

    def _wait(self, rule: int, groups: list[list[int]]) -> None:
        common = [sum(map(self._common.__getitem__, group)) for group in groups]
        first, *others = sorted(range(len(groups)), key=common.__getitem__)
        guard = next((groups[other] for other in others if len(groups[other]) <= GUARD), [_ALWAYS])
        row = array("i", (rule, *(guard * GUARD)[:GUARD]))
        self._rules[rule * _RECORD + 3] = first
        for number in groups[first]:
            self._pages[self._names[number]].extend(row)

    def _unwait(self, rule: int, groups: list[list[int]]) -> None:
        for number in groups[self._record(rule)[3]]:
            page = self._pages[self._names[number]]
            at = _ROW + _ROW * int((_numbers(page)[_ROW::_ROW] == rule).argmax())
            page[at : at + _ROW] = page[-_ROW:]
            del page[-_ROW:]

    def _intern(self, key: str) -> int:
        page = self._pages.get(key)
        if page is None:
            if self._free_numbers:
                number = self._free_numbers.pop()
            else:
                number = len(self._names)
                self._names.append("")
                for values in (self._users, self._common, self._present):
                    values.append(0)
            self._pages[key] = page = array("i", (number, *(_NEVER,) * GUARD))
            self._names[number] = key
            self._common[number] = self._commonness(key) * (_GUESS + self._articles / 1_000)
        number = page[0]
        self._users[number] += 1
        self._common[number] += _WATCHED
        return number


def _numbers(values: array[Any]) -> npt.NDArray[Any]:
    """The same numbers, for array operations; to be let go before the array may grow again."""
    return np.frombuffer(values, values.typecode)
