"""In how many stories a word sequence was seen: a count-min sketch in a file beside the store.

Cormode and Muthukrishnan, "An improved data stream summary" (2005): two rows of counters, of which the smaller one
counts; what collisions add on average is taken off. Counts are halved each month, so that last year's weather report
does not weigh for ever. The file is mapped into memory: opening it reads nothing, and a killed process loses nothing.
It is derived: deleted or damaged, it is made anew from the newest stories at the next start. The writer alone uses it.
"""

from __future__ import annotations

import errno
import mmap
import os
import sqlite3
import struct
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from monitor.errors import StoreError, StoreFull
from monitor.stages.compare import Reading, Weights
from monitor.stages.fingerprint import Hashes
from monitor.store.candidates import month_of

BITS = 24  # a row has 2**24 counters of a byte: room for some 300,000 stories in two months before it blurs
CATCH_UP = 5_000  # stories counted at start when the file is new or behind

_HEADER = struct.Struct("<8sIIQdd")  # magic, bits, month, last article counted, hashes counted, stories counted
_MAGIC = b"rarity 1"
_PAGE = 4096
_FULL = 255


class Rarity:
    """The counters. Satisfies `stages.compare.Rarity`."""

    def __init__(self, path: Path, now: datetime, *, bits: int = BITS) -> None:
        """Open or create the file. Raises StoreError if that cannot be done."""
        self.path = path
        self._bits, width = bits, 1 << bits
        size = _PAGE + 2 * width
        try:
            self._map, empty = _mapped(path, size)
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
            raise (StoreFull if full else StoreError)(
                f"cannot open {path}: {error.strerror}; check its owner, and that the disk has room"
            ) from error
        self._month: int
        self._last: int
        self._total: float
        self._stories: float
        magic, stored_bits, self._month, self._last, self._total, self._stories = _HEADER.unpack_from(self._map)
        if (magic, stored_bits) != (_MAGIC, bits):
            if not empty:  # touching every page of a new file would cost its size in memory
                self._map[:] = bytes(size)
            self._month, self._last, self._total, self._stories = month_of(now), 0, 0.0, 0.0
        counters = np.frombuffer(self._map, np.uint8, 2 * width, _PAGE)
        self._rows: tuple[NDArray[np.uint8], NDArray[np.uint8]] = (counters[:width], counters[width:])
        self._mask = np.uint64(width - 1)
        self._age(now)
        self._save()

    @property
    def stories(self) -> float:
        """How many stories were counted, older ones for less."""
        return self._stories

    @property
    def last_article(self) -> int:
        """Number of the newest article that was counted."""
        return self._last

    def __call__(self, hashes: Hashes) -> Weights:
        """In how many stories each was seen, about; 0 is never."""
        first, second = self._places(hashes)
        counts: Weights = np.minimum(self._rows[0][first], self._rows[1][second]).astype(np.float64)
        counts -= self._total / (1 << self._bits)
        return np.maximum(counts, 0.0, out=counts)

    def count(self, hashes: Hashes, *, article: int, founded: bool, now: datetime) -> None:
        """Count what an article brought (`Judgement.counted`). `founded`: it opened a story."""
        self._age(now)
        for row, places in zip(self._rows, self._places(hashes), strict=True):
            row[places] += row[places] < _FULL
        self._total += len(hashes)
        self._stories += founded
        self._last = max(self._last, article)
        self._save()

    def catch_up(self, db: sqlite3.Connection, now: datetime) -> int:
        """Count the newest stories that the file does not know, after a restore or a crash. Returns how many."""
        rows = db.execute(
            """SELECT articles.id, articles.text FROM stories JOIN articles ON articles.id = stories.first_article_id
               WHERE stories.first_article_id > ? ORDER BY stories.id DESC LIMIT ?""",
            (self._last, CATCH_UP),
        ).fetchall()
        for row in reversed(rows):
            self.count(Reading("", row["text"], self).counted(), article=row["id"], founded=True, now=now)
        return len(rows)

    def close(self) -> None:
        """Hand the file back. The counters may not be used afterwards."""
        self._rows = (np.empty(0, np.uint8), np.empty(0, np.uint8))
        self._map.close()

    def _places(self, hashes: Hashes) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        return (
            (hashes & self._mask).astype(np.intp),
            ((hashes >> np.uint64(64 - self._bits)) & self._mask).astype(np.intp),
        )

    def _age(self, now: datetime) -> None:
        months = month_of(now) - self._month
        if months <= 0:
            return
        shift = min(months, 8)
        for row in self._rows:
            row >>= shift
        self._total /= 2.0**shift
        self._stories /= 2.0**shift
        self._month += months

    def _save(self) -> None:
        _HEADER.pack_into(self._map, 0, _MAGIC, self._bits, self._month, self._last, self._total, self._stories)


def _mapped(path: Path, size: int) -> tuple[mmap.mmap, bool]:
    """The file in memory, and whether it is new: nothing but zeros."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660)
    try:
        new = os.fstat(handle).st_size != size
        if new:
            os.ftruncate(handle, 0)
            os.posix_fallocate(handle, 0, size)  # a full disk must be an error now, not a SIGBUS later
        return mmap.mmap(handle, size), new
    finally:
        os.close(handle)
