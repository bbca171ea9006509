"""Entries: from announced to settled. SQL only, functions of a connection in the caller's transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import zstandard

from monitor.model import Document, Entry, EntryState
from monitor.store.connection import from_text, to_text

CHUNK = 500  # parameters of one SELECT … IN
_Name = tuple[str, str | None]  # title and date as announced


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingEntry:
    """An entry that was claimed for digestion, with what the store knows beside it."""

    entry: Entry
    number: int
    source_number: int
    source_kind: str
    source_outlet: str
    source_tags: tuple[str, ...]
    fulltext: str  # 'auto', 'true', 'false'
    baseline: bool
    article: int | None  # the article it made before, when this is an edit
    attempts: int
    told: bool  # what was announced is settled; it waits for its page
    seen_at: datetime
    announced_hash: str


def add(
    db: sqlite3.Connection, source: int, entries: Iterable[Entry], now: datetime, *, baseline: bool = False
) -> list[int]:
    """Write what was announced and is new or changed, as pending. Returns the row numbers that are to be digested.

    The same guid under another link is another entry: a feed that reuses guids must not swallow news. What is announced
    word for word as before, only with a guid or with parameters in its link that were made anew, is known.
    """
    announced = list({entry.guid: entry for entry in entries}.values())
    known = _known(db, source, [entry.guid for entry in announced])
    lately = _lately(db, source, announced) if len(known) < len(announced) else {}
    fresh: list[int] = []
    for entry in announced:
        row = known.get(entry.guid)
        if row is None:
            if any(_only_dressed_anew(entry, one) for one in lately.get(_name(entry), ())):
                continue
        elif entry.url and row["url"] and row["url"] != entry.url and not _is_same_address(entry.url, row["url"]):
            if _only_dressed_anew(entry, row):
                continue
            entry = replace(entry, guid=f"{entry.guid} {entry.url}")
            row = _known(db, source, [entry.guid]).get(entry.guid)
        digest = entry.announced_hash
        if row is None:
            fresh.append(_insert(db, source, entry, digest, now, baseline))
        elif row["announced_hash"] != digest and row["state"] != EntryState.HELD:
            _announce_again(db, row["id"], entry, digest, now)
            fresh.append(row["id"])
    return fresh


def _known(db: sqlite3.Connection, source: int, guids: Sequence[str]) -> dict[str, sqlite3.Row]:
    known: dict[str, sqlite3.Row] = {}
    for start in range(0, len(guids), CHUNK):
        part = guids[start : start + CHUNK]
        marks = ",".join("?" * len(part))
        for row in db.execute(
            f"""SELECT id, guid, url, title, published_at, announced_hash, state FROM entries
                WHERE source_id = ? AND guid IN ({marks})""",
            (source, *part),
        ):
            known[row["guid"]] = row
    return known


def _lately(db: sqlite3.Connection, source: int, announced: Sequence[Entry]) -> dict[_Name, list[sqlite3.Row]]:
    """The latest rows of a source that are not announced now as they were, by what they are called."""
    found: dict[_Name, list[sqlite3.Row]] = {}
    present = {entry.guid: entry.url for entry in announced}
    for row in db.execute(
        """SELECT id, guid, url, title, published_at, announced_hash, state FROM entries
           WHERE source_id = ? ORDER BY seen_at DESC LIMIT ?""",
        (source, 2 * len(announced) + 20),
    ):
        if row["guid"] not in present or present[row["guid"]] != row["url"]:
            found.setdefault((row["title"], row["published_at"]), []).append(row)
    return found


def _name(entry: Entry) -> _Name:
    return entry.title, to_text(entry.published_at) if entry.published_at else None


def _only_dressed_anew(entry: Entry, row: sqlite3.Row) -> bool:
    """Whether an announcement repeats a known one in all but its guid and the parameters of its link.

    Without a date or a text of its own nothing proves that.
    """
    if not (entry.published_at or entry.content) or _name(entry) != (row["title"], row["published_at"]):
        return False
    if (entry.url or "").partition("?")[0] != (row["url"] or "").partition("?")[0]:
        return False
    return bool(replace(entry, url=row["url"]).announced_hash == row["announced_hash"])


def _is_same_address(one: str, other: str) -> bool:
    from monitor.stages import canonical  # courlan and its tables: only where links differ

    address = canonical.canonical_url(one)
    return address is not None and address == canonical.canonical_url(other)


def _insert(db: sqlite3.Connection, source: int, entry: Entry, digest: str, now: datetime, baseline: bool) -> int:
    payload, meta = _pack(entry)
    cursor = db.execute(
        """INSERT INTO entries (source_id, guid, url, title, author, outlet, language, tags, published_at, seen_at,
                                announced_hash, state, baseline, payload, payload_meta, try_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending', ?, ?, ?, ?)""",
        (
            source,
            entry.guid,
            entry.url,
            entry.title,
            entry.author,
            entry.outlet,
            entry.language,
            json.dumps(entry.tags, ensure_ascii=False),
            to_text(entry.published_at) if entry.published_at else None,
            to_text(now),
            digest,
            baseline,
            payload,
            meta,
            to_text(now),
        ),
    )
    return int(cursor.lastrowid or 0)


def _announce_again(db: sqlite3.Connection, number: int, entry: Entry, digest: str, now: datetime) -> None:
    payload, meta = _pack(entry)
    db.execute(
        """UPDATE entries SET url = ?, title = ?, author = ?, announced_hash = ?, state = 'pending',
                  because = 'announced again with other content', payload = ?, payload_meta = ?, try_at = ?,
                  attempts = 0, settled_at = NULL
           WHERE id = ?""",
        (entry.url, entry.title, entry.author, digest, payload, meta, to_text(now), number),
    )


def claim_pending(
    db: sqlite3.Connection,
    now: datetime,
    run: str,
    lease: timedelta,
    limit: int,
    *,
    passing_over: Sequence[int] = (),
) -> list[PendingEntry]:
    """Lease pending entries whose time has come, the longest waiting first. Another run's lease is void.

    `passing_over`: sources whose entries are to wait.
    """
    moment = to_text(now)
    others = f"AND e.source_id NOT IN ({','.join(map(str, passing_over))})" if passing_over else ""
    rows = db.execute(
        f"""SELECT e.*, s.slug, s.kind, s.outlet AS source_outlet, s.tags AS source_tags,
                  s.options ->> '$.fulltext' AS fulltext
           FROM entries e JOIN sources s ON s.id = e.source_id
           WHERE e.state = 'pending' AND e.try_at <= :now
             AND (e.lease_run IS NULL OR e.lease_run <> :run OR e.lease_until < :now) {others}
           ORDER BY e.try_at, e.id LIMIT :limit""",
        {"now": moment, "run": run, "limit": limit},
    ).fetchall()
    until = to_text(now + lease)
    db.executemany(
        "UPDATE entries SET lease_run = ?, lease_until = ?, attempts = attempts + 1 WHERE id = ?",
        [(run, until, row["id"]) for row in rows],
    )
    return [as_pending(row) for row in rows]


def as_pending(row: sqlite3.Row) -> PendingEntry:
    """A row of `entries`, with slug, kind, source_outlet, source_tags and fulltext of its source, as a value."""
    seen_at = from_text(row["seen_at"])
    assert seen_at is not None
    return PendingEntry(
        entry=Entry(
            source=row["slug"],
            guid=row["guid"],
            url=row["url"],
            title=row["title"],
            author=row["author"],
            outlet=row["outlet"],
            language=row["language"],
            tags=tuple(json.loads(row["tags"])),
            published_at=from_text(row["published_at"]),
            content=_unpack(row["payload"], row["payload_meta"]),
            section=json.loads(row["payload_meta"] or "{}").get("section", ""),
            number=row["id"],
        ),
        number=row["id"],
        source_number=row["source_id"],
        source_kind=row["kind"],
        source_outlet=row["source_outlet"],
        source_tags=tuple(json.loads(row["source_tags"])),
        fulltext=str(row["fulltext"] or "auto"),
        baseline=bool(row["baseline"]),
        article=row["article_id"],
        attempts=row["attempts"] + 1,
        told=row["settled_at"] is not None,
        seen_at=seen_at,
        announced_hash=row["announced_hash"],
    )


def is_pending(db: sqlite3.Connection, number: int, run: str) -> bool:
    """True if this entry still waits for us: nobody settled it, and the lease is ours."""
    row = db.execute("SELECT state, lease_run FROM entries WHERE id = ?", (number,)).fetchone()
    return row is not None and row["state"] == EntryState.PENDING and row["lease_run"] == run


def settle(
    db: sqlite3.Connection,
    number: int,
    state: EntryState,
    because: str,
    now: datetime,
    *,
    article: int | None = None,
    canonical_url: str | None = None,
    document_sha256: str | None = None,
    outlet: str = "",
    announced_hash: str | None = None,
    again_at: datetime | None = None,
) -> None:
    """Write how an entry ended. The payload goes: the document stands in raw.db.

    `announced_hash`: what was settled. An entry that was announced anew meanwhile stays pending with its new payload.
    `again_at`: it stays pending with its payload until then, for it may yet say more.
    """
    db.execute(
        """UPDATE entries SET because = :because, settled_at = :now, article_id = COALESCE(:article, article_id),
                  canonical_url = COALESCE(:canonical, canonical_url),
                  document_sha256 = COALESCE(:document, document_sha256),
                  outlet = CASE outlet WHEN '' THEN :outlet ELSE outlet END, lease_run = NULL, lease_until = NULL,
                  state = IIF(:again IS NULL AND announced_hash = COALESCE(:hash, announced_hash), :state, state),
                  payload = IIF(:again IS NULL AND announced_hash = COALESCE(:hash, announced_hash), NULL, payload),
                  payload_meta =
                      IIF(:again IS NULL AND announced_hash = COALESCE(:hash, announced_hash), NULL, payload_meta),
                  try_at = IIF(announced_hash = COALESCE(:hash, announced_hash), COALESCE(:again, try_at), try_at)
           WHERE id = :id""",
        {
            "state": state,
            "hash": announced_hash,
            "again": to_text(again_at) if again_at else None,
            "because": because,
            "now": to_text(now),
            "article": article,
            "canonical": canonical_url,
            "document": document_sha256,
            "outlet": outlet,
            "id": number,
        },
    )


def postpone(db: sqlite3.Connection, number: int, try_at: datetime, because: str) -> None:
    """Leave an entry pending and try again later, with the reason in sight."""
    db.execute(
        """UPDATE entries SET try_at = ?, because = ?, lease_run = NULL, lease_until = NULL
           WHERE id = ? AND state = 'pending'""",
        (to_text(try_at), because, number),
    )


def queue(db: sqlite3.Connection, numbers: Iterable[int], try_at: datetime, because: str) -> None:
    """Let pending entries wait their turn, with the reason in sight."""
    db.executemany(
        "UPDATE entries SET try_at = ?, because = ? WHERE id = ? AND state = 'pending'",
        [(to_text(try_at), because, number) for number in numbers],
    )


def announced(db: sqlite3.Connection, numbers: Sequence[int], entries: Iterable[Entry]) -> dict[int, Entry]:
    """What `add` made rows of: row number → entry."""
    by_guid: dict[str, Entry] = {}
    for entry in entries:
        by_guid[entry.guid] = entry
        by_guid[f"{entry.guid} {entry.url}"] = entry
    found: dict[int, Entry] = {}
    for start in range(0, len(numbers), CHUNK):
        part = numbers[start : start + CHUNK]
        marks = ",".join("?" * len(part))
        for row in db.execute(f"SELECT id, guid FROM entries WHERE id IN ({marks})", part):
            if row["guid"] in by_guid:
                found[row["id"]] = by_guid[row["guid"]]
    return found


def give_back(db: sqlite3.Connection, run: str) -> int:
    """Free the leases of this run, at a clean stop. Returns how many."""
    return db.execute(
        """UPDATE entries SET lease_run = NULL, lease_until = NULL, attempts = attempts - 1
           WHERE lease_run = ? AND state = 'pending'""",
        (run,),
    ).rowcount


def clamp_clock(db: sqlite3.Connection, now: datetime, furthest: timedelta) -> int:
    """Pull in pending entries that a wrong clock left further ahead than `furthest`, or saw in what is now the future.

    Returns how many.
    """
    return db.execute(
        """UPDATE entries SET try_at = :now
           WHERE state = 'pending' AND try_at > :now AND (try_at > :furthest OR seen_at > :now)""",
        {"now": to_text(now), "furthest": to_text(now + furthest)},
    ).rowcount


def numbers(db: sqlite3.Connection, source: int, guids: Sequence[str]) -> list[int]:
    """Row numbers of the entries a source announced under these guids."""
    return [int(row["id"]) for row in _known(db, source, guids).values()]


def outcomes(db: sqlite3.Connection, of: Sequence[int]) -> list[dict[str, Any]]:
    """How entries stand: state, because, article, story, title, and the rules that raised an alert on them."""
    found = []
    for number in of:
        row = db.execute(
            """SELECT e.id AS entry, e.state, e.because, e.article_id AS article, a.story_id AS story, a.title
               FROM entries e LEFT JOIN articles a ON a.id = e.article_id WHERE e.id = ?""",
            (number,),
        ).fetchone()
        rules = db.execute("SELECT rule, outcome FROM matches WHERE entry_id = ? ORDER BY rule", (number,))
        found.append({**dict(row), "matches": {one["rule"]: one["outcome"] for one in rules}})
    return found


def baseline_summary(db: sqlite3.Connection, source: int) -> tuple[int, int] | None:
    """(stored, would have alerted) once every entry of a source's first poll is settled; None before."""
    waiting = db.execute(
        "SELECT 1 FROM entries WHERE source_id = ? AND baseline = 1 AND state = 'pending' LIMIT 1", (source,)
    ).fetchone()
    if waiting:
        return None
    stored = db.execute("SELECT COUNT(*) FROM entries WHERE source_id = ? AND baseline = 1", (source,)).fetchone()[0]
    alerted = db.execute(
        """SELECT COUNT(DISTINCT m.rule || '/' || m.story_id) FROM matches m JOIN entries e ON e.id = m.entry_id
           WHERE e.source_id = ? AND e.baseline = 1 AND m.outcome = 'baseline'""",
        (source,),
    ).fetchone()[0]
    return int(stored), int(alerted)


def _pack(entry: Entry) -> tuple[bytes | None, str | None]:
    content = entry.content
    if content is None:
        return None, None
    meta = {
        "media_type": content.media_type,
        "charset": content.charset,
        "url": content.url,
        "name": content.name,
        "headers": dict(content.headers),
        "fetched_at": to_text(content.fetched_at) if content.fetched_at else None,
        "fragment": content.fragment,
        "size": len(content.body),
        "section": entry.section,
    }
    return zstandard.ZstdCompressor(level=1).compress(content.body), json.dumps(meta, ensure_ascii=False)


def _unpack(payload: bytes | None, meta: str | None) -> Document | None:
    if payload is None or meta is None:
        return None
    said = json.loads(meta)
    return Document(
        body=zstandard.ZstdDecompressor().decompress(payload, max_output_size=said["size"] or 1),
        media_type=said["media_type"],
        charset=said["charset"],
        url=said["url"],
        name=said["name"],
        headers=said["headers"],
        fetched_at=from_text(said["fetched_at"]),
        fragment=said["fragment"],
    )
