"""How spam hides: look-alike letters, marked-up and hidden links, strange scripts. Pure.

Each of these alone proves nothing: they are evidence beside the words of a trade, which `spam` weighs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from monitor.stages.clean import trades
from monitor.stages.clean.memory import remembered

_LETTERS = str.maketrans("аеорсухіјѕԁһкмтвнοαερτυνικ", "aeopcyxijsdhkmtbhoaeptuvik")
_DIGITS = str.maketrans("013457@$", "oieastas")
_CROSSED = re.compile(r"[a-z][\u0370-\u052f]|[\u0370-\u052f][a-z]", re.IGNORECASE)
_NUMBERED = re.compile(r"[a-z][013457]+[a-z]|(?<![^\W_])[13457]?[a-z]+[013457]{1,2}(?![^\W_])", re.IGNORECASE)
_BESIDE_LETTER = re.compile(r"[013457](?:(?<=[a-z].)|(?=[a-z]))", re.IGNORECASE)  # in all of these, and fast
LONGEST = 24
_WORD = re.compile(rf"[^\W_]{{4,{LONGEST}}}")

_LINK = (
    r"<a\s[^<>]*>[^<>\n]{0,120}</a\s*>|\[url[^\]\n]*\][^\[\]\n]{0,120}\[/url\]"
    r"|\[[^\[\]\n]{1,80}\]\(https?:[^()\s]+\)|\[{1,2}https?:[^\[\]\s]+(?:\s[^\[\]\n]{1,80})?\]{1,2}"
)
_BESIDE = r"\[(b|i|u|color|size)\b[^\]\n]*\][^\[\]\n]{0,80}\[/\1\]"
_MARKUP = re.compile(
    rf"(?:(?:{_BESIDE}[\s,|·•-]*){{0,3}}(?:{_LINK})[\s,|·•-]*)+(?:{_BESIDE.replace('1', '2')})?", re.IGNORECASE
)
_HIDDEN = re.compile(
    r"<(div|span|p|font|ul|section)\b[^<>]*(?:display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*[01]\D"
    r"|(?:left|top|text-indent)\s*:\s*-\d{3,})[^<>]*>.{0,2000}?</\1\s*>",
    re.IGNORECASE | re.DOTALL,
)

CONTACT = r"\+\d[\d ().-]{7,18}\d|(?<![\w@./])@[a-z]\w{4,31}"  # a telephone number, somebody's name on a service
_CONTACT = re.compile(CONTACT, re.IGNORECASE)
MESSENGERS = frozenset({"whatsapp", "telegram", "viber", "wechat", "skype", "signal", "icq", "kakaotalk", "zalo"})


def may_hide(text: str) -> bool:
    """Whether any word of a text may be disguised; one look at a whole page."""
    numbered = bool(_BESIDE_LETTER.search(text)) and bool(_NUMBERED.search(text))
    return numbered or (not text.isascii() and bool(_CROSSED.search(text)))


@remembered
def trade_of(word: str) -> str:
    """The trade of a word that hides it behind letters of another script or digits, '' where none is hidden."""
    word = word.lower()
    crossed = not word.isascii() and bool(_CROSSED.search(word))
    if not crossed and (not word.isascii() or word.isalpha() or word.isdigit()):
        return ""
    plain = word.translate(_LETTERS)
    for candidate in dict.fromkeys((plain, plain.translate(_DIGITS))):
        if candidate != word and candidate.isalpha() and len(candidate) >= 4:
            kind = trades.of_word(candidate) or trades.of_word(candidate.removesuffix("s"))
            if kind:
                return kind
    return "mixed" if crossed else ""


@remembered
def hides(text: str) -> bool:
    """Whether a block holds a disguised word of a trade."""
    return may_hide(text) and any(trade_of(word) in trades.TRADES for word in _WORD.findall(text))


def reaches(text: str) -> bool:
    """Whether a block says where somebody is reached, beside its addresses."""
    return ("+" in text or "@" in text) and bool(_CONTACT.search(text))


def taken_out(sentence: str) -> tuple[str, set[str]]:
    """(a sentence without its disguised words, the trades of these)."""
    found = {word: kind for word in _WORD.findall(sentence) if (kind := trade_of(word))}
    return _WORD.sub(lambda match: "" if match.group() in found else match.group(), sentence), set(found.values())


def strange_letters(text: str, whole: str) -> frozenset[str]:
    """The letters beyond ASCII of a block that stand nowhere else in its page; `whole`: the page in lower case."""
    if text.isascii():
        return frozenset()
    text = text.lower()
    return frozenset(letter for letter in filter(_beyond, set(text)) if whole.count(letter) == text.count(letter))


def _beyond(letter: str) -> bool:
    return letter > "\x7f" and letter.isalpha()


def odd_markup(text: str) -> Iterable[re.Match[str]]:
    """Runs of link mark-up shown as text, and elements that were meant not to be seen."""
    lower = text.lower()
    if "<" not in lower and "[" not in lower:
        return ()
    found = [*_HIDDEN.finditer(text)] if "style" in lower else []
    return [*found, *_MARKUP.finditer(text)]
