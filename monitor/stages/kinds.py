"""Kinds of files → text or HTML with the fields they carry: mail, Markdown, JSON, PDF, HTML, plain text.

Pure. It opens what is packed and refuses what cannot be read, with the reason; it does not look for
furniture.
"""

from __future__ import annotations

import email
import email.policy
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage, MIMEPart
from typing import Any

import pypdf
from pypdf.errors import PyPdfError

from monitor.errors import Permanent
from monitor.model import Document, Metadata
from monitor.stages import dates, encodings, plaintext

MAX_BYTES = 10 * 1024 * 1024
_PDF_PAGES = 500
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
_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n(?:---|\.\.\.)\n", re.DOTALL)
_FIELD = re.compile(r"^([A-Za-z_-]+)\s*:\s*[\"']?(.*?)[\"']?\s*$")
_NAMES = {
    "title": ("title", "headline", "name", "subject"),
    "text": (
        "text",
        "body",
        "content",
        "articlebody",
        "content_text",
        "fulltext",
        "maintext",
        "content_html",
        "html",
        "description",
    ),
    "url": ("url", "link", "canonical_url", "source_url", "uri"),
    "date": (
        "date",
        "published",
        "published_at",
        "date_published",
        "datepublished",
        "pubdate",
        "publish_date",
        "created_at",
        "timestamp",
    ),
    "byline": ("author", "byline", "authors", "creator"),
    "outlet": ("outlet", "source", "site", "sitename", "publisher", "site_name"),
    "language": ("language", "lang"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A document's text as found: its kind of mark-up, and what its own fields say."""

    text: str
    form: str  # 'text', 'html' (a page), 'fragment' (a piece of HTML)
    metadata: Metadata = field(default_factory=Metadata)
    method: str = "text"


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
        raise Permanent(f"has {len(body):,} bytes; the limit is {max_bytes:,}", kind="too-large")
    kind = kind_of(document)
    if kind == "pdf":
        return _pdf(body, document.fetched_at)
    for magic, what in _MAGIC:
        if body.startswith(magic):
            raise Permanent(f"is {what}, not a text; convert it first", kind="binary")
    if kind == "mail":
        return _mail(document)
    text, _ = encodings.decode(body, document.charset or encodings.declared_in(body))
    _refuse_binary(text)
    if kind == "json":
        return _json(text, document.fetched_at)
    if document.fragment:
        return Opened(text=text, form="fragment", method="fragment")
    if kind == "html" or (kind == "text" and _LOOKS_HTML.match(text[:2000])):
        return Opened(text=text, form="html")
    if kind == "markdown":
        return _markdown(text, document.fetched_at)
    return Opened(text=text, form="text")


def check(document: Document) -> None:
    """Raise what `opened` raises. For a worker: the caller wants no text, and need not know this room to hear back."""
    opened(document)


def records(document: Document) -> tuple[Document, ...]:
    """One document for each record of a JSON-lines file or JSON list; the document itself otherwise."""
    if kind_of(document) != "json":
        return (document,)
    try:
        text, _ = encodings.decode(document.body, document.charset)
        found = _parsed(text)
    except Permanent:
        return (document,)
    if len(found) < 2:
        return (document,)
    return tuple(
        Document(
            body=json.dumps(record, ensure_ascii=False).encode(),
            media_type="application/json",
            name=f"{document.name}#{number}",
            fetched_at=document.fetched_at,
        )
        for number, record in enumerate(found, 1)
    )


def _refuse_binary(text: str) -> None:
    sample = text[:20_000]
    if len(_BINARY.findall(sample)) * 20 > len(sample):
        raise Permanent("looks like binary data, not like text", kind="binary")


def _json(text: str, fetched_at: datetime | None) -> Opened:
    found = _parsed(text)
    if len(found) != 1:
        raise Permanent(f"holds {len(found)} records; one at a time can be read", kind="several")
    record = {str(key).lower(): value for key, value in found[0].items()}
    text = _first(record, "text")
    if not text.strip():
        raise Permanent(f"has none of the text fields {', '.join(_NAMES['text'][:4])}", kind="empty")
    is_html = bool(re.search(r"<(?:p|div|br|h\d|li|a)\b", text, re.IGNORECASE))
    return Opened(
        text=text, form="fragment" if is_html else "text", metadata=_fields(record, fetched_at), method="json"
    )


def _parsed(text: str) -> list[dict[str, Any]]:
    text = text.lstrip("\ufeff").strip()
    try:
        found = json.loads(text)
    except RecursionError as error:
        raise Permanent("is nested too deeply", kind="broken") from error
    except ValueError:
        found = []
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip():
                try:
                    found.append(json.loads(line))
                except (ValueError, RecursionError) as error:
                    raise Permanent(f"is not JSON: line {number}: {error}", kind="broken") from error
    if isinstance(found, dict):
        inner = next(
            (found[key] for key in ("articles", "items", "docs", "records") if isinstance(found.get(key), list)),
            None,
        )
        found = [found] if inner is None else inner
    if not isinstance(found, list) or not found or not all(isinstance(record, dict) for record in found):
        raise Permanent("holds no JSON object with fields such as title and text", kind="broken")
    return found


def _first(record: Mapping[str, Any], what: str) -> str:
    for name in _NAMES[what]:
        value = record.get(name)
        if isinstance(value, list):
            value = ", ".join(str(v.get("name", "")) if isinstance(v, dict) else str(v) for v in value)
        elif isinstance(value, dict):
            value = value.get("name") or value.get("title")
        if isinstance(value, str | int | float) and not isinstance(value, bool) and str(value).strip():
            return str(value)
    return ""


def _fields(record: Mapping[str, Any], fetched_at: datetime | None) -> Metadata:
    url = _first(record, "url").strip()
    stamp = next((record[name] for name in _NAMES["date"] if record.get(name) not in (None, "")), None)
    return Metadata(
        title=_line(_first(record, "title")),
        byline=_line(_first(record, "byline")),
        outlet=_line(_first(record, "outlet")),
        published_at=dates.of_field(stamp, fetched_at),
        language=_first(record, "language").strip().lower()[:2],
        canonical_url=url if re.match(r"https?://", url) else None,
    )


def _line(text: str) -> str:
    return " ".join(plaintext.normalise(text).split())[:2000]


def _markdown(text: str, fetched_at: datetime | None) -> Opened:
    text = plaintext.normalise(text)
    record: dict[str, str] = {}
    if match := _FRONT_MATTER.match(text):
        for line in match.group(1).split("\n"):
            if found := _FIELD.match(line):
                record[found.group(1).lower()] = found.group(2)
        text = text[match.end() :]
    metadata = _fields(record, fetched_at)
    text = re.sub(r"!\[([^\]\n]*)\]\([^)\n]*\)", r"\1", text)
    text = re.sub(r"(?<!\\)\[([^\]\n]+)\]\([^)\s]*(?:\s+\"[^\"\n]*\")?\)", r"\1", text)
    text = re.sub(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1", r"\2", text)
    text = re.sub(r"(?<![\w*])([*_])(?=[^\s*_])([^\n*_]+?)(?<=[^\s*_])\1(?![\w*])", r"\2", text)
    if not metadata.title and (match := re.search(r"\A\s*#\s+(.+?)\s*#*$", text, re.MULTILINE)):
        metadata = Metadata(
            title=_line(match.group(1)),
            byline=metadata.byline,
            outlet=metadata.outlet,
            published_at=metadata.published_at,
            language=metadata.language,
            canonical_url=metadata.canonical_url,
        )
    text = re.sub(r"^#{1,6}\s+(.+?)\s*#*$", r"\n\1\n", text, flags=re.MULTILINE)
    return Opened(text=text, form="text", metadata=metadata, method="markdown")


def _mail(document: Document) -> Opened:
    message = email.message_from_bytes(document.body, policy=email.policy.default)
    if not isinstance(message, EmailMessage) or not message.keys():
        raise Permanent("is no mail message: it has no header", kind="broken")
    try:
        part = message.get_body(preferencelist=("plain", "html"))
        rich = message.get_body(preferencelist=("html",))
    except (KeyError, AttributeError, ValueError, RecursionError) as error:
        raise Permanent("is a mail message whose parts cannot be read", kind="broken") from error
    if part is None:
        raise Permanent("is a mail message without a text part", kind="empty")
    text = _part_text(part)
    form = "text"
    if part.get_content_type() == "text/html" or (rich is not None and len(text.strip()) < 40):
        text, form = _part_text(rich or part), "fragment"
    if not text.strip():
        raise Permanent("is a mail message without text", kind="empty")
    sender = str(message.get("From", ""))
    name = email.utils.parseaddr(sender)[0]
    metadata = Metadata(
        title=_line(_header(message, "Subject")),
        byline=_line(name),
        published_at=dates.of_field(_header(message, "Date") or None, document.fetched_at),
        language=_header(message, "Content-Language").strip().lower()[:2],
    )
    return Opened(text=text, form=form, metadata=metadata, method="mail")


def _header(message: EmailMessage, name: str) -> str:
    try:
        return str(message.get(name, ""))
    except (ValueError, IndexError, AttributeError, TypeError):
        return ""  # the standard library still stumbles over some broken headers


def _part_text(part: MIMEPart) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    declared = part.get_content_charset() or encodings.declared_in(payload)
    return encodings.decode(payload, declared)[0] if payload.strip() else ""


def _pdf(body: bytes, fetched_at: datetime | None) -> Opened:
    try:
        reader = pypdf.PdfReader(io.BytesIO(body))
        if reader.is_encrypted and not reader.decrypt(""):
            raise Permanent("is an encrypted PDF; take the password off first", kind="encrypted")
        pages = [page.extract_text() for page in reader.pages[:_PDF_PAGES]]
        info = reader.metadata
        title = str(info.title or "") if info else ""
        author = str(info.author or "") if info else ""
        created = info.creation_date if info else None
    except Permanent:
        raise
    except (
        PyPdfError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
        RecursionError,
        OverflowError,
        AssertionError,
    ) as error:
        raise Permanent(f"is a PDF that cannot be read: {error}", kind="broken") from error
    text = "\n\n".join(_paragraphs(page) for page in pages)
    if not text.strip():
        raise Permanent("is a PDF without text, perhaps scanned; run text recognition on it first", kind="empty")
    metadata = Metadata(title=_line(title), byline=_line(author), published_at=dates.plausible(created, fetched_at))
    return Opened(text=text, form="text", metadata=metadata, method="pdf")


def _paragraphs(page: str) -> str:
    """The lines of a PDF page put together to paragraphs: a line well short of the column ends one."""
    lines = [line.strip() for line in page.split("\n")]
    widths = sorted(len(line) for line in lines if line)
    if not widths:
        return ""
    column = widths[int(len(widths) * 0.75)]
    out: list[str] = []
    for line in lines:
        if not line:
            out.append("\n\n")
            continue
        hyphenated = line.endswith("-") and len(line) > 1 and line[-2].islower()
        short = len(line) < column * 0.75
        out.append(line[:-1] if hyphenated else line)
        out.append("\n\n" if short else "" if hyphenated else " ")
    return "".join(out)
