"""Link and keyword spam that somebody else put into a text. Pure.

Every token of a suspect block gets a score: addresses of thrown-away hosts, hash tags and words of the
trades that live on spam speak for it; words the page uses elsewhere and the page's small words speak
against it. The best-scoring stretch that holds enough strong tokens goes, with the rest of its sentence
when little else is in it.

A page *about* such things uses their words in sentences of its own: then they count nothing, which keeps
an article on gambling, phishing hosts or pharmacies whole. A page of one block is cut only where a bare
run of addresses hangs on its end.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from monitor.model import Block
from monitor.stages.clean import disguise, offers, shapes, strangers, trades
from monitor.stages.clean.addresses import host_of, label_of, nameless, oddness
from monitor.stages.clean.offers import STOP
from monitor.stages.clean.scan import Floats
from monitor.stages.clean.suspects import LISTED, Suspects, is_enough, linked, suspicious
from monitor.stages.clean.tokens import blocks_of_words, words_of
from monitor.stages.clean.topics import CRIME, speaks_of_hosts, topics

__all__ = ["Page", "find", "hosts", "may_offer", "suspicious"]

Span = tuple[int, int, float]  # start, end, confidence

_ADDRESS = re.compile(r"https?://[^\s\"'<>\])]+", re.IGNORECASE)
_TOKEN = re.compile(
    rf"(?P<contact>{disguise.CONTACT})|(?P<url>{shapes.URL.pattern})|(?P<tag>[#＃][^\W\d][^\s#＃,;|]{{2,}})|(?P<word>[^\W_]+(?:['’][^\W_]+)*)",
    re.IGNORECASE,
)
_WORDS = re.compile(r"[^\W\d_]+")
_FINISHED = re.compile(r"[.!?]['\"”’»)]*$")
PLAIN, OWN, SMALL = -0.45, -1.6, -0.9  # a word nothing is known of; one the page uses elsewhere; a small word
STRANGE, STRANGERS = 0.5, 4  # a word in letters of its own beside a trade's; so many make up for strong ones
CUT_AT = 2.6
ABOUT = 2  # blocks with sentences of the page's own, and one in eight of them: from here on a page is about it
_DENSE_PROSE = re.compile(r"[。！？」]|的|は|が|を|는|은|ที่|และ")


def hosts(texts: Sequence[str]) -> tuple[str, ...]:
    """The distinct hosts in texts that were found to be spam, in order."""
    found = (host_of(address) for text in texts for address in shapes.addresses(text))
    return tuple(dict.fromkeys(host for host in found if "." in host))


@dataclass(slots=True)
class _Token:
    start: int
    end: int
    kind: str
    text: str
    score: float = 0.0
    strong: bool = False
    strange: bool = False  # of letters that no other block uses


def may_offer(blocks: Sequence[Block], suspects: Suspects) -> bool:
    """Whether `find` would look for offers in any of these blocks."""
    return len(blocks) > 1 and any(block.text in suspects.offering and offers.offering(block.text) for block in blocks)


def find(
    blocks: Sequence[Block], suspects: Suspects | None = None, *, offers_too: bool = True
) -> dict[int, list[Span]]:
    """Where spam stands: block index → spans in order.

    `suspects`: what `suspicious` says of these blocks, or more; `offers_too`: whether to look for offers of any trade.
    """
    texts = [block.text for block in blocks]
    suspects = suspicious(blocks) if suspects is None else suspects
    asked = suspects.offering if offers_too and len(texts) > 1 else frozenset()
    offered = {i for i, t in enumerate(texts) if t in asked and offers.offering(t)}
    ruled = {i for i, t in enumerate(texts) if t in suspects.trading and is_enough(t)}
    chosen = sorted(offered | ruled)
    if not chosen:
        return {}
    page = Page(texts, suspects.trading)
    found = {i: page.spans(i, i in ruled, i in offered) for i in chosen}
    return {i: spans for i, spans in found.items() if spans}


class Page:
    """What the page as a whole says: which words it uses where, and which trades it is about."""

    # Nearly all of it is found out when it is asked for: most pages are asked about a block or two.

    def __init__(self, texts: Sequence[str], trading: frozenset[str]) -> None:
        """`trading`: what `suspicious` says of these texts, or more."""
        self._texts = texts
        self._trading = trading
        self._prose = [i for i, text in enumerate(texts) if shapes.is_prose(text)]
        self._used, self._often = blocks_of_words(texts, self._prose)
        often = max(2, len(self._prose) // 3)
        self._small = {word for word, count in self._often.items() if count >= often and len(word) <= 4}
        self._whole = "\n".join(texts).lower()
        self._enough = max(ABOUT, len(self._prose) // 8)
        self._i = 0
        self._strange: frozenset[str] = frozenset()  # letters that only block `_i` uses

    @cached_property
    def _about(self) -> Counter[str]:
        """How many blocks speak of each trade, and of bad hosts, in sentences of the page's own."""
        about: Counter[str] = Counter()
        hosts_too = speaks_of_hosts(self._whole)
        for text in self._texts:
            asked = text in self._trading or (hosts_too and speaks_of_hosts(text.lower()))
            if asked and shapes.weight(text) >= 50:
                own = [kinds for sentence, kinds in topics(text) if self._belongs(sentence)]
                about.update(frozenset().union(*own))
        return about

    @cached_property
    def _on_trade(self) -> bool:
        """Whether the page is about a trade: an article on it names its hosts, too."""
        return any(count >= self._enough for kind, count in self._about.items() if kind != "hosts")

    @cached_property
    def _hosts_count(self) -> bool:
        """Whether an odd host is evidence: not on a page that speaks of bad ones."""
        told = self._about["hosts"]
        crime = sum(bool(CRIME.search(text)) for text in self._texts) if told else 0
        return told < self._enough and crime < self._enough

    def _kind(self, word: str) -> str:
        """The trade of one of the page's words."""
        return trades.of_word(word) if word in self._used else ""

    def _elsewhere(self, i: int, word: str) -> int:
        """How many other blocks than `i` have a word."""
        return self._used[word] - (word in words_of(self._texts[i]))

    def _belongs(self, sentence: str) -> bool:
        """Whether a sentence is the page's own: long enough, with small words, or words shared with the rest."""
        if len(shapes.DENSE.findall(sentence)) > 20:
            return bool(_DENSE_PROSE.search(sentence))
        every = _WORDS.findall(sentence.lower())
        words = set(every)
        small = len(words & self._small)
        shared = sum(self._used[word] > 1 for word in words if len(word) > 3 and not self._kind(word))
        praise = sum(bool(self._kind(word)) for word in every)
        if len(every) >= 9 and praise * 5 < len(every) * 2:
            return True
        return len(every) >= 7 and (small >= 2 or (shared >= 1 and small >= 1) or shared >= 3)

    def _in_list(self, i: int) -> bool:
        """Whether short blocks in a row are made of a trade's words: a list of search words, a line for each."""
        return self._names(i) and sum(map(self._names, range(max(0, i - 3), min(i + 4, len(self._texts))))) >= 3

    def _names(self, i: int) -> bool:
        text = self._texts[i]
        if shapes.weight(text) > LISTED or not words_of(text).isdisjoint(self._small):
            return False
        return sum(bool(self._kind(word)) for word in words_of(text)) >= 2 or bool(trades.inside(text))

    def spans(self, i: int, ruled: bool, offered: bool) -> list[Span]:
        """The stretches of spam in block `i`, in order: by what rules say, and of what it offers."""
        text = self._texts[i]
        self._i, self._strange = i, disguise.strange_letters(text, self._whole)
        found = self._stretches(i, text, len(self._texts) == 1) if ruled else []
        return _merged([*found, *self._strangers(i, text, found)] if offered else found)

    def _stretches(self, i: int, text: str, alone: bool) -> list[Span]:
        """What speaks of a trade, or gives thrown-away hosts."""
        found = self._marked_up(text)
        tokens = [token for token in self._scored(i, text) if not any(a <= token.start < b for a, b, _ in found)]
        while span := self._best(tokens, text, alone):
            found.append(span)
            tokens = [token for token in tokens if token.end <= span[0] or token.start >= span[1]]
        return found if alone else [*found, *self._pitches(i, text, found)]

    def _strangers(self, i: int, text: str, known: Sequence[Span]) -> list[Span]:
        """Sentences that offer something and have nothing of the page, less those of what the page is about."""
        said, rows = offers.sentences(text), self.around(i)
        if not strangers.cuts(said, rows, known):
            return []
        told = self._on_trade or not self._hosts_count
        found = strangers.cuts(said, rows, known, strangers.PROVEN if told else strangers.SURE)
        return [
            (start, end, confidence)
            for start, end, confidence in found
            if not self._announced(text, start) and not (told and self._is_told(text[start:end]))
        ]

    def _is_told(self, text: str) -> bool:
        """Whether a text is of a trade that the page is about, or gives an address on a page about bad hosts."""
        kinds = {trades.of_word(word) or disguise.trade_of(word) for word in words_of(text)}
        kinds.update(kind for _, _, kind in trades.inside(text))
        if any(self._about[kind] >= self._enough for kind in kinds & trades.TRADES):
            return True
        return not self._hosts_count and (("." in text and bool(shapes.URL.search(text))) or bool(CRIME.search(text)))

    @cached_property
    def _around(self) -> offers.Surroundings:
        return offers.Surroundings(self._texts, self._prose, self._used, self._often, self._whole)

    def around(self, i: int) -> Floats:
        """What `offers` says of each sentence of block `i`."""
        return self._around.features(i, lambda word: self._live(self._kind(word)))

    def _marked_up(self, text: str) -> list[Span]:
        """Link mark-up shown as text, whose addresses or words are off the page's topic."""
        found = []
        for match in disguise.odd_markup(text):
            odd = max(map(oddness, _ADDRESS.findall(match.group())), default=0.0)
            trade = any(
                self._live(trades.of_word(word)) for word in _WORDS.findall(_ADDRESS.sub(" ", match.group()).lower())
            )
            if odd >= 1.5 or trade:
                found.append((match.start(), match.end(), 0.97))
        return found if len(self._texts) > 1 else []

    def _live(self, kind: str) -> bool:
        """Whether a trade's words count on this page."""
        return bool(kind) and kind != "pitch" and self._about[kind] < self._enough

    def _scored(self, i: int, text: str) -> list[_Token]:
        tokens = [_Token(m.start(), m.end(), m.lastgroup or "word", m.group()) for m in _TOKEN.finditer(text)]
        tags = any(token.kind == "tag" and trades.in_name(token.text) for token in tokens)
        dense = trades.inside(text)
        trade_here = any(self._live(self._kind(word)) for word in words_of(text)) or bool(dense)
        trade_here = trade_here or disguise.hides(text)
        reached = trade_here and any(token.kind == "contact" for token in tokens)
        for token in tokens:
            if token.kind == "url":
                odd = oddness(token.text) if self._hosts_count else 0.0
                label = label_of(host_of(token.text))
                named = odd >= 1.5 and self._whole.count(label) > 3 and sum(label in t for t in self._texts) > 3
                if "." not in token.text or named:
                    odd = 0.0
                token.score, token.strong = (0.4 + odd, odd >= 1.5) if odd else (0.1, False)
            elif token.kind == "tag":
                # Beside a tag of a trade another one that no word of the page explains is of its kind.
                body = token.text[1:].lower()
                trade = trades.in_name(body) or (tags and self._elsewhere(i, body) <= 0)
                token.score, token.strong = (2.2, True) if trade and not self._on_trade else (0.6, False)
            elif token.kind == "contact":
                token.score, token.strong = (2.4, True) if trade_here and not self._on_trade else (PLAIN, False)
            elif reached and token.text.lower() in disguise.MESSENGERS:
                token.score = 0.9
            else:
                token.score, token.strong = self._word(i, token, dense, trade_here)
        return tokens

    def _word(
        self, i: int, token: _Token, dense: Sequence[tuple[int, int, str]], trade_here: bool
    ) -> tuple[float, bool]:
        word = token.text.lower()
        kind = trades.of_word(word) or disguise.trade_of(word)
        if not kind and dense:
            kind = next((k for a, b, k in dense if a < token.end and token.start < b), "")
        if self._live(kind):
            return 1.8, True
        if kind == "pitch" and trade_here and self._used[word] <= 2:
            return 0.9, False
        if kind == "mixed":
            return 0.9, False
        if trade_here and not self._strange.isdisjoint(word):
            token.strange = True
            return STRANGE, False
        if word in self._small:
            return SMALL, False
        if len(word) > 2 and self._elsewhere(i, word) > 0:
            return OWN, False
        return (0.3, False) if any(map(str.isdigit, word)) and trade_here else (PLAIN, False)

    def _best(self, tokens: Sequence[_Token], text: str, alone: bool) -> Span | None:
        """The stretch with the highest sum, if it is strong enough, snapped to its sentence."""
        best = (0.0, 0, 0)
        total, begin = 0.0, 0
        for k, token in enumerate(tokens):
            if total <= 0:
                total, begin = 0.0, k
            total += token.score
            if total > best[0]:
                best = (total, begin, k + 1)
        score, a, b = best
        inside = tokens[a:b]
        strong = sum(token.strong for token in inside)
        links = sum(token.strong and token.kind != "word" for token in inside)
        start, end = (inside[0].start, inside[-1].end) if inside else (0, 0)
        tail = bool(text[:start].strip()) and not text[end:].strip(" .!?/")
        bare = links >= 2 and all(token.kind == "url" for token in inside) and (tail or not text[:start].strip())
        if self._on_trade and links and not bare:
            return None
        numbers = all(token.kind == "url" and nameless(host_of(token.text)) for token in inside if token.strong)
        if numbers and (not bare or self._announced(text, start)):
            return None
        single = links == 1 == len(inside) and ((tail and score >= 2.7) or (len(tokens) == 1 and score >= 2.3))
        listed = strong >= 1 and self._in_list(self._i)
        if score < CUT_AT and not (single or listed):
            return None
        strangers = strong >= 1 and sum(token.strange for token in inside) >= STRANGERS
        if strong < 2 and not (single or listed or strangers):
            return None
        if (
            not links
            and strong < 3
            and not listed
            and not strangers
            and not (tail and shapes.ENDED.search(text[:start].rstrip()))
        ):
            return None
        if alone and (links < 2 or not tail or any(token.kind == "word" for token in inside)):
            return None
        start, end = self._snapped(text, start, end, tokens, len(inside))
        return start, end, round(min(0.99, 0.6 + 0.05 * score), 3)

    def _announced(self, text: str, start: int) -> bool:
        """Whether what begins here follows a colon."""
        before = text[:start].rstrip() or (self._texts[self._i - 1].rstrip() if self._i else "")
        return before.endswith((":", "："))

    def _snapped(self, text: str, start: int, end: int, tokens: Sequence[_Token], size: int) -> tuple[int, int]:
        low, high = _sentence(text, start, end)
        outside = [t for t in tokens if low <= t.start < high and not start <= t.start < end]
        own = sum(t.score <= OWN for t in outside)
        if own <= max(2, size // 2) and len(outside) <= max(4, size) and high - low < 500:
            start, end = low, high
        while start > 0 and text[start - 1] in " \t,;|•·-–—(\n":
            start -= 1
        while end < len(text) and text[end] in " \t,;|•·/)":
            end += 1
        return start, end

    def _pitches(self, i: int, text: str, found: Sequence[Span]) -> list[Span]:
        """Whole sentences that pitch a trade or a thrown-away host, and share next to nothing with the page."""
        out: list[Span] = []
        if not linked(text) and not any(self._live(self._kind(word)) for word in words_of(text)):
            return out
        position = 0
        for match in [*STOP.finditer(text), None]:
            end = match.start() if match else len(text)
            sentence = text[position:end]
            free = 20 <= len(sentence) <= 400 and not any(a < end and position < b for a, b, _ in found)
            if free and (confidence := self._pitch(i, sentence)) > 0:
                out.append((position, match.end() if match else end, confidence))
            position = match.end() if match else end
        # A short block half of which is a pitch is one altogether, where the rest has nothing of the page.
        gone = [*out, *found]
        mostly = len(text) <= 300 and sum(b - a for a, b, _ in gone) >= 0.4 * len(text)
        if gone and mostly and not self._owned(i, text, gone):
            return [(0, len(text), 0.85)]
        return out

    def _owned(self, i: int, text: str, gone: Sequence[Span]) -> bool:
        """Whether what would be left of a block speaks the page's own words."""
        for start, end, _ in sorted(gone, reverse=True):
            text = text[:start] + " " + text[end:]
        every = _WORDS.findall(text.lower())
        left = [word for word in every if len(word) > 4 and not trades.of_word(word)]
        shared = sum(self._elsewhere(i, word) > 0 for word in left)
        pitch = sum(bool(trades.of_word(word)) for word in every)
        return (
            not pitch
            or pitch < len(left)
            or shared * 2 > len(left)
            or (bool(_FINISHED.search(text.strip())) and pitch < 2)
        )

    def _pitch(self, i: int, sentence: str) -> float:
        words = _WORDS.findall(shapes.URL.sub(" ", sentence).lower())
        kinds = [trades.of_word(word) for word in words]
        trade = sum(self._live(kind) for kind in kinds) + sum(
            self._live(kind) for _, _, kind in trades.inside(sentence)
        )
        pitch = kinds.count("pitch")
        odd = 0.0
        if self._hosts_count and not self._on_trade:
            odd = max(map(oddness, shapes.addresses(sentence)), default=0.0)
        content = [w for w, kind in zip(words, kinds, strict=True) if len(w) > 4 and not kind]
        shared = sum(self._elsewhere(i, w) > 0 for w in content)
        whole = len(sentence) > 0.8 * len(self._texts[i])
        if whole and odd >= 2.0 and trade:
            return 0.9
        if shared * 2 > len(content) + 1:
            return 0.0
        if (odd >= 1.5 and trade + pitch >= 2) or (trade >= 2 and trade + pitch >= 4 and shared <= 1 + (trade >= 3)):
            return 0.85
        return 0.0


def _sentence(text: str, start: int, end: int) -> tuple[int, int]:
    low, high = 0, len(text)
    for match in STOP.finditer(text):
        if match.end() <= start:
            low = match.end()
        elif match.start() >= end:
            high = match.start()
            break
    return low, high


def _merged(spans: Sequence[Span]) -> list[Span]:
    out: list[Span] = []
    for start, end, confidence in sorted(spans):
        if out and start <= out[-1][1]:
            a, b, c = out[-1]
            out[-1] = (a, max(b, end), max(c, confidence))
        else:
            out.append((start, end, confidence))
    return out
