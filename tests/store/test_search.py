"""A search as typed becomes a query that finds what the rules' words say, and never an error."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.store.generate import NOW, fill
from monitor.stages.words import index_text
from monitor.store import search
from monitor.store.connection import connect

TEXT = (
    "The U.S. counter-terrorism office met in the Straße of 3.5 kilometres. Taliban’s border crossing was closed again,"
    " officials said. 北京大学 answered. مُحَمَّد wrote."
)


@pytest.fixture(scope="module")
def index() -> Iterator[sqlite3.Connection]:
    db = sqlite3.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE f USING fts5 (text, title, content='', tokenize=\"ascii tokenchars '.'\")")
    db.execute("INSERT INTO f (rowid, text, title) VALUES (1, ?, ?)", (index_text(TEXT), index_text("Kabul talks end")))
    yield db
    db.close()


def finds(index: sqlite3.Connection, typed: str) -> bool:
    query = search.parse(typed)
    return query is not None and bool(index.execute("SELECT 1 FROM f WHERE f MATCH ?", (query.fts,)).fetchone())


@pytest.mark.parametrize(
    "typed",
    [
        "U.S.",
        "us",
        "counter-terrorism",
        "counterterrorism",
        '"counter terrorism office"',
        "STRASSE",
        "strasse",
        "3,5",
        "Taliban",
        "talibans",
        "Tali*",
        "tali?an",
        '"border crossing"',
        '"BORDER cross*"',
        "border NEAR/3 closed",
        "closed W/3 crossing",
        "title:kabul",
        "headline:(talks OR peace)",
        "kabul taliban",
        "title:kabul text:taliban",
        "北京",
        "大学",
        "محمد",
        "taliban -flood",
        "taliban NOT (flood OR fire)",
        "flood OR taliban",
        "flood | taliban",
        "(closed OR opened) NEAR/4 (border OR gate)",
        "“border crossing”",
        "«border crossing»",
        '"border crossing',
        "((taliban",
        "taliban)",
        "taliban AND border",
        "NOT NOT taliban",
        "border NEAR/9 closed NEAR/9 officials",
        "=US",
        "taliban OR",
        "AND taliban",
        "NEAR/3 taliban",
        'text:"border crossing"',
    ],
)
def test_what_it_finds(index: sqlite3.Connection, typed: str) -> None:
    assert finds(index, typed)


@pytest.mark.parametrize(
    "typed",
    [
        "u.k.",
        "title:taliban",
        "text:kabul",
        '"crossing border"',
        "border NEAR/1 officials",
        "taliban -border",
        "taliban NOT talks",
        '"kabul talks end taliban"',
        "京北",
        "flood taliban",
        "orde*",
        "-kabul",
        "NOT flood",
        "title:(a b)",
    ],
)
def test_what_it_does_not_find(index: sqlite3.Connection, typed: str) -> None:
    assert not finds(index, typed)


@pytest.mark.parametrize("typed", ["", "  ", "()", '""', "*", "?!", "AND OR NOT", "-", "NOT kabul", "NEAR/5"])
def test_nothing_that_could_be_sought(typed: str) -> None:
    assert search.parse(typed) is None


@given(
    st.lists(
        st.sampled_from(
            [
                "(",
                ")",
                '"',
                "“",
                "a",
                "b*",
                "NOT",
                "-",
                "OR",
                "|",
                "NEAR/3",
                "W/2",
                "title:",
                "text:",
                " ",
                "AND",
                "x-y",
                "*",
                "?",
                "北",
                "U.S.",
                "=",
                "\x00",
                "'",
                "^",
                "{",
                "}",
                "+",
                ":",
                "%",
                "\\",
                "٣",
                "ß",
            ]
        ),
        max_size=40,
    )
)
def test_nothing_typed_is_an_error(index: sqlite3.Connection, parts: list[str]) -> None:
    for typed in ("".join(parts), " ".join(parts)):
        query = search.parse(typed)
        if query:
            (found,) = index.execute("SELECT count(*) FROM f WHERE f MATCH ?", (query.fts,)).fetchone()
            assert found >= 0
            assert all(0 <= start < end <= len(TEXT) for start, end in search.spans(TEXT, query))


@pytest.mark.parametrize(
    "typed",
    [
        "title:" * 700 + "x",
        "a NEAR/5 " * 400 + "b",
        "(" * 3000 + "a",
        "a " * 2000,
        "a OR " * 900 + "b",
        "-a " * 900 + "b",
        "(a b OR " * 200,
        "NOT (a OR NOT (b OR " * 90,
        "(a OR b) NEAR " * 200,
        "a -(" * 300,
    ],
)
def test_absurdly_long_searches_are_cut_or_answered(index: sqlite3.Connection, typed: str) -> None:
    query = search.parse(typed)
    if query:
        assert index.execute("SELECT count(*) FROM f WHERE f MATCH ?", (query.fts,)).fetchone()[0] in (0, 1)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("us", ["U.S."]),
        ("counterterrorism", ["counter-terrorism"]),
        ("tali*", ["Taliban", "Taliban’s"]),
        ('"border crossing" closed -flood', ["border crossing", "closed"]),
        ("strasse", ["Straße"]),
        ("大学", ["大学"]),
        ("title:taliban", []),
    ],
)
def test_where_the_words_stand(typed: str, expected: list[str]) -> None:
    query = search.parse(typed)
    assert query is not None
    assert [TEXT[start:end] for start, end in search.spans(TEXT, query)] == expected


def test_an_excerpt_shows_the_first_place_found() -> None:
    text = "word " * 200 + "needle in a haystack " + "word " * 200
    query = search.parse("needle")
    assert query is not None
    piece, inside = search.excerpt(text, search.spans(text, query))
    assert [piece[start:end] for start, end in inside] == ["needle"]
    assert len(piece) < 260
    assert piece.startswith("… word")
    assert piece.endswith("word …")
    assert search.excerpt("short text", []) == ("short text", [])


# ── over a store ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    path: Path = tmp_path_factory.mktemp("search") / "monitor.db"
    fill(path, 300, chars=500)
    db = connect(path)
    yield db
    db.close()


def ask(db: sqlite3.Connection, typed: str, **more: object) -> list[sqlite3.Row]:
    query = search.parse(typed)
    assert query is not None
    return search.find(db, query, **more)  # type: ignore[arg-type]


def test_newest_first_page_by_page(store: sqlite3.Connection) -> None:
    everything = ask(store, "said OR the", limit=1000)
    numbers = [row["id"] for row in everything]
    assert len(numbers) > 200
    assert numbers == sorted(numbers, reverse=True)
    assert [row["id"] for row in ask(store, "said OR the", limit=10, offset=20)] == numbers[20:30]


def test_it_reads_the_index_from_its_end(store: sqlite3.Connection) -> None:
    seen: list[str] = []
    store.set_trace_callback(seen.append)
    ask(store, "ceasefire")
    store.set_trace_callback(None)
    (statement,) = [one for one in seen if "MATCH" in one]
    plan = " ".join(row["detail"] for row in store.execute(f"EXPLAIN QUERY PLAN {statement}"))
    assert "TEMP B-TREE" not in plan, plan
    assert "SCAN a" not in plan.replace("SCAN articles_fts", ""), plan


def test_narrowed_by_source_language_and_time(store: sqlite3.Connection) -> None:
    found = ask(store, "the", limit=1000, source="karwan-courier")
    assert found
    assert {row["source"] for row in found} == {"karwan-courier"}
    assert ask(store, "the", language="ps") == []
    late = ask(store, "the", limit=1000, since=NOW - timedelta(days=3))
    assert 0 < len(late) < 300
    assert ask(store, "the", since=NOW + timedelta(days=1)) == []


def test_what_the_index_holds_is_what_rules_see(store: sqlite3.Connection) -> None:
    words = store.execute("SELECT id, title, text FROM articles WHERE id = 17").fetchone()
    for form in set(index_text(words["text"]).split()[:40]):
        assert 17 in [row["id"] for row in ask(store, f'"{form}"', limit=1000)], form
