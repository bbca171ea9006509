"""Rarity survives a restart, forgets with the months, and is made anew when its file is lost."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from monitor.errors import StoreError
from monitor.model import Article, Digest, Ruling
from monitor.stages.compare import tokens
from monitor.stages.fingerprint import ascending, shingles
from monitor.store import articles, schema
from monitor.store.connection import connect, transaction
from monitor.store.rarity import Rarity

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
SMALL = 12


def hashes(text: str) -> np.ndarray:
    words = text.split()
    return ascending(np.concatenate((shingles(words), shingles(words, 1))))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "monitor.rarity"


def test_counts_are_told_and_kept(path: Path) -> None:
    rarity = Rarity(path, NOW, bits=SMALL)
    for number in range(3):
        rarity.count(hashes("a notice under every story"), article=number, founded=True, now=NOW)
    rarity.count(hashes("once seen"), article=9, founded=False, now=NOW)
    rarity.close()
    again = Rarity(path, NOW, bits=SMALL)
    assert again(shingles(["a", "notice", "under"])).round().tolist() == [3.0]
    assert again(shingles(["once", "seen"])).round().tolist() == [1.0]
    assert again(shingles(["never", "seen"])).round().tolist() == [0.0]
    assert (again.stories, again.last_article) == (3.0, 9)
    again.close()


def test_a_month_halves_what_was_counted(path: Path) -> None:
    rarity = Rarity(path, NOW, bits=SMALL)
    for number in range(8):
        rarity.count(hashes("a notice"), article=number, founded=True, now=NOW)
    rarity.close()
    later = Rarity(path, NOW + timedelta(days=61), bits=SMALL)
    assert later(shingles(["a", "notice"])).round().tolist() == [2.0]
    assert later.stories == 2.0
    later.close()


def test_a_counter_that_is_full_stays_full(path: Path) -> None:
    rarity = Rarity(path, NOW, bits=SMALL)
    for number in range(300):
        rarity.count(hashes("a notice"), article=number, founded=True, now=NOW)
    assert rarity(shingles(["a", "notice"]))[0] > 200
    rarity.close()


def test_collisions_are_taken_off_on_average(path: Path) -> None:
    rarity, chance = Rarity(path, NOW, bits=SMALL), np.random.default_rng(1)
    for number in range(100):
        new = np.unique(chance.integers(0, 2**63, 250).astype(np.uint64))
        rarity.count(new, article=number, founded=True, now=NOW)
    unseen = rarity(chance.integers(0, 2**63, 2000).astype(np.uint64))
    assert unseen.mean() < 1.0  # each counter holds six others by now
    rarity.close()


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"\0" * 12288, b"\xff" * 12288])
def test_a_damaged_file_is_begun_anew(path: Path, damage: bytes) -> None:
    path.write_bytes(damage)
    rarity = Rarity(path, NOW, bits=SMALL)
    assert rarity(hashes("a notice")).tolist() == [0.0, 0.0, 0.0]
    assert rarity.stories == 0
    rarity.close()


def test_where_it_cannot_be_written_the_error_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot open .*monitor\.rarity"):
        Rarity(tmp_path / "missing" / "monitor.rarity", NOW)


def test_a_lost_file_is_made_anew_from_the_stories(path: Path, tmp_path: Path) -> None:
    db: sqlite3.Connection = connect(tmp_path / "monitor.db")
    schema.migrate(db)
    db.execute(
        """INSERT INTO sources (slug, kind, address, every_seconds, next_poll_at, created_at)
           VALUES ('wire', 'feed', 'https://example.com/feed', 900, '', '')"""
    )
    text = "Sign in to your account to read on."
    with transaction(db):
        for _ in range(4):
            articles.add(db, 1, Digest(article=Article(title="", text=text)), Ruling(kind="fresh"), NOW)
        story = articles.story_of(db, 1)
        articles.add(db, 1, Digest(article=Article(title="", text=text)), Ruling(kind="echo", story=story), NOW)
    rarity = Rarity(path, NOW, bits=SMALL)
    assert rarity.catch_up(db, NOW) == 4
    assert rarity(shingles(tokens(text))).round().tolist() == [4.0] * 6
    assert rarity.catch_up(db, NOW) == 0
    rarity.close()
    db.close()
