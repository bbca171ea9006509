"""Rules that do not compile, or compile with a warning: what is said, and where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model import Rule
from monitor.stages.rules import RuleError, caret, check, compile_rule, matches

ERRORS = [
    ("", 0, "empty"),
    ("   ", 0, "empty"),
    ("()", 0, "empty"),
    ("Kabul ()", 6, "empty"),
    ('""', 0, "empty"),
    ('Kabul "  "', 6, "empty"),
    ('"—"', 0, "no letter or digit"),
    ("Kabul —", 6, "no letter or digit"),
    ("😀", 0, "no letter or digit"),
    ("_", 0, "no letter or digit"),
    ('"Kabul', 0, "never closed"),
    ("Herat “Kabul", 6, "never closed"),
    ("(Kabul", 0, "never closed"),
    ("Herat ((Kabul)", 6, "never closed"),
    ("Kabul)", 5, "closes nothing"),
    (")", 0, "closes nothing"),
    ("(Kabul))", 7, "closes nothing"),
    ("{soleimani", 0, "never closed"),
    ("soleimani}", 9, "closes nothing"),
    ("{}", 0, "no name"),
    ("{nobody}", 0, "no variant set"),
    # operators at the edges
    ("AND Kabul", 0, "nothing before"),
    ("OR Kabul", 0, "nothing before"),
    ("| Kabul", 0, "nothing before"),
    ("& Kabul", 0, "nothing before"),
    ("NEAR/3 Kabul", 0, "nothing before"),
    ("Kabul AND", 6, "nothing after"),
    ("Kabul OR", 6, "nothing after"),
    ("Kabul |", 6, "nothing after"),
    ("Kabul NOT", 6, "nothing after"),
    ("Kabul NEAR/3", 6, "nothing after"),
    ("Kabul W/3", 6, "nothing after"),
    ("(Kabul OR) Herat", 7, "nothing after"),
    ("(OR Kabul) Herat", 1, "nothing before"),
    ("Kabul AND AND Herat", 10, "cannot follow"),
    ("Kabul OR OR Herat", 9, "cannot follow"),
    ("Kabul AND OR Herat", 10, "cannot follow"),
    ("Kabul NEAR/3 OR Herat", 13, "cannot follow"),
    ("Kabul - Herat", 6, "alone"),
    ("Kabul -", 6, "alone"),
    ("-", 0, "alone"),
    ("(Kabul -)", 7, "alone"),
    # absence
    ("NOT Kabul", 0, "absence"),
    ("-Kabul", 0, "absence"),
    ("NOT Kabul NOT Herat", 0, "absence"),
    ("NOT (Kabul Herat)", 0, "absence"),
    ("NOT NOT NOT Kabul", 0, "absence"),
    ("Kabul OR NOT Herat", 9, "absence"),
    ("Kabul OR -Herat", 9, "absence"),
    ("NOT Herat OR Kabul", 0, "absence"),
    ("Kabul OR (NOT Herat NOT blast)", 9, "absence"),
    ("Kabul AND (Herat OR NOT blast)", 20, "absence"),
    ("Kabul AND (Herat OR (blast AND (x1 OR NOT x2)))", 38, "absence"),
    ("Kabul -(Herat OR NOT blast)", 17, "absence"),
    ("Kabul OR NOT lang:en", 9, "absence"),
    ("NOT title:Kabul", 0, "absence"),
    ("title:(NOT Kabul)", 0, "absence"),
    ("Kabul OR NOT ATLEAST2(Herat)", 9, "absence"),
    # NEAR
    ("Kabul NEAR5 Herat", 6, "slash"),
    ("Kabul ONEAR5 Herat", 6, "slash"),
    ("Kabul NEAR/ Herat", 6, "number"),
    ("Kabul NEAR/x Herat", 6, "number"),
    ("Kabul W/ Herat", 6, "number"),
    ("Kabul PRE/ Herat", 6, "number"),
    ("Kabul NEAR/101 Herat", 6, "0 to 100"),
    ("Kabul NEAR/99999999999999999999 Herat", 6, "0 to 100"),
    ("Kabul NEAR/-1 Herat", 6, "number"),
    ("Kabul NEAR /5 Herat", 6, "without a blank"),
    ("Kabul NEAR (Herat AND blast)", 11, "AND"),
    ("Kabul NEAR (Herat blast)", 11, "AND"),
    ("(Kabul Herat) NEAR blast", 0, "AND"),
    ("Kabul NEAR NOT Herat", 11, "NOT"),
    ("Kabul NEAR/3 -Herat", 13, "NOT"),
    ("Kabul NEAR (Herat OR NOT blast)", 21, "absence"),
    ("Kabul NEAR (NOT Herat)", 11, "NOT"),
    ("Kabul NEAR source:bbc.com", 11, "source:"),
    ("Kabul NEAR (Herat OR lang:en)", 11, "lang:"),
    ("tag:war NEAR/3 Kabul", 0, "tag:"),
    ("Kabul NEAR ATLEAST2(Herat)", 11, "ATLEAST"),
    ("title:Kabul NEAR/3 text:Herat", 12, "same field"),
    # ATLEAST
    ("ATLEAST2 (Kabul)", 0, "without a blank"),
    ("ATLEAST 2(Kabul)", 0, "number"),
    ("ATLEAST(Kabul)", 0, "number"),
    ("ATLEAST0(Kabul)", 0, "1 to 1000"),
    ("ATLEAST1001(Kabul)", 0, "1 to 1000"),
    ("ATLEAST2Kabul", 0, "ATLEAST2(Kabul)"),
    ("ATLEAST2(Kabul Herat)", 8, "AND"),
    ("ATLEAST2(Kabul AND Herat)", 8, "AND"),
    ("ATLEAST2(NOT Kabul)", 8, "NOT"),
    ("ATLEAST2(Kabul NEAR Herat)", 8, "NEAR"),
    ("ATLEAST2(Kabul OR (Herat NEAR blast))", 8, "NEAR"),
    ("ATLEAST2(lang:en)", 8, "lang:"),
    ("ATLEAST2(ATLEAST2(Kabul))", 8, "ATLEAST"),
    ("ATLEAST2", 0, "needs a word"),
    ("ATLEAST2()", 8, "empty"),
    # fields
    ("foo:Kabul", 0, "no field foo"),
    ("titel:Kabul", 0, "did you mean title"),
    ("Kabul http://example.com", 6, "url:"),
    ("title: Kabul", 0, "without a blank"),
    ("title:", 0, "right after"),
    ("Kabul title:", 6, "right after"),
    ("(title:)", 1, "right after"),
    ("source: bbc.com", 0, "without a blank"),
    ("url:", 0, "right after"),
    (":Kabul", 0, "no field before"),
    ("title :Kabul", 6, "no field before"),
    ("title:()", 6, "empty"),
    ('title:""', 6, "empty"),
    ("title:-Kabul", 6, "NOT"),
    ("title:text:Kabul", 6, "inside another"),
    ("=title:Kabul", 0, "after the colon"),
    ("title:ATLEAST2(Kabul)", 6, "put the field inside"),
    ("source:(bbc.com cnn.com)", 16, "OR between"),
    ("source:(bbc.com AND cnn.com)", 16, "OR between"),
    ("source:(NOT bbc.com)", 8, "OR between"),
    ("source:()", 8, "OR between"),
    ("tag:(a OR)", 9, "OR between"),
    ("tag:(OR a)", 5, "OR between"),
    ("tag:(a OR b", 4, "never closed"),
    ('tag:""', 4, "no value"),
    # wildcards and =
    ("*", 0, "at least 2"),
    ("a*", 0, "at least 2"),
    ("*stan", 0, "at least 2"),
    ("a?b", 0, "at least 2"),
    ("?abul", 0, "at least 2"),
    ("a-*", 0, "at least 2"),
    ('"peace *"', 7, "at least 2"),
    ('"peace a* deal"', 7, "at least 2"),
    ("title:a*", 6, "at least 2"),
    ("中?国", 0, "at least 2"),
    ("中国*人", 0, "NEAR"),
    ("=", 0, "="),
    ("= Kabul", 0, "="),
    ("Kabul =", 6, "="),
]


@pytest.mark.parametrize(("query", "offset", "words"), ERRORS)
def test_errors_say_what_and_where(query: str, offset: int, words: str) -> None:
    errors = check(query).errors
    assert words in " | ".join(error.message for error in errors)
    assert offset in [error.offset for error in errors if words in error.message]


WARNINGS = [
    ("Kabul and Herat", 6, "capitals"),
    ("Kabul or Herat", 6, "capitals"),
    ("not Kabul", 0, "capitals"),
    ("Kabul Or Herat", 6, "capitals"),
    ("Kabul near/3 Herat", 6, "capitals"),
    ("Kabul w/3 Herat", 6, "capitals"),
    ("US army", 0, "=US"),
    ("title:US", 6, "=US"),
    ("army (US OR UK)", 6, "=US"),
    ("Kabul NOT Kabul", 0, "never match"),
    ("lang:en lang:fr Kabul", 0, "never match"),
    ("Kabul –Herat", 6, "does not mean NOT"),
    ("'Kabul Herat'", 0, "single quotes"),
    ("Kabul PRE Herat", 6, "PRE/5"),
    ("Kabul near5 Herat", 6, "capitals"),
    ("title:NOT Kabul", 6, "follows a colon"),
    ("Kabul NEAR 5 Herat", 11, "NEAR/5"),
    ("source:bbc.* Kabul", 11, "no wildcards"),
    ("Kabul tag:(war* OR peace)", 14, "no wildcards"),
    ("Kabul url:*news*sport*", 15, "no wildcards"),
    ('"Kabul blast" NOT Kabul', 0, "never match"),
    ("title:Kabul NOT Kabul", 0, "never match"),
    ("Kabul NOT (Herat OR Kabul)", 0, "never match"),
    ("Kabul NEAR/3 blast NOT blast", 0, "never match"),
    ("ATLEAST3(Kabul) -Kabul", 0, "never match"),
    ("(Kabul OR Herat) -Kabul -Herat", 0, "never match"),
    ("Kabul Herat -(Kabul Herat)", 0, "never match"),
]


@pytest.mark.parametrize(("query", "offset", "words"), WARNINGS)
def test_warnings(query: str, offset: int, words: str) -> None:
    found = check(query)
    assert not found.errors
    assert [w.offset for w in found.warnings if words in w.message] == [offset]


@pytest.mark.parametrize(
    "query",
    [
        "Kabul",
        "=US",
        '"US army"',
        "U.S.",
        "Kabul AND Herat",
        "lang:zh lang:zh-Hans x1",
        '"and"',
        "title:(Kabul OR Herat)",
        "source:*.bbc.com url:*news* Kabul",
        "Kabul NEAR 5",
        "Kabul NOT title:Kabul",
        "Kabul NOT =Kabul",
        "Kabul NOT (Kabul Herat)",
        'Kabul NOT "Kabul blast"',
        "(Kabul OR Herat) NOT Kabul",
        "Kabul NOT (Kabul NEAR/3 blast)",
        "Kabul NOT ATLEAST2(Kabul)",
    ],
)
def test_sound_rules_raise_no_warning(query: str) -> None:
    assert check(query) == ((), ())


def test_several_faults_of_a_rule_are_reported_together() -> None:
    errors = check('foo:Kabul AND a* AND "x" NEAR/500 y').errors
    assert [error.offset for error in errors] == [0, 14, 25]


def test_absence_is_reported_once_where_it_stands() -> None:
    faults = check("Kabul OR (Herat OR NOT blast) OR NOT drone").errors
    assert [fault.offset for fault in faults] == [19, 33]


def test_the_message_shows_the_rule_with_a_caret_under_the_place() -> None:
    with pytest.raises(RuleError) as caught:
        compile_rule(Rule(slug="deal", query='"peace deal" AND foo:Kabul'))
    first, line, mark = str(caught.value).split("\n")
    assert first.startswith("rule 'deal': there is no field foo:")
    assert first.endswith("(at character 17)")
    assert line[mark.index("^") :].startswith("foo:Kabul")
    assert caught.value.details[0].offset == 17
    assert len(caught.value.faults) == 1


def test_the_caret_counts_wide_and_invisible_characters_as_terminals_do() -> None:
    line, mark = caret("中国 e\u0301 foo:x", 6).split("\n")
    assert (line, mark) == ("    中国 e\u0301 foo:x", "    " + " " * 7 + "^")


def test_the_caret_of_a_long_or_many_lined_rule() -> None:
    query = "alpha OR\n" * 50 + "beta OR " * 500 + "foo:x"
    line, mark = caret(query, len(query) - 5).split("\n")
    assert len(line) < 90
    assert line.startswith("    …")
    assert line[mark.index("^") :] == "foo:x"


def test_regular_expressions_that_re2_cannot_run_are_refused() -> None:
    for pattern in ("(a", r"(?=x)", r"(a)\1", "[z-a]"):
        with pytest.raises(RuleError, match="RE2"):
            compile_rule(Rule(slug="x", regex=pattern))


BIG = " OR ".join(f"word{number}" for number in range(5_000))


def test_big_rules_are_normal() -> None:
    assert matches(BIG, text="see word4999 now")
    assert not matches(BIG, text="see word5000 now")
    pairs = " AND ".join(f"(a{number}x OR b{number}x)" for number in range(60))
    assert matches(pairs, text=" ".join(f"b{number}x" for number in range(60)))
    assert not matches(pairs, text=" ".join(f"b{number}x" for number in range(59)))
    nested = "(" * 50 + "alpha OR beta" + " AND gamma)" * 25 + " OR delta)" * 25
    assert matches(nested, text="beta gamma")
    assert matches(nested, text="delta")
    assert not matches(nested, text="beta")
    long = " ".join(f"word{number}" for number in range(2_500))
    assert len(long) > 20_000
    assert not check(long).errors


def test_absurd_nesting_is_an_error_not_a_crash() -> None:
    assert "30 NEARs" in check("a1 NEAR/3 " * 1_900 + "a1").errors[0].message
    assert "30 NEARs" in check("(a1 NEAR/3 " * 90 + "a1" + ")" * 90).errors[0].message
    assert matches(" NEAR/3 ".join(["a1"] * 31), text="a1 " * 31)
    assert "parentheses" in check("(" * 5_000 + "x1" + ")" * 5_000).errors[0].message
    assert matches("NOT " * 10_000 + "Kabul", text="Kabul")


@given(st.text(max_size=60))
def test_any_text_is_a_rule_or_has_errors_within_it(query: str) -> None:
    found = check(query)
    for fault in (*found.errors, *found.warnings):
        assert 0 <= fault.offset <= len(query)
        assert fault.show(query)


PIECES = [
    "Kabul", "Herat", "AND", "OR", "NOT", "-", "(", ")", '"', "NEAR/3", "W/2", "PRE/1", "ATLEAST2(", "title:", "{v}",
    "source:x.org", "Tali*", "=US", "中国*", "|", "&", " ", "U.S.", "l'Afghanistan", "url:(a OR b)", "3,5", "NEAR", "“",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join) | st.lists(st.sampled_from(PIECES)).map("".join))
def test_any_mix_of_the_language_is_a_rule_or_has_errors(query: str) -> None:
    variants = {"v": ("Soleimani", "Suleymani")}
    found = check(query, variants=variants)
    if not found.errors:
        assert not matches(query, variants=variants), "an article without anything can match no rule"
