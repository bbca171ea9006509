"""The house's rules, held by a machine: floors, docstrings, small rooms, nothing undone, commands documented."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import commands_page
import pytest

from monitor import cli

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "monitor").rglob("*.py"))
DOCS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
LONGEST = 450  # lines; over 400 is a reason to talk


def name(module: Path) -> str:
    return str(module.relative_to(ROOT))


def committed() -> list[Path]:
    """Every text file of the repository."""
    told = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if told.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / file for file in told.stdout.split("\0") if file and (ROOT / file).is_file()]


def test_every_import_points_down() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert "0 broken" in done.stdout


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_every_room_has_a_sign_on_its_door_and_is_small(module: Path) -> None:
    text = module.read_text("utf-8")
    assert ast.get_docstring(ast.parse(text)), "a module says what it is, what it touches and what it is not"
    assert text.count("\n") <= LONGEST, "a room over 400 lines is a reason to talk"


def public(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, ast.AST]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            decorators = {ast.unparse(one) for one in node.decorator_list}
            if not decorators & {"overload", "override"}:
                yield prefix + node.name, node
            if isinstance(node, ast.ClassDef) and not node.bases:  # what a method of a base means is said there
                yield from public(node, f"{prefix}{node.name}.")


@pytest.mark.parametrize(
    ("work", "heavy"),
    [
        ("from monitor.cli import main; main(['--help'], standalone_mode=False)", {"numpy", "aiohttp", "trafilatura"}),
        ("from monitor.cli.status import status", {"numpy", "aiohttp", "prometheus_client", "apscheduler"}),
        ("import monitor.daemon", {"numpy", "trafilatura", "aiohttp.web", "prometheus_client"}),
        ("from monitor.stages.rules import compile_rule", {"numpy"}),
    ],
)
def test_what_costs_half_a_second_is_not_imported_for_nothing(work: str, heavy: set[str]) -> None:
    look = f"import sys\n{work}\nprint('loaded:', *sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1:] == ["loaded:"], done.stdout[-500:] + done.stderr[-500:]


def test_every_public_name_says_what_it_does() -> None:
    silent = []
    for module in MODULES:
        for qualified, node in public(ast.parse(module.read_text("utf-8"))):
            if not ast.get_docstring(node):  # type: ignore[arg-type]
                silent.append(f"{name(module)}: {qualified}")
    assert silent == []


def test_nothing_is_left_undone() -> None:
    left = []
    for module in MODULES:
        for number, line in enumerate(module.read_text("utf-8").splitlines(), 1):
            if re.search(r"\b(TODO|FIXME|XXX|HACK|NotImplementedError)\b", line):
                left.append(f"{name(module)}:{number}: {line.strip()}")
    assert left == []


def test_nothing_of_the_machine_it_was_built_on_is_in_it() -> None:
    """No local path, no package index, no trace of how it was made."""
    ours = Path(__file__)
    words = re.compile(r"(?<![\w.])/w[o]rk/|index[-]url|/opt/pypi|\bClaude\b|\bco-authored-by\b", re.IGNORECASE)
    found = []
    for file in committed():
        if file == ours or file.name == "Makefile" or file == ROOT / "tests" / "test_docs.py":
            continue
        try:
            text = file.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{name(file)}: {match[0]}" for match in words.finditer(text)]
    assert found == []


# ── commands ────────────────────────────────────────────────────────────────────────────────────


def commands_of(text: str) -> Iterator[str]:
    """Each command line of `monitor` in a page's console blocks."""
    for block in re.findall(r"^```(?:console|sh)\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            bare = re.sub(r"^(\$ )?(sudo )?(-u \w+ )?(\S*/bin/)?", "", line.strip())
            if bare.startswith("monitor "):
                yield re.split(r"\s+(?:\||>|&&)\s*", bare)[0]


COMMANDS = sorted({(page.name, line) for page in DOCS for line in commands_of(page.read_text("utf-8"))})


@pytest.mark.parametrize(("page", "line"), COMMANDS)
def test_every_command_in_the_documentation_can_be_given(page: str, line: str) -> None:
    """It exists, and takes these options. It is not run: the pages' examples name feeds and files of yours."""
    arguments = shlex.split(line, comments=True)[1:]
    command: click.Command = cli.main
    context = click.Context(command, info_name="monitor")
    while isinstance(command, click.Group):
        parser = command.make_parser(context)
        _, rest, _ = parser.parse_args(list(arguments))
        assert rest, f"{page}: {line!r} names no verb"
        verb, *arguments = rest
        inner = command.get_command(context, verb)
        assert inner is not None, f"{page}: there is no {verb!r} in {line!r}"
        context = click.Context(inner, parent=context, info_name=verb)
        command = inner
    parser = command.make_parser(context)
    values, rest, _ = parser.parse_args(list(arguments))
    assert rest == [] or isinstance(command.params[-1], click.Argument), f"{page}: {line!r} has {rest} too many"
    missing = [p.name for p in command.params if p.required and values.get(p.name or "") is None]
    assert missing == [], f"{page}: {line!r} lacks {missing}"


def test_the_page_of_commands_is_what_the_commands_say() -> None:
    assert commands_page.PAGE.read_text("utf-8") == commands_page.page(), "run tests/commands_page.py"
