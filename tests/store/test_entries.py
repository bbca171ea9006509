"""Entries from announced to settled."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.model import Document, Entry, EntryState
from monitor.ports import SourceRow
from monitor.store import entries, sources

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LEASE = timedelta(minutes=10)


@pytest.fixture
def source(store):
    row = SourceRow(slug="at-news", kind="feed", address="http://127.0.0.1/feed", every=900.0, tags=("asia",))
    return store.write_now(lambda db: sources.upsert(db, row, NOW, outlet="AT News"))


def an_entry(guid="g1", **changes):
    entry = Entry(
        source="at-news",
        guid=guid,
        url=f"https://example.org/{guid}",
        title="Talks begin",
        content=Document(body=b"<p>Talks began in Doha.</p>", media_type="text/html", fragment=True),
    )
    return replace(entry, **changes)


def announce(store, source, *announced, now=NOW, baseline=False):
    return store.write_now(lambda db: entries.add(db, source, announced, now, baseline=baseline))


def claim(store, now=NOW, run="run-1", limit=10):
    return store.write_now(lambda db: entries.claim_pending(db, now, run, LEASE, limit))


def states(store):
    return store.read_now(lambda db: [row["state"] for row in db.execute("SELECT state FROM entries ORDER BY id")])


def settle(store, number, state=EntryState.DONE):
    store.write_now(lambda db: entries.settle(db, number, state, "", NOW))


def test_what_is_announced_twice_is_one_entry(store, source):
    first = announce(store, source, an_entry(), an_entry())
    again = announce(store, source, an_entry())

    assert len(first) == 1
    assert again == []
    assert states(store) == ["pending"]


def test_a_claimed_entry_comes_back_as_it_was_announced(store, source):
    announced = an_entry(author="A. Writer", tags=("peace",), published_at=NOW - timedelta(hours=2))
    [number] = announce(store, source, announced)

    [pending] = claim(store)

    assert pending.entry == replace(announced, number=number)
    assert (pending.source_tags, pending.source_outlet, pending.attempts) == (("asia",), "AT News", 1)


def test_a_lease_keeps_others_away_until_it_ends_or_the_run_dies(store, source):
    announce(store, source, an_entry())

    assert len(claim(store)) == 1
    assert claim(store) == []
    assert len(claim(store, now=NOW + LEASE + timedelta(seconds=1))) == 1
    assert len(claim(store, run="run-2")) == 1, "a new run takes over at once"


def test_a_changed_entry_is_digested_again_and_keeps_its_row(store, source):
    [number] = announce(store, source, an_entry())
    settle(store, number)

    again = announce(store, source, an_entry(title="Talks fail"))

    assert again == [number]
    [pending] = claim(store)
    assert pending.entry.title == "Talks fail"


def test_a_reused_guid_under_another_link_swallows_nothing(store, source):
    [first] = announce(store, source, an_entry())
    settle(store, first)

    [second] = announce(store, source, an_entry(url="https://example.org/other", title="Another story"))
    again = announce(store, source, an_entry(url="https://example.org/other", title="Another story"))

    assert second != first
    assert again == []


def test_many_guids_are_looked_up_in_parts(store, source):
    many = [an_entry(f"g{i}") for i in range(1200)]

    assert len(announce(store, source, *many)) == 1200
    assert announce(store, source, *many) == []


def test_a_postponed_entry_waits_with_its_reason(store, source):
    [number] = announce(store, source, an_entry())
    claim(store)
    later = NOW + timedelta(minutes=5)
    store.write_now(lambda db: entries.postpone(db, number, later, "timeout"))

    assert claim(store) == []
    [pending] = claim(store, now=later)
    assert pending.attempts == 2


def test_a_settled_entry_is_not_ours_any_more_and_its_payload_is_gone(store, source):
    [number] = announce(store, source, an_entry())
    claim(store)
    assert store.read_now(lambda db: entries.is_pending(db, number, "run-1"))
    assert not store.read_now(lambda db: entries.is_pending(db, number, "run-2"))

    settle(store, number)

    assert not store.read_now(lambda db: entries.is_pending(db, number, "run-1"))
    assert store.read_now(lambda db: db.execute("SELECT payload FROM entries").fetchone()[0]) is None


def test_leases_are_given_back_at_a_clean_stop(store, source):
    announce(store, source, an_entry())
    claim(store)

    assert store.write_now(lambda db: entries.give_back(db, "run-1")) == 1
    [pending] = claim(store)
    assert pending.attempts == 1, "a stop is no failed attempt"


def test_a_clock_that_was_ahead_strands_nothing(store, source):
    announce(store, source, an_entry(), now=NOW + timedelta(days=400))

    assert claim(store) == []
    store.write_now(lambda db: entries.clamp_clock(db, NOW, timedelta(days=1)))
    assert len(claim(store)) == 1


def test_the_baseline_is_summed_up_once_everything_is_settled(store, source):
    numbers = announce(store, source, an_entry("a"), an_entry("b"), baseline=True)
    assert store.read_now(lambda db: entries.baseline_summary(db, source)) is None

    for number in numbers:
        settle(store, number, EntryState.BASELINE)

    assert store.read_now(lambda db: entries.baseline_summary(db, source)) == (2, 0)


def test_an_entry_seen_in_what_is_now_the_future_waits_no_longer(store, source):
    announce(store, source, an_entry(), now=NOW + timedelta(hours=5))

    assert claim(store) == []
    assert store.write_now(lambda db: entries.clamp_clock(db, NOW, timedelta(days=1))) == 1
    assert len(claim(store)) == 1
