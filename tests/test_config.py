"""The configuration: values, faults, merging, overrides, secrets, and where each value came from."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor import config
from monitor.config import Duration, Range, Secret, Size
from monitor.config.origins import line_numbers
from monitor.errors import ConfigError

MINIMAL = """
[folders.seeds]
path = "seeds"
[channels.console]
kind = "console"
"""


def write(tmp_path: Path, text: str, **more: str) -> Path:
    main = tmp_path / "config.toml"
    main.write_text(text, "utf-8")
    for name, content in more.items():
        (tmp_path / "conf.d").mkdir(exist_ok=True)
        (tmp_path / "conf.d" / f"{name.lstrip('_')}.toml").write_text(content, "utf-8")
    return main


def load(path: Path, environ: Mapping[str, str] | None = None) -> config.Config:
    return config.load(path, environ=environ or {}, tree=True)


def faults(path: Path, environ: Mapping[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(path, environ)
    return list(caught.value.faults)


# ── values ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("20s", 20),
        ("15m", 900),
        ("1h30m", 5400),
        ("7d", 604800),
        ("1.5h", 5400),
        ("2 w", 1209600),
        ("0", 0),
        ("250ms", 0.25),
    ],
)
def test_durations_are_read(text: str, seconds: float) -> None:
    assert config.parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "15", "m", "15 minutes", "-5m", "5m-", "1y", "٣m3"])
def test_what_is_no_duration_says_how_to_write_one(text: str) -> None:
    with pytest.raises(ValueError, match="write it like '20s'"):
        config.parse_duration(text)


@given(st.integers(min_value=0, max_value=10**12))
def test_a_formatted_duration_reads_back(milliseconds: int) -> None:
    assert config.parse_duration(config.format_duration(milliseconds / 1000)) == pytest.approx(milliseconds / 1000)


@pytest.mark.parametrize(("text", "count"), [("15MiB", 15 * 2**20), ("64kB", 64000), ("100", 100), ("1.5K", 1536)])
def test_sizes_are_read(text: str, count: int) -> None:
    assert config.parse_size(text) == count


@pytest.mark.parametrize("text", ["", "15 MiBs", "-1", "big", "1Mib"])
def test_what_is_no_size_says_how_to_write_one(text: str) -> None:
    with pytest.raises(ValueError, match="write it like '15MiB'"):
        config.parse_size(text)


@given(st.integers(min_value=0, max_value=2**50))
def test_a_formatted_size_reads_back(count: int) -> None:
    assert config.parse_size(config.format_size(count)) == count


# ── a whole configuration ───────────────────────────────────────────────────────────────────────

FULL = """
[monitor]
state = "data"
contact = "desk@example.org"
timezone = "Europe/Berlin"
base_url = "https://monitor.example.org"
notices = ["mail"]

[fetch]
timeout = "5s"
max_bytes = "1MiB"
allow_hosts = ["127.0.0.1:8080"]

[feeds.at-news]
url = "https://at-news.example/feed"
every = "5m"
tags = ["kabul"]
fulltext = true
headers = { X-Token = { file = "token" }, Accept-Language = "fa" }
auth = { user = "desk", password = { file = "token" } }

[sitemaps.big]
url = "https://big.example/news.xml"

[folders.drop]
path = "/srv/drop"
after = "move"
outlet = "Wire"

[opml.all]
path = "feeds.opml"

[variants.soleimani]
forms = ["Soleimani", "Suleymani", "سلیمانی"]

[rules.west]
query = '"Thomas West" AND {soleimani}'
feeds = ["at-news"]
channels = ["mail"]
severity = "high"
once_per = "article"
max_age = "2d"
must_match = ["Thomas West met Soleimani"]

[rules.words]
keywords = ["drone strike", "airspace"]

[rules.number]
regex = "[A-Z]{2}-[0-9]+"
channels = []
max_age = "0"

[channels.mail]
kind = "email"
to = ["a@example.org"]
password = { file = "token" }

[channels.off]
kind = "console"
enabled = false
"""


@pytest.fixture
def full(tmp_path: Path) -> Path:
    token = tmp_path / "token"
    token.write_text("s3cret\n")
    token.chmod(0o640)
    return write(tmp_path, FULL)


def test_every_table_arrives(full: Path) -> None:
    loaded = load(full)
    assert loaded.monitor.database == full.parent / "data" / "monitor.db"
    assert loaded.monitor.zone.key == "Europe/Berlin"
    assert loaded.fetch == config.FetchConfig(timeout=5.0, max_bytes=2**20, allow_hosts=("127.0.0.1:8080",))
    feed = loaded.feeds["at-news"]
    assert (feed.every, feed.fulltext, feed.baseline) == (300.0, True, True)
    assert {k: config.reveal(v) for k, v in feed.headers.items()} == {
        "X-Token": "s3cret",
        "Accept-Language": "fa",
    }
    assert feed.auth is not None
    assert feed.auth.password == Secret("s3cret")
    assert loaded.sitemaps["big"].url == "https://big.example/news.xml"
    assert loaded.folders["drop"] == config.FolderConfig(
        slug="drop", path=Path("/srv/drop"), after="move", outlet="Wire"
    )
    assert loaded.opml["all"].path == full.parent / "feeds.opml"
    assert loaded.variants["soleimani"] == ("Soleimani", "Suleymani", "سلیمانی")
    assert loaded.channels["mail"].options["to"] == ["a@example.org"]


def test_rules_become_the_models_rules(full: Path) -> None:
    rules = load(full).rules
    west = rules["west"]
    assert (west.query, west.channels, west.severity, west.once_per) == (
        '"Thomas West" AND {soleimani}', ("mail",), "high", "article",
    )  # fmt: skip
    assert (west.max_age, west.must_match) == (2 * 86400.0, ("Thomas West met Soleimani",))
    assert rules["words"].query == '"drone strike" OR "airspace"'
    assert rules["words"].channels == ("mail",), "without the key: all channels that are on"
    assert rules["number"].channels == (), "an empty list: recorded, told to nobody"
    assert rules["number"].max_age is None


def test_an_empty_file_is_a_configuration(tmp_path: Path) -> None:
    loaded = load(write(tmp_path, ""))
    assert loaded.monitor.state == tmp_path / "var"
    assert loaded.feeds == {}


def test_the_same_text_gives_equal_configurations_wherever_its_lines_stand(tmp_path: Path) -> None:
    first = load(write(tmp_path, MINIMAL))
    assert load(write(tmp_path, "# a comment\n" + MINIMAL)) == first
    assert load(write(tmp_path, MINIMAL.replace('seeds"', 'other"'))) != first


@pytest.mark.parametrize(
    ("keywords", "query"),
    [
        (["Kabul"], '"Kabul"'),
        (["peace agreement", "AND"], '"peace agreement" OR "AND"'),
        (['"already quoted"'], '"already quoted"'),
        (["=US", "drone*"], '="US" OR "drone*"'),
    ],
)
def test_keywords_are_shorthand(keywords: list[str], query: str) -> None:
    assert config.keywords_query(keywords) == query


# ── faults ──────────────────────────────────────────────────────────────────────────────────────


def test_all_faults_are_told_at_once_each_with_file_line_and_key(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """[monitor]
timzone = "UTC"

[feeds.a]
evry = "5m"
fulltext = "atuo"

[rules.r]
query = "x"
keywords = ["y"]
channels = ["mali"]

[rules.s]
query = "x"
channels = ["mial"]
feeds = ["b"]

[channels.mail]
kind = "email"

[chanels.x]
kind = "console"
""",
        _more="[fetch]\ntimeout = 20\nconcurrency = 0\n",
    )
    assert sorted(faults(path)) == sorted(
        [
            "config.toml:2: monitor.timzone: unknown key 'timzone'; did you mean 'timezone'?",
            "config.toml:5: feeds.a.evry: unknown key 'evry'; did you mean 'every'?",
            "config.toml:6: feeds.a.fulltext: must be \"auto\" or true or false; did you mean 'auto'?",
            "config.toml:4: feeds.a: 'url' is missing",
            "config.toml:8: rules.r: a rule needs exactly one of 'query', 'keywords' and 'regex'; "
            "this one has query and keywords",
            "config.toml:15: rules.s.channels: there is no channel 'mial'; did you mean 'mail'?",
            "config.toml:11: rules.r.channels: there is no channel 'mali'; did you mean 'mail'?",
            "config.toml:16: rules.s.feeds: there is no feed, sitemap or folder 'b'; known are a",
            "config.toml:21: chanels: unknown table [chanels]; did you mean 'channels'?",
            'conf.d/more.toml:2: fetch.timeout: must be a duration in quotes, like "15m", not the number 20',
            "conf.d/more.toml:3: fetch.concurrency: must be at least 1",
        ]
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[monitor]\ntimezone = 'Mars/Olympus'\n", "is not an IANA time zone"),
        ("[feeds.a]\nurl = 'ftp://x'\n", "must begin with http:// or https://"),
        ("[feeds.a]\nurl = 'http://x'\nevery = '0'\n", "every: must be at least 1s"),
        ("[feeds.a]\nurl = 'http://x'\ntags = 'one'\n", "feeds.a.tags: must be a list"),
        ("[feeds.a]\nurl = 'http://x'\nbaseline = 'yes'\n", "must be true or false, not the text 'yes'"),
        ("[feeds.a]\nurl = 7\n", "feeds.a.url: must be text in quotes, not the number 7"),
        ("[feeds.a]\nurl = 'http://x'\nauth = { user = 'me' }\n", "'user' and 'password', or 'bearer'"),
        ("[feeds.a]\nurl = 'http://x'\nauth = { user = 'me', password = 'x' }\n", "is never written into"),
        ("[feeds.'ä b']\nurl = 'http://x'\n", "a name has at most 63 letters"),
        ("[feeds]\nurl = 'http://x'\n", "write [feeds.NAME] above it"),
        ("feeds = 3\n", "must hold tables"),
        ("monitor = 3\n", "monitor: must be a table, not the number 3"),
        ("[folders.a]\npath = ''\n", "folders.a.path: must be a path"),
        ("[folders.a]\npath = 'x'\nafter = 'mvoe'\n", "did you mean 'move'?"),
        ("[channels.a]\nto = []\n", "channels.a: 'kind' is missing"),
        ("[rules.a]\nkeywords = ['', 'b']\n", "every keyword needs a letter or digit"),
        ("[rules.a]\nenabled = true\n", "this one has none of them"),
        ("[feeds.a]\nurl='http://x'\n[folders.a]\npath='x'\n", "a source of that name already: feeds.a"),
        ("[monitor]\nnotices = ['x']\n", "monitor.notices: there is no channel 'x'"),
        ("[metrics]\nlisten = '9464'\n", "is not host:port"),
        ("[store]\ntidy_at = 'noon'\n", "is not a time of day"),
        ("[variants.a]\nforms = []\n", "at least one spelling"),
        ("[a\n", "config.toml:1: not valid TOML:"),
        ("[a]\nb = 1\nb = 2\n", "config.toml:3: not valid TOML:"),
        ("[a]\nb = [1,\n", "config.toml:3: not valid TOML:"),
    ],
)  # fmt: skip
def test_a_fault_says_what_and_where(tmp_path: Path, text: str, says: str) -> None:
    found = faults(write(tmp_path, text))
    assert any(says in fault for fault in found), found
    assert all("config.toml" in fault for fault in found)


def test_a_file_that_is_not_utf8_or_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"# caf\xe9\n")
    assert "byte 5 is not UTF-8" in faults(tmp_path / "config.toml")[0]
    assert "no such file; `monitor init`" in faults(tmp_path / "none.toml")[0]


def test_feeds_of_an_opml_file_may_be_named_by_rules(tmp_path: Path) -> None:
    text = "[opml.all]\npath = 'x.opml'\n[rules.r]\nquery = 'kabul'\nfeeds = ['from-the-file']\n"
    assert load(write(tmp_path, text)).rules["r"].feeds == ("from-the-file",)


# ── merging and overriding ──────────────────────────────────────────────────────────────────────


def test_drop_ins_are_merged_in_name_order_and_replacing_is_told(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "[feeds.a]\nurl = 'http://a'\nevery = '1m'\n",
        _20="[feeds.a]\nevery = '3m'\n",
        _10="[feeds.a]\nevery = '2m'\n[feeds.b]\nurl = 'http://b'\n",
    )
    (tmp_path / "conf.d" / ".hidden.toml").write_text("nonsense")
    loaded = load(path)
    assert loaded.feeds["a"].every == 180.0
    assert loaded.feeds["b"].url == "http://b"
    assert loaded.warnings == (
        "conf.d/10.toml:2: feeds.a.every replaces the one of config.toml:3",
        "conf.d/20.toml:2: feeds.a.every replaces the one of conf.d/10.toml:2",
    )
    assert loaded.where("feeds.a.every") == "conf.d/20.toml:2"
    assert loaded.where("feeds.a.url") == "config.toml:2"


def test_paths_in_a_drop_in_start_where_the_main_file_is(tmp_path: Path) -> None:
    loaded = load(write(tmp_path, "", _more="[folders.f]\npath = 'inbox'\n"))
    assert loaded.folders["f"].path == tmp_path / "inbox"


def test_the_environment_overrides_the_files(tmp_path: Path) -> None:
    path = write(tmp_path, MINIMAL + "[feeds.at-news]\nurl = 'http://a'\n")
    loaded = load(
        path,
        {
            "MONITOR_FETCH__CONCURRENCY": "4",
            "MONITOR_FETCH__ROBOTS": "false",
            "MONITOR_FETCH__ALLOW_HOSTS": "127.0.0.1:1, 127.0.0.1:2",
            "MONITOR_MONITOR__CONTACT": "12",
            "MONITOR_FEEDS__AT_NEWS__EVERY": "2m",
            "MONITOR_FEEDS__AT_NEWS__TAGS": '["x,y"]',
            "MONITOR_FEEDS__AT_NEWS__FULLTEXT": "false",
            "MONITOR_FEEDS__AT_NEWS__HEADERS": '{ A = "b" }',
            "MONITOR_RULES__NEW__QUERY": "kabul",
            "MONITOR_CHANNELS__CONSOLE__ENABLED": "false",
            "MONITOR_CONFIG": "elsewhere",
            "HOME": "/root",
        },
    )
    assert (loaded.fetch.concurrency, loaded.fetch.robots) == (4, False)
    assert loaded.fetch.allow_hosts == ("127.0.0.1:1", "127.0.0.1:2")
    assert loaded.monitor.contact == "12"
    feed = loaded.feeds["at-news"]
    assert (feed.every, feed.tags, feed.fulltext, feed.headers) == (120.0, ("x,y",), False, {"A": "b"})
    assert loaded.rules["new"].query == "kabul"
    assert not loaded.channels["console"].enabled
    assert loaded.where("fetch.concurrency") == "MONITOR_FETCH__CONCURRENCY"


def test_a_fault_in_the_environment_names_the_variable(tmp_path: Path) -> None:
    path = write(tmp_path, MINIMAL)
    assert faults(path, {"MONITOR_FETCH__CONCURRENCY": "many", "MONITOR_FETHC__X": "1"}) == [
        "MONITOR_FETHC__X: fethc: unknown table [fethc]; did you mean 'fetch'?",
        "MONITOR_FETCH__CONCURRENCY: fetch.concurrency: must be a number, not 'many'",
    ]


def test_systemd_says_where_state_belongs_unless_the_file_does(tmp_path: Path) -> None:
    environ = {"STATE_DIRECTORY": "/var/lib/monitor", "RUNTIME_DIRECTORY": "/run/monitor:/run/x"}
    loaded = load(write(tmp_path, MINIMAL), environ)
    assert (loaded.monitor.state, loaded.monitor.runtime_directory) == (
        Path("/var/lib/monitor"),
        Path("/run/monitor"),
    )
    loaded = load(write(tmp_path, "[monitor]\nstate = 'here'\n"), environ)
    assert loaded.monitor.state == tmp_path / "here"


def test_the_usual_places_are_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    home = {"HOME": str(tmp_path / "home")}
    personal = tmp_path / "home" / ".config" / "monitor" / "config.toml"
    personal.parent.mkdir(parents=True)
    personal.write_text(MINIMAL)
    assert config.load(environ=home).path == personal
    write(tmp_path, MINIMAL)
    assert config.load(environ=home).path == tmp_path / "config.toml"
    assert config.load(environ={**home, "MONITOR_CONFIG": str(personal)}).path == personal


# ── secrets ─────────────────────────────────────────────────────────────────────────────────────


def test_a_secret_everybody_can_read_is_refused(full: Path) -> None:
    (full.parent / "token").chmod(0o644)
    found = faults(full)
    assert len(found) == 3
    assert all("can be read or written by everybody; `chmod o=" in fault for fault in found)
    assert found[0].startswith("config.toml:19: feeds.at-news.headers")


def test_secrets_come_from_credentials(tmp_path: Path) -> None:
    path = write(tmp_path, "[channels.mail]\nkind = 'email'\npassword = { credential = 'smtp' }\n")
    beside = tmp_path / "credentials"
    beside.mkdir()
    (beside / "smtp").write_text("beside")
    (beside / "smtp").chmod(0o600)
    assert load(path).channels["mail"].options["password"].reveal() == "beside"
    given_by_systemd = tmp_path / "run"
    given_by_systemd.mkdir()
    assert "there is no credential 'smtp'" in faults(path, {"CREDENTIALS_DIRECTORY": str(given_by_systemd)})[0]
    (given_by_systemd / "monitor_smtp").write_text("from systemd")
    (given_by_systemd / "monitor_smtp").chmod(0o400)
    loaded = load(path, {"CREDENTIALS_DIRECTORY": str(given_by_systemd)})
    assert loaded.channels["mail"].options["password"].reveal() == "from systemd"


def test_a_secret_from_the_environment_is_warned_of(tmp_path: Path) -> None:
    path = write(tmp_path, "[channels.mail]\nkind = 'email'\npassword = { env = 'SMTP' }\n")
    loaded = load(path, {"SMTP": "x"})
    assert loaded.channels["mail"].options["password"].reveal() == "x"
    assert "channels.mail.password" in loaded.warnings[0]
    assert faults(path) == ["config.toml:3: channels.mail.password: the environment variable SMTP is not set"]


@pytest.mark.parametrize(
    ("reference", "says"),
    [
        ("{ credential = '../x' }", "is not the name of a credential"),
        ("{ file = 'missing' }", "No such file"),
        ("{ file = 7 }", "wants a name in quotes"),
        ("{ file = 'empty' }", "is empty"),
        ("{ file = 'binary' }", "is not UTF-8 text"),
    ],
)
def test_a_secret_that_cannot_be_had_says_why(tmp_path: Path, reference: str, says: str) -> None:
    for name, content in (("empty", b"\n"), ("binary", b"\xff\xfe")):
        (tmp_path / name).write_bytes(content)
        (tmp_path / name).chmod(0o600)
    found = faults(write(tmp_path, f"[channels.mail]\nkind = 'email'\npassword = {reference}\n"))
    assert len(found) == 1
    assert says in found[0]


def test_a_sample_written_as_a_table_is_told_how_it_is_meant(tmp_path: Path) -> None:
    (found,) = faults(write(tmp_path, "[rules.west]\nquery = 'West'\nmust_match = [{ file = 'a.txt' }]\n"))
    assert found.endswith('rules.west.must_match: must be text in quotes, not a table; write "file:a.txt"')


def test_commands_that_need_no_secrets_do_not_read_them(full: Path) -> None:
    (full.parent / "token").unlink()
    loaded = config.load(full, environ={}, secrets=False)
    assert loaded.channels["mail"].options["password"].reveal() == ""


def test_a_secret_never_shows_itself(full: Path) -> None:
    loaded = load(full)
    assert "s3cret" not in repr(loaded)
    assert "s3cret" not in str(loaded.feeds["at-news"].headers)
    assert "s3cret" not in config.show(loaded, effective=True)


def test_a_rotated_secret_makes_another_configuration(full: Path) -> None:
    before = load(full)
    assert load(full) == before
    (full.parent / "token").write_text("other\n")
    assert load(full) != before


# ── options of channels ─────────────────────────────────────────────────────────────────────────


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    to: tuple[str, ...]
    port: Annotated[int, Range(1, 65535)] = 25
    wait: Duration = 5.0
    most: Size | None = None
    password: Secret | None = None
    url: Secret | str = ""
    share: float = 1.0
    spool: Path | None = None


def channel(tmp_path: Path, text: str) -> config.ChannelConfig:
    return load(write(tmp_path, f"[channels.mail]\nkind = 'email'\n{text}")).channels["mail"]


def test_a_channel_reads_its_options(tmp_path: Path) -> None:
    text = "to = ['a']\nport = 587\nwait = '1m'\nmost = '1K'\nurl = 'https://x'\nshare = 1\nspool = 'x'\n"
    assert channel(tmp_path, text).read(Options) == Options(
        to=("a",), port=587, wait=60.0, most=1024, url="https://x", share=1.0, spool=tmp_path / "x"
    )


def test_faults_of_options_have_file_line_and_key_too(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        channel(tmp_path, "prot = 25\nport = 99999\npassword = 'inline'\nmost = true\n").read(Options)
    assert list(caught.value.faults) == [
        "config.toml:3: channels.mail.prot: unknown key 'prot'; did you mean 'port'?",
        "config.toml:4: channels.mail.port: must be at most 65535",
        'config.toml:5: channels.mail.password: must name a secret: { credential = "name" }, { file = '
        '"path" } or { env = "NAME" }; a secret is never written into the configuration',
        'config.toml:6: channels.mail.most: must be a size in quotes, like "15MiB", not true',
        "config.toml:1: channels.mail: 'to' is missing",
    ]
    assert channel(tmp_path, "to = ['a']\n").fault("no", key="to") == "config.toml:3: channels.mail.to: no"


# ── where values came from ──────────────────────────────────────────────────────────────────────


def test_where_keys_stand_is_counted_out_only_when_somebody_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.config.origins.line_numbers", counted := Mock(wraps=line_numbers))
    loaded = config.load(write(tmp_path, MINIMAL), environ={})
    assert not counted.called
    assert loaded.tree == {}
    assert loaded.where("folders.seeds.path").startswith("config.toml:")
    assert loaded.where("monitor.contact") == ""
    assert counted.call_count == 1


def test_line_numbers_see_tables_keys_and_strings_of_many_lines() -> None:
    text = 'a = 1\n[b.c]  # here\n"d e" = 2\nf = """\n[not.a.table]\ng = 1\n"""\n[[h]]\ni.j = 3\n[\'k.l\']\n'
    assert line_numbers(text) == {
        "a": 1,
        "b": 2,
        "b.c": 2,
        "b.c.d e": 3,
        "b.c.f": 4,
        "h": 8,
        "h.i.j": 9,
        "k": 10,
        "k.l": 10,
    }


def test_show_is_toml_with_origins_and_loads_again(full: Path) -> None:
    shown = config.show(load(full, {"MONITOR_FETCH__CONCURRENCY": "7"}))
    assert "# config.toml:12" in shown
    assert "# MONITOR_FETCH__CONCURRENCY" in shown
    tree = tomllib.loads(shown)
    assert tree["feeds"]["at-news"]["url"] == "https://at-news.example/feed"
    assert tree["channels"]["mail"]["password"] == "******** (file 'token')"


def test_show_effective_names_the_defaults_too_as_a_user_writes_them(tmp_path: Path) -> None:
    shown = config.show(load(write(tmp_path, MINIMAL)), effective=True)
    tree = tomllib.loads(shown)
    assert tree["fetch"]["max_bytes"] == "15MiB"
    assert tree["fetch"]["timeout"] == "20s"
    assert tree["folders"]["seeds"]["every"] == "10s"
    assert '= "20s"' in next(line for line in shown.splitlines() if line.startswith("timeout"))
    assert all("  # " in line for line in shown.splitlines() if " = " in line), "each value says where it came from"
    assert load(write(tmp_path, shown)) == load(write(tmp_path, MINIMAL))


def test_a_tables_own_check_is_told_beside_the_faults_of_its_keys(tmp_path: Path) -> None:
    found = faults(write(tmp_path, "[feeds.a]\nurl = 'ftp://x'\nevery = 'soon'\n"))
    assert [fault for fault in found if "must begin with http" in fault], found
    assert [fault for fault in found if "is not a duration" in fault], found


@pytest.mark.parametrize("line", ["query = 5", "qurey = 'Kabul'", "keywords = 'Kabul'"])
def test_a_tables_own_check_does_not_repeat_a_keys_fault(tmp_path: Path, line: str) -> None:
    (fault,) = faults(write(tmp_path, f"[rules.a]\n{line}\n"))
    assert "exactly one of" not in fault
