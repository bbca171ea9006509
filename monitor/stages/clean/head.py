"""What the lines above a text say: title, byline, outlet, date. Pure; used for plain text and pages alike.

It reads and names; which of these lines go is decided in `furniture` and `learned`. Unknown stays
unknown: a line is taken for a byline only where it says so, for an outlet only where something
else on the page confirms it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from monitor.model import Block, Metadata
from monitor.stages import dates
from monitor.stages.clean import shapes
from monitor.stages.clean.memory import remembered

WINDOW = 14  # blocks above the first paragraph that may hold title and byline
_BY = (
    r"written by|story by|report by|reported by|posted by|published by|words by|text by|by|von|por|par|di|"
    r"door|av|af|przez|"
    r"автор|автор:|от|от:|de|autor|autor:|autora|auteur|texte|testo di|text|texto|yazan|oleh|penulis|"
    r"بقلم|كتب|کتبت|নিজস্ব|द्वारा|文|文/|記者|记者|作者"
)
_BYLINE = re.compile(rf"^(?:{_BY})[:：]?\s+(?P<who>.+)$", re.IGNORECASE)
_PRESS = re.compile(
    r"(?:^|\s)(?:times|post|news|agency|press|reuters|tribune|herald|gazette|guardian|"
    r"journal|daily|mail|observer|telegraph|chronicle|today|"
    r"zeitung|presse|figaro|monde|país|pais|mundo|gazzetta|corriere|tass|afp|bbc|cnn|dpa|apa|ansa|efe|xinhua)$",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\b\d{1,2}[:.h]\d{2}(?::\d{2})?\s*(?:[ap]\.?m\.?)?|\b[ap]\.?m\.?\b"
    r"|\b(?:utc|gmt|est|edt|cet|cest|bst|ist|uhr)\b",
    re.I,
)
_FILLER = re.compile(
    r"\b(?:published|updated|posted|last|modified|on|at|date|first|mon|tues?|wed(?:nes)?"
    r"|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b[:,]?",
    re.I,
)
ROLE_NUMBERS = {"breadcrumb": 1, "title": 2, "byline": 3, "dateline": 3}  # as the model knows them
_EDGES = " \t|,;:/·•–—-()[]"


@dataclass(frozen=True, slots=True)
class Head:
    """What was read, and which blocks said it: index → 'title', 'byline', 'dateline', 'breadcrumb'."""

    metadata: Metadata
    roles: dict[int, str] = field(default_factory=dict)
    start: int = 0  # index of the first paragraph
    certain: frozenset[int] = frozenset()  # blocks whose role something else confirms


def read(blocks: Sequence[Block], known: Metadata, fetched_at: datetime | None = None) -> Head:
    """`known` completed by what the blocks above the first paragraph say, and the blocks that said it.

    A day that lies over one day after `fetched_at` is somebody's plan, not when the text was published.
    """
    latest = (fetched_at.astimezone(UTC) + timedelta(days=1)).date() if fetched_at else date.max
    texts = [block.text for block in blocks]
    start = next((i for i, text in enumerate(texts) if shapes.is_prose(text)), len(texts))
    if start == len(texts):
        start = 0 if len(texts) < 3 else min(WINDOW, len(texts) - 1)
    above = range(max(0, start - WINDOW), start)
    roles: dict[int, str] = {}
    trail: list[str] = []
    byline, outlet, published = known.byline, known.outlet, None
    for i in above:
        text = texts[i]
        if parts := shapes.crumbs(text):
            roles[i] = "breadcrumb"
            trail = parts
        elif len(text) <= 160 and (found := _dateline(text)):
            day, rest = found
            roles[i] = "dateline"
            published = published or (day if day <= latest else None)
            if who := _byline(rest):
                byline = byline or who
            elif rest and not outlet and _names_outlet(rest, texts, i):
                outlet = rest
        elif who := _byline(text):
            roles[i] = "byline"
            byline = byline or who
    title = known.title or _title(texts, above, roles, trail, start)
    wanted = shapes.folded(title)
    if wanted:
        for i in above:
            if i not in roles and _says(texts[i], wanted):
                roles[i] = "title"
    titles = [i for i, role in roles.items() if role == "title"]
    confirmed = bool(known.title) or len(titles) > 1 or wanted in {shapes.folded(part) for part in trail[1:]}
    certain = frozenset(i for i, role in roles.items() if role != "title" or confirmed)
    moment = datetime(published.year, published.month, published.day, tzinfo=UTC) if published else None
    metadata = Metadata(
        title=title or _short_title(texts, above, roles, start),
        byline=byline,
        outlet=outlet,
        published_at=known.published_at or moment,
        language=known.language,
        canonical_url=known.canonical_url,
    )
    return Head(metadata, roles, start, certain)


def _says(text: str, wanted: str) -> bool:
    if len(text) > 400:
        return False
    have = shapes.folded(text)
    return (
        have == wanted
        or (len(have) >= 20 and have in wanted)
        or (len(wanted) >= 20 and wanted in have and len(have) < 1.3 * len(wanted))
    )


@remembered
def _byline(text: str) -> str:
    """Who a line says it is by, '' where it does not say so."""
    text = text.strip(_EDGES)
    match = _BYLINE.match(text)
    if not match or len(text) > 120 or shapes.ENDED.search(text.removesuffix(".")):
        return ""
    who = match.group("who")
    for start, _ in dates.spans(who)[:1]:
        who = who[:start]
    who = re.split(r"\s[|•·–—]\s|\s{2,}|\bpublished\b|\bupdated\b|\bon\s*$", who, maxsplit=1, flags=re.IGNORECASE)[
        0
    ].strip(_EDGES)
    words = who.split()
    if not 1 <= len(words) <= 12:
        return ""
    names = [word for word in words if not (word[0].isalpha() and word[0].islower())]
    joins = {
        "and",
        "und",
        "et",
        "y",
        "e",
        "de",
        "van",
        "von",
        "der",
        "la",
        "le",
        "al",
        "bin",
        "i",
        "og",
        "och",
        "in",
        "for",
        "of",
        "the",
    }
    rest = [word for word in words if word[0].isalpha() and word[0].islower() and word.strip(",").lower() not in joins]
    return who if names and not rest else ""


@remembered
def _dateline(text: str) -> tuple[date, str] | None:
    """(day, what else the line says) of a line that is mainly a date."""
    found = dates.in_text(text)
    if found is None:
        return None
    rest = text
    for start, end in sorted(dates.spans(text), reverse=True):
        rest = rest[:start] + " " + rest[end:]
    rest = _FILLER.sub(" ", _TIME.sub(" ", rest))
    rest = re.sub(r"\s+", " ", rest).strip(_EDGES)
    if len(shapes.WORD.findall(rest)) > 8 or shapes.ENDED.search(text):
        return None
    return found, rest


def _names_outlet(rest: str, texts: Sequence[str], here: int) -> bool:
    """Whether what stands beside a date is a publisher: capitalised, and named again or named like one."""
    words = rest.split()
    if (
        not 1 <= len(words) <= 5
        or any(c.isdigit() for c in rest)
        or not all(w[0].isupper() for w in words if w[0].isalpha() and len(w) > 3)
    ):
        return False
    if _PRESS.search(rest):
        return True
    wanted = f" {shapes.folded(rest)} "
    return len(words) > 1 and any(
        wanted in f" {shapes.folded(text)} " for i, text in enumerate(texts) if i != here and len(text) < 200
    )


def _title(texts: Sequence[str], above: range, roles: dict[int, str], trail: Sequence[str], start: int) -> str:
    """The line above the text that is most like a title: named in the trail, repeated, sharing words."""
    body = set(shapes.folded(" ".join(texts[start : start + 6])[:4000]).split())
    crumbs = {shapes.folded(part) for part in trail[1:]}
    seen: dict[str, int] = {}
    for i in above:
        key = shapes.folded(texts[i])
        seen[key] = seen.get(key, 0) + 1
    best, best_score = "", 0.9
    for i in above:
        text = texts[i]
        if (
            i in roles
            or "\n" in text
            or shapes.weight(text) > 220
            or shapes.only_addresses(text)
            or text.endswith((":", ")"))
        ):
            continue
        key = shapes.folded(text)
        words = key.split()
        size = max(len(words), shapes.weight(text) // 7)
        if size < 3:
            continue
        content = [word for word in words if len(word) > 3] or words
        shared = sum(word in body for word in content) / max(1, len(content))
        score = 2.0 * shared + min(size, 12) / 12 + 2.0 * (key in crumbs) + 0.5 * (seen[key] > 1)
        score -= 0.03 * (start - i)
        if score > best_score:
            best, best_score = text, score
    if not best:
        best = _only_line(texts, above, roles)
    if not best and trail and len(trail[-1].split()) >= 4:
        best = trail[-1]
    return best[:2000]


def _only_line(texts: Sequence[str], above: range, roles: dict[int, str]) -> str:
    """The line that stands alone above a byline or a date, '' where there are several or none."""
    told = [i for i in above if roles.get(i) in ("byline", "dateline")]
    lines = [i for i in above if told and i < told[0] and i not in roles]
    if len(lines) != 1 or any(i not in roles for i in range(told[0], above.stop)):
        return ""
    text = texts[lines[0]]
    size = max(len(shapes.folded(text).split()), shapes.weight(text) // 7)
    whole = "\n" not in text and shapes.weight(text) <= 220 and not text.endswith((":", ")"))
    return text if size >= 3 and whole and not shapes.only_addresses(text) else ""


def _short_title(texts: Sequence[str], above: range, roles: dict[int, str], start: int) -> str:
    """A line too short to be told from furniture is the title where it stands alone and the text has all its words."""
    lines = [i for i in above if i not in roles]
    if len(lines) != 1 or start == 0:
        return ""
    text = texts[lines[0]]
    words = shapes.folded(text).split()
    body = set(shapes.folded(" ".join(texts[start : start + 6])[:4000]).split())
    whole = bool(words) and "\n" not in text and len(text) <= 60 and not text.endswith((":", ")"))
    return text if whole and any(len(word) > 3 for word in words) and body.issuperset(words) else ""
