"""Feed text → HTML that cannot bite: highlights, cuts folded in place, differences, little charts.

Functions of values. All text is escaped here, markup is put around it, never found in it; a link is http(s) or it is
no link. Nothing made here carries a script or a style attribute, so the pages can forbid both.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from markupsafe import Markup, escape

_PARAGRAPH = re.compile(r"[^\n].*?(?=\n\s*\n|\Z)", re.DOTALL)
_PIECE = re.compile(r"\s+|\w+|[^\w\s]")
_HIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
WORDS_COMPARED = 4000  # a longer changed passage is shown whole, old and new: comparing words is quadratic


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of a text to be highlighted, in characters, end exclusive; `note` is shown on hovering."""

    start: int
    end: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Cut:
    """Something cleaning removed. `at`: where it would stand in the clean text, in characters."""

    at: int
    text: str
    reason: str
    confidence: float
    inside: bool = False  # a piece of a block whose rest was kept
    rules: tuple[str, ...] = ()  # rules that match here only, and so raised no alert


def plain(text: str) -> str:
    """The text without control characters and without marks that turn the reading direction of what follows."""
    return _HIDDEN.sub("", text)


def safe_url(url: str | None) -> str | None:
    """The address if a browser may be sent there: absolute http or https. Else None."""
    if not url or _HIDDEN.search(url):
        return None
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    return url.strip() if parts.scheme.lower() in ("http", "https") and parts.hostname else None


def external(url: str | None, label: str) -> Markup:
    """A link out of the desk that tells the other side nothing; only the label where the address is not safe."""
    safe = safe_url(url)
    if safe is None:
        return escape(plain(label))
    return Markup('<a href="{}" rel="noopener noreferrer nofollow" dir="auto">{}</a>').format(safe, plain(label))


def highlight(text: str, marks: Iterable[Mark], offset: int = 0) -> Markup:
    """The text with its marks. `offset`: where the text begins in the one that the marks count in."""
    out, at = Markup(), 0
    for mark in _disjoint(marks):
        start, end = max(mark.start - offset, at), min(mark.end - offset, len(text))
        if start >= end:
            continue
        note = Markup(' title="{}"').format(plain(mark.note)) if mark.note else ""
        out += escape(plain(text[at:start])) + Markup("<mark{}>{}</mark>").format(note, plain(text[start:end]))
        at = end
    return out + escape(plain(text[at:]))


def _disjoint(marks: Iterable[Mark]) -> list[Mark]:
    # Of overlapping marks the first and longest begins; the notes of all are kept.
    merged: list[Mark] = []
    for mark in sorted(marks, key=lambda mark: (mark.start, -mark.end)):
        if mark.start < 0 or mark.start >= mark.end:
            continue
        if merged and mark.start < merged[-1].end:
            last = merged[-1]
            notes = dict.fromkeys(note for note in (*last.note.split("; "), mark.note) if note)
            merged[-1] = Mark(last.start, max(last.end, mark.end), "; ".join(notes))
        else:
            merged.append(mark)
    return merged


def body(text: str, marks: Sequence[Mark], cuts: Sequence[Cut]) -> Markup:
    """An article's text as paragraphs, each cut folded where it stood; a piece cut from a paragraph follows it."""
    out, waiting = Markup(), sorted(cuts, key=lambda cut: cut.at)
    for found in _PARAGRAPH.finditer(text):
        due = [cut for cut in waiting if cut.at <= found.start() and not (cut.inside and cut.at > found.start())]
        waiting = waiting[len(due) :]
        out += _fold(due)
        inside = [mark for mark in marks if mark.end > found.start() and mark.start < found.end()]
        out += Markup('<p dir="auto">{}</p>\n').format(highlight(found.group(), inside, found.start()))
        within = [cut for cut in waiting if cut.at < found.end()]
        waiting = waiting[len(within) :]
        out += _fold(within)
    return out + _fold(waiting)


def _fold(cuts: Sequence[Cut]) -> Markup:
    if not cuts:
        return Markup()
    rules = [rule for cut in cuts for rule in cut.rules]
    reasons = plain(", ".join(dict.fromkeys(cut.reason for cut in cuts)))
    out = Markup('<details class="cut{}"{}><summary>{} <span>{}</span></summary>').format(
        " warned" if rules else "",
        Markup(" open") if rules else "",
        "1 passage removed" if len(cuts) == 1 else f"{len(cuts)} passages removed",
        reasons,
    )
    for cut in cuts:
        warning = Markup()
        if cut.rules:
            warning = Markup("<strong>{} matched only here: no alert.</strong> ").format(", ".join(cut.rules))
        out += Markup('<blockquote dir="auto">{}<footer>{}{}{}, {:.0f} % sure</footer></blockquote>').format(
            plain(cut.text), warning, plain(cut.reason), " (a piece of the paragraph above)" if cut.inside else "",
            cut.confidence * 100,
        )  # fmt: skip
    return out + Markup("</details>\n")


def difference(old: str, new: str) -> Markup:
    """What changed between two texts: paragraphs that stayed are left out, changed ones marked word by word."""
    before, after = _PARAGRAPH.findall(old), _PARAGRAPH.findall(new)
    out = Markup()
    for kind, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            if b - a:
                out += Markup('<p class="same">{} unchanged</p>').format(_count(b - a, "paragraph"))
        elif kind == "replace":
            out += Markup('<p dir="auto">{}</p>').format(_words("\n\n".join(before[a:b]), "\n\n".join(after[c:d])))
        else:  # insert or delete: the other side is empty
            for paragraph in before[a:b]:
                out += Markup('<p dir="auto"><del>{}</del></p>').format(plain(paragraph))
            for paragraph in after[c:d]:
                out += Markup('<p dir="auto"><ins>{}</ins></p>').format(plain(paragraph))
    return out


def _words(old: str, new: str) -> Markup:
    before, after = _PIECE.findall(plain(old)), _PIECE.findall(plain(new))
    if len(before) + len(after) > WORDS_COMPARED:
        return Markup("<del>{}</del> <ins>{}</ins>").format(plain(old), plain(new))
    out = Markup()
    for kind, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            out += escape("".join(before[a:b]))
            continue
        if b > a:
            out += Markup("<del>{}</del>").format("".join(before[a:b]))
        if d > c:
            out += Markup("<ins>{}</ins>").format("".join(after[c:d]))
    return out


def moment(value: str | None, now: datetime) -> Markup:
    """A stored time for people: '22 Nov 2026, 09:30 UTC' with how long ago on hovering; 'unknown' for none."""
    if not value:
        return Markup('<span class="unknown">unknown</span>')
    try:
        when = datetime.fromisoformat(value).astimezone(UTC)
    except ValueError:
        return escape(plain(value))
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        value, ago(when, now), f"{when.day} {when:%b %Y, %H:%M} UTC"
    )


def ago(when: datetime, now: datetime) -> str:
    """'3 minutes ago', 'in 2 hours', 'just now'."""
    seconds = (now - when).total_seconds()
    size = abs(seconds)
    if size < 60:
        return "just now"
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if size >= length:
            text = _count(int(size // length), unit)
            return f"{text} ago" if seconds > 0 else f"in {text}"
    raise AssertionError("unreachable: a minute is the smallest unit")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def bars(values: Sequence[tuple[str, int]], label: str) -> Markup:
    """A bar chart as SVG: one bar for each (name, value), name and value on hovering; '' for no values."""
    if not values:
        return Markup()
    top = max(value for _, value in values) or 1
    step, height = 12, 56
    out = Markup('<svg class="bars" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">').format(
        step * len(values), height, label
    )
    for i, (name, value) in enumerate(values):
        tall = max(round(value / top * (height - 4)), 1 if value else 0)
        out += Markup('<g><rect class="slot" x="{0}" y="0" width="{1}" height="{2}"/>').format(step * i, step, height)
        out += Markup('<rect x="{}" y="{}" width="{}" height="{}" rx="1"/><title>{}: {}</title></g>').format(
            step * i + 1.5, height - tall, step - 3, tall, name, value
        )
    return out + Markup("</svg>")


def marks_of(evidence: Iterable[Mapping[str, Any]], field: str, rule: str) -> list[Mark]:
    """The hits of a match's stored evidence in one field, as marks with the rule and its term as a note."""
    return [
        Mark(int(hit["start"]), int(hit["end"]), f"{rule}: {hit['term']}")
        for hit in evidence
        if hit.get("field") == field and int(hit.get("end", 0)) > int(hit.get("start", 0))
    ]
