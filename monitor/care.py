"""How the sources and the rules fare, and who is told: once when a source begins to fail, falls silent or leaves
nothing, or a rule goes noisy or dead; once when it is well again.

A notice is a row; its delivery is born in the same transaction. The judgement itself is pure (stages/health.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from monitor.errors import Gone, MonitorError
from monitor.ports import SourceRow
from monitor.stages import health
from monitor.stages.restraint import Route
from monitor.stages.rule_health import Verdict
from monitor.stages.rule_health import of_record as of_rule
from monitor.store import deliveries, notices, rule_health, source_health
from monitor.store.connection import Connection, Store

FLAPPING = timedelta(days=1)  # what fails again so soon after it worked again is told only when it lasts
SPAM_OVER = timedelta(days=7)  # without a link of spam, and a source is held for clean again
FAILING, QUIET, BARREN, SPAM = "source-failing", "source-quiet", "source-barren", "source-spam"


class Care:
    """`routes`: the channels that are told of trouble. Changed in place on reload."""

    def __init__(self, routes: Sequence[Route] = ()) -> None:
        self.routes = tuple(routes)

    def failed(self, db: Connection, row: SourceRow, error: MonitorError, now: datetime) -> str:
        """Note a visit that failed, in the transaction that writes it down. Returns the source's health."""
        kind, failures, key = getattr(error, "kind", ""), row.failures + 1, f"{FAILING}/{row.slug}"
        gone = isinstance(error, Gone) and not row.moved  # the configured address has not said so
        found = health.after_failure(row.slug, failures, kind, str(error), gone=gone)
        flaps = failures < health.SOFT_PATIENCE and not gone and notices.ended_since(db, key, now - FLAPPING)
        if found.tell and not flaps:
            self._begin(db, key, found.tell, f"See `monitor sources show {row.slug}`.", now)
        return found.state

    def worked(self, db: Connection, row: SourceRow, now: datetime, *, news: bool) -> None:
        """Note a visit that worked, and whether it brought news."""
        if row.failures:
            self._end(db, f"{FAILING}/{row.slug}", f"{row.slug} works again", now)
        if news:
            self._end(db, f"{QUIET}/{row.slug}", f"{row.slug} brings news again", now)

    def spammed(self, db: Connection, slug: str, hosts: Sequence[str], article: int, now: datetime) -> None:
        """Note that links of spam to `hosts`, not seen there before, were cut out of a source's article."""
        shown = ", ".join(hosts[:3]) + (" …" if len(hosts) > 3 else "")
        text = f"{slug} has begun to carry spam links ({shown}): the site may have been taken over"
        self._begin(db, f"{SPAM}/{slug}", text, f"`monitor clean {article}` shows what was cut.", now)

    async def look(self, store: Store, now: datetime) -> int:
        """Judge every source that works by its own cadence and by what its entries left. Returns how many changed."""
        records = await store.read(lambda db: source_health.records(db, now, health.QUIET_FLOOR))
        changed = []
        for record in records:
            found = health.of_record(record.slug, now, arrivals=record.arrivals, survived=record.survived)
            if found.state != record.health:
                changed.append((record, found))
        if changed:
            await store.write(lambda db: self._judged(db, changed, now))
        if await store.read(lambda db: source_health.clean_again(db, SPAM, now - SPAM_OVER)):
            await store.write(lambda db: self._clean_again(db, now))
        return len(changed)

    def _clean_again(self, db: Connection, now: datetime) -> None:
        for slug in source_health.clean_again(db, SPAM, now - SPAM_OVER):
            self._end(db, f"{SPAM}/{slug}", f"{slug} carries no spam links any more", now)

    async def look_at_rules(self, store: Store, now: datetime) -> int:
        """Judge every rule by its own habits. Returns of how many there is news.

        While a rule is noisy its alerts are held back to a summary: `deliveries.add_alert` asks for the notice.
        """
        records = await store.read(lambda db: rule_health.records(db, now))
        verdicts = {record.slug: of_rule(record, now) for record in records}
        standing = await store.read(lambda db: {one.key for one in notices.standing(db, "rule-")})
        if standing or any(verdict.state != "well" for verdict in verdicts.values()):
            return await store.write(lambda db: self._rules_judged(db, verdicts, standing, now))
        return 0

    def _rules_judged(
        self, db: Connection, verdicts: Mapping[str, Verdict], standing: Collection[str], now: datetime
    ) -> int:
        due = {f"rule-{verdict.state}/{slug}" for slug, verdict in verdicts.items() if verdict.state != "well"}
        for key in sorted(due - set(standing)):
            slug = key.partition("/")[2]
            held = " Its alerts are held back to a summary." if key.startswith(notices.NOISY_RULE) else ""
            self._begin(db, key, verdicts[slug].tell, f"See `monitor rules show {slug}`.{held}", now)
        for key in sorted(set(standing) - due):
            slug = key.partition("/")[2]
            self._end(db, key, f"rule {slug} is as it used to be", now)
        return len(due ^ set(standing))

    def _judged(
        self, db: Connection, changed: Sequence[tuple[source_health.Record, health.Health]], now: datetime
    ) -> None:
        verdicts = [(record.number, found.state, found.because) for record, found in changed]
        source_health.judged(db, verdicts, now)
        for record, found in changed:
            slug = record.slug
            if found.state != "quiet":
                self._end(db, f"{QUIET}/{slug}", f"{slug} brings news again", now)
            if found.state != "barren":
                self._end(db, f"{BARREN}/{slug}", f"{slug} leaves text again", now)
            if found.tell:
                key = f"{QUIET if found.state == 'quiet' else BARREN}/{slug}"
                self._begin(db, key, found.tell, f"Try `monitor feeds test {slug}`.", now)

    def _begin(self, db: Connection, key: str, text: str, remedy: str, now: datetime) -> None:
        if notices.begin(db, key, text, now, remedy=remedy) is not None:
            self._tell(db, text, f"{text}\n\n{remedy}", now)

    def _end(self, db: Connection, key: str, text: str, now: datetime) -> None:
        ended = notices.end(db, key, now)
        if ended is not None:
            since = f"{ended.began_at:%Y-%m-%d %H:%M} UTC"
            self._tell(db, text, f"{text}. It had been noted since {since}: {ended.text}", now)

    def _tell(self, db: Connection, subject: str, body: str, now: datetime) -> None:
        deliveries.add_message(db, self.routes, kind="notice", subject=f"monitor: {subject}"[:300], body=body, now=now)
