"""Whole pages when other pages of the site are known: what a site's profile gives, and what it costs.

A profile is what the siblings alone teach, cleaned one after the other, as the store keeps it.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from bench.cleaning import corpus, measures
from monitor.model import Cleaned, SiteProfile

Record = Mapping[str, object]
Cleaner = Callable[[Record, SiteProfile], Cleaned]


def profile(siblings: Sequence[Record], cleaner: Cleaner) -> SiteProfile:
    """What is known of a site after these pages of it."""
    about = SiteProfile(key="site")
    for record in siblings:
        page = cleaner(record, about)
        if page.learned:
            about = SiteProfile(
                key="site",
                pages=about.pages + 1,
                blocks=Counter(about.blocks) + Counter(page.learned),
                below=Counter(about.below) + Counter(page.below),
            )
    return about


def measured(
    records: Sequence[Record], sites: Mapping[str, str], cleaner: Cleaner, most: int
) -> Iterator[tuple[int, dict[str, float], dict[str, float], int]]:
    """For 1, 2, 3 and 5 siblings: (how many, figures without a profile, with it, pages that lost more with it)."""
    groups: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        groups[corpus.site_of(str(record["id"]), dict(sites))].append(record)
    for count in (1, 2, 3, 5):
        chosen = [(record, group) for group in groups.values() if len(group) > count for record in group]
        chosen = random.Random(count).sample(chosen, min(most, len(chosen)))
        without, known = [], []
        for record, group in chosen:
            others = [other for other in group if other is not record]
            about = profile(random.Random(str(record["id"])).sample(others, count), cleaner)
            without.append(measures.page(record, cleaner(record, SiteProfile()).text))
            known.append(measures.page(record, cleaner(record, about).text))
        worse = sum(a.lost > b.lost for a, b in zip(known, without, strict=True))
        if chosen:
            yield count, measures.summed(without), measures.summed(known), worse
