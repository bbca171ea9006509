"""Write down all that one entry means, or nothing of it.

Runs on the writer, inside a savepoint. What depends on the store is decided here and nowhere else: two near-identical
stories are often digested in the same second, and if each looked for its story before writing, both would found one.
With a single writer the question and the answer are one step. The decisions themselves are pure stages. Those with
numbers and tables behind them are imported by the first settlement: a round that finds nothing new needs none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from monitor.model import Digest, EntryState, Match, Rule, Ruling
from monitor.stages import alert
from monitor.stages.restraint import Route
from monitor.store import alerts, articles, candidates, entries, profiles, reclean, stories
from monitor.store.connection import Connection
from monitor.store.entries import PendingEntry

if TYPE_CHECKING:
    from monitor.store.rarity import Rarity

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """An entry with what its digestion found."""

    pending: PendingEntry
    digest: Digest
    now: datetime
    note: str = ""  # of gathering: why it rests on the feed's own text, say
    again_at: datetime | None = None  # the entry goes on waiting for its page until then


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How an entry ended."""

    state: EntryState
    because: str = ""
    article: int | None = None
    story: int | None = None
    alerts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    state: EntryState
    because: str
    article: int
    story: int
    new_text: bool  # the article's text was written now
    founded: bool = False  # it opened a story
    revision: int = 0  # how often the article has changed
    before: str = ""  # what it said until now, if it changed
    matched_before: tuple[Match, ...] = ()


# Told in the transaction that writes it down: source, hosts new to it, article, now.
Spammed = Callable[[Connection, str, Sequence[str], int, datetime], None]


class Settler:
    """Settles entries of one run. `rules` and `routes` are live: a reload changes them in place."""

    def __init__(
        self,
        *,
        run: str,
        rules: Mapping[str, Rule],
        routes: Mapping[str, Route],
        rarity: Callable[[], Rarity],
        spammed: Spammed | None = None,
    ) -> None:
        """`rarity` opens the counters, once, when they are first wanted. `spammed` is told of spam links."""
        self.run = run
        self._spammed = spammed
        self.rules = rules
        self.routes = routes
        self._open_rarity = rarity
        self._rarity: Rarity | None = None

    def settle(self, db: Connection, job: Settlement) -> Outcome:
        """Article, story, removed blocks, matches, alerts and deliveries of one entry; the entry's end. Idempotent."""
        pending, digest, now = job.pending, job.digest, job.now
        if not entries.is_pending(db, pending.number, self.run):
            return Outcome(state=EntryState.DONE, because="was settled already")
        place = self._place(db, job)
        if place.founded:
            # What a site's pages repeat is furniture; what its versions of one story repeat is the story.
            profiles.learn(db, digest.profile_key, digest.learned, pending.source_number, now, digest.below)
        if place.new_text:
            hosts = articles.add_spam_hosts(db, pending.source_number, digest.spam_hosts, place.article, now)
            for host in hosts:
                log.warning("source.spam", source=pending.entry.source, host=host, article=place.article)
            if hosts and self._spammed:
                self._spammed(db, pending.entry.source, hosts, place.article, now)
        raised = self._alerts(db, job, place)
        because = "; ".join(filter(None, (place.because, job.note)))
        entries.settle(
            db,
            pending.number,
            place.state,
            because,
            now,
            article=place.article,
            canonical_url=digest.article.canonical_url,
            document_sha256=digest.article.document_sha256 or None,
            outlet=digest.article.outlet,
            announced_hash=pending.announced_hash,
            again_at=job.again_at,
        )
        if pending.baseline:
            self._sum_up_baseline(db, pending)
        return Outcome(state=place.state, because=because, article=place.article, story=place.story, alerts=raised)

    def settle_again(self, db: Connection, job: Settlement, gained: frozenset[str], alert_too: bool) -> int:
        """Write an article that was cleaned again; its story stays. Returns how many alerts were raised.

        `gained`: the rules that match now and did not before. Their matches are kept with the outcome 'recleaned', or,
        with `alert_too`, weighed like those of a new article.
        """
        pending, digest, now = job.pending, job.digest, job.now
        assert pending.article is not None
        self._revise(db, digest, Ruling(kind="revision", article=pending.article, because=job.note), now)
        reclean.forget_suppressed(db, pending.article)
        story = articles.story_of(db, pending.article)
        fresh = tuple(match for match in digest.matches if match.suppressed or match.rule in gained)
        if alert_too:
            place = _Place(state=EntryState.DONE, because=job.note, article=pending.article, story=story, new_text=True)
            return self._alerts(db, replace(job, digest=replace(digest, matches=fresh)), place)
        for match in fresh:
            outcome = "suppressed" if match.suppressed else "recleaned"
            because = match.because if match.suppressed else "found when the article was cleaned again; not sent"
            articles.add_match(
                db,
                match,
                entry=pending.number,
                article=pending.article,
                story=story,
                outcome=outcome,
                because=because,
                now=now,
            )
        return 0

    def _place(self, db: Connection, job: Settlement) -> _Place:
        """Which article and story the entry belongs to; writes the article if it is new or revised."""
        from monitor.stages import dedupe

        pending, digest, now = job.pending, job.digest, job.now
        if digest.article.number is not None:
            number = digest.article.number
            because = f"its address is that of article {number}"
            return self._as_copy(db, number, because)
        known = candidates.load(db, [pending.article])[0] if pending.article is not None else None
        found = candidates.find(db, digest.article, pending.seen_at)
        rarity = self._counters(db, now)
        judgement = dedupe.rule_on(digest.article, found, rarity, known=known, announced=not pending.told)
        ruling = dedupe.at_one_address(judgement.ruling, digest.article, pending.entry.source, found)
        if ruling.kind == "copy":
            assert ruling.article is not None
            return self._as_copy(db, ruling.article, ruling.because, again=ruling.article == pending.article)
        if ruling.kind == "revision":
            assert ruling.article is not None
            return self._revise(db, digest, ruling, now)
        number, story = articles.add(db, pending.source_number, digest, ruling, pending.seen_at)
        candidates.add(db, number, digest.article.fingerprint)
        rarity.count(judgement.counted, article=number, founded=ruling.kind == "fresh", now=now)
        state = EntryState.BASELINE if pending.baseline else EntryState.DONE
        founded = ruling.story is None
        return _Place(state=state, because=ruling.because, article=number, story=story, new_text=True, founded=founded)

    def _counters(self, db: Connection, now: datetime) -> Rarity:
        """How common word sequences are, with what was settled since the counters were last written."""
        if self._rarity is None:
            self._rarity = self._open_rarity()
            self._rarity.catch_up(db, now)
        return self._rarity

    def _as_copy(self, db: Connection, number: int, because: str, *, again: bool = False) -> _Place:
        """An appearance of a text that is there already; `again`: of the entry's own."""
        state = EntryState.DONE if again else EntryState.COPY
        story = articles.story_of(db, number)
        return _Place(state=state, because=because, article=number, story=story, new_text=False)

    def _revise(self, db: Connection, digest: Digest, ruling: Ruling, now: datetime) -> _Place:
        """The entry says something else now: what it said before is kept, its story and its alerts stay."""
        number = ruling.article
        assert number is not None
        old = articles.get(db, number)
        assert old is not None
        matched_before = tuple(articles.matches(db, number))
        from monitor.stages import words

        old_index = (words.index_text(old.title), words.index_text(old.text))
        revision = articles.revise(db, number, digest, ruling.because, now, old_index)
        candidates.add(db, number, digest.article.fingerprint)
        return _Place(
            state=EntryState.REVISION,
            because=ruling.because,
            article=number,
            story=articles.story_of(db, number),
            new_text=True,
            revision=revision,
            before=old.text,
            matched_before=matched_before,
        )

    def _alerts(self, db: Connection, job: Settlement, place: _Place) -> int:
        """Write every match with what became of it. Returns how many alerts were raised."""
        pending, now, raised = job.pending, job.now, 0
        # Removed blocks belong to the stored text, not to another appearance of it.
        matches = [match for match in job.digest.matches if place.new_text or not match.suppressed]
        found = {match.rule for match in matches if not match.suppressed}
        withdrawn = {
            rule: match
            for rule, match in alert.withdrawn(place.matched_before, job.digest.article.text).items()
            if rule in self.rules and self.rules[rule].updates
        }
        matches = [match for match in matches if match.rule in found or match.rule not in withdrawn]
        matches += [match for rule, match in withdrawn.items() if rule not in found]
        if not matches:
            return 0
        subject = alert.Subject(
            article=place.article,
            story=place.story,
            source=pending.entry.source,
            published_at=job.digest.article.published_at,
            revision=place.revision,
            baseline=pending.baseline,
            earlier=self._earlier(db, matches, place),
            withdrawn=withdrawn,
        )
        told = alerts.told(db, story=place.story, article=place.article)
        silences = alerts.silences(db, now)
        for decision in alert.raise_for(matches, self.rules, subject, told=told, silences=silences, now=now):
            match = articles.add_match(
                db,
                decision.match,
                entry=pending.number,
                article=place.article,
                story=place.story,
                revision=place.revision,
                outcome=decision.outcome,
                because=decision.because,
                now=now,
            )
            if decision.alert is None:
                continue
            number = alerts.add(
                db,
                decision.alert,
                match=match,
                article=place.article,
                story=place.story,
                update_of=decision.update_of,
                once_per=self.rules[decision.match.rule].once_per,
                routes=self.routes,
                now=now,
            )
            raised += number is not None
        return raised

    def _earlier(self, db: Connection, matches: Sequence[Match], place: _Place) -> tuple[str, ...]:
        """What was said before, where a rule asks for updates: only then it has to be read."""
        if not any(match.rule in self.rules and self.rules[match.rule].updates for match in matches):
            return ()
        if place.revision:
            return (place.before,)
        return tuple(stories.texts(db, place.story, without=place.article if place.new_text else None))

    def _sum_up_baseline(self, db: Connection, pending: PendingEntry) -> None:
        summary = entries.baseline_summary(db, pending.source_number)
        if summary is not None:
            stored, alerted = summary
            log.info(
                "baseline.done",
                source=pending.entry.source,
                stored=stored,
                would_have_alerted=alerted,
                text=f"{stored} stored, {alerted} would have alerted",
            )
