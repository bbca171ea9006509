"""Bytes → text: byte-order mark, then what is plainly so, then what was declared, then charset-normalizer.

Pure. It finds out how bytes are to be read, and refuses what is not text; it knows nothing of HTML
beyond the two places where a page declares its charset.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import Counter
from itertools import pairwise

from charset_normalizer import from_bytes

from monitor.errors import Permanent
from monitor.stages import language

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(
    rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{2,40})["']"""
    rb"""|<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{2,40})""",
    re.IGNORECASE,
)
_SAMPLE = 64 * 1024  # bytes looked at when guessing
_ISO_2022 = re.compile(rb"\x1b[$(][@BJ()CD]")
# The web reads the Latin-1 labels as windows-1252, the East Asian ones as their supersets (WHATWG).
_WIDENED = {
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "iso8859-9": "cp1254",
    "tis-620": "cp874",
    "iso8859-11": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
_CONTROLS = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]")
_TWICE = (  # how UTF-8 looks that was read as this code page
    (re.compile("Ã[\u0080-\u00bf€-™]|â€|Â[\u00a0-\u00bf]"), "cp1252"),
    (re.compile("[РС][\u0080-\u00bf\u0402-\u045f€-™].{0,3}[РС]"), "cp1251"),
)
_EAST_ASIAN = ("gb18030", "cp932", "cp949", "big5hkscs", "euc_jp")
_COMMON_HAN = "的一是不了在人有我他這这中大來来上國国个個到說说們们為为子和你地出道也時时年得就那要下以生會会自着去"
_BY_LANGUAGE = {
    "cp1250": frozenset({"pl", "cs", "sk", "hu", "hr", "sl", "bs", "ro", "sr"}),
    "cp1254": frozenset({"tr", "az"}),
    "cp1252": frozenset({"en"}),
}
# Single-byte code pages of the press, by script; the guess between them goes by letters, not by bytes.
_CODE_PAGES = (
    "cp1251",
    "koi8-r",
    "cp1256",
    "cp1253",
    "cp1255",
    "cp1250",
    "cp1252",
    "cp1254",
    "cp874",
    "cp866",
)


def declared_in(body: bytes) -> str | None:
    """The charset an HTML or XML head names within its first 4,096 bytes, or None."""
    match = _DECLARED.search(body[:4096])
    return (match.group(1) or match.group(2)).decode("ascii") if match else None


def decode(body: bytes, declared: str | None = None) -> tuple[str, str]:
    """(text, name of the encoding used).

    Raises Permanent('binary') where the bytes are not text in any encoding known here.
    """
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace"), name
    if wide := _wide(body):
        return body.decode(wide, "replace"), wide
    if b"\0" in body:
        if not _padded(body):
            because = "holds zero bytes: this is not a text file; if it is one, save it as UTF-8"
            raise Permanent(because, kind="binary")
        body = body.replace(b"\0", b"")
    codec = _codec(declared)
    if codec == "iso2022_jp" or (codec is None and _ISO_2022.search(body[:_SAMPLE])):
        try:
            return body.decode("iso2022_jp"), "iso2022_jp"
        except UnicodeDecodeError:
            pass
    # Text that is valid UTF-8 by accident is so rare that a declaration that says otherwise is wrong.
    try:
        return _once_encoded(body.decode("utf-8")), "utf-8"
    except UnicodeDecodeError as error:
        if error.start > 0 and (damaged := _nearly_utf8(body)) is not None:
            return damaged, "utf-8"
    if codec and codec != "utf-8":
        try:
            return body.decode(codec), codec
        except UnicodeDecodeError:
            text = body.decode(codec, "replace")
            if text.count("\ufffd") * 200 < len(text):
                return text, codec
    return _guess(body)


def _codec(label: str | None) -> str | None:
    if not label:
        return None
    try:
        name = codecs.lookup(label.strip().strip("\"'")).name
    except (LookupError, ValueError):
        return None
    name = _WIDENED.get(name, name)
    try:
        b"a".decode(name)  # 'hex', 'rot13' and their like are codecs but no charsets
    except (LookupError, ValueError, UnicodeError):
        return None
    return None if name in {"utf-7", "unicode_escape", "raw_unicode_escape", "idna", "punycode"} else name


def _wide(body: bytes) -> str | None:
    """UTF-16 without a mark, or None: read the right way round it has blanks and hardly a control character."""
    sample = body[: _SAMPLE // 8 * 2]
    if len(sample) < 8 or b"\0" not in sample:
        return None
    for name in ("utf-16-le", "utf-16-be"):
        text = sample.decode(name, "replace")
        blanks = text.count(" ") + text.count("\n")
        odd = sum(1 for c in text if unicodedata.category(c) in {"Cc", "Cn", "Co", "Cs"} and c not in "\r\n\t")
        if blanks * 100 >= len(text) and odd * 50 <= len(text):
            return name
    return None


def _padded(body: bytes) -> bool:
    """Whether zero bytes are all that speaks against a text: few of them, and hardly another control character."""
    return body.count(b"\0") * 100 <= len(body) and len(_CONTROLS.findall(body[:_SAMPLE])) * 1000 <= len(body)


def _once_encoded(text: str) -> str:
    """`text`, or what it was before somebody read its UTF-8 as a code page and encoded that again (â€™ for ’).

    Only where all of it comes out as UTF-8 again, which no text in such a code page does by chance.
    """
    if text.isascii():
        return text
    for marks, page in _TWICE:
        if not marks.search(text[:_SAMPLE]):
            continue
        try:
            body = b"".join(_byte(char, page) for char in text)
            before = body.decode("utf-8")
        except UnicodeError:
            continue
        if sum(char > "\x7f" for char in before) >= 3:
            return before
    return text


def _byte(char: str, page: str) -> bytes:
    """A character's byte in a code page; what the page leaves open stands for itself, as on the web."""
    try:
        return char.encode(page)
    except UnicodeEncodeError:
        if "\x80" <= char <= "\x9f":
            return bytes((ord(char),))
        raise


def _nearly_utf8(body: bytes) -> str | None:
    """UTF-8 with a few broken bytes (cut in mid-character, one Latin-1 quote), or None."""
    text = body.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    whole = sum(1 for c in text[: _SAMPLE // 2] if c > "\x7f") - text[: _SAMPLE // 2].count("\ufffd")
    return text if broken * 8 <= whole else None


def _guess(body: bytes) -> tuple[str, str]:
    """The best reading, by what charset-normalizer proposes and by how word-like the letters are."""
    sample = body[:_SAMPLE]
    best = from_bytes(sample).best()
    proposed = _codec(best.encoding) if best else None
    scored: list[tuple[float, int, str]] = []
    for rank, name in enumerate(dict.fromkeys([*_CODE_PAGES, *_EAST_ASIAN, proposed])):
        if name:
            text = sample.decode(name, "replace")
            score = plausibility(text) + (0.02 if name == proposed else 0.0)
            scored.append((score + (_east_asian(text, name) if name in _EAST_ASIAN else 0.0), -rank, name))
    score, _, name = max(scored)
    if score < 0.5:
        raise Permanent("cannot be read as text in any encoding known here", kind="binary")
    if name in _BY_LANGUAGE:  # their letters are alike: the language decides, and its ASCII letters tell it
        code = language.of(sample.decode("ascii", "ignore"))
        name = next((page for page, codes in _BY_LANGUAGE.items() if code in codes), "cp1252")
    return body.decode(name, "replace"), name


def _east_asian(text: str, name: str) -> float:
    """What speaks for a double-byte reading: what its language cannot be written without."""
    foreign = sum(1 for c in text if c > "\x7f") or 1
    if "\ufffd" in text.rstrip("\ufffd"):
        return -0.3
    kana = sum(1 for c in text if "\u3041" <= c <= "\u30fa") / foreign
    if name in {"cp932", "euc_jp"}:
        return 0.3 if kana >= 0.15 else -0.3  # kana do not come about by reading something else wrongly
    if name == "cp949":
        needed, share = 0.5, sum(1 for c in text if "\uac00" <= c <= "\ud7a3") / foreign
    elif kana > 0.02:  # no Chinese text, but a Japanese one read wrongly
        return -0.3
    else:
        needed, share = 0.03, sum(text.count(c) for c in _COMMON_HAN) / foreign
    return 0.1 if share >= needed else -0.3


def plausibility(text: str) -> float:
    """How much `text` looks like something people wrote, 0–1; for choosing between readings of one file.

    Counts only what differs between readings: the non-ASCII characters. Capitals inside words, symbols
    and mixed scripts in one word speak against a reading, lower-case letters of one script for it.
    """
    foreign = [c for c in text if c > "\x7f"]
    if not foreign:
        return 1.0
    good = 0.0
    scripts: Counter[str] = Counter()
    for c in foreign:
        category = unicodedata.category(c)
        if category in {"Ll", "Lo", "Mn", "Mc"}:
            good += 1.0
            scripts[unicodedata.name(c, "?").split(" ", 1)[0]] += 1
        elif category == "Lu":
            good += 0.6
            scripts[unicodedata.name(c, "?").split(" ", 1)[0]] += 1
        elif c in "“”‘’«»–—…•·©®°§№€£¡¿、。，「」！？：；（）\u00a0،؛؟":
            good += 0.9
    inside = len(re.findall(r"(?<=[^\W\d_a-zA-Z])(?:(?![A-Z])[^\W\d_])", text)) or 1
    raised = sum(1 for a, b in pairwise(text) if a.islower() and b.isupper())
    mixed = len(re.findall(r"[A-Za-z][\u0370-\u1fff\u3000-\uffee]|[\u0370-\u1fff\u3000-\uffee][A-Za-z]", text))
    main = scripts.most_common(1)[0][1] / sum(scripts.values()) if scripts else 1.0
    return good / len(foreign) * (0.6 + 0.4 * main) - min(0.5, (raised + mixed) / (inside + len(foreign)) * 2)
