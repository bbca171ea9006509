"""The examples of the pages on rules are run: what they say is found is found."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from monitor.model import Rule
from monitor.stages.rules import check, compile_rule, matches

DOCS = Path(__file__).parents[3] / "docs"
_CELL = r"(?:[^|\\]|\\.)*"
_EXAMPLE = re.compile(rf"^\| `({_CELL})` \| ({_CELL}) \| (yes|no) \|", re.MULTILINE)
_PAIR = re.compile(rf"^\| ({_CELL}) \| `({_CELL})` \|", re.MULTILINE)
TEACHING = (DOCS / "rules.md").read_text(encoding="utf-8")
EXAMPLES = [(query.replace("\\|", "|"), text, found == "yes") for query, text, found in _EXAMPLE.findall(TEACHING)]
COMING = [here.replace("\\|", "|") for _, here in _PAIR.findall((DOCS / "coming-from.md").read_text(encoding="utf-8"))]
TABLES = re.findall(r"```toml\n(.*?)```", TEACHING, re.DOTALL)


@pytest.mark.parametrize(("query", "text", "found"), EXAMPLES)
def test_an_example_does_what_the_page_says(query: str, text: str, found: bool) -> None:
    assert matches(query, text=text) is found


@pytest.mark.parametrize("query", COMING)
def test_what_newcomers_are_told_to_write_compiles(query: str) -> None:
    assert check(query).errors == ()


def test_the_pages_have_their_examples() -> None:
    assert len(EXAMPLES) > 50
    assert len(COMING) > 30


@pytest.mark.parametrize("table", TABLES)
def test_the_tables_are_valid_and_their_rules_compile(table: str) -> None:
    read = tomllib.loads(table)
    variants = {name: tuple(one["forms"]) for name, one in read.get("variants", {}).items()}
    for slug, rule in read["rules"].items():
        assert compile_rule(Rule(slug=slug, query=rule["query"]), variants).slug == slug


def test_the_message_on_the_page_is_the_message_given() -> None:
    (shown,) = re.findall(r"```\n(rule 'kabul'.*?)\n```", TEACHING, re.DOTALL)
    (fault,) = check("titel:Kabul").errors
    assert f"rule 'kabul': {fault.show('titel:Kabul')}" == shown
