"""The schema's chain of migrations, and the views that people's own SQL rests on."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from monitor.store import schema
from monitor.store.views import VIEWS, create_views

CONTRACT = json.loads((Path(__file__).parent / "contract.json").read_text("utf-8"))


def empty() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", isolation_level=None)


def shape(db: sqlite3.Connection) -> set[tuple[str, str, str | None]]:
    return set(db.execute("SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"))


def test_step_by_step_is_the_same_as_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh, stepwise = empty(), empty()
    schema.migrate(fresh)
    steps = schema.MIGRATIONS
    for count in range(1, len(steps) + 1):
        monkeypatch.setattr(schema, "MIGRATIONS", steps[:count])
        monkeypatch.setattr(schema, "VERSION", count)
        assert schema.migrate(stepwise) == 1
    assert shape(stepwise) == shape(fresh)
    assert schema.migrate(fresh) == 0
    fresh.close()
    stepwise.close()


def test_a_step_that_fails_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    db = empty()
    schema.migrate(db)
    before = shape(db)

    def broken(db: sqlite3.Connection) -> None:
        db.execute("CREATE TABLE half (id INTEGER)")
        raise sqlite3.OperationalError("power cut")

    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, broken))
    monkeypatch.setattr(schema, "VERSION", schema.VERSION + 1)
    with pytest.raises(sqlite3.OperationalError):
        schema.migrate(db)
    assert shape(db) == before
    assert schema.version_of(db) == schema.VERSION - 1
    db.close()


@pytest.mark.parametrize("name", VIEWS)
def test_views_keep_their_columns(name: str) -> None:
    """A column is not renamed and not taken away; new ones come at the end. A new view goes into contract.json."""
    db = empty()
    schema.migrate(db)
    columns = [row[1] for row in db.execute(f"PRAGMA table_info({name})")]
    assert name in CONTRACT
    assert columns[: len(CONTRACT[name])] == CONTRACT[name]
    assert db.execute(f"SELECT * FROM {name}").fetchall() == []
    db.close()


def test_no_view_was_taken_away_and_making_them_anew_changes_nothing() -> None:
    assert set(CONTRACT) == set(VIEWS)
    db = empty()
    schema.migrate(db)
    before = shape(db)
    create_views(db)
    assert shape(db) == before
    db.close()


def test_what_a_site_was_known_to_repeat_outlives_the_upgrade(monkeypatch: pytest.MonkeyPatch) -> None:
    db = empty()
    steps = schema.MIGRATIONS
    monkeypatch.setattr(schema, "MIGRATIONS", steps[:1])
    monkeypatch.setattr(schema, "VERSION", 1)
    schema.migrate(db)
    db.execute("INSERT INTO profile_blocks (key, block, pages, seen_at) VALUES ('host:a', 7, 3, '2026-11-22')")
    monkeypatch.setattr(schema, "MIGRATIONS", steps)
    monkeypatch.setattr(schema, "VERSION", len(steps))
    assert schema.migrate(db) == len(steps) - 1
    assert db.execute("SELECT block, pages, below FROM profile_blocks").fetchall() == [(7, 3, 0)]
    db.close()
