"""Every page and every ready question answers, within its time, in the real Datasette."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from desking import client
from lxml import etree, html

from monitor.desk.glossary import TABLES, VIEWS
from monitor.desk.plugin import DESK_POLICY
from monitor.desk.queries import QUERIES

Get = Callable[[str], Any]


@pytest.fixture(scope="module")
def get(store: Path) -> Iterator[Get]:
    with client(store) as ask:
        yield ask


def one(path: Path, query: str) -> Any:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(query).fetchone()[0]


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", html.fromstring(answer.text).text_content())


# ── the desk's own pages ────────────────────────────────────────────────────────────────────────


def test_start_shows_the_latest_alerts_and_what_is_wrong(get: Get, store: Path) -> None:
    answer = get("/")
    assert answer.status_code == 200
    page = html.fromstring(answer.text)
    assert page.xpath("//main//h2")[0].text_content() in ("Today", "Yesterday")
    newest = one(
        store, "SELECT title FROM articles JOIN alerts ON article_id = articles.id ORDER BY alerts.id DESC LIMIT 1"
    )
    assert page.xpath("//article//h3")[0].text_content() == newest
    assert page.xpath("//article//mark")
    assert "border-gazette has failed 6 times" in text_of(answer)
    assert "nothing new for 4 days" in text_of(answer)
    assert len(page.xpath("//svg")) == 2


def test_an_article_is_shown_with_its_evidence_and_its_cuts(get: Get, store: Path) -> None:
    number = one(
        store, "SELECT article_id FROM matches WHERE suppressed = 0 AND field = 'text' ORDER BY id DESC LIMIT 1"
    )
    page = html.fromstring(get(f"/article/{number}").text)
    body = page.xpath("//div[@class='body']")[0]
    assert body.xpath(".//mark")
    paragraphs = [re.sub(r"\s+", " ", p.text_content()) for p in body.xpath("./p")]
    stored = one(store, f"SELECT text FROM articles WHERE id = {number}")
    assert paragraphs == [re.sub(r"\s+", " ", p) for p in stored.split("\n\n")]
    with closing(sqlite3.connect(store)) as db:
        cuts = [
            row[0] for row in db.execute("SELECT text FROM removed_blocks WHERE article_id = ? ORDER BY at", (number,))
        ]
    shown = [quote_.text for quote_ in body.xpath("./details/blockquote")]
    assert sorted(shown) == sorted(cuts)


def test_a_match_in_removed_text_is_shown_where_it_was_cut(get: Get, store: Path) -> None:
    number = one(store, "SELECT article_id FROM matches WHERE suppressed = 1 LIMIT 1")
    page = html.fromstring(get(f"/article/{number}").text)
    warned = page.xpath("//details[contains(@class, 'warned')]")
    assert len(warned) >= 1
    assert warned[0].get("open") is not None
    assert "taliban matched only here: no alert." in warned[0].text_content()


def test_an_article_shows_what_was_changed(get: Get, store: Path) -> None:
    number = one(
        store,
        "SELECT r.article_id FROM revisions r JOIN articles a ON a.id = r.article_id WHERE a.text <> r.text LIMIT 1",
    )
    page = html.fromstring(get(f"/article/{number}").text)
    assert page.xpath("//section[@id='revisions']//ins")


def test_an_article_shows_its_alerts_and_messages(get: Get, store: Path) -> None:
    alert = one(store, "SELECT id FROM alerts ORDER BY id DESC LIMIT 1")
    answer = get(f"/alert/{alert}")
    assert answer.status_code == 302
    where = answer.headers["location"]
    assert where.endswith(f"#alert-{alert}")
    told = html.fromstring(get(where).text).get_element_by_id(f"alert-{alert}").text_content()
    assert "desk-mail" in told
    assert "d…@newsroom.example" in told


def test_a_search_is_followed_into_the_article(get: Get) -> None:
    found = html.fromstring(get("/search?q=" + quote('"border crossing" -flood')).text)
    links = found.xpath("//h3/a/@href")
    assert len(links) == 20
    assert found.xpath("//p[@class='sentence']/mark")
    older = found.xpath("//a[@rel='next']/@href")[0]
    assert html.fromstring(get(older).text).xpath("//h3/a/@href")[0] != links[0]
    marked = [mark.text_content().lower() for mark in html.fromstring(get(links[0]).text).xpath("//mark")]
    assert "border crossing" in marked


def test_a_story_is_told_in_its_order(get: Get, store: Path) -> None:
    number = one(store, "SELECT story_id FROM articles GROUP BY story_id ORDER BY count(*) DESC LIMIT 1")
    page = html.fromstring(get(f"/story/{number}").text)
    delays = [span.text_content() for span in page.xpath("//main//section[@class='main']//span[@class='when']")]
    assert delays[0] == "first"
    assert len(delays) == one(store, f"SELECT count(*) FROM story_timeline WHERE story_id = {number}")


def test_a_rule_and_a_source_have_pages(get: Get) -> None:
    rule = get("/rule/disaster")
    assert "earthquake OR flood OR landslide" in text_of(rule)
    assert html.fromstring(rule.text).xpath("//mark")
    source = text_of(get("/source/border-gazette"))
    assert "HTTP 503" in source
    assert "HTTP 503 from the server 6 times in a row" in source


@pytest.mark.parametrize(
    "address",
    ["/article/999999", "/story/999999", "/alert/999999", "/rule/none", "/source/none", "/article/9999999999999999999",
     "/rule/~2E~2E", "/rule/%F0%9F%92%A5"],
)  # fmt: skip
def test_what_is_not_there(get: Get, address: str) -> None:
    answer = get(address)
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text


@pytest.mark.parametrize("query", ["", "???", "a" * 5000, "(" * 500, "\x00", "NEAR/5", "title:", "-x", "%s' OR 1=1 --"])
def test_whatever_is_typed_gets_an_answer(get: Get, query: str) -> None:
    for page in ("1", "0", "-3", "x", "9" * 30):
        assert get(f"/search?q={quote(query)}&page={page}").status_code == 200


def test_our_pages_forbid_scripts_and_all_pages_forbid_strangers(get: Get) -> None:
    for address in (
        "/",
        "/search",
        "/article/1",
        "/nothing/here/at/all",
        "/monitor",
        "/monitor/articles",
        "/-/dashboards/desk",
    ):
        headers = get(address).headers
        policy = headers["content-security-policy"]
        assert "http" not in policy
        assert "frame-ancestors 'self'" in policy
        assert ("unsafe-eval" in policy) == ("dashboards" in address)
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
    assert get("/").headers["content-security-policy"] == DESK_POLICY
    assert "script" not in DESK_POLICY


# ── Datasette's pages ───────────────────────────────────────────────────────────────────────────

PARAMETERS = {"rule": "disaster", "story": "3", "article": "5", "term": '"border crossing"', "days": "30", "day": ""}


@pytest.mark.parametrize("name", QUERIES)
def test_every_ready_question_answers(get: Get, name: str) -> None:
    asked = re.findall(r":(\w+)", QUERIES[name].sql.replace("'urn:monitor:alert:'", "").replace("%H:%M", ""))
    more = "&".join(f"{one}={quote(PARAMETERS[one])}" for one in dict.fromkeys(asked) if one in PARAMETERS)
    began = time.perf_counter()
    answer = get(f"/monitor/{name}.json?_shape=array&{more}")
    assert answer.status_code == 200, answer.text
    assert time.perf_counter() - began < 3
    assert answer.json() or name in ("today", "undelivered", "removed_from_article", "could_not_be_read"), name
    assert get(f"/monitor/{name}?{more}").status_code == 200


def test_the_funnel_counts_what_matched_and_alerted(get: Get, store: Path) -> None:
    day = one(store, "SELECT max(day) FROM funnel_of_a_day")
    rows = get(f"/monitor/funnel.json?_shape=array&day={day}").json()

    for outcome, column in (("m.outcome", "matched"), ("'alert'", "alerted")):
        told = f"""SELECT count(DISTINCT e.id) FROM entries e JOIN matches m ON m.entry_id = e.id
                   WHERE date(e.seen_at) = '{day}' AND m.suppressed = 0 AND m.outcome = {outcome}"""
        assert sum(row[column] for row in rows) == one(store, told)
    assert sum(row["matched"] for row in rows) > 0


@pytest.mark.parametrize("name", [*TABLES, *VIEWS])
def test_every_table_and_view_has_a_page_with_its_description(get: Get, name: str) -> None:
    answer = get(f"/monitor/{name}")
    assert answer.status_code == 200
    page = text_of(answer)
    assert re.sub(r"\s+", " ", {**TABLES, **VIEWS}[name].text) in page


def test_the_database_page_hides_machinery(get: Get) -> None:
    page = html.fromstring(get("/monitor").text)
    shown = {
        link.text_content()
        for link in page.xpath("//div[@class='db-table']/h2/a | //div[contains(@class,'db-table')]//h3/a")
    }
    assert not {"sketches", "articles_fts", "state", "profile_blocks"} & shown


def test_articles_come_newest_first_and_are_searched_as_rules_see_words(get: Get, store: Path) -> None:
    rows = get("/monitor/articles.json?_shape=array&_size=5").json()
    assert rows[0]["id"] == one(store, "SELECT max(id) FROM articles")
    for typed, least in (
        ("border-crossing", 0),
        ('"border crossing"', 1),
        ("Ceasefire -flood", 1),
        ("((", 0),
        ("ceasefire OR", 1),
    ):
        answer = get("/monitor/articles.json?_shape=array&_search=" + quote(typed))
        assert answer.status_code == 200, typed
        assert len(answer.json()) >= least, typed
    upper = {row["id"] for row in get("/monitor/articles.json?_shape=array&_size=max&_search=CEASEFIRE").json()}
    with closing(sqlite3.connect(store)) as db:
        assert upper == {
            row[0] for row in db.execute("SELECT id FROM articles WHERE title || ' ' || text LIKE '%ceasefire%'")
        }


def test_numbers_and_names_lead_to_our_pages(get: Get) -> None:
    page = html.fromstring(get("/monitor/alert_list").text)
    assert page.xpath("//td//a[starts-with(@href, '/article/')]")
    assert page.xpath("//td//a[starts-with(@href, '/rule/')]")


@pytest.mark.parametrize("rule", ["disaster", "", "not-there", "<b>&"])
def test_a_rule_can_be_subscribed_to(get: Get, store: Path, rule: str) -> None:
    answer = get(f"/monitor/rule_feed.atom?rule={quote(rule)}")
    assert answer.status_code == 200
    feed = etree.fromstring(answer.content)
    entries = feed.findall("{http://www.w3.org/2005/Atom}entry")
    raised = {"disaster": one(store, "SELECT count(*) FROM alerts WHERE rule = 'disaster'"), "": 50}.get(rule, 0)
    assert len(entries) == 1 + min(raised, 50)  # the last one says where the feed begins
    assert len({entry.findtext("{http://www.w3.org/2005/Atom}id") for entry in entries}) == len(entries)


def test_every_picture_has_data(get: Get) -> None:
    from monitor.desk.dashboards import dashboards

    assert get("/-/dashboards/desk").status_code == 200
    for slug, chart in dashboards("monitor")["desk"]["charts"].items():
        answer = get("/monitor.json?_shape=objects&sql=" + quote(chart["query"]))
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert told["rows"], slug
        assert not told["truncated"], slug


def test_nothing_can_be_written(get: Get, store: Path) -> None:
    before = one(store, "SELECT count(*) FROM articles")
    assert get("/monitor.json?sql=" + quote("DELETE FROM articles")).status_code == 400
    assert get("/monitor.json?sql=" + quote("SELECT load_extension('x')")).status_code == 400
    assert one(store, "SELECT count(*) FROM articles") == before


def test_a_question_without_end_is_stopped(get: Get) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    began = time.perf_counter()
    answer = get("/monitor.json?sql=" + quote(endless))
    assert answer.status_code == 400
    assert "SQL Interrupted" in answer.text
    assert time.perf_counter() - began < 6


def test_a_login_before_datasette_is_a_login_before_the_desk(store: Path) -> None:
    addresses = (
        "/", "/article/1", "/story/1", "/alert/1", "/rule/disaster", "/source/border-gazette", "/search?q=flood",
        "/monitor/articles", "/-/dashboards/desk",
    )  # fmt: skip
    with client(store, allow={"id": "root"}) as ask:
        for address in addresses:
            assert ask(address).status_code == 403, address


# ── hostile news ────────────────────────────────────────────────────────────────────────────────


def test_feed_text_never_becomes_markup(hostile: tuple[Path, list[int]]) -> None:
    path, numbers = hostile
    stories = [one(path, f"SELECT story_id FROM articles WHERE id = {number}") for number in numbers]
    addresses = [
        "/",
        "/search?q=bitten",
        "/source/border-gazette",
        "/rule/disaster",
        "/search?q=" + quote("<script>alert(1)</script>"),
    ]
    addresses += [f"/article/{number}" for number in numbers] + [f"/story/{story}" for story in stories]
    addresses += [
        "/monitor/alert_list",
        "/monitor/articles",
        "/monitor/spam",
        "/monitor/undelivered",
        "/monitor/rule_feed?rule=",
    ]
    with client(path) as ask:
        assert_harmless(ask, addresses)


def assert_harmless(ask: Get, addresses: list[str]) -> None:
    for address in addresses:
        answer = ask(address)
        assert answer.status_code == 200, address
        page = html.fromstring(answer.text)
        assert not page.xpath("//iframe | //img | //*[@onerror] | //*[@onload]"), address
        assert not [script for script in page.xpath("//script") if "bitten" in script.text_content()], address
        for link in page.xpath("//@href | //@src | //@action"):
            assert not link.strip().lower().startswith(("javascript:", "vbscript:", "data:text", "//")), (address, link)
        assert "\u202e" not in answer.text or address.startswith("/monitor"), address
        assert "49" not in page.xpath("string(//title)")
    feed = ask("/monitor/rule_feed.atom?rule=")
    assert feed.status_code == 200
    assert b"javascript:" not in feed.content.replace(b"&lt;a href='javascript:", b"")
