"""Stories on the way of an entry: copies, updates, revisions, floods and the operator's word, on a real store."""

from __future__ import annotations

from datetime import timedelta

import pytest
from build import a_document, a_rule, an_entry
from house import House

from monitor.ports import Pull
from monitor.store import held, stories

LEAD = "The ferry company Nordlinie said on Tuesday it would close its route between Halden and Skagen in October."
WORK = "About 130 people work on the two ships, the Aurora and the Boreas, and most of them live in Halden."
MAYOR = "The mayor of Halden, Ole Brandt, called the decision a hard blow for the harbour and for its fishermen."
ENVOY = "An envoy of the ministry met the owners on Wednesday evening and promised 12 million crowns for the winter."
OTHER = "Engineers closed the railway bridge at Karlsby on Monday after a diver had found a crack in its third pier."
FERRY = f"{LEAD} {WORK}\n\n{MAYOR}"


@pytest.fixture
def build(tmp_path):
    made = []

    def make(**options):
        made.append(House(tmp_path, **options))
        return made[-1]

    yield make
    for house in made:
        house.close()


def entry(guid, text, title="Halden loses its ferry", **fields):
    return an_entry(guid=guid, url=f"https://wire.example/{guid}-1", title=title, content=a_document(text), **fields)


def pull(*entries):
    return Pull(entries=entries, cursor={"etag": "x"}, status=200)


def go(house, *entries):
    """One poll and its digestion for each entry, so that they are settled in this order."""
    for one in entries:
        house.go(pull(one))


def alerts(house):
    return house.all("SELECT key, update_of FROM alerts ORDER BY id")


def outcomes(house):
    return house.all("SELECT outcome, because FROM matches ORDER BY id")


def test_copies_and_echoes_join_the_story_and_raise_no_second_alert(build):
    house = build(given=(a_rule(query="ferry"),))
    go(house, entry("one", FERRY), entry("two", FERRY), entry("three", f"{FERRY}\n\n{ENVOY}"))

    assert house.all("SELECT state FROM entries ORDER BY id") == [("done",), ("copy",), ("done",)]
    assert house.all("SELECT story_id, ruling FROM articles ORDER BY id") == [(1, "fresh"), (1, "echo")]
    assert house.all("SELECT size FROM stories") == [(2,)]
    assert alerts(house) == [("envoy/story:1", None)]


def test_another_event_is_another_story(build):
    house = build(given=(a_rule(query="ferry OR bridge"),))
    house.go(pull(entry("one", FERRY), entry("two", OTHER, "Bridge closed")))

    assert [key for key, _ in alerts(house)] == ["envoy/story:1", "envoy/story:2"]


def test_an_update_is_told_when_it_adds_a_sentence_that_matches(build):
    house = build(given=(a_rule(query="ferry OR envoy", updates=True),))
    house.go(pull(entry("one", FERRY)))
    house.go(pull(entry("two", f"By our staff\n\n{FERRY}")))
    house.go(pull(entry("three", f"{FERRY}\n\n{ENVOY}", "Envoy promises money")))
    house.go(pull(entry("four", f"{FERRY}\n\n{ENVOY}\n\nRead more about it tomorrow.", "Money for the ferry")))

    assert [update for _, update in alerts(house)] == [None, 1]
    assert house.all("SELECT count(*) FROM stories") == [(1,)]
    assert [outcome for outcome, _ in outcomes(house)] == ["alert", "repeat", "alert", "repeat"]
    assert "adds no sentence that matches" in outcomes(house)[1][1]


def test_a_revision_keeps_what_was_said_and_raises_no_alert(build):
    house = build(given=(a_rule(query="ferry"),))
    go(house, entry("one", FERRY), entry("one", FERRY.replace("130", "150")))

    assert house.all("SELECT state FROM entries") == [("revision",)]
    assert house.all("SELECT text FROM revisions") == [(FERRY,)]
    assert len(alerts(house)) == 1


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (FERRY.replace("130", "150"), False),  # elsewhere
        (FERRY.replace("in October", "in the second week of November"), True),  # in the sentence that matched
        (f"{FERRY}\n\nA second ferry may follow, the company wrote to its staff.", True),  # another one
        (f"{WORK}\n\n{MAYOR}", True),  # withdrawn
    ],
)
def test_a_revision_is_told_where_the_sentence_that_matched_changed(build, after, told):
    house = build(given=(a_rule(query="ferry", updates=True),))
    go(house, entry("one", FERRY, "Halden"), entry("one", after, "Halden"))

    assert house.all("SELECT state FROM entries") == [("revision",)]
    assert alerts(house)[1:] == ([("envoy/article:1/revision:1", 1)] if told else [])


def test_a_withdrawn_sentence_is_quoted(build):
    house = build(given=(a_rule(query="ferry", updates=True),))
    go(house, entry("one", FERRY, "Halden"), entry("one", f"{WORK}\n\n{MAYOR}", "Halden"))

    ((sentence, because),) = house.all("SELECT sentence, because FROM matches WHERE revision = 1")
    assert sentence == LEAD
    assert because == f"the sentence that matched was changed or withdrawn: {LEAD}"


def test_the_same_guid_with_another_link_and_text_is_a_new_article(build):
    house = build()
    house.go(pull(entry("one", FERRY)))
    again = an_entry(guid="one", url="https://wire.example/bridge-2", title="Bridge", content=a_document(OTHER))
    house.go(pull(again))

    assert house.all("SELECT count(*) FROM stories") == [(2,)]


def flooded(house, days=10, a_day=2, flood=60):
    """A source that brings two entries a day, and then sixty."""
    for day in range(days):
        house.go(pull(*(entry(f"d{day}-{n}", f"{OTHER} {day} {n}", f"Bridge {day} {n}") for n in range(a_day))))
        house.now += timedelta(days=1)
    house.go(pull(*(entry(f"f{n}", f"{LEAD} {n}", f"Ferry {n}") for n in range(flood))))


def test_a_flood_is_held_and_reported_once(build):
    house = build(given=(a_rule(query="ferry"),))
    flooded(house)
    house.now += timedelta(minutes=15)
    house.go(pull(*(entry(f"g{n}", f"{LEAD} {n}", f"Ferry {n}") for n in range(70))))

    assert house.all("SELECT count(*) FROM entries WHERE state = 'held'") == [(130,)]
    assert alerts(house) == []
    assert len(house.all("SELECT key FROM notices WHERE key = 'flood/wire'")) == 1


def test_a_released_flood_goes_its_way_and_a_discarded_one_does_not(build):
    house = build(given=(a_rule(query="ferry"),))
    flooded(house)
    (first, *_rest) = [row["entry"] for row in house.store.read_now(lambda db: held.of_source(db, "wire"))]
    assert house.store.write_now(lambda db: held.release(db, "wire", house.now, [first])) == 1
    assert house.store.write_now(lambda db: held.discard(db, "wire", house.now)) == 59
    house.go()

    assert house.all("SELECT state FROM entries WHERE id = ?", first) == [("done",)]
    assert [key for key, _ in alerts(house)] == [f"envoy/story:{house.all('SELECT max(id) FROM stories')[0][0]}"]
    assert house.all("SELECT count(*) FROM entries WHERE state = 'skipped' AND payload IS NULL") == [(59,)]
    assert house.all("SELECT ended_at IS NULL FROM notices WHERE key = 'flood/wire'") == [(0,)]

    house.go(pull(*(entry(f"f{n}", f"{LEAD} {n}", f"Ferry {n}") for n in range(60))))
    assert house.all("SELECT count(*) FROM entries WHERE state = 'skipped'") == [(59,)]  # it stays discarded


def test_what_the_operator_split_stays_split_when_the_article_changes(build):
    house = build()
    go(house, entry("one", FERRY), entry("two", f"{FERRY}\n\n{ENVOY}"))
    assert house.all("SELECT story_id FROM articles ORDER BY id") == [(1,), (1,)]

    new = house.store.write_now(lambda db: stories.split(db, [2], house.now))
    house.go(pull(entry("two", f"{FERRY}\n\n{ENVOY} Nobody knows more.")))

    assert house.all("SELECT story_id, revisions FROM articles ORDER BY id") == [(1, 0), (new, 1)]
