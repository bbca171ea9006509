"""Whole pages when other pages of the site are known: what a site's profile gives, and what it costs.

A profile is made of the blocks of the siblings alone, as the store would after cleaning them.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from bench.cleaning import corpus, measures
from monitor.model import SiteProfile
from monitor.stages import plaintext
from monitor.stages.clean import profiles

Record = Mapping[str, object]


def profile(siblings: Sequence[Record]) -> SiteProfile:
    """What is known of a site after these pages of it."""
    pages = [profiles.fingerprints(plaintext.split(str(record["text"]))) for record in siblings]
    return SiteProfile(key="site", pages=len(pages), blocks=dict(Counter(key for page in pages for key in page)))


def measured(
    records: Sequence[Record], sites: Mapping[str, str], cleaned: Callable[[Record, SiteProfile], str], most: int
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
            about = profile(random.Random(str(record["id"])).sample(others, count))
            without.append(measures.page(record, cleaned(record, SiteProfile())))
            known.append(measures.page(record, cleaned(record, about)))
        worse = sum(a.lost > b.lost for a, b in zip(known, without, strict=True))
        if chosen:
            yield count, measures.summed(without), measures.summed(known), worse
