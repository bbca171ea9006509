"""Old unmatched news goes, everything that something rests on stays, and the index forgets what is gone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bench.store.generate import NOW, fill
from monitor.store import maintenance, retention, search
from monitor.store.connection import connect, to_text, transaction
from monitor.store.retention import Keep

DAY = 86400.0


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("retention") / "monitor.db"
    fill(path, 400, chars=300)
    return path


@pytest.fixture
def db(made: Path, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    copy = maintenance.backup(made, tmp_path / "monitor.db")
    connection = connect(copy)
    yield connection
    connection.close()


def everybody(db: sqlite3.Connection, **keep: float) -> dict[str, Keep]:
    return {row["slug"]: Keep(**keep) for row in db.execute("SELECT slug FROM sources")}


def prune(db: sqlite3.Connection, keep: dict[str, Keep], limit: int = retention.SLICE) -> int:
    went = 0
    while True:
        with transaction(db):
            step = retention.prune(db, keep, NOW, limit)
        went += step
        if not step:
            return went


def numbers(db: sqlite3.Connection, where: str = "1") -> set[int]:
    return {row["id"] for row in db.execute(f"SELECT id FROM articles WHERE {where}")}


def test_by_age_and_what_matched_stays(db: sqlite3.Connection) -> None:
    before = numbers(db)
    matched = numbers(db, "id IN (SELECT article_id FROM matches)")
    edge = to_text(NOW - timedelta(days=10))
    repeated = numbers(db, f"id IN (SELECT article_id FROM entries WHERE seen_at >= '{edge}')")
    young = numbers(db, f"seen_at >= '{edge}'")
    went = prune(db, everybody(db, age=10 * DAY))
    assert went > 100
    assert numbers(db) == matched | young | repeated
    assert len(before) - len(numbers(db)) == went
    assert prune(db, everybody(db, age=10 * DAY)) == 0


def test_by_number_the_newest_stay(db: sqlite3.Connection) -> None:
    source = db.execute("SELECT id, slug FROM sources LIMIT 1").fetchone()
    others = numbers(db, f"source_id <> {source['id']}")
    newest = [row["id"] for row in db.execute(
        "SELECT id FROM articles WHERE source_id = ? ORDER BY seen_at DESC LIMIT 5", (source["id"],))]  # fmt: skip
    assert prune(db, {source["slug"]: Keep(most=5)}) > 0
    assert set(newest) <= numbers(db)
    unmatched = numbers(db, f"source_id = {source['id']} AND id NOT IN (SELECT article_id FROM matches)"
                            " AND id NOT IN (SELECT article_id FROM entries WHERE state = 'copy')")  # fmt: skip
    assert unmatched <= set(newest)
    assert others <= numbers(db)


def test_without_limits_everything_stays(db: sqlite3.Connection) -> None:
    assert prune(db, everybody(db)) == 0
    assert prune(db, {"nobody": Keep(age=1.0)}) == 0
    assert len(numbers(db)) == 400


def test_what_holds_for_all_and_what_a_source_says_for_itself(db: sqlite3.Connection) -> None:
    spared = db.execute("SELECT id, slug FROM sources LIMIT 1").fetchone()
    own = numbers(db, f"source_id = {spared['id']}")
    with transaction(db):
        assert retention.prune(db, {spared["slug"]: Keep()}, NOW, 1000, otherwise=Keep(age=DAY)) > 100
    assert own <= numbers(db)


def test_a_pinned_story_stays(db: sqlite3.Connection) -> None:
    victim = db.execute(
        "SELECT id, story_id FROM articles WHERE id NOT IN (SELECT article_id FROM matches) ORDER BY seen_at LIMIT 1"
    ).fetchone()
    with transaction(db):
        db.execute("UPDATE stories SET pinned = 1 WHERE id = ?", (victim["story_id"],))
    prune(db, everybody(db, age=DAY))
    assert victim["id"] in numbers(db)


def test_nothing_dangles_and_the_index_forgets(db: sqlite3.Connection) -> None:
    query = search.parse("ceasefire OR bridge OR families OR officials")
    assert query is not None
    prune(db, everybody(db, age=DAY), limit=7)
    left = numbers(db)
    assert {row["id"] for row in search.find(db, query, limit=1000)} <= left
    # The index itself holds no word of what is gone, and all words of what is left.
    held = {
        row["rowid"] for row in db.execute("SELECT rowid FROM articles_fts WHERE articles_fts MATCH ?", (query.fts,))
    }
    assert held <= left
    db.execute("INSERT INTO articles_fts (articles_fts) VALUES ('integrity-check')")
    path = Path(db.execute("PRAGMA database_list").fetchone()["file"])
    assert maintenance.check(path) == []
    sizes = db.execute(
        "SELECT count(*) FROM stories s WHERE size <> (SELECT count(*) FROM articles a WHERE a.story_id = s.id)"
    )
    assert sizes.fetchone()[0] == 0


def test_an_entry_is_remembered_without_its_article(db: sqlite3.Connection) -> None:
    before = db.execute("SELECT count(*) FROM entries").fetchone()[0]
    prune(db, everybody(db, age=DAY))
    assert db.execute("SELECT count(*) FROM entries").fetchone()[0] == before
    assert db.execute("SELECT count(*) FROM entries WHERE article_id IS NULL").fetchone()[0] > 100


def test_a_story_that_others_were_joined_to_stays_empty(db: sqlite3.Connection) -> None:
    story, other = db.execute(
        """SELECT min(s.id), max(s.id) FROM stories s WHERE size = 1
           AND first_article_id NOT IN (SELECT article_id FROM matches)
           AND first_article_id NOT IN (SELECT article_id FROM entries WHERE state = 'copy')"""
    ).fetchone()
    with transaction(db):
        db.execute("UPDATE stories SET joined_to = ? WHERE id = ?", (story, other))
    prune(db, everybody(db, age=1.0))
    left = db.execute("SELECT size, first_article_id FROM stories WHERE id = ?", (story,)).fetchone()
    assert tuple(left) == (0, None)


def test_deleting_reads_no_whole_table(db: sqlite3.Connection) -> None:
    """Foreign keys look for rows that refer to a deleted one: each such column needs an index."""
    pruned = {"articles", "removed_blocks", "revisions", "stories"}
    for table in db.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%REFERENCES%'"
    ).fetchall():
        for key in db.execute(f"PRAGMA foreign_key_list({table['name']})").fetchall():
            if key["table"] in pruned:
                plan = " ".join(
                    row["detail"]
                    for row in db.execute(
                        f"EXPLAIN QUERY PLAN SELECT 1 FROM {table['name']} WHERE [{key['from']}] = ?", (1,)
                    )
                )
                assert "SCAN" not in plan, (table["name"], key["from"], plan)
