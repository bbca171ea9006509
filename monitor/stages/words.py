"""Text cut into words, once: rules, fingerprints and the full-text index all lean on this file.

A word stands at a *position* and has one primary form; some words have extra forms beside it (a stem, the closed
spelling of a hyphenated word), which may cover several positions. What a form looks like is settled by `letters`; here
words are cut. The work is remembered per distinct chunk between blanks, since texts repeat themselves; offsets are
found only when asked for.

Touches nothing but its own memory of chunks. It is not the place for what a rule asks: see `rules`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, chain
from sys import intern
from typing import NamedTuple

from monitor.stages.letters import MARK, RAW_MARK, RAW_RUNNING, RUNNING, STARTS, WORD, exact, fold

_LETTER = f"(?![0-9{MARK}])[{WORD}][{MARK}]*"
_NO_LETTER = f"(?![{WORD}])"


def _token_pattern(word: str, letter: str, no_letter: str, running: str) -> re.Pattern[str]:
    return re.compile(
        f"{running}"
        f"(?P<number>[0-9]+(?:[.,][0-9]+)+{word}*(?:'+{word}+)*)"
        f"|(?P<dotted>(?:(?:{letter}\\.){{2,}}(?:{letter}{no_letter})?|{letter}\\.{letter}{no_letter})(?:'+{word}+)?)"
        f"|(?P<word>(?![{MARK}]){word}+(?:'+{word}+)*)"
    )


# Rule words are cut by it too, so it knows capitals and wildcards.
TOKEN = _token_pattern(f"[{WORD}]", _LETTER, _NO_LETTER, f"(?P<running>[{RUNNING}][{MARK}]*)|")
_TOKEN_ASCII = _token_pattern("[a-z0-9]", "[a-z]", "(?![a-z0-9])", "")
_PLAIN = re.compile(f"[{RUNNING}][{MARK}]*|(?![{MARK}])[{WORD}]+")  # enough where there is no inner punctuation
_PLAIN_ASCII = re.compile("[a-z0-9]+")
_INNER = re.compile(r"['\-.,]")
_SIMPLE = re.compile(f"(?![{MARK}])[{WORD}]+")
_HYPHENED = re.compile(f"(?![{MARK}])[{WORD}]+(?:-(?![{MARK}])[{WORD}]+)+")
_PIECES = re.compile(
    f"[{RAW_RUNNING}{RAW_MARK}]{{1,48}}(?=[{STARTS}]|[^{RAW_RUNNING}{RAW_MARK}]|$)"
    f"|[{RAW_RUNNING}{RAW_MARK}]+|[^{RAW_RUNNING}]+"
)

# Articles and pronouns that lose their vowel before a noun, in French, Italian and Catalan.
_ELIDED = re.compile(
    "[cdjlmnstv]|qu|jusqu|lorsqu|puisqu|quoiqu|un|alcun|ciascun|nessun|a?gl|dagl|degl|negl|sugl|d?all|dell|nell|sull"
    "|coll|pell|quell|quest|bell|sant"
)
# Turkish case endings after a name's apostrophe, folded (ı and ü read as i and u).
_TURKISH = re.compile(
    "(?:l[ae]r)?(?:y?[aeiu]|n?[iu]n|n[aeiu]|n?[dt][ae]n?|n?[dt][ae]ki(?:l[ae]r(?:[iu]n)?)?|y?l[ae]|[dt][iu]r|l[iu]|s[iu]z?"
    "|s[iu]n[aeiu]n?|s[iu]nd[ae]n?|n?c[ae]|l[iu]k|[iu]m[iu]z)?"
)
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}(?:,[0-9]{2,3})*,[0-9]{3}(?:\.[0-9]+)?")
_POINTED_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}(?:(?:\.[0-9]{3})+,[0-9]+|(?:\.[0-9]{3}){2,})")
_DECIMAL = re.compile(r"[0-9]+[.,][0-9]+")
_DIGITS = re.compile(r"[0-9.,]+")
_EDGE = "\"'.,;:!?()[]{}<>*/“”‘’«»„…—–-"
_LONG = 64  # characters: longer chunks are cut up where that is safe
_FORGET = 256  # longer chunks are not remembered
_ABSURD = 1_000  # longer 'words' get no extra forms: nobody wrote them
LONGEST_CHAIN = 16  # parts of a hyphenated word that still have a closed spelling
_CHUNK = re.compile(r"\S+")  # as str.split() finds them
_MEMORY = 200_000  # distinct chunks; about 30 MB


class Token(NamedTuple):
    """A word inside a chunk: its primary form and where it stands in the folded chunk."""

    form: str
    start: int
    end: int
    dotted: bool = False
    running: bool = False


class Extra(NamedTuple):
    """A further form: it covers `length` positions from `offset` on, and folded characters start to end."""

    offset: int
    length: int
    form: str
    start: int
    end: int


_forms: dict[str, tuple[str, ...]] = {}
_extras: dict[str, tuple[Extra, ...]] = {}


class Words:
    """The words of one text.

    `forms[i]` is the primary form at position i. `extras` are the further forms as (first position, number of
    positions, form), in order of the text. Spans are characters in `text`, end exclusive.
    """

    __slots__ = (
        "_begins",
        "_chunks",
        "_firsts",
        "_lines",
        "_offsets",
        "_pieces",
        "_reached",
        "_scanned",
        "_spelt",
        "extras",
        "forms",
        "text",
    )

    def __init__(
        self, text: str, chunks: list[str], pieces: list[tuple[str, ...]], extras: list[tuple[int, int, str]]
    ) -> None:
        self.text = text
        self.forms: Sequence[str] = list(chain.from_iterable(pieces))
        self.extras: Sequence[tuple[int, int, str]] = extras
        self._chunks = chunks
        self._pieces = pieces
        self._firsts: list[int] = []
        self._offsets: list[int] = []  # where each chunk begins; negative where that was not found yet
        self._reached = 0  # chunks whose offsets were found one after the other
        self._lines: list[int] | None = None  # the first chunk of each line
        self._begins: list[int] = []  # its first character
        self._scanned: tuple[str, list[Token], list[Extra]] | None = None
        self._spelt: dict[tuple[str, int, int, str], str] = {}

    def span(self, position: int, length: int = 1, form: str | None = None) -> tuple[int, int]:
        """Return the characters that the words from `position` on take, narrowed to `form` where that is a stem."""
        number = bisect_right(self._firsts or self._find_firsts(), position) - 1
        chunk, offset = self._chunks[number], self._offsets[number]
        if offset < 0:
            offset = self._find_offset(number)
        if length == 1 and len(chunk) <= _LONG:  # most often the chunk is the word, with a capital or a comma
            wanted = self.forms[position] if form is None else form
            if chunk == wanted:
                return offset, offset + len(chunk)
            bare = chunk.strip(_EDGE)
            if bare.lower() == wanted and len(bare) == len(wanted):
                offset += chunk.index(bare)
                return offset, offset + len(bare)
        first = self._firsts[number]
        tokens, extras = self._scan(chunk)
        if form is not None and not (length == 1 and self.forms[position] == form):
            for extra in extras:
                if (extra.offset, extra.length, extra.form) == (position - first, length, form):
                    return _raw(chunk, offset, extra.start, extra.end)
        start = _raw(chunk, offset, *tokens[position - first][1:3])
        if length <= 1:
            return start
        return start[0], self.span(position + length - 1)[1]

    def exact(self, position: int, length: int = 1, form: str | None = None) -> str:
        """Return a form as the text spells it: with its capitals and accents. Dotted letters count as capitals."""
        form = self.forms[position] if form is None else form
        number = bisect_right(self._firsts or self._find_firsts(), position) - 1
        chunk, first = self._chunks[number], self._firsts[number]
        key = (chunk, position - first, length, form)
        known = self._spelt.get(key)
        if known is None:
            self._spelt[key] = known = self._spell(chunk, position, first, length, form)
        return known

    def _spell(self, chunk: str, position: int, first: int, length: int, form: str) -> str:
        start, end = self.span(position, length, form)
        written = exact(self.text[start:end])
        if form[:1].isdigit():
            digits, number = _DIGITS.match(written), _DIGITS.match(form)
            return f"{number.group()}{_spell(written[digits.end() :])}" if digits and number else form
        token = self._scan(chunk)[0][position - first]
        return _spell(written).upper() if token.dotted and length == 1 else _spell(written)

    def _scan(self, chunk: str) -> tuple[list[Token], list[Extra]]:
        if self._scanned is None or self._scanned[0] is not chunk:  # asked again for each word of a long one
            self._scanned = (chunk, *scan(fold(exact(chunk))))
        return self._scanned[1:]

    def _find_firsts(self) -> list[int]:
        """The first position of each chunk."""
        self._offsets = [-1] * len(self._chunks)
        self._firsts = [0, *accumulate(map(len, self._pieces))]
        return self._firsts

    def _find_offset(self, number: int) -> int:
        """Find where a chunk begins, and with it all of its line; or all before it, where chunks were cut further."""
        text, chunks, offsets = self.text, self._chunks, self._offsets
        if self._lines is None:
            lines = text.split("\n")
            self._lines = [0, *accumulate([len(line.split()) for line in lines])]
            self._begins = [0, *accumulate([len(line) + 1 for line in lines])]
        if self._lines[-1] == len(chunks):
            line = bisect_right(self._lines, number) - 1
            first, last = self._lines[line : line + 2]
            begin, end = self._begins[line : line + 2]
            if text.startswith(" ".join(chunks[first:last]), begin):  # most often single blanks stand between
                lengths = [len(chunk) + 1 for chunk in chunks[first : last - 1]]
                offsets[first:last] = accumulate(lengths, initial=begin)
            else:
                offsets[first:last] = map(re.Match.start, _CHUNK.finditer(text, begin, end))
        else:
            find = text.index
            at = self._reached and offsets[self._reached - 1] + len(chunks[self._reached - 1])
            for each in range(self._reached, number + 1):
                offsets[each] = at = find(chunks[each], at)
                at += len(chunks[each])
            self._reached = number + 1
        return offsets[number]


def analyse(text: str) -> Words:
    """Return the words of `text`. Pure but for a memory of chunks seen before."""
    if len(_forms) > _MEMORY:
        _forms.clear()
        _extras.clear()
    chunks = text.split()
    longest = max(map(len, chunks), default=0)
    if longest > _LONG:
        chunks = [piece for chunk in chunks for piece in (_cut(chunk) if len(chunk) > _LONG else (chunk,))]
    pieces = list(map(_forms.get, chunks))
    while None in pieces:  # more than once only where another thread empties the memory meanwhile
        _learn({chunk for chunk, piece in zip(chunks, pieces, strict=True) if piece is None})
        pieces = list(map(_forms.get, chunks))
    extras: list[tuple[int, int, str]] = []
    if not _extras.keys().isdisjoint(chunks):
        position = 0
        for chunk, forms in zip(chunks, pieces, strict=True):
            if chunk in _extras:
                extras += [(position + extra.offset, extra.length, extra.form) for extra in _extras[chunk]]
            position += len(forms)  # type: ignore[arg-type]
    if longest > _FORGET:
        for chunk in chunks:
            if len(chunk) > _FORGET:
                _forms.pop(chunk, None)
                _extras.pop(chunk, None)
    return Words(text, chunks, pieces, extras)  # type: ignore[arg-type]


def index_text(text: str) -> str:
    """Return all that a rule word can hit in `text`, separated by blanks: for the columns of a full-text index.

    The primary forms come first, in order, so that phrases can be sought; the extra forms follow them.
    Forms hold letters, marks and digits, and numbers a decimal point.
    """
    return index_of(analyse(text))


def index_of(words: Words) -> str:
    """Return `index_text` of a text that was analysed already."""
    return " ".join((*words.forms, *(form for _, _, form in words.extras)))


def _cut(chunk: str) -> list[str]:
    """Cut a long chunk where no word can be hurt: inside running scripts, and between them and others."""
    return [chunk] if chunk.isascii() else _PIECES.findall(chunk)


def _learn(chunks: set[str]) -> None:
    """Work out the forms of chunks not met before, all together: normalising many at once is much cheaper."""
    todo = []
    for chunk in chunks:
        bare = chunk.strip(_EDGE)
        if bare.isascii() and bare.isalnum():
            _forms[chunk] = (intern(bare.lower()),)
        else:
            todo.append(chunk)
    folded = fold(exact("\n".join(todo))).split("\n") if todo else []
    for chunk, text in zip(todo, folded, strict=True):
        bare = text.strip(_EDGE)
        if _SIMPLE.fullmatch(bare):
            _forms[chunk] = (intern(bare),)
        elif not _INNER.search(bare) or _is_absurd(text):
            _forms[chunk] = tuple(_plain(bare).findall(bare))
        elif _HYPHENED.fullmatch(bare) and (parts := bare.split("-")) and len(parts) <= LONGEST_CHAIN:
            start = text.index(bare)
            _extras[chunk] = (Extra(0, len(parts), "".join(parts), start, start + len(bare)),)
            _forms[chunk] = tuple(parts)
        else:
            tokens, extras = scan(text)
            if extras:
                _extras[chunk] = tuple(extras)
            _forms[chunk] = tuple([token.form for token in tokens])


def _is_absurd(folded: str) -> bool:
    return len(folded) > _ABSURD or folded.count("-") > 2 * LONGEST_CHAIN


def _plain(folded: str) -> re.Pattern[str]:
    return _PLAIN_ASCII if folded.isascii() else _PLAIN


def scan(folded: str) -> tuple[list[Token], list[Extra]]:
    """Cut a folded chunk of a document into words and their further forms."""
    tokens: list[Token] = []
    extras: list[Extra] = []
    if _is_absurd(folded):
        return [Token(found.group(), *found.span()) for found in _plain(folded).finditer(folded)], extras
    for found in (_TOKEN_ASCII if folded.isascii() else TOKEN).finditer(folded):
        kind, start, end = found.lastgroup, found.start(), found.end()
        if kind == "word" and "'" not in found.group():
            tokens.append(Token(found.group(), start, end))
        elif kind == "running":
            tokens.append(Token(found.group(), start, end, running=True))
        elif kind == "number":
            _number(found.group(), start, tokens, extras)
        else:
            _apostrophes(found.group(), start, kind == "dotted", tokens, extras)
    if "-" in folded:
        _close(folded, tokens, extras)
    return tokens, extras


def number_form(digits: str) -> str | None:
    """Return one spelling of a number: 1000 for 1,000, 3.5 for 3,5; None where it is several, as in a date."""
    if _THOUSANDS.fullmatch(digits):
        return digits.replace(",", "")
    if _POINTED_THOUSANDS.fullmatch(digits):
        return digits.replace(".", "").replace(",", ".")
    return digits.replace(",", ".") if _DECIMAL.fullmatch(digits) else None


def _number(text: str, start: int, tokens: list[Token], extras: list[Extra]) -> None:
    found = _DIGITS.match(text)
    assert found
    form = number_form(found.group())
    if form is not None:
        _apostrophes(form + text[found.end() :], start, False, tokens, extras, shift=len(found.group()) - len(form))
        return
    for part in re.finditer(r"[^.,]+", text):
        _apostrophes(part.group(), start + part.start(), False, tokens, extras)


def _apostrophes(
    text: str, start: int, dotted: bool, tokens: list[Token], extras: list[Extra], *, shift: int = 0
) -> None:
    """Add a word with apostrophes or dots: without them, and with its article or ending split off.

    `shift`: how many characters the writing is longer than `text`, all of them in its first part.
    """
    here, end = len(tokens), start + len(text) + shift
    if dotted:
        body, _, tail = text.partition("'")
        closed = [body.replace(".", ""), *filter(None, tail.split("'"))]
    else:
        closed = [part for part in text.split("'") if part]
    whole = "".join(closed)
    if len(closed) == 1:
        tokens.append(Token(whole, start, end, dotted))
        return
    primary, primary_start = whole, start
    stem_end = end - len(closed[-1])
    while stem_end > start and text[stem_end - start - 1 - shift] == "'":
        stem_end -= 1
    stem = "".join(closed[:-1]) if closed[-1] == "s" or _is_turkish(closed) else None
    if _ELIDED.fullmatch(closed[0]) and not dotted and closed[1:] != ["s"]:
        primary = "".join(closed[1:])
        primary_start = start + text.index(closed[1], len(closed[0]))
        extras.append(Extra(here, 1, whole, start, end))
        if stem and len(closed) > 2:
            extras.append(Extra(here, 1, stem[len(closed[0]) :], primary_start, stem_end))
            extras.append(Extra(here, 1, stem, start, stem_end))
    elif stem:
        extras.append(Extra(here, 1, stem, start, stem_end))
    tokens.append(Token(primary, primary_start, end, dotted))


def _is_turkish(parts: list[str]) -> bool:
    """Whether the last part is a Turkish ending; a lone vowel after a short word is not: Shi'a."""
    ending = parts[-1]
    return len(parts[0]) > (1 if len(ending) > 1 else 3) and _TURKISH.fullmatch(ending) is not None


def _close(folded: str, tokens: list[Token], extras: list[Extra]) -> None:
    """Add the closed spelling of hyphenated words: wifi for Wi-Fi, with the stem of the last part where it has one."""
    first = 0
    for last in range(1, len(tokens) + 1):
        if last < len(tokens):
            left, right = tokens[last - 1], tokens[last]
            if is_hyphen(folded[left.end : right.start]) and not (left.running or right.running):
                continue
        if 1 < last - first <= LONGEST_CHAIN:
            _close_one(first, last, tokens, extras)
        first = last


def is_hyphen(gap: str) -> bool:
    """Whether what stands between two words makes them one hyphenated word."""
    return "-" in gap and not gap.strip("-'")


def _close_one(first: int, last: int, tokens: list[Token], extras: list[Extra]) -> None:
    parts, length = tokens[first:last], last - first
    whole = "".join(part.form for part in parts)
    start, end = parts[0].start, parts[-1].end
    own = [extra for extra in extras if extra.length == 1]
    heads = [(parts[0].form, start)]
    heads += [(x.form, x.start) for x in own if x.offset == first and x.end == parts[0].end]
    tails = [(parts[-1].form, end)]
    tails += [(x.form, x.end) for x in own if x.offset == last - 1 and x.start == parts[-1].start]
    middle = whole[len(parts[0].form) : len(whole) - len(parts[-1].form)]
    for head, begin in heads:
        extras += [Extra(first, length, head + middle + tail, begin, finish) for tail, finish in tails]


_NOT_SPELT = re.compile(f"[^\\w{MARK}]+|_")


def _spell(written: str) -> str:
    return _NOT_SPELT.sub("", written)


_CLUSTER = re.compile(
    '[\u05d0-\u05ea][\u0591-\u05c7]*["״“”„]+(?=[\u05d0-\u05ea])'
    f"|.[{MARK}\u1160-\u11ff\ud7b0-\ud7ff\uff9e\uff9f\u00ad\u0640\u200b\u200d-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]*",
    re.DOTALL,
)


def _raw(chunk: str, offset: int, start: int, end: int) -> tuple[int, int]:
    """Map characters of the folded chunk to characters of the text."""
    if chunk.isascii():
        return offset + start, offset + end
    if len(chunk) > _ABSURD:
        return offset, offset + len(chunk)
    begin = finish = 0
    folded_at = 0
    for cluster in _CLUSTER.finditer(chunk):
        piece = fold(exact(cluster.group()))
        if len(cluster.group()) > 1 and "\u05d0" <= cluster.group()[0] <= "\u05ea":
            piece = piece.rstrip('"״“”„')
        if folded_at <= start:
            begin = cluster.start()
        folded_at += len(piece)
        if folded_at >= end:
            finish = cluster.end()
            break
    return offset + begin, offset + (finish or len(chunk))
