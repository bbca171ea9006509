"""How the work stands, on a real store: counts, reports, and the queues' heads that the watchdog looks at."""

from __future__ import annotations

from datetime import timedelta

import pytest
from build import NOON, an_entry

from monitor.errors import StoreFull
from monitor.model import EntryState
from monitor.ports import SourceRow
from monitor.store import entries, health, raw, sources, tidy
from monitor.store.connection import Store

MINUTE = timedelta(minutes=1)


def watched(db, slug="wire", now=NOON):
    return sources.upsert(db, SourceRow(slug=slug, kind="feed", address=f"https://{slug}.example", every=60.0), now)


def test_a_report_counts_what_happened_since(store):
    def story(db):
        first, second, third = watched(db), watched(db, "down"), watched(db, "later")
        sources.succeeded(db, first, NOON, NOON + MINUTE, cursor=None)
        sources.failed(db, second, NOON, NOON + MINUTE, "http-500: out of order")
        sources.succeeded(db, third, NOON - MINUTE, NOON + MINUTE, cursor=None)
        one, _two = entries.add(db, first, [an_entry(guid="1"), an_entry(guid="2")], NOON)
        entries.settle(db, one, EntryState.SKIPPED, "", NOON)
        return health.report(db, NOON)

    report = store.write_now(story)
    assert report.polled == 2
    assert report.failed == {"down": "http-500: out of order"}
    assert report.entries == {"skipped": 1}
    assert not report.complete


def test_the_head_of_a_queue_is_what_is_due_and_untaken(store):
    def story(db):
        number = watched(db)
        (entry,) = entries.add(db, number, [an_entry()], NOON)
        before = health.heads(db, NOON - MINUTE, "run-1")
        due = health.heads(db, NOON, "run-1")
        sources.claim_due(db, NOON, "run-1", MINUTE, 10)
        entries.claim_pending(db, NOON, "run-1", MINUTE, 10)
        taken = health.heads(db, NOON, "run-1")
        expired = health.heads(db, NOON + 2 * MINUTE, "run-1")
        other = health.heads(db, NOON, "run-2")
        return number, entry, before, due, taken, expired, other

    number, entry, before, due, taken, expired, other = store.write_now(story)
    assert before == {}
    assert due == {"poll": f"{number}/", "digest": f"{entry}/0"}
    assert taken == {}
    assert expired == {"poll": f"{number}/", "digest": f"{entry}/1"}, "the same rows, and one was taken in between"
    assert other == expired, "another run's lease is void"


def test_a_probe_fails_while_there_is_no_room(tmp_path):
    for name, migrate, probe, end in (
        ("monitor.db", None, health.probe, health.end_probe),
        ("raw.db", raw.migrate, raw.probe, raw.end_probe),
    ):
        store = Store(tmp_path / name, **({"migrate": migrate} if migrate else {}))
        try:
            pages = store.read_now(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
            store.maintain(lambda db, pages=pages: db.execute(f"PRAGMA max_page_count = {pages + 10}").fetchall())
            with pytest.raises(StoreFull):
                store.write_now(lambda db, probe=probe: probe(db, 256 * 1024))
            store.maintain(lambda db: db.execute("PRAGMA max_page_count = 1000000").fetchall())
            store.write_now(lambda db, probe=probe: probe(db, 256 * 1024))
            store.write_now(end)
            table = "state" if migrate is None else "documents"
            left = store.read_now(lambda db, table=table: db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0])
            assert left == 0
        finally:
            store.close()


def test_the_nights_work_forgets_old_polls_and_puts_the_file_in_order(store):
    def story(db):
        number = watched(db)
        for day in (100, 10, 0):
            sources.record_poll(db, number, NOON - timedelta(days=day), 1.0, "new")
        kept_all = tidy.prune(db, NOON, polls=0)
        return (
            kept_all,
            tidy.prune(db, NOON, polls=90 * 86400.0),
            db.execute("SELECT COUNT(*) FROM polls").fetchone()[0],
        )

    kept_all, pruned, left = store.write_now(story)
    assert kept_all["polls"] == 0
    assert (pruned["polls"], left) == (1, 2)
    store.maintain(tidy.put_in_order)
    assert not (store.path.parent / f"{store.path.name}-wal").stat().st_size


def test_documents_that_an_alert_rests_on_are_found(store):
    assert store.read_now(tidy.documents_in_use) == frozenset()


def test_a_first_poll_says_what_it_stored_and_what_it_did_not_send(store):
    def story(db):
        row = SourceRow(slug="wire", kind="feed", address="http://127.0.0.1/", every=900.0)
        number = sources.upsert(db, row, NOON, baseline=True)
        (entry,) = entries.add(db, number, [an_entry()], NOON, baseline=True)
        sources.succeeded(db, number, NOON, NOON, cursor=None)
        waiting = health.report(db, NOON).baselines
        entries.settle(db, entry, EntryState.BASELINE, "", NOON)
        return waiting, health.report(db, NOON).baselines, health.report(db, NOON + MINUTE).baselines

    waiting, done, later = store.write_now(story)
    assert waiting == {}, "not before all of it is settled"
    assert done == {"wire": "1 stored, 0 would have alerted"}
    assert later == {}
