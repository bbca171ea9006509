"""What every channel is handed at its making: links, the time zone of what people read, the terminal.

Channels read no configuration file and no environment of their own.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TextIO
from zoneinfo import ZoneInfo

from monitor.stages.message import Links


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """Handed to the constructor of every channel."""

    links: Links = field(default_factory=Links)
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    out: TextIO = field(default_factory=lambda: sys.stdout)
