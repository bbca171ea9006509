"""Which rules can match an article that has these keys: the rare-term index of the rule book, in flat arrays.

A rule is filed as groups of keys, of each of which a matching article has at least one. It waits under every key of its
rarest group; an article wakes the rules that wait for one of its keys, and those of which some other group is missing
fall asleep again, all in a few array operations. Rarity is guessed at first and then counted: every few articles some
rules that woke under a common group are moved, so that in time all wait for what is rare.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

_MOVED = 100  # rules that are moved at a time, at most
_EVERY = 4  # articles from one time to the next
_SPARE = 1.5  # growth of the arrays

Ints = npt.NDArray[np.int32]


class KeyIndex:
    """Rules are numbered by the caller with small numbers, used again after `remove`."""

    def __init__(self) -> None:
        self._number: dict[str, int] = {}  # key → its number; there is no key 0
        self._users: array[int] = array("i", (1,))  # per key: rules that have it
        self._waiting: dict[int, array[int]] = {}  # key → rules
        self._keys: Ints = np.zeros(64, np.int32)  # the groups of all rules, one after the other
        self._begins: npt.NDArray[np.bool_] = np.zeros(64, np.bool_)  # whether a group begins here
        self._used = 0
        self._dead = 0
        self._start: Ints = np.zeros(64, np.int32)  # per rule: where its groups are
        self._length: Ints = np.zeros(64, np.int32)
        self._groups: Ints = np.zeros(64, np.int32)  # how many there are
        self._first: Ints = np.zeros(64, np.int32)  # where the group begins under which it waits
        self._seen: Ints = np.zeros(64, np.int32)  # per key: articles that had it
        self._articles = 0

    def add(self, rule: int, groups: Sequence[Collection[str]], cost: Sequence[float]) -> None:
        """File a rule. `cost`: a guess at how common each group is."""
        numbers: list[int] = []
        begins: list[bool] = []
        first, least = 0, float("inf")
        for group, guess in zip(groups, cost, strict=True):
            if guess < least:
                first, least = len(numbers), guess
            for place, key in enumerate(group):
                numbers.append(self._intern(key))
                begins.append(not place)
        size, at = len(numbers), self._used
        if at + size > len(self._keys):
            self._keys = _grown(self._keys, at + size)
            self._begins = _grown(self._begins, at + size)
        self._keys[at : at + size] = numbers
        self._begins[at : at + size] = begins
        self._used += size
        if rule >= len(self._start):
            for name in ("_start", "_length", "_groups", "_first"):
                setattr(self, name, _grown(getattr(self, name), rule + 1))
        self._start[rule], self._length[rule], self._groups[rule] = at, size, len(groups)
        self._wait(rule, at + first)

    def remove(self, rule: int) -> None:
        """Take a rule out."""
        self._unwait(rule)
        at, size = int(self._start[rule]), int(self._length[rule])
        for number in self._keys[at : at + size].tolist():
            self._users[number] -= 1
        self._length[rule] = 0
        self._dead += size
        if self._dead > 4_096 and self._dead > self._used // 2:
            self._compact()

    def awake(self, keys: Iterable[str]) -> list[int]:
        """Return the rules of which every group has one of these keys."""
        known = list(filter(None, map(self._number.get, keys)))
        present = np.array(known, np.int32)
        woken = b"".join(filter(None, map(self._waiting.get, known)))
        held = np.zeros(len(self._seen), np.bool_)
        held[present] = True
        self._articles += 1
        self._seen[present] += 1
        if not woken:
            return []
        rules = np.frombuffer(woken, np.int32)
        if len(rules) > 1:  # a rule may wait for several of the keys
            once = np.zeros(len(self._start), np.bool_)
            once[rules] = True
            rules = np.flatnonzero(once).astype(np.int32)
        sizes = self._length[rules]
        ends = np.cumsum(sizes)
        places = np.repeat(self._start[rules] - (ends - sizes), sizes) + np.arange(ends[-1])
        asked = self._keys[places]
        begin = self._begins[places]
        groups = self._groups[rules]
        found = np.flatnonzero(held[asked])
        satisfied = np.zeros(int(groups.sum()), np.bool_)  # per group of these rules, one after the other
        satisfied[np.cumsum(begin)[found] - 1] = True
        of_rule = np.repeat(np.arange(len(rules)), groups)
        complete = np.bincount(of_rule[satisfied], minlength=len(rules)) == groups
        if not self._articles % _EVERY:
            self._move(rules, places, asked, np.flatnonzero(begin), np.cumsum(groups) - groups)
        return rules[complete].tolist()  # type: ignore[no-any-return]

    def _intern(self, key: str) -> int:
        number = self._number.get(key)
        if number is None:
            number = self._number[key] = len(self._users)
            self._users.append(0)
            if number >= len(self._seen):
                self._seen = _grown(self._seen, number + 1)
        self._users[number] += 1
        return number

    def _move(self, rules: Ints, places: Ints, asked: Ints, begins: Any, firsts: Ints) -> None:
        """Let those rules wait elsewhere that woke under a group far more common than their rarest."""
        common = np.add.reduceat(self._seen[asked], begins)
        rarest = np.minimum.reduceat(common, firsts)
        of_rule = np.repeat(np.arange(len(rules)), self._groups[rules])
        waits = places[begins] == self._first[rules][of_rule]
        gain = np.add.reduceat(np.where(waits, common, 0), firsts) > 2 * rarest + 1
        for at in np.flatnonzero(gain)[:_MOVED].tolist():
            number = int(firsts[at])
            while common[number] != rarest[at]:
                number += 1
            self._unwait(int(rules[at]))
            self._wait(int(rules[at]), int(places[begins[number]]))

    def _group(self, start: int, end: int) -> int:
        """Where the group that begins at `start` ends."""
        begins = self._begins[start + 1 : end]
        after = int(begins.argmax()) if begins.size else 0
        return start + 1 + after if begins.size and begins[after] else end

    def _wait(self, rule: int, start: int) -> None:
        self._first[rule] = start
        for number in self._waits(rule):
            waiting = self._waiting.get(number)
            if waiting is None:
                self._waiting[number] = array("i", (rule,))
            else:
                waiting.append(rule)

    def _unwait(self, rule: int) -> None:
        for number in self._waits(rule):
            waiting = self._waiting[number]
            waiting.remove(rule)
            if not waiting:
                del self._waiting[number]

    def _waits(self, rule: int) -> list[int]:
        start = int(self._first[rule])
        stop = self._group(start, int(self._start[rule] + self._length[rule]))
        return self._keys[start:stop].tolist()  # type: ignore[no-any-return]

    def _compact(self) -> None:
        """Close the gaps that removed rules left, and forget the keys that nobody uses."""
        used = np.frombuffer(self._users, np.int32) > 0
        fresh = np.cumsum(used, dtype=np.int32) - 1
        self._number = {key: int(fresh[number]) for key, number in self._number.items() if used[number]}
        self._waiting = {int(fresh[number]): rules for number, rules in self._waiting.items()}
        self._seen = self._seen[: len(used)][used]
        self._keys[: self._used] = fresh[self._keys[: self._used]]
        self._users = array("i", (users for users in self._users if users))
        keys, begins, at = np.zeros_like(self._keys), np.zeros_like(self._begins), 0
        for rule in np.flatnonzero(self._length).tolist():
            start, size = int(self._start[rule]), int(self._length[rule])
            keys[at : at + size] = self._keys[start : start + size]
            begins[at : at + size] = self._begins[start : start + size]
            self._first[rule] += at - start
            self._start[rule] = at
            at += size
        self._keys, self._begins, self._used, self._dead = keys, begins, at, 0


def _grown(values: npt.NDArray[Any], least: int) -> npt.NDArray[Any]:
    grown = np.zeros(max(least, int(len(values) * _SPARE)), values.dtype)
    grown[: len(values)] = values
    return grown
