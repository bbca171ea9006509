"""raw.db: documents as they came, compressed, for a while. SQL only.

A second file, so that the main one stays small for its readers. A document is written before its entry is settled and
is keyed by the hash of its bytes: written twice it is the same row, so the order of the two files never matters.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from datetime import datetime

import zstandard

from monitor.errors import StoreTooNew
from monitor.model import Document
from monitor.store.connection import from_text, to_text

VERSION = 1
CACHE = 4 * 1024  # KiB: documents are written once and seldom read
LEVEL = 6  # zstd: news HTML shrinks 5-fold; higher levels cost more than they save


def migrate(db: sqlite3.Connection) -> int:
    """Create the file's one table. Returns the number of steps made; raises StoreTooNew for a newer file."""
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    if version > VERSION:
        raise StoreTooNew(f"raw.db has schema {version}, this program knows {VERSION}: install the newer version again")
    if version == VERSION:
        return 0
    db.execute("BEGIN IMMEDIATE")
    db.execute(
        """CREATE TABLE documents (
            sha256 TEXT PRIMARY KEY,
            url TEXT,
            media_type TEXT NOT NULL,
            charset TEXT,
            name TEXT NOT NULL,
            headers TEXT NOT NULL,
            fragment INTEGER NOT NULL,
            size INTEGER NOT NULL,               -- bytes, before compression
            fetched_at TEXT NOT NULL,
            body BLOB NOT NULL                   -- zstd
        ) WITHOUT ROWID"""
    )
    db.execute("CREATE INDEX documents_fetched ON documents (fetched_at)")
    db.execute(f"PRAGMA user_version = {VERSION}")
    db.execute("COMMIT")
    return 1


def add(db: sqlite3.Connection, documents: Iterable[Document], now: datetime) -> None:
    """Keep each document; one that is there already gets a fresh date, so that it is not pruned under a new user."""
    compressor = zstandard.ZstdCompressor(level=LEVEL)
    db.executemany(
        """INSERT INTO documents (sha256, url, media_type, charset, name, headers, fragment, size, fetched_at, body)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (sha256) DO UPDATE SET fetched_at = MAX(fetched_at, excluded.fetched_at)""",
        [
            (
                document.sha256,
                document.url,
                document.media_type,
                document.charset,
                document.name,
                json.dumps(dict(document.headers), ensure_ascii=False),
                document.fragment,
                len(document.body),
                to_text(document.fetched_at or now),
                compressor.compress(document.body),
            )
            for document in documents
        ],
    )


def get(db: sqlite3.Connection, sha256: str) -> Document | None:
    """The document with this hash, or None once it is pruned."""
    row = db.execute("SELECT * FROM documents WHERE sha256 = ?", (sha256,)).fetchone()
    if row is None:
        return None
    return Document(
        body=zstandard.ZstdDecompressor().decompress(row["body"], max_output_size=row["size"] or 1),
        media_type=row["media_type"],
        charset=row["charset"],
        url=row["url"],
        name=row["name"],
        headers=json.loads(row["headers"]),
        fetched_at=from_text(row["fetched_at"]),
        fragment=bool(row["fragment"]),
    )


def prune(db: sqlite3.Connection, before: datetime, keep: frozenset[str] = frozenset()) -> int:
    """Delete documents fetched before `before` and not in `keep` (what an alert rests on). Returns how many went."""
    old = [
        row[0]
        for row in db.execute("SELECT sha256 FROM documents WHERE fetched_at < ?", (to_text(before),))
        if row[0] not in keep
    ]
    db.executemany("DELETE FROM documents WHERE sha256 = ?", [(sha256,) for sha256 in old])
    return len(old)


def probe(db: sqlite3.Connection, size: int) -> None:
    """Write `size` bytes: raises while there is no room for them. See `end_probe`."""
    db.execute(
        """INSERT OR REPLACE INTO documents (sha256, media_type, name, headers, fragment, size, fetched_at, body)
           VALUES ('probe', '', '', '', 0, 0, '', zeroblob(?))""",
        (size,),
    )


def end_probe(db: sqlite3.Connection) -> None:
    """Take out what `probe` wrote, in a later transaction: pages freed in the same one are never written."""
    db.execute("DELETE FROM documents WHERE sha256 = 'probe'")
