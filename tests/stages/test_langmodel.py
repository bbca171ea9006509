"""The model of the library in small tables: its answers, in little memory."""

from __future__ import annotations

import io
import lzma
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from py3langid.langid import visit_counts

from monitor.stages import language
from monitor.stages.langmodel import Model
from tests.stages.test_language import TEXTS, library

# Above what the imports take: the tables, and what reading them takes for a moment.
MOST = 22  # MiB
LOADS = """
import numpy
from py3langid.langid import MODEL_DIR, MODEL_FILE
from monitor.stages.langmodel import Model

def most() -> int:
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))

before = most()
model = Model(str(MODEL_DIR / MODEL_FILE))
print((most() - before) // 1024)
"""


def samples() -> list[str]:
    """Cuts of all languages, of one, of two, in capitals, and without sense."""
    chance = random.Random(7)
    every = [*TEXTS.values(), "".join(TEXTS.values())]

    def cut() -> str:
        text = chance.choice(every)
        begin = chance.randrange(len(text) - 10)
        return text[begin : begin + chance.choice((1, 5, 20, 60, 200, 800))]

    signs = ["".join(chr(chance.choice((97, 225, 1072, 2309, 19968)) + chance.randrange(30)) for _ in range(60))]
    return [cut() for _ in range(400)] + [cut() + " " + cut() for _ in range(200)] + [cut().upper()] + signs


def test_answers_are_those_of_the_library() -> None:
    different = []
    for text in samples():
        name, probability = library().classify(text)
        ours, sure = language.model().classify(text)
        if ours and (ours != name or abs(sure - probability) > 5e-4):  # theirs are sums of float32
            different.append((text, name, probability, ours, sure))
        assert ours or probability < 0.02, text
    assert not different


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=20, max_size=120))
def test_any_text_as_the_library_has_it(text: str) -> None:
    name, probability = library().classify(text)
    ours, sure = language.model().classify(text)
    assert abs(sure - probability) < 1e-3 or sure < 0.05
    assert ours == name or probability < 0.5


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60) | st.sampled_from(list(TEXTS.values())).map(str.encode))
def test_the_tree_finds_what_the_automaton_finds(data: bytes) -> None:
    """As many features, each as often: their numbers are our own."""
    theirs = library()
    expected = visit_counts(theirs.tk_nextmove, theirs._rowbase, theirs.tk_output, data) or {}
    found = language.model()._sequences.features(np.frombuffer(data, np.uint8))
    counts = np.unique(found[found > 0], return_counts=True)[1]
    assert sorted(counts.tolist()) == sorted(expected.values())


def test_tables_are_small() -> None:
    assert 5_000_000 < language.model().size < 13_000_000


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc to read the use of memory from")
def test_reading_takes_little_more_than_the_tables() -> None:
    done = subprocess.run([sys.executable, "-c", LOADS], capture_output=True, text=True, check=True)
    assert 8 < int(done.stdout) < MOST


def test_an_archive_compressed_within_is_refused(tmp_path: Path) -> None:
    packed = io.BytesIO()
    np.savez_compressed(packed, ptc=np.zeros((2, 3), np.float16), nextmove=np.zeros(256, np.uint32))
    path = tmp_path / "model.npz.xz"
    path.write_bytes(lzma.compress(packed.getvalue()))
    with pytest.raises(ValueError, match=r"ptc\.npy"):
        Model(str(path))
