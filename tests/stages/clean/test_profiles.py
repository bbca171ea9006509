"""What a site's other pages repeat goes; the body of this page does not."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model import Block, Cleaned, Metadata, SiteProfile
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


@pytest.mark.parametrize(("pages", "goes"), [(1, False), (3, True), (9, True)])
def test_a_paragraph_that_reads_like_the_text_must_stand_on_several_other_pages(pages: int, goes: bool) -> None:
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


P = [0.99, 0.9, 0.99, 0.95]  # what the model might think of the blocks of a page


def judged(texts: list[str], p: list[float], profile: SiteProfile) -> dict[int, float]:
    blocks = plaintext.split("\n\n".join(texts))
    site = profiles.known(blocks, profile)
    assert site is not None
    return site.moved(blocks, p)


def test_a_line_inside_the_text_is_doubted_less_than_one_outside() -> None:
    inside = judged([BODY[0], "Students enrolled", BODY[1], BODY[2]], P, known(1, "Students enrolled"))
    outside = judged(
        [BODY[0], BODY[1], BODY[2], "Students enrolled"], [0.99, 0.99, 0.99, 0.9], known(1, "Students enrolled")
    )
    assert 0.75 < inside[1] < 0.9
    assert outside[3] < 0.2


def test_nothing_is_moved_that_no_other_page_has() -> None:
    assert judged([*BODY, PITCH], P, known(3, "Another line")) == {}
    assert profiles.known(plaintext.split(TEXT), SiteProfile()) is None


def test_the_share_of_pages_counts_not_their_number() -> None:
    texts, p = [BODY[0], "Analysis", BODY[1], BODY[2]], P
    few = replace(known(4, "Analysis"), pages=4)
    many = replace(known(4, "Analysis"), pages=2000)
    assert judged(texts, p, few)[1] < judged(texts, p, many)[1] < 0.9


def test_a_copy_keeps_what_it_shares_with_the_original() -> None:
    """However often a text was sent: it does not become furniture."""
    text = [BODY[0], "Students enrolled", BODY[1], BODY[2], PITCH]
    moved = judged(text, [0.99, 0.9, 0.99, 0.99, 0.3], known(9, *text))
    assert not {0, 1, 2, 3} & {i for i, p in moved.items() if p < 0.33 and 0 < i < 3}
    assert moved[4] < 0.01, "what the model doubts below the text is furniture all the same"
    again = clean(plaintext.split("\n\n".join(text[:4])), known(9, *text), Metadata())
    assert all(paragraph in again.text for paragraph in text[:4])


def taught(text: str, profile: SiteProfile) -> tuple[SiteProfile, Cleaned]:
    """The profile after one page more, as the store keeps it."""
    page = clean(plaintext.split(text), profile, Metadata())
    if not page.learned:
        return profile, page
    return (
        SiteProfile(
            key="x",
            pages=profile.pages + 1,
            blocks=Counter(profile.blocks) + Counter(page.learned),
            below=Counter(profile.below) + Counter(page.below),
        ),
        page,
    )


REPORT = [
    "The level of the Lenne at Altena was {0} centimetres on the morning of the {1}th, the water board said.",
    "That is {0} centimetres below the level at which the meadows are flooded and the road is closed to traffic.",
    "In the next {1} days little change is expected, as no rain is forecast for the hills of the upper valley.",
]


def test_an_archive_of_reports_from_one_template_teaches_nothing() -> None:
    """Digits apart they are one text; none of them may lose a paragraph, cleaned for the first time or again."""
    profile = SiteProfile()
    reports = ["\n\n".join(part.format(30 + n, n) for part in REPORT) for n in range(1, 13)]
    for report in reports:
        profile, page = taught(report, profile)
        assert page.text == report
    assert profile.pages == 1
    poisoned = replace(profile, pages=12, blocks=dict.fromkeys(profile.blocks, 12))
    assert [clean(plaintext.split(report), poisoned, Metadata()).text for report in reports] == reports


def test_a_page_teaches_where_its_text_ends() -> None:
    _, page = taught("\n\n".join(["Home", *BODY, "Most read", "Subscribe to our newsletter", "Imprint"]), SiteProfile())
    assert page.text.endswith(BODY[-1])
    assert set(page.below) == {
        profiles.fingerprint(line) for line in ("Most read", "Subscribe to our newsletter", "Imprint")
    }
    assert set(page.below) < set(page.learned)


def test_what_stands_where_other_pages_are_over_is_doubted() -> None:
    """Varying teasers under a heading that other pages have below their text."""
    profile = replace(known(2, "Home", "Most read", "Imprint"), pages=2)
    profile = replace(profile, below={profiles.fingerprint(line): 2 for line in ("Most read", "Imprint")})
    teaser = "A walk along the old railway line in Herscheid is open again, with a new bridge."
    texts = ["Home", *BODY, PITCH, "Most read", teaser, "Imprint"]
    moved = judged(texts, [0.1, 0.99, 0.99, 0.99, 0.99, 0.3, 0.8, 0.1], profile)
    assert moved[6] < 0.33
    assert not {1, 2, 3, 4} & set(moved)
    # A page that is built otherwise, with most of its text below, is left alone.
    texts = ["Home", PITCH, "Most read", *BODY, "Imprint"]
    moved = judged(texts, [0.1, 0.99, 0.3, 0.99, 0.99, 0.99, 0.1], profile)
    assert not {1, 3, 4, 5} & set(moved)


def test_a_sure_sentence_that_one_or_two_other_pages_have_stays() -> None:
    lead = "The envoy opened the ferry number 12 on Tuesday."
    texts = [
        "News",
        lead,
        *(
            f"{word} came from all over the valley to see it, and {word} stayed until the evening was over, "
            "although it had begun to rain at noon and went on raining until the next day."
            for word in ("Engineers", "Neighbours")
        ),
    ]
    blocks = [Block(text=text, offset=n * 1000) for n, text in enumerate(texts)]
    for pages, stays in ((1, True), (2, True), (3, False)):
        counts = {profiles.fingerprint(lead): pages, profiles.fingerprint("News"): pages}
        known = profiles.known(blocks, SiteProfile(key="site", pages=pages, blocks=counts))
        assert known is not None
        moved = known.moved(blocks, [0.2, 0.9, 0.95, 0.95])
        assert (moved.get(1, 0.9) > 0.5) is stays
        assert moved[0] < 0.01
