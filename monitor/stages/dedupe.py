"""An article and what resembles it → the ruling: fresh, echo of a story, copy of a text, revision of an article.

When in doubt it is a new story: a repeated alert is a nuisance, a story taken for another one is never told. So an
article joins only on positive evidence, only the story of the one best match, and two stories are never merged.
A function of values. How candidates are found is the business of `store.candidates`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from monitor.model import Article, Candidate, Ruling
from monitor.stages.compare import (
    Passages,
    Rarity,
    Reading,
    facts_in,
    passages,
    subjects_differ,
    title_support,
    titles_in_common,
)
from monitor.stages.fingerprint import Hashes

SHARE = 0.6  # of the one text's rare word sequences, how many must be in the other
CLEAR = 0.9  # such a share needs no comparison with further candidates
AGREEMENT = 0.75  # of the facts at common places, how many must be the same
RARE = 20.0  # word sequences that nobody else has: with fewer in common the text is weak evidence
FACTS = 2.5  # the same for numbers and names
TITLES = 0.5  # share of a title's words that the other article must have, where the text is weak evidence
OTHER_TITLES = 0.3  # below it titles speak of different things, and a short text may be a notice
MUCH = 60.0  # word sequences that nobody else has: so many speak against a notice
SAME_TITLE = 0.9  # the same, where the text is none
SAME_ADDRESS_SHARE = 0.3  # two articles at one address need less
OTHER_BEGINNING = 0.1  # so large a share of its first words missing in the other makes another beginning
LARGER = 1.4  # so many times larger a text may be about something else
FULLER = 1.5  # so many times longer a text at the same address replaces what was there

_NOTHING: Hashes = np.empty(0, np.uint64)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A ruling, and what is to be counted for the rarity of the next ones once it is written down."""

    ruling: Ruling
    counted: Hashes


@dataclass(frozen=True, slots=True)
class Likeness:
    """What the comparison of an article with a candidate found."""

    candidate: Candidate
    same: bool
    because: str
    share: float
    scores: dict[str, float]


def rule_on(
    article: Article,
    candidates: Sequence[Candidate],
    rarity: Rarity,
    *,
    known: Candidate | None = None,
    announced: bool = True,
) -> Judgement:
    """Rule on an article.

    `candidates`: stored articles that resemble it, best first. `rarity`: in how many stories a word sequence was seen.
    `known`: the article that an earlier announcement of the same entry (source and guid) became, if there was one;
    under the same address it is revised, under another address only by a like text. `announced`: False where nothing
    was announced since, and what came is the page that could not be had then: it revises, wherever its address led.
    """
    new = Reading(article.title, article.text, rarity)
    if known is not None:
        ruling = _on_known(article, new, known, rarity, announced)
        if ruling is not None:
            return Judgement(ruling, _NOTHING)
    best: Likeness | None = None
    told = new
    nearest: Likeness | None = None
    for candidate in candidates:
        old = Reading(candidate.title, candidate.text, rarity)
        likeness = compare(article, new, candidate, old)
        if nearest is None or likeness.share > nearest.share:
            nearest = likeness
        if likeness.same and (best is None or likeness.share > best.share):
            best, told = likeness, old
            if best.share >= CLEAR:
                break
    if best is None:
        return Judgement(_fresh(nearest), new.counted())
    ruling = _joined(article, best)
    return Judgement(ruling, new.counted(told) if ruling.kind != "copy" else _NOTHING)


def compare(article: Article, new: Reading, candidate: Candidate, old: Reading) -> Likeness:
    """Do the two tell the same story? Says why, or why not."""
    forward, backward = passages(new, old), passages(old, new)
    # The part is the text of which more is in the other: a cut copy in its original, or the other way round.
    turned = backward.share > forward.share
    inner, outer = (backward, forward) if turned else (forward, backward)
    part, whole = (old, new) if turned else (new, old)
    scores = {"share": round(inner.share, 3), "rare": round(inner.rare, 1)}

    def answer(same: bool, because: str) -> Likeness:
        return Likeness(candidate, same, because, inner.share, scores)

    if article.canonical_url and article.canonical_url == candidate.canonical_url:
        if inner.share >= SAME_ADDRESS_SHARE or titles_in_common(new, old) >= TITLES:
            return answer(True, "has the same address")
        return answer(False, "has the same address, but neither its title nor its text")
    if inner.share < SHARE:
        return answer(False, f"they share {inner.share:.0%} of their rare word sequences, {SHARE:.0%} are needed")
    part_facts, whole_facts = facts_in(part, whole, inner, outer)
    agreement = min(part_facts.agreement, whole_facts.agreement)
    titles = max(title_support(new, old), title_support(old, new))
    scores |= {"agreement": round(agreement, 3), "titles": round(titles, 2)}
    if agreement < AGREEMENT:
        return answer(False, f"only {agreement:.0%} of their numbers and names agree: another report of the same form")
    if subjects_differ(new, old):
        return answer(False, "each title names something that the other article does not have")
    objection = _weak(inner, part_facts.agreeing, titles, new, old) or _larger(part, whole, outer, new, old)
    if not objection and titles < TITLES and new.title_words and old.title_words:
        if inner.foreign_head >= OTHER_BEGINNING:
            objection = "they begin differently, and neither's title is in the other"
        elif inner.rare < MUCH and titles < OTHER_TITLES:
            objection = "what they share is short, and the titles are about different things"
    if objection:
        return answer(False, objection)
    return answer(True, f"{inner.share:.0%} of its rare word sequences and {agreement:.0%} of the facts agree")


def _weak(inner: Passages, agreeing: float, titles: float, new: Reading, old: Reading) -> str:
    """The boilerplate gate: what may be said under every story proves nothing, be it word for word."""
    little_text, no_facts = inner.rare < RARE, agreeing < FACTS
    if little_text and no_facts:
        if titles_in_common(new, old) < SAME_TITLE or not _as_long(new, old):
            return "what they share is boilerplate without facts, and the titles differ"
    elif (little_text or no_facts) and titles < TITLES:
        what = "boilerplate" if little_text else "without facts"
        return f"what they share is {what}, and the one's title is not in the other"
    return ""


def _as_long(new: Reading, old: Reading) -> bool:
    one, other = len(new.title_words), len(old.title_words)
    return min(one, other) >= 0.8 * max(one, other)


def _larger(part: Reading, whole: Reading, outer: Passages, new: Reading, old: Reading) -> str:
    """A quotation in an article about something else, or one item of a digest, is not the whole's story."""
    if whole.count < LARGER * part.count or outer.share >= SHARE:
        return ""
    if outer.foreign_head >= 0.8 and titles_in_common(new, old) < TITLES:
        return "one is quoted in a larger text that begins with something else"
    return "one is an item of a digest of several stories" if whole.is_digest else ""


def _on_known(article: Article, new: Reading, known: Candidate, rarity: Rarity, announced: bool) -> Ruling | None:
    """The entry was announced before. None if it now brings another article under an old guid."""
    if article.fingerprint.exact == known.fingerprint.exact and article.title == known.title:
        return Ruling(kind="copy", article=known.article, story=known.story, because="read again, with the same text")
    if not announced:
        because = "the entry's page could be had now"
    elif article.canonical_url == known.canonical_url:
        because = "the same entry at the same address has another text now"
    else:
        likeness = compare(article, new, known, Reading(known.title, known.text, rarity))
        if not likeness.same:
            return None
        because = f"the same entry has another address and a like text: {likeness.because}"
    return Ruling(kind="revision", article=known.article, story=known.story, because=because)


def _joined(article: Article, best: Likeness) -> Ruling:
    twin, exact = best.candidate, article.fingerprint.exact
    same_text = exact == twin.fingerprint.exact and bool(exact or article.title == twin.title)
    return Ruling(
        kind="copy" if same_text else "echo",
        article=twin.article,
        story=twin.story,
        because=f"{'same text as' if same_text else 'like'} article {twin.article}: {best.because}",
        scores=best.scores,
    )


def _fresh(nearest: Likeness | None) -> Ruling:
    if nearest is None:
        return Ruling(kind="fresh", because="nothing read in the last two months resembles it")
    return Ruling(
        kind="fresh",
        because=f"nearest is article {nearest.candidate.article}: {nearest.because}",
        scores=nearest.scores,
    )


def at_one_address(ruling: Ruling, article: Article, source: str, candidates: Sequence[Candidate]) -> Ruling:
    """One address never makes two articles: an echo at the address of its twin is an appearance of it.

    A fuller text from the same source revises the article; another source can add a copy, never rewrite.
    """
    twin = next((one for one in candidates if one.article == ruling.article), None)
    if ruling.kind != "echo" or twin is None or twin.canonical_url is None:
        return ruling
    if twin.canonical_url != article.canonical_url:
        return ruling
    fuller = twin.source == source and len(article.text) > FULLER * len(twin.text)
    kind, what = ("revision", "a fuller text at") if fuller else ("copy", "like the text at")
    return replace(ruling, kind=kind, because=f"{what} the address of article {twin.article}: {ruling.because}")
