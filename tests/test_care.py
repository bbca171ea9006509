"""Sources' health as the pipeline lives it: told once when it breaks, once when it mends; pages wait their turn."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from build import NOON, a_document, an_entry
from house import House

from monitor.errors import Gone, Permanent, Temporary
from monitor.ports import Pull
from monitor.stages.restraint import Route

HOUR = timedelta(hours=1)


@pytest.fixture
def house(tmp_path):
    made = House(tmp_path)
    made.pipeline.care.routes = (Route(channel="desk", targets=("a@x.example",)),)
    yield made
    made.close()


def entry(number, **fields):
    fields = {"content": a_document(f"The envoy spoke for the {number}th time about the talks in Doha."), **fields}
    fields = {"url": f"https://wire.example/{number}", "title": f"Talks {number}", **fields}
    return an_entry(guid=f"g{number}", **fields)


def pull(*entries, **fields):
    return Pull(entries=entries, cursor={"n": len(entries)}, status=200, **fields)


def told(house):
    return [text for (text,) in house.all("SELECT subject FROM deliveries WHERE kind = 'notice' ORDER BY id")]


def health(house):
    return house.all("SELECT health FROM sources")[0][0]


def test_a_hard_error_is_told_once_and_so_is_the_recovery(house):
    house.go(pull(entry(1)))
    for _ in range(4):
        house.go(Permanent("HTTP 404: nothing is found at this address; it may have moved", kind="http-404"))
    assert health(house) == "failing"
    assert told(house) == [
        "monitor: wire has begun to fail: HTTP 404: nothing is found at this address; it may have moved"
    ]
    house.go(pull(entry(2)))
    house.go(pull(entry(3)))
    assert told(house)[1:] == ["monitor: wire works again"]
    assert health(house) == "ok"


def test_a_hiccup_is_not_told(house):
    house.go(Temporary("slow", kind="timeout"))
    house.go(Temporary("slow", kind="timeout"))
    house.go(pull(entry(1)))
    assert told(house) == []
    for _ in range(3):
        house.go(Temporary("slow", kind="timeout"))
    assert told(house) == ["monitor: wire has begun to fail (3 times in a row): slow"]


def test_gone_is_paused_and_told_with_the_way_back(house):
    house.go(Gone("HTTP 410: gone for good", kind="http-410"))
    assert health(house) == "gone"
    assert "monitor feeds resume wire" in told(house)[0]


def test_a_source_that_falls_silent_is_quiet_by_its_own_cadence_until_news_come(house):
    for number in range(8):
        house.now = NOON + number * HOUR
        house.go(pull(entry(number)))
    care = house.pipeline.care

    def look(at):
        return asyncio.run(care.look(house.store, at))

    assert look(NOON + 12 * HOUR) == 0
    assert look(NOON + 40 * HOUR) == 1
    assert health(house) == "quiet"
    assert told(house) == ["monitor: wire has gone quiet: nothing new for 33 h; usually something within 1 h"]
    assert look(NOON + 50 * HOUR) == 0
    house.now = NOON + 50 * HOUR
    house.go(pull(entry(7)))  # it works, but brings nothing new
    assert health(house) == "quiet"
    house.go(pull(entry(9)))
    assert health(house) == "ok"
    assert look(NOON + 51 * HOUR) == 0
    assert told(house)[1:] == ["monitor: wire brings news again"]
    assert house.all("SELECT COUNT(*) FROM notices WHERE ended_at IS NULL") == [(0,)]


def test_a_source_whose_entries_leave_nothing_is_barren(house):
    house.go(pull(*(entry(number, title="", url=None, content=a_document("")) for number in range(10))))
    assert {state for (state,) in house.all("SELECT state FROM entries")} <= {"failed", "skipped"}
    assert asyncio.run(house.pipeline.care.look(house.store, NOON)) == 1
    assert health(house) == "barren"
    assert "arrives, but nothing survives" in told(house)[0]
    house.go(pull(entry(100)))
    asyncio.run(house.pipeline.care.look(house.store, NOON))
    assert health(house) == "ok"
    assert told(house)[1:] == ["monitor: wire leaves text again"]


def test_pages_beyond_the_portion_wait_their_turn_in_sight(house):
    house.pipeline.pages_per_poll = 2
    house.world.pages = {f"https://wire.example/{n}": a_document(f"Page {n}. " * 60) for n in range(5)}
    thin = [replace(entry(n), content=None, published_at=NOON - n * HOUR) for n in range(5)]

    assert house.go(pull(*thin)) == 2

    waiting = house.all("SELECT guid, try_at, because FROM entries WHERE state = 'pending' ORDER BY try_at, guid")
    assert [guid for guid, _, _ in waiting] == ["g2", "g3", "g4"]
    assert len({at for _, at, _ in waiting}) == 2
    assert "waits its turn: 2 pages per visit" in waiting[0][2]
    house.now = NOON + HOUR
    assert house.go() == 3


SPAM = "slot gacor judi online https://slot-{0}.example/ terpercaya casino bonus https://judi-{0}.example/"
BODY = "\n\n".join(
    (
        "The council of Altena met on Tuesday and agreed on a budget of {0} million for the schools of the district.",
        "“We had hoped for more,” said the head of the parents' association, who has led it for {0} years.",
        "Work on the roof of the school will begin in spring and take {0} weeks, the council's office said.",
    )
)


def spammed(number):
    return entry(number, content=a_document(f"{BODY.format(number)}\n\n{SPAM.format(number)}"))


def test_spam_links_in_a_source_are_told_once_and_so_is_their_end(house):
    house.go(pull(entry(1)))
    house.go(pull(spammed(2)))
    house.go(pull(spammed(3)))
    (first,) = told(house)
    assert first.startswith("monitor: wire has begun to carry spam links (")
    assert "taken over" in first
    care = house.pipeline.care
    asyncio.run(care.look(house.store, NOON + timedelta(days=6)))
    assert len(told(house)) == 1
    asyncio.run(care.look(house.store, NOON + timedelta(days=9)))
    assert "monitor: wire carries no spam links any more" in told(house)
