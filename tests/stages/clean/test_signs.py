"""The words of sites' own furniture, in any language."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest

from monitor.stages.clean import features, scan, signs
from monitor.stages.clean.tokens import tokens


def _of(*texts: str) -> tuple[list[set[str]], list[set[str]]]:
    """For each block the kinds of its signs, and those that open it."""
    rows = signs.read(texts, tokens(texts))
    many = len(signs.KINDS)
    assert rows.shape == (2 * many, len(texts))
    found = [{signs.KINDS[k] for k in np.flatnonzero(column)} for column in rows[:many].T]
    opening = [{signs.KINDS[k] for k in np.flatnonzero(column)} for column in rows[many:].T]
    return found, opening


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Kommentare (12)", "comments"),
        ("Leggi anche: il governo cade", "related"),
        ("Читайте также", "related"),
        ("関連記事", "related"),
        ("相关新闻：市场收盘", "related"),
        ("ข่าวที่เกี่ยวข้อง", "related"),
        ("यह भी पढ़ें", "related"),
        ("اقرأ أيضا", "related"),
        ("קראו גם", "related"),
        ("Baca juga: Harga beras naik", "related"),
        ("Newsletter abonnieren", "subscribe"),
        ("En çok okunan haberler", "popular"),
        ("Les plus lus", "popular"),
        ("Der Hafen blieb geschlossen.", ""),
        ("Wszelkie prawa zastrzeżone", "legal"),
        ("Cookies akzeptieren", "legal"),
    ],
)
def test_a_sign_is_known_in_its_language(text: str, kind: str) -> None:
    found, _ = _of(text, "Something else stands here.")
    assert kind in found[0] if kind else not found[0]
    assert not found[1]


def test_a_sign_opens_a_block_among_its_first_words_alone() -> None:
    found, opening = _of("Comments are closed", "The minister had no comments to make on it.")
    assert found == [{"comments"}, {"comments"}]
    assert opening == [{"comments"}, set()]


def test_two_words_are_a_sign_together_in_one_block_only() -> None:
    found, _ = _of("read", "also", "also they read", "Read also: the budget")
    assert [("related" in kinds) for kinds in found] == [False, False, False, True]


def test_signs_of_blocks_that_stay_are_those_of_the_whole_page() -> None:
    texts = ["Share", "A paragraph of prose about the harbour.", "関連記事", "Newsletter", "The end came quickly."]
    whole = scan.scan(texts, np.zeros(scan.TABLE, np.float32))
    part = scan.scan(texts[1:4], np.zeros(scan.TABLE, np.float32))
    assert np.array_equal(whole.of([1, 2, 3]).signs, part.signs)


def test_no_page_and_empty_blocks_have_no_signs() -> None:
    assert signs.read([], tokens([])).shape == (2 * len(signs.KINDS), 0)
    assert _of("", "…", "\n") == ([set(), set(), set()], [set(), set(), set()])


def test_every_word_of_the_table_is_found_as_it_stands() -> None:
    """A word that tokens never are, in capitals say or with an apostrophe, would be dead."""
    for kind, words in signs._SIGNS.items():
        for word in words.split():
            phrase = word.replace("_", " ")
            assert phrase == unicodedata.normalize("NFC", phrase), phrase
            found, opening = _of(phrase, "x")
            assert found[0], f"{kind}: {phrase}"
            assert opening[0], f"{kind}: {phrase}"


def test_a_heading_of_furniture_speaks_for_what_follows_the_text() -> None:
    prose = "The harbour was closed on Monday after a ship ran aground near the lighthouse, the port authority said."
    texts = ["Comments", prose, prose + " It opened again.", "Kommentare", "I think so, too"]
    page = features.measure(texts, [0] * len(texts), np.zeros(scan.TABLE, np.float32))
    other = features.measure([*texts[:3], "Gemurmel", texts[4]], [0] * len(texts), np.zeros(scan.TABLE, np.float32))
    changed = (page.features != other.features).any(axis=1)
    assert changed[4], "the block below the heading is seen in its light"
