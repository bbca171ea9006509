"""The documentation is true: every key is explained, every example loads, every link leads somewhere."""

from __future__ import annotations

import ast
import dataclasses
import pkgutil
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from monitor import channels, config
from monitor.config.load import NAMED, SECTIONS

ROOT = Path(__file__).parents[1]
DOCS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text("utf-8")
ENVIRONMENT = {"SMTP_PASSWORD": "x", "WEBHOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
ENVIRONMENT |= {"AT_NEWS": "x", "NTFY_URL": "ntfys://example.org/topic"}


def section(heading: str) -> str:
    """The text under the heading that names `heading`, up to the next of its level."""
    found = re.search(rf"^(#+) .*{re.escape(heading)}.*$", CONFIGURATION, re.MULTILINE)
    assert found, f"docs/configuration.md has no heading with {heading}"
    rest = CONFIGURATION[found.end() :]
    end = re.search(rf"^#{{1,{len(found[1])}}} ", rest, re.MULTILINE)
    return rest[: end.start()] if end else rest


def keys_in(text: str) -> set[str]:
    return set(re.findall(r"^\| `([a-z_]+)` \|", text, re.MULTILINE))


def keys_of(cls: type) -> set[str]:
    return {f.metadata.get("key", f.name) for f in dataclasses.fields(cls) if not f.metadata.get("hidden")}


def blocks(path: Path, language: str) -> list[tuple[int, str]]:
    """(line, text) of each fenced block of a language."""
    text = path.read_text("utf-8")
    found = re.finditer(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [(text[: one.start()].count("\n") + 1, one[1]) for one in found]


TOML = [pytest.param(path, text, id=f"{path.name}:{line}") for path in DOCS for line, text in blocks(path, "toml")]


@pytest.mark.parametrize("name", [name for name in [*SECTIONS, *NAMED] if name != "channels"])
def test_every_key_is_explained_and_no_other(name: str) -> None:
    cls = SECTIONS.get(name) or NAMED[name]
    heading = f"`[{name}]`" if name in SECTIONS else f"`[{name}.NAME]`"
    if name in ("metrics", "log"):
        explained = keys_in(section(heading))
        assert keys_of(SECTIONS["metrics"]) | keys_of(SECTIONS["log"]) == explained
    else:
        text = section(heading)
        if name == "rules":
            text = text.partition("### `[variants")[0]
        assert keys_in(text) == keys_of(cls)


def test_every_key_of_every_channel_is_explained() -> None:
    common, *_ = section("`[channels.NAME]`").partition("### `kind")
    assert keys_in(common) == keys_of(channels.Common) | {"kind", "enabled"}
    for kind, place in channels.KINDS.items():
        options = pkgutil.resolve_name(place).Options
        assert keys_in(section(f'`kind = "{kind}"`')) == keys_of(options) - keys_of(channels.Common), kind
        assert f'`"{kind}"`' in common


def test_the_defaults_in_the_tables_are_the_programs() -> None:
    for name, cls in SECTIONS.items():
        told = dict(re.findall(r"^\| `([a-z_]+)` \| `([^$`]+)` \|", section(f"`[{name}]`"), re.MULTILINE))
        real = tomllib.loads(config.show(config.Config(), effective=True))[name]
        for key in keys_of(cls) & told.keys():
            assert tomllib.loads(f"v = {told[key]}")["v"] == real[key], f"{name}.{key}"


@pytest.mark.parametrize(("path", "text"), TOML)
def test_every_example_loads(path: Path, text: str, tmp_path: Path) -> None:
    for name in ("smtp", "webhook"):
        for folder in ("secrets", "credentials"):
            (tmp_path / folder).mkdir(exist_ok=True)
            (tmp_path / folder / name).write_text(ENVIRONMENT["WEBHOOK_SECRET"])
            (tmp_path / folder / name).chmod(0o600)
    (tmp_path / "config.toml").write_text(text, "utf-8")
    loaded = config.load(tmp_path / "config.toml", environ=ENVIRONMENT)
    for channel in loaded.channels.values():
        made = pkgutil.resolve_name(channels.KINDS[channel.kind])
        assert channel.read(made.Options)


def test_every_link_leads_somewhere() -> None:
    for path in DOCS:
        text = re.sub(r"```.*?```", "", path.read_text("utf-8"), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"[a-z]+:", target):
                continue
            file, _, anchor = target.partition("#")
            there = (path.parent / file).resolve() if file else path
            assert there.exists(), f"{path.name}: {target}"
            if anchor:
                headings = re.findall(r"^#+ (.*)$", there.read_text("utf-8"), re.MULTILINE)
                slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
                assert anchor in slugs, f"{path.name}: {target}"


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    named = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    for group in (*project["project"]["optional-dependencies"].values(), *project["dependency-groups"].values()):
        named += group
    wanted = {Requirement(one).name.lower() for one in named}
    text = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    explained = {name.lower() for name in re.findall(r"^\| ([A-Za-z0-9_.-]+) \| \S.* \| \S.* \|$", text, re.MULTILINE)}
    assert explained - {"package", "---"} == wanted


def test_the_locks_hold_every_dependency_with_hashes() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    extras = project["project"]["optional-dependencies"]
    groups = project["dependency-groups"]
    product = [*project["project"]["dependencies"], *extras["datasette"], *extras["apprise"]]
    for file, wanted in (
        ("requirements.lock", product),
        ("tests/requirements.lock", groups["dev"]),
        ("bench/requirements.lock", groups["bench"]),
    ):
        text = (ROOT / file).read_text("utf-8")
        locked = {
            re.sub(r"[-_.]+", "-", name).lower(): version
            for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", text, re.MULTILINE)
        }
        for requirement in map(Requirement, wanted):
            name = re.sub(r"[-_.]+", "-", requirement.name).lower()
            assert name in locked, f"{file} lacks {name}: run `make lock`"
            assert requirement.specifier.contains(locked[name]), f"{file}: {name} {locked[name]}"
        pinned = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
        assert all("--hash=sha256:" in one for one in pinned), file
        assert "index-url" not in text
        assert "find-links" not in text


def events() -> dict[str, str]:
    """Every event the program logs → where."""
    found = {}
    for file in sorted((ROOT / "monitor").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            call, name = ast.unparse(node.func), node.args[0]
            is_log = re.search(
                r"\blog(ger)?\.(debug|info|warning|error|critical|exception)\b", call.replace("_log", "log")
            )
            if is_log and isinstance(name, ast.Constant) and isinstance(name.value, str):
                found[name.value] = f"{file.relative_to(ROOT)}:{node.lineno}"
    return found


def test_every_log_event_is_documented_and_no_other() -> None:
    page = (ROOT / "docs" / "logs.md").read_text("utf-8")
    told = set()
    for line in page.splitlines():
        if line.startswith("| `"):
            told |= set(re.findall(r"`([a-z_.]+)`", line.split("|")[1]))
        elif line.startswith("`") and "carry a traceback" in page:
            told |= set(re.findall(r"`([a-z]+\.bug)`", line))
    logged = events()
    assert {"poll", "entry"} <= logged.keys()
    assert {name: place for name, place in logged.items() if name not in told} == {}
    assert told - logged.keys() - {"library"} == set()
