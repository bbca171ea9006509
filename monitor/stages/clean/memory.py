"""What was found out about one block, kept while its document is cleaned.

Blocks are judged again after some have gone, so the same questions come back about the same texts. Only
pure functions of one text may be remembered; `forget` at the end of a document lets the texts go.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

AT_MOST = 4096  # answers to one question; a document of more blocks is only slower
_questions: list[Callable[[], None]] = []


def remembered(question: Callable[[str], T]) -> Callable[[str], T]:
    """`question`, which is asked but once about each text of a document."""
    answer = functools.lru_cache(AT_MOST)(question)
    _questions.append(answer.cache_clear)
    return answer


def forget() -> None:
    """Lets go of all texts; other threads at work are only slowed down."""
    for clear in _questions:
        clear()
