"""The health of a source, judged from what it did: failing, quiet against its own cadence, or barren.

Pure. What is to be told is said here too; that it is told only once is the notices' work (care.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

HARD = frozenset(
    ("http-401", "http-402", "http-403", "http-404", "http-406", "http-410", "http-451", "web-page", "not-a-feed",
     "not-a-sitemap", "address", "bad-url", "too-deep", "folder-missing", "folder-readonly", "too-large")
)  # fmt: skip
SOFT_PATIENCE = 3  # soft errors in a row before a source counts as failing
QUIET_FACTOR = 4.0  # so many of its usual gaps in silence
QUIET_FLOOR = timedelta(hours=24)
BARREN_AFTER = 10  # entries in a row none of which survived


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """A state with its reason; `tell` is the sentence for a notice, '' where it is not worth one."""

    state: str  # 'ok', 'failing', 'gone', 'quiet', 'barren'
    because: str = ""
    tell: str = ""


def is_hard(kind: str) -> bool:
    """Whether an error will not mend by itself."""
    return kind in HARD


def after_failure(slug: str, failures: int, kind: str, message: str, *, gone: bool = False) -> Health:
    """Health after the `failures`-th error in a row. Worth telling: hard errors at once, soft ones when they repeat."""
    if gone:
        tell = f"{slug}: {message}; it is paused. `monitor feeds resume {slug}` asks again."
        return Health(state="gone", because=message, tell=tell)
    if not is_hard(kind) and failures < SOFT_PATIENCE:
        return Health(state="failing", because=message)
    times = f" ({failures} times in a row)" if failures > 1 else ""
    return Health(state="failing", because=message, tell=f"{slug} has begun to fail{times}: {message}")


def usual_gap(arrivals: Sequence[datetime]) -> timedelta | None:
    """The time between news that nine of ten gaps stay below; None with fewer than five arrivals."""
    if len(arrivals) < 5:
        return None
    ordered = sorted(arrivals)
    gaps = sorted(later - earlier for earlier, later in pairwise(ordered))
    return gaps[min(len(gaps) - 1, int(len(gaps) * 0.9))]


def of_record(slug: str, now: datetime, *, arrivals: Sequence[datetime] = (), survived: Sequence[bool] = ()) -> Health:
    """Health of a source that works.

    `arrivals`: when news came in lately; a silent source is judged by its own cadence, never sooner than after a day.
    `survived`: of the latest entries, newest first, whether an article came of each.
    """
    gap = usual_gap(arrivals)
    if gap is not None:
        silence = now - max(arrivals)
        if silence > max(gap * QUIET_FACTOR, QUIET_FLOOR):
            because = f"nothing new for {_span(silence)}; usually something within {_span(gap)}"
            return Health(state="quiet", because=because, tell=f"{slug} has gone quiet: {because}")
    if len(survived) >= BARREN_AFTER and not any(survived[:BARREN_AFTER]):
        because = f"none of the last {BARREN_AFTER} entries left any text"
        return Health(state="barren", because=because, tell=f"{slug} arrives, but nothing survives: {because}")
    return Health(state="ok")


def _span(length: timedelta) -> str:
    hours = length.total_seconds() / 3600
    if hours < 1:
        return f"{max(round(hours * 60), 1)} min"
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} days"
