"""The index of keys against the plain definition, while rules come, go and move."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.stages.rules.index import KeyIndex

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
        index.add(rule, groups, [float(len(group)) for group in groups])
        filed[rule] = groups
    for seen, number in steps:
        assert sorted(index.awake(seen | {"unknown"})) == plainly(filed, seen)
        if number in filed:
            index.remove(number)
            del filed[number]
        elif number < len(rules):
            index.add(number, rules[number], [1.0] * len(rules[number]))
            filed[number] = rules[number]


def test_gaps_are_closed_and_keys_forgotten() -> None:
    chance = random.Random(3)
    index, filed = KeyIndex(), {}
    for rule in range(4_000):
        groups = [frozenset({f"a{rule % 700}"}), frozenset({f"b{rule}", f"c{rule % 50}"})]
        index.add(rule, groups, [2.0, 1.0])
        filed[rule] = groups
    for rule in chance.sample(range(4_000), 3_500):
        index.remove(rule)
        del filed[rule]
    assert index._used < 6_000
    assert len(index._number) < 3_000
    for _ in range(200):
        seen = {f"a{chance.randrange(700)}", f"c{chance.randrange(50)}", f"b{chance.randrange(4_000)}"}
        assert sorted(index.awake(seen)) == plainly(filed, seen)
    for rule in list(filed):
        index.remove(rule)
    assert not index._waiting


def test_rules_move_to_what_is_rare() -> None:
    index = KeyIndex()
    for rule in range(50):
        index.add(rule, [frozenset({"common"}), frozenset({f"rare{rule}"})], [1.0, 2.0])  # a wrong guess
    assert len(index._waiting[index._number["common"]]) == 50
    for _ in range(20):
        assert index.awake({"common"}) == []
    assert index._number["common"] not in index._waiting
    assert index.awake({"common", "rare7"}) == [7]
