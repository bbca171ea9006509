"""The outbox's rows: born in the transaction of what they tell, claimed by lane, settled. SQL only.

A lane is a channel and one of its targets. Its next delivery is the first entry of an index, so that a claim costs the
same under a hundred and a hundred thousand waiting rows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.model import AlertView, Delivery, DeliveryState
from monitor.stages import backoff
from monitor.stages.restraint import Placement, Route, hold_back, place, wanted
from monitor.store import notices
from monitor.store.connection import from_text, to_text

LISTED = {"digest": 60, "summary": 10}  # alerts told in one message; the rest is counted
WAITING = "state IN ('pending', 'uncertain')"


@dataclass(frozen=True, slots=True, order=True)
class Lane:
    """A channel and one of its targets."""

    channel: str
    target: str

    def notice(self, what: str) -> str:
        """The key of a notice about this lane."""
        return f"{what}/{self.channel}" + (f"/{self.target}" if self.target else "")


# ── born ────────────────────────────────────────────────────────────────────────────────────────


def add_alert(
    db: sqlite3.Connection,
    route: Route,
    *,
    alert: int,
    rule: str,
    severity: str,
    once_per: str,
    update_of: int | None,
    now: datetime,
) -> list[int]:
    """Write the deliveries of one alert to one channel, or join those that wait. Returns their numbers."""
    policy = route.policy
    if not wanted(policy, severity):
        return []
    numbers = []
    noisy = notices.stands(db, notices.NOISY_RULE + rule)
    for target in route.targets:
        sent = _sent_since(db, route.channel, target, rule, now - policy.cap_window) if policy.cap else 0
        placed = place(policy, rule=rule, severity=severity, once_per=once_per, sent=sent, now=now)
        if noisy and placed.kind == "alert":
            placed = hold_back(rule, now)
        number = _open(db, route.channel, target, placed, rule, update_of, now)
        db.execute(
            "INSERT INTO delivery_alerts (alert_id, channel, target, delivery_id) VALUES (?, ?, ?, ?)",
            (alert, route.channel, target, number),
        )
        numbers.append(number)
    return numbers


def add_message(
    db: sqlite3.Connection, routes: Iterable[Route], *, kind: str, subject: str, body: str, now: datetime
) -> list[int]:
    """Write deliveries that tell no alert: notices and heartbeats. Returns their numbers."""
    placed = Placement(kind=kind, group="", due_at=now)
    return [
        _insert(db, route.channel, target, placed, "", None, now, subject=subject, body=body)
        for route in routes
        for target in route.targets
    ]


def resend(db: sqlite3.Connection, alert: int, routes: Iterable[Route], rule: str, now: datetime) -> list[int]:
    """Write new deliveries, with new ids, of an alert that may have been delivered before. Returns their numbers."""
    numbers = []
    placed = Placement(kind="alert", group="", due_at=now, because="sent again by hand")
    for route in routes:
        for target in route.targets:
            number = _insert(db, route.channel, target, placed, rule, None, now)
            db.execute(
                """INSERT INTO delivery_alerts (alert_id, channel, target, again, delivery_id)
                   SELECT :alert, :channel, :target, COALESCE(MAX(again), 0) + 1, :delivery FROM delivery_alerts
                   WHERE alert_id = :alert AND channel = :channel AND target = :target""",
                {"alert": alert, "channel": route.channel, "target": target, "delivery": number},
            )
            numbers.append(number)
    return numbers


def _sent_since(db: sqlite3.Connection, channel: str, target: str, rule: str, since: datetime) -> int:
    return int(
        db.execute(
            """SELECT COUNT(*) FROM deliveries
               WHERE kind = 'alert' AND channel = ? AND target = ? AND rule = ? AND created_at > ?""",
            (channel, target, rule, to_text(since)),
        ).fetchone()[0]
    )


def _open(
    db: sqlite3.Connection,
    channel: str,
    target: str,
    placed: Placement,
    rule: str,
    update_of: int | None,
    now: datetime,
) -> int:
    """The message that waits for this group, or a new one. A claim closes a group, so what waits has not been sent."""
    if placed.group:
        row = db.execute(
            "SELECT id FROM deliveries WHERE channel = ? AND target = ? AND group_key = ? AND group_key <> ''",
            (channel, target, placed.group),
        ).fetchone()
        if row is not None:
            return int(row["id"])
    return _insert(db, channel, target, placed, rule, update_of, now)


def _insert(
    db: sqlite3.Connection,
    channel: str,
    target: str,
    placed: Placement,
    rule: str,
    update_of: int | None,
    now: datetime,
    *,
    subject: str = "",
    body: str = "",
) -> int:
    off = db.execute(
        "SELECT disabled_because FROM targets WHERE channel = ? AND target = ? AND disabled_at IS NOT NULL",
        (channel, target),
    ).fetchone()
    thread = ""
    if update_of is not None:
        first = db.execute(
            """SELECT d.public_id FROM delivery_alerts x JOIN deliveries d ON d.id = x.delivery_id
               WHERE x.alert_id = ? AND x.channel = ? AND x.target = ? ORDER BY x.again LIMIT 1""",
            (update_of, channel, target),
        ).fetchone()
        thread = first["public_id"] if first else ""
    due = to_text(placed.due_at)
    done = db.execute(
        """INSERT INTO deliveries (public_id, channel, target, kind, rule, group_key, state, because, subject, body,
                                   thread_id, created_at, due_at, try_at, last_error, last_error_kind)
           VALUES (lower(hex(randomblob(16))), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            channel,
            target,
            placed.kind,
            rule if placed.group in ("", f"day/{rule}", f"cap/{rule}") else "",
            "" if off else placed.group,
            DeliveryState.DEAD if off else DeliveryState.PENDING,
            placed.because,
            subject,
            body,
            thread,
            to_text(now),
            due,
            due,
            f"the target is disabled: {off['disabled_because']}" if off else "",
            "disabled" if off else "",
        ),
    )
    return int(done.lastrowid or 0)


# ── claimed ─────────────────────────────────────────────────────────────────────────────────────


def due_lanes(db: sqlite3.Connection, now: datetime) -> list[Lane]:
    """The lanes in which something is due and that are not on hold: one look into the index for each lane."""
    moment = to_text(now)
    held = {
        (row["channel"], row["target"])
        for row in db.execute("SELECT channel, target FROM targets WHERE hold_until > ?", (moment,))
    }
    lanes: list[Lane] = []
    row = _first_of_lane(db, "1")
    while row is not None:
        lane = Lane(row["channel"], row["target"])
        if row["try_at"] <= moment and (lane.channel, lane.target) not in held:
            lanes.append(lane)
        # Not (channel, target) > (?, ?): SQLite would walk over every row of the lane it leaves.
        row = _first_of_lane(db, "channel = ? AND target > ?", lane.channel, lane.target)
        if row is None:
            row = _first_of_lane(db, "channel > ?", lane.channel)
    return lanes


def _first_of_lane(db: sqlite3.Connection, where: str, *values: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute(
        f"""SELECT channel, target, try_at FROM deliveries INDEXED BY deliveries_due
            WHERE {WAITING} AND {where} ORDER BY channel, target, try_at LIMIT 1""",
        values,
    ).fetchone()
    return row


def claim(
    db: sqlite3.Connection, lanes: Iterable[Lane], now: datetime, run: str, lease: timedelta, limit: int
) -> dict[Lane, list[int]]:
    """Lease up to `limit` due deliveries of each lane, one only where the last attempt failed. Closes their groups."""
    claimed: dict[Lane, list[int]] = {}
    moment = to_text(now)
    for lane in lanes:
        failing = db.execute(
            "SELECT 1 FROM targets WHERE channel = ? AND target = ? AND failures > 0", (lane.channel, lane.target)
        ).fetchone()
        rows = db.execute(
            f"""UPDATE deliveries SET state = 'claimed', attempts = attempts + 1, group_key = '', lease_run = ?,
                       lease_until = ?, last_attempt_at = ?
                WHERE id IN (SELECT id FROM deliveries INDEXED BY deliveries_due
                             WHERE {WAITING} AND channel = ? AND target = ? AND try_at <= ?
                             ORDER BY try_at, id LIMIT ?) RETURNING id""",
            (run, to_text(now + lease), moment, lane.channel, lane.target, moment, 1 if failing else limit),
        ).fetchall()
        if rows:
            claimed[lane] = sorted(int(row["id"]) for row in rows)
    return claimed


def load(
    db: sqlite3.Connection,
    numbers: Sequence[int],
    views: Callable[[sqlite3.Connection, Sequence[int], datetime | None], list[AlertView]],
) -> list[Delivery]:
    """Deliveries with their alerts (`views`: store.alerts.views), in the order of `numbers`."""
    made = []
    for number in numbers:
        row = db.execute("SELECT * FROM deliveries WHERE id = ?", (number,)).fetchone()
        if row is None:
            continue
        alerts = [
            int(one["alert_id"])
            for one in db.execute(
                "SELECT alert_id FROM delivery_alerts WHERE delivery_id = ? ORDER BY alert_id", (number,)
            )
        ]
        listed = alerts[: LISTED.get(row["kind"], 60)]
        due, created = from_text(row["due_at"]), from_text(row["created_at"])
        assert created is not None
        made.append(
            Delivery(
                number=number,
                public_id=row["public_id"],
                channel=row["channel"],
                target=row["target"],
                kind=row["kind"],
                created_at=created,
                due_at=due,
                attempts=row["attempts"],
                subject=row["subject"],
                body=row["body"],
                thread_id=row["thread_id"],
                alerts=tuple(views(db, listed, due)) if listed else (),
                more=len(alerts) - len(listed),
            )
        )
    return made


# ── settled ─────────────────────────────────────────────────────────────────────────────────────


def sent(db: sqlite3.Connection, number: int, receipt: str, now: datetime) -> None:
    """The other side has it."""
    db.execute(
        """UPDATE deliveries SET state = 'sent', sent_at = ?, receipt = ?, last_error = '', last_error_kind = '',
                  lease_run = NULL, lease_until = NULL WHERE id = ?""",
        (to_text(now), receipt, number),
    )


def postpone(db: sqlite3.Connection, number: int, try_at: datetime, error: str, kind: str, *, uncertain: bool) -> None:
    """It failed for now, or nobody knows whether it did."""
    state = DeliveryState.UNCERTAIN if uncertain else DeliveryState.PENDING
    db.execute(
        """UPDATE deliveries SET state = ?, try_at = ?, last_error = ?, last_error_kind = ?, lease_run = NULL,
                  lease_until = NULL WHERE id = ? AND state = 'claimed'""",
        (state, to_text(try_at), error, kind, number),
    )


def bury(db: sqlite3.Connection, number: int, error: str, kind: str) -> None:
    """It is given up: a dead letter, shown until it is retried or dropped."""
    db.execute(
        """UPDATE deliveries SET state = 'dead', last_error = ?, last_error_kind = ?, lease_run = NULL,
                  lease_until = NULL WHERE id = ? AND state = 'claimed'""",
        (error, kind, number),
    )


def release(db: sqlite3.Connection, numbers: Iterable[int]) -> None:
    """Give back what was claimed and not begun: the attempt does not count."""
    db.executemany(
        """UPDATE deliveries SET state = 'pending', attempts = attempts - 1, lease_run = NULL, lease_until = NULL
           WHERE id = ? AND state = 'claimed'""",
        [(number,) for number in numbers],
    )


def recover(db: sqlite3.Connection, run: str, now: datetime) -> int:
    """Void the leases of other runs: what they had claimed may have been sent. Returns how many there were."""
    return db.execute(
        """UPDATE deliveries SET state = 'uncertain', try_at = ?, lease_run = NULL, lease_until = NULL,
                  last_error = 'the program ended while it was being sent', last_error_kind = 'crash'
           WHERE state = 'claimed' AND lease_run IS NOT ?""",
        (to_text(now), run),
    ).rowcount


def clamp_clock(db: sqlite3.Connection, now: datetime, latest: Callable[[str, str], datetime]) -> int:
    """Pull in what a wrong clock left too far ahead. Returns how many rows.

    `latest(channel, group)`: when an open message of that group is due at the latest.
    """
    furthest = to_text(now + timedelta(seconds=backoff.LONGEST))
    changed = db.execute(
        f"""UPDATE deliveries SET try_at = :now WHERE {WAITING} AND group_key = ''
              AND (try_at > :furthest OR (attempts = 0 AND try_at > :now))""",
        {"now": to_text(now), "furthest": furthest},
    ).rowcount
    groups = db.execute(f"SELECT id, channel, group_key, try_at FROM deliveries WHERE {WAITING} AND group_key <> ''")
    for row in groups.fetchall():
        limit = to_text(latest(row["channel"], row["group_key"]))
        if row["try_at"] > limit:
            db.execute("UPDATE deliveries SET try_at = ?, due_at = ? WHERE id = ?", (limit, limit, row["id"]))
            changed += 1
    held = to_text(now + timedelta(seconds=backoff.RETRY_AFTER_LIMIT))
    return changed + db.execute("UPDATE targets SET hold_until = NULL WHERE hold_until > ?", (held,)).rowcount


def shift_clock(db: sqlite3.Connection, seconds: float) -> int:
    """The clock was set back by `seconds` while we ran: move retries with it. Returns how many rows."""
    change = f"-{seconds:.3f} seconds"
    form = "%Y-%m-%dT%H:%M:%fZ"
    moved = db.execute(
        f"UPDATE deliveries SET try_at = strftime(?, try_at, ?) WHERE {WAITING} AND group_key = ''", (form, change)
    ).rowcount
    db.execute(
        "UPDATE targets SET hold_until = strftime(?, hold_until, ?) WHERE hold_until IS NOT NULL", (form, change)
    )
    return moved


def orphans(db: sqlite3.Connection, known: Mapping[str, Sequence[str]]) -> int:
    """Bury what waits for a channel or target that is configured no more. Returns how many."""
    buried = 0
    for row in db.execute(f"SELECT DISTINCT channel, target FROM deliveries WHERE {WAITING}").fetchall():
        if row["target"] not in known.get(row["channel"], ()):
            buried += db.execute(
                f"""UPDATE deliveries SET state = 'dead', group_key = '', last_error_kind = 'orphan',
                           last_error = 'the configuration has no such channel or target any more'
                    WHERE {WAITING} AND channel = ? AND target = ?""",
                (row["channel"], row["target"]),
            ).rowcount
    return buried
