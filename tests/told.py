"""Settled articles with alerts in a real store, for tests of what follows."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from build import NOON, a_match, a_rule, an_article, an_entry

from monitor.model import Digest, Match, Rule, Ruling
from monitor.stages import alert as alert_stage
from monitor.stages.alert import Decision, Subject
from monitor.stages.restraint import Route
from monitor.store import alerts, articles, entries, rules
from monitor.store.connection import to_text

ROUTES = {"desk": Route(channel="desk", targets=("reader@example.org",))}


def a_source(db: sqlite3.Connection, slug: str = "wire", outlet: str = "The Wire") -> int:
    """The number of a source, made if it is not there."""
    db.execute(
        """INSERT OR IGNORE INTO sources (slug, kind, address, outlet, every_seconds, next_poll_at, created_at)
           VALUES (?, 'feed', 'https://example.org/feed', ?, 900, ?, ?)""",
        (slug, outlet, to_text(NOON), to_text(NOON)),
    )
    return int(db.execute("SELECT id FROM sources WHERE slug = ?", (slug,)).fetchone()["id"])


def settle(
    db: sqlite3.Connection,
    number: int,
    *,
    rule: Rule | None = None,
    match: Match | None = None,
    routes: Mapping[str, Route] = ROUTES,
    story: int | None = None,
    source: str = "wire",
    now: datetime = NOON,
    revision: int = 0,
    article: int | None = None,
    **subject: Any,
) -> tuple[Decision, int | None]:
    """Settle one article that matches one rule, as the pipeline does. Returns the decision and the alert's number."""
    rule = rule or a_rule(channels=tuple(routes))
    match = match or a_match(rule=rule.slug)
    rules.save(db, rule, "", now)
    source_number = a_source(db, source, f"Outlet {source}")
    (entry,) = entries.add(
        db, source_number, [an_entry(guid=f"guid-{number}", url=f"https://example.org/{number}")], now
    )
    digest = Digest(article=an_article(title=f"Talks, part {number}"), matches=(match,))
    if article is None:
        kind = "fresh" if story is None else "echo"
        article, story = articles.add(db, source_number, digest, Ruling(kind=kind, story=story), now)
    else:
        story = articles.story_of(db, article)
    db.execute("UPDATE entries SET state = 'done', article_id = ? WHERE id = ?", (article, entry))
    (decision,) = alert_stage.raise_for(
        [match],
        {rule.slug: rule},
        Subject(article=article, story=story, source=source, revision=revision, **subject),
        told=alerts.told(db, story=story, article=article),
        silences=alerts.silences(db, now),
        now=now,
    )
    row = articles.add_match(
        db,
        match,
        entry=entry,
        article=article,
        story=story,
        outcome=decision.outcome,
        because=decision.because,
        now=now,
    )
    if decision.alert is None:
        return decision, None
    return decision, alerts.add(
        db,
        decision.alert,
        match=row,
        article=article,
        story=story,
        update_of=decision.update_of,
        once_per=rule.once_per,
        routes=routes,
        now=now,
    )
