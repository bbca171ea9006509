"""What a site's other pages repeat goes; the body of this page does not."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model import Metadata, SiteProfile
from monitor.stages import plaintext
from monitor.stages.clean import clean, profiles, shapes

BODY = [
    "The bridge over the Lenne was opened to traffic on Thursday morning, eleven years after it was first promised.",
    "“We had stopped believing in it,” said the mayor, who cut the ribbon in heavy rain together with the engineer.",
    "Some forty thousand lorries a year will no longer pass through the old town, the county expects.",
]
PITCH = "Readers of this paper know that the valley is a good place to live, whatever the weather may be like."
TEXT = "\n\n".join([*BODY, PITCH])


def known(pages: int, *texts: str, pinned: bool = False) -> SiteProfile:
    blocks = {profiles.fingerprint(text): pages for text in texts}
    return SiteProfile(key="x", pages=9, blocks=blocks, pinned=frozenset(blocks) if pinned else frozenset())


@pytest.mark.parametrize(("pages", "goes"), [(1, False), (2, False), (3, True), (9, True)])
def test_a_paragraph_must_stand_on_three_other_pages(pages: int, goes: bool) -> None:
    result = clean(plaintext.split(TEXT), known(pages, PITCH), Metadata())
    assert (PITCH not in result.text) is goes
    assert all(paragraph in result.text for paragraph in BODY)
    assert [one.reason for one in result.removed] == (["repeated"] if goes else [])


def test_a_pinned_block_goes_at_once() -> None:
    result = clean(plaintext.split(TEXT), known(1, PITCH, pinned=True), Metadata())
    assert [(one.text, one.reason, one.confidence) for one in result.removed] == [(PITCH, "pinned", 1.0)]


def test_a_page_whose_every_block_is_known_is_not_cut_to_nothing() -> None:
    assert clean(plaintext.split(TEXT), known(9, *BODY, PITCH), Metadata()).text


def test_digits_case_and_accents_do_not_matter() -> None:
    assert profiles.fingerprint("12 Comments – café") == profiles.fingerprint("7 comments – Cafe")
    assert profiles.fingerprint("—") == 0
    assert 0 < profiles.fingerprint(PITCH) < 1 << 63


def test_a_page_is_learned_with_each_block_once() -> None:
    blocks = plaintext.split("Share\n\n—\n\nShare\n\nOther")
    assert profiles.fingerprints(blocks) == (profiles.fingerprint("Share"), profiles.fingerprint("Other"))


LETTERS = "aB 1.'’-_\u0301é٣½²\u200bǅİﬁ\u0e01\u0e31中 ۲Ⅷ\n#😀𝒂Σ\x01"


@settings(deadline=None)
@given(st.lists(st.text(LETTERS, max_size=14), min_size=1, max_size=3))
def test_all_at_once_is_one_by_one(texts: list[str]) -> None:
    """The keys of a page's blocks are `shapes.folded` of each, with runs of digits as one nought."""
    assert profiles._keys(texts) == [re.sub(r"\d+", "0", shapes.folded(text)) for text in texts]


@pytest.mark.parametrize("several", [False, True])
def test_keys_of_every_character(several: bool) -> None:
    """Characters that fold to one at once; with one among them that does not, they are folded first."""
    folded = profiles._folded_as().tolist()
    # Some ideographs of the compatibility block fold to letters beyond the plane, which are left to the pattern.
    codes = [code for code in range(2, 0x10000) if not 0xF900 <= code < 0xFB00]
    characters = [chr(code) for code in codes if several or folded[code] != profiles._SEVERAL]
    texts = [text for c in characters for text in (f"a{c}b 1{c}23", f"{c}.{c}b{c}’s")]
    assert profiles._keys(texts) == [re.sub(r"\d+", "0", shapes.folded(text)) for text in texts]


def test_the_text_ends_with_the_last_paragraph_that_is_the_pages_own() -> None:
    """A paragraph of the footer that siblings have, too, does not make the lines above it a part of the text."""
    line = "Walks and drives in the valley, every week"
    text = "\n\n".join([*BODY, line, PITCH])
    assert line not in clean(plaintext.split(text), known(1, line, PITCH), Metadata()).text
    inside = "\n\n".join([*BODY[:2], line, BODY[2]])
    assert line in clean(plaintext.split(inside), known(1, line), Metadata()).text


def test_what_is_not_enough_is_handed_on_as_seen() -> None:
    blocks = plaintext.split("\n\n".join([BODY[0], "Students enrolled", BODY[1], PITCH]))
    found: dict[int, tuple[str, float]] = {}
    assert profiles.repeated(blocks, known(1, "Students enrolled", PITCH), found) == {1}
    assert not found
    assert profiles.repeated(blocks, SiteProfile(), found) == frozenset()
