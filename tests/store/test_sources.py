"""Sources as rows: configuration comes and goes, what happened stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from monitor.ports import SourceRow
from monitor.store import sources

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LEASE = timedelta(minutes=10)
ROW = SourceRow(slug="at-news", kind="feed", address="http://127.0.0.1/feed", every=900.0, tags=("asia",))


def save(store, row=ROW, **options):
    return store.write_now(lambda db: sources.upsert(db, row, NOW, **options))


def claim(store, now=NOW, run="run-1", **options):
    return store.write_now(lambda db: sources.claim_due(db, now, run, LEASE, 10, **options))


def succeed(store, number, due, cursor=None):
    store.write_now(lambda db: sources.succeeded(db, number, NOW, due, cursor=cursor))


def column(store, name, slug="at-news"):
    return store.read_now(lambda db: db.execute(f"SELECT {name} FROM sources WHERE slug = ?", (slug,)).fetchone()[0])


def test_a_new_source_is_due_at_once_and_leased(store):
    number = save(store, outlet="AT News")

    [claimed] = claim(store)

    assert claimed == replace(ROW, number=number, options={"outlet": "AT News"})
    assert claim(store) == []
    assert len(claim(store, run="run-2")) == 1


def test_a_poll_that_worked_sets_the_next_one_and_keeps_the_cursor(store):
    number = save(store)
    claim(store)
    succeed(store, number, NOW + timedelta(minutes=15), {"etag": "abc"})

    assert claim(store, now=NOW + timedelta(minutes=14)) == []
    [again] = claim(store, now=NOW + timedelta(minutes=15))
    assert again.cursor == {"etag": "abc"}
    assert column(store, "health") == "ok"


def test_everything_can_be_polled_before_its_time(store):
    number = save(store)
    claim(store)
    succeed(store, number, NOW + timedelta(days=1))

    assert claim(store) == []
    assert len(claim(store, everything=True)) == 1


def test_reconfiguring_keeps_what_happened_unless_the_address_changes(store):
    number = save(store)
    succeed(store, number, NOW, {"etag": "abc"})

    save(store, replace(ROW, every=60.0))
    assert column(store, "cursor") == '{"etag": "abc"}'

    save(store, replace(ROW, address="http://127.0.0.1/elsewhere"))
    assert column(store, "cursor") == "{}"


def test_a_source_that_is_as_it_was_is_not_written_again(store):
    def written(row, **options):
        def write(db):
            before = db.total_changes
            sources.upsert(db, row, NOW, **options)
            return db.total_changes - before

        return store.write_now(write)

    rich = replace(ROW, options={"fulltext": "auto", "language": "fa"})
    assert written(rich, outlet="AT News", baseline=True) == 1
    assert written(rich, outlet="AT News", baseline=True) == 0
    assert written(rich, outlet="AT News", baseline=False) == 1
    assert written(replace(rich, tags=()), outlet="AT News") == 1
    store.write_now(lambda db: sources.retire_others(db, [], NOW))
    assert written(replace(rich, tags=()), outlet="AT News") == 1
    assert column(store, "retired_at") is None


def test_a_source_that_is_no_longer_named_is_retired_and_can_come_back(store):
    save(store)

    assert store.write_now(lambda db: sources.retire_others(db, [], NOW)) == ["at-news"]
    assert store.write_now(lambda db: sources.retire_others(db, [], NOW)) == []
    assert claim(store) == []

    save(store)
    assert len(claim(store)) == 1


def test_failures_are_counted_and_gone_stops_polling(store):
    number = save(store)
    claim(store)
    store.write_now(lambda db: sources.failed(db, number, NOW, NOW, "HTTP 503"))
    [again] = claim(store)
    assert again.failures == 1
    assert column(store, "health_because") == "HTTP 503"

    store.write_now(lambda db: sources.failed(db, number, NOW, NOW, "HTTP 410", health="gone"))

    assert claim(store) == []
    assert column(store, "paused_because") == "HTTP 410"


def test_pause_and_resume(store):
    save(store)
    assert store.write_now(lambda db: sources.pause(db, "at-news", NOW, "too noisy"))
    assert claim(store) == []

    assert store.write_now(lambda db: sources.resume(db, "at-news", NOW))
    assert len(claim(store)) == 1
    assert not store.write_now(lambda db: sources.pause(db, "nobody", NOW, ""))


def test_the_first_success_ends_the_baseline(store):
    number = save(store, baseline=True)
    assert store.read_now(lambda db: sources.is_baseline(db, number))

    store.write_now(lambda db: sources.failed(db, number, NOW, NOW, "timeout"))
    assert store.read_now(lambda db: sources.is_baseline(db, number)), "a failed poll is no baseline"

    succeed(store, number, NOW)
    assert not store.read_now(lambda db: sources.is_baseline(db, number))


def test_an_adopted_redirect_is_where_the_next_poll_goes(store):
    number = save(store)
    store.write_now(lambda db: sources.succeeded(db, number, NOW, NOW, cursor=None, moved_to="http://127.0.0.1/new"))

    [claimed] = claim(store)

    assert claimed.address == "http://127.0.0.1/new"


def test_a_clock_that_was_ahead_strands_no_source(store):
    number = save(store)
    claim(store)
    succeed(store, number, NOW + timedelta(days=400))

    assert store.write_now(lambda db: sources.clamp_clock(db, NOW, timedelta(days=16))) == 1
    assert len(claim(store)) == 1


def test_a_clock_that_was_ahead_by_hours_strands_no_source_either(store):
    number = save(store)
    claim(store)
    ahead = NOW + timedelta(hours=5)
    store.write_now(lambda db: sources.succeeded(db, number, ahead, ahead + timedelta(minutes=15), cursor=None))

    assert store.write_now(lambda db: sources.clamp_clock(db, NOW, timedelta(days=16))) == 1
    assert len(claim(store)) == 1


def test_a_source_that_waits_rightly_is_left_alone(store):
    number = save(store)
    claim(store)
    succeed(store, number, NOW + timedelta(days=10))

    assert store.write_now(lambda db: sources.clamp_clock(db, NOW, timedelta(days=16))) == 0
