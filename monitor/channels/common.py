"""Options that every channel has: when it may speak, and how much.

What they mean is decided in stages/restraint.py; this room only reads them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from monitor.stages.restraint import Policy


@dataclass(frozen=True, kw_only=True)
class Common:
    """The base of every channel's options."""

    severity: Literal["low", "normal", "high", "critical"] = "low"  # the least that is sent here
    digest: str = ""  # '0 8 * * 1-5' or '2h': one message then, instead of one per alert
    quiet_hours: str = ""  # '22:00-07:00': held, then one message
    quiet_days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = ()
    quiet_except: Literal["low", "normal", "high", "critical", "none"] = "critical"  # this and above are sent
    cap: str = "30/1h"  # messages per rule and time; what is over it comes in one message. '' is no cap
    day_at: str = "08:00"  # when rules with once_per = "day" are sent
    timezone: str = ""  # of all these; '' is that of [monitor]

    def __post_init__(self) -> None:
        self.policy(ZoneInfo("UTC"))

    def policy(self, zone: ZoneInfo) -> Policy:
        """Return what the options mean; `zone` is the default time zone. Raises ValueError."""
        return Policy.read(
            severity=self.severity,
            digest=self.digest,
            quiet_hours=self.quiet_hours,
            quiet_days=self.quiet_days,
            quiet_except=self.quiet_except,
            cap=self.cap,
            day_at=self.day_at,
            zone=_zone(self.timezone) if self.timezone else zone,
        )


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a directory of zones
        raise ValueError(f"timezone: {name!r} is not a time zone such as 'Europe/Berlin'") from None
