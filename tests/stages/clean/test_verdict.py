"""How sure the model must be: where a block stands, what it hangs on, and when the model is not believed."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from monitor.model import Block
from monitor.stages.clean import head, verdict
from monitor.stages.clean.furniture import Verdicts
from monitor.stages.clean.profiles import Known
from monitor.stages.clean.scan import Floats

PROSE = [
    "The bridge over the Lenne was opened to traffic on Thursday morning, eleven years after it was first promised.",
    "“We had stopped believing in it,” said the mayor, who cut the ribbon in heavy rain together with the engineer.",
    "Some forty thousand lorries a year will no longer pass through the old town, the county expects of the bridge.",
    "A noise wall will be built in the spring, and the old ford will be kept for walkers and cattle, the county said.",
]
MENU = ["Home", "News", "Region", "Contact"]


class Opinion:
    """A model that thinks what it is told to."""

    def __init__(self, *p: float) -> None:
        self._p = p

    def probability(self, texts: Sequence[str], roles: Sequence[int]) -> Floats:
        return np.array(self._p, np.float32)


def gone(
    texts: Sequence[str],
    *p: float,
    method: str = "text",
    found: Verdicts | None = None,
    seen: Sequence[str] = (),
) -> list[str]:
    verdicts = dict(found or {})
    blocks = [Block(text=text) for text in texts]
    site = Known(dict.fromkeys(seen, 1.0), frozenset(), math.inf) if seen else None
    verdict.judged(blocks, head.Head(metadata=head.Metadata()), Opinion(*p), method, verdicts, site)  # type: ignore[arg-type]
    return [text for i, text in enumerate(texts) if i in verdicts]


def test_a_model_that_would_take_all_prose_is_not_believed() -> None:
    texts = [*MENU, *PROSE, *MENU]
    assert gone(texts, *[0.01] * len(texts)) == [*MENU, *MENU]
    assert gone(texts, *[0.01] * 4, *[0.01, 0.02, 0.9, 0.9], *[0.01] * 4) == [*MENU, *PROSE[:2], *MENU]


def test_where_the_model_is_not_believed_it_takes_no_more_than_it_would_have_taken() -> None:
    answers = ["No, she said.", "Not before the autumn, at any rate."]
    texts = [*MENU, PROSE[0], *answers, *MENU]
    assert gone(texts, *[0.01] * 4, 0.02, 0.9, 0.7, *[0.01] * 4) == [*MENU, *MENU]


def test_on_a_page_of_few_sentences_they_stay_on_less_evidence() -> None:
    report = ["A man was arrested on Sunday.", "Nobody was hurt."]
    assert gone([*MENU, *report, *MENU], *[0.01] * 4, 0.9, 0.2, *[0.01] * 4) == [*MENU, *MENU]
    long = [*PROSE, *PROSE, "Nobody was hurt."]
    assert gone([*MENU, *long], *[0.01] * 4, *[0.9] * 8, 0.2) == [*MENU, "Nobody was hurt."]


def test_scraps_above_a_sentence_that_surely_stays_are_not_outside_of_the_text() -> None:
    poll = ["Alliance 28%", "Greens 17%", "Others 15%"]
    texts = [*MENU, *PROSE, *PROSE, *poll, "The poll was taken in May."]
    assert gone(texts, *[0.01] * 4, *[0.9] * 8, *[0.85] * 3, 0.9) == MENU
    assert gone(texts, *[0.01] * 4, *[0.9] * 8, *[0.85] * 3, 0.7) == [*MENU, *poll]


def test_where_there_is_no_prose_the_rules_alone_decide() -> None:
    assert gone(MENU, 0.1, 0.1, 0.1, 0.1, found={0: ("breadcrumb", 0.9)}) == ["Home"]


def test_a_line_below_the_last_sentence_needs_more_evidence_on_a_messy_page() -> None:
    line = "Ten hills to climb before you are forty"
    texts = [*MENU, *PROSE, "Never.", line]
    messy = [0.01] * 4 + [0.99] * 5
    assert gone(texts, *messy, 0.6) == [*MENU, line]
    assert gone(texts, *messy, 0.9) == MENU
    assert gone([*PROSE, "Never.", line], *[0.99] * 5, 0.6) == []  # a clean text is believed


def test_a_list_that_is_a_good_part_of_the_text_is_no_rest() -> None:
    listed = [f"The {place} valley, with a walk of four hours" for place in ("Lenne", "Ruhr", "Eder", "Sieg")]
    texts = [*MENU, *PROSE[:2], *listed]
    assert gone(texts, *[0.01] * 4, *[0.99] * 2, *[0.6] * 4) == MENU


def test_rows_of_scores_hang_on_a_paragraph_that_stays_narrowly() -> None:
    scores = ["Текстильщик 0 – 4 Шинник", "Авангард 2 – 2 Сокол"]
    texts = [*MENU, PROSE[0], *scores, PROSE[1]]
    assert gone(texts, *[0.01] * 4, 0.4, 0.1, 0.1, 0.9) == MENU


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("It flooded.", verdict.SENTENCE),
        ("More news", verdict.SCRAP),
        ("Ten hills to climb before you are forty", verdict.LINE),
        ("ติดตามเราทางเฟซบุ๊ก", verdict.SCRAP),
        ("关于桥梁建设费用为何总是超出预算的十个问题", verdict.LINE),
    ],
)
def test_what_a_block_needs(text: str, needed: float) -> None:
    assert verdict._look(text).needed == needed


def test_a_short_line_that_another_page_has_needs_more_evidence() -> None:
    texts = [*MENU, PROSE[0], "Students enrolled in the spring term", *PROSE[1:]]
    p = [0.01] * 4 + [0.99, 0.6, 0.99, 0.99, 0.99]
    assert gone(texts, *p) == MENU
    assert gone(texts, *p, seen=[texts[5]]) == [*MENU, texts[5]]
    assert gone(texts, *p, seen=[texts[6]]) == MENU, "a paragraph that the model is sure of stays"


def test_what_trafilatura_picked_goes_only_when_other_pages_say_so() -> None:
    texts = [*PROSE, "Walks and drives in the valley"]
    p = [0.99, 0.99, 0.99, 0.99, 0.6]
    assert gone(texts, *p, method="trafilatura") == []
    assert gone(texts, *p, method="trafilatura", seen=texts[4:]) == texts[4:]


def test_lines_of_one_sentence_share_the_better_opinion() -> None:
    broken = ["The county has hired", "the firm of Brandt", "to build the wall, it said."]
    texts = [*MENU, PROSE[0], *broken, PROSE[1], *MENU]
    assert gone(texts, *[0.01] * 4, 0.99, 0.2, 0.1, 0.9, 0.99, *[0.01] * 4) == [*MENU, *MENU]


def test_a_line_that_begins_anew_is_judged_for_itself() -> None:
    texts = [*MENU, PROSE[0], "The county has hired", "Brandt", PROSE[1], *MENU]
    assert gone(texts, *[0.01] * 4, 0.99, 0.9, 0.01, 0.99, *[0.01] * 4) == [*MENU, "Brandt", *MENU]


def test_a_long_line_with_a_colon_goes_with_what_it_announces() -> None:
    line = "Five things that were said of the bridge by people who have to cross it every day of the week:"
    texts = [*MENU, PROSE[0], line, "That it is late", PROSE[1], *MENU]
    assert gone(texts, *[0.01] * 4, 0.99, 0.1, 0.9, 0.99, *[0.01] * 4) == [*MENU, *MENU]
    assert gone(texts, *[0.01] * 4, 0.99, 0.1, 0.1, 0.99, *[0.01] * 4) == [*MENU, *texts[5:7], *MENU]


def test_in_letters_that_the_model_hardly_knows_it_must_be_surer() -> None:
    def there(script: str) -> list[str]:
        letters = {"latin": "w", "greek": "ω", "hebrew": "ש", "kana": "か"}[script]
        return [letters * 3 + ".", *(letters * 190 + "." for _ in range(4)), letters * 4 + "."]

    p = [0.2, 0.9, 0.9, 0.9, 0.9, 0.2]
    assert gone(there("latin"), *p) == [there("latin")[0], there("latin")[-1]]
    assert all(gone(there(script), *p) == [] for script in ("greek", "hebrew", "kana"))
