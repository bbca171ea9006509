"""Which language a text is written in. Pure; the model of py3langid is loaded once, on first use.

The library walks a text byte by byte in Python, which takes a millisecond. Its automaton remembers the longest of its
sequences of bytes that ends where it stands, and none has more than six: so where it stands depends on the last six
bytes alone, and all places of a text can be walked to at once.

Its two large tables are mapped from an unnamed temporary file: 68 MB, of which texts touch a small part, which is all
that takes up memory.
"""

from __future__ import annotations

import functools
import lzma
import math
import shutil
import tempfile
import unicodedata
from typing import Any

import numpy as np
from numpy.typing import NDArray
from py3langid.langid import MODEL_DIR, MODEL_FILE

ENOUGH = 20  # letters: less cannot be told
_SAMPLE = 800  # characters looked at
CERTAIN = 0.6
_REACH = 6  # bytes


class _Model:
    """The automaton and the naive Bayes model of the library, as arrays."""

    def __init__(self) -> None:
        with tempfile.TemporaryFile() as unpacked:
            with lzma.open(MODEL_DIR / MODEL_FILE) as packed:
                shutil.copyfileobj(packed, unpacked, 1 << 20)
            unpacked.seek(0)
            with np.load(unpacked, allow_pickle=False) as arrays:
                self._next = _mapped(arrays["nextmove"])
                self._weights = _mapped(arrays["ptc"])
                self._row = arrays["nextmove_row"].astype(np.int64) << 8
                self._feature = arrays["out_feat"].astype(np.int64)
                self._prior = arrays["pc"]
                classes = arrays["classes"].tolist()
        # A language that is written in two scripts is there twice.
        self._names = list(dict.fromkeys(classes))
        self._name = np.array([self._names.index(name) for name in classes])

    def classify(self, text: str) -> tuple[str, float]:
        """(language, probability), as `LanguageIdentifier.classify` has it."""
        text = unicodedata.normalize("NFC", text.lower() if text.isupper() else text)
        data = np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)
        state = np.zeros(len(data), np.int64)
        for back in range(min(_REACH, len(data)) - 1, -1, -1):
            state[back:] = self._next[self._row[state[back:]] + data[: len(data) - back]]
        features = self._feature[state]
        found, counts = np.unique(features[features >= 0], return_counts=True)
        if not len(found):
            return "", 0.0
        weights = self._weights.take(found, axis=0).astype(np.float32)
        scores = np.log1p(counts.astype(np.float32)) @ weights + self._prior
        scores /= math.sqrt(len(data))
        odds = np.bincount(self._name, weights=np.exp(scores - scores.max()))
        best = int(odds.argmax())
        return self._names[best], float(odds[best] / odds.sum())


def _mapped(array: NDArray[Any]) -> NDArray[Any]:
    """The same array, in a file that is gone with the process."""
    with tempfile.TemporaryFile() as file:
        array.tofile(file)
        file.flush()
        return np.memmap(file, array.dtype, "r", shape=array.shape)


@functools.cache
def _model() -> _Model:
    return _Model()


def of(text: str, declared: str = "") -> str:
    """The ISO 639-1 code of `text`; `declared` where the text is too short or too mixed to tell, else ''."""
    declared = declared.replace("_", "-").split("-", 1)[0].lower()
    declared = declared if 2 <= len(declared) <= 3 and declared.isalpha() else ""
    sample = text[:_SAMPLE]
    if sum(map(str.isalpha, sample[: 2 * ENOUGH])) < ENOUGH and sum(map(str.isalpha, sample)) < ENOUGH:
        return declared
    code, probability = _model().classify(sample)
    return code if probability >= CERTAIN else declared
