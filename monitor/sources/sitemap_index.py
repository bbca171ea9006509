"""The children of a sitemap index, as notes in the cursor: which there are, which are due. Pure.

A child may be an index itself. Its children stand beside it, each note with the index that names it (`under`) and
how deep it lies; a circle ends where an address is known already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from monitor.stages import pace
from monitor.stages.parse.sitemap import Child

RECENT = timedelta(days=14)  # older pages are history, not news
MAX_CHILDREN = 1000  # remembered of one source
MAX_DEPTH = 3  # an index of indexes of indexes

Notes = dict[str, dict[str, Any]]


def merged(known: Mapping[str, Any], index: str, children: Sequence[Child], now: datetime) -> tuple[Notes, int]:
    """The notes once `index` (an address; '' is the source's own) names these children, and how many find no room.

    Kept are the recently modified ones and those without a date; with one that is no longer named goes all below it.
    """
    depth = int(known[index].get("depth", 1)) + 1 if index else 1
    recent = [child for child in children if child.modified is None or child.modified > now - RECENT]
    recent.sort(key=lambda child: child.modified.timestamp() if child.modified else 0.0, reverse=True)
    named = {child.url: child for child in recent}
    notes: Notes = {url: dict(note) for url, note in known.items() if note.get("under", "") != index or url in named}
    room = MAX_CHILDREN - len(notes)
    for url, child in named.items():
        note = notes.get(url)
        if note is None and room > 0:
            note = notes[url] = {"under": index, "depth": depth}
            room -= 1
        if note is not None and note.get("under", "") == index:
            note["said"] = child.modified.isoformat() if child.modified else None
    return _rooted(notes), sum(url not in notes for url in named)


def _rooted(notes: Notes) -> Notes:
    """Without those whose index is gone."""
    while orphans := [url for url, note in notes.items() if note.get("under") and note["under"] not in notes]:
        for url in orphans:
            del notes[url]
    return notes


def due(notes: Mapping[str, Any], now: datetime) -> list[str]:
    """Children to visit, in order: changed by their date, never visited, then undated ones in rotation.

    One that failed waits its time, unless there is no other: then the source itself is asked less often.
    """
    moment, none = now.timestamp(), all_failed(notes)
    awake = {url: note for url, note in notes.items() if none or note.get("wait", 0.0) <= moment}
    never = [url for url, note in awake.items() if "at" not in note]
    changed = [
        url for url, note in awake.items() if "at" in note and note.get("said") and note["said"] != note.get("seen")
    ]
    undated = [url for url, note in awake.items() if "at" in note and not note.get("said") and not note.get("gone")]
    undated.sort(key=lambda url: float(awake[url]["at"]))
    return [*changed, *never, *undated]


def failed(note: Mapping[str, Any], every: float, now: datetime) -> dict[str, Any]:
    """The note of a child that could not be read: asked at the next visit, then less and less often, daily at last."""
    failures = int(note.get("failed", 0)) + 1
    wait = 0.9 * min(every * 2.0 ** min(failures - 1, 20), pace.DAY)  # 0.9: visits come a little early, too
    return {**note, "at": now.timestamp(), "failed": failures, "wait": now.timestamp() + wait}


def read(note: Mapping[str, Any], fresh: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The note of a child that was read; `fresh`: its validators and hash."""
    kept = {key: value for key, value in note.items() if key not in ("failed", "wait")}
    return {**kept, **fresh, "seen": note.get("said"), "at": now.timestamp()}


def all_failed(notes: Mapping[str, Any]) -> bool:
    """Whether every child has been asked, and none could be read when it was asked last."""
    return bool(notes) and all(note.get("failed") or note.get("gone") for note in notes.values())
