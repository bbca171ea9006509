"""The story of a source and of an entry, on a real store; only the world outside is faked."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from build import a_document, an_entry
from house import House

from monitor.errors import Gone, Permanent, StoreFull, Temporary
from monitor.pipeline import ATTEMPTS
from monitor.ports import Pull
from monitor.store import raw

BODY = "The envoy met the minister in Doha on Sunday, and both sides said that talks would go on for another week."
PAGE = f"<html><title>Talks</title><body><article><h1>Talks</h1>{f'<p>{BODY}</p>' * 6}</article></body></html>"


@pytest.fixture
def build(tmp_path):
    made = []

    def make(**options):
        made.append(House(tmp_path, **options))
        return made[-1]

    yield make
    for house in made:
        house.close()


@pytest.fixture
def house(build):
    return build()


def entry(guid="g1", text=BODY, **fields):
    return an_entry(
        guid=guid, url=f"https://wire.example/{guid}", title=f"Talks {guid}", content=a_document(text), **fields
    )


def pull(*entries, **fields):
    return Pull(entries=entries, cursor={"etag": "x"}, status=200, **fields)


STATES = "SELECT state FROM entries ORDER BY id"


def test_an_entry_becomes_an_article_a_match_an_alert_and_a_delivery(house):
    assert house.go(pull(entry())) == 1

    assert house.all(STATES) == [("done",)]
    assert house.all("SELECT title, text FROM articles") == [("Talks g1", BODY)]
    assert house.all("SELECT rule, outcome, sentence FROM matches") == [("envoy", "alert", BODY)]
    assert house.all("SELECT key FROM alerts") == [("envoy/story:1",)]
    assert house.all("SELECT channel, state FROM deliveries") == [("console", "pending")]
    assert house.pipeline.alerted.is_set()


def test_the_raw_document_is_kept_under_its_hash(house):
    house.go(pull(entry()))

    [(sha256,)] = house.all("SELECT document_sha256 FROM articles")
    assert house.raw.read_now(lambda db: raw.get(db, sha256)).body == BODY.encode()


def test_the_same_again_is_nothing_new(house):
    house.go(pull(entry()))

    assert house.go(pull(entry())) == 0
    assert house.all("SELECT COUNT(*) FROM entries") == [(1,)]


def test_an_exact_copy_is_an_appearance_and_no_second_alert(house):
    house.go(pull(entry("a")))
    house.go(pull(entry("b")))

    assert house.all(STATES) == [("done",), ("copy",)]
    assert house.all("SELECT COUNT(*) FROM articles") == [(1,)]
    assert house.all("SELECT outcome FROM matches ORDER BY id") == [("alert",), ("repeat",)]
    assert house.all("SELECT COUNT(*) FROM alerts") == [(1,)]
    [(because,)] = house.all("SELECT because FROM entries WHERE state = 'copy'")
    assert because


def test_a_known_address_is_not_fetched_again(house):
    house.go(pull(entry("a")))
    again = replace(entry("a"), guid="other", content=None)

    house.go(pull(again))  # World.page would raise KeyError

    assert house.all(STATES) == [("done",), ("copy",)]


def test_an_edit_is_a_revision_that_keeps_its_story_and_raises_no_alert(house):
    house.go(pull(entry()))
    house.go(pull(entry(text=BODY + " The envoy left Doha in the evening.")))

    assert house.all(STATES) == [("revision",)]
    assert house.all("SELECT text FROM revisions") == [(BODY,)]
    [(text,)] = house.all("SELECT text FROM articles")
    assert text.endswith("in the evening.")
    assert house.all("SELECT COUNT(*) FROM alerts") == [(1,)]
    assert house.all("SELECT rowid FROM articles_fts WHERE articles_fts MATCH 'evening'") == [(1,)]


def test_a_first_poll_is_a_baseline_that_is_matched_but_not_sent(build):
    house = build(baseline=True)
    house.go(pull(entry("a"), entry("b", text="Rain is expected in the north on Monday, the weather service said.")))
    assert house.all("SELECT state FROM entries") == [("baseline",), ("baseline",)]
    assert house.all("SELECT outcome FROM matches") == [("baseline",)]
    assert house.all("SELECT COUNT(*) FROM deliveries") == [(0,)]

    house.go(
        pull(entry("c", text="The envoy resigned on Tuesday after a dispute with the foreign minister over the talks."))
    )
    assert house.all("SELECT COUNT(*) FROM alerts") == [(1,)]


def test_a_thin_entry_is_read_from_its_page(house):
    house.world.pages["https://wire.example/g1"] = a_document(
        PAGE, media_type="text/html", url="https://wire.example/g1"
    )
    house.go(pull(replace(entry(), content=None)))

    [(text,)] = house.all("SELECT text FROM articles")
    assert BODY in text


def test_a_page_that_cannot_be_had_leaves_the_entrys_own_text_and_says_so(house):
    house.world.pages["https://wire.example/g1"] = Permanent("HTTP 403", kind="http-403")
    teaser = a_document(f"<p>{BODY}</p>", media_type="text/html", fragment=True)
    house.go(pull(replace(entry(), content=teaser)))

    assert house.all("SELECT text FROM articles") == [(BODY,)]
    [(because,)] = house.all("SELECT because FROM entries")
    assert "HTTP 403" in because


def test_news_does_not_wait_for_a_page_which_follows_as_a_revision(house):
    address = "https://wire.example/g1"
    house.world.pages[address] = Temporary("HTTP 503", kind="http-503")
    teaser = "The envoy arrived in Doha on Monday for talks."
    content = a_document(f"<p>{teaser}</p>", media_type="text/html", fragment=True)
    house.go(pull(replace(entry(), content=content)))

    assert house.all("SELECT text FROM articles") == [(teaser,)]
    assert house.all("SELECT COUNT(*) FROM alerts") == [(1,)]
    [(state, because)] = house.all("SELECT state, because FROM entries")
    assert state == "pending"
    assert "HTTP 503" in because
    assert "asked for again" in because

    house.now += timedelta(hours=1)
    house.go()
    assert house.all("SELECT state, because FROM entries") == [("pending", "http-503: HTTP 503")]

    house.world.pages[address] = a_document(PAGE, media_type="text/html", url=address)
    house.now += timedelta(hours=1)
    house.go()
    assert house.all("SELECT state, payload FROM entries") == [("revision", None)]
    [(text,)] = house.all("SELECT text FROM articles")
    assert BODY in text
    assert house.all("SELECT COUNT(*) FROM alerts") == [(1,)]


def test_a_page_whose_link_led_elsewhere_is_a_revision_too(house):
    house.world.pages["https://wire.example/g1"] = Temporary("HTTP 503", kind="http-503")
    teaser = a_document("<p>The envoy arrived in Doha on Monday.</p>", media_type="text/html", fragment=True)
    house.go(pull(replace(entry(), content=teaser)))

    elsewhere = "https://paper.example/story/9"
    house.world.pages["https://wire.example/g1"] = a_document(PAGE, media_type="text/html", url=elsewhere)
    house.now += timedelta(hours=1)
    house.go()

    assert house.all("SELECT state, article_id FROM entries") == [("revision", 1)]
    [(text,)] = house.all("SELECT text FROM articles")
    assert BODY in text
    assert house.all("SELECT COUNT(*) FROM alerts") == [(1,)]


def test_a_page_that_never_comes_leaves_the_entrys_own_text(house):
    house.world.pages["https://wire.example/g1"] = Temporary("timeout", kind="timeout")
    content = a_document(f"<p>{BODY[:200]}</p>", media_type="text/html", fragment=True)
    house.go(pull(replace(entry(), content=content)))
    before = house.all("SELECT text FROM articles")

    for _ in range(ATTEMPTS):
        house.now += timedelta(days=2)
        house.go()

    [(state, because, payload)] = house.all("SELECT state, because, payload FROM entries")
    assert (state, payload) == ("done", None)
    assert "the feed's own text" in because
    assert "asked for" not in because
    assert house.all("SELECT text FROM articles") == before


def test_a_page_that_is_not_there_yet_is_tried_again_and_then_given_up(house):
    house.world.pages["https://wire.example/g1"] = Temporary("timeout", kind="timeout")
    house.go(pull(replace(entry(), content=None, title="")))
    assert house.all("SELECT state, because FROM entries") == [("pending", "timeout: timeout")]

    for _ in range(ATTEMPTS):
        house.now += timedelta(days=2)
        house.go()

    [(state, because)] = house.all("SELECT state, because FROM entries")
    assert state == "failed"
    assert because


def test_a_document_that_kills_its_worker_fails_alone(house):
    house.world.crash = Permanent("ended two worker processes (SIGSEGV)", kind="crash")
    house.go(pull(entry()))

    assert house.all("SELECT state, because FROM entries") == [
        ("failed", "crash: talks.txt ended two worker processes (SIGSEGV)")
    ]
    [(sha256,)] = house.all("SELECT document_sha256 FROM entries")
    assert house.raw.read_now(lambda db: raw.get(db, sha256)) is not None, "it can be looked at"


def test_a_bug_is_shown_and_the_rest_goes_on(house):
    house.world.crash = ZeroDivisionError("oops")
    house.go(pull(entry("a")))
    house.world.crash = None
    house.go(pull(entry("b")))

    assert house.all("SELECT state FROM entries ORDER BY id") == [("failed",), ("done",)]


def test_a_full_disk_stops_the_work_and_loses_nothing(house):
    house.world.crash = StoreFull("no room")
    with pytest.raises(StoreFull):
        house.go(pull(entry()))
    house.world.crash = None
    house.now += timedelta(hours=1)

    house.go()

    assert house.all(STATES) == [("done",)]


def test_a_failed_poll_keeps_the_cursor_and_backs_off(house):
    house.go(pull())
    house.go(Temporary("HTTP 503", retry_after=7200, kind="http-503"))

    [(cursor, health, because, due)] = house.all("SELECT cursor, health, health_because, next_poll_at FROM sources")
    assert '"etag": "x"' in cursor
    assert (health, because) == ("failing", "HTTP 503")
    assert due >= "2026-11-22T14:00:00"


def test_gone_stops_polling(house):
    house.go(Gone("HTTP 410", kind="http-410"))

    assert house.all("SELECT health FROM sources") == [("gone",)]


def test_a_source_is_acknowledged_only_after_its_entries_are_stored(house):
    house.go(pull(entry()))

    assert len(house.world.acknowledged) == 1


def test_a_killed_run_resumes_at_once(build):
    first = build()

    async def poll_only():
        first.world.pulls.append(pull(entry()))
        started = []
        await first.pipeline.poll_due(started.append)
        await asyncio.gather(*started)
        await first.store.write(lambda db: db.execute("UPDATE entries SET lease_run = 'run-1', lease_until = '2099'"))

    asyncio.run(poll_only())
    assert first.go() == 0, "our own lease still stands"

    second = build(run="run-2")
    assert second.go() == 1
    assert second.all(STATES) == [("done",)]


def test_what_another_run_settled_is_not_settled_twice(house):
    house.go(pull(entry()))
    house.store.write_now(lambda db: db.execute("UPDATE entries SET state = 'pending', announced_hash = ''"))

    house.go()

    assert house.all("SELECT COUNT(*) FROM articles") == [(1,)]
    assert house.all("SELECT COUNT(*) FROM alerts") == [(1,)]


def test_an_edit_that_comes_while_the_first_text_is_digested_is_not_lost(house):
    run = house.world.run

    async def slow(function, *args, **options):
        house.world.run = run
        edited = pull(entry(text=BODY + " The envoy left Doha in the evening."))
        house.world.pulls.append(edited)
        started = []
        await house.pipeline.poll_due(started.append, everything=True)
        await asyncio.gather(*started)
        return await run(function, *args, **options)

    house.world.run = slow
    house.go(pull(entry()))

    assert house.all(STATES) == [("revision",)]
    assert house.all("SELECT COUNT(*) FROM revisions") == [(1,)]
    [(text,)] = house.all("SELECT text FROM articles")
    assert text.endswith("in the evening.")


def test_a_front_page_that_many_entries_link_to_swallows_none(house):
    texts = [BODY, "Heavy rain is expected in the northern provinces on Monday, the weather service said in Herat."]
    found = [
        replace(entry(str(i), text=text), url="https://wire.example/", title=text[:30]) for i, text in enumerate(texts)
    ]
    house.go(pull(*found))

    assert house.all(STATES) == [("done",), ("done",)]


def test_a_like_text_at_one_address_is_a_copy_and_a_fuller_one_of_the_same_source_revises(house):
    more = "".join(
        f" Point {i} of the agenda was the {word} of the accord, officials told reporters."
        for i, word in enumerate(
            ("text", "scope", "length", "guarantee", "signature", "monitoring", "language", "withdrawal")
        )
    )
    at = {"url": "https://wire.example/a", "title": "Talks in Doha go on"}
    house.go(pull(replace(entry("1", text=BODY + more), **at)))
    house.go(pull(replace(entry("2", text=BODY + more + " It rained."), **at)))
    house.go(
        pull(replace(entry("3", text=(BODY + more) + more.replace("accord", "treaty").replace("Point", "Item")), **at))
    )

    assert house.all(STATES) == [("done",), ("copy",), ("revision",)]
    assert house.all("SELECT COUNT(*) FROM articles") == [(1,)]
    assert house.all("SELECT COUNT(*) FROM alerts") == [(1,)]


def test_what_cannot_be_acknowledged_ends_no_round(house, monkeypatch):
    async def refuse(row, pull):
        raise Temporary("the folder cannot be written", kind="folder")

    monkeypatch.setattr(house.world, "acknowledge", refuse)
    assert house.go(pull(entry())) == 1
    assert house.all(STATES) == [("done",)]
    assert ("failed", "the folder cannot be written") in house.all("SELECT outcome, because FROM polls")


def test_a_cursor_may_hold_a_file_name_that_is_no_utf8(house):
    house.go(replace(pull(entry()), cursor={"done": ["/drop/.work/new\nline\udcff.txt"]}))
    house.go(replace(pull(), cursor={}))
    assert house.all(STATES) == [("done",)]
    assert house.world.acknowledged[0].cursor["done"] == ["/drop/.work/new\nline\udcff.txt"]
    assert house.all("SELECT cursor FROM sources") == [("{}",)]
