"""Words cut once for all who count them are the words that the patterns find block by block."""

from __future__ import annotations

import re
import time
from collections import Counter
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.stages.clean import memory, tokens

LETTERS = "aB 1.'-_\u0301é٣½²ǅİßก中한 ۲Ⅷ\n#😀𝒂Σς“"
WORD = re.compile(r"[^\W\d_]+")


@settings(deadline=None)
@given(st.lists(st.text(LETTERS, max_size=14), min_size=1, max_size=4))
def test_as_the_patterns_have_it(texts: list[str]) -> None:
    found = tokens.tokens(texts)
    by_pattern = [tokens.TOKEN.findall(text.lower()) for text in texts]
    words = list(found.words)
    assert [words[number] for number in found.each] == [word for block in by_pattern for word in block]
    assert found.size.tolist() == [len(block) for block in by_pattern]
    assert list(found.words.values()) == list(range(len(words)))
    blocks = [frozenset(WORD.findall(text.lower())) for text in texts]
    used, often = tokens.blocks_of_words(texts, range(0, len(texts), 2))
    assert used == Counter(chain.from_iterable(blocks))
    assert often == {word: n for word, n in Counter(chain.from_iterable(blocks[::2])).items() if n > 1}
    memory.forget()


@pytest.mark.parametrize("text", ["", "—", "\n\n"])
def test_no_words(text: str) -> None:
    found = tokens.tokens([text])
    assert (len(found.words), found.size.tolist(), len(found.each)) == (0, [0], 0)


def test_emoji_do_not_make_a_page_slow() -> None:
    assert tokens.tokens(["So it was 😀 and is"]).spaced
    assert not tokens.tokens(["So it was 𝒂 and is"]).spaced
    assert not tokens.tokens(["中文"]).spaced


def test_a_page_of_tens_of_thousands_of_numbers_is_counted_at_once() -> None:
    texts = [f"It was the {i}th, at No.{i}." for i in range(20_000)]
    begun = time.process_time()
    used, often = tokens.blocks_of_words(texts, [0, 1])
    assert time.process_time() - begun < 2.5  # 0.1 s, or minutes where the page is searched for each number
    assert used["th"] == 20_000
    assert used["was"] == 20_000
    assert often["was"] == 2
