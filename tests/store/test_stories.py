"""Stories as they are shown, split and joined, on a real store."""

from __future__ import annotations

from datetime import timedelta

import pytest
from build import NOON
from told import a_source, settle

from monitor.errors import Permanent
from monitor.store import stories


@pytest.fixture
def told(store):
    """Story 1: articles 1 and 2 at two sources, article 1 alerted on. Story 2: article 3."""

    def write(db):
        settle(db, 1)
        settle(db, 2, story=1, source="herald", now=NOON + timedelta(minutes=5))
        settle(db, 3, source="herald", now=NOON + timedelta(minutes=9))

    store.write_now(write)
    return store


def shape(store):
    return store.read_now(
        lambda db: [
            (row["id"], row["size"], row["first_article_id"], row["joined_to"])
            for row in db.execute("SELECT * FROM stories ORDER BY id")
        ]
    )


def test_the_list_says_who_was_first_and_how_many_told_it(told):
    (last, first) = told.read_now(stories.recent)
    assert (last["id"], last["appearances"]) == (2, 1)
    assert (first["id"], first["size"], first["appearances"], first["alerts"]) == (1, 2, 2, 1)
    assert first["first_outlet"] == "wire"
    assert [row["id"] for row in told.read_now(lambda db: stories.recent(db, least=2))] == [1]
    assert [row["id"] for row in told.read_now(lambda db: stories.recent(db, since=NOON + timedelta(minutes=8)))] == [2]
    assert len(told.read_now(lambda db: stories.recent(db, alerted=True))) == 2


def test_a_story_shows_outlets_in_order_members_and_alerts(told):
    story = told.read_now(lambda db: stories.get(db, 1))
    assert story["outlets"] == ["wire", "herald"]
    assert [article["ruling"] for article in story["articles"]] == ["fresh", "echo"]
    assert [appearance["entry"] for appearance in story["appearances"]] == [1, 2]
    assert [alert["rule"] for alert in story["alerts"]] == ["envoy"]


def test_a_split_takes_along_what_was_matched(told):
    new = told.write_now(lambda db: stories.split(db, [1], NOON))
    assert shape(told) == [(1, 1, 2, None), (2, 1, 3, None), (new, 1, 1, None)]
    rows = told.read_now(lambda db: db.execute("SELECT story_id FROM alerts WHERE article_id = 1").fetchall())
    assert [row["story_id"] for row in rows] == [new]
    (article,) = told.read_now(lambda db: stories.get(db, new))["articles"]
    assert article["ruling"] == "by hand"
    assert article["because"].startswith("split from story 1 by hand")


def test_a_join_empties_the_other_story_which_then_leads_on(told):
    assert told.write_now(lambda db: stories.join(db, 1, [2])) == 1
    assert shape(told) == [(1, 3, 1, None), (2, 0, None, 1)]
    assert told.read_now(lambda db: stories.get(db, 2))["id"] == 1
    assert [row["id"] for row in told.read_now(stories.recent)] == [1]


def test_joined_stories_may_be_joined_on(told):
    new = told.write_now(lambda db: stories.split(db, [2], NOON))
    told.write_now(lambda db: stories.join(db, 2, [1]))
    told.write_now(lambda db: stories.join(db, new, [2]))
    assert told.read_now(lambda db: stories.get(db, 1))["id"] == new
    assert len(told.read_now(lambda db: stories.get(db, new))["articles"]) == 3


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda db: stories.split(db, [9], NOON), "no article 9"),
        (lambda db: stories.split(db, [1, 3], NOON), "several stories"),
        (lambda db: stories.split(db, [3], NOON), "nothing to split"),
        (lambda db: stories.join(db, 1, [9]), "no story 9"),
        (lambda db: stories.get(db, 9), "no story 9"),
    ],
)
def test_what_cannot_be_done_says_why_and_changes_nothing(told, act, message):
    before = shape(told)
    with pytest.raises(Permanent, match=message):
        told.write_now(act)
    assert shape(told) == before


def test_a_joined_story_cannot_be_joined_twice(told):
    told.write_now(lambda db: stories.join(db, 1, [2]))
    with pytest.raises(Permanent, match="was joined to story 1"):
        told.write_now(lambda db: stories.join(db, 2, [1]))


def test_a_source_that_only_copies_is_named(store):
    def write(db):
        a_source(db, "echo")
        for number in range(20):
            settle(db, number, now=NOON + timedelta(minutes=number))
            settle(db, 100 + number, story=number + 1, source="echo", now=NOON + timedelta(minutes=number, seconds=9))
        settle(db, 50)
        db.execute("UPDATE entries SET seen_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-1 day')")

    store.write_now(write)
    echo, wire = store.read_now(stories.overlap)
    assert (echo["source"], echo["entries"], echo["own"], echo["copied"], echo["first_told"]) == ("echo", 20, 0, 20, 0)
    assert echo["remark"] == "adds nothing that others do not have"
    assert (wire["own"], wire["first_told"], wire["remark"]) == (1, 21, "")
