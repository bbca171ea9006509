"""The five sample documents through the whole path: what is stored, what alerts, what does not."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from build import NOON, a_rule
from house import House

from monitor.model import Rule
from monitor.ports import SourceRow
from monitor.sources.folder import FolderSource

ROOT = Path(__file__).parent.parent
NAMES = sorted(path.name for path in (ROOT / "seeds").iterdir())
EXPECTED = {name: (ROOT / "tests" / "expected" / name).read_text("utf-8") for name in NAMES}
SILENT = ('"Thomas West"', "drones", "airspace", "Retirees", "markas303", "Roku", "presstv")


def number(name):
    return name[:3]


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    queries = {"khalilzad": "Khalilzad", "peace": '"peace agreement"'}
    given = [a_rule(slug=slug, query=query) for slug, query in queries.items()]
    given += [a_rule(slug=f"silent-{i}", query=query) for i, query in enumerate(SILENT)]
    given = [Rule(slug=rule.slug, query=rule.query, channels=rule.channels, max_age=None) for rule in given]

    async def elsewhere(function, *args, deadline):
        raise AssertionError("plain text needs no worker")

    row = SourceRow(slug="seeds", kind="folder", address=str(ROOT / "seeds"), every=10.0, options={"after": "keep"})
    house = House(
        tmp_path_factory.mktemp("seeds"),
        given=given,
        row=row,
        now=NOON,
        source=FolderSource(elsewhere, sleep=asyncio.sleep),
    )
    asyncio.run(_through(house))
    yield house
    house.close()


async def _through(house):
    started = []
    await house.pipeline.poll_due(started.append)
    await asyncio.gather(*started)
    await house.pipeline.digest_due()


def articles(house, columns):
    rows = house.all(f"SELECT text, {columns} FROM articles")
    found = {}
    for text, *values in rows:
        [name] = [name for name, want in EXPECTED.items() if want.split() == text.split()]
        found[number(name)] = values[0] if len(values) == 1 else tuple(values)
    return found


def test_all_five_are_stored_as_their_clean_text_and_as_five_stories(house):
    assert house.all("SELECT state, COUNT(*) FROM entries GROUP BY state") == [("done", 5)]
    assert sorted(articles(house, "id")) == ["000", "001", "002", "003", "004"]
    assert house.all("SELECT COUNT(DISTINCT story_id) FROM articles") == [(5,)]


def test_titles_bylines_outlets_dates_and_languages(house):
    found = articles(house, "title, byline, outlet, published_at, language")

    assert {key: row[0] for key, row in found.items()} == {
        "000": "US working towards 'good deal' with Taliban: Pentagon chief",
        "001": "Khalilzad to Taliban: We seek a comprehensive peace agreement, not withdrawal",
        "002": "US, Taliban at odds over peace deal",
        "003": "U.S.-Taliban peace talks to end Afghan war enter 'make-or-break moment'",
        "004": "US rejects troops pullout, direct talks with Taliban",
    }
    assert found["001"][1] == "Farhad Naibkhel"
    assert found["003"][2] == "Japan Times"
    assert {key: (row[3] or "")[:10] for key, row in found.items()} == {
        "000": "", "001": "", "002": "", "003": "2019-06-29", "004": "",
    }  # fmt: skip
    assert {row[4] for row in found.values()} == {"en"}


def test_rules_find_what_is_said_and_where(house):
    by_id = {article: key for key, article in articles(house, "id").items()}
    alerts: dict[str, set[str]] = {}
    for rule, article in house.all("SELECT rule, article_id FROM alerts"):
        alerts.setdefault(rule, set()).add(by_id[article])

    assert alerts == {"khalilzad": {"001", "003"}, "peace": {"000", "001", "002"}}


def test_what_stood_in_removed_text_alerts_nobody_and_can_be_seen(house):
    suppressed = house.all(
        """SELECT m.rule, b.text, b.reason FROM matches m JOIN removed_blocks b ON b.id = m.removed_block_id
           WHERE m.suppressed = 1"""
    )
    rules = {rule for rule, _, _ in suppressed}

    assert {f"silent-{SILENT.index(query)}" for query in ('"Thomas West"', "drones", "airspace", "Retirees")} <= rules
    assert all(reason for _, _, reason in suppressed)
    assert house.all("SELECT COUNT(*) FROM alerts WHERE rule LIKE 'silent%'") == [(0,)]


def test_every_removed_block_has_its_reason_and_the_link_junk_is_recorded_as_spam(house):
    assert house.all("SELECT COUNT(*) FROM removed_blocks WHERE reason = ''") == [(0,)]
    assert house.all("SELECT COUNT(DISTINCT article_id) FROM removed_blocks") == [(5,)]
    assert {host for (host,) in house.all("SELECT host FROM spam_hosts")} == {
        "www.markas303.ac.id",
        "www.markas303.or.id",
        "www.markas303.sch.id",
    }
