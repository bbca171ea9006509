"""The five seeds come out exactly: text, title, byline, outlet, date, language, and the account."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.model import Cleaned, Document, SiteProfile
from monitor.stages.clean import clean
from monitor.stages.extract import extract

ROOT = Path(__file__).resolve().parents[3]
SEEDS = sorted((ROOT / "seeds").glob("*.txt"))
EXPECTED = ROOT / "tests" / "expected"


def cleaned(number: str) -> Cleaned:
    (path,) = [seed for seed in SEEDS if seed.name.startswith(number)]
    extracted = extract(Document(body=path.read_bytes(), name=path.name))
    return clean(extracted.blocks, SiteProfile(), extracted.metadata, method=extracted.method)


def test_there_are_five_seeds() -> None:
    assert len(SEEDS) == 5


@pytest.mark.parametrize("seed", SEEDS, ids=lambda path: path.name)
def test_text_is_exact(seed: Path) -> None:
    want = (EXPECTED / seed.name).read_text("utf-8")
    assert cleaned(seed.name[:3]).text.split() == want.split()


@pytest.mark.parametrize(
    ("number", "title", "byline", "outlet", "published"),
    [
        ("000", "US working towards 'good deal' with Taliban: Pentagon chief", "", "", None),
        (
            "001",
            "Khalilzad to Taliban: We seek a comprehensive peace agreement, not withdrawal",
            "Farhad Naibkhel",
            "",
            None,
        ),
        ("002", "US, Taliban at odds over peace deal", "", "", None),
        (
            "003",
            "U.S.-Taliban peace talks to end Afghan war enter 'make-or-break moment'",
            "",
            "Japan Times",
            datetime(2019, 6, 29, tzinfo=UTC),
        ),
        ("004", "US rejects troops pullout, direct talks with Taliban", "", "", None),
    ],
)
def test_metadata(number: str, title: str, byline: str, outlet: str, published: datetime | None) -> None:
    metadata = cleaned(number).metadata
    assert (metadata.title, metadata.byline, metadata.outlet, metadata.published_at, metadata.language) == (
        title,
        byline,
        outlet,
        published,
        "en",
    )


def test_link_junk_is_named() -> None:
    hosts = cleaned("002").spam_hosts
    assert sorted(hosts) == ["www.markas303.ac.id", "www.markas303.or.id", "www.markas303.sch.id"]
    assert all(cleaned(number).spam_hosts == () for number in ("000", "001", "003", "004"))


@pytest.mark.parametrize("seed", SEEDS, ids=lambda path: path.name)
def test_the_account_is_complete(seed: Path) -> None:
    """What was kept and what was removed are together the document; each piece stands where it says."""
    text = seed.read_text("utf-8")
    result = cleaned(seed.name[:3])
    assert sum(len(r.text.split()) for r in result.removed) + len(result.text.split()) == len(text.split())
    for removed in result.removed:
        assert text[removed.offset :].split()[: len(removed.text.split())] == removed.text.split()
        assert removed.reason
        assert 0 < removed.confidence <= 1
        assert 0 <= removed.at <= len(result.text)
