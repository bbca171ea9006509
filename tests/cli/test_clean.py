"""`monitor clean`, `reclean` and `sources learned` as an analyst uses them."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.cli import clean as verbs
from monitor.cli import main
from monitor.cli.common import Settings
from monitor.desk.queries import QUERIES

ROOT = Path(__file__).resolve().parents[2]
SEED = ROOT / "seeds" / "002_c7ff26e362575918.txt"
CONFIG = """
[monitor]
state = "var"

[folders.seeds]
path = "drop"
every = "1s"

[rules.peace]
query = '"peace agreement"'

[rules.pensions]
query = "pensions"
"""


def monitor(*arguments: str, code: int = 0, desk: Path | None = None) -> Result:
    given = ["--config", str(desk / "config.toml"), *arguments] if desk else list(arguments)
    result = CliRunner().invoke(main, given, catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result


def test_a_file_is_printed_clean() -> None:
    want = (ROOT / "tests" / "expected" / SEED.name).read_text("utf-8")
    assert monitor("clean", str(SEED)).stdout.split() == want.split()


def test_explain_shows_what_went_and_why() -> None:
    shown = monitor("clean", "--explain", str(SEED)).stdout
    for wanted in ("breadcrumb", "teaser", "spam-links", "markas303", "KABUL"):
        assert wanted in shown


def test_a_fallback_of_extraction_is_told_and_a_refusal_is_one_line(tmp_path: Path) -> None:
    frames = "<frameset><frame src=a.html><noframes>Your browser has no frames.</noframes></frameset>"
    (tmp_path / "frames.html").write_text(f"<html><head><title>The Post</title></head>{frames}</html>")
    shown = monitor("clean", "--explain", str(tmp_path / "frames.html")).stdout
    assert "extractor: fallback:blocks" in shown
    (tmp_path / "app.html").write_text("<html><body><script>go()</script></body></html>")
    said = monitor("clean", str(tmp_path / "app.html"), code=1).stderr
    assert said.splitlines() == [
        "app.html: has no text of its own: its scripts would fetch it, and scripts are not run; "
        "save the page from a browser instead"
    ]


def test_json_holds_the_account() -> None:
    (line,) = monitor("clean", "--json", str(SEED)).stdout.splitlines()
    found = json.loads(line)
    assert found["title"] == "US, Taliban at odds over peace deal"
    assert {"text", "offset", "at", "reason", "confidence", "span"} == set(found["removed"][0])
    assert len(found["spam_hosts"]) == 3


BODY = [
    "The council of {0} met on Tuesday and agreed on a budget of {1} million for the schools of the district.",
    "“We in {0} had hoped for more,” said the head of the parents' association, who has led it for {1} years.",
    "Work on the roof of the school in {0} will begin in spring and take {1} weeks, the council's office said.",
]
REPEATED = "Readers of this paper know that the valley is a good place to live, whatever the weather may be like."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    paper = tmp_path / "in" / "paper"
    paper.mkdir(parents=True)
    for n, town in enumerate(["Altena", "Werdohl", "Plettenberg", "Finnentrop", "Lennestadt"], 3):
        text = "\n\n".join(part.format(town, n) for part in BODY)
        (paper / f"{town}.txt").write_text(f"{text}\n\n{REPEATED}\n", "utf-8")
    (tmp_path / "in" / "broken.pdf").write_bytes(b"%PDF-1.4 nonsense")
    (tmp_path / "in" / ".hidden.txt").write_text("not read")
    return tmp_path


def test_a_folder_learns_from_its_files_and_says_what_it_could_not_read(folder: Path) -> None:
    result = monitor("clean", "--out", str(folder / "out"), str(folder / "in"), code=1)
    assert "broken.pdf" in result.stderr
    assert "5 of 6 files" in result.stderr
    written = sorted(path.name for path in (folder / "out").rglob("*.txt"))
    assert written == ["Altena.txt", "Finnentrop.txt", "Lennestadt.txt", "Plettenberg.txt", "Werdohl.txt"]
    text = (folder / "out" / "paper" / "Altena.txt").read_text("utf-8")
    assert "Work on the roof of the school in Altena" in text
    assert REPEATED not in text


def test_a_bad_line_of_a_file_is_named_and_the_others_are_cleaned(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"title": "A", "text": "First."}\n{"title"\n{"title": "B", "text": "Second."}\n')
    result = monitor("clean", str(tmp_path / "a.jsonl"), code=1)
    assert result.stdout == "First.\nSecond.\n"
    assert result.stderr.startswith("a.jsonl: line 2: is not JSON")


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    assert "no file or folder" in monitor("clean", str(tmp_path / "absent.txt"), code=2).stderr
    (tmp_path / "x.png").write_bytes(b"")
    assert "no readable file" in monitor("clean", str(tmp_path), code=2).stderr


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with one seed taken through."""
    place = tmp_path_factory.mktemp("desk")
    (place / "config.toml").write_text(CONFIG, "utf-8")
    (place / "drop").mkdir()
    monitor("ingest", str(SEED), desk=place)
    return place


def store_at(desk: Path) -> sqlite3.Connection:
    db = sqlite3.connect(desk / "var" / "monitor.db", isolation_level=None)
    db.row_factory = sqlite3.Row
    return db


def test_a_stored_article_is_explained_by_its_number(desk: Path) -> None:
    shown = monitor("clean", "--explain", "1", desk=desk).stdout
    assert "spam-links" in shown
    assert "there is no article 99" in monitor("clean", "99", desk=desk, code=1).stderr


def test_reclean_changes_nothing_where_nothing_has_changed(desk: Path) -> None:
    report = json.loads(monitor("reclean", "--json", desk=desk).stdout)
    assert (report["seen"], report["changed"], report["gone"], report["failed"]) == (1, [], 0, 0)


def test_reclean_mends_an_article_and_keeps_what_it_said(desk: Path) -> None:
    db = store_at(desk)
    db.execute("UPDATE articles SET byline = 'Somebody Else'")
    db.execute("DELETE FROM removed_blocks WHERE reason = 'teaser'")
    dry = json.loads(monitor("reclean", "--dry-run", "--json", desk=desk).stdout)
    assert [change["article"] for change in dry["changed"]] == [1]
    assert db.execute("SELECT count(*) FROM revisions").fetchone()[0] == 0
    assert "1 changed" in monitor("reclean", desk=desk).stderr
    row = db.execute("SELECT byline, revisions FROM articles").fetchone()
    assert (row["byline"], row["revisions"]) == ("", 1)
    assert db.execute("SELECT count(*) FROM removed_blocks WHERE reason = 'teaser'").fetchone()[0] > 2
    outcomes = {row["rule"]: row["outcome"] for row in db.execute("SELECT rule, outcome FROM matches")}
    assert outcomes["pensions"] == "suppressed"
    assert outcomes["peace"] != "recleaned"  # it matched before


def test_reclean_records_a_rule_that_matches_now_and_sends_nothing(desk: Path) -> None:
    db = store_at(desk)
    db.execute("DELETE FROM delivery_alerts")
    db.execute("DELETE FROM alerts")
    db.execute("DELETE FROM matches")
    report = json.loads(monitor("reclean", "--json", desk=desk).stdout)
    assert report["changed"][0]["gained"] == ["peace"]
    assert report["alerts"] == 0
    assert db.execute("SELECT outcome FROM matches WHERE rule = 'peace'").fetchone()["outcome"] == "recleaned"


def test_an_unknown_source_is_told(desk: Path) -> None:
    assert "no source 'nope'" in monitor("reclean", "--source", "nope", desk=desk, code=1).stderr


def learned(desk: Path, *arguments: str, code: int = 0) -> Result:
    settings = Settings(path=desk / "config.toml")
    result = CliRunner().invoke(verbs.learned, arguments, obj=settings)
    assert result.exit_code == code, (result.output, result.exception)
    return result


def test_what_was_learned_is_shown_pinned_and_forgotten(desk: Path) -> None:
    rows = json.loads(learned(desk, "ingest", "--all", "--json").stdout)
    assert any("on Thursday" in row["sample"] or len(row["sample"]) > 60 for row in rows), "what was kept is shown, too"
    spoken = {row["sample"]: row["block"] for row in rows}
    assert "Check Also" in spoken
    learned(desk, "ingest", "--pin", str(spoken["Check Also"]))
    assert [row["sample"] for row in json.loads(learned(desk, "ingest", "--json").stdout)] == ["Check Also"]
    learned(desk, "ingest", "--unpin", str(spoken["Check Also"]))
    assert json.loads(learned(desk, "ingest", "--json").stdout) == []
    learned(desk, "ingest", "--forget")
    assert json.loads(learned(desk, "ingest", "--all", "--json").stdout) == []
    learned(desk, "ingest", "--forget", code=1)


def test_each_record_of_a_file_is_cleaned(tmp_path: Path) -> None:
    text = "The bridge over the Lenne was opened to traffic on Thursday morning, eleven years after it was promised."
    records = [{"title": f"Report {number}", "text": f"{text} Lorry {number} came first."} for number in (1, 2)]
    (tmp_path / "several.jsonl").write_text("\n".join(map(json.dumps, records)), "utf-8")
    lines = monitor("clean", "--json", str(tmp_path / "several.jsonl")).stdout.splitlines()
    shown = [json.loads(line) for line in lines]
    assert [(one["name"], one["title"]) for one in shown] == [
        ("several.jsonl#1", "Report 1"),
        ("several.jsonl#2", "Report 2"),
    ]
    assert "Lorry 2 came first." in shown[1]["text"]
    said = monitor("clean", "--out", str(tmp_path / "out"), str(tmp_path / "several.jsonl")).stderr
    assert "2 of 2 documents cleaned" in said
    assert "Lorry 1" in (tmp_path / "out" / "several.jsonl#1.txt").read_text("utf-8")


def test_a_date_in_the_future_of_a_file_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "plan.txt").write_text(
        "Lenne bridge opened at last\n\nPublished: 10 January 2931\n\nThe bridge over the Lenne was opened to traffic "
        "on Thursday morning, eleven years after it was first promised.\n",
        "utf-8",
    )
    (line,) = monitor("clean", "--json", str(tmp_path / "plan.txt")).stdout.splitlines()
    assert json.loads(line)["published_at"] is None


def test_a_broken_pdf_is_refused_in_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "cut.pdf").write_bytes(b"%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\n")
    result = monitor("clean", str(tmp_path / "cut.pdf"), code=1)
    assert "cut.pdf: is a PDF that cannot be read" in result.stderr
    assert "EOF marker" not in result.stderr.partition("cut.pdf")[0] + capfd.readouterr().err


def test_what_could_not_be_read_is_named_where_an_operator_looks(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(CONFIG, "utf-8")
    inbox = tmp_path / "drop" / "wires"
    inbox.mkdir(parents=True)
    (inbox / "broken.pdf").write_bytes(b"%PDF-1.4 nonsense")
    (inbox / "two.jsonl").write_text('{"text": "One word of a story."}\nnonsense\n')
    (inbox / "picture.txt").write_bytes(b"\x89PNG rest of it")
    once = monitor("once", desk=tmp_path, code=1)
    assert "wires/broken.pdf is a PDF that cannot be read" in once.stderr
    shown = monitor("sources", "show", "seeds", desk=tmp_path).stdout
    assert "broken: wires/broken.pdf is a PDF that cannot be read" in shown
    assert "binary: wires/picture.txt is a PNG image, not a text; convert it first" in shown
    assert "wires/two.jsonl: line 2: is not JSON" in shown
    found = json.loads(monitor("sources", "show", "seeds", "--json", desk=tmp_path).stdout)
    assert len(found["failed"]) == 2
    status = monitor("status", desk=tmp_path, code=1).stdout
    assert "Could not be read, last 24 hours" in status
    assert "wires/broken.pdf" in status
    assert "wires/two.jsonl" in status
    query = QUERIES["could_not_be_read"].sql
    assert {row["source"] for row in store_at(tmp_path).execute(query)} == {"seeds"}


def test_a_document_on_standard_input_tells_its_bad_lines(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(CONFIG, "utf-8")
    (tmp_path / "drop").mkdir()
    (tmp_path / "a.jsonl").write_text('{"text": "One word of a story."}\nnonsense\n')
    result = monitor("ingest", "--json", str(tmp_path / "a.jsonl"), desk=tmp_path, code=1)
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["state"] for row in rows] == ["done", "refused"]
    assert rows[1]["because"].startswith("line 2: is not JSON")
