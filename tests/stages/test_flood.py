"""What is far above a source's own rate is a flood, and what piled up while we were away is none."""

import pytest

from monitor.stages.flood import Usual, flood


@pytest.mark.parametrize(
    ("new", "usual", "expected"),
    [
        (500, Usual(days=30, busiest=12, today=3), True),
        (49, Usual(days=30, busiest=12, today=0), True),
        (48, Usual(days=30, busiest=12, today=0), False),
        (40, Usual(days=30, busiest=12, today=9), True),  # the day counts, not the poll
        (19, Usual(days=30, busiest=1, today=0), False),
        (25, Usual(days=30, busiest=1, today=0), True),
        (25, Usual(days=30, busiest=0, today=0), True),
        (500, Usual(days=3, busiest=1, today=0), False),
        (100, Usual(days=30, busiest=12, today=0, away=3.0), False),
        (400, Usual(days=30, busiest=200, today=100), False),
    ],
)
def test_a_flood_is_measured_by_the_source_itself(new: int, usual: Usual, expected: bool) -> None:
    assert bool(flood(new, usual)) is expected


def test_it_says_what_is_usual() -> None:
    assert flood(500, Usual(days=30, busiest=12, today=3)) == (
        "500 new entries at once; on its busiest day of the last month this source brought 12, and today 3 already"
    )
