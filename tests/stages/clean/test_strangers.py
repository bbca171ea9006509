"""Sentences that offer something and have nothing of their page: described by `offers`, judged by `strangers`."""

from __future__ import annotations

import numpy as np
import pytest

from monitor.model import Block
from monitor.stages.clean import offers, spam, strangers

BODY = [
    "The bridge over the Lenne was opened to traffic on Thursday morning, eleven years after it was first promised.",
    "“We had stopped believing in it,” said the mayor, who cut the ribbon in heavy rain together with the engineer.",
    "Some forty thousand lorries a year will no longer pass through the old town, the county expects.",
]


def at(name: str) -> int:
    return offers.NAMES.index(name)


def test_a_sentence_says_its_contacts() -> None:
    (one,) = offers.sentences("Write to grete.b@gmail.com or call +49 151 555 0123, see https://bit.ly/3xYz7Kq")
    values = dict(zip(offers.OWN, one.own, strict=True))
    assert (values["mails"], values["free mails"], values["phones"], values["intl"]) == (1, 1, 1, 1)
    assert (values["urls"], values["short"]) == (1, 1)
    assert offers.contacts(one) == 3


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("Order now and save, free delivery!", True),
        ("Reach the office under 0421 555 0133.", True),
        ("Write to @lena_fx99 for the signals of today", True),
        ("The council met on Thursday and rose at 9.40 p.m.", False),
        ("In 2019–2020 some 10 000 000 people came.", False),
        ("Call me.", False),
        ("https://www.example.org/a/b https://www.example.org/c", False),
    ],
)
def test_what_is_looked_at(text: str, holds: bool) -> None:
    assert offers.offering(text) is holds
    blocks = [Block(text=part) for part in [*BODY, text]]
    assert spam.may_offer(blocks, spam.suspicious(blocks)) is holds


def test_every_row_has_every_feature() -> None:
    texts = [*BODY, "Call us today on 0421 555 0133. Our offer ends soon!"]
    page = spam.Page(texts, frozenset(texts))
    rows = page.around(3)
    assert rows.shape == (2, len(offers.NAMES))
    assert np.isfinite(rows).all()
    assert rows[0, at("phones")] == 1
    assert rows[1, at("contacts before")] == 1
    assert int(strangers.shipped().feature.max()) < len(offers.NAMES)


def test_trees_come_back_as_they_were_packed() -> None:
    trees = strangers.shipped()
    again = strangers.read(strangers.packed(trees))
    rows = np.random.default_rng(1).normal(size=(20, len(offers.NAMES))).astype(np.float32)
    assert np.array_equal(trees.probability(rows), again.probability(rows))


def test_an_offer_of_no_known_trade_goes() -> None:
    offer = (
        "Get your garden fence painted today, cheap and fast, call +44 7700 900 123 or write to fences24@gmail.com now!"
    )
    found = spam.find([Block(text=text) for text in [*BODY, offer]])
    assert list(found) == [3]
    assert spam.find([Block(text=text) for text in [*BODY, offer]], offers_too=False) == {}
