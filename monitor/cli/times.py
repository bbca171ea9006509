"""Moments as options: how long ago (36h, 7d), or a date."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import click

from monitor.config.values import parse_duration


class Since(click.ParamType):  # type: ignore[type-arg]
    """`7d`, `36h`, `2026-11-22` or `2026-11-22T09:30`; without a zone it is UTC. Becomes an aware datetime."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        except ValueError:
            pass
        try:
            return datetime.now(UTC) - timedelta(seconds=parse_duration(value))
        except (ValueError, OverflowError):
            self.fail(f"'{value}' is neither a length of time like 36h or 7d nor a date like 2026-11-22", param, ctx)
