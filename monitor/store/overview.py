"""The operator's view in one value: what is watched, how it does, what waits. Status, metrics and notes share it.

Each query runs on an index, so that it takes milliseconds with a million articles.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.store import notices
from monitor.store.connection import from_text, to_text
from monitor.store.notices import Notice

DAY = timedelta(days=1)
RECENT = 500  # rows looked at to find the last success of a stage


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTrouble:
    """A source that is not well."""

    slug: str
    kind: str
    health: str  # 'failing', 'gone', 'quiet', 'barren', 'paused'
    because: str
    since: datetime | None
    failures: int
    next_poll_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRate:
    """How often a rule matched and told in the last day."""

    slug: str
    state: str  # 'on', 'off', 'stale', 'paused'
    matches: int
    alerts: int
    last_match_at: datetime | None
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """What one channel has in the outbox."""

    channel: str
    pending: int
    claimed: int
    uncertain: int
    dead: int
    sent: int  # in the last day
    oldest_at: datetime | None  # of what is not sent and not dead
    next_at: datetime | None  # when the next is tried
    failing_since: datetime | None
    last_error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """An entry, or files of a drop folder, that could not be read."""

    source: str
    at: datetime | None
    because: str  # names the file


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """How everything stands at `at`. 'day' is the 24 hours before it."""

    at: datetime
    sources: Mapping[str, int]  # health → how many; 'paused' ones are counted there
    troubles: tuple[SourceTrouble, ...]
    rules: tuple[RuleRate, ...]  # the busiest first
    lanes: tuple[Lane, ...]
    notices: tuple[Notice, ...]  # that stand open
    stages: Mapping[str, datetime | None]  # 'gather', 'settle', 'deliver' → last success
    pending: int
    oldest_pending_at: datetime | None
    held: int
    entries: Mapping[str, int]  # state → entries of the day
    polls: Mapping[str, int]  # outcome → polls of the day
    articles: int
    stories: int
    alerts: int  # of the day
    next_poll_at: datetime | None
    next_delivery_at: datetime | None
    silences: int
    unread: tuple[Unread, ...] = ()  # of the day, the newest first

    def one_line(self) -> str:
        """Counts for `systemctl status`."""
        failing = self.sources.get("failing", 0) + self.sources.get("gone", 0)
        waiting = sum(lane.pending + lane.claimed + lane.uncertain for lane in self.lanes)
        dead = sum(lane.dead for lane in self.lanes)
        parts = [f"{sum(self.sources.values())} sources", f"{len(self.rules)} rules"]
        parts += [f"{failing} failing"] if failing else []
        parts += [f"{self.pending} entries waiting", f"{waiting} deliveries waiting"]
        parts += [f"{dead} dead"] if dead else []
        return ", ".join(parts)


def overview(db: sqlite3.Connection, now: datetime) -> Overview:
    """How everything stands."""
    since = to_text(now - DAY)
    lanes = _lanes(db, since)
    sources = _sources(db)
    waiting = [lane.next_at for lane in lanes if lane.next_at]
    return Overview(
        at=now,
        sources=sources,
        troubles=_troubles(db),
        rules=_rules(db, since),
        lanes=lanes,
        notices=tuple(notices.standing(db)),
        stages=_stages(db),
        pending=_count(db, "entries INDEXED BY entries_pending WHERE state = 'pending'"),
        oldest_pending_at=_moment(
            db,
            # Left alone, SQLite looks for the smallest number along the whole table.
            """SELECT seen_at FROM entries
               WHERE id = (SELECT MIN(id) FROM entries INDEXED BY entries_pending WHERE state = 'pending')""",
        ),
        held=_count(db, "entries INDEXED BY entries_held WHERE state = 'held'"),
        entries=_by(
            db,
            """SELECT e.state, COUNT(*) FROM sources s CROSS JOIN entries e ON e.source_id = s.id AND e.seen_at >= ?
               GROUP BY e.state""",
            since,
        ),
        polls=_by(db, "SELECT outcome, COUNT(*) FROM polls WHERE started_at >= ? GROUP BY outcome", since),
        articles=_count(db, "articles"),
        stories=_count(db, "stories"),
        alerts=int(db.execute("SELECT COUNT(*) FROM alerts WHERE created_at >= ?", (since,)).fetchone()[0]),
        next_poll_at=_moment(
            db,
            """SELECT MIN(next_poll_at) FROM sources
               WHERE enabled = 1 AND retired_at IS NULL AND paused_at IS NULL""",
        ),
        next_delivery_at=min(waiting, default=None),
        silences=int(
            db.execute(
                "SELECT COUNT(*) FROM silences WHERE expired_at IS NULL AND until > ?", (to_text(now),)
            ).fetchone()[0]
        ),
        unread=_unread(db, since),
    )


def _sources(db: sqlite3.Connection) -> dict[str, int]:
    return _by(
        db,
        """SELECT CASE WHEN paused_at IS NOT NULL AND health <> 'gone' THEN 'paused' ELSE health END AS state, COUNT(*)
           FROM sources WHERE enabled = 1 AND retired_at IS NULL GROUP BY state ORDER BY state""",
    )


def _troubles(db: sqlite3.Connection) -> tuple[SourceTrouble, ...]:
    rows = db.execute(
        """SELECT *, CASE WHEN paused_at IS NOT NULL AND health <> 'gone' THEN 'paused' ELSE health END AS shown
           FROM sources
           WHERE enabled = 1 AND retired_at IS NULL
             AND (health NOT IN ('ok', 'new') OR (health = 'new' AND failures > 0) OR paused_at IS NOT NULL)
           ORDER BY health_since IS NULL, health_since, slug"""
    )
    return tuple(
        SourceTrouble(
            slug=row["slug"],
            kind=row["kind"],
            health=row["shown"],
            because=(row["paused_because"] if row["shown"] == "paused" else row["health_because"]) or "",
            since=from_text(row["paused_at"] if row["shown"] == "paused" else row["health_since"]),
            failures=row["failures"],
            next_poll_at=from_text(row["next_poll_at"]),
        )
        for row in rows
    )


def _unread(db: sqlite3.Connection, since: str) -> tuple[Unread, ...]:
    """What failed in digestion, and what a folder's visit refused."""
    rows = db.execute(
        """SELECT * FROM (
             SELECT s.slug, e.seen_at AS at, e.because FROM sources s
             CROSS JOIN entries e ON e.source_id = s.id AND e.seen_at >= :since AND e.state = 'failed'
             UNION ALL
             SELECT s.slug, p.started_at, p.because FROM polls p JOIN sources s ON s.id = p.source_id
             WHERE p.started_at >= :since AND s.kind = 'folder' AND p.outcome <> 'failed' AND p.because <> '')
           ORDER BY at DESC LIMIT :most""",
        {"since": since, "most": RECENT},
    )
    return tuple(Unread(source=row["slug"], at=from_text(row["at"]), because=row["because"]) for row in rows)


def _rules(db: sqlite3.Connection, since: str) -> tuple[RuleRate, ...]:
    matches = _by(
        db, "SELECT rule, COUNT(*) FROM matches WHERE matched_at >= ? AND suppressed = 0 GROUP BY rule", since
    )
    alerts = _by(db, "SELECT rule, COUNT(*) FROM alerts WHERE created_at >= ? GROUP BY rule", since)
    rates = [
        RuleRate(
            slug=row["slug"],
            state="paused" if row["paused_at"] else row["state"],
            matches=matches.get(row["slug"], 0),
            alerts=alerts.get(row["slug"], 0),
            last_match_at=from_text(row["last_match_at"]),
            error=row["error"],
        )
        for row in db.execute("SELECT slug, state, error, paused_at, last_match_at FROM rules WHERE retired_at IS NULL")
    ]
    return tuple(sorted(rates, key=lambda rate: (-rate.matches, rate.slug)))


def _lanes(db: sqlite3.Connection, since: str) -> tuple[Lane, ...]:
    states: dict[str, dict[str, int]] = {}
    oldest: dict[str, str] = {}
    due: dict[str, str] = {}
    for row in db.execute(
        """SELECT channel, state, COUNT(*) AS n, MIN(created_at) AS oldest, MIN(try_at) AS due FROM deliveries
           WHERE state IN ('pending', 'claimed', 'uncertain', 'dead') GROUP BY channel, state"""
    ):
        states.setdefault(row["channel"], {})[row["state"]] = row["n"]
        if row["state"] != "dead":
            channel = row["channel"]
            oldest[channel] = min(oldest.get(channel, row["oldest"]), row["oldest"])
            due[channel] = min(due.get(channel, row["due"]), row["due"])
    sent = _by(
        db,
        "SELECT channel, COUNT(*) FROM deliveries WHERE state = 'sent' AND created_at >= ? GROUP BY channel",
        since,
    )
    failing = {
        row["channel"]: row
        for row in db.execute(
            """SELECT channel, MIN(COALESCE(failing_since, disabled_at)) AS since,
                      MAX(CASE WHEN disabled_at IS NULL THEN last_error
                          ELSE 'disabled: ' || disabled_because END) AS why
               FROM targets WHERE failing_since IS NOT NULL OR disabled_at IS NOT NULL GROUP BY channel"""
        )
    }
    return tuple(
        Lane(
            channel=channel,
            **{state: states.get(channel, {}).get(state, 0) for state in ("pending", "claimed", "uncertain", "dead")},
            sent=sent.get(channel, 0),
            oldest_at=from_text(oldest.get(channel)),
            next_at=from_text(due.get(channel)),
            failing_since=from_text(failing[channel]["since"]) if channel in failing else None,
            last_error=failing[channel]["why"] if channel in failing else "",
        )
        for channel in sorted({*states, *sent, *failing})
    )


def _stages(db: sqlite3.Connection) -> dict[str, datetime | None]:
    return {
        "gather": _moment(db, "SELECT MAX(last_success_at) FROM sources"),
        "settle": _moment(
            db,
            f"SELECT MAX(settled_at) FROM (SELECT settled_at FROM entries ORDER BY id DESC LIMIT {RECENT})",
        )
        or _moment(db, "SELECT MAX(seen_at) FROM articles"),
        "deliver": _moment(
            db, f"SELECT MAX(sent_at) FROM (SELECT sent_at FROM deliveries ORDER BY id DESC LIMIT {RECENT})"
        ),
    }


def _count(db: sqlite3.Connection, what: str) -> int:
    return int(db.execute(f"SELECT COUNT(*) FROM {what}").fetchone()[0])


def _by(db: sqlite3.Connection, query: str, *values: str) -> dict[str, int]:
    return {str(name): int(count) for name, count in db.execute(query, values)}


def _moment(db: sqlite3.Connection, query: str) -> datetime | None:
    row = db.execute(query).fetchone()
    return from_text(row[0]) if row else None
