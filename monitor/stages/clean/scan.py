"""What each block of a page says for itself, whatever stands beside it. Pure; numpy, one pass over the page.

Character classes come from one table look-up, tokens are numbered once, and all else is counted by
`bincount` over the whole page: a loop over blocks with regular expressions takes three times as long.
A scan of a page is good for every part of it, too (`Scan.of`): when some blocks have gone, the rest is not
read again. What depends on the neighbours is counted in `features`.
"""

from __future__ import annotations

import functools
import re
import unicodedata
import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.stages.clean import phrases, signs
from monitor.stages.clean.tokens import WITHOUT_BLANKS, tokens

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

BUCKETS = 1 << 15  # rows of each half of the lexicon: single words, pairs of words
TABLE = 2 * BUCKETS + phrases.ROWS  # rows of the lexicon and of the weights behind it
_MEMORY = 1 << 15  # words and edges remembered from page to page: about 3 MB
HEAD = 80  # characters of a block in which times and addresses are looked for
PAIRED = 12  # words: pairs are looked up in blocks up to this length

# Character classes.
UPPER, LOWER, LETTER, DENSE, DIGIT, SPACE, STOP, COMMA, COLON, QUOTE, BAR, BRACKET, MARK, DASH, OTHER = range(15)
_CLASSES = 15
_CLOSING = "'\"”’»«)]】」』*_ \u200f\u200e"
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_TIME = re.compile(r"(?<!\d)\d{1,2}[:.h]\d\d(?!\d)")
_LINK = re.compile(r"https?:|www\.|@|\.(?:com|org|net)\b")


@functools.cache
def _table() -> NDArray[np.uint8]:
    """The class of every character of the basic plane; all beyond it count as 'other'."""
    table = np.full(0x10000, OTHER, np.uint8)
    by_category = {
        "Lu": UPPER, "Lt": UPPER, "Ll": LOWER, "Lo": LETTER, "Lm": LETTER, "Mn": MARK, "Mc": MARK,
        "Nd": DIGIT, "Zs": SPACE, "Pd": DASH, "Ps": BRACKET, "Pe": BRACKET, "Pi": QUOTE, "Pf": QUOTE,
    }  # fmt: skip
    for code in range(0x10000):
        table[code] = by_category.get(unicodedata.category(chr(code)), OTHER)
    for characters, kind in (
        (".!?…。！？।॥؟۔։", STOP),
        (",、،，;；؛", COMMA),
        (":：", COLON),
        ("\"'“”„‘’«»「」『』", QUOTE),
        ("|/>›•·→", BAR),
        ("\n\t ", SPACE),
    ):
        for character in characters:
            table[ord(character)] = kind
    for low, high in WITHOUT_BLANKS:
        part = table[low : high + 1]
        part[part == LETTER] = DENSE
    return table


# What `Scan.base` holds of each block; the trained trees know a row by its number. The rows marked * are zero there:
# they depend on the page, and `features` fills them in.
LEXICAL = ("odds_mean", "odds_low", "odds_high", "odds_first", "odds_last", "odds_known", "pairs_mean", "leaning")
BASE = (
    "log_words", "ended", "log_sentences", "sentence_words", "capital", "shouted", "digits", "commas", "quotes", "bars",
    "others", "brackets", "link", "opens_0", "opens_1", "opens_2", "opens_3", "opens_4", "closes_2", "closes_3",
    "closes_4", "closes_5", "closes_6", "plain_end", "run_mean", "small", "distinct", "function*", "shared*",
    "shared_often*", "content", "unique*", "spread*", "before*", "again*", "year", "clock", "lines", "dense",
    "breadcrumb*", "title*", "byline*", "long", *LEXICAL,
)  # fmt: skip
ROW = {name.rstrip("*"): number for number, name in enumerate(BASE)}
LONG = 20  # words: a block of this length that ends a sentence is long


@dataclass(frozen=True, slots=True)
class Scan:
    """The blocks of a page taken for themselves."""

    base: Floats  # BASE × blocks
    words: Floats  # length of each block in words, dense scripts converted
    long: Bools  # whether a block is long
    kin: Ints  # equal for blocks of the same look
    starts: Ints  # equal where blocks begin with the same sixty tokens
    size: Ints  # tokens in each block
    tokens: Ints  # number of each token's word
    distinct: Ints  # distinct words of each block …
    content: Ints  # … and those long enough to mean something
    pair_block: Ints  # distinct (block, word) pairs, in order: the block …
    pair_word: Ints  # … and the word's number
    means: Bools  # of each word: long enough to mean something
    order: Ints  # of each word: a number that grows with its first place on the page
    signs: Floats  # two rows a kind of sign × blocks: how many, and whether one opens the block

    def of(self, rows: Sequence[int]) -> Scan:
        """The scan of a page that has only these blocks, in this order. Words keep their numbers."""
        chosen = np.array(rows, np.int64)
        size = self.size[chosen]
        tokens = self.tokens[_stretches(np.cumsum(self.size) - self.size, chosen, size)]
        order = np.zeros(len(self.order), np.int64)
        order[tokens[::-1]] = np.arange(len(tokens) - 1, -1, -1)  # the first place of a word is written last
        pairs = self.distinct[chosen]
        return Scan(
            base=self.base[:, chosen],
            words=self.words[chosen],
            long=self.long[chosen],
            kin=self.kin[chosen],
            starts=self.starts[chosen],
            size=size,
            tokens=tokens,
            distinct=pairs,
            content=self.content[chosen],
            pair_block=np.repeat(np.arange(len(chosen)), pairs),
            pair_word=self.pair_word[_stretches(np.cumsum(self.distinct) - self.distinct, chosen, pairs)],
            means=self.means,
            order=order,
            signs=self.signs[:, chosen],
        )


def _stretches(begin: Ints, rows: Ints, size: Ints) -> Ints:
    """The numbers of the items of these rows, whose items lie one after the other from `begin[row]` on."""
    items: Ints = np.arange(size.sum()) + np.repeat(begin[rows] - (np.cumsum(size) - size), size)
    return items


def hashed(word: str) -> int:
    """The number of a word, from which its rows in all tables are taken."""
    return zlib.crc32(word.encode("utf-8", "surrogatepass"))


def bucket(word: str) -> int:
    """The row of a word in the first half of the lexicon."""
    return hashed(word) & (BUCKETS - 1)


class _Hashes(dict[str, int]):
    """Word → twice `hashed`, and one for a word that is long enough to mean something.

    Worked out when first met: the common words come back on every page."""

    def __missing__(self, word: str) -> int:
        if len(self) > _MEMORY:
            self.clear()
        found = 2 * hashed(word) + (len(word) >= 4 or word > "\u0dff")
        if len(word) <= 32:
            self[word] = found
        return found


_hashes = _Hashes()


def pair_bucket(a: Any, b: Any) -> Any:
    """The row of a pair of neighbouring words in the second half of the lexicon; of numbers or of arrays."""
    return (a * 31 + b * 17 + 7) & (BUCKETS - 1)


def safe(a: NDArray[Any], b: Floats) -> Floats:
    """`a / b`, with nothing for `b` counted as one."""
    return (a / np.maximum(b, 1.0)).astype(np.float32)


def scan(texts: Sequence[str], lexicon: Floats) -> Scan:
    """What the blocks of a page say for themselves.

    `lexicon`: 2 × BUCKETS log-odds of body against furniture, first of single words, then of pairs in
    short blocks; behind them the weights of `phrases`. Zero is unknown.
    """
    n = len(texts)
    base = np.zeros((len(BASE), n), np.float32)
    words, sentences, counts, dated = _characters(texts, base)
    first, last = _edges(texts, base)
    ended = last == 1
    long = ((words >= LONG) & ended) | (words >= 2 * LONG)
    for number in range(5):
        base[ROW["opens_0"] + number] = first == number
        base[ROW["closes_2"] + number] = last == number + 2
    base[ROW["ended"]], base[ROW["long"]] = ended, long
    heads = [text[:HEAD] for text in texts]
    years = [i for i in dated if "20" in heads[i] or "19" in heads[i]]
    base[ROW["year"], [i for i in years if _YEAR.search(heads[i])]] = 1.0
    base[ROW["clock"], [i for i in dated if _TIME.search(heads[i])]] = 1.0
    marked = [i for i, head in enumerate(heads) if "." in head or "@" in head or "http" in head]
    base[ROW["link"], [i for i in marked if _LINK.search(heads[i])]] = 1.0
    look = (
        np.minimum(np.log2(words + 1).astype(np.int64), 6) * 4096
        + last * 512
        + first * 64
        + np.minimum((base[ROW["capital"]] * 3.99).astype(np.int64), 3) * 16
        + (counts[DIGIT] > 0) * 8
        + (counts[BAR] > 0) * 4
        + (sentences > 1) * 2
        + (counts[COMMA] > 0)
    )

    found = tokens(texts)
    numbers, each, size, _ = found
    vocabulary = max(1, len(numbers))
    known = np.fromiter(map(_hashes.__getitem__, numbers), np.int64, len(numbers))
    hashes = known >> 1
    means = np.zeros(vocabulary, bool)
    means[: len(numbers)] = known & 1
    token_block = np.repeat(np.arange(n), size)
    bits = vocabulary.bit_length()
    pair = np.sort((token_block << bits) + each)
    new = np.ones(len(pair), bool)
    np.not_equal(pair[1:], pair[:-1], out=new[1:])
    pair = pair[new]
    pair_block, pair_word = pair >> bits, pair & ((1 << bits) - 1)
    per = np.maximum(size, 1).astype(np.float32)
    distinct = np.bincount(pair_block, minlength=n)
    content = np.bincount(pair_block[means[pair_word]], minlength=n)
    base[ROW["distinct"]] = distinct / per
    base[ROW["content"]] = np.minimum(content, 20)
    _look_up(lexicon, hashes & (BUCKETS - 1), each, token_block, size, base)
    base[ROW["leaning"]] = phrases.leaning(hashes[each], size, lexicon[2 * BUCKETS :])
    packed = each.astype(np.int32).tobytes()
    ends = (np.cumsum(size) * 4).tolist()
    alike: defaultdict[bytes, int] = defaultdict(count().__next__)
    starts = np.array([alike[packed[a : min(b, a + 240)]] for a, b in pairwise([0, *ends])])
    _, kin = np.unique(look, return_inverse=True)
    return Scan(
        base, words, long, kin, starts, size, each, distinct, content, pair_block, pair_word, means,
        order=np.arange(vocabulary), signs=signs.read(texts, found),
    )  # fmt: skip


def _characters(texts: Sequence[str], base: Floats) -> tuple[Floats, Floats, Floats, list[int]]:
    """Fills in what is counted of characters.

    Returned: words and sentences of each block, classes × blocks, and the blocks in whose heads a time may stand.
    """
    n = len(texts)
    joined = "\n".join((*texts, ""))
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    classes = _table().take(codes, mode="clip")  # beyond the table stands what its last character is: 'other'
    lengths = np.fromiter(map(len, texts), np.int64, n) + 1
    block_of = np.repeat(np.arange(n), lengths)
    cell = np.repeat(np.arange(0, n * _CLASSES, _CLASSES), lengths)
    cell += classes
    tally = np.bincount(cell, minlength=n * _CLASSES).reshape(n, _CLASSES)
    counts = np.ascontiguousarray(tally.T, np.float32)
    size = np.maximum(lengths - 1, 1).astype(np.float32)
    base[ROW["lines"]] = np.minimum(np.bincount(block_of[codes == 10], minlength=n) - 1, 8)
    digits = np.flatnonzero(classes == DIGIT)
    digit_block = block_of[digits]
    in_head = digits - (np.cumsum(lengths) - lengths)[digit_block] < HEAD
    dated = np.flatnonzero(np.bincount(digit_block[in_head], minlength=n) > 2).tolist()

    # Words by runs of letters and digits.
    inside = (classes <= DIGIT) | (classes == MARK)
    flips = np.flatnonzero(inside[1:] != inside[:-1]) + 1
    flips = np.append(0, flips) if inside[0] else flips
    at, end = flips[::2], flips[1::2]  # the last character of all is a newline
    run = end - at
    run_block = block_of[at]
    capital = classes[at] == UPPER
    shouted = np.flatnonzero((run > 1) & capital & (classes[end - 1] == UPPER))  # or so it seems from both ends
    letters = classes[_stretches(at, shouted, run[shouted])]
    quiet = np.bincount(np.repeat(np.arange(len(shouted)), run[shouted]), weights=letters != UPPER)
    shouted = shouted[quiet == 0]
    runs = np.bincount(run_block, minlength=n).astype(np.float32)
    words = runs + counts[DENSE] * 0.5
    # A stop counts as a sentence end when a blank or the end of the block follows, or in dense scripts always.
    stops = np.flatnonzero(classes == STOP)
    following = classes[stops + 1]
    stops = stops[(following == SPACE) | (following == QUOTE) | (codes[stops] > 0x2FFF)]
    sentences = np.bincount(block_of[stops], minlength=n).astype(np.float32)

    base[ROW["log_words"]] = np.log1p(words)
    base[ROW["log_sentences"]] = np.log1p(sentences)
    base[ROW["sentence_words"]] = np.log1p(safe(words, sentences))
    base[ROW["capital"]] = safe(np.bincount(run_block[capital], minlength=n), runs)
    base[ROW["shouted"]] = safe(np.bincount(run_block[shouted], minlength=n), runs)
    base[ROW["small"]] = safe(np.bincount(run_block[run <= 3], minlength=n), runs)
    base[ROW["run_mean"]] = safe(np.bincount(run_block, weights=run, minlength=n), runs)
    base[ROW["digits"]] = counts[DIGIT] / size
    base[ROW["commas"]] = safe(counts[COMMA], words)
    base[ROW["quotes"]] = np.minimum(counts[QUOTE], 6)
    base[ROW["bars"]] = np.log1p(counts[BAR])
    base[ROW["others"]] = counts[OTHER] / size
    base[ROW["brackets"]] = np.minimum(counts[BRACKET], 6)
    base[ROW["dense"]] = np.log1p(counts[DENSE])
    return words, sentences, counts, dated


def _look_up(lexicon: Floats, known: Ints, tokens: Ints, token_block: Ints, size: Ints, base: Floats) -> None:
    """Fills in what the lexicon says of the words of each block; `known`: the words' rows in it."""
    if not len(tokens):
        return
    n = len(size)
    odds = lexicon[:BUCKETS][known][tokens]
    per = np.maximum(size, 1).astype(np.float32)
    base[ROW["odds_mean"]] = np.bincount(token_block, weights=odds, minlength=n).astype(np.float32) / per
    base[ROW["odds_known"]] = np.bincount(token_block[odds != 0], minlength=n).astype(np.float32) / per
    filled = np.flatnonzero(size)
    where = (np.cumsum(size) - size)[filled]
    base[ROW["odds_low"], filled] = np.minimum.reduceat(odds, where)
    base[ROW["odds_high"], filled] = np.maximum.reduceat(odds, where)
    base[ROW["odds_first"], filled] = odds[where]
    base[ROW["odds_last"], filled] = odds[where + size[filled] - 1]
    short = (size <= PAIRED)[token_block[1:]]
    left = np.flatnonzero((token_block[1:] == token_block[:-1]) & short)
    values = lexicon[BUCKETS : 2 * BUCKETS][pair_bucket(known[tokens[left]], known[tokens[left + 1]])]
    pairs = np.maximum(np.bincount(token_block[left], minlength=n), 1)
    base[ROW["pairs_mean"]] = np.bincount(token_block[left], weights=values, minlength=n) / pairs


def _edges(texts: Sequence[str], base: Floats) -> tuple[Ints, Ints]:
    """How blocks begin and end, see `_opening` and `_closing`. Fills in whether nothing closed the last letter."""
    first = np.array([_opening(text[:1]) for text in texts])
    last = np.array([_closing(text[-12:].rstrip(_CLOSING)[-3:]) for text in texts])
    base[ROW["plain_end"]] = [text[-1:].isalpha() for text in texts]
    return first, last


@functools.lru_cache(_MEMORY)
def _opening(char: str) -> int:
    """0 lower, 1 upper, 2 digit, 3 quote, 4 other letter, 5 sign."""
    if char.islower():
        return 0
    if char.isupper():
        return 1
    if char.isdigit():
        return 2
    return 3 if char in "\"'“”„‘’«»「『" else 4 if char.isalpha() else 5


@functools.lru_cache(_MEMORY)
def _closing(tail: str) -> int:
    """1 full stop and its like, 2 colon, 3 ellipsis, 4 question or exclamation mark, 5 comma, 6 digit, 0 all else."""
    end = tail[-1:]
    if not end:
        return 0
    if end in ".。।॥۔։":
        return 3 if tail == "..." else 1
    if end == "…":
        return 3
    if end.isdigit():
        return 6
    return 4 if end in "?!？！؟" else 2 if end in ":：" else 5 if end in ",;،，、–—-" else 0
