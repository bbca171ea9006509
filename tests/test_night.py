"""The night's work over a whole store: what is over its age goes, the rest is put in order and copied."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from bench.store.generate import NOW, fill
from monitor import config as configuration
from monitor.app.night import backups, tidy_up
from monitor.model import Document
from monitor.store import maintenance, raw
from monitor.store.connection import Store

CONFIG = """
[monitor]
state = "."
[store]
raw = "30d"
keep = "20d"
polls = "1d"
backups = 2
[feeds.karwan-courier]
url = "https://karwan-courier.example/feed.xml"
keep = "0"
[feeds.amara-daily]
url = "https://amara-daily.example/feed.xml"
keep_most = 3
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    fill(tmp_path / "monitor.db", 300, chars=300)
    (tmp_path / "config.toml").write_text(CONFIG)
    return tmp_path


def test_a_night(folder: Path) -> None:
    config = configuration.load(folder / "config.toml")
    store = Store(config.monitor.database)
    raw_store = Store(config.monitor.raw_database, migrate=raw.migrate)
    try:
        old, fresh, evidence = (Document(body=body) for body in (b"old", b"fresh", b"evidence"))
        raw_store.write_now(lambda db: raw.add(db, [old, evidence], NOW - timedelta(days=40)))
        raw_store.write_now(lambda db: raw.add(db, [fresh], NOW))
        store.write_now(lambda db: db.execute(
            "UPDATE entries SET document_sha256 = ? WHERE id = (SELECT entry_id FROM matches JOIN alerts"
            " ON alerts.match_id = matches.id LIMIT 1)", (evidence.sha256,)))  # fmt: skip

        def count(query: str) -> int:
            return int(store.read_now(lambda db: db.execute(query).fetchone()[0]))

        before = count("SELECT count(*) FROM articles")
        spared = "SELECT count(*) FROM articles JOIN sources s ON s.id = source_id WHERE slug = 'karwan-courier'"
        own = count(spared)
        went = asyncio.run(tidy_up(store, raw_store, config, NOW))

        assert went["articles"] == before - count("SELECT count(*) FROM articles") > 0
        assert count(spared) == own
        unmatched = "AND a.id NOT IN (SELECT article_id FROM matches)"
        younger = "AND a.id NOT IN (SELECT article_id FROM entries WHERE state = 'copy')"
        assert count(f"SELECT count(*) FROM articles a JOIN sources s ON s.id = source_id"
                     f" WHERE slug = 'amara-daily' {unmatched} {younger}") <= 3  # fmt: skip
        assert count("SELECT count(*) FROM sketches WHERE month = 0") == 0
        assert went["polls"] > 0
        assert went["documents"] == 1
        assert raw_store.read_now(lambda db: raw.get(db, old.sha256)) is None
        for kept in (fresh, evidence):
            assert raw_store.read_now(lambda db, kept=kept: raw.get(db, kept.sha256)) is not None
        again = asyncio.run(tidy_up(store, raw_store, config, NOW))
        assert again.get("articles", 0) == 0
    finally:
        store.close()
        raw_store.close()
    assert maintenance.check(config.monitor.database) == []
    (copy,) = backups(config).iterdir()
    assert maintenance.check(copy) == []


def test_only_so_many_copies_stay(folder: Path) -> None:
    config = configuration.load(folder / "config.toml")
    store = Store(config.monitor.database)
    raw_store = Store(config.monitor.raw_database, migrate=raw.migrate)
    try:
        for night in range(4):
            asyncio.run(tidy_up(store, raw_store, config, NOW + timedelta(days=night)))
    finally:
        store.close()
        raw_store.close()
    assert [one.name for one in sorted(backups(config).iterdir())] == [
        "monitor-2026-11-24T0930.db",
        "monitor-2026-11-25T0930.db",
    ]
