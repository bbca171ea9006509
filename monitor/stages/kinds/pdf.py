"""PDF → paragraphs, with running heads and page numbers told apart. Pure; pypdf reads the pages."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import pypdf
from pypdf.errors import DependencyError, PyPdfError

from monitor.errors import Permanent
from monitor.model import Block, Metadata
from monitor.stages import dates, plaintext
from monitor.stages.kinds.opened import Opened, line

_PAGES = 500
_EDGE = 3  # lines at the top and at the bottom of a page that may run over all pages
_DIGITS = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(
    r"(?:[-–—]\s*)?(?:(?:page|seite|pagina|página|стр\.?)\s*)?\d{1,4}(?:\s*(?:/|of|von|de|sur|из)\s*\d{1,4})?(?:\s*[-–—])?",
    re.I,
)
# What people leave in the field for a title: names of files and of the program that wrote it.
_NO_TITLE = re.compile(
    r"untitled.*|microsoft (?:word|powerpoint).*|(?:powerpoint|word)\b.*presentation.*|document\d*"
    r"|.*\.(?:docx?|indd|pdf|qxd|tex|odt|rtf|dvi)",
    re.IGNORECASE,
)


def opened(body: bytes, fetched_at: datetime | None) -> Opened:
    """Text, title, author and date of a PDF. Raises Permanent 'encrypted', 'broken' or 'empty'."""
    try:
        reader = pypdf.PdfReader(io.BytesIO(body))
        if reader.is_encrypted and not reader.decrypt(""):
            raise Permanent("is an encrypted PDF; take the password off first", kind="encrypted")
        pages = [page.extract_text() for page in reader.pages[:_PAGES]]
        info = reader.metadata
        title = line(str(info.title or "")) if info else ""
        author = line(str(info.author or "")) if info else ""
        created = _created(info)
    except Permanent:
        raise
    except DependencyError as error:  # print-protected with AES: readable, but with a library we do not bring
        because = "is an encrypted PDF; save it without protection, or install the Python package cryptography"
        raise Permanent(because, kind="encrypted") from error
    except (
        PyPdfError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
        OverflowError,
        AssertionError,
        RuntimeError,
    ) as error:
        raise Permanent(f"is a PDF that cannot be read: {error}", kind="broken") from error
    text, running = _put_together([_lines(page) for page in pages])
    if not text.strip():
        raise Permanent("is a PDF without text, perhaps scanned; run text recognition on it first", kind="empty")
    blocks = tuple(
        Block(text=block.text, offset=block.offset, kind="running" if block.text in running else block.kind)
        for block in plaintext.split(text)
    )
    metadata = Metadata(
        title="" if _NO_TITLE.fullmatch(title) else title,
        byline=author,
        published_at=dates.plausible(created, fetched_at),
    )
    return Opened(text=text, form="text", metadata=metadata, method="pdf", blocks=blocks)


def _created(info: pypdf.DocumentInformation | None) -> datetime | None:
    try:
        return info.creation_date if info else None
    except (ValueError, PyPdfError):
        return None  # a date nobody can read is no reason to leave the text unread


def _lines(page: str) -> list[str]:
    return [row.strip() for row in plaintext.normalise(page).split("\n")]


def _put_together(pages: Sequence[list[str]]) -> tuple[str, frozenset[str]]:
    """The text of all pages, and the lines in it that run over them."""
    alike = Counter(key for page in pages for key in {_key(row) for _, row in _edges(page)})
    often = {key for key, count in alike.items() if count >= max(3, len(pages) // 3)}
    running: set[str] = set()
    out: list[str] = []
    waiting: list[str] = []  # of the last page's foot: they stand below the paragraph that goes on overleaf
    for page in pages:
        edges = {
            at for at, row in _edges(page) if _key(row) in often or (len(pages) > 1 and _PAGE_NUMBER.fullmatch(row))
        }
        apart = [page[at] for at in sorted(edges)]
        text = _paragraphs([row for at, row in enumerate(page) if at not in edges])
        running.update(" ".join(row.split()) for row in apart)
        if text and out and _goes_on(out[-1], text):
            joint = "" if out[-1].endswith("-") else " "
            out[-1] = (out[-1][:-1] if not joint else out[-1]) + joint + text
        elif text:
            out += [*waiting, text]
            waiting = []
        waiting += apart
    return "\n\n".join([*out, *waiting]), frozenset(running)


def _edges(page: Sequence[str]) -> list[tuple[int, str]]:
    """The first and the last lines of a page, with their places."""
    filled = [(at, row) for at, row in enumerate(page) if row]
    edge = max(1, min(_EDGE, len(filled) // 4))
    return [*filled[:edge], *filled[max(edge, len(filled) - edge) :]]


def _key(row: str) -> str:
    return _DIGITS.sub("0", row.lower())


def _goes_on(before: str, after: str) -> bool:
    """Whether a page ends in mid-sentence and the next goes on with it."""
    return before[-1:] not in '.!?:…”"»)。！？' and (after[:1].islower() or before.endswith("-"))


def _paragraphs(lines: Sequence[str]) -> str:
    """The lines of a page put together to paragraphs: a line well short of the column ends one."""
    widths = sorted(len(row) for row in lines if row)
    if not widths:
        return ""
    column = widths[int(len(widths) * 0.75)]
    out: list[str] = []
    for row in lines:
        if not row:
            out.append("\n\n")
            continue
        hyphenated = row.endswith("-") and len(row) > 1 and row[-2].islower()
        short = len(row) < column * 0.75
        out.append(row[:-1] if hyphenated else row)
        out.append("" if hyphenated else "\n\n" if short else " ")
    return "".join(out).strip()
