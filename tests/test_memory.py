"""What a process gives back of its memory."""

from __future__ import annotations

import ctypes

import pytest

from monitor import memory


def resident() -> int:
    """Bytes of this process in memory."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4096


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="not the GNU C library")
def test_freed_pieces_between_kept_ones_go_back() -> None:
    pieces = [bytes(8_000) for _ in range(8_000)]  # too large for Python's own pools, too small to be mapped alone
    kept = pieces[::100]
    full = resident()
    del pieces
    memory.give_back()
    assert full - resident() > 40_000_000
    assert len(kept) == 80


def test_a_library_without_the_call_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(memory, "_trim", lambda: None)
    memory.give_back()
    monkeypatch.setattr(memory, "_trim", lambda: asked.append)
    memory.give_back()
    assert asked == [0]
