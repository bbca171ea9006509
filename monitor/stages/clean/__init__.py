"""Blocks and the site's profile → clean text, an account of all that went, metadata.

Pure and total: it never raises, adds no letters, and cleaning a cleaned text again changes nothing.
The rooms: `head` reads what stands above the text, `furniture` names what place and shape give away,
`spam` finds links that somebody else put in, `learned` asks the trained model about the rest,
`account` keeps the books. What is *not* here: taking files and pages apart (`extract`), and what to
do about a source that carries spam.
"""

from __future__ import annotations

from collections.abc import Sequence

from monitor.model import Block, Cleaned, Metadata, SiteProfile
from monitor.stages import language
from monitor.stages.clean import density, furniture, head, profiles, spam
from monitor.stages.clean.account import Account

__all__ = ["VERSION", "clean"]

VERSION = "1"  # changes whenever the same blocks may come out differently

PASSES = 6  # a fixed point is reached in two or three


def clean(blocks: Sequence[Block], profile: SiteProfile, metadata: Metadata, *, method: str = "text") -> Cleaned:
    """The text worth reading, with every removed block and span, its place, reason and confidence.

    `method` is `Extracted.method`: what trafilatura picked from a page is trusted more than a whole
    page of plain text. A document that holds any word never comes out empty.
    """
    account = Account(blocks)
    first = head.read(account.blocks(), metadata)
    found_spam: list[str] = []
    for _ in range(PASSES):
        now = account.blocks()
        spans = {i: cuts for i, block in enumerate(now) if (cuts := spam.clusters(block.text))}
        found_spam += [now[i].text[a:b] for i, cuts in spans.items() for a, b, _ in cuts]
        account.cut(spans)
        now = account.blocks()
        here = head.read(now, metadata)
        verdicts = furniture.verdicts(now, here, {})
        profiles.repeated(now, profile, verdicts)
        density.verdicts(now, verdicts)
        if len(verdicts) >= len(now):
            break
        if not account.remove(verdicts) and not spans:
            break
    text, removed = account.settle()
    known = first.metadata
    return Cleaned(
        text=text,
        removed=removed,
        metadata=Metadata(
            title=known.title,
            byline=known.byline,
            outlet=known.outlet,
            published_at=known.published_at,
            language=language.of(text, known.language),
            canonical_url=known.canonical_url,
        ),
        learned=profiles.fingerprints(blocks),
        spam_hosts=spam.hosts(found_spam),
    )
