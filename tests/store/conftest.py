"""A real store in a temporary folder."""

from __future__ import annotations

import pytest

from monitor.store.connection import Store


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "monitor.db")
    yield store
    store.close()
