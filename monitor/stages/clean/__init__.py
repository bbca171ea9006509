"""Blocks and the site's profile → clean text, an account of all that went, metadata.

Pure and total: it never raises, adds no letters, and cleaning a cleaned text again changes nothing.
The rooms: `head` reads what stands above the text, `furniture` names what place and shape give away,
`spam` finds links that somebody else put in, `profiles` knows what a site repeats, `learned` asks the
trained model about the rest (`tokens` cuts, `scan` and `signs` read, `features` counts, `verdict` weighs), `glued`
asks it about sentences, `account` keeps the books, `memory` what is known of a block.
What is *not* here: taking files and pages apart (`extract`), and what to do about a source that carries spam.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from monitor.model import Block, Cleaned, Metadata, SiteProfile
from monitor.stages import language
from monitor.stages.clean import furniture, glued, head, learned, memory, profiles, spam, verdict
from monitor.stages.clean.account import Account

__all__ = ["VERSION", "clean"]

VERSION = "7"  # changes whenever the same blocks may come out differently

PASSES = 8  # a fixed point is reached in two or three


def clean(
    blocks: Sequence[Block],
    profile: SiteProfile,
    metadata: Metadata,
    *,
    method: str = "text",
    fetched_at: datetime | None = None,
    model: learned.Model | None = None,
) -> Cleaned:
    """The text worth reading, with every removed block and span, its place, reason and confidence.

    `method` is `Extracted.method`: what trafilatura picked from a page is trusted more than a whole
    page of plain text. A date in the text that lies over a day after `fetched_at` is not believed. `model`
    is for trying another one than the shipped. A document that holds any
    text never comes out empty.
    """
    model = model or learned.shipped()
    reader = learned.Reader(model)
    account = Account(blocks)
    above = head.read(account.blocks(), metadata, fetched_at)
    known = above.metadata
    junk: list[str] = []
    suspects = spam.suspicious(account.blocks())
    site = profiles.known(blocks, profile)
    for number in range(PASSES):
        now = account.blocks()
        spans = spam.find(now, suspects, offers_too=number > 0)
        if sum(len(cuts) == 1 and cuts[0][1] - cuts[0][0] >= len(now[i].text) for i, cuts in spans.items()) == len(now):
            spans = {}
        junk += [now[i].text[start:end] for i, cuts in spans.items() for start, end, _ in cuts]
        if spans:
            account.cut(spans)
            now = account.blocks()
            suspects = spam.suspicious(now)
        if number or spans:
            above = head.read(now, metadata, fetched_at)
        found = furniture.verdicts(now, above)
        if site is not None:
            found.update((i, ("pinned", 1.0)) for i, block in enumerate(now) if block.text in site.pinned)
        verdict.judged(now, above, reader, method, found, site)
        if not verdict.leaves_text(now, found):
            break
        # Offers are looked for when the furniture has gone, which is full of them.
        if account.remove(found) or spans or (not number and spam.may_offer(now, suspects)):
            continue
        strange = glued.find(now, above, learned.Reader(model)) if method != "trafilatura" else {}
        if not strange:
            break
        account.cut(strange, "glued")
    text, removed = account.settle()
    learned_blocks, below = profiles.learned(blocks, removed, profile)
    cleaned = Cleaned(
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
        learned=learned_blocks,
        below=below,
        spam_hosts=spam.hosts(junk),
    )
    memory.forget()
    return cleaned
