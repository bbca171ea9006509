"""Small questions about one block that several rooms of cleaning ask. Pure; no page, no model."""

from __future__ import annotations

import re
import unicodedata

from monitor.stages.clean.memory import remembered


class _Tail:
    """A pattern for the end of a block, which need not look at the rest of it."""

    def __init__(self, pattern: str) -> None:
        compiled = re.compile(pattern)
        # None of them ends with a letter or digit, as half of all blocks do.
        self.search = remembered(lambda text: None if text[-1:].isalnum() else compiled.search(text[-24:]))


WORD = re.compile(r"[^\W_]+(?:['’\-.][^\W_]+)*")
_ASCII_WORD = re.compile(r"[a-z0-9]+(?:['\-.][a-z0-9]+)*")  # the same of ASCII in lower case, a little faster
URL = re.compile(
    r"(?:https?|hxxps?|ftp)://[^\s<>\"')\]]+|(?<![\w@.])(?:www\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}(?![\w.@])(?:/[^\s<>\"')\]]*)?",
    re.IGNORECASE,
)
ENDED = _Tail(r"[.!?。！？।॥؟۔։።]['\"”’»)\]】」』]*$")
QUOTED = _Tail(r"[,;—–-]['\"”’»」』]+$")  # a quotation that the next block goes on with
CUT = _Tail(r"(?:…|\.\.\.|\[…\]|\[\.\.\.\]|\(…\)|&hellip;)['\"”’»)\]]*$")
# Scripts written without blanks: a character says about as much as half a word elsewhere.
DENSE = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
COMBINING = re.compile(r"[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u064b-\u065f\u0670]")
_BETWEEN = re.compile(r"\s[|•·]\s")  # one of these alone divides anything: byline and date, name and outlet
_CRUMB = re.compile(r"\s+[/|>»›→·•]\s+|\s*[»›]\s*")
_DIVIDER = re.compile("[/|>»›→·•]")
_DOTTED = re.compile(r"[^\s.:]*[.:]")
_ADDRESSED = re.compile(r"[:.](?:(?<=:)//|(?<=[a-z0-9].)[a-z]{2})", re.IGNORECASE)  # stands in every address


@remembered
def folded(text: str) -> str:
    """`text` for comparing: case, width and accents folded, only letters and digits, single spaces."""
    text = text.casefold()
    if text.isascii():
        return " ".join(_ASCII_WORD.findall(text))
    text = COMBINING.sub("", unicodedata.normalize("NFKD", text))
    return " ".join(WORD.findall(text))


@remembered
def weight(text: str) -> int:
    """Length in characters, with dense scripts counted at what they say: three for one."""
    return len(text) if text.isascii() else len(text) + 2 * len(DENSE.findall(text))


@remembered
def is_prose(text: str) -> bool:
    """Whether a block is long enough and ended like a paragraph of running text."""
    size = weight(text)
    return (
        size >= 280
        or (size >= 75 and bool(ENDED.search(text) or QUOTED.search(text)))
        or (size >= 140 and text.endswith(")"))
    )


@remembered
def crumbs(text: str) -> list[str]:
    """The parts of a breadcrumb trail, [] where the block is none: two separators, short parts."""
    if len(text) > 250 or "\n" in text or not _DIVIDER.search(text) or ENDED.search(text):
        return []
    parts = [part.strip() for part in _CRUMB.split(text)]
    if len(parts) < 2 or not all(parts) or (len(parts) == 2 and _BETWEEN.search(text)):
        return []
    short = [len(WORD.findall(part)) <= 4 for part in parts[:-1]]
    return parts if all(short) else []


@remembered
def addresses(text: str) -> list[str]:
    """The web addresses in a block, in order."""
    # No address has a blank in it: only the words with a dot inside are asked, since the pattern is slow on prose.
    if not _ADDRESSED.search(text):
        return []
    return [m.group() for word in filter(_ADDRESSED.search, text.split()) for m in URL.finditer(word)]


@remembered
def only_addresses(text: str) -> bool:
    """Whether a block is nothing but web addresses."""
    if "." not in text or len(text) >= 2000:
        return False
    start = text.lstrip("-•*–> (")
    # No address without a dot or colon in its first word: looked at first, since the pattern is slow on prose.
    return bool(_DOTTED.match(start) and URL.match(start)) and not WORD.search(URL.sub(" ", text))
