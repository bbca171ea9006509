"""Copies are whole and verified, come back, and damage is found and named."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path

import pytest

from bench.store.generate import NOW, fill
from monitor.errors import StoreError, StoreTooNew
from monitor.stages.words import index_text
from monitor.store import maintenance, schema, search
from monitor.store.connection import Store, connect, transaction


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("maintenance") / "monitor.db"
    fill(path, 120, chars=300)
    return path


@pytest.fixture
def path(made: Path, tmp_path: Path) -> Path:
    return maintenance.backup(made, tmp_path / "monitor.db")


def count(path: Path, table: str = "articles") -> int:
    with closing(connect(path, read_only=True)) as db:
        return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_a_copy_is_whole_private_and_alone(made: Path, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    copy = maintenance.backup(made, tmp_path / "safe" / "copy.db", lambda done, total: steps.append((done, total)))
    assert count(copy) == 120
    assert maintenance.check(copy) == []
    assert steps
    assert steps[-1][0] == steps[-1][1]
    assert stat.S_IMODE(copy.stat().st_mode) & 0o007 == 0
    assert [one.name for one in copy.parent.iterdir() if one.name != "copy.db"] == []


def test_a_copy_is_of_one_moment_while_the_store_is_written(path: Path, tmp_path: Path) -> None:
    store = Store(path)
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            store.write_now(lambda db, n=number: [
                db.execute("INSERT OR REPLACE INTO state VALUES (?, ?, '')", (key, str(n))) for key in ("left", "right")
            ])  # fmt: skip

    writer = threading.Thread(target=write)
    writer.start()
    try:
        copies = [maintenance.backup(path, tmp_path / f"copy-{n}.db") for n in range(3)]
    finally:
        stop.set()
        writer.join()
        store.close()
    for copy in copies:
        with closing(connect(copy, read_only=True)) as db:
            sides = dict(db.execute("SELECT key, value FROM state WHERE key IN ('left', 'right')").fetchall())
        assert sides.get("left") == sides.get("right")


def test_old_copies_go(tmp_path: Path) -> None:
    names = [f"monitor-2026-11-{day:02d}T0330.db" for day in range(1, 6)]
    for name in [*names, "monitor-mine.db"]:
        (tmp_path / name).touch()
    assert [one.name for one in maintenance.rotate(tmp_path, 2)] == names[:3]
    assert sorted(one.name for one in tmp_path.iterdir()) == [*names[3:], "monitor-mine.db"]
    assert maintenance.default_name(NOW) == "monitor-2026-11-22T0930.db"


def test_there_must_be_a_store(tmp_path: Path) -> None:
    for ask in (
        lambda: maintenance.backup(tmp_path / "none.db", tmp_path / "copy.db"),
        lambda: maintenance.check(tmp_path / "none.db"),
        lambda: maintenance.restore(tmp_path / "none.db", tmp_path / "monitor.db", NOW),
    ):
        with pytest.raises(StoreError, match="no store at"):
            ask()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_where_nobody_may_write(made: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="cannot write"):
        maintenance.backup(made, tmp_path / "copy.db")


def test_restore_puts_the_copy_in_place_and_the_old_store_aside(path: Path, tmp_path: Path) -> None:
    copy = maintenance.backup(path, tmp_path / "copy.db")
    with closing(connect(path)) as db, transaction(db):
        db.execute("INSERT INTO state VALUES ('later', '1', '')")
    aside = maintenance.restore(copy, path, NOW)
    assert aside is not None
    assert count(path, "state") == 0
    assert count(aside, "state") == 1
    assert copy.exists()
    assert maintenance.restore(copy, tmp_path / "fresh" / "monitor.db", NOW) is None
    assert count(tmp_path / "fresh" / "monitor.db") == 120


def test_a_damaged_copy_is_refused_and_nothing_changes(path: Path, tmp_path: Path) -> None:
    copy = maintenance.backup(path, tmp_path / "copy.db")
    with copy.open("r+b") as file:
        file.seek(16384 * 3)
        file.write(b"\x55" * 16384 * 4)
    before = path.read_bytes()
    with pytest.raises(StoreError, match="damaged"):
        maintenance.restore(copy, path, NOW)
    assert path.read_bytes() == before
    assert maintenance.check(copy) != []
    with pytest.raises(StoreError):
        maintenance.backup(copy, tmp_path / "second.db")
    assert not (tmp_path / "second.db").exists()


def test_a_copy_of_a_newer_program_is_refused(path: Path, tmp_path: Path) -> None:
    copy = maintenance.backup(path, tmp_path / "copy.db")
    with closing(sqlite3.connect(copy)) as db:
        db.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    with pytest.raises(StoreTooNew):
        maintenance.restore(copy, path, NOW)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_text("not a database, but long enough to be read as the head of one" * 40)
    assert maintenance.check(tmp_path / "a.db") == ["file is not a database"]


@pytest.mark.parametrize(
    ("breach", "words"),
    [
        ("DELETE FROM articles_fts_docsize WHERE id = 5", "missing from the full-text index"),
        ("INSERT INTO articles_fts (rowid, text, title) VALUES (9999, 'a', 'b')", "holds an article that is not there"),
        ("UPDATE stories SET size = size + 1 WHERE id = 3", "number of articles is wrong"),
        ("UPDATE stories SET first_article_id = 9999 WHERE id = 3", "no first article"),
        ("DELETE FROM delivery_alerts WHERE delivery_id = 2", "tells of no alert"),
        ("UPDATE matches SET story_id = 99999 WHERE id = 1", "refers to a row of stories"),
    ],
)
def test_what_does_not_hold_is_named(path: Path, breach: str, words: str) -> None:
    assert maintenance.check(path) == []
    with closing(sqlite3.connect(path)) as db:
        db.execute(breach)
        db.commit()
    assert any(words in fault for fault in maintenance.check(path)), maintenance.check(path)
    assert maintenance.check(path, quick=True) == []


def test_vacuum_gives_room_back(path: Path) -> None:
    with closing(connect(path)) as db:
        with transaction(db):
            db.execute("DELETE FROM polls")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        before = path.stat().st_size
        maintenance.vacuum(db)
    assert path.stat().st_size < before
    assert maintenance.check(path) == []


def test_the_index_is_made_anew(path: Path) -> None:
    query = search.parse("the")
    assert query is not None
    with closing(connect(path)) as db:
        before = [row["id"] for row in search.find(db, query, limit=500)]
        with transaction(db):
            db.execute("INSERT INTO articles_fts (articles_fts) VALUES ('delete-all')")
        assert search.find(db, query) == []
        done: list[int] = []
        with transaction(db):
            assert maintenance.rebuild_index(db, index_text, done.append) == 120
        assert [row["id"] for row in search.find(db, query, limit=500)] == before
    assert maintenance.check(path) == []
