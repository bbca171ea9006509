"""A drop folder as a source: complete files become entries; what happens to a file afterwards is `after`.

`keep` changes nothing in the folder: what was read is remembered in the cursor. `move` and `delete` claim a file by
renaming it into `.work/`; after the commit it goes to `done/` (or away), and what cannot be read to `failed/` beside
a `.reason`. A kill in between leaves the file in `.work/`, from where the next visit takes it up again: entries are
keyed by their content's hash, so nothing is lost or doubled. File names are bytes and are never trusted.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitor.errors import Permanent, Temporary
from monitor.model import Document, Entry, Records
from monitor.ports import Pull, SourceRow
from monitor.sources.disk import Found, NotReadable, claim, find, put_away, read
from monitor.sources.running import RunElsewhere

SETTLE = 2.0  # seconds a file must have been still
MAX_BYTES = 10 * 1024 * 1024
MAX_FILES = 500  # files of one visit
MAX_VISIT_BYTES = 32 * 1024 * 1024
MAX_WATCHED = 100  # sub-folders whose own time is looked at between two visits
MAX_NAMED = 20  # records of one file that are named with what is wrong with them
OPEN_DEADLINE = 30.0

TYPES = {
    b"txt": "text/plain",
    b"text": "text/plain",
    b"html": "text/html",
    b"htm": "text/html",
    b"xhtml": "application/xhtml+xml",
    b"md": "text/markdown",
    b"markdown": "text/markdown",
    b"eml": "message/rfc822",
    b"json": "application/json",
    b"jsonl": "application/x-ndjson",
    b"ndjson": "application/x-ndjson",
    b"pdf": "application/pdf",
}


@dataclass(slots=True)
class _Visit:
    """What one visit has gathered so far."""

    entries: list[Entry]
    refused: list[tuple[str, str]]
    done: list[str]  # claimed files whose entries are in `entries`
    failed: list[tuple[str, str]]  # claimed files that cannot be read, with the reason
    stuck: tuple[Found, OSError] | None = None  # the first file that cannot be claimed
    size: int = 0
    more: bool = False


class FolderSource:
    """Pulls the files of a drop folder.

    `settle`: seconds a file must have been still, unless it was renamed in. `sleep` waits for that.
    """

    def __init__(
        self,
        run_elsewhere: RunElsewhere,
        *,
        settle: float = SETTLE,
        max_bytes: int = MAX_BYTES,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ):
        self._run_elsewhere = run_elsewhere
        self._settle = settle
        self._max_bytes = max_bytes
        self._sleep = sleep
        self._watched: dict[str, dict[bytes, int]] = {}  # slug → folder → its time of change before the last visit

    async def stirring(self) -> tuple[str, ...]:
        """Slugs of folders in which something was created, renamed or removed since their last visit.

        A look at the folders' own times: a file is found within seconds, whatever `every` says.
        """
        return await asyncio.to_thread(self._stirring)

    def _stirring(self) -> tuple[str, ...]:
        return tuple(slug for slug, times in self._watched.items() if times != _times(times))

    async def pull(self, source: SourceRow, now: datetime) -> Pull:
        """One visit. Raises Temporary where the folder cannot be read."""
        root = os.fsencode(source.address)
        keeps = source.options.get("after", "keep") == "keep"
        deep = bool(source.options.get("recursive", True))
        seen = set(source.cursor.get("seen", ()))
        before = await asyncio.to_thread(_times, self._watched.get(source.slug, [root]))
        try:
            found = await asyncio.to_thread(find, root, deep, not keeps)
        except OSError as error:
            raise _no_folder(source.address, error) from error
        folders = list(dict.fromkeys([root, *(os.path.dirname(file.path) for file in found)]))[:MAX_WATCHED]
        self._watched[source.slug] = {path: before.get(path, 0) for path in folders}
        stamps = {file.stamp for file in found}
        fresh = [file for file in found if file.claimed or file.stamp not in seen]
        ready = await self._settled(fresh, now)
        kept = seen & stamps
        visit = _Visit([], [], [], [], more=len(ready) < len(fresh))  # a file that is being written is waited for
        for file in ready:
            if len(visit.entries) >= MAX_FILES or visit.size >= MAX_VISIT_BYTES:
                visit.more = True
                break
            if await self._take(file, root, source, keeps, visit, now):
                kept.add(file.stamp)
        if visit.stuck is not None:
            _say_stuck(visit, visit.stuck, source)
        cursor: dict[str, Any] = {}
        if kept:
            cursor["seen"] = sorted(kept)
        if visit.done:
            cursor["done"] = visit.done
        if visit.failed:
            cursor["failed"] = [list(pair) for pair in visit.failed]
        return Pull(
            entries=tuple(visit.entries),
            cursor=cursor,
            unchanged=not visit.entries and not visit.refused and cursor == dict(source.cursor),
            refused=tuple(visit.refused),
            more=visit.more,
        )

    async def acknowledge(self, source: SourceRow, pull: Pull) -> None:
        """Put claimed files away: to `done/` or gone, and to `failed/` with the reason. May be repeated."""
        root = os.fsencode(source.address)
        deletes = source.options.get("after") == "delete"
        done = [os.fsencode(path) for path in pull.cursor.get("done", ())]
        failed = [(os.fsencode(path), str(reason)) for path, reason in pull.cursor.get("failed", ())]
        if done or failed:
            try:
                await asyncio.to_thread(put_away, root, done, failed, deletes)
            except OSError as error:
                raise _no_folder(source.address, error) from error

    async def _settled(self, files: list[Found], now: datetime) -> list[Found]:
        """The files that are complete. Those touched a moment ago are waited for, once, all together."""
        latest = now.timestamp() - self._settle
        still = [file for file in files if file.odd or file.modified <= latest]
        waiting = [file for file in files if not file.odd and file.modified > latest]
        if waiting:
            await self._sleep(self._settle)
            still += [file for file in waiting if await asyncio.to_thread(file.is_unchanged)]
        return sorted(still, key=lambda file: (file.modified, file.path))

    async def _take(
        self, file: Found, root: bytes, source: SourceRow, keeps: bool, visit: _Visit, now: datetime
    ) -> bool:
        """Read one file into the visit. True if it is to be remembered as seen."""
        if file.odd:
            visit.refused.append((file.shown, file.odd))
            return True
        try:
            path = file.path if keeps or file.claimed else await asyncio.to_thread(claim, root, file)
        except FileNotFoundError:
            return False  # somebody took it away between two looks
        except OSError as error:
            visit.stuck = visit.stuck or (file, error)
            return False
        try:
            body = await asyncio.to_thread(read, path, self._max_bytes)
            found = await self._documents(file, body, keeps, now)
        except FileNotFoundError:
            return False
        except NotReadable as refusal:
            if refusal.unsettled:
                return False
            reason = str(refusal)
        except Permanent as error:
            reason = str(error)
        else:
            visit.size += len(body)
            visit.entries.extend(_entry(document, file, source) for document in found.documents)
            if found.refused:
                visit.refused += _refused(file, found)
            if not keeps and found.refused:
                visit.failed.append((os.fsdecode(path), _told(found)))
            elif not keeps:
                visit.done.append(os.fsdecode(path))
            return keeps
        visit.refused.append((file.shown, reason))
        if not keeps:
            visit.failed.append((os.fsdecode(path), reason))
        return keeps

    async def _documents(self, file: Found, body: bytes, keeps: bool, now: datetime) -> Records:
        """The documents in a file. Raises Permanent or NotReadable with the reason where there is none."""
        ending = file.name.rpartition(b".")[2].lower() if b"." in file.name else b"txt"
        media_type = TYPES.get(ending)
        if media_type is None:
            kinds = ", ".join(f".{name.decode()}" for name in TYPES)
            raise NotReadable(f"is of a kind that is not read (read are {kinds})")
        if not body.strip(b" \t\r\n\0"):
            raise NotReadable("is empty")
        document = Document(body=body, media_type=media_type, name=file.shown_name, fetched_at=now)
        found = Records(documents=(document,))
        if "json" in media_type:
            found = await self._run_elsewhere("monitor.stages.kinds:records", document, deadline=OPEN_DEADLINE)
        plain = media_type in ("text/plain", "text/html") and b"\0" not in body[:4096]
        if not keeps and not plain:  # its row would say so, but here the file itself shall
            for one in found.documents if len(found.documents) == 1 else ():  # of several each was looked at
                await self._run_elsewhere("monitor.stages.kinds:check", one, deadline=OPEN_DEADLINE)
        return found


def _refused(file: Found, found: Records) -> list[tuple[str, str]]:
    """What of a file could not be read, each with its place; beyond a few only their number."""
    named = [(file.shown, f"{place}: {reason}") for place, reason in found.refused[:MAX_NAMED]]
    if more := len(found.refused) - len(named):
        named.append((file.shown, f"and {more:,} more"))
    return named


def _told(found: Records) -> str:
    """What stands beside a file of which only a part could be read. Dropped again, what was taken is not doubled."""
    good, bad = len(found.documents), len(found.refused)
    lines = [f"{place}: {reason}" for place, reason in found.refused]
    return "\n".join([f"{bad:,} of {good + bad:,} records could not be read; the others were taken", *lines])


def _entry(document: Document, file: Found, source: SourceRow) -> Entry:
    return Entry(
        source=source.slug,
        guid=f"sha256:{document.sha256}",
        outlet=str(source.options.get("outlet") or ""),
        language=str(source.options.get("language") or ""),
        content=document,
        section=file.section,
    )


def _times(folders: Iterable[bytes]) -> dict[bytes, int]:
    """When each folder's list of names changed, in nanoseconds; 0 for one that is not there."""
    found = {}
    for path in folders:
        try:
            found[path] = os.stat(path).st_mtime_ns
        except OSError:
            found[path] = 0
    return found


def _say_stuck(visit: _Visit, stuck: tuple[Found, OSError], source: SourceRow) -> None:
    """A file that cannot be claimed holds up no other: the visit fails only where there was nothing else."""
    file, error = stuck
    because = (
        f'cannot be written, which `after` needs: {error.strerror}; give the right to write, or set after = "keep"'
    )
    if not (visit.entries or visit.refused):
        raise Temporary(f"the folder {source.address} {because}", kind="folder-readonly") from error
    visit.refused.append((file.shown, f"its folder {because}"))


def _no_folder(address: str, error: OSError) -> Temporary:
    if isinstance(error, FileNotFoundError):
        return Temporary(f"the folder {address} does not exist; create it, or correct `path`", kind="folder-missing")
    return Temporary(f"the folder {address} cannot be read: {error.strerror or error}", kind="folder")
