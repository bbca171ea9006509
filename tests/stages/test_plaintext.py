"""Plain text cut into blocks: the quick way of most texts is the way of all."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.stages import plaintext

LINES = st.lists(st.sampled_from(["", "", "One", "Two words.", " lead", "trail ", "wide  gap", "e\u0301", "# H", "\n"]))
UNSEEN = "\n\n\u200b"  # a blank that is not printed: no block of its own, and no text is read the quick way with it


@settings(deadline=None)
@given(LINES)
def test_the_quick_way_finds_the_same_blocks(lines: list[str]) -> None:
    text = "\n".join(lines)
    assert plaintext.split(text) == plaintext.split(text + UNSEEN)


@given(LINES)
def test_blocks_stand_where_they_say(lines: list[str]) -> None:
    text = plaintext.normalise("\n".join(lines))
    for block in plaintext.split(text):
        assert text[block.offset :].startswith(block.text.split()[0])


def test_blank_lines_of_any_number_divide() -> None:
    blocks = plaintext.split("\n\nOne\n\n\nTwo\nlines\n\n\n\nThree\n")
    assert [(block.text, block.offset) for block in blocks] == [("One", 2), ("Two\nlines", 8), ("Three", 21)]
