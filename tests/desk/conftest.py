"""A store of invented news, hostile titles among it, behind a real Datasette."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.store.generate import fill
from monitor.stages.words import index_text
from monitor.store.connection import connect

HOSTILE = (
    "<script>window.bitten = 1</script>",
    '"><img src=x onerror="window.bitten = 1">',
    "{{ 7 * 7 }}{% raw %}<svg onload=window.bitten=1>",
    "\u202eevil\u202c <a href='javascript:window.bitten=1'>click</a>",
    "</title></style></textarea><iframe srcdoc='<script>parent.bitten=1</script>'>",
)
BAD_URLS = (
    "javascript:window.bitten=1",
    "data:text/html,<script>1</script>",
    "vbscript:x",
    "//evil.example/x",
    "\x01javascript:1",
)


POISON = (
    """UPDATE articles SET title = :text, byline = :text, outlet = :text, because = :text, url = :url,
       canonical_url = :url, text = :text || char(10) || char(10) || text, revisions = revisions + 1
       WHERE id = :number""",
    """UPDATE entries SET title = :text, outlet = :text, author = :text, because = :text, url = :url
       WHERE article_id = :number""",
    "UPDATE stories SET title = :text WHERE id = (SELECT story_id FROM articles WHERE id = :number)",
    "UPDATE removed_blocks SET text = :text, reason = :text WHERE article_id = :number",
    "UPDATE matches SET sentence = :text, because = :text, evidence = :evidence WHERE article_id = :number",
    "UPDATE alerts SET because = :text WHERE article_id = :number",
    """INSERT INTO revisions (article_id, replaced_at, title, text, because)
       VALUES (:number, '2026-11-22T01:00:00.000Z', :old, :old, :text)""",
)


def evidence(text: str) -> str:
    """A match's evidence in which everything is hostile."""
    hit = {"term": text, "field": "title", "start": 0, "end": 8, "sentence": text, "sentence_start": 0, "variant": ""}
    return json.dumps([hit])


def poison(path: Path) -> list[int]:
    """Put hostile text into every field of the newest articles that feeds can fill. Returns their numbers."""
    with closing(connect(path)) as db:
        numbers = [row["article_id"] for row in db.execute(
            "SELECT article_id FROM alerts GROUP BY article_id ORDER BY max(id) DESC LIMIT 5")]  # fmt: skip
        for number, text, url in zip(numbers, HOSTILE, BAD_URLS, strict=True):
            values = {"text": text, "url": url, "number": number, "evidence": evidence(text), "old": text + " before"}
            for statement in POISON:
                db.execute(statement, values)
            words = (number, index_text("bitten " + text), "bitten")
            db.execute("INSERT INTO articles_fts (rowid, text, title) VALUES (?, ?, ?)", words)
        db.execute("UPDATE deliveries SET last_error = ?, target = ?", HOSTILE[:2])
        db.execute("UPDATE spam_hosts SET host = ?", (HOSTILE[0],))
        db.execute("UPDATE notices SET text = ?, remedy = ?", HOSTILE[:2])
        db.execute("UPDATE sources SET health_because = ?, address = ? WHERE id = 6", (HOSTILE[1], BAD_URLS[0]))
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return numbers


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean store of 400 articles, the newest a minute old."""
    path = tmp_path_factory.mktemp("desk") / "monitor.db"
    fill(path, 400, chars=600, now=datetime.now(UTC))
    return path


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[int]]:
    """A store whose newest alerted articles are hostile in every field, and their numbers."""
    path = tmp_path_factory.mktemp("hostile") / "monitor.db"
    fill(path, 200, chars=600, now=datetime.now(UTC))
    return path, poison(path)
