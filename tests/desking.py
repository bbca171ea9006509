"""The real Datasette over a store, in this process, as `monitor datasette` starts it in one of its own."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sqlite3
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from datasette.app import Datasette

from monitor.desk import files


def datasette_of(path: Path) -> Any:
    """The real Datasette, as `monitor datasette` starts it, in this process."""
    with closing(sqlite3.connect(path)) as db:
        columns = files.columns_of(db)
    directory = path.parent / "desk"
    files.write(directory, path.stem, columns)
    return Datasette(
        [str(path)],
        metadata=json.loads((directory / "metadata.json").read_text()),
        plugins_dir=str(directory / "plugins"),
        template_dir=str(files.HERE / "templates"),
        static_mounts=[("desk", str(files.HERE / "static"))],
        settings=files.SETTINGS,
    )


@contextmanager
def client(path: Path, **metadata: Any) -> Iterator[Callable[[str], Any]]:
    """Ask Datasette over `path` for an address. `metadata`: more of it, at the top."""
    datasette = datasette_of(path)
    datasette._metadata_local.update(metadata)
    with asyncio.Runner() as runner:
        runner.run(datasette.invoke_startup())
        yield lambda address: runner.run(datasette.client.get(address))


@contextmanager
def server(path: Path) -> Iterator[str]:
    """Datasette in a process of its own, by the command that `monitor datasette` runs. Yields its address."""
    with closing(sqlite3.connect(path)) as db:
        columns = files.columns_of(db)
    directory = path.parent / "served"
    files.write(directory, path.stem, columns)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    root = Path(__file__).parents[1]
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONWARNINGS": "ignore"}
    command = files.command(directory, path, "127.0.0.1", port)
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=root, env=environment, stdout=log, stderr=subprocess.STDOUT)
    address = f"http://127.0.0.1:{port}"
    try:
        end = time.monotonic() + 30
        while True:
            try:
                with urllib.request.urlopen(f"{address}/-/versions.json", timeout=5):
                    break
            except OSError:
                if process.poll() is not None or time.monotonic() > end:
                    raise AssertionError((directory / "log").read_text()) from None
                time.sleep(0.05)
        yield address
    finally:
        process.terminate()
        process.wait(20)
