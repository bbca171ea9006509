"""The rule book: the same answers as one rule at a time, with evidence, while rules come and go."""

from __future__ import annotations

import gc
import random
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.model import Rule
from monitor.stages import rules
from monitor.stages.rules import (
    Compiled,
    Reading,
    RuleBook,
    RuleError,
    Subject,
    compile_rule,
    evidence,
    explain,
    matches,
    superset_query,
)
from monitor.stages.rules.evidence import PER_TERM, hits, sentence
from monitor.stages.rules.index import KeyIndex
from monitor.stages.rules.nodes import Node
from monitor.stages.words import index_text


def book_of(*queries: str, **variants: tuple[str, ...]) -> RuleBook:
    return RuleBook(compile_rule(Rule(slug=query, query=query), variants) for query in queries)


def slugs(book: RuleBook, **fields: object) -> list[str]:
    return [match.rule for match in book.match(Subject(**fields))]  # type: ignore[arg-type]


WORDS = [
    "alpha",
    "beta",
    "gamma",
    "delta",
    "Wi-Fi",
    "wifi",
    "U.S.",
    "us",
    "Taliban's",
    "taliban",
    "l'alpha",
    "中国",
    "国人",
]
ATOMS = st.sampled_from(
    ["alpha", "beta", "gamma", "=US", "U.S.", "Wi-Fi", "tali*", '"alpha beta"', "中国", "title:alpha", '"wi fi beta"']
)  # fmt: skip
QUERIES = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} {pair[1]})"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} OR {pair[1]})"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} NOT {pair[1]})"),
        st.tuples(ATOMS.filter(lambda atom: ":" not in atom), st.integers(0, 3)).map(
            lambda pair: f"({pair[0]} NEAR/{pair[1]} beta)"
        ),
        ATOMS.filter(lambda atom: ":" not in atom).map(lambda atom: f"ATLEAST2({atom})"),
    ),
    max_leaves=6,
)
TEXTS = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(QUERIES, min_size=1, max_size=8, unique=True),
    st.lists(st.tuples(TEXTS, TEXTS, st.sampled_from(["", "en"])), min_size=3, max_size=6),
)
def test_a_book_agrees_with_each_rule_alone_whatever_came_before(
    queries: list[str], articles: list[tuple[str, str, str]]
) -> None:
    compiled = [compile_rule(Rule(slug=query, query=query)) for query in queries]
    book = RuleBook(compile_rule(Rule(slug=query, query=query)) for query in queries)
    for title, text, language in articles * 2:
        subject = Subject(title=title, text=text, language=language)
        alone = sorted(rule.slug for rule in compiled if rule.holds(Reading(subject)))
        assert slugs(book, title=title, text=text, language=language) == alone
        for match in book.match(subject):
            assert match.hits
            for hit in match.hits:
                if hit.field in ("title", "text"):
                    whole = {"title": title, "text": text}[hit.field]
                    assert 0 <= hit.start < hit.end <= len(whole)


@settings(max_examples=60, deadline=None)
@given(QUERIES, st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=8))
def test_the_full_text_question_finds_all_that_a_rule_matches(query: str, articles: list[tuple[str, str]]) -> None:
    compiled = compile_rule(Rule(slug="x", query=query))
    question = superset_query(compiled)
    with sqlite3.connect(":memory:") as db:
        db.execute("""CREATE VIRTUAL TABLE fts USING fts5 (text, title, content='', tokenize="ascii tokenchars '.'")""")
        for number, (title, text) in enumerate(articles):
            db.execute(
                "INSERT INTO fts (rowid, title, text) VALUES (?, ?, ?)", (number, index_text(title), index_text(text))
            )
        rows = "SELECT rowid FROM fts" + (" WHERE fts MATCH ?" if question else "")
        found = {row[0] for row in db.execute(rows, (question,) if question else ())}
    db.close()
    for number, (title, text) in enumerate(articles):
        if compiled.holds(Reading(Subject(title=title, text=text, language="en"))):
            assert number in found


def test_full_text_questions() -> None:
    asked = {
        "Kabul": '"kabul"',
        "Kabul Herat": '("kabul" AND "herat")',
        "Kabul OR Herat": '("kabul" OR "herat")',
        "Kabul NOT Herat": '"kabul"',
        "tali*": '"tali"*',
        "Wi-Fi": '(("wi" AND "fi") OR "wifi")',
        "source:bbc.com": None,
        "source:bbc.com OR Kabul": None,
        "source:bbc.com Kabul": '"kabul"',
        "author:Jane": None,
        "author:Jane NEAR/1 Doe": None,
        "Kabul (author:Jane OR Ann) NEAR/1 Doe": '"kabul"',
        "Kabul NEAR Herat": '("kabul" AND "herat")',
        "ATLEAST3(Kabul)": '"kabul"',
    }
    for query, question in asked.items():
        assert superset_query(compile_rule(Rule(slug="x", query=query))) == question
    assert superset_query(compile_rule(Rule(slug="x", regex="a+"))) is None
    many = superset_query(compile_rule(Rule(slug="x", query=" OR ".join(f"w{n}" for n in range(2_000)))))
    assert many
    with sqlite3.connect(":memory:") as db:
        db.execute("CREATE VIRTUAL TABLE fts USING fts5 (text)")
        db.execute("INSERT INTO fts VALUES ('w1999')")
        assert len(db.execute("SELECT rowid FROM fts WHERE fts MATCH ?", (many,)).fetchall()) == 1
    db.close()


def test_rules_come_and_go_one_by_one() -> None:
    book = book_of("Kabul", "Kabul Herat", "Kabul OR Herat", "url:x", "tali*")
    text = "Kabul and Herat and the Taliban"
    assert slugs(book, text=text, url="http://x.org") == ["Kabul", "Kabul Herat", "Kabul OR Herat", "tali*", "url:x"]
    assert len(book) == 5
    assert book.remove("Kabul")
    assert not book.remove("Kabul")
    assert "Kabul" not in book
    assert book.remove("url:x")
    assert book.remove("tali*")
    assert book.remove("Kabul OR Herat")
    assert slugs(book, text=text, url="http://x.org") == ["Kabul Herat"]
    book.add(compile_rule(Rule(slug="Kabul Herat", query="Kandahar", version=2)))
    assert slugs(book, text=text) == []
    assert [match.version for match in book.match(Subject(text="Kandahar"))] == [2]
    found = book.get("Kabul Herat")
    assert found is not None
    assert found.version == 2
    book.remove("Kabul Herat")
    assert slugs(book, text="Kandahar tali") == []
    assert not book._index._pages
    assert not book._wild.users
    assert not book._wild._by_prefix


def test_rules_whose_match_is_known_are_left_out_and_cost_no_evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    book = book_of("envoy", "envoy AND doha", "doha -drone", "drone")
    subject = Subject(title="The envoy", text="The envoy was in Doha.")
    every = book.match(subject)
    assert [match.rule for match in every] == ["doha -drone", "envoy", "envoy AND doha"]
    shown: list[str] = []

    def seen(compiled: Compiled, reading: Reading) -> object:
        shown.append(compiled.slug)
        return hits(compiled, reading)

    monkeypatch.setattr("monitor.stages.rules.book.evidence.hits", seen)
    assert book.match(subject, {"envoy", "doha -drone", "drone"}) == [every[2]]
    assert shown == ["envoy AND doha"]


def test_a_book_keeps_nothing_of_rules_that_went_after_many_moves() -> None:
    chance = random.Random(7)
    vocabulary = [f"word{number}" for number in range(30)] + ["wor*", "word1*"]
    book = RuleBook()
    for number in range(200):
        book.add(compile_rule(Rule(slug=str(number), query=" ".join(chance.sample(vocabulary, 3)))))
    for _ in range(50):
        book.match(Subject(text=" ".join(chance.sample(vocabulary[:30], 12))))
    for number in range(200):
        assert book.remove(str(number))
    assert not book._index._pages
    assert not book._wild.users


def test_scope_keys_are_and_ed_with_the_query() -> None:
    rule = Rule(slug="x", query="Kabul", feeds=("bbc", "tolo"), tags=("War",), languages=("en", "fa"))
    book = RuleBook([compile_rule(rule)])
    fits = {"text": "Kabul", "source": "bbc", "tags": ("war",), "language": "en-GB"}
    assert slugs(book, **fits) == ["x"]
    for wrong in ({"source": "cnn"}, {"tags": ("peace",)}, {"language": "de"}, {"text": "Herat"}, {"language": ""}):
        assert slugs(book, **(fits | wrong)) == []
    only_url = RuleBook([compile_rule(Rule(slug="u", query="url:x", feeds=("bbc",)))])
    assert slugs(only_url, url="http://x.org", source="bbc") == ["u"]
    assert slugs(only_url, url="http://x.org", source="cnn") == []


def test_evidence_names_term_field_characters_sentence_and_variant() -> None:
    book = book_of('({who} OR Kabul) NEAR/5 "peace deal"', who=("Soleimani", "سلیمانی"))
    text = "Nothing here. Mr. Soleimani’s last peace-deal, signed in the U.S. in 2019, failed! The end."
    (match,) = book.match(Subject(title="A deal", text=text))
    first, second = match.hits
    assert (first.term, first.field, first.variant) == ("{who}", "text", "Soleimani")
    assert text[first.start : first.end] == "Soleimani"
    assert first.sentence == "Mr. Soleimani’s last peace-deal, signed in the U.S. in 2019, failed!"
    assert text[first.sentence_start :].startswith("Mr. Soleimani")
    assert second.term == '"peace deal"'
    assert text[second.start : second.end] == "peace-deal"


def test_evidence_shows_only_what_made_the_rule_hold() -> None:
    book = book_of("(Kabul NEAR/1 blast) OR (Herat flood) OR source:bbc.com NOT Kandahar")
    text = "Kabul blast came later. Kabul again. Herat."
    (match,) = book.match(Subject(text=text, source="bbc.com"))
    assert [(hit.term, hit.start) for hit in match.hits] == [("Kabul", 0), ("blast", 6), ("source:bbc.com", 0)]
    assert match.hits[-1].start == match.hits[-1].end


@pytest.mark.parametrize(
    ("query", "text", "shown"),
    [
        ("NOT (NOT Kabul NOT Herat)", "from Herat", ["Herat"]),
        ("NOT (NOT Kabul NOT Herat)", "Kabul, Herat", ["Kabul", "Herat"]),
        ("blast NOT (drone NOT Kabul)", "blast drone Kabul", ["blast", "Kabul"]),
        ("NOT (NOT (Kabul -Herat) NOT blast)", "Kabul", ["Kabul"]),
        ("NOT (NOT Kabul NOT (Herat NEAR/2 blast))", "a blast in Herat", ["blast", "Herat"]),
    ],
)
def test_what_a_double_denial_asks_for_is_evidence(query: str, text: str, shown: list[str]) -> None:
    (match,) = book_of(query).match(Subject(text=text))
    assert [hit.term for hit in match.hits] == shown


@pytest.mark.parametrize(
    ("query", "text", "holds"),
    [
        ("(alpha NEAR/100 beta) PRE/0 gamma", "alpha " * 50 + "beta " * 20 + "gamma " + "beta " * 30, True),
        ("(alpha PRE/100 beta) PRE/0 gamma", "alpha " * 50 + "beta " * 20 + "gamma " + "beta " * 30, True),
        ("(alpha PRE/100 beta) PRE/0 gamma", "alpha " * 50 + "beta " * 50 + "x gamma", False),
        ("gamma PRE/0 (alpha PRE/100 beta)", "alpha " * 30 + "gamma " + "alpha " * 20 + "beta " * 50, True),
        ("gamma PRE/0 (alpha PRE/100 beta)", "gamma x " + "alpha " * 50 + "beta " * 50, False),
        (
            "(alpha NEAR/100 beta) NEAR/0 gamma NEAR/1 delta",
            "alpha " * 60 + "beta " * 60 + "x " * 2 + "delta gamma",
            False,
        ),
        ("(alpha NEAR/100 beta) NEAR/1 gamma NEAR/0 delta", "alpha " * 60 + "beta " * 60 + "x gamma delta", True),
        ("alpha NEAR/3 beta NEAR/3 gamma", "x " * 5_000 + "beta x gamma x alpha", True),
        ("alpha NEAR/3 beta NEAR/3 gamma", "x " * 397 + "gamma x beta x x x alpha", True),
        ("alpha NEAR/3 beta NEAR/3 gamma", "x " * 397 + "gamma x beta x x x x alpha", False),
    ],
)
def test_a_near_in_a_near_misses_nothing_where_words_crowd(query: str, text: str, holds: bool) -> None:
    assert matches(query, text=text) is holds


def test_a_long_chain_of_crowding_words_ends() -> None:
    query = " NEAR/5 ".join(["alpha", "beta"] * 5)
    assert matches(query, text="alpha beta " * 2_000)
    assert not matches(f"({query}) PRE/0 gamma", text="alpha beta " * 100 + "x gamma")


def test_the_spelling_of_words_in_one_endless_word_is_found_soon() -> None:
    assert not matches("=Alpha", text="alpha-" * 16_000)
    assert matches("=Alpha", text="alpha," * 16_000 + "Alpha")


def test_evidence_is_bounded() -> None:
    (match,) = book_of("Kabul").match(Subject(title="Kabul", text="Kabul " * 10_000))
    assert len(match.hits) == 1 + PER_TERM


@pytest.mark.parametrize(
    ("text", "hit", "expected"),
    [
        ("One. Two three. Four", "three", "Two three."),
        ("The U.S. army left. Then", "army", "The U.S. army left."),
        ("George W. Bush spoke. Then", "Bush", "George W. Bush spoke."),
        ("A title\n\nA text without a stop", "text", "A text without a stop"),
        ("他说。中国人民来了。然后", "中国", "中国人民来了。"),
        ("He said “Go!” Then left", "left", "Then left"),
        ("x" * 1000 + " hit " + "y" * 1000, "hit", None),
        ("سلام. کابل شهر است؟ بله", "شهر", "کابل شهر است؟"),
    ],
)
def test_the_sentence_around_a_hit(text: str, hit: str, expected: str | None) -> None:
    start = text.index(hit)
    found, at = sentence(text, start, start + len(hit))
    assert text[at : at + len(found)] == found
    assert hit in found
    assert found == expected if expected else len(found) < 900


def test_regular_expressions_have_evidence_too() -> None:
    book = RuleBook([compile_rule(Rule(slug="phone", regex=r"\+93 ?\d{3}", languages=("en",)))])
    text = "متن. Call +93 700 now. Or +93701."
    (match,) = book.match(Subject(text=text, language="en"))
    assert [text[hit.start : hit.end] for hit in match.hits] == ["+93 700", "+93701"]
    assert match.hits[0].sentence == "Call +93 700 now."
    assert slugs(book, text=text, language="fa") == []
    assert [hit.field for hit in book.match(Subject(title="+93 700", language="en"))[0].hits] == ["title"]


def test_explain_marks_every_part() -> None:
    query = '(Kabul NEAR/2 blast) AND ("peace deal" OR {who}) NOT lang:fr ATLEAST2(Herat) =US source:bbc.com'
    compiled = compile_rule(Rule(slug="x", query=query), {"who": ("Soleimani",)})
    tree = explain(compiled, Subject(text="Kabul saw one two three blast. Soleimani, us.", url="https://cnn.com/1"))
    assert not tree.holds
    assert list(tree.lines()) == [
        "✗ AND",
        "  ✗ NEAR/2  — both occur, but nowhere in one field with at most 2 words between",
        "    ✓ Kabul  — 1 × text: “Kabul” at 0",
        "    ✓ blast  — 1 × text: “blast” at 24",
        "  ✓ OR",
        '    ✗ "peace deal"  — not found in title or text',
        "    ✓ {who}",
        "      ✓ {who}: Soleimani  — 1 × text: “Soleimani” at 31",
        "  ✓ NOT",
        "    ✗ lang:fr  — the article has unknown",
        "  ✗ ATLEAST2  — only 0 of 2 mentions",
        "    ✗ Herat  — not found in title or text",
        "  ✗ =US  — not found in title or text",
        "  ✗ source:bbc.com  — the article has https://cnn.com/1",
    ]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["NEAR/0", "NEAR/1", "NEAR/3", "PRE/2"]),
            st.sampled_from(["a", "b", "title:b", "(c OR d)", "(a NEAR/2 b NEAR/2 c)", '"a b"']),
        ),
        min_size=1,
        max_size=7,
    ),
    *[st.lists(st.sampled_from("abcdx"), max_size=30).map(" ".join)] * 2,
)
def test_explain_marks_each_part_of_a_chain_as_if_it_were_asked_alone(
    chain: list[tuple[str, str]], title: str, text: str
) -> None:
    compiled = compile_rule(Rule(slug="x", query="a " + " ".join(map(" ".join, chain))))
    subject = Subject(title=title, text=text)

    def marks(node: Node) -> list[bool]:
        alone = node.holds(Reading(subject))
        return [alone, *(mark for child in node.children for mark in marks(child))]

    shown = [line.strip()[0] == "✓" for line in explain(compiled, subject).lines()]
    assert shown == marks(compiled.root)


def test_explain_shows_the_scope() -> None:
    compiled = compile_rule(Rule(slug="x", query="Kabul", feeds=("bbc",)))
    lines = list(explain(compiled, Subject(text="Kabul", source="cnn")).lines())
    assert lines[1] == "  ✗ feeds, tags, languages  — the article is outside the rule's scope"
    assert explain(compiled, Subject(text="Kabul", source="bbc")).holds


SEEDS = Path(__file__).parents[3] / "tests" / "expected"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("Khalilzad", ["001", "003"]),
        ('"peace agreement"', ["000", "001", "002"]),
        ("drones OR airspace OR Retirees OR markas303 OR Roku OR presstv", []),
        ('"Thomas West"', []),
    ],
)
def test_the_seed_articles(query: str, found: list[str]) -> None:
    book = book_of(query)
    texts = {path.name[:3]: path.read_text(encoding="utf-8") for path in sorted(SEEDS.glob("*.txt"))}
    assert len(texts) == 5
    assert [name for name, text in texts.items() if slugs(book, text=text)] == found


@pytest.mark.slow
def test_hostile_texts_and_rules_take_no_time() -> None:
    book = book_of(
        "alpha NEAR/100 beta NEAR/100 gamma NEAR/100 delta", "ATLEAST1000(alpha OR beta OR \"alpha beta\")",
        "alpha PRE/100 alpha PRE/100 alpha PRE/100 zeta", '"alpha beta alpha beta alpha beta"', "=ALPHA",
        "al*a*a*a*a*a*b", *(f"alpha NEAR/3 missing{n}" for n in range(300)),
    )  # fmt: skip
    for text in (
        "alpha beta " * 9_000,
        "alpha " * 16_000,
        "beta gamma delta alpha " * 4_000,
        "a" * 100_000,
        "中国" * 50_000,
    ):
        book.match(Subject(text=text))
    assert slugs(book, text="alpha beta " * 9_000) == [
        '"alpha beta alpha beta alpha beta"',
        'ATLEAST1000(alpha OR beta OR "alpha beta")',
    ]


def test_many_rules_are_added_without_collections_and_a_fault_leaves_no_trace_of_that() -> None:
    on = []

    def made() -> Iterator[Compiled]:
        on.append(gc.isenabled())
        yield compile_rule(Rule(slug="kabul", query="Kabul"))
        yield compile_rule(Rule(slug="broken", query="(Kabul"))

    book = RuleBook()
    with pytest.raises(RuleError):
        book.extend(made())
    assert on == [False]
    assert gc.isenabled()
    assert slugs(book, text="in Kabul") == ["kabul"]


def test_rules_with_the_same_words_share_their_evidence_but_not_their_names_for_it() -> None:
    book = book_of("Kabul", "title:Kabul", '"kabul river"', "KABUL AND River")
    found = {
        match.rule: [(hit.term, hit.field, hit.start, hit.end) for hit in match.hits]
        for match in book.match(Subject(title="Kabul", text="First. The Kabul River is dry. Kabul's end."))
    }
    assert found == {
        "Kabul": [("Kabul", "title", 0, 5), ("Kabul", "text", 11, 16), ("Kabul", "text", 31, 36)],
        "title:Kabul": [("title:Kabul", "title", 0, 5)],
        '"kabul river"': [('"kabul river"', "text", 11, 22)],
        "KABUL AND River": [
            ("KABUL", "title", 0, 5),
            ("KABUL", "text", 11, 16),
            ("River", "text", 17, 22),
            ("KABUL", "text", 31, 36),
        ],
    }


def test_no_cycles_are_collected_while_one_rule_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    on: list[bool] = []

    def watched(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            on.append(gc.isenabled())
            return function(*args)

        return call

    monkeypatch.setattr(rules.compiled, "parse", watched(rules.compiled.parse))
    monkeypatch.setattr(KeyIndex, "add", watched(KeyIndex.add))
    book = RuleBook()
    book.add(compile_rule(Rule(slug="x", query="Kabul NEAR/5 blast")))
    with pytest.raises(RuleError):
        compile_rule(Rule(slug="x", query="(Kabul"))
    assert on == [False] * 3
    assert gc.isenabled()
    assert slugs(book, text="a blast in Kabul") == ["x"]


SENTENCES = st.lists(
    st.sampled_from(
    ["Alpha", "beta", "gamma,", "U.S.", "Mr.", "W.", "end.", "“Go!”", "why?", "l'alpha",
     "Wi-Fi", "中国。", "\n"]
    ),
    max_size=40,
).map(" ".join)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(SENTENCES, st.lists(QUERIES, min_size=1, max_size=6, unique=True))
@example("Alpha \n beta Alpha", ['"alpha beta"'])
def test_evidence_that_rules_share_is_that_of_each_alone(text: str, queries: list[str]) -> None:
    subject = Subject(title="Alpha beta", text=text)
    book = RuleBook(compile_rule(Rule(slug=query, query=query)) for query in queries)
    for match in book.match(subject):
        alone = hits(compile_rule(Rule(slug=match.rule, query=match.rule)), Reading(subject))
        assert match.hits == alone
        for hit in alone:
            whole = subject.title if hit.field == "title" else subject.text
            around = (subject.title, 0) if hit.field == "title" else sentence(text, hit.start, hit.end)
            assert (hit.sentence, hit.sentence_start) == around
            assert whole[hit.start : hit.end].strip()
        places = [({"title": 0, "text": 1}[hit.field], hit.start, hit.end) for hit in alone]
        assert places == sorted(places)


def test_variants_of_one_set_are_found_once_for_all_rules() -> None:
    forms = {"who": ("Soleimani", '"Qasem Soleimani"')}
    one, other = (compile_rule(Rule(slug=name, query=f"{{who}} {name}"), forms) for name in ("Kabul", "Herat"))
    assert one.root.children[0].children[1] is other.root.children[0].children[1]


def sentence_in_whole_text(text: str, start: int, end: int) -> tuple[str, int]:
    """The sentence around some characters, with every stop of the text looked at."""
    stops = [stop.end() for stop in evidence._END.finditer(text) if evidence._ends(text, stop, 0)]
    begin = max((stop for stop in stops if stop <= start), default=0)
    finish = min((stop for stop in stops if stop > start), default=len(text))
    if finish < end:
        return sentence(text, start, end)
    begin, finish = max(begin, start - 400), min(finish, end + 400)
    bare = text[begin:finish].lstrip()
    return bare.rstrip(), finish - len(bare)


SPOKEN = [
    *("Kabul", "fell", "Mr", "U.S", "x" * 150, ".", ".", "!", "…", "。", "؟", "”", ")"),
    *(" ", " ", "  ", "\n", "\n\n", "\r\n"),
]


@given(st.lists(st.sampled_from(SPOKEN), min_size=1, max_size=40).map("".join), st.data())
def test_the_sentences_of_a_text_are_found_line_by_line(text: str, data: st.DataObject) -> None:
    letters = [at for at, letter in enumerate(text) if letter.isalpha()]
    asked = data.draw(st.lists(st.sampled_from(letters), max_size=8)) if letters else []
    sentences = evidence._Sentences(text, whole=False)
    for start in asked:
        end = 1 + data.draw(
            st.sampled_from([at for at in letters if start <= at <= start + 12])
        )  # hits end in a letter
        assert sentences.around(start, end) == sentence_in_whole_text(text, start, end)
