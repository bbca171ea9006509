"""Every table, view and column that people can see is described, and nothing is described that is not there."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from monitor.desk import files, glossary
from monitor.desk.queries import QUERIES
from monitor.store import schema
from monitor.store.views import VIEWS


@pytest.fixture(scope="module")
def columns() -> Iterator[dict[str, list[str]]]:
    db = sqlite3.connect(":memory:", isolation_level=None)
    schema.migrate(db)
    yield {name: names for name, names in files.columns_of(db).items() if not name.startswith("articles_fts")}
    db.close()


def test_every_table_and_column_is_described(columns: dict[str, list[str]]) -> None:
    missing = [
        f"{table}.{name}"
        for table, names in columns.items()
        for name in names
        if table not in glossary.DESCRIBED or not glossary.column(table, name)
    ]
    assert missing == []


def test_nothing_is_described_that_is_not_there(columns: dict[str, list[str]]) -> None:
    assert set(glossary.DESCRIBED) == set(columns)
    own = {(table, name) for table, told in glossary.DESCRIBED.items() for name in told.columns}
    assert own <= {(table, name) for table, names in columns.items() for name in names}
    common = {
        name for table, names in columns.items() for name in names if name not in glossary.DESCRIBED[table].columns
    }
    assert set(glossary.COMMON) == common


def test_descriptions_are_sentences_and_measures_have_units() -> None:
    for name, table in glossary.DESCRIBED.items():
        assert table.text[0].isupper(), name
        assert table.text.endswith("."), name
        for one, told in table.columns.items():
            assert told.text, (name, one)
    for name, told in glossary.COMMON.items():
        if name.endswith("_at"):
            assert told.unit == "UTC, ISO 8601", name
        if name.endswith(("_bytes", "_seconds")):
            assert told.unit, name


def test_views_are_the_contract_that_queries_read() -> None:
    read = {view for view in VIEWS for query in QUERIES.values() if view in query.sql}
    assert {
        "alerts_today",
        "rule_matches",
        "story_timeline",
        "who_was_first",
        "removed_text",
        "suppressed_matches",
        "source_health",
        "quiet_sources",
        "funnel_of_a_day",
        "outbox",
        "spam_found",
        "alert_list",
    } <= read


def test_layout_names_columns_that_are_there(columns: dict[str, list[str]]) -> None:
    for table, layout in files.LAYOUT.items():
        for key in ("sort", "sort_desc", "label_column", "fts_pk"):
            assert layout.get(key) in (None, *columns[table]), (table, key)
        assert set(layout.get("facets", [])) <= set(columns[table]), table


def test_a_table_of_somebody_elses_is_let_through() -> None:
    told = files.metadata("monitor", {"mine": ["a"], "articles": ["id", "of_the_future"]})["databases"]["monitor"]
    assert told["tables"]["articles"]["columns"].keys() == {"id"}
    assert told["tables"]["mine"] == {"hidden": True, "description": "Not a table of the monitor's contract."}
