"""Sentences that somebody else glued to a paragraph, of trades that no rule names."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from monitor.model import Block, Metadata, SiteProfile
from monitor.stages.clean import clean, glued
from monitor.stages.clean.head import Head
from monitor.stages.clean.scan import Floats

OWN = [
    "The bridge over the Lenne was opened to traffic on Thursday morning, eleven years after it was first promised. "
    "The county had put the work off three times, most lately because of a protected colony of bats.",
    "“We had stopped believing in it,” said the mayor, who cut the ribbon in heavy rain together with the engineer. "
    "Both of them walked across before the first lorry was let on.",
    "Some forty thousand lorries a year will no longer pass through the old town, the county expects of the bridge. "
    "A noise wall will be built in the spring, and the old ford will be kept for walkers and cattle.",
    "The last word had the engineer, who thanked the welders. The ferry, he said, may now rest.",
]
PITCH = "Need a plumber tonight? Our friendly team clears any drain from £39, call 020 7946 0018 or see quickdrains.uk."


class Opinion:
    """A reader that holds sentences with certain words to be furniture, and remembers what it was shown."""

    def __init__(self, **p: float) -> None:
        self._p = p
        self.shown: list[str] = []

    def probability(self, texts: Sequence[str], roles: Sequence[int]) -> Floats:
        assert len(texts) == len(roles)
        self.shown = list(texts)
        return np.array([next((p for word, p in self._p.items() if word in text), 0.95) for text in texts], np.float32)


def found(texts: Sequence[str], reader: Opinion) -> dict[int, list[str]]:
    blocks = [Block(text=text) for text in texts]
    spans = glued.find(blocks, Head(metadata=Metadata()), reader)  # type: ignore[arg-type]
    return {i: [texts[i][a:b].strip() for a, b, _ in cuts] for i, cuts in spans.items()}


def test_a_doubted_run_that_reaches_out_goes_and_the_rest_stays() -> None:
    texts = [OWN[0], f"{OWN[1]} {PITCH}", OWN[2]]
    assert found(texts, Opinion(plumber=0.2, friendly=0.1)) == {1: [PITCH]}


def test_a_doubted_sentence_that_reaches_nobody_stays() -> None:
    texts = [OWN[0], f"{OWN[1]} Nobody saw the otter. Tickets at lennebridge.example.", OWN[2]]
    assert found(texts, Opinion(otter=0.1)) == {}


def test_a_paragraph_that_is_doubted_whole_is_left_to_the_verdict_on_blocks() -> None:
    reader = Opinion(plumber=0.1, friendly=0.1, drain=0.1)
    assert found([OWN[0], f"{PITCH} A drain is a drain.", OWN[2]], reader) == {}


def test_a_page_that_reaches_out_in_its_own_words_is_not_even_asked_about() -> None:
    reader = Opinion(lorries=0.0)
    assert (
        found([*OWN, "Lorries: the county expects forty thousand of the bridge at lenne.org. So be it."], reader) == {}
    )
    assert reader.shown == []


def test_one_block_and_no_block_are_left_alone() -> None:
    assert found([f"{OWN[0]} {PITCH}"], Opinion(plumber=0.0, friendly=0.0)) == {}
    assert found([], Opinion()) == {}


@pytest.mark.parametrize(
    ("text", "reaches"),
    [
        ("call +44 20 7946 0000", True),
        ("ring 020 7946 0018 now", True),
        ("(555) 010-2233", True),
        ("write to a@b.co", True),
        ("see example.com/x", True),
        ("联系微信 13800000000", True),
        ("ask @joe_smith", True),
        ("In 2019 there were 12 of 15", False),
        ("from 10.5 to 12.7 percent", False),
        ("1,234,567 people in 5-4-3 formation", False),
        ("He left. Then he came back.", False),
    ],
)
def test_what_reaches_somebody(text: str, reaches: bool) -> None:
    assert glued._reaches(text) is reaches


PITCHES = [
    PITCH,
    "Sell your old car today for cash, we collect anywhere, call 0161 496 0123 or book at cashformotors.co.uk.",
    "My husband came back within three days thanks to Dr Adun, write to adunhelps@gmail.com or +234 801 000 0000.",
    "Get certified in one week, 100% pass guaranteed with real exam questions from passfirst.net, order now!",
    "Hol dir jetzt deinen neuen Treppenlift, kostenlose Beratung unter 0800 000 1234 oder treppenprofi24.de.",
    "Купить справку с доставкой за один час, звоните +7 000 123 45 67 или пишите на spravka-bystro.ru.",
]
LEFT = 2  # of these at most, on a page of four paragraphs


def test_pitches_of_trades_that_no_rule_names_go() -> None:
    pages = {p: [Block(text=text) for text in (*OWN[:2], f"{OWN[2]} {p}", OWN[3])] for p in PITCHES}
    left = [p for p, blocks in pages.items() if p in clean(blocks, SiteProfile(), Metadata()).text]
    assert len(left) <= LEFT, left


HONEST = [
    "Anyone who saw the lorry is asked to call the county police on 020 7946 0018.",
    "The plans for the noise wall can be seen at www.lenne-county.example until Friday.",
    "Do you know more about the bridge? Write to our reporter at bridge@example.org or on Signal at +49 30 000000.",
    "Walkers can book a tour of the old ford for 4 euros at fordtours.example or by telephone on 02351 000000.",
]


@pytest.mark.parametrize("sentence", HONEST)
def test_honest_notices_stay(sentence: str) -> None:
    texts = [*OWN[:2], f"{OWN[2]} {sentence}", OWN[3]]
    assert sentence in clean([Block(text=text) for text in texts], SiteProfile(), Metadata()).text


def test_the_account_names_what_was_glued(monkeypatch: pytest.MonkeyPatch) -> None:
    oddity = "Nobody knows what the otter wants at ottersden.example."
    place = OWN[2].index("A noise wall")
    changed = [*OWN[:2], f"{OWN[2][:place]}{oddity} {OWN[2][place:]}", OWN[3]]
    spans = {2: [(place, place + len(oddity) + 1, 0.9)]}
    monkeypatch.setattr(glued, "find", lambda blocks, *_: spans if oddity in blocks[2].text else {})
    result = clean([Block(text=text) for text in changed], SiteProfile(), Metadata())
    assert [(r.reason, r.span, r.text) for r in result.removed] == [("glued", True, oddity)]
    assert result.text == "\n\n".join(OWN)
