"""What the sentences of a block speak of: the trades that live on spam, and bad hosts. Pure."""

from __future__ import annotations

import re

from monitor.stages.clean import disguise, trades
from monitor.stages.clean.memory import remembered
from monitor.stages.clean.offers import STOP

_WORDS = re.compile(r"[^\W\d_]+")
CRIME = re.compile(
    r"\b(?:phish\w*|malware|scam\w*|fraud\w*|spam\w*|hack\w*|compromised|defaced|seized|typosquat\w*|botnet\w*|c2|indicators?)\b",
    re.IGNORECASE,
)
_CRIME_STEMS = (
    "phish", "malware", "scam", "fraud", "spam", "hack", "compromised", "defaced", "seized", "typosquat", "botnet",
    "c2", "indicator",
)  # fmt: skip

_PLACE = re.compile(
    r"hxxp|\b(?:domains?|hosts?|hostnames?|sites?|websites?|urls?|links?|addresses|pages?|servers?|[a-z0-9-]+\.[a-z]{2,})\b",
    re.I,
)


def speaks_of_hosts(text: str) -> bool:
    """Whether a block, or a page, may speak of bad hosts; `text` is in lower case."""
    return "[.]" in text or any(stem in text for stem in _CRIME_STEMS)


@remembered
def topics(text: str) -> tuple[tuple[str, frozenset[str]], ...]:
    """The sentences of a block that speak of a trade or of bad hosts, less disguised words, each with the trades."""
    found = []
    for sentence in STOP.split(text):
        kinds = set(map(trades.of_word, _WORDS.findall(sentence.lower())))
        kinds.update(kind for _, _, kind in trades.inside(sentence))
        kinds -= {"", "pitch"}
        if "[.]" in sentence or (CRIME.search(sentence) and _PLACE.search(sentence)):
            kinds.add("hosts")
        if disguise.may_hide(sentence):
            sentence, hidden = disguise.taken_out(sentence)
            kinds |= hidden & trades.TRADES
        if kinds:
            found.append((sentence, frozenset(kinds)))
    return tuple(found)
