"""Title, byline, outlet and date from the lines above a text; unknown stays unknown."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from monitor.model import Metadata
from monitor.stages import plaintext
from monitor.stages.clean import head

BODY = """The bridge over the Lenne was opened to traffic on Thursday morning, eleven years after it was first promised.

Some forty thousand lorries a year will no longer pass through the old town, the county expects."""


def read(*above: str, known: Metadata | None = None) -> Metadata:
    blocks = plaintext.split("\n\n".join([*above, BODY]))
    return head.read(blocks, known or Metadata()).metadata


@pytest.mark.parametrize(
    ("line", "who"),
    [
        ("By Jane Miller", "Jane Miller"),
        ("By Jane Miller and John Wu", "Jane Miller and John Wu"),
        ("Von Jürgen Weiß", "Jürgen Weiß"),
        ("Par Anne Le Goff | Publié le 3 mai 2021", "Anne Le Goff"),
        ("By 2025 the bridge will be full", ""),
        ("By the river at night", ""),
        ("Jane Miller", ""),
    ],
)
def test_byline(line: str, who: str) -> None:
    assert read("Lenne bridge opened at last", line).byline == who


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("29 Jun 2019", (2019, 6, 29)),
        ("Published on March 3rd, 2021 at 10:32", (2021, 3, 3)),
        ("2021年3月4日", (2021, 3, 4)),
        ("14. Februar 2020", (2020, 2, 14)),
        ("3/4/2021", None),
        ("31/4/2021", None),
        ("Three hours ago", None),
    ],
)
def test_dateline(line: str, day: tuple[int, int, int] | None) -> None:
    assert read("Lenne bridge opened at last", line).published_at == (datetime(*day, tzinfo=UTC) if day else None)


def test_the_title_shares_words_with_the_text() -> None:
    assert (
        read("Subscribe to our daily letter", "Lenne bridge opened to traffic").title
        == "Lenne bridge opened to traffic"
    )


def test_what_is_known_is_not_replaced() -> None:
    known = Metadata(title="Known", byline="Somebody", outlet="Paper")
    found = read("Lenne bridge opened to traffic", "By Jane Miller", "29 Jun 2019 Valley Post", known=known)
    assert (found.title, found.byline, found.outlet) == ("Known", "Somebody", "Paper")


def test_an_outlet_needs_confirmation() -> None:
    assert read("Bridge opened to traffic", "29 Jun 2019 Valley Post").outlet == "Valley Post"
    assert read("Bridge opened to traffic", "29 Jun 2019 Local Matters").outlet == ""
    assert (
        read("Bridge opened to traffic", "29 Jun 2019 Local Matters", "More from Local Matters").outlet
        == "Local Matters"
    )


def test_nothing_above_gives_nothing() -> None:
    assert read() == Metadata()


def test_a_day_after_the_fetch_is_no_publication_date() -> None:
    fetched = datetime(2026, 11, 22, 12, tzinfo=UTC)
    blocks = plaintext.split("\n\n".join(["Lenne bridge opened at last", "10 January 2031", "9 November 2026", BODY]))
    assert head.read(blocks, Metadata(), fetched).metadata.published_at == datetime(2026, 11, 9, tzinfo=UTC)
    assert head.read(blocks[:2] + blocks[3:], Metadata(), fetched).metadata.published_at is None


@pytest.mark.parametrize(
    ("above", "title"),
    [
        (["Bridge opened"], "Bridge opened"),
        (["Bridge"], "Bridge"),
        (["Bridge opened", "By Jane Miller", "9 November 2026"], "Bridge opened"),
        (["Advertisement"], ""),
        (["Bridge opened", "About admin"], ""),
        (["The old"], ""),
    ],
)
def test_a_short_line_alone_whose_words_the_text_has_is_the_title(above: list[str], title: str) -> None:
    assert read(*above).title == title


@pytest.mark.parametrize(
    ("above", "title"),
    [
        (["A ribbon is cut in heavy rain", "By Jane Miller"], "A ribbon is cut in heavy rain"),
        (["A ribbon is cut in heavy rain", "9 November 2026"], "A ribbon is cut in heavy rain"),
        (["橋が十一年ぶりに開通", "2026年11月9日 9時30分"], "橋が十一年ぶりに開通"),
        (["A ribbon is cut in heavy rain"], ""),  # nothing says that it is one
        (["A ribbon is cut in heavy rain", "More of the valley", "By Jane Miller"], ""),
        (["A ribbon is cut in heavy rain", "By Jane Miller", "More of the valley"], ""),
        (["Read what the others say:", "By Jane Miller"], ""),
    ],
)
def test_the_only_line_above_a_byline_or_a_date_is_the_title(above: list[str], title: str) -> None:
    assert read(*above).title == title


@pytest.mark.parametrize("line", ["9 نوفمبر 2026", "9 listopadu 2026", "9 листопада 2026", "9 noiembrie 2026"])
def test_months_of_many_languages_date_a_text(line: str) -> None:
    assert read("A title of some words", line).published_at == datetime(2026, 11, 9, tzinfo=UTC)
