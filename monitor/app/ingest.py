"""Documents handed over by a command: stored like those of a drop folder, taken through at once."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Mapping
from typing import Any

from monitor.app.parts import App
from monitor.errors import Permanent
from monitor.model import Document, Entry, EntryState, Records
from monitor.ports import SourceRow
from monitor.sources.folder import TYPES
from monitor.store import entries, sources
from monitor.store.connection import Connection

SOURCE = "ingest"  # documents without a source of their own belong to this one
NEVER = 10 * 365 * 86400.0
OPEN_DEADLINE = 30.0
LOOK_AGAIN = 0.05


async def ingest(
    app: App, *, name: str, body: str, source: str = "", outlet: str = "", media_type: str = "", url: str = ""
) -> list[dict[str, Any]]:
    """Take one document (`body`: base64) through to its end. Returns what became of each article in it.

    A document that is there already is not written again: its entry is returned as it is.
    Raises Permanent for what cannot be read, and for a source that does not exist.
    """
    try:
        content = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Permanent(f"{name}: not base64", kind="bad-request") from error
    if len(content) > app.config.pool.max_document:
        raise Permanent(f"{name}: over {app.config.pool.max_document} bytes ([pool] max_document)", kind="too-large")
    if not content.strip(b" \t\r\n\0"):
        raise Permanent(f"{name}: is empty", kind="empty")
    ending = name.rpartition(".")[2].lower().encode() if "." in name else b"txt"
    kind = media_type or TYPES.get(ending, "")
    if not kind:
        raise Permanent(f"{name}: is of a kind that is not read", kind="unknown-kind")
    document = Document(body=content, media_type=kind, name=name[:255], url=url or None, fetched_at=app.clock())
    read = Records(documents=(document,))
    if "json" in kind:
        read = await app.pool.run("monitor.stages.kinds:records", document, deadline=OPEN_DEADLINE)
    found = [
        Entry(source=source or SOURCE, guid=f"sha256:{one.sha256}", url=one.url, outlet=outlet, content=one)
        for one in read.documents
    ]
    numbers = await app.store.write(lambda db: _add(db, app, source, found))
    app.pipeline.wake.set()
    await app.pipeline.digest_due()
    while True:  # the daemon's own loop may have claimed it first
        rows = await app.store.read(lambda db: entries.outcomes(db, numbers))
        if all(row["state"] != EntryState.PENDING or row["because"] for row in rows):
            refused = [{"state": "refused", "because": f"{place}: {why}"} for place, why in read.refused]
            return [{"name": name, **row} for row in (*rows, *refused)]
        await asyncio.sleep(LOOK_AGAIN)


def _add(db: Connection, app: App, source: str, found: list[Entry]) -> list[int]:
    now = app.clock()
    if source:
        row = sources.get(db, source)
        if row is None:
            raise Permanent(f"there is no source '{source}'", kind="no-source")
        number = row.number
    else:
        place = SourceRow(slug=SOURCE, kind="ingest", address="", every=NEVER)
        number = sources.upsert(db, place, now, enabled=False)  # never polled
    entries.add(db, number, found, now)
    return entries.numbers(db, number, [entry.guid for entry in found])


def arguments(name: str, content: bytes, **others: str) -> Mapping[str, Any]:
    """What to send as the arguments of `ingest`."""
    return {"name": name, "body": base64.b64encode(content).decode(), **others}
