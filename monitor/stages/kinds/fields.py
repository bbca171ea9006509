"""Fields of files under the many names people give them → metadata. Pure; JSON, Markdown and mail-like heads share it.

Keys are compared by their letters alone: publishedAt, published_at and Published-At are one name.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from monitor.model import Metadata
from monitor.stages import dates
from monitor.stages.kinds.opened import line

DEEP = 4  # levels of lists and objects a value is looked for in


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FULL = _names(
    "text body content articlebody bodytext contenttext fulltext maintext plaintext articletext cleanedtext rawtext "
    "paragraphs contenthtml bodyhtml html markdown"
)
SHORT = _names("description summary abstract leadparagraph excerpt lead")
_NAMES = {
    "title": _names("title headline webtitle name subject heading articletitle"),
    "url": _names(
        "url link canonicalurl canonical weburl articleurl sourceurl originalurl permalink uri mainentityofpage"
    ),
    "date": _names(
        "datepublished published publishedat pubdate publishdate publisheddate datepublish publishedon "
        "publicationdate webpublicationdate dategmt date issued createdat created datecreated timestamp datetime"
    ),
    "byline": _names("author byline authors authorname creator writer journalist"),
    "outlet": _names("outlet publisher source site sitename publication newspaper sourcename sourcedomain domain"),
    "language": _names("language lang inlanguage languagecode langcode locale"),
}
# Under which key of an object its meaning stands: WordPress, MongoDB, JSON-LD, the press's own.
_INNER = _names("name rendered main original value iso date html text content plain displayname fullname title id")
_LANGUAGES = {
    "ar": "arabic ara", "bg": "bulgarian bul", "bn": "bengali ben", "ca": "catalan cat", "cs": "czech ces cze",
    "da": "danish dan", "de": "german deutsch deu ger", "el": "greek ell gre", "en": "english eng",
    "es": "spanish español spa", "et": "estonian est", "fa": "persian farsi fas per", "fi": "finnish fin",
    "fr": "french français fra fre", "he": "hebrew heb", "hi": "hindi hin", "hr": "croatian hrv",
    "hu": "hungarian hun", "id": "indonesian ind", "it": "italian italiano ita", "ja": "japanese jpn",
    "ko": "korean kor", "lt": "lithuanian lit", "lv": "latvian lav", "nl": "dutch nederlands nld dut",
    "no": "norwegian nor", "pl": "polish polski pol", "pt": "portuguese português por", "ro": "romanian ron rum",
    "ru": "russian русский rus", "sk": "slovak slk slo", "sl": "slovenian slv", "sr": "serbian srp",
    "sv": "swedish svenska swe", "sw": "swahili swa", "ta": "tamil tam", "th": "thai tha", "tr": "turkish türkçe tur",
    "uk": "ukrainian ukr", "ur": "urdu urd", "vi": "vietnamese vie", "zh": "chinese zho chi mandarin",
}  # fmt: skip
_CODES = {name: code for code, names in _LANGUAGES.items() for name in names.split()}
_NOT_A_LETTER = re.compile(r"[\W_]+")
_BY = re.compile(r"^by:?\s+(?=\S)", re.IGNORECASE)


def folded(record: Mapping[Any, Any]) -> dict[str, Any]:
    """The record by the letters of its keys; the first of several alike stays."""
    found: dict[str, Any] = {}
    for key, value in record.items():
        found.setdefault(_NOT_A_LETTER.sub("", str(key)).lower(), value)
    return found


def text_of(record: Mapping[str, Any], names: tuple[str, ...] = (*FULL, *SHORT)) -> str:
    """The text of a folded record, its paragraphs divided by blank lines; '' where it has none."""
    for name in names:
        if (text := _text(record.get(name))).strip():
            return text
    return ""


def metadata_of(record: Mapping[str, Any], fetched_at: datetime | None) -> Metadata:
    """What a folded record says of itself."""
    url = _first(record, "url").strip()
    return Metadata(
        title=line(html.unescape(_first(record, "title"))),
        byline=_BY.sub("", line(_first(record, "byline"))),
        outlet=_outlet(line(_first(record, "outlet"))),
        published_at=_date(record, fetched_at),
        language=language(_first(record, "language")),
        canonical_url=url if re.match(r"https?://[^\s/]", url) else None,
    )


def language(said: str) -> str:
    """The ISO 639-1 code of a language named by code, locale or English name; '' where it is none known here."""
    first = said.strip().lower().replace("_", "-").split("-", 1)[0].split(" ", 1)[0]
    if first in _CODES:
        return _CODES[first]
    return first if len(first) == 2 and first.isalpha() else ""


def _outlet(said: str) -> str:
    return urlsplit(said).hostname or "" if re.match(r"https?://", said) else said


def _date(record: Mapping[str, Any], fetched_at: datetime | None) -> datetime | None:
    """The first of the dates that can be read: what is unreadable under one name may stand under another."""
    for name in _NAMES["date"]:
        value = _inner(record.get(name))
        if value not in (None, "") and (moment := dates.of_field(value, fetched_at)) is not None:
            return moment
    return None


def _first(record: Mapping[str, Any], what: str) -> str:
    for name in _NAMES[what]:
        if (value := _said(record.get(name))).strip():
            return value
    return ""


def _said(value: Any, depth: int = 0) -> str:
    """A value as a person would say it: names of several people with commas between."""
    if isinstance(value, list) and depth < DEEP:
        return ", ".join(dict.fromkeys(said for one in value[:50] if (said := _said(one, depth + 1).strip())))
    value = _inner(value)
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _inner(value: Any) -> Any:
    for _ in range(DEEP):
        if not isinstance(value, dict):
            return value
        keys = folded(value)
        value = next((keys[name] for name in _INNER if keys.get(name) not in (None, "")), None)
    return None


def _text(value: Any, depth: int = 0) -> str:
    """The text in a value: a string, or paragraphs and editors' blocks one below the other."""
    if isinstance(value, str):
        return value
    if depth >= DEEP:
        return ""
    if isinstance(value, list):
        return "\n\n".join(text for one in value if (text := _text(one, depth + 1)).strip())
    if isinstance(value, dict):
        keys = folded(value)
        for name in ("rendered", *FULL, "value", "plain", "main", "blocks"):
            if (text := _text(keys.get(name), depth + 1)).strip():
                return text
    return ""
