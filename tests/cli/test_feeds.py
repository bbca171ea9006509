"""`monitor feeds`, `opml` and `sources`: against a real server and a real store, without a daemon."""

from __future__ import annotations

import asyncio
import json
import threading
import tomllib
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from feedmaking import item, rss
from unruly import reply, serving

from monitor import cli
from monitor.model import Document, Entry
from monitor.ports import SourceRow
from monitor.store import entries, sources
from monitor.store.connection import Store

LINK = b'<link rel="alternate" type="application/rss+xml" title="All" href="/rss">'
PAGE = b"<!DOCTYPE html><html><head>" + LINK + b"</head></html>"
LONG = "The envoy met the minister in Doha on Sunday, and both sides said that talks would go on. " * 12


@pytest.fixture
def server():
    """A feed at /rss, a page at /page that names it, a page at /bare that names none."""
    routes = {
        "/rss": reply(rss(item(1, description=LONG), item(2, description="Short."))),
        "/page": reply(PAGE, kind="text/html"),
        "/bare": reply(b"<html><body>x</body></html>", kind="text/html"),
    }
    ready, stop, found = threading.Event(), threading.Event(), []

    async def serve():
        async with serving(routes) as made:
            found.append(made)
            ready.set()
            while not stop.is_set():
                await asyncio.sleep(0.02)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(5)
    yield found[0]
    stop.set()
    thread.join()


@pytest.fixture
def desk(tmp_path, server):
    (tmp_path / "config.toml").write_text(
        f"""
[monitor]
state = "state"
[fetch]
allow_hosts = ["{server.host}"]
[feeds.wire]
url = "{server.url("/rss")}"
tags = ["doha"]
every = "30m"
[rules.envoy]
query = "envoy"
"""
    )
    return tmp_path


@pytest.fixture
def monitor(desk):
    def run(*arguments, code=0):
        done = CliRunner().invoke(cli.main, ["--config", str(desk / "config.toml"), *arguments])
        assert done.exit_code == code, done.output + done.stderr
        return done

    return run


@pytest.fixture
def stored(desk):
    """A store in which the feed has been polled."""
    store = Store(desk / "state" / "monitor.db")
    now = datetime.now(UTC)

    def write(db):
        row = SourceRow(slug="wire", kind="feed", address="http://x.example/rss", every=1800.0, tags=("doha",))
        number = sources.upsert(db, row, now)
        announced = [Entry(source="wire", guid=f"g{n}", content=Document(body=b"x")) for n in range(3)]
        entries.add(db, number, announced, now)
        sources.succeeded(db, number, now, now + timedelta(minutes=30), cursor={"title": "At news"}, brought_news=True)
        sources.record_poll(db, number, now, 12.0, "new", status=200, entries=3, new_entries=3)

    store.write_now(write)
    store.close()


def test_a_trial_shows_what_would_be_stored_and_stores_nothing(desk, monitor):
    said = json.loads(monitor("feeds", "test", "wire", "--json").stdout)
    assert said["entries"] == 2
    first, second = said["read"]
    assert first["title"] == "Story 1"
    assert first["rules"] == ["envoy"]
    assert first["characters"] > 900
    assert first["page"].startswith("no: ")
    assert second["page"].startswith("yes: ")
    assert not (desk / "state" / "monitor.db").exists()
    table = monitor("feeds", "test", "wire")
    assert "Story 1" in table.stdout


def test_a_trial_of_an_address_and_of_nothing(monitor, server):
    assert json.loads(monitor("feeds", "test", server.url("/page"), "--json").stdout)["entries"] == 2
    assert "there is no source 'nobody'" in monitor("feeds", "test", "nobody", code=1).stderr
    assert "not a public address" in monitor("feeds", "test", "http://127.0.0.1:8/", code=1).stderr


def test_discovery(monitor, server):
    found = json.loads(monitor("feeds", "discover", server.url("/page"), "--json").stdout)
    assert found == [{"url": server.url("/rss"), "title": "All", "declared": True}]
    assert json.loads(monitor("feeds", "discover", server.url("/rss"), "--json").stdout)[0]["title"] == "At news"
    assert "names no feed" in monitor("feeds", "discover", server.url("/bare"), code=1).stderr


def test_adding_writes_a_file_that_loads(desk, monitor, server):
    url = server.url("/rss?section=world")
    server.routes["/rss?section=world"] = server.routes["/rss"]
    monitor("feeds", "add", url, "--tag", "world", "--every", "1h")
    (made,) = (desk / "conf.d").iterdir()
    assert tomllib.loads(made.read_text()) == {"feeds": {"at-news": {"url": url, "every": "1h", "tags": ["world"]}}}
    again = monitor("feeds", "add", url, code=78)
    assert "is watched already, as 'at-news'" in again.stderr
    assert (
        "already; choose another --name"
        in monitor("feeds", "add", "--unchecked", "--name", "wire", "http://y.example/", code=78).stderr
    )


def test_adding_a_page_adds_the_feed_it_names(desk, monitor, server):
    done = monitor("feeds", "add", server.url("/page"), code=78)  # that feed is watched already
    assert "watched already, as 'wire'" in done.stderr
    done = monitor("feeds", "add", server.url("/bare"), code=1)
    assert "names no feed" in done.stderr
    assert not (desk / "conf.d").exists()


def test_where_the_folder_cannot_be_written_the_lines_are_printed(desk, monitor, server):
    (desk / "conf.d").write_text("in the way")
    done = monitor("feeds", "add", "--unchecked", "--name", "other", 'http://y.example/a"b')
    assert "cannot be written" in done.stderr
    assert tomllib.loads(done.stdout) == {"feeds": {"other": {"url": 'http://y.example/a"b'}}}


def test_pausing_and_resuming_are_rows(desk, monitor, stored):
    monitor("feeds", "pause", "wire", "--because", "too loud")
    (row,) = json.loads(monitor("feeds", "list", "--json").stdout)
    assert (row["slug"], row["state"], row["because"]) == ("wire", "paused", "too loud")
    monitor("feeds", "resume", "wire")
    (row,) = json.loads(monitor("feeds", "list", "--json").stdout)
    assert row["state"] in ("new", "ok")
    assert "there is no source 'nobody'" in monitor("feeds", "pause", "nobody", code=1).stderr


def test_lists_and_one_source_with_its_funnel(monitor, stored):
    assert "wire" in monitor("sources", "list").stdout
    assert "wire" in monitor("feeds", "list").stdout
    said = json.loads(monitor("sources", "show", "wire", "--json").stdout)
    assert said["funnel"] == {
        "in": 3, "waiting": 3, "skipped": 0, "failed": 0, "held": 0, "cleaned": 0, "copies": 0, "unique": 0,
        "matched": 0, "alerted": 0,
    }  # fmt: skip
    assert said["polls"][0]["new_entries"] == 3
    text = monitor("sources", "show", "wire").stdout
    assert "3 waiting" in text
    assert "next visit" in text
    assert "there is no source 'x'" in monitor("sources", "show", "x", code=1).stderr


def test_what_was_there_at_the_first_visit_is_summed_up(desk, monitor, stored):
    assert "first visit" not in monitor("sources", "show", "wire").stdout
    store = Store(desk / "state" / "monitor.db")
    known = "UPDATE entries SET baseline = 1, state = 'baseline' WHERE id IN (SELECT id FROM entries LIMIT 2)"
    store.write_now(lambda db: db.execute(known).rowcount)
    store.close()
    said = json.loads(monitor("sources", "show", "wire", "--json").stdout)
    assert said["baseline"] == {"stored": 2, "would_have_alerted": 0}
    shown = monitor("sources", "show", "wire").stdout
    assert "2 entries taken as known; 0 would have alerted" in shown


def test_without_a_store_the_list_says_what_to_do(monitor):
    assert "there is no store" in monitor("sources", "list", code=73).stderr


def test_opml_goes_out_and_comes_back(desk, monitor, stored, tmp_path):
    out = monitor("opml", "export").stdout
    assert 'text="At news"' in out
    assert 'category="doha"' in out
    other = tmp_path / "list.opml"
    more = '<outline text="World"><outline text="New &amp; old" xmlUrl="http://n.example/f"/></outline></body>'
    other.write_text(out.replace("</body>", more))
    done = monitor("opml", "import", str(other), "--tag", "desk")
    assert "2 feeds in list.opml, 1 known already" in done.stderr
    made = tomllib.loads((desk / "conf.d" / "opml-list.toml").read_text())
    assert made == {"feeds": {"new-old": {"url": "http://n.example/f", "tags": ["desk", "world"]}}}
    assert "New &amp; old" not in monitor("opml", "export", str(tmp_path / "again.opml")).stdout
    assert b"http://n.example/f" in (tmp_path / "again.opml").read_bytes()


def test_an_opml_file_of_the_configuration_is_exported_too(desk, monitor, tmp_path):
    (desk / "more.opml").write_text('<opml><body><outline text="Z" xmlUrl="http://z.example/f"/></body></opml>')
    with (desk / "config.toml").open("a") as file:
        file.write('[opml.more]\npath = "more.opml"\n')
    assert "http://z.example/f" in monitor("opml", "export").stdout


def test_what_is_no_opml_says_so(monitor, tmp_path):
    (tmp_path / "x.opml").write_text("<rss/>")
    assert "is no OPML file" in monitor("opml", "import", str(tmp_path / "x.opml"), code=78).stderr
