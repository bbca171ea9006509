"""`check` finds everything at once and says where; 3 is its exit status for faults."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor import cli, config
from monitor.cli import service

ROOT = Path(__file__).parents[2]


def check(tmp_path: Path, text: str, *more: str) -> Result:
    path = tmp_path / "config.toml"
    path.write_text(text, "utf-8")
    return CliRunner().invoke(cli.main, ["--config", str(path), "check", *more])


def test_the_first_runs_configuration_is_sound() -> None:
    result = CliRunner().invoke(cli.main, ["--config", str(ROOT / "config.toml"), "check"])
    assert (result.exit_code, result.stderr) == (0, "")
    assert "all is well" in result.stdout


def test_what_init_writes_is_sound(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    CliRunner().invoke(cli.main, ["init", str(path)])
    result = CliRunner().invoke(cli.main, ["--config", str(path), "check"])
    assert (result.exit_code, result.stderr) == (0, "")


def test_faults_of_tables_channels_rules_and_places_are_told_together(tmp_path: Path) -> None:
    result = check(
        tmp_path,
        """[monitor]
timezon = "UTC"
[folders.drop]
path = "nowhere"
[rules.broken]
query = 'Kabul AND (Doha'
[rules.lonely]
query = 'NOT Kabul'
[rules.example]
query = 'Kabul AND blast'
must_match = ["A blast in Kabul.", "A blast in Doha."]
must_not_match = ["Blast, said Kabul."]
[channels.mail]
kind = "email"
hots = "x"
[channels.odd]
kind = "emial"
""",
    )
    assert result.exit_code == 3
    told = result.stderr
    for fault in (
        "config.toml:2: monitor.timezon: unknown key 'timezon'; did you mean 'timezone'?",
        "config.toml:4: folders.drop.path: there is no folder",
        "config.toml:6: rules.broken.query:",
        "config.toml:8: rules.lonely.query:",
        "config.toml:11: rules.example.must_match: example 2 is not found: 'A blast in Doha.'",
        "config.toml:12: rules.example.must_not_match: example 1 is found, and must not be",
        "channels.mail.hots: unknown key 'hots'; did you mean 'host'?",
        "channels.odd.kind: there is no kind 'emial'; did you mean 'email'?",
    ):
        assert fault in told, fault
    assert "'A blast in Kabul.'" not in told
    assert "^" in told, "a broken rule is shown with a caret"


def test_rules_may_name_feeds_of_opml_files_and_only_those(tmp_path: Path) -> None:
    outlines = '<outline text="Asia Desk" xmlUrl="https://a.example/feed"/><outline xmlUrl="https://b.example/feed"/>'
    (tmp_path / "list.opml").write_text(f'<opml version="2.0"><body>{outlines}</body></opml>')
    text = """
[opml.world]
path = "list.opml"
[rules.known]
query = "Kabul"
feeds = ["asia-desk", "world"]
[rules.wrong]
query = "Kabul"
feeds = ["asia-disk"]
[channels.console]
kind = "console"
"""
    result = check(tmp_path, text)
    assert result.exit_code == 3
    [fault] = [line for line in result.stderr.splitlines() if "asia" in line]
    assert "config.toml:9: rules.wrong.feeds: there is no feed" in fault
    assert "did you mean 'asia-desk'?" in fault
    assert check(tmp_path, text.replace("asia-disk", "asia-desk")).exit_code == 0


def test_opml_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    (tmp_path / "broken.opml").write_text("<html></html>")
    text = '[opml.none]\npath = "none.opml"\n[opml.broken]\npath = "broken.opml"\n[channels.c]\nkind = "console"\n'
    result = check(tmp_path, text)
    assert result.exit_code == 3
    assert "config.toml:2: opml.none.path: " in result.stderr
    assert "No such file" in result.stderr
    assert "config.toml:4: opml.broken.path: " in result.stderr
    assert "is no OPML file" in result.stderr


def test_examples_may_be_files(tmp_path: Path) -> None:
    (tmp_path / "article.txt").write_text("KABUL: A blast was heard.\n\nMore is not known at this hour of the night.\n")
    text = (
        "[channels.c]\nkind = 'console'\n[rules.r]\nquery = 'blast'\nfeeds = ['f']\nmust_match = ['file:article.txt']\n"
    )
    text += "[feeds.f]\nurl = 'http://127.0.0.1/'\n"
    assert check(tmp_path, text).exit_code == 0, "an example is a text, whatever feeds the rule is limited to"
    result = check(tmp_path, text.replace("article.txt", "none.txt").replace("'blast'", "'storm'"))
    assert result.exit_code == 3
    assert "example 1:" in result.stderr
    assert "none.txt" in result.stderr


def test_warnings_are_told_and_are_no_faults(tmp_path: Path) -> None:
    result = check(tmp_path, "[rules.r]\nquery = 'Kabul and Doha'\n")
    assert result.exit_code == 0
    assert "warning: config.toml:2: rules.r.query:" in result.stderr
    assert "warning: no channel is on" in result.stderr


def test_findings_as_json(tmp_path: Path) -> None:
    result = check(tmp_path, "[monitr]\n", "--json")
    told = json.loads(result.stdout)
    assert result.exit_code == 3
    assert told["faults"] == 1
    assert told["findings"][0]["kind"] == "fault"
    assert "did you mean 'monitor'?" in told["findings"][0]["text"]


def test_a_secret_that_is_open_to_all_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "smtp").write_text("x")
    (tmp_path / "smtp").chmod(0o644)
    result = check(
        tmp_path,
        "[channels.m]\nkind = 'email'\nhost = 'h'\nfrom = 'a@b.example'\nto = ['a@b.example']\n"
        "username = 'u'\npassword = { file = 'smtp' }\n",
    )
    assert result.exit_code == 3
    assert "can be read or written by everybody" in result.stderr


# ── what the unit lets the service do ───────────────────────────────────────────────────────────


@pytest.fixture
def installed(tmp_path: Path) -> tuple[Path, config.Config]:
    (tmp_path / "usr/lib/systemd/system").mkdir(parents=True)
    main = tmp_path / "config.toml"
    main.write_text("")
    unit = (ROOT / "systemd" / "monitor.service").read_text().replace("/etc/monitor/config.toml", str(main))
    (tmp_path / "usr/lib/systemd/system/monitor.service").write_text(unit)
    return tmp_path, config.load(main, environ={})


def test_a_folder_the_service_cannot_write_is_pointed_out(installed: tuple[Path, config.Config]) -> None:
    root, loaded = installed

    def fault(path: str, *, write: bool = True) -> str | None:
        return service.folder_fault(Path(path), loaded, write=write, root=root)

    assert fault("/var/lib/monitor/inbox") is None
    assert "ReadWritePaths=/srv/wire" in (fault("/srv/wire") or "")
    assert fault("/srv/wire", write=False) is None
    assert "the service does not see /home/me/drop" in (fault("/home/me/drop", write=False) or "")
    drop_ins = root / "etc/systemd/system/monitor.service.d"
    drop_ins.mkdir(parents=True)
    (drop_ins / "folder.conf").write_text("[Service]\nReadWritePaths=/srv/wire\nBindReadOnlyPaths=/home/me/drop\n")
    assert fault("/srv/wire/in") is None
    assert fault("/home/me/drop", write=False) is None
    (drop_ins / "none.conf").write_text("[Service]\nReadWritePaths=\n")
    assert fault("/srv/wire") is not None, "an empty value takes back what came before"


def test_without_a_unit_or_with_another_configuration_nothing_is_said(installed: tuple[Path, config.Config]) -> None:
    root, loaded = installed
    assert service.folder_fault(Path("/srv/x"), loaded, write=True, root=root / "none") is None
    other = root / "other.toml"
    other.write_text("")
    assert service.folder_fault(Path("/srv/x"), config.load(other, environ={}), write=True, root=root) is None


def test_an_example_that_is_a_files_name_is_a_text_and_told_of(tmp_path: Path) -> None:
    (tmp_path / "sample.txt").write_text("A blast in Kabul.", encoding="utf-8")
    rule = "[rules.blast]\nquery = 'blast'\nmust_match = ['file:sample.txt', '{}']\n"
    told = check(tmp_path, rule.format("sample.txt")).stderr
    assert "example 2 is not found: 'sample.txt' (to try the file, write 'file:sample.txt')" in told
    assert "example 1" not in told
    assert "to try the file" not in check(tmp_path, rule.format("x" * 5000)).stderr
