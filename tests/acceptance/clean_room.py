"""A virtual environment with the product's lock and the built wheel in it, and nothing else.

What the lock names is not downloaded again: the environment the tests run in was made from the same lock, so its files
are linked, after every version is compared. Packages that only the tests need stay invisible, as for a user.
ACCEPTANCE_PIP=1 lets pip install the lock instead, with hashes, from the index.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)(?:\s*;\s*([^\\]+?))?\s*\\?$", re.MULTILINE)
NEEDED = ("monitor", "pyproject.toml", "README.md", "LICENSE")


def locked() -> dict[str, str]:
    """Name and version of every package the lock wants on this machine."""
    from packaging.markers import Marker

    return {
        name: version
        for name, version, marker in PINNED.findall((ROOT / "requirements.lock").read_text())
        if not marker or Marker(marker).evaluate()
    }


def build_wheel(folder: Path) -> Path:
    """The wheel, built from a copy of the sources, so that nothing is left behind in them."""
    copy = folder / "source"
    copy.mkdir()
    for name in NEEDED:
        found = ROOT / name
        if found.is_dir():
            shutil.copytree(found, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(found, copy / name)
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder / "dist", copy)
    (wheel,) = (folder / "dist").glob("*.whl")
    return wheel


def make(folder: Path) -> Path:
    """The environment in `folder`. Returns its `monitor` command."""
    place = folder / "environment"
    run(sys.executable, "-m", "venv", "--without-pip", place)
    python = place / "bin" / "python"
    pip = (
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "--disable-pip-version-check",
        "install",
        "--quiet",
        "--no-deps",
    )
    if os.environ.get("ACCEPTANCE_PIP"):
        run(*pip, "--require-hashes", "-r", ROOT / "requirements.lock")
    else:
        inside = Path(sysconfig.get_path("purelib", vars={"base": str(place), "platbase": str(place)}))
        for name, version in locked().items():
            link(name, version, inside)
    run(*pip, "--no-index", build_wheel(folder))
    return place / "bin" / "monitor"


def link(name: str, version: str, inside: Path) -> None:
    """Put the files of one installed distribution into another environment."""
    found = metadata.distribution(name)
    assert found.version == version, f"{name} is {found.version} here, {version} in the lock: run `make test` again"
    for file in found.files or ():
        if file.parts[0] == ".." or "__pycache__" in file.parts:
            continue  # scripts, manual pages; compiled files are made anew
        target, source = inside / file, Path(str(found.locate_file(file)))
        if source.is_file() and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(source, target)
            except OSError:  # another file system
                shutil.copy(source, target)


def run(*command: object) -> None:
    """Run it; its output is shown if it fails."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert not done.returncode, f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
