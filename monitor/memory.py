"""Gives memory that was freed back to the system. Touches this process's heap and nothing else.

A configuration of 100,000 rules is read as text and as tables before it is rules: what that took stays with the C
library, in pieces between what is kept, until it is asked for.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable


def give_back() -> None:
    """Return free pages to the system; some milliseconds. Does nothing where the C library has no such call."""
    trim = _trim()
    if trim is not None:
        trim(0)


@functools.cache
def _trim() -> Callable[[int], int] | None:
    found: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return found
