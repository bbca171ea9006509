"""What the pages of a site repeat: block fingerprints with the number of pages that had them. SQL only.

Most blocks are seen once and never again, so they are kept only while a second sighting is likely: the profile of a
site stays small however many pages it has.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime
from urllib.parse import urlsplit

from monitor.model import Document, SiteProfile
from monitor.store.connection import to_text
from monitor.store.entries import PendingEntry

YOUNG = 12  # pages; up to here a block seen once is worth comparing with
MOST = 4000  # blocks handed out, the most repeated first
FORGET_EVERY = 16  # pages between two clean-ups
SINGLES = 3000  # blocks seen once that are kept


def key_of(pending: PendingEntry, page: Document | None) -> str:
    """Whose profile a document belongs to: the page's host, else the feed or folder it came from."""
    if page is not None and page.url:
        return f"host:{urlsplit(page.url).hostname or ''}"
    section = f"/{pending.entry.section}" if pending.entry.section else ""
    return f"{pending.source_kind}:{pending.entry.source}{section}"


def get(db: sqlite3.Connection, key: str) -> SiteProfile:
    """The profile of this key; an empty one for a site that was never seen."""
    row = db.execute("SELECT pages FROM site_profiles WHERE key = ?", (key,)).fetchone()
    if row is None:
        return SiteProfile(key=key)
    least = 1 if row["pages"] <= YOUNG else 2
    blocks, pinned = {}, set()
    for block in db.execute(
        """SELECT block, pages, pinned FROM profile_blocks WHERE key = ? AND (pages >= ? OR pinned = 1)
           ORDER BY pages DESC LIMIT ?""",
        (key, least, MOST),
    ):
        blocks[block["block"]] = block["pages"]
        if block["pinned"]:
            pinned.add(block["block"])
    return SiteProfile(key=key, pages=row["pages"], blocks=blocks, pinned=frozenset(pinned))


def learn(db: sqlite3.Connection, key: str, learned: Iterable[int], source: int, now: datetime) -> None:
    """Count the blocks of one more page."""
    blocks = set(learned)
    if not key or not blocks:
        return
    moment = to_text(now)
    row = db.execute(
        """INSERT INTO site_profiles (key, source_id, pages, updated_at) VALUES (?, ?, 1, ?)
           ON CONFLICT (key) DO UPDATE SET pages = pages + 1, updated_at = excluded.updated_at RETURNING pages""",
        (key, source, moment),
    ).fetchone()
    db.executemany(
        """INSERT INTO profile_blocks (key, block, pages, seen_at) VALUES (?, ?, 1, ?)
           ON CONFLICT (key, block) DO UPDATE SET pages = pages + 1, seen_at = excluded.seen_at""",
        [(key, block, moment) for block in blocks],
    )
    if row["pages"] % FORGET_EVERY == 0:
        db.execute(
            """DELETE FROM profile_blocks WHERE key = ?1 AND pages = 1 AND pinned = 0 AND block NOT IN (
                   SELECT block FROM profile_blocks WHERE key = ?1 AND pages = 1 ORDER BY seen_at DESC LIMIT ?2)""",
            (key, SINGLES),
        )
