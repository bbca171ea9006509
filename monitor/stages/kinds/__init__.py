"""Kinds of files → text or HTML with the fields they carry: mail, Markdown, JSON, PDF, HTML, plain text.

Pure. It opens what is packed and refuses what cannot be read, with the reason; it does not look for
furniture. Each kind has a file of its own here; `fields` knows the names of fields, `opened` what comes out.
"""

from __future__ import annotations

import json
import re
from datetime import datetime

from monitor.errors import Permanent
from monitor.model import Document, Records
from monitor.stages import encodings, plaintext
from monitor.stages.kinds import fields
from monitor.stages.kinds.opened import Opened, marked

__all__ = ["MAX_BYTES", "Opened", "check", "kind_of", "opened", "records"]

MAX_BYTES = 10 * 1024 * 1024
_MAGIC = (
    (b"PK\x03\x04", "a ZIP archive or an office file"),
    (b"\x1f\x8b", "gzip data"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"\xd0\xcf\x11\xe0", "an old office file"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\x28\xb5\x2f\xfd", "zstd data"),
    (b"{\\rtf", "an RTF file"),
)
_BY_TYPE = {
    "message/rfc822": "mail",
    "text/markdown": "markdown",
    "application/json": "json",
    "application/x-ndjson": "json",
    "application/jsonl": "json",
    "application/pdf": "pdf",
    "text/html": "html",
    "application/xhtml+xml": "html",
}
_BY_ENDING = {
    "eml": "mail",
    "md": "markdown",
    "markdown": "markdown",
    "json": "json",
    "jsonl": "json",
    "ndjson": "json",
    "pdf": "pdf",
    "html": "html",
    "htm": "html",
    "xhtml": "html",
}
_BINARY = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\ufffd]")
_LOOKS_HTML = re.compile(r"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_HEAD = re.compile(r"\A\s*(?P<head>(?:[^\W\d_][\w -]{1,20}:[ \t]+\S[^\n]*\n){2,10})[ \t]*\n")
_HEAD_LINE = re.compile(r"^([^:]+):[ \t]+(.+)$", re.MULTILINE)


def kind_of(document: Document) -> str:
    """'mail', 'markdown', 'json', 'pdf', 'html' or 'text', by content, then media type, then ending."""
    if document.body.lstrip()[:5] == b"%PDF-":
        return "pdf"
    ending = document.name.rpartition(".")[2].lower() if "." in document.name else ""
    return _BY_TYPE.get(document.media_type) or _BY_ENDING.get(ending) or "text"


def opened(document: Document, max_bytes: int = MAX_BYTES) -> Opened:
    """What a document holds.

    Raises Permanent with kind 'empty', 'too-large', 'binary', 'encrypted', 'broken' or 'several', and a
    sentence that says what to do.
    """
    body = document.body
    if not body.strip(b" \t\r\n\0\xef\xbb\xbf\xff\xfe"):
        raise Permanent("is empty", kind="empty")
    if len(body) > max_bytes:
        because = f"has {len(body):,} bytes; the limit is {max_bytes:,} ([pool] max_document)"
        raise Permanent(because, kind="too-large")
    kind = kind_of(document)
    if kind == "pdf":
        from monitor.stages.kinds import pdf

        return pdf.opened(body, document.fetched_at)
    for magic, what in _MAGIC:
        if body.startswith(magic):
            raise Permanent(f"is {what}, not a text; convert it first", kind="binary")
    if kind == "mail":
        from monitor.stages.kinds import mail

        return mail.opened(document)
    text, _ = encodings.decode(body, document.charset or encodings.declared_in(body))
    _refuse_binary(text)
    if kind == "json":
        return _json(document, text)
    if document.fragment:
        return Opened(text=text, form="fragment", method="fragment")
    if kind == "html" or (kind == "text" and _LOOKS_HTML.match(text[:2000])):
        return Opened(text=text, form="html")
    if kind == "markdown":
        from monitor.stages.kinds import markdown

        return markdown.opened(text, document.fetched_at)
    return _plain(text, document.fetched_at)


def check(document: Document) -> None:
    """Raise what `opened` raises. For a worker: the caller wants no text, and need not know this room to hear back."""
    opened(document)


def records(document: Document) -> Records:
    """One document for each record of a JSON-lines file or JSON list, with what of it cannot be read.

    The document itself where it holds no more than one, or nothing that can be read: then `opened` says why.
    """
    if kind_of(document) != "json":
        return Records(documents=(document,))
    from monitor.stages.kinds import objects

    try:
        text, _ = encodings.decode(document.body, document.charset)
        found = objects.read(text, lines=_calls_itself_lines(document))
    except Permanent:
        return Records(documents=(document,))
    documents: list[Document] = []
    refused: list[tuple[str, str]] = []
    for one in found:
        fault = one.fault
        if not fault:
            try:
                objects.opened(one.value, document.fetched_at)
            except Permanent as error:
                fault = str(error)
        if fault:
            refused.append((one.place, fault))
            continue
        documents.append(
            Document(
                body=json.dumps(one.value, ensure_ascii=False).encode("utf-8", "replace"),
                media_type="application/json",
                name=f"{document.name}#{one.number}",
                fetched_at=document.fetched_at,
            )
        )
    if len(found) < 2 or not documents:
        return Records(documents=(document,))
    return Records(documents=tuple(documents), refused=tuple(refused))


def _json(document: Document, text: str) -> Opened:
    from monitor.stages.kinds import objects

    found = objects.read(text, lines=_calls_itself_lines(document))
    if len(found) == 1:
        return objects.opened(found[0].value, document.fetched_at)
    raise Permanent(f"holds {len(found)} records; one at a time can be read", kind="several")


def _calls_itself_lines(document: Document) -> bool:
    return document.media_type in ("application/x-ndjson", "application/jsonl") or document.name.lower().endswith(
        ("jsonl", "ndjson")
    )


def _plain(text: str, fetched_at: datetime | None) -> Opened:
    """A plain text; lines such as `Title: …` and `Date: …` at its very top are its fields."""
    text = plaintext.normalise(text)
    if match := _HEAD.match(text):
        record = fields.folded(dict(_HEAD_LINE.findall(match["head"])))
        metadata = fields.metadata_of(record, fetched_at)
        if metadata.title:
            blocks = marked(plaintext.split(text), match.end("head"), "header")
            return Opened(text=text, form="text", metadata=metadata, blocks=blocks)
    return Opened(text=text, form="text")


def _refuse_binary(text: str) -> None:
    sample = text[:20_000]
    if len(_BINARY.findall(sample)) * 20 > len(sample):
        raise Permanent("looks like binary data, not like text", kind="binary")
