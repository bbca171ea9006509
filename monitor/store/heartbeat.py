"""The numbers of a heartbeat, and the memory of the last one. SQL only, in the caller's transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from monitor.stages import heartbeat
from monitor.stages.heartbeat import Funnel, State
from monitor.stages.restraint import Route
from monitor.store import deliveries, facts, notices
from monitor.store.connection import from_text, to_text

KEY = "heartbeat"


def beat(db: sqlite3.Connection, *, every: str, zone: ZoneInfo, routes: Iterable[Route], now: datetime) -> list[int]:
    """Write the heartbeat's deliveries if one is due and was not written. Returns their numbers.

    Nothing is due before the first full period: a new program would only tell that it is new.
    """
    due = heartbeat.last_due(every, zone, now)
    last = from_text(facts.get(db, KEY))
    if last is None or last > now:
        facts.put(db, KEY, to_text(due), now)
        return []
    if last >= due:
        return []
    facts.put(db, KEY, to_text(due), now)
    since = now - heartbeat.span(every)
    subject, body = heartbeat.message(funnels(db, since), state(db, since), every)
    return deliveries.add_message(db, routes, kind="notice", subject=subject, body=body, now=now)


def funnels(db: sqlite3.Connection, since: datetime) -> list[Funnel]:
    """What went through each source since then."""
    rows = db.execute(
        """SELECT s.slug, s.health,
                  COUNT(e.id) AS announced,
                  COALESCE(SUM(e.state = 'done'), 0) AS articles,
                  COALESCE(SUM((SELECT COUNT(*) FROM matches m WHERE m.entry_id = e.id AND m.suppressed = 0)), 0)
                      AS matches,
                  COALESCE(SUM((SELECT COUNT(*) FROM matches m WHERE m.entry_id = e.id AND m.outcome = 'alert')), 0)
                      AS alerts
           FROM sources s LEFT JOIN entries e ON e.source_id = s.id AND e.seen_at >= ?
           WHERE s.retired_at IS NULL AND s.enabled = 1 GROUP BY s.id ORDER BY s.slug""",
        (to_text(since),),
    )
    return [
        Funnel(
            source=row["slug"],
            announced=row["announced"],
            articles=row["articles"],
            matches=row["matches"],
            alerts=row["alerts"],
            health="ok" if row["health"] == "new" else row["health"],
        )
        for row in rows
    ]


def state(db: sqlite3.Connection, since: datetime) -> State:
    """How the outbox stands, and what troubles there are."""
    counts = {
        row["state"]: row["n"]
        for row in db.execute(
            """SELECT state, COUNT(*) AS n FROM deliveries WHERE state IN ('pending', 'claimed', 'uncertain', 'dead')
               OR (state = 'sent' AND created_at >= ?) GROUP BY state""",
            (to_text(since),),
        )
    }
    return State(
        sent=counts.get("sent", 0),
        waiting=sum(counts.get(name, 0) for name in ("pending", "claimed", "uncertain")),
        dead=counts.get("dead", 0),
        notices=tuple(notice.text for notice in notices.standing(db)),
    )
