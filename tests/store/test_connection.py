"""The store's ground: migrations, the single writer, readers, the lock."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from datetime import UTC, datetime

import pytest

from monitor.errors import StoreBusy, StoreError, StoreFull, StoreTooNew
from monitor.store import schema
from monitor.store.connection import Lock, Store, connect, from_text, savepoint, to_text, transaction


def set_fact(db, key="a", value="1"):
    db.execute("INSERT OR REPLACE INTO state VALUES (?, ?, '')", (key, value))


def facts(db):
    return {row["key"]: row["value"] for row in db.execute("SELECT key, value FROM state")}


def test_times_sort_as_text_and_come_back():
    moment = datetime(2026, 11, 22, 0, 11, 58, 123_000, tzinfo=UTC)

    assert to_text(moment) == "2026-11-22T00:11:58.123Z"
    assert from_text(to_text(moment)) == moment
    with pytest.raises(ValueError, match="naive"):
        to_text(datetime(2026, 1, 1))  # noqa: DTZ001


def test_a_write_is_all_or_nothing(store):
    def half(db):
        set_fact(db)
        raise KeyError("in the middle")

    with pytest.raises(KeyError):
        store.write_now(half)

    assert store.read_now(facts) == {}


def test_a_savepoint_is_undone_alone(store):
    def some(db):
        set_fact(db, "kept")
        with pytest.raises(KeyError), savepoint(db):
            set_fact(db, "undone")
            raise KeyError
        with savepoint(db):
            set_fact(db, "kept too")

    store.write_now(some)

    assert set(store.read_now(facts)) == {"kept", "kept too"}


def test_write_and_read_from_the_event_loop_run_on_their_own_threads(store):
    async def main():
        writer = await store.write(lambda db: (set_fact(db), threading.current_thread().name)[1])
        return writer, await store.read(facts)

    writer, seen = asyncio.run(main())

    assert writer.startswith("store-writer")
    assert seen == {"a": "1"}


def test_readers_cannot_write(store):
    with pytest.raises(StoreError):
        store.read_now(set_fact)


def test_a_reader_does_not_hold_up_the_writer(store):
    store.write_now(set_fact)
    other = connect(store.path, read_only=True)
    other.execute("BEGIN")
    assert facts(other) == {"a": "1"}

    store.write_now(lambda db: set_fact(db, "b"))

    assert facts(other) == {"a": "1"}, "a snapshot stays as it was"
    other.execute("COMMIT")
    assert facts(other) == {"a": "1", "b": "1"}
    other.close()


def test_settings_that_durability_rests_on(store):
    def pragma(name):
        return store.maintain(lambda db: db.execute(f"PRAGMA {name}").fetchone()[0])

    assert (pragma("journal_mode"), pragma("synchronous"), pragma("foreign_keys")) == ("wal", 2, 1)
    assert (pragma("mmap_size"), pragma("auto_vacuum")) == (0, 2)


def test_a_newer_schema_is_refused(tmp_path):
    Store(tmp_path / "monitor.db").close()
    db = connect(tmp_path / "monitor.db")
    db.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    db.close()

    with pytest.raises(StoreTooNew, match="install the newer version"):
        Store(tmp_path / "monitor.db")


def test_a_failed_migration_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    def broken(db):
        db.execute("CREATE TABLE half (a)")
        raise sqlite3.OperationalError("power cut")

    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, broken))
    with pytest.raises(sqlite3.OperationalError):
        Store(tmp_path / "monitor.db")
    monkeypatch.undo()

    store = Store(tmp_path / "monitor.db")
    tables = store.read_now(lambda db: {row[0] for row in db.execute("SELECT name FROM sqlite_master")})
    store.close()
    assert "half" not in tables
    assert "entries" in tables


def test_what_is_no_database_is_said_plainly(tmp_path):
    (tmp_path / "monitor.db").write_text("this is a letter, not a database " * 100)

    with pytest.raises(StoreError, match=r"damaged.*restore a backup"):
        Store(tmp_path / "monitor.db")


def test_a_full_disk_is_told_apart_and_loses_nothing(store):
    store.write_now(set_fact)
    pages = store.maintain(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
    store.maintain(lambda db: db.execute(f"PRAGMA max_page_count = {pages}").fetchone())

    with pytest.raises(StoreFull, match="free space"):
        store.write_now(lambda db: set_fact(db, "big", "x" * 100_000))

    store.maintain(lambda db: db.execute("PRAGMA max_page_count = 1000000").fetchone())
    assert store.read_now(facts) == {"a": "1"}
    store.write_now(lambda db: set_fact(db, "b"))
    assert store.read_now(facts) == {"a": "1", "b": "1"}


def test_a_lock_names_its_holder_and_can_be_taken_again(tmp_path):
    lock = Lock(tmp_path / "monitor.lock")

    with pytest.raises(StoreBusy, match=r"in use by process \d+"):
        Lock(tmp_path / "monitor.lock")

    lock.release()
    Lock(tmp_path / "monitor.lock").release()


def test_a_read_then_write_waits_for_another_writer(store):
    """The trap of deferred transactions: BEGIN IMMEDIATE waits where a plain BEGIN fails at once."""
    other = connect(store.path)
    holding, release = threading.Event(), threading.Event()

    def hold():
        with transaction(other):
            holding.set()
            release.wait(5)
            set_fact(other, "other")

    thread = threading.Thread(target=hold)
    thread.start()
    holding.wait(5)
    threading.Timer(0.2, release.set).start()
    store.write_now(lambda db: (facts(db), set_fact(db, "ours")))
    thread.join()
    other.close()

    assert set(store.read_now(facts)) == {"ours", "other"}
