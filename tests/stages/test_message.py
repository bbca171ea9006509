"""What a message says: subjects, marks, groups, links and the JSON, whatever the feed brings."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from deliveries import NOW, a_delivery, a_hit, an_alert
from hypothesis import given
from hypothesis import strategies as st

from monitor.model import Hit
from monitor.stages import message

HOSTILE = "Breaking\r\nBcc: victim@example.org\x00\u202egnp.exe\u2066 \U000e0041end"


@pytest.mark.parametrize(
    ("delivery", "expected"),
    [
        (a_delivery(), "[envoy] Khalilzad returns to Doha for talks (Example News)"),
        (a_delivery(an_alert(update_of=3, outlet="")), "[envoy] Update: Khalilzad returns to Doha for talks"),
        (
            a_delivery(an_alert(title="", outlet="")),
            "[envoy] Envoy Zalmay Khalilzad said the talks would resume in Doha on Monday.",
        ),
        (a_delivery(an_alert(1), an_alert(2), kind="digest"), "[envoy] 2 alerts: Khalilzad returns to Doha for talks"),
        (a_delivery(an_alert(1), an_alert(2, rule="talks"), kind="digest"), "2 alerts: envoy, talks"),
        (a_delivery(an_alert(1), kind="summary", more=36), "[envoy] and 37 more alerts"),
        (a_delivery(kind="test"), "[test] [envoy] Khalilzad returns to Doha for talks (Example News)"),
        (a_delivery(kind="notice", subject="desk fails", body="x", alerts=()), "desk fails"),
    ],
)
def test_subject_says_rule_and_headline(delivery, expected):
    assert expected == message.subject(delivery)


def test_subject_is_one_safe_line():
    subject = message.subject(a_delivery(an_alert(title=HOSTILE * 40, outlet=HOSTILE)))

    assert len(subject) <= 300
    assert not [c for c in subject if unicodedata.category(c) in ("Cc", "Zl", "Zp")]
    assert not set("\u202e\u2066\U000e0041") & set(subject)


@given(st.text(max_size=700))
def test_any_text_becomes_one_safe_line(text):
    line = message.one_line(text)

    assert len(line) <= 300
    assert line == message.one_line(line)
    assert not [c for c in line if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")]


def test_hits_are_marked_in_headline_and_sentence():
    alert = an_alert()

    assert message.plain(message.headline(alert), "*", "*") == "*Khalilzad* returns to Doha for talks"
    (sentence,) = message.sentences(alert)
    assert (
        message.plain(sentence, "*", "*") == "Envoy Zalmay *Khalilzad* said the talks would resume in Doha on Monday."
    )


def test_two_hits_in_one_sentence_are_one_quotation():
    alert = an_alert(hits=(a_hit("Doha"), a_hit("Khalilzad"), a_hit("Khalilzad said")))

    (sentence,) = message.sentences(alert)

    assert (
        message.plain(sentence, "*", "*") == "Envoy Zalmay *Khalilzad said* the talks would resume in *Doha* on Monday."
    )


def test_a_very_long_sentence_is_cut_around_its_hit():
    long = "word " * 400 + "Khalilzad" + " word" * 400
    (sentence,) = message.sentences(an_alert(hits=(a_hit(sentence=long),)))
    text = message.plain(sentence, "*", "*")

    assert len(text) < message.SNIPPET_LIMIT + 10
    assert "*Khalilzad*" in text
    assert text.startswith("… ")
    assert text.endswith(" …")


@given(st.text(min_size=1, max_size=900), st.integers(0, 900), st.integers(0, 40))
def test_marks_never_fall_outside_or_reorder_the_text(text, start, length):
    hit = Hit(term="x", field="text", start=start, end=start + length, sentence=text, sentence_start=0)
    (segments,) = message.sentences(an_alert(hits=(hit,)))
    letters = [c for c in message.plain(segments) if c.isalnum()]
    source = iter(c for c in text if c.isalnum())

    assert all(any(c == other for other in source) for c in letters)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/x?y=1&z=2", True),
        ("http://a.example", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("https://a.example/\r\nX: y", False),
        ('https://a.example/"onclick=', False),
        ("https://[broken", False),
        ("https:///nohost", False),
        (None, False),
    ],
)
def test_only_plain_web_addresses_become_links(url, expected):
    assert expected == bool(message.web_link(url))


def test_a_story_found_twice_is_listed_once():
    first, again, other = an_alert(1), an_alert(2, story=1), an_alert(3, rule="talks")

    groups = message.groups([first, again, other])

    assert [(g.rule, g.alerts, len(g.stories)) for g in groups] == [("envoy", 2, 1), ("talks", 1, 1)]


def test_times_are_told_in_the_readers_zone():
    assert message.when(NOW, ZoneInfo("Europe/Berlin")) == "22 Nov 2026, 10:30 CET"
    assert message.when(None, UTC) == "unknown"


def test_payload_is_stable_and_names_everything():
    links = message.Links(base_url="https://desk.example")
    delivery = a_delivery(an_alert(update_of=7), thread_id="feed")

    payload = message.payload(delivery, links)

    assert payload == message.payload(delivery, links)
    assert (payload["type"], payload["version"]) == ("alert.created", 1)
    alert = payload["data"]["alerts"][0]
    assert alert["links"]["alert"] == "https://desk.example/alert/1"
    assert alert["article"]["published_at"] == "2026-11-22T08:05:00.000Z"
    assert alert["hits"][0]["sentence"][13:22] == "Khalilzad"
    assert alert["update_of"] == 7
    assert payload["data"]["delivery"]["thread"] == "feed"


def test_unknown_dates_and_addresses_stay_unknown():
    article = message.payload(a_delivery(an_alert(published_at=None, url="ftp://x")))["data"]["alerts"][0]["article"]

    assert article["published_at"] is None
    assert article["url"] is None


def test_a_summary_links_to_the_rest():
    links = message.Links(base_url="https://desk.example")
    data = message.payload(a_delivery(kind="summary", more=36), links)["data"]

    assert data["more"] == 36
    assert data["more_url"].endswith("rule=envoy")


def test_when_a_naive_zone_is_utc_the_text_says_so():
    assert message.when(datetime(2026, 1, 1, tzinfo=UTC), UTC) == "1 Jan 2026, 00:00 UTC"


def test_a_date_is_told_once_where_it_is_the_same():
    assert message.times(an_alert(), UTC) == ("published 22 Nov 2026, 08:05", "seen 09:29 UTC")
    earlier = an_alert(published_at=datetime(2026, 11, 20, 8, 5, tzinfo=UTC))
    assert message.times(earlier, UTC) == ("published 20 Nov 2026, 08:05 UTC", "seen 22 Nov 2026, 09:29 UTC")
    assert message.times(an_alert(published_at=None), UTC)[0] == "publication time unknown"


def test_why_names_what_hit_where():
    alert = an_alert(because="", hits=(*an_alert().hits, Hit(term="A. Writer", field="author", start=0, end=0)))

    assert message.why(alert) == "rule envoy: “Khalilzad” in text and title; “A. Writer” in author"
    assert message.why(an_alert(because="", hits=())) == "rule envoy"
    assert message.why(an_alert()) == "rule envoy: Khalilzad in title and text"


def test_a_text_that_begins_with_its_headline_is_not_quoted_with_it():
    headline = a_hit(sentence="Khalilzad returns to Doha for talks", start=0)
    said = [message.plain(segments) for segments in message.sentences(an_alert(hits=(headline, a_hit())))]

    assert said == ["Envoy Zalmay Khalilzad said the talks would resume in Doha on Monday."]
    assert len(message.sentences(an_alert(hits=(headline,)))) == 1


def test_a_title_of_paragraphs_is_cut_for_the_headline():
    title = "Doha " + "talks and more talks " * 240 + "Khalilzad"
    hits = (
        Hit(term="doha", field="title", start=0, end=4),
        Hit(term="khalilzad", field="title", start=len(title) - 9, end=len(title)),
    )

    shown = message.headline(an_alert(title=title, hits=hits))

    assert shown[0] == message.Segment(text="Doha", marked=True)
    assert len(shown) == 2
    assert sum(len(piece.text) for piece in shown) <= message.SUBJECT_LIMIT
    assert shown[-1].text.endswith("…")


@pytest.mark.parametrize(
    ("term", "shown"), [('"new delhi"', "new delhi"), ("kabul", "kabul"), ('"a b"~5', '"a b"~5'), ('"', '"')]
)
def test_a_phrase_is_quoted_once(term, shown):
    alert = an_alert(because="", rule="west", hits=(a_hit(term=term, variant="", field="text"),))

    assert message.why(alert) == f"rule west: “{shown}” in text"
    assert message.terms(alert) == (shown,)
