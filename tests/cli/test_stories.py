"""`monitor stories` and `monitor held` over a real store, without a daemon: each takes the lock and does it here."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from build import a_match, an_article
from click.testing import CliRunner
from told import settle

from monitor import cli
from monitor.model import Digest
from monitor.store import articles, held
from monitor.store.connection import Store

CONFIG = """
[monitor]
state = "state"
[folders.drop]
path = "drop"
"""
FIRST = "The ferry closes in October. About 130 people work on it.\n\nThe mayor called it a hard blow."
LATER = "The ferry closes in October. About 150 people work on it.\n\nThe union will meet the owners on Friday."


@pytest.fixture
def desk(tmp_path):
    """Story 1 has two articles, the second was revised; story 2 has one. Two entries of 'wire' are held."""
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "drop").mkdir()
    store, now = Store(tmp_path / "state" / "monitor.db"), datetime.now(UTC)

    def write(db):
        settle(db, 1, now=now)
        settle(db, 2, story=1, source="herald", now=now + timedelta(minutes=5))
        settle(db, 3, now=now)
        db.execute("UPDATE articles SET text = ? WHERE id = 1", (FIRST,))
        revised = Digest(article=an_article(text=LATER), matches=(a_match(),))
        articles.revise(db, 2, revised, "announced again", now, ("", ""))
        db.execute("UPDATE revisions SET text = ?", (FIRST,))
        for number in (11, 12):
            settle(db, number, now=now)
            db.execute("UPDATE entries SET state = 'pending', article_id = NULL WHERE guid = ?", (f"guid-{number}",))
        waiting = [row["id"] for row in db.execute("SELECT id FROM entries WHERE state = 'pending'")]
        held.hold(db, "wire", waiting, "2 new entries at once", now)

    store.write_now(write)
    store.close()
    return tmp_path


@pytest.fixture
def run(desk):
    def runner(*arguments, fails=False):
        result = CliRunner().invoke(cli.main, ["-c", str(desk / "config.toml"), *map(str, arguments)])
        assert (result.exit_code != 0) is fails, result.output
        return result

    return runner


def test_list_is_a_table_or_json(run):
    assert "first at" in run("stories", "list").stdout
    found = json.loads(run("stories", "list", "--json", "--least", 2).stdout)
    assert [(row["id"], row["appearances"]) for row in found] == [(1, 2)]
    assert json.loads(run("stories", "list", "--json", "--since", "1h", "--limit", 1).stdout)
    assert "--since" in run("stories", "list", "--since", "soon", fails=True).stderr


def test_show_tells_members_with_their_differences(run):
    text = run("stories", "show", 1).stdout
    assert "told by wire, herald" in text
    assert "+ About 150 people work on it." in text
    assert "- The mayor called it a hard blow." in text
    assert "alert 1 of rule envoy" in text
    first, second = json.loads(run("stories", "show", 1, "--json").stdout)["articles"]
    assert (first["adds"], first["revised"]) == ([], [])
    assert second["adds"] == ["About 150 people work on it.", "The union will meet the owners on Friday."]
    assert second["leaves_out"] == ["About 130 people work on it.", "The mayor called it a hard blow."]
    assert second["revised"][0]["withdrawn"] == second["leaves_out"]


def test_what_is_not_there_says_what_to_do(run):
    assert "`monitor stories list`" in run("stories", "show", 99, fails=True).stderr


def test_split_and_join(run):
    assert "split: story" in run("stories", "split", 2).stderr
    (new,) = (row["id"] for row in json.loads(run("stories", "list", "--json").stdout) if row["id"] > 4)
    assert "1 articles moved to story 1" in run("stories", "join", 1, new).stderr
    result = run("stories", "show", new)
    assert f"story {new} was joined to story 1" in result.stderr
    assert "nothing to split" in run("stories", "split", 3, fails=True).stderr


def test_overlap_names_sources(run):
    rows = {row["source"]: row for row in json.loads(run("stories", "overlap", "--json").stdout)}
    assert (rows["herald"]["copied"], rows["herald"]["own"]) == (1, 0)
    assert "nobody else" in run("stories", "overlap").stdout


def test_held_entries_are_listed_released_and_discarded(run):
    assert "2 new entries at once" in run("held", "list").stdout
    first, second = (row["entry"] for row in json.loads(run("held", "list", "wire", "--json").stdout))
    assert "1 entries of wire released" in run("held", "release", "wire", first).stderr
    assert "--yes" in run("held", "discard", "wire", fails=True).stderr
    assert "1 entries of wire discarded" in run("held", "discard", "wire", second, "--yes").stderr
    assert "nothing is held" in run("held", "list").stderr
    assert "no such held entries" in run("held", "release", "wire", fails=True).stderr
