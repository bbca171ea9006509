"""What a site repeats is remembered; what it said once is forgotten in time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from build import NOON

from monitor.ports import SourceRow
from monitor.store import profiles, sources


@pytest.fixture
def source(store):
    row = SourceRow(slug="wire", kind="feed", address="http://127.0.0.1/", every=900.0)
    return store.write_now(lambda db: sources.upsert(db, row, NOON))


def learn(store, source, *blocks, minutes=0):
    store.write_now(lambda db: profiles.learn(db, "host:a", blocks, source, NOON + timedelta(minutes=minutes)))


def get(store, key="host:a"):
    return store.read_now(lambda db: profiles.get(db, key))


def test_an_unknown_site_has_an_empty_profile(store):
    assert get(store, "host:new").pages == 0


def test_pages_are_counted_per_block(store, source):
    learn(store, source, 1, 2, 2)
    learn(store, source, 2, 3)

    profile = get(store)

    assert profile.pages == 2
    assert profile.blocks == {1: 1, 2: 2, 3: 1}


def test_pages_that_had_a_block_below_their_text_are_counted(store, source):
    for below in ((2,), (), (2, 3)):
        store.write_now(lambda db, below=below: profiles.learn(db, "host:a", (1, 2, 3), source, NOON, below))

    profile = get(store)

    assert profile.blocks == {1: 3, 2: 3, 3: 3}
    assert profile.below == {2: 2, 3: 1}
    assert {row["block"]: row["below"] for row in store.read_now(lambda db: profiles.listing(db, "host:a"))} == {
        1: 0, 2: 2, 3: 1,
    }  # fmt: skip


def test_a_grown_site_shows_only_what_it_repeats(store, source):
    for page in range(profiles.YOUNG + 1):
        learn(store, source, -7, page + 100)

    assert get(store).blocks == {-7: profiles.YOUNG + 1}


def test_single_blocks_do_not_pile_up(store, source, monkeypatch):
    monkeypatch.setattr(profiles, "SINGLES", 10)
    for page in range(64):
        learn(store, source, 1, *range(1000 + page * 10, 1010 + page * 10), minutes=page)

    count, newest = store.read_now(lambda db: db.execute("SELECT COUNT(*), MAX(block) FROM profile_blocks").fetchone())
    assert count <= 11
    assert newest == 1639
    assert get(store).blocks == {1: 64}
