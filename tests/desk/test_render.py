"""Feed text becomes HTML that cannot bite, with its marks, cuts and changes in the right places."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from monitor.desk import render
from monitor.desk.render import Cut, Mark

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TEXTS = st.text(alphabet=st.sampled_from("ab <>&\"'\n{}%é北\u202e"), max_size=80)
MARKS = st.lists(
    st.builds(Mark, st.integers(-3, 90), st.integers(-3, 90), st.sampled_from(["", "a: b", "<i>"])), max_size=8
)


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("https://example.org/a?b=1#c", True), ("http://example.org", True), ("HTTPS://example.org/", True),
        ("javascript:alert(1)", False), ("JaVaScRiPt:alert(1)", False), ("java\nscript:alert(1)", False),
        (" javascript:alert(1)", False), ("data:text/html,x", False), ("vbscript:x", False), ("//example.org/x", False),
        ("/relative", False), ("ftp://example.org/", False), ("http://", False), ("https://[", False), ("", False),
        (None, False), ("\x01https://example.org", False), ("https://example.org/\u202etxt.exe", False),
    ],
)  # fmt: skip
def test_only_web_addresses_are_links(address: str | None, safe: bool) -> None:
    assert (render.safe_url(address) is not None) == safe
    assert ("<a " in render.external(address, "label")) == safe
    assert "label" in render.external(address, "label")


def test_an_outgoing_link_tells_the_other_side_nothing() -> None:
    link = html.fromstring(str(render.external('https://example.org/?q="><script>', "<b>")))
    assert link.get("rel") == "noopener noreferrer nofollow"
    assert link.text_content() == "<b>"


@given(TEXTS, MARKS)
def test_highlighting_changes_no_letter_and_lets_no_markup_through(text: str, marks: list[Mark]) -> None:
    page = html.fromstring(f"<div>{render.highlight(text, marks)}</div>")
    assert page.text_content() == render.plain(text)
    assert {element.tag for element in page.iter()} <= {"div", "mark"}


def test_marks_stand_where_they_belong() -> None:
    shown = render.highlight(
        "A ceasefire & talks", [Mark(2, 11, "rule: ceasefire"), Mark(14, 19, "x"), Mark(4, 6, "second")]
    )
    assert shown == ('A <mark title="rule: ceasefire; second">ceasefire</mark> &amp; <mark title="x">talks</mark>')


def test_marks_reach_over_the_text_they_count_in() -> None:
    text = "First paragraph.\n\nSecond one, with hits."
    body = html.fromstring(f"<div>{render.body(text, [Mark(35, 39)], [])}</div>")
    assert [p.text_content() for p in body] == ["First paragraph.", "Second one, with hits."]
    assert [mark.text for mark in body.iter("mark")] == ["hits"]


def test_cuts_are_folded_where_they_stood() -> None:
    text = "First.\n\nSecond, long.\n\nThird."
    cuts = [
        Cut(len(text), "Log in to reply", "comments", 0.8),
        Cut(0, "Home / World", "breadcrumb", 1.0),
        Cut(15, "casino", "spam-links", 0.97, inside=True, rules=("gambling",)),
        Cut(8, "Also read", "teaser", 0.6),
    ]
    body = html.fromstring(f"<div>{render.body(text, [], cuts)}</div>")
    assert [(one.tag, one.xpath("string(blockquote/text())") or one.text) for one in body] == [
        ("details", "Home / World"), ("p", "First."), ("details", "Also read"), ("p", "Second, long."),
        ("details", "casino"), ("p", "Third."), ("details", "Log in to reply"),
    ]  # fmt: skip
    warned = body.xpath("details[@open]")
    assert len(warned) == 1
    assert "gambling matched only here: no alert." in warned[0].text_content()
    assert "97 % sure" in warned[0].text_content()


def test_an_article_of_which_nothing_is_left_shows_its_cuts() -> None:
    assert "1 passage removed" in render.body("", [], [Cut(0, "<b>", "teaser", 0.5)])
    assert "&lt;b&gt;" in render.body("", [], [Cut(0, "<b>", "teaser", 0.5)])


@given(
    TEXTS, MARKS, st.lists(st.builds(Cut, st.integers(0, 90), TEXTS, TEXTS, st.floats(0, 1), st.booleans()), max_size=5)
)
def test_every_word_and_every_cut_is_shown_once(text: str, marks: list[Mark], cuts: list[Cut]) -> None:
    page = html.fromstring(f"<div>{render.body(text, marks, cuts)}</div>")
    shown = "".join(p.text_content() for p in page.iter("p"))
    assert "".join(shown.split()) == "".join(render.plain(text).split())
    assert len(page.xpath("//blockquote")) == len(cuts)
    assert {element.tag for element in page.iter()} <= {
        "div", "p", "mark", "details", "summary", "span", "blockquote", "footer", "strong",
    }  # fmt: skip


def test_differences_are_marked_word_by_word() -> None:
    old = "Ten people died.\n\nThe road is closed.\n\nGone soon."
    new = "Twelve people died.\n\nThe road is closed.\n\nNew here."
    page = html.fromstring(f"<div>{render.difference(old, new)}</div>")
    assert next(page.iter("del")).text == "Ten"
    assert next(page.iter("ins")).text == "Twelve"
    assert "1 paragraph unchanged" in page.text_content()


def test_paragraphs_that_came_or_went() -> None:
    assert "<ins>More &lt;b&gt;.</ins>" in render.difference("One.", "One.\n\nMore <b>.")
    assert "<del>More.</del>" in render.difference("One.\n\nMore.", "One.")
    huge = "word " * 5000
    assert render.difference(huge, huge + "end").startswith('<p dir="auto"><del>word word')


@given(TEXTS, TEXTS)
def test_a_difference_holds_both_texts(old: str, new: str) -> None:
    page = html.fromstring(f"<div>{render.difference(old, new)}</div>")
    assert {element.tag for element in page.iter()} <= {"div", "p", "ins", "del"}
    for gone in page.iter("del"):
        assert "".join((gone.text or "").split()) in "".join(render.plain(old).split())


@pytest.mark.parametrize(
    ("back", "words"),
    [(0, "just now"), (61, "1 minute ago"), (7300, "2 hours ago"), (86400 * 3, "3 days ago"), (-7300, "in 2 hours")],
)
def test_how_long_ago(back: float, words: str) -> None:
    assert render.ago(NOW - timedelta(seconds=back), NOW) == words


def test_times_for_people() -> None:
    assert ">22 Nov 2026, 09:05 UTC<" in render.moment("2026-11-22T09:05:00.000Z", NOW)
    assert "unknown" in render.moment(None, NOW)
    assert render.moment("<soon>", NOW) == "&lt;soon&gt;"


def test_bars_are_drawn_without_scripts_and_styles() -> None:
    page = html.fromstring(str(render.bars([("2026-11-21", 4), ("<b>", 0), ("2026-11-22", 2)], "Alerts & more")))
    titles = [title.text for title in page.iter("title")]
    assert titles == ["2026-11-21: 4", "<b>: 0", "2026-11-22: 2"]
    assert not page.xpath("//*[@style] | //script")
    assert render.bars([], "nothing") == ""


def test_marks_from_evidence() -> None:
    evidence = [
        {"term": "flood", "field": "text", "start": 3, "end": 8},
        {"term": "en", "field": "lang", "start": 0, "end": 0},
        {"term": "flood", "field": "title", "start": 0, "end": 5},
    ]
    assert render.marks_of(evidence, "text", "disaster") == [Mark(3, 8, "disaster: flood")]
    assert render.marks_of(evidence, "lang", "disaster") == []
