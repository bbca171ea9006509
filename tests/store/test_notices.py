"""Notices: once when a trouble begins, once when it ends. And the small facts."""

from __future__ import annotations

from datetime import timedelta

from build import NOON

from monitor.store import facts, notices

KEY = "source-failing/wire"


def test_a_trouble_is_news_once_when_it_begins_and_once_when_it_ends(store):
    def story(db):
        first = notices.begin(db, KEY, "wire fails", NOON, remedy="look at it")
        again = notices.begin(db, KEY, "wire fails still", NOON + timedelta(hours=1))
        standing = notices.standing(db)
        over = notices.end(db, KEY, NOON + timedelta(hours=2))
        return first, again, standing, over, notices.end(db, KEY, NOON), notices.standing(db)

    first, again, standing, over, over_again, left = store.write_now(story)

    assert (first.text, first.remedy, first.began_at) == ("wire fails", "look at it", NOON)
    assert again is None
    assert [(one.key, one.text) for one in standing] == [(KEY, "wire fails still")]
    assert (over.began_at, over.ended_at) == (NOON, NOON + timedelta(hours=2))
    assert over_again is None
    assert left == []


def test_a_trouble_that_comes_back_is_news_again(store):
    def story(db):
        notices.begin(db, KEY, "wire fails", NOON)
        notices.end(db, KEY, NOON)
        return notices.begin(db, KEY, "wire fails", NOON + timedelta(days=1))

    assert store.write_now(story).began_at == NOON + timedelta(days=1)


def test_standing_notices_can_be_asked_for_by_kind(store):
    def story(db):
        notices.begin(db, "disk-low", "little room", NOON)
        notices.begin(db, KEY, "wire fails", NOON)
        return notices.standing(db, "source-")

    assert [one.key for one in store.write_now(story)] == [KEY]


def test_old_notices_are_pruned_and_open_ones_stay(store):
    def story(db):
        notices.begin(db, "disk-low", "little room", NOON)
        notices.end(db, "disk-low", NOON)
        notices.begin(db, KEY, "wire fails", NOON)
        return notices.prune(db, NOON + timedelta(days=90)), notices.standing(db)

    pruned, left = store.write_now(story)
    assert pruned == 1
    assert [one.key for one in left] == [KEY]


def test_a_fact_is_written_over(store):
    def story(db):
        before = facts.get(db, "run")
        facts.put(db, "run", "a", NOON)
        facts.put(db, "run", "b", NOON)
        return before, facts.get(db, "run")

    assert store.write_now(story) == (None, "b")
