"""A sentence is new if nobody said it; commas, cuts and misprints say nothing new, another number does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.stages.differences import Said, difference, new_sentences, sentences

OLD = """The ferry company said on Tuesday it would close its route in October. About 130 people work on the two ships.
The mayor called the decision a hard blow for the harbour."""


def test_what_was_added_and_what_is_missing() -> None:
    new = OLD.replace("About 130 people work on the two ships.", "The union was told an hour before.")
    found = difference(OLD, new)
    assert found.added == ("The union was told an hour before.",)
    assert found.missing == ("About 130 people work on the two ships.",)


def test_order_line_breaks_and_quotes_do_not_matter() -> None:
    turned = "“The mayor called the decision a hard blow for the harbour.” " + OLD.replace("\n", " ")
    assert difference(OLD, turned) == difference(OLD, OLD)
    assert difference(OLD, OLD).added == ()


def test_another_number_is_another_sentence() -> None:
    assert new_sentences(OLD.replace("130", "150"), [OLD]) == ("About 150 people work on the two ships.",)


def test_a_misprint_is_not() -> None:
    long = "The mayor of the town called the decision of the company a hard blow for the harbour and its people."
    assert new_sentences(long.replace("harbour", "harbonr"), [long]) == ()


def test_several_texts_may_have_said_it() -> None:
    first, second = sentences(OLD)[0], sentences(OLD)[1]
    assert new_sentences(OLD, [first, second]) == (sentences(OLD)[2],)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("He said “No.” She left.", ["He said “No.”", "She left."]),
        ("Heading\nText of it.", ["Heading", "Text of it."]),
        ("日銀は決めた。総裁は話した。", ["日銀は決めた。", "総裁は話した。"]),
        ("", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@given(st.text(max_size=200))
def test_a_text_says_nothing_new_to_itself(text: str) -> None:
    assert difference(text, text).added == ()


def test_nothing_was_said_by_nobody() -> None:
    assert not Said([]).has("The ferry closes.")
    assert Said([]).has("…")
