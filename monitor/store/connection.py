"""The SQLite file: one writing thread, some reading ones, and the lock that says whose it is. No business logic.

One writer, because two near-identical stories must not found two stories, and because SQLite's WAL-reset fault (until
3.51.3) needs two connections that write or checkpoint. Every write is BEGIN IMMEDIATE … COMMIT, synchronous=FULL:
what was committed survives a power cut. Readers are `query_only` and never block the writer.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import resource
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TypeVar

from monitor.errors import StoreBusy, StoreError, StoreFull
from monitor.store import schema

T = TypeVar("T")
Connection = sqlite3.Connection

CACHE = 16 * 1024  # KiB of pages that the writer keeps
BUSY_SECONDS = 10.0  # how long we wait for somebody else's lock, e.g. a backup
LOCK = "monitor.lock"  # its file, beside the store
ROOM = 1024 * 1024  # bytes without which a disk counts as full
QUEUE = 64  # writes that may wait; more of them hold back the polls


def to_text(moment: datetime) -> str:
    """UTC ISO-8601 with milliseconds, 2026-11-22T00:11:58.123Z: sorts as text. ValueError for a naive time."""
    if moment.tzinfo is None:
        raise ValueError("naive datetime")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def from_text(text: str | None) -> datetime | None:
    """The inverse of `to_text`; None stays None."""
    return datetime.fromisoformat(text) if text else None


def connect(path: Path, *, read_only: bool = False, cache: int = CACHE) -> Connection:
    """A connection with our settings: Row factory, autocommit (we say BEGIN), foreign keys, WAL, synchronous=FULL.

    Raises StoreError if the file cannot be opened or is not a database.
    """
    with _translated(path):
        db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA mmap_size = 0")  # an I/O error must be an error, not a SIGBUS
        db.execute("PRAGMA temp_store = MEMORY")
        if read_only:
            db.execute("PRAGMA query_only = ON")
        else:
            if not db.execute("PRAGMA page_count").fetchone()[0]:
                db.execute("PRAGMA page_size = 16384")  # articles of some KB leave a third of 4 KB pages empty
                db.execute("PRAGMA auto_vacuum = INCREMENTAL")
            db.execute("PRAGMA journal_mode = WAL")
            # A sketch's keys fall on 44 pages far apart: checkpointed late, a page is written once for many of them.
            db.execute(f"PRAGMA cache_size = -{cache}")
            db.execute("PRAGMA wal_autocheckpoint = 4000")  # 64 MB
            db.execute("PRAGMA journal_size_limit = 67108864")
            db.execute("PRAGMA synchronous = FULL")
        return db


@contextmanager
def transaction(db: Connection) -> Iterator[None]:
    """BEGIN IMMEDIATE … COMMIT, or ROLLBACK on any error. Deferred transactions fail at once when another one wrote."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # SQLite itself rolls back for some errors; a COMMIT that failed may leave it open
            with suppress(sqlite3.Error):
                db.execute("ROLLBACK")
        raise


@contextmanager
def savepoint(db: Connection) -> Iterator[None]:
    """Inside a transaction: all of the body, or nothing of it."""
    db.execute("SAVEPOINT one")
    try:
        yield
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK TO one")
            db.execute("RELEASE one")
        raise
    db.execute("RELEASE one")


class Store:
    """One SQLite file. `write` and `read` run a function of a connection on the store's own threads."""

    def __init__(
        self,
        path: Path,
        *,
        readers: int = 2,
        migrate: Callable[[Connection], int] = schema.migrate,
        cache: int = CACHE,
    ) -> None:
        """Open (and create) the file at `path` and bring its schema up to date. Raises StoreError, StoreTooNew.

        `cache`: KiB of pages the writer keeps.
        """
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o770)
        except OSError as error:
            raise StoreError(f"cannot create {path.parent}: {error.strerror}; check its owner") from error
        self._writer_db = connect(path, cache=cache)
        with _translated(path):
            migrate(self._writer_db)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="store-writer")
        self._local = threading.local()
        self._reader_dbs: list[Connection] = []
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="store-reader")
        self._room: asyncio.Semaphore | None = None

    def write_now(self, function: Callable[[Connection], T]) -> T:
        """Run `function(connection)` in one transaction on the writer thread and wait. Raises StoreError."""
        return self._writer.submit(self._write, function).result()

    def read_now(self, function: Callable[[Connection], T]) -> T:
        """Run `function(connection)` on a reader thread and wait."""
        return self._readers.submit(self._read, function).result()

    async def write(self, function: Callable[[Connection], T]) -> T:
        """As `write_now`, from the event loop. Waits for room in the queue, so that back-pressure reaches the polls."""
        if self._room is None:
            self._room = asyncio.Semaphore(QUEUE)
        async with self._room:
            return await asyncio.get_running_loop().run_in_executor(self._writer, self._write, function)

    async def read(self, function: Callable[[Connection], T]) -> T:
        """As `read_now`, from the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, function)

    def maintain(self, function: Callable[[Connection], T]) -> T:
        """Run `function(connection)` on the writer outside a transaction: checkpoint, vacuum, backup."""
        return self._writer.submit(self._maintain, function).result()

    def close(self) -> None:
        """Let what was handed over end, then close every connection."""
        self._writer.shutdown(wait=True)
        self._readers.shutdown(wait=True)
        for db in self._reader_dbs:
            db.close()
        self._writer_db.close()

    def _write(self, function: Callable[[Connection], T]) -> T:
        with _translated(self.path), transaction(self._writer_db):
            return function(self._writer_db)

    def _maintain(self, function: Callable[[Connection], T]) -> T:
        with _translated(self.path):
            return function(self._writer_db)

    def _read(self, function: Callable[[Connection], T]) -> T:
        with _translated(self.path):
            db: Connection | None = getattr(self._local, "db", None)
            if db is None:
                db = self._local.db = connect(self.path, read_only=True)
                self._reader_dbs.append(db)
            return function(db)


class Lock:
    """The right to write to a store, for one process. The kernel lets go of it however the process ends."""

    def __init__(self, path: Path) -> None:
        """Take the lock file at `path`. Raises StoreBusy naming the process that holds it."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o770)
            self._file: IO[str] = open(path, "a+", encoding="utf-8")  # noqa: SIM115 - held until release
        except OSError as error:
            raise StoreError(f"cannot open the lock {path}: {error.strerror}") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.seek(0)
            holder = self._file.read().strip() or "an unknown process"
            self._file.close()
            raise StoreBusy(f"{path.parent} is in use by {holder}: stop it first") from None
        with suppress(OSError):  # the lock holds on a full disk, too; only its note is missing
            self._note()

    def _note(self) -> None:
        self._file.truncate(0)
        self._file.write(f"process {os.getpid()}, since {to_text(datetime.now(UTC))}")
        self._file.flush()

    def release(self) -> None:
        """Let go. The file stays: deleting it would let two processes hold two different ones."""
        self._file.truncate(0)
        self._file.close()


def no_room(path: Path) -> bool:
    """Whether the disk, a quota, or a limit of file sizes refuses more. Of these SQLite calls only the first 'full'."""
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    for one in (path, path.with_name(path.name + "-wal")):
        with suppress(OSError):
            if limit != resource.RLIM_INFINITY and one.stat().st_size + ROOM > limit:
                return True
    try:
        with tempfile.TemporaryFile(dir=path.parent) as file:
            os.posix_fallocate(file.fileno(), 0, ROOM)
    except OSError as error:
        return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return False


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """Turn SQLite's operational errors into ours; programming errors stay as they are and show a traceback."""
    try:
        yield
    except sqlite3.OperationalError as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise StoreBusy(f"{path} is locked by another process for over {BUSY_SECONDS:.0f} seconds") from error
        if code == sqlite3.SQLITE_FULL:
            raise StoreFull(f"no room to write {path}: free space on its disk; nothing was lost") from error
        if code == sqlite3.SQLITE_IOERR and no_room(path):
            raise StoreFull(f"no room to write {path}: free space, or raise the limit; nothing was lost") from error
        if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
            raise StoreError(f"cannot use {path}: {error}; check the disk and the file's owner") from error
        raise
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise StoreError(f"{path} is damaged ({error}): run 'monitor db check', or restore a backup") from error
        raise
