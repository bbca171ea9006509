"""What every channel is handed at its making: links, time zone, doors to the world.

Channels read no configuration file and no environment of their own.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TextIO
from zoneinfo import ZoneInfo

import aiohttp

from monitor.stages.message import Links


def open_connector(allow_private: bool) -> aiohttp.BaseConnector:
    """Return a connector without an address guard: for tests, and for a program that brings its own."""
    del allow_private
    return aiohttp.TCPConnector(limit=0, limit_per_host=8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """Handed to the constructor of every channel."""

    links: Links = field(default_factory=Links)
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    out: TextIO = field(default_factory=lambda: sys.stdout)
    # Makes the connector of a webhook; the argument is the channel's `allow_private`.
    connector: Callable[[bool], aiohttp.BaseConnector] = open_connector
