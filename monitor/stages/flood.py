"""Is what a source announces at once news, or has it gone wild? Guids made anew, an archive published again.

A flood is stored and held for the operator: thousands of old articles must not become thousands of alerts. A function
of values; the counts are the store's.
"""

from __future__ import annotations

from dataclasses import dataclass

LEAST = 20  # so many new entries in a day are never a flood
TIMES = 4.0  # more than so many of the source's busiest days at once
KNOWN_DAYS = 7  # of watching, before which nobody can tell what is usual


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """What a source is known to bring, this poll left out."""

    days: float  # how long it has been watched
    busiest: int  # new entries on its busiest day of the last thirty
    today: int  # new entries of the last 24 hours, none of them held
    away: float = 0.0  # days since it was last read: what piled up meanwhile is no flood


def flood(new: int, usual: Usual) -> str:
    """Why `new` entries announced at once are a flood; '' if they are none."""
    if usual.days < KNOWN_DAYS or new < LEAST:
        return ""
    bearable = TIMES * max(usual.busiest, 1) * max(usual.away, 1.0)
    if new + usual.today <= max(bearable, LEAST):
        return ""
    return f"{new} new entries at once; on its busiest day of the last month this source brought {usual.busiest}" + (
        f", and today {usual.today} already" if usual.today else ""
    )
