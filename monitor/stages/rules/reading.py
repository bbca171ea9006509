"""One article made ready for many rules: the words of each field, as sets and, once a rule needs them, as positions."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from urllib.parse import unquote

from monitor.stages.rules.patterns import Element, Part, glob
from monitor.stages.words import Words, analyse

TEXT_FIELDS = ("title", "text", "author")
BODY = ("title", "text")  # where a word without a field is sought

# A place in a field: first position, position after the last, and the form found (None for several words).
Place = tuple[int, int, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What rules are asked about: an article in one of its appearances.

    `source` is the slug of the configured source, `outlet` the publisher's name or host. `words` spares a second
    analysis where the words of `text` are known already.
    """

    title: str = ""
    text: str = ""
    author: str = ""
    url: str = ""
    source: str = ""
    outlet: str = ""
    language: str = ""
    tags: Collection[str] = ()
    words: Words | None = None


class Reading:
    """A subject with what rules ask of it, worked out at most once."""

    __slots__ = (
        "_address",
        "_elements",
        "_extras",
        "_none_covered",
        "_pairs",
        "_places",
        "_positions",
        "_wild",
        "forms",
        "hits",
        "memory",
        "phrases",
        "seen",
        "subject",
        "words",
    )

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        text = subject.words if subject.words is not None else analyse(subject.text)
        self.words = {"title": analyse(subject.title), "text": text, "author": analyse(subject.author)}
        self.forms: dict[str, set[str]] = {}
        for field, words in self.words.items():
            forms = set(words.forms)
            forms.update([form for _, _, form in words.extras])
            self.forms[field] = forms
        self.forms[""] = self.forms["text"] | self.forms["title"]  # where a word without a field is sought
        # Every key that a rule may wait for: forms, metadata, pairs of characters; the book adds wildcards.
        self.seen = self.forms[""].union(self.forms["author"], metadata_keys(subject))
        if max(self.seen, default="") >= "\u0e01":
            for words in self.words.values():
                self.seen.update(pairs(words.forms))
        self._positions: dict[str, dict[str, list[int]]] = {}
        self._extras: dict[str, dict[str, list[Place]]] = {}
        self._pairs: dict[str, dict[str, list[tuple[int, int]]]] = {field: {} for field in TEXT_FIELDS}
        self._places: dict[tuple[Part, str], list[Place]] = {}
        self._elements: dict[tuple[Element, str], dict[int, list[int]]] = {}
        self._wild: dict[str, list[str]] = {}
        self._none_covered: Collection[str] = ()
        # What nodes that many rules share have found, and their evidence.
        self.memory: dict[Any, Any] = {}
        self.phrases: dict[tuple[object, str], list[tuple[int, int]]] = {}
        self.hits: dict[Any, Any] = {}
        self._address: tuple[str, str] | None = None

    def wildcards(self, known: Collection[str], covered: Mapping[str, list[str]]) -> None:
        """Take over what a book knows: all its wildcards, and those that cover a form here, with the forms."""
        self._wild.update(covered)
        self._none_covered = known

    def expand(self, part: Part) -> list[str]:
        """The forms of the article, in any field, that a wildcard covers."""
        found = self._wild.get(part.key)
        if found is None and part.key in self._none_covered:
            return []
        if found is None:
            test = glob(part.key)
            self._wild[part.key] = found = [form for form in self.forms[""] | self.forms["author"] if test(form)]
        return found

    def has(self, part: Part, field: str) -> bool:
        """Whether a part occurs in a field."""
        forms = self.forms[field]
        if part.is_plain:
            if part.prefix is None:
                return part.key in forms
            return not forms.isdisjoint(self.expand(part))
        if part.prefix is None and part.key not in forms:
            return False
        return bool(self.places(part, field))

    def places(self, part: Part, field: str) -> list[Place]:
        """Where a part occurs in a field, in order."""
        found = self._places.get((part, field))
        if found is None:
            if part.prefix is None:
                found = self._form_places(part.key, field)
            else:
                found = sorted(place for form in self.expand(part) for place in self._form_places(form, field))
            if not part.is_plain:
                found = [place for place in found if self._is_spelled(place, part, field)]
            self._places[part, field] = found
        return found

    def starts(self, element: Element, field: str) -> dict[int, list[int]]:
        """Where an element occurs in a field: its first position → the positions after its end."""
        found = self._elements.get((element, field))
        if found is None:
            found = {}
            if len(element.parts) == 1:
                spans: Iterable[tuple[int, int]] = ((a, b) for a, b, _ in self.places(element.parts[0], field))
            else:
                spans = self._row([Element((part,)) for part in element.parts], field)
            for start, end in spans:
                found.setdefault(start, []).append(end)
            if element.closed is not None:
                for start, end, _ in self.places(element.closed, field):
                    ends = found.setdefault(start, [])
                    if end not in ends:
                        ends.append(end)
            self._elements[element, field] = found
        return found

    def phrase(self, row: tuple[Element, ...], field: str) -> list[tuple[int, int]]:
        """Where elements follow each other without a gap, in order."""
        if not all(self.may_have(element, field) for element in row):
            return []
        return sorted(set(self._row(row, field)))

    def plain_phrase(self, keys: tuple[str, ...], field: str) -> list[tuple[int, int]] | None:
        """`phrase` for words without further conditions; None where a further form could take part."""
        if not self.is_bare(keys, field):
            return None
        starts = self._field_positions(field).get(keys[0], ())
        forms, size = self.words[field].forms, len(keys)
        last = len(forms) - size
        for place, key in enumerate(keys[1:], 1):
            starts = [start for start in starts if start <= last and forms[start + place] == key]
        return [(start, start + size) for start in starts]

    def is_bare(self, keys: tuple[str, ...], field: str) -> bool:
        """Whether these words occur in a field in their primary forms only."""
        return self._field_extras(field).keys().isdisjoint(keys)

    def may_have(self, element: Element, field: str) -> bool:
        """Whether a field has what an element is made of, wherever it stands there."""
        if all(self.has(part, field) for part in element.parts):
            return True
        return element.closed is not None and self.has(element.closed, field)

    def _row(self, row: Iterable[Element], field: str) -> Iterator[tuple[int, int]]:
        first, *others = [self.starts(element, field) for element in row]
        for start, ends in first.items():
            reached = ends
            for other in others:
                reached = [end for here in reached for end in other.get(here, ())]
                if not reached:
                    break
            for end in reached:
                yield start, end

    def word_pairs(self, form: str, field: str) -> list[tuple[int, int]]:
        """Where a form occurs in a field, as (first position, position after)."""
        known = self._pairs[field]
        found = known.get(form)
        if found is None:
            found = [(at, at + 1) for at in self._field_positions(field).get(form, ())]
            further = self._field_extras(field).get(form)
            if further:
                found = sorted({*found, *((start, end) for start, end, _ in further)})
            known[form] = found
        return found

    def first_pairs(self, form: str, field: str, number: int) -> list[tuple[int, int]]:
        """The first few of `word_pairs`, which of a frequent word has thousands."""
        if form in self._field_extras(field):
            return self.word_pairs(form, field)[:number]
        return [(at, at + 1) for at in self._field_positions(field).get(form, ())[:number]]

    def _form_places(self, form: str, field: str) -> list[Place]:
        found: list[Place] = [(at, at + 1, form) for at in self._field_positions(field).get(form, ())]
        further = self._field_extras(field).get(form)
        return sorted(found + further) if further else found

    def _field_positions(self, field: str) -> dict[str, list[int]]:
        positions = self._positions.get(field)
        if positions is None:
            positions = defaultdict(list)
            for at, form in enumerate(self.words[field].forms):
                positions[form].append(at)
            self._positions[field] = positions
        return positions

    def _field_extras(self, field: str) -> dict[str, list[Place]]:
        extras = self._extras.get(field)
        if extras is None:
            extras = {}
            for at, length, form in self.words[field].extras:
                extras.setdefault(form, []).append((at, at + length, form))
            self._extras[field] = extras
        return extras

    def _is_spelled(self, place: Place, part: Part, field: str) -> bool:
        written = self.words[field].exact(place[0], place[1] - place[0], place[2])
        if any(written[low:high] != written[low:high].upper() for low, high in part.capitals):
            return False
        if not part.spelling:
            return True
        return bool(glob(part.spelling)(written)) if part.prefix is not None else written == part.spelling

    def address_has(self, value: str) -> bool:
        """Whether the article's address contains a value, capitals and percent signs aside."""
        if self._address is None:
            address = self.subject.url.casefold()
            self._address = (address, unquote(address))
        return value in self._address[0] or value in self._address[1]


def pairs(forms: Sequence[str]) -> Iterator[str]:
    """Neighbouring characters of scripts without blanks: rarer than each alone, so better to wait for.

    Neighbours of other scripts that are as short come along; no rule waits for them.
    """
    for one, other in set(pairwise(forms)):
        if one >= "\u0e01" and other >= "\u0e01" and len(one) <= 4 and len(other) <= 4:
            yield one + other


# ── metadata ────────────────────────────────────────────────────────────────────────────────────

_HOST = re.compile(r"(?i:[a-z][a-z0-9+.-]*://)?(?:[^/@\s]*@)?([^/:?#\s]+\.[^/:?#\s]+)(?:[:/?#].*)?", re.DOTALL)


def metadata_keys(subject: Subject) -> Iterator[str]:
    """Keys for what an article is, beside its words: lang:…, tag:…, source:…"""
    language = language_value(subject.language)
    while language:
        yield f"lang:{language}"
        language = language.rpartition("-")[0]
    for tag in subject.tags:
        yield f"tag:{plain_value(tag)}"
    for name in (subject.source, subject.outlet):
        if name:
            yield f"source:{plain_value(name)}"
    for address in (subject.url, subject.outlet, subject.source):
        host = host_of(address) if address else ""
        while host:
            yield f"source:{host}"
            host = host.partition(".")[2]


def language_value(value: str) -> str:
    """A language tag as rules compare it: zh_Hans is zh-hans."""
    return value.strip().casefold().replace("_", "-")


def plain_value(value: str) -> str:
    """A tag, slug or outlet name as rules compare it."""
    return " ".join(fold_value(value).split())


def fold_value(value: str) -> str:
    """Text without regard to case and compatibility forms."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold())


def host_of(address: str) -> str:
    """The host of an address or host name, without www., in ASCII; '' where there is none."""
    found = _HOST.fullmatch(address.strip())
    if found is None:
        return ""
    host = found[1].casefold().strip(".").removeprefix("*.").removeprefix("www.")
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return host
    return host


VALUE_OF: dict[str, Callable[[str], str]] = {
    "lang": language_value,
    "tag": plain_value,
    "source": lambda value: host_of(value.lstrip("*.")) or plain_value(value).lstrip("*."),
    "url": lambda value: value.casefold().strip("*"),
}
