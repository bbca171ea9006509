"""`monitor search`, `export`, `db` and `datasette --write-only`, on a store of invented news."""

from __future__ import annotations

import csv
import io
import json
import shlex
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bench.store.generate import fill
from monitor import cli
from monitor.store import maintenance, schema
from monitor.store.connection import Lock


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("commands") / "monitor.db"
    fill(path, 200, chars=300)
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE articles SET title = '=HYPERLINK(\"http://evil.example\")' WHERE id = 7")
        db.execute("UPDATE articles SET title = 'Title with \x1b[31mcolour' WHERE id = 200")
        db.commit()
    return path


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    maintenance.backup(made, tmp_path / "var" / "monitor.db")
    (tmp_path / "config.toml").write_text('[monitor]\nstate = "var"\n')
    return tmp_path


@pytest.fixture
def run(folder: Path):
    def invoke(*arguments: object, code: int = 0) -> Result:
        result = CliRunner().invoke(cli.main, ["--config", str(folder / "config.toml"), *map(str, arguments)])
        assert result.exit_code == code, result.output
        return result

    return invoke


def test_search_shows_the_newest_first(run) -> None:
    found = json.loads(run("search", "--json", "--limit", 5, "the").stdout)
    assert [one["id"] for one in found] == sorted((one["id"] for one in found), reverse=True)
    shown = run("search", "the", "-n", 3).stdout
    assert found[0]["url"] in shown
    assert "\x1b[31m" not in shown


def test_search_says_what_it_cannot_do(run) -> None:
    assert "nothing was found" in run("search", "zzzzzz", code=1).stderr
    assert "no word" in run("search", "???", code=2).stderr
    assert "neither a length of time" in run("search", "--since", "soon", "the", code=2).stderr


def test_search_is_narrowed(run) -> None:
    assert json.loads(run("search", "--json", "--since", "2026-11-21", "the").stdout)
    assert json.loads(run("search", "--json", "--language", "ps", "the", code=1).stdout) == []
    found = json.loads(run("search", "--json", "--source", "karwan-courier", "the").stdout)
    assert {one["source"] for one in found} == {"karwan-courier"}


def test_export_writes_every_article_as_a_line(run) -> None:
    rows = [json.loads(line) for line in run("export").stdout.splitlines()]
    assert [row["id"] for row in rows] == list(range(1, 201))
    assert rows[6]["title"] == '=HYPERLINK("http://evil.example")'
    assert any(row["rules"] for row in rows)
    assert any(row["copies"] for row in rows)


def test_export_for_spreadsheets_holds_no_formula(run) -> None:
    rows = list(csv.DictReader(io.StringIO(run("export", "--csv").stdout, newline="")))
    assert len(rows) == 200
    assert rows[6]["title"] == '\'=HYPERLINK("http://evil.example")'
    assert not any(str(value).startswith(("=", "+", "@")) for row in rows for value in row.values())


def test_export_is_narrowed(run, folder: Path) -> None:
    everything = [json.loads(line) for line in run("export").stdout.splitlines()]
    by_rule = [json.loads(line) for line in run("export", "--rule", "disaster").stdout.splitlines()]
    assert [row["id"] for row in by_rule] == [row["id"] for row in everything if "disaster" in row["rules"]]
    found = [json.loads(line) for line in run("export", "--query", "ceasefire -flood").stdout.splitlines()]
    assert found
    assert all("ceasefire" in (row["title"] + row["text"]).lower() for row in found)
    some = run("export", "--since", "2026-11-01", "--until", "2026-11-10", "-o", folder / "some.jsonl")
    lines = (folder / "some.jsonl").read_text().splitlines()
    assert f"{len(lines)} articles" in some.stderr
    assert {json.loads(line)["seen_at"][:8] for line in lines} == {"2026-11-"}
    assert "no word" in run("export", "--query", "()", code=2).stderr


def test_pages_of_an_export_meet(monkeypatch: pytest.MonkeyPatch, run) -> None:
    monkeypatch.setattr("monitor.store.export.PAGE", 7)
    assert len(run("export").stdout.splitlines()) == 200
    assert len(run("export", "--query", "said").stdout.splitlines()) > 50


def test_backup_to_the_usual_place_a_directory_or_a_file(run, folder: Path) -> None:
    assert "verified" in run("db", "backup").stdout
    assert len(list((folder / "var" / "backups").glob("monitor-2*.db"))) == 1
    (folder / "safe").mkdir()
    (folder / "safe" / "monitor-2020-01-01T0000.db").touch()
    told = json.loads(run("db", "backup", folder / "safe", "--keep", 1, "--json").stdout)
    assert maintenance.check(Path(told["path"])) == []
    assert len(told["deleted"]) == 1
    run("db", "backup", folder / "mine.db")
    assert maintenance.check(folder / "mine.db") == []


def test_restore_asks_first_and_needs_the_store_for_itself(run, folder: Path) -> None:
    run("db", "backup", folder / "mine.db")
    assert "--yes" in run("db", "restore", folder / "mine.db", code=2).stderr
    lock = Lock(folder / "var" / "monitor.lock")
    try:
        assert "is in use by process" in run("db", "restore", "-y", folder / "mine.db", code=75).stderr
    finally:
        lock.release()
    assert "as it was" in run("db", "restore", "-y", folder / "mine.db").stdout
    assert run("search", "the").stdout


def test_check_says_nothing_is_wrong_or_what_is(run, folder: Path) -> None:
    assert "nothing is wrong" in run("db", "check").stdout
    with closing(sqlite3.connect(folder / "var" / "monitor.db")) as db:
        db.execute("UPDATE stories SET size = 99 WHERE id = 1")
        db.commit()
    assert "number of articles is wrong" in run("db", "check", code=3).stdout
    assert json.loads(run("db", "check", "--json", "--quick").stdout)["faults"] == []


def test_migrate_says_there_is_nothing_to_do(run) -> None:
    assert "nothing to do" in run("db", "migrate").stdout
    assert json.loads(run("db", "migrate", "--dry-run", "--json").stdout) == {
        "version": schema.VERSION, "steps": [], "done": False, "copy": None,
    }  # fmt: skip


def test_migrate_makes_a_copy_first(run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def version_next(db: sqlite3.Connection) -> None:
        """A table more."""
        db.execute("CREATE TABLE more (id INTEGER PRIMARY KEY)")

    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, version_next))
    monkeypatch.setattr(schema, "VERSION", schema.VERSION + 1)
    assert "older version" in run("search", "the", code=73).stderr
    assert "would run version_next: A table more." in run("db", "migrate", "--dry-run").stdout
    assert "ran version_next" in run("db", "migrate").stdout
    (copy,) = (folder / "var" / "backups").iterdir()
    with closing(sqlite3.connect(copy)) as db:
        assert db.execute("PRAGMA user_version").fetchone()[0] == schema.VERSION - 1
    assert "nothing to do" in run("db", "migrate").stdout


def test_a_newer_store_is_refused_and_a_missing_one_named(run, folder: Path) -> None:
    with closing(sqlite3.connect(folder / "var" / "monitor.db")) as db:
        db.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    assert "newer version" in run("search", "the", code=78).stderr
    (folder / "var" / "monitor.db").unlink()
    for verb in (["search", "the"], ["export"], ["db", "backup"], ["db", "check"], ["db", "migrate"], ["datasette"]):
        assert "no store at" in run(*verb, code=73).stderr


def test_vacuum_without_a_daemon(run) -> None:
    assert "MB now" in run("db", "vacuum", "--index").stdout
    assert "nothing is wrong" in run("db", "check").stdout


def test_datasette_writes_its_files(run, folder: Path) -> None:
    command = shlex.split(run("datasette", "--write-only", folder / "desk", "--port", 9123, "--", "--cors").stdout)
    assert command[command.index("serve") + 1] == str(folder / "var" / "monitor.db")
    assert command[-1] == "--cors"
    assert "9123" in command
    told = json.loads((folder / "desk" / "metadata.json").read_text())
    assert told["databases"]["monitor"]["tables"]["articles"]["fts_table"] == "articles_fts"
    assert (folder / "desk" / "plugins" / "monitor_desk.py").exists()


def test_metadata_of_your_own_is_laid_over_ours(run, folder: Path) -> None:
    (folder / "mine.yaml").write_text(
        "title: The desk\nallow: {id: root}\ndatabases: {monitor: {tables: {articles: {size: 7}}}}"
    )
    run("datasette", "--write-only", folder / "desk", "--metadata", folder / "mine.yaml")
    told = json.loads((folder / "desk" / "metadata.json").read_text())
    assert told["title"] == "The desk"
    assert told["allow"] == {"id": "root"}
    articles = told["databases"]["monitor"]["tables"]["articles"]
    assert (articles["size"], articles["fts_table"]) == (7, "articles_fts")
    (folder / "mine.yaml").write_text("{")
    assert "neither JSON nor YAML" in run("datasette", "--metadata", folder / "mine.yaml", code=78).stderr
    assert "cannot read" in run("datasette", "--metadata", folder / "none.yaml", code=78).stderr
