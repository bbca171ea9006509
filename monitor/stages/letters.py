"""Characters as the rule language sees them: one spelling for what readers take to be the same letter.

`exact` brings text to one spelling but keeps case and accents; `fold` drops those as well. Together they are the
section "Words (Unicode)" of the rule language as far as characters go. Words are cut elsewhere, in `words`.

Sources: Unicode Standard Annex 15 (NFKC) and chapter 3.13 (full case folding); for Arabic script the merges of Lucene's
Arabic and Persian normalisers, widened by the letters that Pashto and Urdu keyboards put in place of the Persian ones.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

# Everything below is written as code points where the character itself would be invisible or ambiguous on a screen.


def _ranges(*pairs: tuple[int, int]) -> str:
    return "".join(f"{chr(low)}-{chr(high)}" for low, high in pairs)


def char_class(characters: Iterable[str]) -> str:
    """The inside of a regular-expression set that holds exactly these characters."""
    codes = sorted(map(ord, characters))
    pairs: list[tuple[int, int]] = []
    for code in codes:
        if pairs and pairs[-1][1] == code - 1:
            pairs[-1] = (pairs[-1][0], code)
        else:
            pairs.append((code, code))
    return _ranges(*pairs)


def _marks() -> list[str]:
    """All combining marks that belong to a letter; blocks without marks are not visited, to start quickly."""
    blocks = (
        (0x300, 0x370),
        (0x483, 0x488),
        (0x591, 0x1DFF),
        (0x2CEF, 0x2E00),
        (0x302A, 0x309B),
        (0xA66F, 0xABEE),
        (0xFB1E, 0xFB1F),
        (0xFE20, 0xFE30),
        (0x101FD, 0x12000),
        (0x16AF0, 0x17000),
        (0x1E000, 0x1E951),
    )
    every = (chr(code) for low, high in blocks for code in range(low, high))
    return [char for char in every if unicodedata.category(char) in ("Mn", "Mc")]


_REMOVED = "".join(
    map(
        chr,
        (
            0xAD,  # soft hyphen
            0x34F,  # combining grapheme joiner
            0x61C,  # Arabic letter mark
            0x640,  # tatweel
            0x115F,
            0x1160,
            0x3164,
            0xFFA0,  # Hangul fillers
            0x180E,
            0x200B,
            0x200D,
            0xFEFF,  # zero-width space and joiner, byte-order mark
            *range(0x180B, 0x180E),
            *range(0x200E, 0x2010),
            *range(0x202A, 0x202F),
            *range(0x2060, 0x2070),  # direction marks, word joiner, invisible operators
            *range(0xFE00, 0xFE10),  # variation selectors
            *range(0x20D0, 0x20F1),  # marks for symbols: keycaps
            *range(0x591, 0x5BE),
            0x5BF,
            0x5C1,
            0x5C2,
            0x5C4,
            0x5C5,
            0x5C7,  # Hebrew points and accents
            *range(0x610, 0x61B),
            *range(0x64B, 0x653),
            *range(0x656, 0x660),
            0x670,
            0x674,
            *range(0x6D6, 0x6DD),
            *range(0x6DF, 0x6E5),
            0x6E7,
            0x6E8,
            *range(0x6EA, 0x6EE),
            *range(0x8D3, 0x8E2),
            *range(0x8E3, 0x900),  # Arabic vowel points
            *range(0xE0100, 0xE01F0),  # variation selectors of ideographs
            *range(0xE0000, 0xE0080),  # tags
        ),
    )
)
_ZWNJ = "\u200c"
# Beside the typewriter's apostrophe: quotes, half rings, primes, modifier letters, geresh, saltillo.
APOSTROPHES = "'’‘‛ʻʼʽʾʿʹˈˊˋ՚׳′‵´`＇\ua78b\ua78c\u07f4\u07f5"
# A no-width non-joiner separates and closes words just as a hyphen does.
HYPHENS = "-‐‑‒–—―⁃−﹘﹣－\u058a\u05be\u1400\u1806\u2e3a\u2e3b" + _ZWNJ
STAR, QUERY = "\ue000", "\ue001"  # wildcards of a rule word, once its text is normalised

_SAME_ARABIC = {
    "ی": "يىېۍےئؤۓێۑٸ",
    "ک": "كڪﻙػ",
    "گ": "ګ",
    "ا": "آأإٱٲٳٵ",
    "ه": "ةہھۀۂۃەۿ",
}
_SAME_LETTER = {"æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "ı": "i", "þ": "th", "ħ": "h", "ŧ": "t"}

_EXACT_SPECIAL: dict[str, str] = {
    **dict.fromkeys(_REMOVED, ""),
    **dict.fromkeys(APOSTROPHES, "'"),
    **dict.fromkeys(HYPHENS, "-"),
    **{variant: letter for letter, variants in _SAME_ARABIC.items() for variant in variants},
    "ё": "е",
    "Ё": "Е",
    "ѐ": "е",
    "Ѐ": "Е",
    "ѝ": "и",
    "Ѝ": "И",
    "٫": ".",  # Arabic decimal and thousands separators
    "٬": ",",
    "™": " ",  # NFKC would glue 'TM' to the name
    "℠": " ",
    STAR: " ",  # not ours when it stands in a document
    QUERY: " ",
}


def _exact_char(char: str) -> str:
    special = _EXACT_SPECIAL.get(char)
    if special is not None:
        return special
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    wide = unicodedata.normalize("NFKC", char)
    return char if wide == char else "".join(map(_exact_char, wide)) if len(wide) > 1 else _exact_char(wide)


def _fold_char(char: str) -> str:
    base = unicodedata.normalize("NFD", char)
    if len(base) > 1 and _is_latin_or_greek(base[0]):
        char = base[0]
    folded = unicodedata.normalize("NFC", char.casefold())
    return "".join(_SAME_LETTER.get(c, c) for c in folded)


def _is_latin_or_greek(char: str) -> bool:
    return bool(_LATIN_OR_GREEK.match(char))


class _Table(dict[int, str]):
    """A translation table that fills itself: characters are worked out when first met."""

    def __init__(self, one: object) -> None:
        super().__init__()
        self._one = one

    def __missing__(self, code: int) -> str:
        self[code] = value = self._one(chr(code))  # type: ignore[operator]
        return value  # type: ignore[no-any-return]


MARKS = _marks()
MARK = char_class(MARKS)  # the inside of a regular-expression set
# Scripts without blanks between words: there every character is a position of its own.
RUNNING = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ec6\u0edc-\u0edf"  # Thai, Lao
    "\u1000-\u103f\u104c-\u108f\u109a-\u109d\ua9e0-\ua9ef\ua9fa-\ua9fe\uaa60-\uaa7f"  # Burmese
    "\u1780-\u17d3\u17d7\u17dc-\u17dd"  # Khmer
    "\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff\u3130-\u318f"  # Hangul
    "\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303c"  # marks that go with Han and kana
    "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"  # kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufad9\U00020000-\U000323af"  # Han
)
# The same in text as written, which also has half-width kana and jamo, and letters that hold a mark.
RAW_RUNNING = RUNNING + "\uff66-\uff9d\uffa1-\uffdc"
RAW_MARK = MARK + "\uff9e\uff9f\u0e33\u0eb3"
# Characters before which running text may be cut: they never join the one before them.
STARTS = (
    "\u0e01-\u0e30\u0e40-\u0e44\u0e81-\u0eae\u0ec0-\u0ec4\u1000-\u1021\u1780-\u17b3\uac00-\ud7a3"
    "\u3041-\u3096\u30a1-\u30fa\u3400-\u9fff"
)


def _word_class() -> str:
    """Letters, digits and marks of the scripts that put blanks between words."""
    running = re.compile(f"[{RUNNING}]")
    blocks = ((0x30, 0x3100), (0xA000, 0xAC00), (0xFB00, 0xFDFF), (0x10000, 0x1F000))
    every = (chr(code) for low, high in blocks for code in range(low, high))
    marks = set(MARKS)
    return char_class(c for c in every if (c.isalnum() or c in marks) and not running.match(c))


WORD = _word_class() + STAR + QUERY
_LATIN = "A-Za-z\u00aa\u00ba\u00c0-\u024f\u0250-\u02af\u1e00-\u1eff\u2c60-\u2c7f\ua720-\ua7ff\uab30-\uab64"
_LATIN_OR_GREEK = re.compile(f"[{_LATIN}\u0370-\u03ff\u1f00-\u1fff]")
_LATIN_MARKS = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\ufe20-\ufe2f"
# What may change its neighbours under NFC: marks, Hangul vowels and finals, spacing kana voice marks.
_COMPOSING = re.compile(f"[{MARK}\u1160-\u11ff\ua960-\ua97f\ud7b0-\ud7ff]")
_LOOSE_LATIN = re.compile(f"(?<=[{_LATIN}\u0370-\u03ff\u1f00-\u1fff])[{_LATIN_MARKS}]+")
_LOOSE_CYRILLIC = re.compile("(?<=[\u0400-\u052f])[\u0300\u0301\u0341]+")
_LOOSE_ARABIC = re.compile("[\u0653-\u0655]+")
# Canonical ordering sorts marks by insertion: without a bound (UAX 15 sets 30) a megabyte of them takes hours.
_FLOOD_OF_MARKS = re.compile(f"([{MARK}]{{30}})[{MARK}]+")
_EXACT = _Table(_exact_char)
_FOLD = _Table(_fold_char)
_HEBREW_QUOTE = re.compile('(?<=[\u05d0-\u05ea])["״“”„]+(?=[\u05d0-\u05ea])')


def exact(text: str) -> str:
    """Return `text` in one spelling, case and accents kept. Whitespace stays where it is; lengths may change."""
    if text.isascii():
        return text
    text = text.translate(_EXACT)
    if _COMPOSING.search(text):
        text = unicodedata.normalize("NFC", _FLOOD_OF_MARKS.sub(r"\1", text)).translate(_EXACT)
        text = _LOOSE_CYRILLIC.sub("", _LOOSE_ARABIC.sub("", text))
    return _HEBREW_QUOTE.sub("", text)


def fold(text: str) -> str:
    """Return text that came from `exact` without case and without Latin and Greek accents."""
    if text.isascii():
        return text.lower()
    return _LOOSE_LATIN.sub("", text).translate(_FOLD)


def is_removed(char: str) -> bool:
    """Whether this character is invisible to rules: soft hyphens, direction marks, vowel points and the like."""
    return _EXACT[ord(char)] == ""
