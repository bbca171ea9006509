"""Cleaning is total, idempotent, adds no letters, and keeps a document's order."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model import Block, Metadata, SiteProfile
from monitor.stages import plaintext
from monitor.stages.clean import clean

NOBODY = SiteProfile()
LINES = st.sampled_from(
    [
        "The committee met on Tuesday and agreed on the budget for next year, its chair said afterwards.",
        "“We had hoped for more,” said the mayor, who has held the office since 2011. “But it will do.”",
        "The valley has waited eleven years for the bridge, which was promised before the last election.",
        "Home / News / Budget agreed",
        "Budget agreed",
        "By Jane Miller",
        "12 March 2021",
        "Share this",
        "Read more",
        "Check also",
        "https://lucky777.ac.id/ https://lucky777.or.id/",
        "Officials said the talks had been postponed until …",
        "Yes.",
        "3 – 1",
        "委员会星期二开会，同意了明年的预算，主席会后表示。居民们已经等了十一年。",
        "وقالت اللجنة يوم الثلاثاء إنها وافقت على ميزانية العام المقبل بعد أشهر من المفاوضات.",
    ]
)
PAGES = st.lists(LINES, max_size=25).map("\n\n".join)
ANYTHING = st.text(max_size=400)


def words(text: str) -> Counter[str]:
    return Counter(text.split())


@settings(deadline=None, max_examples=150)
@given(PAGES | ANYTHING)
def test_total_and_adds_nothing(text: str) -> None:
    blocks = plaintext.split(text)
    result = clean(blocks, NOBODY, Metadata())
    have = sum((words(plaintext.normalise(block.text)) for block in blocks), Counter[str]())
    assert not words(result.text) - have
    assert words(result.text) + sum((words(r.text) for r in result.removed), Counter[str]()) == have


@settings(deadline=None, max_examples=150)
@given(PAGES | ANYTHING)
def test_idempotent(text: str) -> None:
    once = clean(plaintext.split(text), NOBODY, Metadata()).text
    assert clean(plaintext.split(once), NOBODY, Metadata()).text == once


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.builds(
            Block,
            text=st.text(max_size=80),
            offset=st.integers(0, 9999),
            kind=st.sampled_from(["p", "h", "li", "pre", "hidden"]),
        ),
        max_size=12,
    )
)
def test_never_raises_on_any_blocks(blocks: list[Block]) -> None:
    result = clean(blocks, NOBODY, Metadata())
    assert all(0 <= removed.at <= len(result.text) for removed in result.removed)


@settings(deadline=None, max_examples=80)
@given(PAGES)
def test_order_is_kept(text: str) -> None:
    """The kept paragraphs stand in the document in the same order."""
    position = 0
    for paragraph in clean(plaintext.split(text), NOBODY, Metadata()).text.split("\n\n"):
        found = text.find(paragraph, position)
        assert found >= 0
        position = found + len(paragraph)


def test_one_block_is_never_cut_to_nothing() -> None:
    for text in (
        "Flash flood warning for the Mosel valley",
        "Share this",
        "Yes",
        "12 March 2021",
        "https://lucky777.ac.id/",
    ):
        assert clean(plaintext.split(text), NOBODY, Metadata()).text == text


def test_nothing_gives_nothing() -> None:
    result = clean((), NOBODY, Metadata())
    assert (result.text, result.removed, result.spam_hosts) == ("", (), ())
