"""The rules against a slow reference, written from the language's definition and sharing nothing with the engine.

An article's field is a row of positions; a form leads from one position to another. A rule is a tree of tuples, made
together with its text: the text goes to the engine, the tree to the reference. Neither cleverness nor speed is wanted
of what stands here: no index, no memory, every pair of places is tried.
"""

from __future__ import annotations

import random
import re
import sqlite3
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from monitor.model import Rule
from monitor.stages.rules import Reading, RuleBook, Subject, check, compile_rule, explain, proximity, superset_query
from monitor.stages.words import index_text

WORDS = [
    "alpha",
    "Alpha",
    "beta",
    "gamma",
    "alphabet",
    "Wi-Fi",
    "wifi",
    "wi",
    "fi",
    "US",
    "us",
    "U.S.",
    "beta's",
    "北京城",
]
TEXT = [*WORDS, "Gamma's", "北京", "京城", "x"]
FIELDS = ("title", "text", "author")
Tree = tuple[Any, ...]

# ── the reference ───────────────────────────────────────────────────────────────────────────────


def cut(word: str) -> list[str]:
    """The parts of a word that take a position each."""
    return list(word) if word >= "\u3000" else word.split("-")


class Field:
    """`leads[position]` are the forms that begin there: (position after, form as spelled)."""

    def __init__(self, text: str) -> None:
        self.leads: list[list[tuple[int, str]]] = []
        for word in text.split():
            parts = [part.replace(".", "") for part in cut(word)]
            here = len(self.leads)
            for number, part in enumerate(parts, here + 1):
                self.leads.append([(number, part.replace("'", ""))])
            if "-" in word:
                self.leads[here].append((here + len(parts), "".join(parts)))
            if word.endswith("'s"):
                self.leads[here].append((here + 1, word[:-2]))

    def places(self, term: Tree) -> set[tuple[int, int]]:
        _, words, spelled, _ = term
        return {(start, end) for start in range(len(self.leads)) for end in self._ends(start, words, spelled)}

    def _ends(self, start: int, words: list[str], spelled: bool) -> Iterator[int]:
        if not words:
            yield start
            return
        ways = [cut(words[0]), ["".join(words[0].split("-"))]] if "-" in words[0] else [cut(words[0])]
        for way in ways:
            reached = {start}
            for part in way:
                reached = {
                    end
                    for at in reached
                    if at < len(self.leads)
                    for end, form in self.leads[at]
                    if is_form(part, form, spelled)
                }
            for end in reached:
                yield from self._ends(end, words[1:], spelled)


def is_form(part: str, form: str, spelled: bool) -> bool:
    capitals = "." in part and not spelled
    part = part.replace(".", "").replace("'", "")
    if not spelled:
        part, form, capitals = part.lower(), form.lower(), capitals and form != form.upper()
    pattern = "".join({"*": ".*", "?": "."}.get(char) or re.escape(char) for char in part)
    return not capitals and re.fullmatch(pattern, form) is not None


def without_or(node: Tree) -> Iterator[Tree]:
    """The trees that choosing a branch at every OR leaves."""
    if node[0] == "or":
        for child in node[1]:
            yield from without_or(child)
    elif node[0] == "near":
        for left, right in product(list(without_or(node[1])), list(without_or(node[2]))):
            yield ("near", left, right, *node[3:])
    else:
        yield node


def named(node: Tree) -> set[str]:
    return {node[3]} - {""} if node[0] == "term" else named(node[1]) | named(node[2])


def spans(field: Field, node: Tree) -> set[tuple[tuple[int, int], ...]]:
    if node[0] == "term":
        return {(place,) for place in field.places(node)}
    _, left, right, distance, ordered = node
    found = set()
    for one, other in product(spans(field, left), spans(field, right)):
        (start, end), (begin, finish) = ((min(p)[0], max(q for _, q in p)) for p in (one, other))
        apart = not any(a < d and c < b for (a, b), (c, d) in product(one, other))
        if end <= begin:
            fits = begin - end <= distance
        elif ordered:
            fits = False
        else:
            fits = start - finish <= distance if finish <= start else apart
        if fits:
            found.add(one + other)
    return found


def holds(fields: dict[str, Field], node: Tree) -> bool:
    match node:
        case ("term", _, _, name):
            return any(fields[field].places(node) for field in ((name,) if name else FIELDS[:2]))
        case ("and", children):
            return all(holds(fields, child) for child in children)
        case ("or", children):
            return any(holds(fields, child) for child in children)
        case ("not", child):
            return not holds(fields, child)
        case ("near", *_):
            for choice in without_or(node):
                names = named(choice)
                if len(names) < 2 and any(spans(fields[name], choice) for name in names or FIELDS[:2]):
                    return True
            return False
        case _:
            _, least, child = node
            total = 0
            for name in FIELDS:
                reached = 0
                asked = [
                    term
                    for term in without_or(child)
                    if (term[3] or "text") == name or name == "title" != term[3] == ""
                ]
                for start, end in sorted({p for term in asked for p in fields[name].places(term)}, key=lambda p: p[1]):
                    if start >= reached:
                        reached, total = end, total + 1
            return total >= least


# ── rules and articles at random ────────────────────────────────────────────────────────────────


def a_term(dice: random.Random, name: str) -> tuple[Tree, str]:
    words = [dice.choice(WORDS) for _ in range(dice.choice([1, 1, 1, 2, 3]))]
    if words[0].isascii() and words[0].isalpha() and len(words[0]) > 3 and dice.random() < 0.2:
        words[0] = dice.choice([words[0][:3] + "*", words[0][:2] + "?" + words[0][3:], words[0] + "*"])
    mark = dice.choice(["", "", "", "", "="])
    if not name and dice.random() < 0.15:
        name = dice.choice(FIELDS)
        prefix = f"{name}:"
    else:
        prefix = ""
    quoted = f'"{" ".join(words)}"' if len(words) > 1 else words[0]
    return ("term", words, bool(mark), name), f"{prefix}{mark}{quoted}"


def an_operand(dice: random.Random, depth: int, name: str) -> tuple[Tree, str]:
    kind = dice.random() if depth else 0
    if kind < 0.6:
        return a_term(dice, name)
    if kind < 0.8:
        trees, texts = zip(*(an_operand(dice, depth - 1, name) for _ in range(2)), strict=True)
        return ("or", list(trees)), f"({' OR '.join(texts)})"
    tree, text = a_near(dice, depth - 1, name)
    return tree, f"({text})"


def a_near(dice: random.Random, depth: int, name: str) -> tuple[Tree, str]:
    tree, text = an_operand(dice, depth, name)
    for _ in range(dice.choice([1, 1, 2])):
        other, shown = an_operand(dice, depth, name)
        sign, distance = dice.choice(["NEAR", "W", "PRE", "ONEAR"]), dice.choice([0, 1, 2, 4])
        tree, text = ("near", tree, other, distance, sign in ("PRE", "ONEAR")), f"{text} {sign}/{distance} {shown}"
    return tree, text


def an_atom(dice: random.Random, depth: int, name: str) -> tuple[Tree, str]:
    kind = dice.random() if depth else 0
    if kind < 0.4:
        return a_term(dice, name)
    if kind < 0.6:
        return a_near(dice, 2, name)
    if kind < 0.7:
        trees, texts = zip(*(a_term(dice, name) for _ in range(dice.randint(1, 2))), strict=True)
        least = dice.randint(1, 3)
        return ("atleast", least, ("or", list(trees))), f"ATLEAST{least}({' OR '.join(texts)})"
    if kind < 0.8 and not name:
        name = dice.choice(FIELDS[:2])
        tree, text = a_rule(dice, depth - 1, name)
        return tree, f"{name}:({text})"
    tree, text = a_rule(dice, depth - 1, name)
    return tree, f"({text})"


def a_rule(dice: random.Random, depth: int = 2, name: str = "") -> tuple[Tree, str]:
    branches, texts = [], []
    for _ in range(dice.choice([1, 2, 3])):
        parts, shown = [], ""
        for _ in range(dice.choice([1, 1, 2])):
            tree, text = an_atom(dice, depth, name)
            if dice.random() < 0.25:
                tree, text = ("not", tree), f"{dice.choice(['NOT ', '-'])}{text}"
            parts.append(tree)
            shown += dice.choice([" ", " AND ", " & "]) + text if shown else text
        branches.append(("and", parts))
        texts.append(shown)
    return ("or", branches), dice.choice([" OR ", "|"]).join(texts)


def an_article(dice: random.Random) -> dict[str, str]:
    words = dice.sample(TEXT, 10)
    sizes = {"title": 6, "text": 16, "author": 4}
    return {name: " ".join(dice.choices(words, k=dice.randint(0, size))) for name, size in sizes.items()}


@pytest.mark.parametrize("crowded", [False, True])
def test_the_engine_agrees_with_the_reference(crowded: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if crowded:  # as where words stand so close that a NEAR in a NEAR does not follow every pair
        monkeypatch.setattr(proximity, "MAX_PAIRS", 0)
    dice = random.Random(f"rules {crowded}")
    compared = matched = 0
    while compared < 1_000:
        trees: dict[str, Tree] = {}
        compiled = []
        for number in range(5):
            tree, text = a_rule(dice)
            errors = check(text).errors
            assert all("absence" in error.message or "same field" in error.message for error in errors), text
            if errors:
                continue
            compiled.append(compile_rule(Rule(slug=str(number), query=text)))
            trees[str(number)] = tree
        book = RuleBook(compiled)
        articles = [an_article(dice) for _ in range(3)]
        asked = {rule.slug: found_by(superset_query(rule), articles) for rule in compiled}
        for row, article in enumerate(articles):
            fields = {name: Field(text) for name, text in article.items()}
            subject = Subject(**article)
            expected = {slug for slug, tree in trees.items() if holds(fields, tree)}
            texts = [rule.root.label() for rule in compiled], article
            assert {rule.slug for rule in compiled if rule.holds(Reading(subject))} == expected, texts
            assert {rule.slug for rule in compiled if explain(rule, subject).holds} == expected, texts
            assert all(row in asked[slug] for slug in expected), texts
            matches = book.match(subject)
            assert {match.rule for match in matches} == expected, texts
            for hit in (hit for match in matches for hit in match.hits):
                written = article[hit.field][hit.start : hit.end]
                again = compile_rule(Rule(slug="term", query=hit.term))
                alone = Subject(**{hit.field: written})
                assert again.holds(Reading(alone)) or hit.field == "author", (hit, texts)
                assert written in hit.sentence
            compared += len(compiled)
            matched += len(expected)
    assert 0.2 < matched / compared < 0.8


def found_by(question: str | None, articles: list[dict[str, str]]) -> set[int]:
    """The articles that a full-text question finds; all where there is none."""
    if question is None:
        return set(range(len(articles)))
    db = sqlite3.connect(":memory:")
    db.execute("""CREATE VIRTUAL TABLE fts USING fts5 (text, title, content='', tokenize="ascii tokenchars '.'")""")
    for row, article in enumerate(articles):
        columns = index_text(article["text"]), index_text(article["title"])
        db.execute("INSERT INTO fts (rowid, text, title) VALUES (?, ?, ?)", (row, *columns))
    found = {row for (row,) in db.execute("SELECT rowid FROM fts WHERE fts MATCH ?", (question,))}
    db.close()
    return found
