"""How the work stands: what waits, and since when. SQL only, functions of a connection."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from monitor.store import entries
from monitor.store.connection import to_text
from monitor.store.sources import WATCHED


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a round did."""

    polled: int  # sources visited
    failed: dict[str, str]  # source → why its visit failed
    entries: dict[str, int]  # state → entries that ended in it
    alerts: int
    sent: int
    unsent: dict[str, str]  # channel → why a delivery could not be made
    broken: dict[str, str]  # rule → why what is written does not compile
    baselines: dict[str, str]  # source → what its first poll stored, and how much of it would have alerted

    @property
    def complete(self) -> bool:
        """Whether everything worked."""
        return not self.failed and not self.unsent and not self.broken and not self.entries.get("failed")


def report(db: sqlite3.Connection, since: datetime) -> Report:
    """What has happened since a moment."""
    at = (to_text(since),)
    return Report(
        polled=db.execute("SELECT COUNT(*) FROM sources WHERE last_poll_at >= ?", at).fetchone()[0],
        failed={
            row["slug"]: row["health_because"]
            for row in db.execute(
                "SELECT slug, health_because FROM sources WHERE last_poll_at >= ? AND failures > 0 ORDER BY slug", at
            )
        },
        entries={
            row["state"]: row["n"]
            for row in db.execute(
                "SELECT state, COUNT(*) AS n FROM entries WHERE settled_at >= ? GROUP BY state ORDER BY state", at
            )
        },
        alerts=db.execute("SELECT COUNT(*) FROM alerts WHERE created_at >= ?", at).fetchone()[0],
        sent=db.execute("SELECT COUNT(*) FROM deliveries WHERE sent_at >= ?", at).fetchone()[0],
        unsent={
            row["channel"]: row["last_error"]
            for row in db.execute(
                """SELECT channel, last_error FROM deliveries
                   WHERE last_attempt_at >= ? AND state <> 'sent' GROUP BY channel ORDER BY channel""",
                at,
            )
        },
        broken={
            row["slug"]: row["error"]
            for row in db.execute(
                "SELECT slug, error FROM rules WHERE error <> '' AND retired_at IS NULL ORDER BY slug"
            )
        },
        baselines=_baselines(db, at),
    )


def _baselines(db: sqlite3.Connection, since: tuple[str]) -> dict[str, str]:
    found = {}
    ended = db.execute("SELECT id, slug FROM sources WHERE baseline_done_at >= ? AND baseline = 1", since).fetchall()
    for row in ended:
        summary = entries.baseline_summary(db, row["id"])
        if summary is not None and summary[0]:
            found[row["slug"]] = f"{summary[0]} stored, {summary[1]} would have alerted"
    return found


def heads(db: sqlite3.Connection, now: datetime, run: str) -> dict[str, str]:
    """The row that is next in each queue of work that is due and that nobody has taken: 'poll', 'digest', 'deliver'.

    A queue that moves has another head a moment later; the same head for minutes means that nobody claims. A head is
    named by its row and how often it was taken: a busy folder is always due, and always another visit.
    A target that is failing, or busy with another delivery, lets its deliveries wait rightly: they are not counted.
    """
    at = {"now": to_text(now), "run": run}
    untaken = "(lease_run IS NULL OR lease_run <> :run OR lease_until < :now)"
    queries = {
        "poll": f"""SELECT id || '/' || COALESCE(last_poll_at, '') FROM sources
                    WHERE {WATCHED} AND next_poll_at <= :now AND {untaken}
                    ORDER BY next_poll_at, id LIMIT 1""",
        "digest": f"""SELECT id || '/' || attempts FROM entries WHERE state = 'pending' AND try_at <= :now AND {untaken}
                      ORDER BY try_at, id LIMIT 1""",
        "deliver": """SELECT id || '/' || attempts FROM deliveries d
                      WHERE state IN ('pending', 'uncertain') AND try_at <= :now
                        AND NOT EXISTS (SELECT 1 FROM deliveries o WHERE o.channel = d.channel AND o.target = d.target
                                        AND o.state = 'claimed' AND o.lease_run = :run AND o.lease_until >= :now)
                        AND NOT EXISTS (SELECT 1 FROM targets t WHERE t.channel = d.channel AND t.target = d.target
                                        AND (t.disabled_at IS NOT NULL OR t.failing_since IS NOT NULL))
                      ORDER BY try_at, id LIMIT 1""",
    }
    found = {stage: db.execute(query, at).fetchone() for stage, query in queries.items()}
    return {stage: str(row[0]) for stage, row in found.items() if row is not None}


def probe(db: sqlite3.Connection, size: int) -> None:
    """Write `size` bytes: raises (StoreFull through the store) while there is no room for them. See `end_probe`."""
    db.execute(
        "INSERT OR REPLACE INTO state (key, value, updated_at) VALUES ('probe', hex(zeroblob(?)), '')", (size // 2,)
    )


def end_probe(db: sqlite3.Connection) -> None:
    """Take out what `probe` wrote, in a later transaction: pages freed in the same one are never written."""
    db.execute("DELETE FROM state WHERE key = 'probe'")
