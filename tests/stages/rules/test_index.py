"""The index of keys against the plain definition, while rules come, go and move."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.stages.rules.index import GUARD, KeyIndex

KEYS = [f"key{number}" for number in range(12)]
GROUPS = st.lists(st.frozensets(st.sampled_from(KEYS), min_size=1, max_size=3), min_size=1, max_size=3)


def plainly(filed: dict[int, list[frozenset[str]]], seen: set[str]) -> list[int]:
    return sorted(rule for rule, groups in filed.items() if all(group & seen for group in groups))


@settings(max_examples=80, deadline=None)
@given(
    st.lists(GROUPS, min_size=1, max_size=12),
    st.lists(st.tuples(st.sets(st.sampled_from(KEYS)), st.integers(0, 11)), max_size=20),
)
def test_it_wakes_exactly_the_rules_of_which_every_group_is_there(
    rules: list[list[frozenset[str]]], steps: list[tuple[set[str], int]]
) -> None:
    index, filed = KeyIndex(), {}
    for rule, groups in enumerate(rules):
        index.add(rule, groups)
        filed[rule] = groups
    for seen, number in steps:
        assert sorted(index.awake(seen | {"unknown"})) == plainly(filed, seen)
        if number in filed:
            index.remove(number)
            del filed[number]
        elif number < len(rules):
            index.add(number, rules[number])
            filed[number] = rules[number]


def test_room_is_used_again_and_keys_are_forgotten() -> None:
    chance = random.Random(3)
    index, filed = KeyIndex(), {}

    def add(rule: int, number: int) -> None:
        filed[rule] = [frozenset({f"a{number % 700}"}), frozenset({f"b{number}", f"c{number % 50}"})]
        index.add(rule, filed[rule])

    for rule in range(4_000):
        add(rule, rule)
    room, numbers = len(index._keys), len(index._names)
    for number in range(4_000, 12_000):
        rule = chance.choice(sorted(filed)) if number % 5 else chance.randrange(4_000)
        if rule in filed:
            index.remove(rule)
            del filed[rule]
        if number % 3:
            add(rule, number)
    assert len(filed) < 4_000
    assert (len(index._keys), len(index._names)) == (room, numbers)
    for _ in range(200):
        seen = {f"a{chance.randrange(700)}", f"c{chance.randrange(50)}", f"b{chance.randrange(12_000)}"}
        assert sorted(index.awake(seen)) == plainly(filed, seen)
    for rule in list(filed):
        index.remove(rule)
    assert not index._pages


def test_rules_move_to_what_is_rare() -> None:
    index = KeyIndex(lambda key: 0.1 if key == "common" else 1.0)  # a wrong guess
    for rule in range(50):
        index.add(rule, [frozenset({"common"}), frozenset({f"rare{rule}"})])
    assert len(index._pages["common"]) == 51 * GUARD + 51
    for _ in range(600):
        assert index.awake({"common"}) == []
    assert len(index._pages["common"]) == GUARD + 1
    assert index.awake({"common", "rare7"}) == [7]
