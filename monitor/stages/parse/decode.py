"""Bytes of a feed → text: by byte order mark, HTTP charset, XML declaration; UTF-8 wherever it is valid.

Pure. The slow guess at unknown bytes (charset-normalizer) is imported where it is needed, in a worker.
"""

from __future__ import annotations

import codecs
import re

_DECLARATION = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']\s*([A-Za-z0-9._:\- ]{2,40}?)\s*["']""")
_ALIASES = {
    "iso-8859-1": "cp1252", "iso8859-1": "cp1252", "latin1": "cp1252", "latin-1": "cp1252", "us-ascii": "cp1252",
    "ascii": "cp1252", "iso-8859-9": "cp1254", "iso-8859-11": "cp874", "tis-620": "cp874", "gb2312": "gb18030",
    "gbk": "gb18030", "ks_c_5601-1987": "cp949", "euc-kr": "cp949", "shift_jis": "cp932", "x-sjis": "cp932",
    "windows-31j": "cp932", "utf-16": "utf-16", "unicode": "utf-16", "x-user-defined": "cp1252", "utf8mb4": "utf-8",
    "utf": "utf-8", "utf_8": "utf-8", "utf8-bom": "utf-8", "win-1251": "cp1251", "x-mac-cyrillic": "mac-cyrillic",
    "big5": "big5hkscs", "big5-hkscs": "big5hkscs", "x-x-big5": "big5hkscs", "cn-big5": "big5hkscs",
    "windows-874": "cp874", "dos-874": "cp874", "x-gbk": "gb18030", "gb_2312-80": "gb18030", "gb_2312": "gb18030",
    "chinese": "gb18030", "csgb2312": "gb18030", "iso-ir-58": "gb18030", "x-euc-jp": "euc-jp", "ms_kanji": "cp932",
    "sjis": "cp932", "windows-949": "cp949", "korean": "cp949", "x-mac-roman": "mac-roman", "koi": "koi8-r",
    "koi8": "koi8-r", "koi8-ru": "koi8-u", "ansi": "cp1252",
}  # fmt: skip
_WINDOWS = re.compile(r"(?:x-)?(?:windows|win|cp|ms)?[-_]?125\d")
_REFUSED = frozenset(("utf-7", "utf7", "u7", "unicode-1-1-utf-7"))


def codec(name: str | None) -> str | None:
    """Python's name for a declared encoding, read as browsers read it; None for one we do not know."""
    if not name:
        return None
    key = name.strip().lower()
    if key in _REFUSED:
        return None
    key = _ALIASES.get(key) or (f"cp{key[-4:]}" if _WINDOWS.fullmatch(key) else key)
    try:
        info = codecs.lookup(key)
    except (LookupError, ValueError):
        return None
    return info.name if getattr(info, "_is_text_encoding", True) else None


def declared(body: bytes) -> str | None:
    """The encoding the XML declaration names."""
    match = _DECLARATION.search(body[:1024])
    return match[1].decode("ascii") if match else None


def by_mark(body: bytes) -> tuple[str, int] | None:
    """Encoding and length of a byte order mark, or an encoding that shows without one."""
    if body.startswith(codecs.BOM_UTF8):
        return "utf-8", 3
    if body[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) and b"\0" not in body[:200]:
        return None  # the mark of UTF-16 before something else: its angle brackets would have zeros beside them
    if body.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return ("utf-32-le" if body[0] == 0xFF else "utf-32-be"), 4
    if body.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le", 2
    if body.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be", 2
    head = body[:4]
    if len(head) == 4 and head[0] in b"<{[ \r\n" and head[1] == 0 and head[2] != 0 and head[3] == 0:
        return "utf-16-le", 0
    if len(head) == 4 and head[0] == 0 and head[1] in b"<{[ \r\n" and head[2] == 0 and head[3] != 0:
        return "utf-16-be", 0
    if len(head) == 4 and head.count(0) == 3 and (head[0] or head[3]):
        return ("utf-32-le" if head[0] else "utf-32-be"), 0
    return None


def quick(body: bytes, charset: str | None) -> bytes | None:
    """`body` as UTF-8 where its encoding is plain to see; None where it takes a longer look."""
    mark = by_mark(body)
    if mark is not None and mark[0] != "utf-8":
        return None
    if mark:
        body = body[3:]
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return body
    if mark:
        return None
    names = {found for found in (codec(charset), codec(declared(body))) if found and found != "utf-8"}
    if len(names) != 1:
        return None
    try:
        return body.decode(names.pop()).encode("utf-8")
    except (UnicodeError, LookupError):
        return None


def decode(body: bytes, charset: str | None) -> tuple[str, str]:
    """Text and the encoding used. Never fails: what is left over becomes U+FFFD. A guess takes a while."""
    return plain_to_see(body, charset) or _guess(body)


def plain_to_see(body: bytes, charset: str | None) -> tuple[str, str] | None:
    """As `decode`, but None where only a guess is left."""
    if body[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) and by_mark(body) is None:
        body = body[2:]
    mark = by_mark(body)
    if mark is not None:
        marked, length = mark
        text = body[length:].decode(marked, "replace")
        if text.count("\ufffd") <= len(text) // 100:
            return text, marked
        body = body[length:]
    escaped = b"\x1b" in body
    if not escaped:
        try:
            return body.decode("utf-8"), "utf-8"
        except UnicodeDecodeError:
            pass
    names = [codec(charset), codec(declared(body))]
    for name in names:
        if name is None or name == "utf-8":
            continue
        if name.startswith(("utf-16", "utf-32")):
            continue  # no mark and no zero bytes: mis-declared
        try:
            return body.decode(name), name
        except (UnicodeError, LookupError):
            continue
    if escaped:
        try:
            return body.decode("utf-8"), "utf-8"
        except UnicodeDecodeError:
            pass
    text = body.decode("utf-8", "replace")
    if text.count("\ufffd") * 200 <= len(text):
        return text, "utf-8"  # UTF-8 with a few broken bytes, as truncating servers make them
    if {"utf-8", None}.issuperset(names) and (mixed := _with_windows_quotes(body)) is not None:
        return mixed, "utf-8"
    for name in names:
        if name and name != "utf-8" and not name.startswith(("utf-16", "utf-32")):
            attempt = body.decode(name, "replace")
            if attempt.count("\ufffd") * 100 <= len(attempt):
                return attempt, name
    return None


def _with_windows_quotes(body: bytes) -> str | None:
    """UTF-8 into which somebody pasted quotes and dashes of windows-1252; None for anything else."""
    text = body.decode("utf-8", "surrogateescape")
    pasted = {char for char in text if "\udc80" <= char <= "\udcff"}
    if not pasted or max(pasted) > "\udc9f" or all(char < "\x80" or char in pasted for char in text):
        return None
    return text.translate({ord(char): bytes([ord(char) - 0xDC00]).decode("cp1252", "replace") for char in pasted})


def _guess(body: bytes) -> tuple[str, str]:
    from charset_normalizer import from_bytes

    sample = re.sub(rb"<[^<>]{0,500}>", b" ", body[:200_000])
    best = from_bytes(sample[:20_000]).best()
    name = codec(best.encoding) if best is not None else None
    if name is None or name.startswith(("utf-16", "utf-32")):
        name = "cp1252"
    return body.decode(name, "replace"), name
