"""The measures of finding duplicates that may not fall, through the real store.

On a stream of our own making in every checkout, and on a part of the development corpus where it is there.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.dedup.quality import by_datasketch, by_monitor, clusters, corpus, measures, press

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
NOWHERE = Path("/nonexistent")


def test_invented_news_and_its_republications(tmp_path):
    stream = press(NOWHERE, seed=4, half=0)
    found = measures(stream, clusters(stream, by_monitor(tmp_path, len(stream))))

    assert len(stream) > 400
    assert found["pair F1"] >= 0.98, found
    assert found["missed"] <= 0.003, found
    assert found["repeat"] <= 0.02, found


@pytest.mark.skipif(not (CORPUS / "dedup-docs.jsonl.gz").exists(), reason="the development corpus is not here")
def test_the_development_corpus(tmp_path):
    stream = corpus(CORPUS)[:1000]
    found = measures(stream, clusters(stream, by_monitor(tmp_path, len(stream))))

    assert found["pair F1"] >= 0.985, found
    assert found["missed"] <= 0.003, found
    assert found["repeat"] <= 0.02, found


def test_the_measures_tell_good_from_bad(tmp_path):
    pytest.importorskip("datasketch")
    stream = press(NOWHERE, seed=5, half=0)[:200]
    banded = measures(stream, clusters(stream, by_datasketch()))
    nothing = measures(stream, list(range(len(stream))))
    everything = measures(stream, [0] * len(stream))

    assert banded["pair F1"] < 0.95
    assert (nothing["recall"], nothing["missed"]) == (0.0, 0.0)
    assert nothing["repeat"] == 1.0
    assert everything["precision"] < 0.1
    assert everything["missed"] > 0.9
