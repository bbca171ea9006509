"""Candidates are found by address, by exact text and by sketch; a common key tells nothing; old months are left."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.model import Article, Digest, Fingerprint, Ruling
from monitor.store import articles, candidates, schema
from monitor.store.connection import connect, transaction

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


@pytest.fixture
def db(tmp_path: Path) -> sqlite3.Connection:
    connection = connect(tmp_path / "monitor.db")
    schema.migrate(connection)
    connection.execute(
        """INSERT INTO sources (slug, kind, address, every_seconds, next_poll_at, created_at)
           VALUES ('wire', 'feed', 'https://example.com/feed', 900, '', '')"""
    )
    yield connection
    connection.close()


def an_article(*keys: int, exact: str = "", url: str | None = None) -> Article:
    return Article(
        title="A title", text="Some text.", canonical_url=url, fingerprint=Fingerprint(exact=exact, keys=keys)
    )


def store(
    db: sqlite3.Connection, *keys: int, exact: str = "", url: str | None = None, story: int | None = None,
    seen: datetime = NOW,
) -> int:  # fmt: skip
    article = an_article(*keys, exact=exact, url=url)
    with transaction(db):
        number, _ = articles.add(db, 1, Digest(article=article), Ruling(kind="fresh", story=story), seen)
        candidates.add(db, number, article.fingerprint)
        candidates.sort_in(db)
    return number


def found(db: sqlite3.Connection, article: Article, seen: datetime = NOW) -> list[int]:
    return [candidate.article for candidate in candidates.find(db, article, seen)]


def test_two_shared_keys_make_a_candidate_and_one_does_not(db: sqlite3.Connection) -> None:
    one = store(db, 1, 2, 3)
    store(db, 3, 4, 5)
    assert found(db, an_article(1, 2, 4)) == [one]


def test_a_candidate_carries_what_the_comparison_needs(db: sqlite3.Connection) -> None:
    number = store(db, -5, 7, exact="ab", url="https://example.com/a")
    (candidate,) = candidates.find(db, an_article(-5, 7), NOW)
    assert (candidate.article, candidate.title, candidate.text) == (number, "A title", "Some text.")
    assert (candidate.source, candidate.shared, candidate.fingerprint.exact) == ("wire", 2, "ab")
    assert candidate.story == articles.story_of(db, number)


def test_rare_keys_count_for_more_than_common_ones(db: sqlite3.Connection) -> None:
    boilerplate = (100, 101, 102)
    original = store(db, *boilerplate, 1, 2)
    for number in range(30):
        store(db, *boilerplate, 1000 + number)
    assert found(db, an_article(*boilerplate, 1, 2))[0] == original


def test_a_story_that_everybody_prints_is_found_by_a_cut_copy(db: sqlite3.Connection) -> None:
    keys = range(1, 8)
    story = articles.story_of(db, store(db, *keys))
    for number in range(80):
        store(db, *keys, 1000 + number, story=story)
    (candidate,) = candidates.find(db, an_article(*keys, 77), NOW)
    assert candidate.story == story


def test_boilerplate_alone_makes_no_candidate(db: sqlite3.Connection) -> None:
    for number in range(30):
        store(db, 100, 101, 1000 + number)
    assert found(db, an_article(100, 101, 5)) == []


def test_a_key_of_thousands_is_looked_at_from_the_newest(db: sqlite3.Connection) -> None:
    with transaction(db):
        db.executemany("INSERT INTO sketches VALUES (?, 100, ?)", [(candidates.month_of(NOW), n) for n in range(5000)])
    one = store(db, 1, 2)
    assert found(db, an_article(1, 2, 100)) == [one]


def test_a_story_with_many_members_leaves_room_for_others(db: sqlite3.Connection) -> None:
    keys = range(1, 21)
    story = articles.story_of(db, store(db, *keys))
    for _ in range(8):
        store(db, *keys, story=story)
    other = store(db, 25, 26)
    numbers = found(db, an_article(*keys, 25, 26))
    assert other in numbers
    assert len(numbers) == candidates.BEST_OF_STORY + 1


def test_the_same_address_and_the_same_words_come_first_whatever_their_age(db: sqlite3.Connection) -> None:
    long_ago = NOW - timedelta(days=400)
    same_words = store(db, 8, 9, exact="ab", seen=long_ago)
    same_address = store(db, url="https://example.com/a", seen=long_ago)
    alike = store(db, 1, 2)
    assert found(db, an_article(1, 2, exact="ab", url="https://example.com/a")) == [same_address, same_words, alike]


def test_an_empty_text_is_nobodys_copy(db: sqlite3.Connection) -> None:
    store(db)
    assert found(db, an_article()) == []


@pytest.mark.parametrize(("days", "expected"), [(10, 1), (40, 1), (75, 0)])
def test_two_months_are_searched(db: sqlite3.Connection, days: int, expected: int) -> None:
    store(db, 1, 2, seen=NOW - timedelta(days=days))
    assert len(found(db, an_article(1, 2))) == expected


def test_the_turn_of_the_year_is_a_turn_of_the_month(db: sqlite3.Connection) -> None:
    number = store(db, 1, 2, seen=datetime(2026, 12, 31, 23, 59, tzinfo=UTC))
    assert found(db, an_article(1, 2), datetime(2027, 1, 1, 0, 1, tzinfo=UTC)) == [number]


def test_an_article_may_be_made_findable_twice(db: sqlite3.Connection) -> None:
    number = store(db, 1, 2)
    with transaction(db):
        candidates.add(db, number, Fingerprint(exact="", keys=(2, 3)))
    assert found(db, an_article(1, 2)) == found(db, an_article(2, 3)) == [number]


def test_what_came_today_is_found_before_and_after_it_is_sorted_in(db: sqlite3.Connection) -> None:
    numbers = []
    with transaction(db):
        for n in range(40):
            article = an_article(*range(n, n + 5))
            number, _ = articles.add(db, 1, Digest(article=article), Ruling(kind="fresh"), NOW)
            candidates.add(db, number, article.fingerprint)
            numbers.append(number)
    asked = an_article(*range(10, 15))
    before = found(db, asked)
    assert before[0] == numbers[10]
    with transaction(db):
        while candidates.sort_in(db, limit=7):
            assert found(db, asked) == before
    months = {row["month"] for row in db.execute("SELECT DISTINCT month FROM sketches")}
    assert months == {candidates.month_of(NOW)}
    assert db.execute("SELECT count(*) FROM sketches").fetchone()[0] == 200


def test_months_that_are_searched_no_more_are_forgotten(db: sqlite3.Connection) -> None:
    store(db, 1, 2, seen=NOW - timedelta(days=90))
    kept = store(db, 1, 2, seen=NOW - timedelta(days=30))
    with transaction(db):
        assert candidates.forget_before(db, NOW, limit=1) == 1
        assert candidates.forget_before(db, NOW) == 1
        assert candidates.forget_before(db, NOW) == 0
    assert found(db, an_article(1, 2)) == [kept]


def test_every_look_up_uses_an_index(db: sqlite3.Connection) -> None:
    asked: list[str] = []
    db.set_trace_callback(asked.append)
    candidates.find(db, an_article(1, 2, exact="ab", url="https://example.com/a"), NOW)
    db.set_trace_callback(None)
    assert len(asked) >= 3
    for statement in asked:
        plan = " ".join(row["detail"] for row in db.execute(f"EXPLAIN QUERY PLAN {statement}"))
        assert "SCAN articles" not in plan, plan
        assert "SCAN sketches" not in plan, plan
