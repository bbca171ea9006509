"""What sources need of the process pool, without knowing it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol


class RunElsewhere(Protocol):
    """`Pool.run`: a pure function in a worker process, killed at its deadline.

    Raises what the function raised, or Permanent where the worker had to be stopped.
    """

    def __call__(self, function: str | Callable[..., Any], *args: Any, deadline: float) -> Awaitable[Any]: ...
