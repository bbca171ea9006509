"""One document, all it means."""

from __future__ import annotations

import json

import pytest
from build import a_document, a_rule, an_article, an_entry

from monitor.errors import Permanent
from monitor.model import Document, Work
from monitor.stages.digest import digest
from monitor.stages.rules import RuleBook, compile_rule

STORY = """Home / World / Envoy meets minister in Doha

Envoy meets minister in Doha

The envoy met the minister in Doha on Sunday, and both sides said that the talks on a ceasefire would go on for a week.

“We will stay until it is done,” the envoy told reporters after the meeting, which lasted for more than four hours.

About admin

Check Also

Drones seen over the northern border again

The army said on Monday that it had seen drones over the …
"""


def book(*rules):
    made = RuleBook()
    for rule in rules:
        made.add(compile_rule(rule, {}))
    return made


def work(text=STORY, **fields):
    return Work(entry=an_entry(content=a_document(text), title=""), **fields)


def test_a_match_cuts_its_term_out_of_the_stored_text():
    found = digest(work(), book(a_rule()))

    [match] = found.matches
    cut = {
        (hit.field, {"text": found.article.text, "title": found.article.title}[hit.field][hit.start : hit.end])
        for hit in match.hits
    }
    assert ("text", "envoy") in cut
    assert not match.suppressed


def test_a_rule_that_matches_only_removed_text_is_suppressed_with_its_block():
    found = digest(work(), book(a_rule(slug="drones", query="drones")))

    [match] = found.matches
    assert match.suppressed
    assert match.removed is not None
    block = found.removed[match.removed]
    assert {block.text[hit.start : hit.end].lower() for hit in match.hits} == {"drones"}
    assert block.reason in match.because
    assert "drones" not in found.article.text.lower()


def test_a_rule_with_one_leg_in_removed_text_is_suppressed_too():
    found = digest(work(), book(a_rule(slug="both", query="envoy AND drones")))

    [match] = found.matches
    assert match.suppressed


def test_the_page_is_used_where_it_gives_more_and_the_own_body_where_the_page_gives_nothing():
    own = Document(
        body=b"<p>" + b"The envoy met the minister in Doha on Sunday. " * 9 + b"</p>",
        fragment=True,
        media_type="text/html",
    )
    wall = Document(
        body=b"<html><body><p>Please log in.</p></body></html>", media_type="text/html", url="https://example.org/a"
    )
    entry = an_entry(content=own, url="https://example.org/a")

    found = digest(Work(entry=entry, page=wall), book())

    assert "met the minister" in found.article.text
    assert found.article.document_sha256 == own.sha256


def test_an_entry_of_a_headline_alone_is_an_article():
    found = digest(Work(entry=an_entry(content=None, title="Envoy resigns")), book(a_rule()))

    assert found.article.title == "Envoy resigns"
    assert [match.rule for match in found.matches] == ["envoy"]


@pytest.mark.parametrize(
    "documents",
    [
        {"content": Document(body=b"<img src='/p.jpg'>", media_type="text/html", fragment=True)},
        {"content": None, "page": Document(body=b"<html><script>x()</script></html>", media_type="text/html")},
        {"content": None, "page": Document(body=b"\0\1\2" * 99, media_type="text/html")},
    ],
    ids=["a picture", "a page of scripts", "a page that is no text"],
)
def test_a_headline_is_news_though_nothing_else_has_text(documents):
    page = documents.pop("page", None)
    found = digest(Work(entry=an_entry(title="Envoy resigns", **documents), page=page), book(a_rule()))

    assert found.article.title == "Envoy resigns"
    assert [match.rule for match in found.matches] == ["envoy"]


def test_a_file_that_is_no_text_is_refused_whatever_its_name():
    with pytest.raises(Permanent):
        digest(Work(entry=an_entry(content=Document(body=b"\0\1\2" * 99), title="Envoy.bin")), book())


def test_a_known_text_is_matched_as_it_appears_here():
    known = an_article(number=7, outlet="Wire", url="https://wire.example/a")
    here = Work(entry=an_entry(source="paper", url="https://paper.example/a"), known=known, outlet="Paper")

    found = digest(
        here, book(a_rule(slug="scoped", query="envoy AND url:paper.example"), a_rule(slug="other", feeds=("wire",)))
    )

    assert [match.rule for match in found.matches] == ["scoped"]
    assert (found.article.number, found.article.outlet) == (7, "Paper")


def test_what_holds_nothing_is_refused_with_its_reason():
    with pytest.raises(Permanent, match=r"\w"):
        digest(Work(entry=an_entry(content=Document(body=b"\0\1\2" * 99), title="")), book())


def test_the_index_words_are_those_that_rules_see():
    told = "The U.S. plan on counter-terrorism was told to reporters in Doha on Sunday evening."

    found = digest(work(f"U.S. Counter-Terrorism plan\n\n{told}"), book())

    assert {"us", "counter", "terrorism", "counterterrorism"} <= set(found.index_text.split())


def test_a_record_that_names_its_address_is_found_there():
    text = "The envoy met the minister in Doha on Sunday."
    record = json.dumps({"title": "Talks go on", "url": "https://wire.example/a", "text": text}).encode()
    content = Document(body=record, media_type="application/json", name="a.json")

    found = digest(Work(entry=an_entry(content=content, title="", url=None)), book())

    assert found.article.url == "https://wire.example/a"
