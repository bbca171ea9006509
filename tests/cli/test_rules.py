"""`monitor rules`, `plan` and `explain` over a real store."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from build import an_article, an_entry
from click.testing import CliRunner, Result
from told import a_source

from monitor import cli, config
from monitor.model import Digest, Removed, Rule, Ruling
from monitor.stages import alert as alert_stage
from monitor.stages.restraint import Route
from monitor.stages.rules import Reading, RuleBook, Subject, compile_rule
from monitor.stages.words import index_text
from monitor.store import alerts, articles, entries, rules
from monitor.store.connection import Connection, Store

CONFIG = """
[monitor]
state = "state"
[folders.drop]
path = "drop"
tags = ["war"]
[variants.soleimani]
forms = ["Soleimani", "سلیمانی"]
[rules.kabul]
query = "Kabul"
channels = ["desk"]
[rules.attack]
query = '{soleimani} OR "Wi-Fi" attack*'
[rules.dead]
query = "Xanadu"
[channels.desk]
kind = "file"
path = "alerts.jsonl"
cap = "2/1h"
"""
NOW = datetime.now(UTC)
TEXTS = [  # source, story, title, text
    ("drop", None, "Blast in Kabul", "A blast hit Kabul on Sunday. Nobody was hurt."),
    ("drop", 1, "Kabul blast: what we know", "Kabul woke to a blast."),
    ("wire", None, "Markets", "The U.S. market rose. In Kabul nothing changed."),
    ("wire", None, "Sport", "Herat lost again."),
    ("wire", None, "سلیمانی", "سلیماني در کابل"),
]


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    (tmp_path / "config.toml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "drop").mkdir()
    store = Store(tmp_path / "state" / "monitor.db")
    store.write_now(_fill)
    store.close()
    return tmp_path


def _fill(db: Connection) -> None:
    kabul = Rule(slug="kabul", query="Kabul", channels=("desk",), version=1)
    for rule in (kabul, Rule(slug="dead", query="Xanadu"), Rule(slug="old", query="Herat")):
        rules.save(db, rule, "", NOW - timedelta(days=40))
    book = RuleBook([compile_rule(kabul)])
    for number, (source, story, title, text) in enumerate(TEXTS, 1):
        seen = NOW - timedelta(days=3, minutes=10 - number)
        source_number = a_source(db, source)
        (entry,) = entries.add(
            db, source_number, [an_entry(guid=f"g{number}", url=f"https://example.org/{number}")], seen
        )
        matches = tuple(book.match(Subject(title=title, text=text)))
        digest = Digest(
            article=an_article(title=title, text=text, url=f"https://example.org/{number}"),
            matches=matches, index_title=index_text(title), index_text=index_text(text),
            removed=(Removed(text="Share this", offset=0, at=0, reason="share", confidence=1.0),),
        )  # fmt: skip
        ruling = Ruling(kind="fresh" if story is None else "echo", story=story, because="no article like it")
        article, story_number = articles.add(db, source_number, digest, ruling, seen)
        db.execute("UPDATE entries SET state = 'done', article_id = ? WHERE id = ?", (article, entry))
        told = alerts.told(db, story=story_number, article=article)
        subject = alert_stage.Subject(article=article, story=story_number, source=source)
        for decision in alert_stage.raise_for(matches, {"kabul": kabul}, subject, told=told, silences=(), now=seen):
            match_number = articles.add_match(
                db, decision.match, entry=entry, article=article, story=story_number, outcome=decision.outcome,
                because=decision.because, now=seen,
            )  # fmt: skip
            if decision.alert is not None:
                alert = alerts.add(
                    db, decision.alert, match=match_number, story=story_number, article=article,
                    update_of=None, routes={"desk": Route(channel="desk")}, once_per="story", now=seen,
                )  # fmt: skip
                alerts.mark(db, alert, "relevant" if number == 1 else "noise", NOW)


def monitor(desk: Path, *arguments: str, code: int = 0, input: bytes | None = None) -> Result:
    result = CliRunner().invoke(cli.main, ["--config", str(desk / "config.toml"), *arguments], input=input)
    assert result.exit_code == code, result.output + (str(result.exception) if result.exception else "")
    return result


def said(desk: Path, *arguments: str, code: int = 0, input: bytes | None = None) -> Any:
    return json.loads(monitor(desk, *arguments, "--json", code=code, input=input).stdout)


def test_rules_are_listed_with_what_they_did(desk: Path) -> None:
    rows = {row["slug"]: row for row in said(desk, "rules", "list")}

    assert (rows["kabul"]["matches"], rows["kabul"]["alerts"]) == (3, 2)
    assert rows["kabul"]["precision"] == "1 of 2"
    assert rows["dead"]["remark"] == "no match for 40 days"
    assert "Xanadu" in monitor(desk, "rules", "list").stdout


def test_a_rule_is_shown_with_precision_by_term_and_source(desk: Path) -> None:
    found = said(desk, "rules", "show", "kabul")

    assert found["outcomes"] == {"alert": 2, "repeat": 1}
    assert found["by_term"] == [{"name": "Kabul", "relevant": 1, "noise": 1}]
    assert {row["name"]: (row["relevant"], row["noise"]) for row in found["by_source"]} == {
        "drop": (1, 0),
        "wire": (0, 1),
    }
    assert "2 alert, 1 repeat" in monitor(desk, "rules", "show", "kabul").stdout
    assert "Did you mean 'kabul'?" in monitor(desk, "rules", "show", "kabil", code=2).output


def test_rules_are_checked(desk: Path) -> None:
    assert said(desk, "rules", "check") == []
    assert said(desk, "rules", "check", "kabul", "attack") == []
    (fault,) = said(desk, "rules", "check", "--query", "Kabul AND", code=3)
    assert (fault["kind"], fault["offset"]) == ("error", 6)
    assert fault["shown"].endswith("    Kabul AND\n          ^")
    (warning,) = said(desk, "rules", "check", "--query", "US army")
    assert warning["kind"] == "warning"
    shown = monitor(desk, "rules", "check", "--query", "foo:x", code=3)
    assert "there is no field foo:" in shown.stdout
    assert "1 rule, 1 of them does not compile" in shown.stderr
    assert monitor(desk, "rules", "check").stderr.endswith("3 rules, no errors\n")


def test_a_wildcard_that_covers_half_the_store_is_warned_of(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.cli.rules.TOO_WIDE", 1)
    assert said(desk, "rules", "check", "--query", "Xan*") == []
    (warning,) = said(desk, "rules", "check", "--query", "Kabul no*")
    assert warning["message"].startswith("no* covers more than 1 words")
    assert warning["offset"] == 6


def test_a_rule_is_tried_on_a_stored_article_a_file_and_standard_input(desk: Path) -> None:
    assert said(desk, "rules", "test", "kabul", "1")["matches"] is True
    assert said(desk, "rules", "test", "kabul", "https://example.org/4")["matches"] is False
    (desk / "a.txt").write_text(
        "Blast in Kabul\n\nA blast hit the city on Sunday, and nobody was hurt.", encoding="utf-8"
    )
    found = said(desk, "rules", "test", "--query", "title:blast OR Kabul", str(desk / "a.txt"))
    assert found["matches"] is True
    shown = monitor(desk, "rules", "test", "attack", "-", input="سليماني spoke of an attack.".encode())
    assert "attack matches" in shown.stdout
    assert "✗ {soleimani}: Soleimani  — not found in title or text" in shown.stdout
    assert "✓ {soleimani}: سلیمانی  — 1 × text" in shown.stdout
    assert shown.stdout.count("spoke of an attack") == 1, "a sentence is shown once, however many terms are in it"
    shown = monitor(desk, "rules", "test", "--query", "Herat NEAR/2 Kabul", "1")
    assert "does not match" in shown.stdout
    assert "✗ Herat  — not found in title or text" in shown.stdout
    assert "neither a file nor" in monitor(desk, "rules", "test", "kabul", "99", code=2).output


def test_a_backtest_counts_matches_alerts_and_messages(desk: Path) -> None:
    found = said(desk, "rules", "backtest", "kabul", "--since", "30d")

    assert (found["articles"], found["matches"], found["alerts"], found["messages"]) == (5, 3, 2, {"desk": 2})
    assert found["per_source"] == {"drop": 2, "wire": 1}
    assert list(found["per_day"].values()) == [3]
    assert found["samples"][0]["hit"]["sentence"] == "Blast in Kabul"
    assert said(desk, "rules", "backtest", "kabul", "--since", "1d")["articles"] == 0
    shown = monitor(desk, "rules", "backtest", "kabul", "--since", "all")
    assert "3 of 5 articles of all time" in shown.stdout


def test_a_changed_rule_gains_and_loses(desk: Path) -> None:
    found = said(desk, "rules", "backtest", "kabul", "--query", "Herat OR Kabul NOT market")

    assert [row["article"] for row in found["gained"]] == [4]
    assert [row["article"] for row in found["lost"]] == [3]
    shown = monitor(desk, "rules", "backtest", "kabul", "--query", "Herat")
    assert "1 gained, 3 lost" in shown.stdout
    assert "+ 4  Sport" in shown.stdout
    assert said(desk, "rules", "backtest", "--query", "source:example.org")["matches"] == 5
    assert said(desk, "rules", "backtest", "--query", "tag:war OR lang:xx")["matches"] == 0
    monitor(desk, "rules", "backtest", code=2)
    assert "nothing after it" in monitor(desk, "rules", "backtest", "--query", "Kabul AND", code=78).output


def test_a_plan_says_what_a_changed_configuration_would_do(desk: Path) -> None:
    changed = CONFIG.replace('query = "Kabul"', 'query = "Kabul OR Herat"').replace(
        'query = "Xanadu"', 'query = "Xanadu AND"'
    )
    (desk / "config.toml").write_text(changed, encoding="utf-8")
    found = said(desk, "plan", code=3)

    assert {(row["source"], row["change"]) for row in found["sources"]} == {("drop", "changed"), ("wire", "removed")}
    (drop,) = [row for row in found["sources"] if row["source"] == "drop"]
    assert drop["settings"]["address"] == ["https://example.org/feed", str(desk / "drop")]
    assert drop["settings"]["tags"] == [[], ["war"]]
    changes = {row["rule"]: row["change"] for row in found["rules"]}
    assert changes == {"kabul": "changed", "attack": "added", "dead": "broken", "old": "removed"}
    kabul = next(row for row in found["rules"] if row["rule"] == "kabul")
    assert [row["article"] for row in kabul["gained"]] == [4]
    shown = monitor(desk, "plan", code=3).stdout
    assert "- source wire" in shown
    assert "    tags: none → war" in shown
    assert "~ rule kabul" in shown
    assert "1 gained, 0 lost" in shown
    assert "Xanadu AND\n" in shown


def test_an_article_tells_its_way(desk: Path) -> None:
    found = said(desk, "explain", "https://example.org/2")

    assert [entry["state"] for entry in found["entries"]] == ["done"]
    assert found["article"]["story_size"] == 2
    assert [(match["rule"], match["outcome"]) for match in found["matches"]] == [("kabul", "repeat")]
    shown = monitor(desk, "explain", "1", "--rule", "attack").stdout
    assert "→ alert" in shown
    assert "desk: pending" in shown
    assert "1 blocks removed: share 1" in shown
    assert "✗ " in shown
    assert "no rule matched it" in monitor(desk, "explain", "4").stdout
    assert "Nothing is known of" in monitor(desk, "explain", "https://example.org/none", code=2).output
    assert "There is no rule" in monitor(desk, "explain", "1", "--rule", "nobody", code=2).output


def test_a_copy_is_explained_as_it_appeared(desk: Path) -> None:
    store = Store(desk / "state" / "monitor.db")

    def copy(db: Connection) -> None:
        (entry,) = entries.add(db, a_source(db, "drop"), [an_entry(guid="y", url="https://copy.example/y")], NOW)
        db.execute("UPDATE entries SET state = 'copy', article_id = 3 WHERE id = ?", (entry,))

    store.write_now(copy)
    store.close()
    here = '[rules.here]\nquery = "Kabul"\nfeeds = ["drop"]\n'
    (desk / "config.toml").write_text(CONFIG + here, encoding="utf-8")
    assert said(desk, "rules", "backtest", "here")["per_source"] == {"drop": 3}
    assert said(desk, "rules", "test", "here", "https://copy.example/y")["matches"] is True
    assert said(desk, "rules", "test", "here", "https://example.org/3")["matches"] is False
    assert said(desk, "explain", "3", "--rule", "here")["rules"]["here"]["holds"] is True
    assert said(desk, "explain", "https://example.org/3", "--rule", "here")["rules"]["here"]["holds"] is False
    assert "as it appeared in drop" in monitor(desk, "explain", "3", "--rule", "here").stdout


def test_a_hit_in_json_has_the_names_of_its_fields(desk: Path) -> None:
    (hit, *_) = said(desk, "rules", "test", "kabul", "1")["hits"]
    sample = said(desk, "rules", "backtest", "kabul")["samples"][0]["hit"]
    assert hit["term"] == sample["term"] == "Kabul"
    assert set(hit) == set(sample) == {"term", "field", "start", "end", "sentence", "sentence_start", "variant"}


def test_a_rule_that_broke_tells_which_version_goes_on(desk: Path) -> None:
    broken = Rule(slug="kabul", query="Kabul AND", version=2)
    (desk / "config.toml").write_text(CONFIG.replace('"Kabul"', '"Kabul AND"'), encoding="utf-8")
    store = Store(desk / "state" / "monitor.db")
    store.write_now(lambda db: rules.save(db, broken, "rule 'kabul': AND has nothing after it", NOW))
    store.close()
    found = said(desk, "rules", "show", "kabul")
    assert (found["record"]["state"], found["record"]["remark"]) == ("stale", "AND has nothing after it")
    assert (found["working"]["version"], found["working"]["query"]) == (1, "Kabul")
    assert "until it is mended, version 1 goes on: Kabul\n" in monitor(desk, "rules", "show", "kabul").stdout
    assert "goes on" not in monitor(desk, "rules", "show", "dead").stdout


def test_what_did_not_become_an_article_says_why(desk: Path) -> None:
    store = Store(desk / "state" / "monitor.db")

    def fail(db: Connection) -> None:
        (entry,) = entries.add(db, a_source(db, "wire"), [an_entry(guid="x", url="https://example.org/x")], NOW)
        db.execute("UPDATE entries SET state = 'failed', because = 'http-404' WHERE id = ?", (entry,))

    store.write_now(fail)
    store.close()
    shown = monitor(desk, "explain", "https://example.org/x").stdout
    assert "announced by wire" in shown
    assert "failed: http-404" in shown
    assert "did not become an article" in shown


def test_the_store_gives_articles_as_rules_saw_them(desk: Path) -> None:
    from monitor.store import backtest
    from monitor.store.scan import subject_of

    store = Store(desk / "state" / "monitor.db")
    seen = store.read_now(lambda db: list(backtest.articles(db, backtest.numbers(db, None, [None]))))
    store.close()
    assert [row.article for row in seen] == [1, 2, 3, 4, 5]
    compiled = compile_rule(Rule(slug="x", query="source:drop Kabul"))
    assert [row.article for row in seen if compiled.holds(Reading(subject_of(row)))] == [1, 2]


def test_a_changed_variant_set_is_a_change_of_the_rules_that_name_it(desk: Path) -> None:
    configured = config.load(desk / "config.toml").rules
    store = Store(desk / "state" / "monitor.db")
    store.write_now(lambda db: [rules.save(db, rule, "", NOW) for rule in configured.values()])
    store.close()
    written = (desk / "config.toml").read_text("utf-8")
    (desk / "config.toml").write_text(written.replace('"سلیمانی"', '"Herat"'), "utf-8")

    (row,) = [row for row in said(desk, "plan", "--since", "30d")["rules"] if row["change"] != "removed"]
    assert (row["rule"], row["change"]) == ("attack", "changed")
    assert [one["article"] for one in row["gained"]] == [4]
    assert [one["article"] for one in row["lost"]] == [5]
    back = said(desk, "rules", "backtest", "attack", "--since", "30d")
    assert [one["article"] for one in back["gained"]] == [4]
