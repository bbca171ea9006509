"""The operator's view: counts, ages and troubles, each from an index."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

import pytest
from build import NOON

from monitor.ports import SourceRow
from monitor.store import notices, sources
from monitor.store.connection import Store, to_text
from monitor.store.overview import Overview, overview

HOUR = timedelta(hours=1)


def insert(db: sqlite3.Connection, table: str, **values: object) -> int:
    cursor = db.execute(
        f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})",
        [to_text(value) if isinstance(value, datetime) else value for value in values.values()],
    )
    return int(cursor.lastrowid or 0)


def fill(db: sqlite3.Connection) -> None:
    """Two sources, one failing; five entries; a rule with two matches and an alert; an outbox."""
    wire, broken, _ = (
        sources.upsert(db, SourceRow(slug=slug, kind="feed", address=f"http://127.0.0.1/{slug}", every=900.0), NOON)
        for slug in ("wire", "broken", "sleeping")
    )
    sources.succeeded(db, wire, NOON - HOUR, NOON + HOUR, cursor={})
    sources.failed(db, broken, NOON - HOUR, NOON + 2 * HOUR, health="failing", because="HTTP 503")
    sources.pause(db, "sleeping", NOON - HOUR, "too noisy")
    story = insert(db, "stories", first_seen_at=NOON, last_seen_at=NOON)
    article = insert(db, "articles", story_id=story, source_id=wire, text="x", seen_at=NOON - HOUR)
    entry = {"source_id": wire, "announced_hash": "x"}
    done = insert(
        db,
        "entries",
        **entry,
        guid="1",
        state="done",
        seen_at=NOON - 2 * HOUR,
        settled_at=NOON - HOUR,
        article_id=article,
    )
    insert(db, "entries", **entry, guid="2", state="pending", seen_at=NOON - 3 * HOUR, try_at=NOON)
    insert(db, "entries", **entry, guid="3", state="pending", seen_at=NOON - HOUR, try_at=NOON - HOUR)
    insert(db, "entries", **entry, guid="4", state="held", seen_at=NOON - HOUR)
    insert(db, "entries", **entry, guid="5", state="done", seen_at=NOON - 48 * HOUR, settled_at=NOON - 48 * HOUR)
    for slug in ("envoy", "silent"):
        insert(db, "rules", slug=slug, definition="{}", state="on", created_at=NOON, changed_at=NOON)
    match = {"rule_version": 1, "article_id": article, "story_id": story, "matched_at": NOON - HOUR}
    first = insert(db, "matches", rule="envoy", entry_id=done, **match)
    insert(db, "matches", rule="silent", entry_id=done, suppressed=1, **match)
    alert = {"rule": "envoy", "story_id": story, "article_id": article, "match_id": first, "severity": "high"}
    insert(db, "alerts", key="envoy/story:1", created_at=NOON - HOUR, **alert)
    insert(db, "alerts", key="envoy/story:0", created_at=NOON - 48 * HOUR, **alert)
    for number, (channel, state) in enumerate(
        [("mail", "pending"), ("mail", "uncertain"), ("mail", "dead"), ("hook", "sent"), ("hook", "sent")]
    ):
        insert(
            db, "deliveries", public_id=str(number), channel=channel, state=state,
            created_at=NOON - HOUR * (number + 1), try_at=NOON + HOUR * (number + 1),
            sent_at=NOON - HOUR * number if state == "sent" else None,
        )  # fmt: skip
    insert(db, "targets", channel="mail", target="a", failing_since=NOON - HOUR, last_error="421 too busy")
    insert(db, "silences", created_at=NOON, until=NOON + HOUR)
    insert(db, "silences", created_at=NOON, until=NOON - HOUR)
    insert(db, "polls", source_id=wire, started_at=NOON - HOUR, milliseconds=1.0, outcome="new")
    insert(db, "polls", source_id=wire, started_at=NOON - 48 * HOUR, milliseconds=1.0, outcome="failed")
    notices.begin(db, "source-failing/broken", "broken fails", NOON - HOUR, severity="high")


@pytest.fixture
def view(store: Store) -> Overview:
    store.write_now(fill)
    return store.read_now(lambda db: overview(db, NOON))


def test_an_empty_store_is_well(store: Store) -> None:
    view = store.read_now(lambda db: overview(db, NOON))
    assert (view.articles, view.pending, view.lanes, view.troubles) == (0, 0, (), ())
    assert view.stages == {"gather": None, "settle": None, "deliver": None}
    assert view.one_line() == "0 sources, 0 rules, 0 entries waiting, 0 deliveries waiting"


def test_sources_by_health_and_what_ails_them(view: Overview) -> None:
    assert view.sources == {"failing": 1, "ok": 1, "paused": 1}
    broken, sleeping = view.troubles
    assert (broken.slug, broken.health, broken.because, broken.failures) == ("broken", "failing", "HTTP 503", 1)
    assert (sleeping.slug, sleeping.health, sleeping.because) == ("sleeping", "paused", "too noisy")
    assert view.next_poll_at == NOON + HOUR


def test_what_waits_and_since_when(view: Overview) -> None:
    assert (view.pending, view.held) == (2, 1)
    assert view.oldest_pending_at == NOON - 3 * HOUR
    assert view.entries == {"done": 1, "held": 1, "pending": 2}


def test_each_stage_tells_its_last_success(view: Overview) -> None:
    assert view.stages == {"gather": NOON - HOUR, "settle": NOON - HOUR, "deliver": NOON - 3 * HOUR}


def test_rules_by_rate_without_what_was_suppressed(view: Overview) -> None:
    assert [(rule.slug, rule.matches, rule.alerts) for rule in view.rules] == [("envoy", 1, 1), ("silent", 0, 0)]
    assert view.alerts == 1


def test_the_outbox_by_channel(view: Overview) -> None:
    hook, mail = view.lanes
    assert (hook.sent, hook.pending, hook.oldest_at) == (2, 0, None)
    assert (mail.pending, mail.uncertain, mail.dead, mail.sent) == (1, 1, 1, 0)
    assert (mail.oldest_at, mail.next_at) == (NOON - 2 * HOUR, NOON + HOUR)
    assert (mail.failing_since, mail.last_error) == (NOON - HOUR, "421 too busy")
    assert view.next_delivery_at == NOON + HOUR


def test_the_rest(view: Overview) -> None:
    assert view.silences == 1
    assert view.polls == {"new": 1}
    assert [notice.key for notice in view.notices] == ["source-failing/broken"]
    assert view.one_line() == "3 sources, 2 rules, 1 failing, 2 entries waiting, 2 deliveries waiting, 1 dead"


def test_no_query_reads_a_whole_table_of_articles_or_entries(store: Store) -> None:
    """With a million articles that would be seconds."""
    store.write_now(fill)
    seen: list[str] = []

    def explain(db: sqlite3.Connection) -> list[str]:
        db.set_trace_callback(seen.append)
        overview(db, NOON)
        db.set_trace_callback(None)
        steps = []
        for query in seen:
            steps += [(str(row[3]), query) for row in db.execute("EXPLAIN QUERY PLAN " + query)]
        return [
            f"{step}: {query}"
            for step, query in steps
            if step in ("SCAN entries", "SCAN articles", "SCAN matches", "SCAN deliveries", "SCAN e")
            and "ORDER BY id DESC LIMIT" not in query
        ]

    assert store.read_now(explain) == []
