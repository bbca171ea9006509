"""What each working rule did lately. SQL only; reads."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from monitor.stages.rule_health import WINDOW, Record
from monitor.store.connection import from_text, to_text


def records(db: sqlite3.Connection, now: datetime) -> list[Record]:
    """A record of every rule that works."""
    day = now - timedelta(days=1)
    rows = db.execute(
        """SELECT r.slug, r.changed_at, (SELECT min(seen_at) FROM articles) AS first_article,
                  (SELECT count(*) FROM alerts a WHERE a.rule = r.slug AND a.created_at >= :day) AS today,
                  (SELECT count(*) FROM alerts a WHERE a.rule = r.slug AND a.created_at >= :start
                   AND a.created_at < :day) AS before,
                  (SELECT max(m.matched_at) FROM matches m WHERE m.rule = r.slug) AS last_match_at
           FROM rules r WHERE r.state = 'on' AND r.retired_at IS NULL AND r.paused_at IS NULL ORDER BY r.slug""",
        {"day": to_text(day), "start": to_text(day - WINDOW)},
    )
    return [
        Record(
            slug=row["slug"],
            today=row["today"],
            before=row["before"],
            since=from_text(max(row["changed_at"], row["first_article"] or to_text(now))) or now,
            last_match_at=from_text(row["last_match_at"]),
        )
        for row in rows
    ]
