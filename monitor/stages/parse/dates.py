"""Dates as feeds really write them: RFC 822, ISO 8601, and the many wrong formats and languages in between.

Pure. What cannot be read, or cannot be true, is unknown (None), never a guess of 'now'.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

_OLDEST = datetime(1970, 1, 2, tzinfo=UTC)
_ENGLISH = "january february march april may june july august september october november december"
# Nominative and, where dates use it, genitive; abbreviations follow from the prefixes.
_OTHERS = (
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "januar februar märz april mai juni juli august september oktober november dezember",
    "jänner feber mrz - - - - - sept - - -",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "januari februari maart april mei juni juli augustus september oktober november december",
    "januari februari mars april maj juni juli augusti september oktober november december",
    "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь",
    "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
    "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    "ledna února března dubna května června července srpna září října listopadu prosince",
    "ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık",
    "ιανουαρίου φεβρουαρίου μαρτίου απριλίου μαΐου ιουνίου ιουλίου αυγούστου σεπτεμβρίου οκτωβρίου νοεμβρίου "
    "δεκεμβρίου",
    "január február március április május június július augusztus szeptember október november december",
    "ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie",
    "tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta lokakuuta "
    "marraskuuta joulukuuta",
    "januari februari maret april mei juni juli agustus september oktober november desember",
    "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
    "ژانویه فوریه مارس آوریل مه ژوئن ژوئیه اوت سپتامبر اکتبر نوامبر دسامبر",
    "जनवरी फरवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्टूबर नवंबर दिसंबर",
)
_ZONES = {
    "z": 0, "gmt": 0, "utc": 0, "ut": 0, "wet": 0, "west": 60, "bst": 60, "ist": 330, "cet": 60, "cest": 120,
    "met": 60, "mest": 120, "mez": 60, "mesz": 120, "eet": 120, "eest": 180, "msk": 180, "msd": 240, "trt": 180,
    "sast": 120, "pkt": 300, "wib": 420, "ict": 420, "hkt": 480, "sgt": 480, "myt": 480, "pht": 480, "awst": 480,
    "jst": 540, "kst": 540, "acst": 570, "acdt": 630, "aest": 600, "aedt": 660, "nzst": 720, "nzdt": 780,
    "est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420, "mdt": -360, "pst": -480, "pdt": -420,
    "akst": -540, "akdt": -480, "hst": -600, "ast": -240, "adt": -180, "nst": -210, "brt": -180, "art": -180,
    "et": -300, "ct": -360, "mt": -420, "pt": -480, "ndt": -150, "idt": 180, "wat": 60, "cat": 120, "eat": 180,
    "wita": 480, "wit": 540, "irst": 210, "irdt": 270, "aft": 270, "npt": 345, "mmt": 390, "uzt": 300, "tjt": 300,
    "kgt": 360, "azt": 240, "gst": 240, "mut": 240, "mvt": 300, "btt": 360, "yekt": 300, "omst": 360, "novt": 420,
    "krat": 420, "irkt": 480, "yakt": 540, "vlat": 600, "magt": 660, "pett": 720, "samt": 240, "chst": 600,
    "clt": -240, "clst": -180, "uyt": -180, "pyt": -180, "bot": -240, "vet": -240, "cot": -300, "pet": -300,
    "cvt": -60, "azot": -60,
}  # fmt: skip


def _fold(word: str) -> str:
    decomposed = unicodedata.normalize("NFKD", word.lower())
    return "".join(char for char in decomposed if not unicodedata.combining(char)).replace("ı", "i")


def _month_table() -> dict[str, int]:
    table: dict[str, int] = {}
    seen: dict[str, set[int]] = {}
    for month, name in enumerate(_ENGLISH.split(), 1):
        for length in range(3, len(name) + 1):
            table.setdefault(name[:length], month)
    for language in _OTHERS:
        for month, name in enumerate(language.split(), 1):
            folded = _fold(name)
            for length in range(min(3, len(folded)), len(folded) + 1):
                seen.setdefault(folded[:length], set()).add(month)
    for prefix, months in seen.items():
        if len(months) == 1 and prefix != "-":
            table.setdefault(prefix, next(iter(months)))
    return table


_MONTHS = _month_table()
_RFC822 = re.compile(
    r"(?:[A-Za-z]{3,9}\.?,?\s*)?(\d{1,2})[\s-]([A-Za-z]{3,9})\.?[\s-](\d{4}|\d{2})\s+(\d{1,2}):(\d{2})(?::(\d{2}))?"
    r"(?:\.\d+)?\s*([A-Za-z]{1,5}|[+-]\d{4})?\s*"
)
_TIME = re.compile(r"(\d{1,2})[:.h](\d{2})(?:[:.](\d{2}))?(?:[.,]\d+)?\s*([ap]\.?\s?m\b\.?)?", re.IGNORECASE)
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?(?:[.,]\d+)?\s*([ap]\.?\s?m\b\.?)?", re.IGNORECASE)
_YEAR_FIRST = re.compile(r"(\d{4})\s?[-/.年년]\s?(\d{1,2})\s?[-/.月월]\s?(\d{1,2})")
_YEAR_LAST = re.compile(r"(?<!\d)(\d{1,2})\s?([-/.])\s?(\d{1,2})\s?[-/.]\s?(\d{4}|\d{2})(?!\d)")
_DAY_MONTH = re.compile(
    r"(?<!\d)(\d{1,2})(?:st|nd|rd|th|er|º|ª|\.)?[\s-]*(?:de |of |d')?\s*([^\W\d_]{3,})\.?,?[\s-]*(?:de |del )?'?"
    r"(\d{4}|\d{2}(?!\s*[:h]))(?!\d)"
)
_MONTH_DAY = re.compile(
    r"([^\W\d_]{3,})\.?\s+(\d{1,2})(?:st|nd|rd|th|\.)?,?\s+"
    r"(?:\d{1,2}:\d{2}(?::\d{2})?\s+(?:(?:[A-Z]{3,4}|[+-]\d{4})\s+)?)?(\d{4})(?!\d)"
)
_YEAR_MONTH_DAY = re.compile(r"(\d{4})[.,]?\s+([^\W\d_]{3,})\.?\s+(\d{1,2})(?!\d)")
_ZONE_AT_END = re.compile(r":\d\d(?:\.\d+)?\s*\(?([A-Z]{2,5})\)?\s*$")
_NO_ZONES = frozenset(["am", "pm", "ad", "ce", "h", "uhr", "mon", "tue", "wed", "thu", "fri", "sat", "sun"])
_REGION = re.compile(r"(?<![\w/])[A-Z][A-Za-z]+/[A-Z][A-Za-z0-9_+\-]+(?:/[A-Z][A-Za-z_\-]+)?(?![\w/])")
_PM = ("오후", "下午", "午後", "μμ", "µµ", "م")


def parse_date(text: str | None, *, language: str = "") -> datetime | None:
    """The moment `text` names, in UTC; None where it names none, or one that no feed can mean.

    A date without a time is midnight UTC; a time without a zone is UTC. `language` decides what 03/04/2026
    means: month first for en-US, day first for all others.
    """
    if not text:
        return None
    text = text.strip()[:120]
    match = _RFC822.fullmatch(text)
    if match:
        day, name, year, hour, minute, second, zone = match.groups()
        month = _MONTHS.get(name.lower())
        offset = _zone(zone)
        if month and offset is not None:
            return _moment(_year(year), month, int(day), int(hour), int(minute), int(second or 0), offset)
    if text[:4].isdigit() and (text[4:5] == "-" or text[8:9] == "T"):
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            pass
        else:
            if len(text) > 7:
                return _sane(found if found.tzinfo else found.replace(tzinfo=UTC))
    return _loose(_western_digits(text), language)


def month_of(name: str) -> int | None:
    """The number of a month named in one of the languages known here, whole or cut short; None for any other word."""
    return _MONTHS.get(_fold(name))


def unknown_zone(text: str) -> str:
    """The abbreviation of a time zone at the end of a date that is not known here, '' where there is none.

    Such a time is read as UTC, which may be hours from the truth: whoever reads dates says so.
    """
    match = _ZONE_AT_END.search(text[-16:])
    name = match[1].lower() if match else ""
    return match[1] if match and name not in _ZONES and name not in _NO_ZONES else ""


def _western_digits(text: str) -> str:
    if text.isascii():
        return text
    text = "".join(
        str(unicodedata.digit(c)) if c.isdigit() and not c.isascii() and unicodedata.digit(c, -1) >= 0 else c
        for c in text
    )
    return re.sub(r"[\u200e\u200f\u202a-\u202e]", "", text).replace("\u00a0", " ").replace("\u202f", " ")


def _loose(text: str, language: str) -> datetime | None:
    whole, _, fraction = text.partition(".")
    if whole.isdigit() and (whole == text or (len(whole) >= 9 and fraction.isdigit())):
        return _digits(whole)
    parts = _calendar(text, language)
    if parts is None:
        return None
    year, month, day, rest = parts
    clock = _CLOCK.search(rest) or (_TIME.search(rest) if re.search(r"\d[h.]\d{2}", rest) else None)
    hour = minute = second = 0
    after = rest
    if clock:
        hour, minute, second = int(clock[1]), int(clock[2]), int(clock[3] or 0)
        half = (clock[4] or "").lower()
        if (half.startswith("p") or any(mark in rest for mark in _PM)) and hour < 12:
            hour += 12
        elif half.startswith("a") and hour == 12:
            hour = 0
        after = rest[clock.end() :]
    return _moment(year, month, day, hour, minute, second, _find_zone(after, bool(clock)))


def _digits(text: str) -> datetime | None:
    try:
        if len(text) == 8:
            return _sane(datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC))
        if len(text) in (12, 14):
            shape = "%Y%m%d%H%M%S" if len(text) == 14 else "%Y%m%d%H%M"
            return _sane(datetime.strptime(text, shape).replace(tzinfo=UTC))
        if len(text) in (9, 10):
            return _sane(datetime.fromtimestamp(int(text), UTC))
        if len(text) == 13:
            return _sane(datetime.fromtimestamp(int(text) / 1000, UTC))
    except (ValueError, OverflowError, OSError):
        pass
    return None


def _calendar(text: str, language: str) -> tuple[int, int, int, str] | None:
    """Year, month, day, and the text without them."""
    match = _YEAR_FIRST.search(text)
    if match:
        return int(match[1]), int(match[2]), int(match[3]), _without(text, match)
    match = _YEAR_LAST.search(text)
    if match:
        first, second = int(match[1]), int(match[3])
        month_first = first <= 12 and (second > 12 or (match[2] == "/" and language.lower() == "en-us"))
        day, month = (second, first) if month_first else (first, second)
        if 1 <= month <= 12:  # else it is a time: 10.00.00
            return _year(match[4]), month, day, _without(text, match)
    for match in _DAY_MONTH.finditer(text):
        number = _MONTHS.get(_fold(match[2]))
        if number:
            return _year(match[3]), number, int(match[1]), _without(text, match)
    for match in _MONTH_DAY.finditer(text):
        number = _MONTHS.get(_fold(match[1]))
        if number:
            return int(match[3]), number, int(match[2]), text
    match = _YEAR_MONTH_DAY.search(text)
    if match and (number := _MONTHS.get(_fold(match[2]))):
        return int(match[1]), number, int(match[3]), _without(text, match)
    return None


def _without(text: str, match: re.Match[str]) -> str:
    return f"{text[: match.start()]} {text[match.end() :]}"


def _year(text: str) -> int:
    year = int(text)
    if len(text) == 2:
        year += 2000 if year < 70 else 1900
    return year


def _zone(name: str | None) -> int | None:
    """Minutes east of Greenwich; None for a name we do not know."""
    if not name:
        return 0
    if name[0] in "+-":
        minutes = int(name[1:3]) * 60 + int(name[3:5])
        return (minutes if name[0] == "+" else -minutes) if minutes <= 14 * 60 else 0
    return _ZONES.get(name.lower())


def _find_zone(text: str, has_clock: bool) -> int | tzinfo:
    """Minutes east of Greenwich, or the region that is named: its summer time is known only with the date."""
    if not has_clock:
        return 0
    named = _REGION.search(text)
    region = _region(named[0]) if named else None
    if named and region:
        text = _without(text, named)
    match = re.search(r"([+\-−])(\d{1,2}):?(\d{2})?(?!\d)", text)
    if match:
        minutes = int(match[2]) * 60 + int(match[3] or 0)
        if minutes <= 14 * 60:
            return minutes if match[1] == "+" else -minutes
    for word in re.findall(r"[A-Za-z]+", text):
        if word.lower() in _ZONES:
            return _ZONES[word.lower()]
    return region or 0


@lru_cache(maxsize=64)
def _region(name: str) -> tzinfo | None:
    """The zone of a name such as Europe/Berlin; None for one the tz database does not have."""
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        return None


def _moment(
    year: int, month: int, day: int, hour: int, minute: int, second: int, offset: int | tzinfo
) -> datetime | None:
    extra = timedelta()
    if hour == 24 and minute == 0:
        hour, extra = 0, timedelta(days=1)
    try:
        zone = offset if isinstance(offset, tzinfo) else timezone(timedelta(minutes=offset))
        return _sane(datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone) + extra)
    except (ValueError, OverflowError):
        return None


def _sane(moment: datetime) -> datetime | None:
    try:
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if moment >= _OLDEST else None
