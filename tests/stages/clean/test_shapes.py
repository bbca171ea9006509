"""Quick looks that spare a slow pattern never change its answer."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.stages import dates
from monitor.stages.clean import memory, shapes

LETTERS = "aZ09 .:/…!?\"'”»)]·|>-–\n;,&éا中。"


@settings(deadline=None)
@given(st.text(LETTERS, max_size=30))
def test_ends(text: str) -> None:
    for tail, pattern in (
        (shapes.ENDED, r"[.!?。！？।॥؟۔։።]['\"”’»)\]】」』]*$"),
        (shapes.QUOTED, r"[,;—–-]['\"”’»」』]+$"),
        (shapes.CUT, r"(?:…|\.\.\.|\[…\]|\[\.\.\.\]|\(…\)|&hellip;)['\"”’»)\]]*$"),
    ):
        assert bool(tail.search(text)) == bool(re.search(pattern, text[-24:]))
    memory.forget()


@settings(deadline=None)
@given(st.lists(st.sampled_from(["https://a.org/x", "b.com", "- ", "(", "http://host", "Note:", "word", " ", "."])))
def test_only_addresses(parts: list[str]) -> None:
    text = "".join(parts)
    plain = (
        "." in text and shapes.URL.match(text.lstrip("-•*–> (")) and not shapes.WORD.search(shapes.URL.sub(" ", text))
    )
    assert shapes.only_addresses(text) == bool(plain)
    memory.forget()


@pytest.mark.parametrize(
    ("text", "parts"),
    [("Home > News > Town", ["Home", "News", "Town"]), ("Home » News", ["Home", "News"]), ("No trail at all", [])],
)
def test_crumbs(text: str, parts: list[str]) -> None:
    assert shapes.crumbs(text) == parts


@pytest.mark.parametrize("text", ["12 March", "no date", "1877-01-02", "٢٠٢١"])
def test_no_date_without_a_year_of_these_centuries(text: str) -> None:
    assert dates.in_text(text) is None
    assert dates.spans(text) == []
