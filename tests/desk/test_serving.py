"""`monitor datasette` as a process beside a writing daemon: neither waits for the other."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from desking import client, server

from bench.store.generate import fill
from monitor.desk.dashboards import dashboards
from monitor.desk.queries import QUERIES
from monitor.model import Article, Digest, Ruling
from monitor.store import articles, maintenance
from monitor.store.connection import Store

ROOT = Path(__file__).parents[2]
ENDLESS = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
    " SELECT count(*) FROM n CROSS JOIN (SELECT text FROM articles LIMIT 50)"
)


def test_readers_do_not_hold_up_the_writer_nor_the_writer_them(store: Path, tmp_path: Path) -> None:
    path = maintenance.backup(store, tmp_path / "monitor.db")
    writer = Store(path)
    outcome: dict[str, float] = {}

    def ask() -> None:
        began = time.monotonic()
        with contextlib.suppress(urllib.error.HTTPError):  # 400: it was stopped
            urllib.request.urlopen(f"{address}/monitor.json?sql={quote(ENDLESS)}", timeout=30)
        outcome["asked"] = time.monotonic() - began

    try:
        with server(path) as address:
            urllib.request.urlopen(f"{address}/", timeout=10).close()
            asking = threading.Thread(target=ask)
            asking.start()
            time.sleep(0.3)  # the question is being worked on
            times, now = [], datetime.now(UTC)
            while asking.is_alive():
                began = time.monotonic()
                digest = Digest(article=Article(title="Written meanwhile", text="word " * 300), index_text="word")
                writer.write_now(lambda db, digest=digest: articles.add(db, 1, digest, Ruling(kind="fresh"), now))
                times.append(time.monotonic() - began)
            asking.join()
            with urllib.request.urlopen(f"{address}/monitor/articles.json?_shape=array&_size=1", timeout=10) as answer:
                newest = json.load(answer)[0]
    finally:
        writer.close()
    assert 2.5 < outcome["asked"] < 8  # stopped by its time limit, not by us
    assert len(times) > 20
    assert max(times) < 1.5  # what a busy machine makes of some milliseconds; a lock would be three seconds or more
    assert newest["title"] == "Written meanwhile"  # and what was written can be read at once


def test_the_command_becomes_a_server_on_loopback(store: Path, tmp_path: Path) -> None:
    maintenance.backup(store, tmp_path / "var" / "monitor.db")
    (tmp_path / "config.toml").write_text('[monitor]\nstate = "var"\n')
    runtime = tmp_path / "run"
    runtime.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "RUNTIME_DIRECTORY": str(runtime), "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-m", "monitor", "--config", str(tmp_path / "config.toml"), "datasette", "--port", "0"]
    process = subprocess.Popen(command, env=environment, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        lines = []
        for line in process.stderr:
            lines.append(line)
            if "Uvicorn running on" in line:
                break
        address = lines[-1].split("running on ")[1].split()[0]
        assert address.startswith("http://127.0.0.1:"), lines
        with urllib.request.urlopen(address + "/", timeout=10) as answer:
            assert b"Last 24 hours" in answer.read()
        assert (runtime / "metadata.json").exists()
    finally:
        process.terminate()
        process.wait(20)
        process.stderr.close()


def check_every_question(path: Path, rule: str = "disaster", source: str = "karwan-courier") -> None:
    """Each page, ready question and picture answers within Datasette's time limit."""
    with closing(sqlite3.connect(path)) as db:
        article, story = db.execute("SELECT article_id, story_id FROM alerts ORDER BY id DESC LIMIT 1").fetchone()
    given = f"rule={rule}&story={story}&article={article}&term=flood+OR+ceasefire&days=30&day="
    addresses = [f"/monitor/{name}.json?_shape=array&{given}" for name in QUERIES]
    addresses += ["/", f"/article/{article}", f"/story/{story}", f"/rule/{rule}", f"/source/{source}"]
    addresses += [
        "/search?q=ceasefire+talks",
        "/search?q=" + quote('"border crossing" NEAR/8 closed'),
        "/monitor/articles",
    ]
    addresses += [
        "/monitor.json?sql=" + quote(chart["query"]) for chart in dashboards("monitor")["desk"]["charts"].values()
    ]
    slow = {}
    with client(path) as ask:
        for address in addresses:
            began = time.perf_counter()
            answer = ask(address)
            assert answer.status_code == 200, (address, answer.text[:300])
            slow[address] = time.perf_counter() - began
    worst = max(slow, key=lambda address: slow[address])
    assert slow[worst] < 3, (worst, slow[worst])


def test_every_page_of_the_sample_documents(tmp_path: Path) -> None:
    parts = (ROOT / "config.toml").read_text("utf-8").split("\n[")
    text = "\n[".join(part for part in parts if not part.startswith("feeds."))
    text = text.replace('path = "seeds"', f'path = "{ROOT / "seeds"}"').replace(
        'state = "var"', f'state = "{tmp_path}"'
    )
    (tmp_path / "config.toml").write_text(text)
    command = [sys.executable, "-m", "monitor", "--config", str(tmp_path / "config.toml"), "once"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=100)
    check_every_question(tmp_path / "monitor.db", rule="khalilzad", source="seeds")
    with closing(sqlite3.connect(tmp_path / "monitor.db")) as db:
        numbers = [row[0] for row in db.execute("SELECT id FROM articles")]
    assert len(numbers) == 5
    with client(tmp_path / "monitor.db") as ask:
        pages = [ask(f"/article/{number}").text for number in numbers]
    assert all("removed" in page for page in pages)
    assert sum("<mark" in page for page in pages) >= 3


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_question_on_a_store_of_fifty_thousand_articles(tmp_path: Path) -> None:
    fill(tmp_path / "monitor.db", 50_000, chars=150, now=datetime.now(UTC))
    check_every_question(tmp_path / "monitor.db")
