"""Words → exact hash and sketch: what duplicates are found by; text → its facts.

Word 3-grams ("shingles"; a character of Chinese, Japanese or Thai is a word here, as in `words`) are hashed in one
vectorised pass. The sketch is a bottom-k sample of them (Broder, "On the resemblance and containment of documents",
1997) plus a second one of the text's head, so that a cut copy or a summary still shares keys with the whole.
A function of values. Not the place where two texts are compared: that is `compare`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from monitor.model import Fingerprint

Hashes = NDArray[np.uint64]

LENGTH = 3  # words in a shingle
KEYS = 24  # smallest hashes of the whole text
HEAD_KEYS = 10  # smallest hashes of its head …
HEAD = 60  # … which is so many shingles long

_BASE = 0x9E3779B97F4A7C15  # odd, so that its powers have inverses modulo 2**64
_BLOCK = 1 << 14

# A capitalised word behind a word or a comma: a name, where a language has capitals (a noun, in German; as good).
_NAME = re.compile(r"(?<=[\w,;] )[^\W\d_a-z][\w'’-]*")
_ASCII_NAME = re.compile(r"(?<=[A-Za-z0-9_,;] )[A-Z][A-Za-z0-9_'-]*")
_NUMBER = re.compile(r"\d+(?:[.,:/]\d+)*")


def fingerprint(forms: Sequence[str]) -> Fingerprint:
    """What duplicates of an article are found by. `forms`: normalised words of its text (`words.analyse`).

    The same for texts that differ in case, white space and punctuation only.
    """
    hashes = shingles(forms)
    distinct = ascending(hashes)
    return Fingerprint(exact=exact_hash(forms), keys=_keys(distinct, hashes), shingles=len(distinct))


def exact_hash(forms: Sequence[str]) -> str:
    """128 bits of BLAKE2b over the words, in hex; '' when there are none."""
    return hashlib.blake2b(" ".join(forms).encode(), digest_size=16).hexdigest() if forms else ""


def shingles(forms: Sequence[str], length: int = LENGTH) -> Hashes:
    """A hash for each run of `length` words, in reading order; shorter texts give one for all there is.

    A polynomial hash of the UTF-8 bytes from prefix sums modulo 2**64, so that a run costs two look-ups, then the
    finaliser of SplitMix64 (Steele et al. 2014), which makes every bit of it usable.
    """
    if not forms:
        return np.empty(0, np.uint64)
    raw = np.frombuffer((" ".join(forms) + " ").encode(), np.uint8)
    power, inverse = _powers(len(raw))
    ends = np.flatnonzero(raw == 32)
    starts = np.empty_like(ends)
    starts[0] = 0
    starts[1:] = ends[:-1] + 1
    sums = np.empty(len(raw) + 1, np.uint64)
    sums[0] = 0
    np.cumsum(raw * power[: len(raw)], dtype=np.uint64, out=sums[1:])
    length = min(length, len(ends))
    first, last = starts[: len(starts) - length + 1], ends[length - 1 :]
    return _mix((sums[last] - sums[first]) * inverse[first])


def sketch(hashes: Hashes) -> tuple[int, ...]:
    """Sketch keys, signed 32 bits, ascending: the smallest of the whole text and of its head, without repeats.

    32 bits keep a row of the index small; that two texts share two keys by chance remains unlikely at 10**7 texts.
    """
    return _keys(ascending(hashes), hashes)


def ascending(hashes: Hashes) -> Hashes:
    """The hashes in order, each once. For a few hundred it is four times as fast as numpy.unique."""
    if not len(hashes):
        return hashes
    ordered = np.sort(hashes)
    first = np.empty(len(ordered), np.bool_)
    first[0] = True
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return ordered[first]


def _keys(distinct: Hashes, hashes: Hashes) -> tuple[int, ...]:
    smallest = np.concatenate((distinct[:KEYS], ascending(hashes[:HEAD])[:HEAD_KEYS]))
    low_bits = smallest.astype(np.uint32).view(np.int32)  # the high bits are all small
    return tuple(sorted(set(low_bits.tolist())))


def facts(text: str) -> set[str]:
    """Numbers, and names in mid-sentence (lower case): what tells one templated report from the next."""
    if text.isascii():
        names = {name.lower() for name in _ASCII_NAME.findall(text)}
    else:
        names = {name.casefold() for name in _NAME.findall(text) if name[0].isupper()}
    return names.union(_NUMBER.findall(text))


def _mix(values: Hashes) -> Hashes:
    values ^= values >> np.uint64(30)
    values *= np.uint64(0xBF58476D1CE4E5B9)
    values ^= values >> np.uint64(27)
    values *= np.uint64(0x94D049BB133111EB)
    values ^= values >> np.uint64(31)
    return values


def _power_table(size: int) -> tuple[Hashes, Hashes]:
    def table(base: int) -> Hashes:
        factors = np.full(size, base, np.uint64)
        factors[0] = 1
        return np.multiply.accumulate(factors)

    return table(_BASE), table(pow(_BASE, -1, 1 << 64))


_POWER, _INVERSE = _power_table(_BLOCK)


def _powers(size: int) -> tuple[Hashes, Hashes]:
    # Long texts are rare: their longer table is made for the call and forgotten.
    return (_POWER, _INVERSE) if size <= _BLOCK else _power_table(size)
