"""When something was published: from pages, from fields of files, from a dateline in plain text.

Pure. Unknown stays None: a date is taken from what says so, never from the clock, and never from
more than a day after the document was fetched.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import htmldate

from monitor.stages.parse.dates import month_of, parse_date

_MONTHS = (
    "january janvier januar enero gennaio janeiro januari styczeń stycznia январь января ocak",
    "february février februar febrero febbraio fevereiro februari luty lutego февраль февраля şubat",
    "march mars märz marzo março maart marzec marca март марта mart",
    "april avril abril aprile kwiecień kwietnia апрель апреля nisan",
    "may mai mayo maggio maio mei maj maja май мая mayıs",
    "june juin juni junio giugno junho czerwiec czerwca июнь июня haziran",
    "july juillet juli julio luglio julho lipiec lipca июль июля temmuz",
    "august août agosto augustus sierpień sierpnia август августа ağustos",
    "september septembre septiembre settembre setembro wrzesień września сентябрь сентября eylül",
    "october octobre oktober octubre ottobre outubro październik października октябрь октября ekim",
    "november novembre noviembre novembro listopad listopada ноябрь ноября kasım",
    "december décembre dezember diciembre dicembre dezembro grudzień grudnia декабрь декабря aralık",
)
_NUMBERS: dict[str, int] = {}
for _number, _names in enumerate(_MONTHS, 1):
    for _name in _names.split():
        _NUMBERS[_name] = _number
        if len(_name) > 4:
            _NUMBERS.setdefault(_name[:3], _number)
            _NUMBERS.setdefault(_name[:4], _number)
_NAME = r"(?P<name>[^\W\d_]{3,12})\.?"
_PATTERNS = (
    re.compile(r"(?<!\d)(?P<y>(?:19|20)\d\d)[-/.](?P<m>\d\d?)[-/.](?P<d>\d\d?)(?!\d)"),
    re.compile(r"(?<!\d)(?P<y>(?:19|20)\d\d)\s*[年년]\s*(?P<m>\d\d?)\s*[月월]\s*(?P<d>\d\d?)\s*[日일]"),
    re.compile(
        rf"(?<!\d)(?P<d>\d\d?)(?:st|nd|rd|th|er|º|\.)?\s+(?:de\s+)?{_NAME},?\s+"
        r"(?:de\s+)?(?P<y>(?:19|20)\d\d)(?!\d)",
        re.I,
    ),
    re.compile(rf"(?<!\w){_NAME}\s+(?P<d>\d\d?)(?:st|nd|rd|th)?,?\s+(?P<y>(?:19|20)\d\d)(?!\d)", re.I),
    re.compile(r"(?<!\d)(?P<d>\d\d?)[/.-](?P<m>\d\d?)[/.-](?P<y>(?:19|20)\d\d)(?!\d)"),
)
_NUMBERS_ONLY = re.compile(r"(?<![\d/-])(\d\d?)[/-](\d\d?)[/-](?:\d{4}|\d\d)(?![\d/-])")
_PUBLISHED = (
    "//meta[@property='article:published_time']/@content",
    "//meta[@itemprop='datePublished']/@content",
    "//time[@itemprop='datePublished']/@datetime",
    "//meta[@name='pubdate' or @name='publishdate' or @name='parsely-pub-date']/@content",
)
_JSON_DATE = re.compile(r'"datePublished"\s*:\s*"([^"]{8,40})"')
_YEAR = re.compile(r"19|20")  # stands in every written date: most lines have none
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


def plausible(moment: datetime | None, fetched_at: datetime | None) -> datetime | None:
    """`moment` in UTC, or None where it lies before the web or over a day after the fetch."""
    if moment is None:
        return None
    try:
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (OverflowError, ValueError):
        return None
    if moment < EARLIEST or (fetched_at is not None and moment > fetched_at + timedelta(days=1)):
        return None
    return moment


def of_field(value: object, fetched_at: datetime | None = None) -> datetime | None:
    """The moment a field of a file or a header names: ISO 8601, RFC 5322, a UNIX time, or a written date."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        seconds = value / 1000 if abs(value) > 1e11 else value
        try:
            return plausible(datetime.fromtimestamp(seconds, UTC), fetched_at)
        except (OverflowError, ValueError, OSError):
            return None
    text = str(value).strip()[:100]
    if not text.isdigit():
        try:
            return plausible(datetime.fromisoformat(text), fetched_at)
        except (ValueError, OverflowError):
            pass
    if not _is_ambiguous(text) and (moment := parse_date(text)) is not None:
        return plausible(moment, fetched_at)
    found = in_text(text)
    return plausible(datetime(found.year, found.month, found.day, tzinfo=UTC), fetched_at) if found else None


def _is_ambiguous(text: str) -> bool:
    """Whether it says 3/4/2019, which is two dates in two countries."""
    match = _NUMBERS_ONLY.search(text)
    if match is None:
        return False
    first, second = int(match[1]), int(match[2])
    return first <= 12 and second <= 12 and first != second


def in_text(text: str) -> date | None:
    """The first date written out in `text` with its year, or None.

    Day and month in numbers are read only where one of them cannot be a month, or both are equal:
    3/4/2019 is two dates in two countries.
    """
    if not _YEAR.search(text):
        return None
    best: tuple[int, date] | None = None
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            found = _date(match)
            if found and (best is None or match.start() < best[0]):
                best = (match.start(), found)
                break
    return best[1] if best else None


def spans(text: str) -> list[tuple[int, int]]:
    """Where dates stand in `text`: (start, end)."""
    if not _YEAR.search(text):
        return []
    return [match.span() for pattern in _PATTERNS for match in pattern.finditer(text) if _date(match)]


def _date(match: re.Match[str]) -> date | None:
    groups = match.groupdict()
    day, year = int(groups["d"]), int(groups["y"])
    if groups.get("name"):
        name = groups["name"].lower()
        month = _NUMBERS.get(name) or (_NUMBERS.get(name[:3]) if len(name) <= 4 else None)
        if month is None and len(name) >= 4:
            month = month_of(name)
        if month is None:
            return None
    else:
        month = int(groups["m"])
        if match.re is _PATTERNS[-1]:
            if month > 12 >= day:
                day, month = month, day
            elif day <= 12 and day != month and "." not in match.group():
                return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def of_page(tree: Any, url: str | None, fetched_at: datetime | None, linked: datetime | None = None) -> datetime | None:
    """When a page (an lxml tree) was published: its own exact time, else the day htmldate finds.

    `linked`: what its linked data say. A day is not believed that is but the first of a year or a month named
    somewhere (© 2026), or one of the two that 3/4/2026 may be, unless it is written out somewhere on the page.
    """
    for path in _PUBLISHED:
        for value in tree.xpath(path)[:1]:
            if moment := of_field(value, fetched_at):
                return moment
    if linked is not None:
        return linked
    for script in tree.iterfind(".//script[@type='application/ld+json']"):
        if (match := _JSON_DATE.search(script.text or "")) and (moment := of_field(match.group(1), fetched_at)):
            return moment
    latest = (fetched_at + timedelta(days=1)).strftime("%Y-%m-%d") if fetched_at else None
    try:
        text = htmldate.find_date(tree, url=url, original_date=True, outputformat="%Y-%m-%d", max_date=latest)
    except (ValueError, TypeError, AttributeError, RecursionError):
        text = None
    if not text or (found := of_field(text, fetched_at)) is None:
        return None
    day = found.date()
    for moment in _times(tree, fetched_at, day):
        return moment
    doubtful = day.day == 1 or (day.day <= 12 and day.day != day.month)
    return found if not doubtful or _is_written(tree, url, day) else None


def _times(tree: Any, fetched_at: datetime | None, day: date) -> list[datetime]:
    """The exact times the page has for a day, by its own clock, in order."""
    found = []
    for value in tree.xpath("//time/@datetime")[:50]:
        if value.strip().startswith(day.isoformat()) and ":" in value and (moment := of_field(value, fetched_at)):
            found.append(moment)
    return found


def _is_written(tree: Any, url: str | None, day: date) -> bool:
    """Whether a page or its address has this very day, in a way that can be read but one way."""
    plain = "".join(tree.itertext("*"))
    attributes = " ".join(
        value for value in tree.xpath("//meta/@content | //time/@datetime | //@data-date | //@title")[:500]
    )
    told = f"{plain[:400_000]} {attributes[:50_000]} {url or ''}"
    numbers = rf"{day.year}[-/.年]?\s?0?{day.month}[-/.月]?\s?0?{day.day}(?!\d)"
    named = rf"(?<!\d)0?{day.day}\W{{1,3}}(?:de |of )?[^\W\d_][^\s\d]{{2,14}}\W{{1,4}}(?:de )?{day.year}"
    turned = rf"[^\W\d_]{{3,14}}\.?\s0?{day.day}\w{{0,2}},?\s{day.year}"
    dotted = rf"(?<!\d)0?{day.day}\.\s?0?{day.month}\.\s?{day.year}"
    return re.search("|".join((numbers, named, turned, dotted)), told) is not None
