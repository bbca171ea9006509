"""Fixtures that several rooms use."""

from __future__ import annotations

import pytest
from fakes import InlinePool, Place


@pytest.fixture(autouse=True)
def no_terminal_width(monkeypatch):
    """Verbs run as in a pipe, whatever the terminal of who runs the tests: xdist hands its width on."""
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture
def place(tmp_path, monkeypatch, capsys):
    """A place whose daemon runs its workers inline; `place.printed` is what its console said."""
    from monitor.app import parts

    made = Place(tmp_path, console=lambda: capsys.readouterr().out)
    monkeypatch.setattr(parts, "Pool", InlinePool)
    return made
