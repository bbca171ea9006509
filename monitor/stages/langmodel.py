"""The language model of py3langid in 12 MB of memory instead of 68, with the same answers. Pure; reads one file.

The library walks a text byte by byte in Python through the full table of an Aho-Corasick automaton (39 MB). Where the
automaton stands is the longest of its sequences of bytes that ends there. So the tree of the sequences is enough, and
all places of a text walk down it at once; the deepest that arrives at a place is what the automaton says. The tree is
kept as a double array (Aoe 1989).

The weights of a sequence (28 MB) differ from those of one that was never seen in a few languages only. What is kept
is the differences: a row of all languages where they are many, a list of (language, difference) where they are few.

The library's file is unpacked to an unnamed temporary file and read some rows at a time.
"""

from __future__ import annotations

import lzma
import math
import shutil
import struct
import tempfile
import unicodedata
import zipfile
from collections.abc import Iterator
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

_PIECE = 256  # rows read at a time
_BYTES = 256
_LENGTHS_AT = 26  # in a member's header in a zip: of its name and of what follows, both after these two numbers
_DEPTH = 20  # bits above a feature's number
_MANY = 64  # of the 142 languages: with more differences, a row is faster, and not much larger
_UNIT = 512  # weights lie between -16 and -2: as float16, all are multiples of 1/512


class Model:
    """The automaton and the naive Bayes model of the library. `path` is its file, an xz of an npz."""

    def __init__(self, path: str) -> None:
        with tempfile.TemporaryFile() as unpacked:
            with lzma.open(path) as packed:
                shutil.copyfileobj(packed, unpacked, 1 << 20)
            unpacked.seek(0)
            with np.load(unpacked, allow_pickle=False) as arrays:
                weights, moves = (_Table(unpacked, arrays.zip.getinfo(f"{name}.npy")) for name in ("ptc", "nextmove"))
                self._weights = _Weights(weights, arrays["pc"])
                features = self._weights.numbers(arrays["out_feat"])
                self._sequences = _Sequences(*_tree(moves, arrays["nextmove_row"].astype(np.intp)), features)
                classes = arrays["classes"].tolist()
        # A language that is written in two scripts is there twice.
        self._names = list(dict.fromkeys(classes))
        self._name = np.array([self._names.index(name) for name in classes])

    @property
    def size(self) -> int:
        """Bytes of the tables."""
        tables = (*vars(self._weights).values(), *vars(self._sequences).values())
        return sum(table.nbytes for table in tables if isinstance(table, np.ndarray))

    def classify(self, text: str) -> tuple[str, float]:
        """(language, probability), as `LanguageIdentifier.classify` has it; ('', 0.0) where no sequence is known."""
        text = unicodedata.normalize("NFC", text.lower() if text.isupper() else text)
        data = np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)
        found, counts = _counted(self._sequences.features(data))
        if not len(found):
            return "", 0.0
        scores = self._weights.scores(found, counts) / math.sqrt(len(data))
        odds = np.bincount(self._name, weights=np.exp(scores - scores.max()))
        best = int(odds.argmax())
        return self._names[best], float(odds[best] / odds.sum())


def _counted(features: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
    """(those that occur, how often), less 1 and without 0, which is none. Sorts what it is given; empty stays empty."""
    features.sort()
    features = features[features.searchsorted(1) :]
    if not len(features):
        return features, np.empty(0, np.intp)
    last = np.flatnonzero(features[1:] != features[:-1])
    ends = np.append(last, len(features) - 1)
    return features[ends] - 1, np.diff(ends, prepend=-1)


class _Table:
    """A table in the unpacked file, to be read some rows at a time: as an array it would be the largest of all.

    One that has no columns of its own has one for each byte. Raises ValueError if the archive is compressed itself.
    """

    def __init__(self, file: IO[bytes], member: zipfile.ZipInfo) -> None:
        if member.compress_type != zipfile.ZIP_STORED:
            raise ValueError(f"{member.filename}: compressed within the archive")
        file.seek(member.header_offset + _LENGTHS_AT)
        lengths = struct.unpack("<HH", file.read(4))
        file.seek(file.tell() + sum(lengths))
        npy.read_magic(file)
        shape, _, self._dtype = npy.read_array_header_1_0(file)
        width = shape[1] if len(shape) > 1 else _BYTES
        self.shape = math.prod(shape) // width, width
        self._begin = file.tell()
        self._size = width * self._dtype.itemsize
        self._file = file

    def slices(self) -> Iterator[tuple[slice, NDArray[Any]]]:
        """(which rows, the rows), from the first to the last."""
        for start in range(0, self.shape[0], _PIECE):
            piece = slice(start, min(start + _PIECE, self.shape[0]))
            yield piece, self._array(self._read(start, piece.stop - start))

    def rows(self, numbers: NDArray[np.intp]) -> NDArray[Any]:
        """The rows of these numbers."""
        return self._array(b"".join([self._read(number, 1) for number in numbers.tolist()]))

    def _read(self, row: int, rows: int) -> bytes:
        self._file.seek(self._begin + row * self._size)
        return self._file.read(rows * self._size)

    def _array(self, data: bytes) -> NDArray[Any]:
        return np.frombuffer(data, self._dtype).reshape(-1, self.shape[1])


class _Weights:
    """What each feature says for each class: log probabilities, as differences from the least of the class."""

    def __init__(self, table: _Table, prior: NDArray[np.float32]) -> None:
        rows, classes = table.shape
        # All are below zero, so their bits are greatest where the weights are least. Were they not, the answers would
        # be the same, and the tables larger.
        bits = np.zeros(classes, np.uint16)
        for _, piece in table.slices():
            np.maximum(bits, piece.view(np.uint16).max(axis=0), out=bits)
        differences = np.empty(rows, np.intp)
        for where, piece in table.slices():
            differences[where] = np.count_nonzero(piece.view(np.uint16) != bits, axis=1)
        self._floor = bits.view(np.float16).astype(np.float32)
        self._prior = prior
        many = differences > _MANY
        self._full = np.empty((np.count_nonzero(many), classes), np.int16)
        self._ends = np.concatenate([[0], differences[~many].cumsum()])
        self._class = np.empty(self._ends[-1], np.uint8)
        self._difference = np.empty(self._ends[-1], np.int16)
        rows_done = differences_done = 0
        for where, piece in table.slices():
            full = self._units(piece[many[where]], slice(None))
            self._full[rows_done : rows_done + len(full)] = full
            rows_done += len(full)
            few = piece[~many[where]]
            at = np.flatnonzero(few.view(np.uint16) != bits)
            here = slice(differences_done, differences_done + len(at))
            self._class[here] = at % classes
            self._difference[here] = self._units(few.take(at), self._class[here])
            differences_done = here.stop
        # Full rows come first.
        self._number = np.where(many, many.cumsum(), (~many).cumsum() + len(self._full)).astype(np.int32)

    def _units(self, weights: NDArray[np.float16], classes: Any) -> NDArray[np.int16]:
        differences: NDArray[np.float32] = (weights.astype(np.float32) - self._floor[classes]) * _UNIT
        return np.rint(differences).astype(np.int16)

    def numbers(self, features: NDArray[np.int32]) -> NDArray[np.int32]:
        """Our numbers of the library's features, from 1; 0 where it has none. To be asked once."""
        number, self._number = self._number, self._number[:0]
        return np.where(features >= 0, number[features], 0).astype(np.int32)

    def scores(self, found: NDArray[np.int32], counts: NDArray[np.intp]) -> NDArray[np.float64]:
        """The log probability of each class, not normalised. `found` is sorted and counts from 0."""
        logs = np.log1p(counts.astype(np.float32))
        full = int(found.searchsorted(len(self._full)))
        scores = (logs[:full] @ self._full.take(found[:full], axis=0).astype(np.float32)).astype(np.float64)
        if full < len(found):
            few, logs_few = found[full:] - len(self._full), logs[full:]
            begin = self._ends.take(few)
            count = self._ends.take(few + 1) - begin
            at = (begin - count.cumsum() + count).repeat(count)
            at += np.arange(len(at))
            differences = self._difference.take(at) * logs_few.repeat(count)
            scores += np.bincount(self._class.take(at), differences, len(scores))
        return scores / _UNIT + float(logs.sum()) * self._floor + self._prior


def _tree(table: _Table, row: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.uint8], NDArray[np.int32]]:
    """(parent, byte that leads here, depth) of each state: the tree of the shortest ways from the automaton's start.

    The shortest way to a state is the sequence that it stands for; others only end with it.
    """
    parent = np.zeros(len(row), np.intp)
    byte = np.zeros(len(row), np.uint8)
    depth = np.zeros(len(row), np.int32)
    new = np.ones(len(row), bool)
    new[0] = False
    read = np.zeros(table.shape[0], bool)  # states that are no parents share the rows of others
    states = np.zeros(1, np.intp)
    while len(states):
        numbers, first = np.unique(row[states], return_index=True)
        parents = states[first][~read[numbers]]
        read[numbers] = True
        children = [states[:0]]
        for start in range(0, len(parents), _PIECE):
            some = parents[start : start + _PIECE]
            moves = table.rows(row[some]).ravel()
            ways = np.flatnonzero(new.take(moves))
            found = moves[ways].astype(np.intp)
            of = some[ways // _BYTES]
            parent[found], byte[found], depth[found], new[found] = of, ways % _BYTES, depth[of] + 1, False
            children.append(found)
        states = np.concatenate(children)
    return parent, byte, depth


def _bases(parent: NDArray[np.intp], byte: NDArray[np.uint8], slots: int) -> NDArray[np.intp]:
    """A base for each state, such that no two states have one `base + byte`; none lies under 256. 0 for the childless.

    Those with most children choose first. In each round, all that have no base yet try the one that a hash names; an
    only child takes what is left.
    """
    count = np.bincount(parent[1:], minlength=len(parent))
    base = np.zeros(len(parent), np.intp)
    free = np.ones(slots, bool)
    free[:_BYTES] = False
    taker = np.zeros(slots, np.intp)
    failed = np.zeros(len(parent), bool)
    attempt = 0
    for least in (128, 64, 32, 16, 8, 4, 2):
        children = np.flatnonzero((count[parent] >= least) & (base[parent] == 0))
        children = children[children > 0]
        while len(children):
            attempt += 1
            of = parent[children]
            base[of] = _BYTES + ((of + 1) * (attempt * 0x9E3779B1) >> 16) % (slots - 2 * _BYTES)
            slot = base[of] + byte[children]
            taker[slot] = of
            failed[of] = False
            failed[of[~free[slot] | (taker[slot] != of)]] = True
            free[slot[~failed[of]]] = False
            children = children[failed[of]]
    single = np.flatnonzero(count[parent] == 1)
    single = single[single > 0]
    base[parent[single]] = np.flatnonzero(free)[: len(single)] - byte[single]
    return base


class _Sequences:
    """The tree as a double array. A state is the number of a slot; 0 is the start, and nowhere.

    The child of `state` by `byte` is in slot `base[state] + byte`, if the slot says that `state` is its parent.
    """

    def __init__(
        self,
        parent: NDArray[np.intp],
        byte: NDArray[np.uint8],
        depth: NDArray[np.int32],
        features: NDArray[np.int32],
    ) -> None:
        slots = len(parent) * 4 // 3 + 2 * _BYTES
        base = _bases(parent, byte, slots)
        slot = base[parent] + byte
        slot[0] = -1  # no state is a child of nowhere: those of the start are looked up by their byte
        self._parent = np.full(slots, -1)
        self._parent[slot[1:]] = slot[parent[1:]]
        self._base = np.zeros(slots, np.intp)
        self._base[slot[1:]] = base[1:]
        self._feature = np.zeros(slots, np.int32)
        self._feature[slot[1:]] = depth[1:] << _DEPTH | features[1:]
        self._feature[0] = features[0]
        self._first = np.zeros(_BYTES, np.intp)
        self._first[byte[depth == 1]] = slot[depth == 1]
        self._reach = int(depth.max())

    def features(self, data: NDArray[np.uint8]) -> NDArray[np.int32]:
        """The feature at each place, from 1; 0 where there is none."""
        steps = data.astype(np.intp)
        state = self._first.take(steps)
        deepest = self._feature.take(state)
        for depth in range(1, min(self._reach, len(data))):
            state = state[:-1]
            slot = self._base.take(state)
            slot += steps[depth:]
            slot *= self._parent.take(slot) == state
            state = slot
            np.maximum(deepest[depth:], self._feature.take(state), out=deepest[depth:])
        deepest &= (1 << _DEPTH) - 1
        return deepest
