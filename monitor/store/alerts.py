"""Alerts and silences. SQL only, in the caller's transaction; what is worth an alert is decided in stages/alert.py."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from monitor.model import Alert, AlertView, Hit
from monitor.stages.alert import Told
from monitor.stages.restraint import Route, Silence
from monitor.store import deliveries
from monitor.store.connection import from_text, to_text

CHUNK = 500  # parameters of one SELECT … IN

_VIEW = """
    SELECT a.*, m.rule_version, m.evidence, m.entry_id, r.title, r.byline, r.language, r.published_at AS article_date,
           substr(r.text, 1, 400) AS excerpt, COALESCE(e.url, r.url) AS url, e.published_at AS entry_date, e.seen_at,
           COALESCE(NULLIF(e.outlet, ''), NULLIF(r.outlet, ''), NULLIF(s.outlet, ''), s.slug) AS outlet
    FROM alerts a
    JOIN matches m ON m.id = a.match_id
    JOIN articles r ON r.id = a.article_id
    JOIN entries e ON e.id = m.entry_id
    JOIN sources s ON s.id = e.source_id"""


def told(db: sqlite3.Connection, *, story: int, article: int) -> Told:
    """What alerts there are of a story and an article."""
    rows = db.execute(
        """SELECT id, key, rule, story_id FROM alerts WHERE story_id = ?
           UNION SELECT id, key, rule, story_id FROM alerts WHERE article_id = ? ORDER BY id""",
        (story, article),
    ).fetchall()
    first: dict[str, int] = {}
    for row in rows:
        first.setdefault(row["rule"], row["id"])
    return Told(keys={row["key"]: row["id"] for row in rows}, first=first)


def add(
    db: sqlite3.Connection,
    alert: Alert,
    *,
    match: int,
    article: int,
    story: int,
    update_of: int | None,
    once_per: str,
    routes: Mapping[str, Route],
    now: datetime,
) -> int | None:
    """Write an alert and its deliveries. Returns its number; None if its key was there already: then nothing is done.

    `match`: the row of the match it rests on. A channel of the alert that has no route is passed over.
    """
    row = db.execute(
        """INSERT INTO alerts (key, rule, story_id, article_id, match_id, update_of, severity, created_at, because)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING RETURNING id""",
        (
            alert.key,
            alert.rule,
            story,
            article,
            match,
            update_of,
            alert.severity,
            to_text(alert.created_at),
            alert.because,
        ),
    ).fetchone()
    if row is None:
        return None
    number = int(row["id"])
    for channel in alert.channels:
        if channel in routes:
            deliveries.add_alert(
                db,
                routes[channel],
                alert=number,
                rule=alert.rule,
                severity=alert.severity,
                once_per=once_per,
                update_of=update_of,
                now=now,
            )
    return number


def views(db: sqlite3.Connection, numbers: Sequence[int], seen_before: datetime | None = None) -> list[AlertView]:
    """Alerts with all that a message about them needs, in the order of `numbers`; unknown numbers are left out.

    `seen_before`: other outlets of the story count only if they were seen by then, so that a retry says the same.
    """
    found: dict[int, AlertView] = {}
    for start in range(0, len(numbers), CHUNK):
        part = numbers[start : start + CHUNK]
        rows = db.execute(f"{_VIEW} WHERE a.id IN ({','.join('?' * len(part))})", part).fetchall()
        outlets = _story_outlets(db, {row["story_id"] for row in rows}, seen_before)
        found |= {row["id"]: _view(row, outlets.get(row["story_id"], ())) for row in rows}
    return [found[number] for number in numbers if number in found]


def newest(
    db: sqlite3.Connection,
    *,
    rule: str | None = None,
    mark: str | None = None,
    since: datetime | None = None,
    limit: int = 50,
) -> list[sqlite3.Row]:
    """Rows for a listing, the newest first: the alert, its title, outlet, sentence, and how its deliveries stand."""
    where, values = ["1"], []
    if rule is not None:
        where.append("a.rule = ?")
        values.append(rule)
    if mark is not None:
        where.append("a.mark IS NULL" if mark == "none" else "a.mark = ?")
        values += [] if mark == "none" else [mark]
    if since is not None:
        where.append("a.created_at >= ?")
        values.append(to_text(since))
    return db.execute(
        f"""SELECT a.id, a.key, a.created_at, a.rule, a.severity, a.mark, a.story_id, a.article_id, a.update_of,
                   r.title,
                   COALESCE(NULLIF(e.outlet, ''), NULLIF(r.outlet, ''), NULLIF(s.outlet, ''), s.slug) AS outlet,
                   COALESCE(e.url, r.url) AS url, m.sentence,
                   (SELECT json_group_object(state, n) FROM (
                       SELECT d.state, COUNT(*) AS n FROM delivery_alerts x JOIN deliveries d ON d.id = x.delivery_id
                       WHERE x.alert_id = a.id GROUP BY d.state)) AS deliveries
            FROM alerts a JOIN articles r ON r.id = a.article_id JOIN matches m ON m.id = a.match_id
            JOIN entries e ON e.id = m.entry_id JOIN sources s ON s.id = e.source_id
            WHERE {" AND ".join(where)} ORDER BY a.created_at DESC, a.id DESC LIMIT ?""",
        (*values, limit),
    ).fetchall()


def find(db: sqlite3.Connection, name: str) -> int | None:
    """The number of an alert given by number or key."""
    row = db.execute(
        "SELECT id FROM alerts WHERE key = ? OR id = ?", (name, int(name) if name.isdecimal() else None)
    ).fetchone()
    return None if row is None else int(row["id"])


def mark(db: sqlite3.Connection, number: int, verdict: str | None, now: datetime) -> bool:
    """Note what a reader thought of an alert: 'relevant', 'noise', or None to take it back. False if there is none."""
    marked_at = to_text(now) if verdict else None
    changed = db.execute("UPDATE alerts SET mark = ?, marked_at = ? WHERE id = ?", (verdict, marked_at, number))
    return bool(changed.rowcount)


# ── silences ────────────────────────────────────────────────────────────────────────────────────


def silences(db: sqlite3.Connection, now: datetime) -> list[Silence]:
    """The silences that hold now, the oldest first."""
    rows = db.execute("SELECT * FROM silences WHERE expired_at IS NULL AND until > ? ORDER BY id", (to_text(now),))
    return [_silence(row) for row in rows]


def add_silence(
    db: sqlite3.Connection, *, rule: str | None, source: str | None, until: datetime, comment: str, now: datetime
) -> int:
    """Write a silence. Returns its number."""
    done = db.execute(
        "INSERT INTO silences (rule, source, comment, created_at, until) VALUES (?, ?, ?, ?, ?)",
        (rule, source, comment, to_text(now), to_text(until)),
    )
    return int(done.lastrowid or 0)


def expire_silence(db: sqlite3.Connection, number: int, now: datetime) -> bool:
    """End a silence now. False if there is none of that number that holds."""
    moment = to_text(now)
    done = db.execute(
        "UPDATE silences SET expired_at = ? WHERE id = ? AND expired_at IS NULL AND until > ?", (moment, number, moment)
    )
    return bool(done.rowcount)


def all_silences(db: sqlite3.Connection, *, past: bool, now: datetime) -> list[sqlite3.Row]:
    """Rows for a listing, with how many matches each silence has kept quiet."""
    return db.execute(
        """SELECT s.*, (s.expired_at IS NULL AND s.until > :now) AS holds,
                  (SELECT COUNT(*) FROM matches m WHERE m.outcome = 'silenced' AND m.matched_at >= s.created_at
                      AND m.because LIKE 'silence ' || s.id || ' %') AS kept_quiet
           FROM silences s WHERE :past OR (s.expired_at IS NULL AND s.until > :now) ORDER BY s.id""",
        {"now": to_text(now), "past": past},
    ).fetchall()


# ── rows to values ──────────────────────────────────────────────────────────────────────────────


def _view(row: sqlite3.Row, outlets: Iterable[str]) -> AlertView:
    created, seen = from_text(row["created_at"]), from_text(row["seen_at"])
    assert created is not None
    assert seen is not None
    return AlertView(
        number=row["id"],
        key=row["key"],
        rule=row["rule"],
        rule_version=row["rule_version"],
        severity=row["severity"],
        created_at=created,
        title=row["title"],
        url=row["url"],
        outlet=row["outlet"],
        language=row["language"],
        byline=row["byline"],
        published_at=from_text(row["entry_date"]) or from_text(row["article_date"]),
        first_seen_at=seen,
        article=row["article_id"],
        story=row["story_id"],
        hits=tuple(_hit(hit) for hit in json.loads(row["evidence"])),
        because=row["because"],
        story_outlets=tuple(outlet for outlet in outlets if outlet != row["outlet"]),
        excerpt=row["excerpt"],
        update_of=row["update_of"],
    )


def _hit(said: dict[str, Any]) -> Hit:
    """A hit as it was stored. Keys that a newer program wrote are passed over."""
    return Hit(**{name: said[name] for name in Hit._fields if name in said})


def _story_outlets(
    db: sqlite3.Connection, stories: Iterable[int], seen_before: datetime | None
) -> dict[int, tuple[str, ...]]:
    """The outlets of each story in order of appearance, each once."""
    found: dict[int, dict[str, None]] = {}
    until = to_text(seen_before) if seen_before else "9"
    for story in stories:
        rows = db.execute(
            """SELECT COALESCE(NULLIF(e.outlet, ''), NULLIF(r.outlet, ''), NULLIF(s.outlet, ''), s.slug) AS outlet
               FROM articles r JOIN entries e ON e.article_id = r.id JOIN sources s ON s.id = e.source_id
               WHERE r.story_id = ? AND e.seen_at <= ? ORDER BY e.seen_at, e.id LIMIT 200""",
            (story, until),
        )
        found[story] = {row["outlet"]: None for row in rows}
    return {story: tuple(outlets) for story, outlets in found.items()}


def _silence(row: sqlite3.Row) -> Silence:
    until = from_text(row["until"])
    assert until is not None
    return Silence(number=row["id"], rule=row["rule"], source=row["source"], until=until, comment=row["comment"])
