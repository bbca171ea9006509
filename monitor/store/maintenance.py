"""Care of the file: copies that are verified before they count, bringing one back, looking for damage, vacuum.

SQL and files only. The daemon may run while a copy is made or the file is looked over: both read one snapshot and
block nobody. Bringing a copy back and vacuum need the store to themselves; the caller holds its lock.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from monitor.errors import StoreError, StoreFull, StoreTooNew
from monitor.store import schema
from monitor.store.connection import connect

Progress = Callable[[int, int], None]  # pages done, pages in all
STEP = 2000  # pages copied between two calls of `progress`: 32 MB


def default_name(now: datetime) -> str:
    """monitor-2026-11-22T0330.db: sorts by age."""
    return f"monitor-{now:%Y-%m-%dT%H%M}.db"


def backup(source: Path, target: Path, progress: Progress | None = None) -> Path:
    """Copy a store while it is used. Returns the file: `target`, which appears only once the copy is verified.

    Uses SQLite's online backup under one read transaction: the copy is the store at one moment, and the writer never
    waits. Raises StoreError (no such store, damaged copy), StoreFull.
    """
    _must_be_store(source)
    partial = target.with_name(target.name + ".part")
    with _disk(target):
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
        partial.unlink(missing_ok=True)
        try:
            with closing(connect(source, read_only=True)) as db, closing(sqlite3.connect(partial)) as copy:
                os.chmod(partial, 0o640)
                # The read transaction pins the snapshot; without it a write between two steps would begin anew.
                db.execute("BEGIN")
                db.execute("SELECT count(*) FROM sqlite_master").fetchone()
                copy.execute("PRAGMA journal_mode = DELETE")
                db.backup(copy, pages=STEP, progress=_steps(progress))
                db.execute("COMMIT")
            faults = check(partial, quick=True)
            if faults:
                raise StoreError(f"the copy of {source} is damaged and was thrown away: {faults[0]}")
            with partial.open("rb") as file:
                os.fsync(file.fileno())
            partial.replace(target)
            _sync_directory(target.parent)
        finally:
            for leftover in (partial, *_beside(partial)):
                leftover.unlink(missing_ok=True)
    return target


def rotate(directory: Path, keep: int) -> list[Path]:
    """Delete all but the newest `keep` copies named as `default_name` names them. Returns those that went."""
    copies = sorted(directory.glob("monitor-[0-9]*.db"))
    gone = copies[: max(len(copies) - keep, 0)]
    for path in gone:
        path.unlink(missing_ok=True)
    return gone


def restore(copy: Path, store: Path, now: datetime) -> Path | None:
    """Put a copy in the place of the store, whose lock the caller holds. Returns where the old store now is, if any.

    The copy is looked over first and stays where it is. Raises StoreError, StoreTooNew, StoreFull; then nothing has
    changed.
    """
    _must_be_store(copy)
    faults = check(copy, quick=True)
    if faults:
        raise StoreError(f"{copy} is damaged, the store was left as it is: {faults[0]}")
    fresh = store.with_name(store.name + ".part")
    with _disk(store):
        try:
            store.parent.mkdir(parents=True, exist_ok=True, mode=0o770)
            shutil.copyfile(copy, fresh)
            os.chmod(fresh, store.stat().st_mode & 0o777 if store.exists() else 0o660)
            with fresh.open("rb") as file:
                os.fsync(file.fileno())
            aside = None
            if store.exists():
                # What the log holds belongs to the old file: written back first, so that it moves as one.
                with contextlib.suppress(StoreError, sqlite3.Error), closing(connect(store)) as db:
                    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                aside = store.with_name(f"{store.stem}-before-restore-{now:%Y-%m-%dT%H%M%S}.db")
                for path in (store, *_beside(store)):
                    if path.exists():
                        path.replace(aside.with_name(aside.name + path.name.removeprefix(store.name)))
            fresh.replace(store)
            _sync_directory(store.parent)
            return aside
        finally:
            fresh.unlink(missing_ok=True)


def check(path: Path, *, quick: bool = False) -> list[str]:
    """What is wrong with a store, one line each; none is good. `quick` leaves out comparing indexes and our own rules.

    Raises StoreError if there is no such file, StoreTooNew for one of a newer program.
    """
    _must_be_store(path)
    try:
        with closing(connect(path, read_only=True)) as db:
            schema.pending(db)
            found = db.execute("PRAGMA quick_check(20)" if quick else "PRAGMA integrity_check(20)").fetchall()
            faults = [row[0] for row in found if row[0] != "ok"]
            if faults or quick:
                return faults
            for row in db.execute("PRAGMA foreign_key_check").fetchmany(20):
                faults.append(f"row {row[1]} of {row[0]} refers to a row of {row[2]} that is not there")
            return faults + [text for text, sql in _RULES.items() if db.execute(sql).fetchone()]
    except sqlite3.DatabaseError as error:
        return [str(error)]


# What holds between rows beyond what SQLite itself enforces: the sentence, and a query that finds a breach of it.
_RULES = {
    "an article is missing from the full-text index: 'monitor db vacuum --index' makes it anew": (
        "SELECT 1 FROM articles WHERE id NOT IN (SELECT id FROM articles_fts_docsize) LIMIT 1"
    ),
    "the full-text index holds an article that is not there: 'monitor db vacuum --index' makes it anew": (
        "SELECT 1 FROM articles_fts_docsize WHERE id NOT IN (SELECT id FROM articles) LIMIT 1"
    ),
    "a story's number of articles is wrong": (
        "SELECT 1 FROM stories s WHERE size <> (SELECT count(*) FROM articles a WHERE a.story_id = s.id) LIMIT 1"
    ),
    "a story has no first article": (
        "SELECT 1 FROM stories WHERE size > 0 AND (first_article_id IS NULL"
        " OR first_article_id NOT IN (SELECT id FROM articles)) LIMIT 1"
    ),
    "a settled entry has no article, and says no reason": (
        "SELECT 1 FROM entries WHERE state = 'copy' AND article_id IS NULL AND because = '' LIMIT 1"
    ),
    "a message tells of no alert": (
        "SELECT 1 FROM deliveries d WHERE kind IN ('alert', 'digest')"
        " AND NOT EXISTS (SELECT 1 FROM delivery_alerts x WHERE x.delivery_id = d.id) LIMIT 1"
    ),
}


def vacuum(db: sqlite3.Connection) -> None:
    """Write the file anew without gaps, merge the full-text index, refresh statistics. Outside a transaction.

    Needs free disk as large as the file, and time: a minute for some GB.
    """
    db.execute("INSERT INTO articles_fts (articles_fts) VALUES ('optimize')")
    db.execute("VACUUM")
    db.execute("ANALYZE")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def rebuild_index(
    db: sqlite3.Connection, index_text: Callable[[str], str], progress: Callable[[int], None] | None = None
) -> int:
    """Make the full-text index anew from the articles, in the caller's transaction. Returns how many there are.

    For an index that was damaged, or made by an older idea of what a word is.
    """
    db.execute("INSERT INTO articles_fts (articles_fts) VALUES ('delete-all')")
    done = 0
    for row in db.execute("SELECT id, title, text FROM articles ORDER BY id"):
        db.execute(
            "INSERT INTO articles_fts (rowid, text, title) VALUES (?, ?, ?)",
            (row["id"], index_text(row["text"]), index_text(row["title"])),
        )
        done += 1
        if progress and done % 500 == 0:
            progress(500)
    return done


def _must_be_store(path: Path) -> None:
    if not path.is_file():
        raise StoreError(f"there is no store at {path}")


def _steps(progress: Progress | None) -> Callable[[int, int, int], object] | None:
    if progress is None:
        return None
    return lambda status, remaining, total: progress(total - remaining, total)


def _beside(path: Path) -> tuple[Path, ...]:
    return tuple(path.with_name(path.name + ending) for ending in ("-wal", "-shm", "-journal"))


def _sync_directory(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _disk(path: Path) -> Iterator[None]:
    """Turn what the disk says into our errors."""
    try:
        yield
    except (StoreError, StoreTooNew):
        raise
    except (OSError, sqlite3.OperationalError) as error:
        full = (
            getattr(error, "errno", None) == errno.ENOSPC
            or getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
        )
        kind = StoreFull if full else StoreError
        raise kind(f"cannot write {path}: {getattr(error, 'strerror', None) or error}") from error
