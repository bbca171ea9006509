"""raw.db keeps documents as they came, for a while."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from monitor.errors import StoreTooNew
from monitor.model import Document
from monitor.store import raw
from monitor.store.connection import Store, connect

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PAGE = Document(
    body="<p>Grüße</p>".encode() * 100,
    media_type="text/html",
    charset="utf-8",
    url="https://example.org/a",
    headers={"etag": "x"},
    fetched_at=NOW,
)


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "raw.db", migrate=raw.migrate)
    yield store
    store.close()


def add(store, *documents, now=NOW):
    store.write_now(lambda db: raw.add(db, documents, now))


def get(store, sha256):
    return store.read_now(lambda db: raw.get(db, sha256))


def test_a_document_comes_back_byte_for_byte(store):
    empty = Document(body=b"", fetched_at=NOW)
    add(store, PAGE, PAGE, empty)

    assert get(store, PAGE.sha256) == PAGE
    assert get(store, empty.sha256) == empty
    assert get(store, "unknown") is None
    assert store.read_now(lambda db: db.execute("SELECT LENGTH(body) FROM documents").fetchone()[0]) < len(PAGE.body)


def test_the_old_go_and_what_an_alert_rests_on_stays(store):
    other = Document(body=b"other", fetched_at=NOW)
    new = Document(body=b"new", fetched_at=NOW + timedelta(days=20))
    add(store, PAGE, other, new)

    gone = store.write_now(lambda db: raw.prune(db, NOW + timedelta(days=10), keep=frozenset({PAGE.sha256})))

    assert gone == 1
    assert [bool(get(store, one.sha256)) for one in (PAGE, other, new)] == [True, False, True]


def test_a_newer_file_is_refused(tmp_path, store):
    store.maintain(lambda db: db.execute("PRAGMA user_version = 99"))
    db = connect(tmp_path / "raw.db")

    with pytest.raises(StoreTooNew, match="newer version"):
        raw.migrate(db)
    db.close()
