"""What the pages of a site repeat: block fingerprints with the number of pages that had them. SQL only.

Most blocks are seen once and never again, so they are kept only while a second sighting is likely: the profile of a
site stays small however many pages it has.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime
from urllib.parse import urlsplit

from monitor.errors import Permanent
from monitor.model import Document, Removed, SiteProfile
from monitor.store.connection import to_text
from monitor.store.entries import PendingEntry

YOUNG = 12  # pages; up to here a block seen once is worth comparing with
MOST = 4000  # blocks handed out, the most repeated first
FORGET_EVERY = 16  # pages between two clean-ups
SINGLES = 3000  # blocks seen once that are kept
RECENT = 300  # articles whose blocks are searched for the texts of fingerprints
SAMPLE = 500  # characters of a block that are shown


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
    blocks, below, pinned = {}, {}, set()
    for block in db.execute(
        """SELECT block, pages, below, pinned FROM profile_blocks WHERE key = ? AND (pages >= ? OR pinned = 1)
           ORDER BY pages DESC LIMIT ?""",
        (key, least, MOST),
    ):
        blocks[block["block"]] = block["pages"]
        if block["below"]:
            below[block["block"]] = block["below"]
        if block["pinned"]:
            pinned.add(block["block"])
    return SiteProfile(key=key, pages=row["pages"], blocks=blocks, below=below, pinned=frozenset(pinned))


def learn(
    db: sqlite3.Connection,
    key: str,
    learned: Iterable[int],
    source: int,
    now: datetime,
    below: Iterable[int] = (),
) -> None:
    """Count the blocks of one more page, and which of them stood `below` its text only."""
    blocks, ends = set(learned), frozenset(below)
    if not key or not blocks:
        return
    moment = to_text(now)
    row = db.execute(
        """INSERT INTO site_profiles (key, source_id, pages, updated_at) VALUES (?, ?, 1, ?)
           ON CONFLICT (key) DO UPDATE SET pages = pages + 1, updated_at = excluded.updated_at RETURNING pages""",
        (key, source, moment),
    ).fetchone()
    db.executemany(
        """INSERT INTO profile_blocks (key, block, pages, below, seen_at) VALUES (?, ?, 1, ?, ?)
           ON CONFLICT (key, block) DO UPDATE
           SET pages = pages + 1, below = below + excluded.below, seen_at = excluded.seen_at""",
        [(key, block, int(block in ends), moment) for block in blocks],
    )
    if row["pages"] % FORGET_EVERY == 0:
        db.execute(
            """DELETE FROM profile_blocks WHERE key = ?1 AND pages = 1 AND pinned = 0 AND block NOT IN (
                   SELECT block FROM profile_blocks WHERE key = ?1 AND pages = 1 ORDER BY seen_at DESC LIMIT ?2)""",
            (key, SINGLES),
        )


def removed_from(db: sqlite3.Connection, article: int) -> tuple[Removed, ...]:
    """What cleaning took out of an article, in the order of the document."""
    rows = db.execute(
        "SELECT text, offset, at, reason, confidence, span FROM removed_blocks WHERE article_id = ? ORDER BY position",
        (article,),
    )
    return tuple(
        Removed(
            text=row["text"],
            offset=row["offset"],
            at=row["at"],
            reason=row["reason"],
            confidence=row["confidence"],
            span=bool(row["span"]),
        )
        for row in rows
    )


def keys_of(db: sqlite3.Connection, name: str) -> list[str]:
    """The profiles that a source feeds, or the one of this key."""
    rows = db.execute(
        """SELECT p.key FROM site_profiles p LEFT JOIN sources s ON s.id = p.source_id
           WHERE p.key = ?1 OR s.slug = ?1 ORDER BY p.key""",
        (name,),
    )
    return [row["key"] for row in rows]


def listing(db: sqlite3.Connection, name: str, least: int = 2) -> list[dict[str, object]]:
    """What was learned of a source: its blocks with their pages, the most repeated first, with their text.

    A profile holds fingerprints only; the texts are looked up in what was lately kept and removed from the source.
    """
    keys = keys_of(db, name)
    texts = _recent_texts(db, keys)
    found = []
    for key in keys:
        pages = db.execute("SELECT pages FROM site_profiles WHERE key = ?", (key,)).fetchone()["pages"]
        found += [
            {
                "key": key,
                "block": row["block"],
                "pages": row["pages"],
                "of": pages,
                "below": row["below"],
                "pinned": bool(row["pinned"]),
                "sample": row["sample"] or texts.get(row["block"], ""),
            }
            for row in db.execute(
                """SELECT block, pages, below, pinned, sample FROM profile_blocks
                   WHERE key = ? AND (pages >= ? OR pinned = 1) ORDER BY pinned DESC, pages DESC, block LIMIT ?""",
                (key, least, MOST),
            )
        ]
    return found


def _recent_texts(db: sqlite3.Connection, keys: Iterable[str]) -> dict[int, str]:
    from monitor.stages.clean import profiles as block_profiles  # with models and tables behind it

    texts: dict[int, str] = {}
    for key in keys:
        recent = [
            row["id"]
            for row in db.execute(
                """SELECT a.id FROM articles a JOIN site_profiles p ON p.source_id = a.source_id
                   WHERE p.key = ? ORDER BY a.id DESC LIMIT ?""",
                (key, RECENT),
            )
        ]
        for number in recent:
            removed = db.execute("SELECT text FROM removed_blocks WHERE article_id = ?", (number,))
            kept = db.execute("SELECT text FROM articles WHERE id = ?", (number,)).fetchone()["text"]
            for text in (*(row["text"] for row in removed), *kept.split("\n\n")):
                if text:
                    texts.setdefault(block_profiles.fingerprint(text), text[:SAMPLE])
    return texts


def change(db: sqlite3.Connection, name: str, block: int | None = None, pin: bool = False, forget: bool = False) -> int:
    """Forget the profiles of a source, or pin or unpin one block of them. Returns how many rows changed.

    Raises Permanent where nothing was learned of `name`, or no page had the block.
    """
    keys = keys_of(db, name)
    if not keys:
        raise Permanent(f"nothing was learned of '{name}'; see `monitor sources list`", kind="no-profile")
    marks = ", ".join("?" * len(keys))
    if forget:
        db.execute(f"DELETE FROM profile_blocks WHERE key IN ({marks})", keys)
        return db.execute(f"DELETE FROM site_profiles WHERE key IN ({marks})", keys).rowcount
    changed = db.execute(
        f"UPDATE profile_blocks SET pinned = ? WHERE block = ? AND key IN ({marks})", (int(pin), block, *keys)
    ).rowcount
    if not changed:
        raise Permanent(f"no page of '{name}' had block {block}", kind="no-block")
    return changed
