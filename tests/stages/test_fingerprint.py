"""The fingerprint depends on words alone, and cut copies share keys with the whole."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.stages.fingerprint import facts, fingerprint, shingles, sketch

WORDS = st.lists(st.text(alphabet="abcdefghijß中é", min_size=1, max_size=8), max_size=60)


def some_words(count: int, seed: int = 1) -> list[str]:
    chance = random.Random(seed)
    return ["".join(chance.choices("abcdefghij", k=chance.randint(2, 9))) for _ in range(count)]


@given(WORDS)
def test_equal_word_sequences_have_equal_hashes_and_others_do_not(words: list[str]) -> None:
    runs = [tuple(words[i : i + 3]) for i in range(max(1, len(words) - 2))] if words else []
    hashes = shingles(words).tolist()
    assert len(hashes) == len(runs)
    assert len(set(hashes)) == len(set(runs))
    assert len(set(zip(runs, hashes, strict=True))) == len(set(runs))


def test_a_hash_does_not_depend_on_where_the_words_stand() -> None:
    words = some_words(4000)  # longer than the table of powers
    tail = shingles(words[-500:])
    assert np.array_equal(shingles(words)[-len(tail) :], tail)


def test_hashes_stay_the_same_between_versions() -> None:
    # Sketches are stored: another hash would make every stored one worthless.
    assert shingles(["the", "cat", "sat", "down"]).tolist() == [14074311524895757671, 14419315546547121031]


def test_words_are_not_run_together() -> None:
    assert shingles(["ab", "c", "d"]).tolist() != shingles(["a", "bc", "d"]).tolist()


def test_a_cut_copy_shares_keys_with_the_whole() -> None:
    words = some_words(2000)
    whole = set(sketch(shingles(words)))
    for count in (70, 200, 600):
        assert len(whole & set(sketch(shingles(words[:count])))) >= 2
    assert len(whole & set(sketch(shingles(some_words(2000, seed=2))))) == 0


def test_a_sketch_is_small_and_fits_32_bits() -> None:
    keys = sketch(shingles(some_words(2000)))
    assert len(keys) <= 44
    assert all(-(2**31) <= key < 2**31 for key in keys)
    assert list(keys) == sorted(set(keys))


def test_an_empty_text_has_an_empty_fingerprint() -> None:
    empty = fingerprint([])
    assert (empty.exact, empty.keys, empty.shingles) == ("", (), 0)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_text_of_few_words_has_one_shingle(count: int) -> None:
    found = fingerprint(some_words(count))
    assert found.shingles == 1
    assert len(found.keys) == 1
    assert found.exact


def test_the_exact_hash_tells_words_apart() -> None:
    assert fingerprint(["a", "b"]).exact != fingerprint(["ab"]).exact


def test_facts_are_numbers_and_names_in_mid_sentence() -> None:
    text = "A quake of 4.4 struck near Glenwood at 4:24 on Tuesday. The survey, Jane O'Hara said, found 1,200 more."
    assert facts(text) == {"4.4", "glenwood", "4:24", "tuesday", "jane", "o'hara", "1,200"}
