"""A channel as somebody else would write it, named in a configuration as 'strangers:Collector'."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.channels import Common, Tools
from monitor.model import Delivery
from monitor.stages.message import subject


@dataclass(frozen=True, kw_only=True)
class CollectorOptions(Common):
    greeting: str


class Collector:
    """Keeps the subjects it is given."""

    Options = CollectorOptions

    def __init__(self, slug: str, options: CollectorOptions, tools: Tools) -> None:
        self.greeting = options.greeting
        self.seen: list[str] = []

    def targets(self) -> tuple[str, ...]:
        return (self.greeting,)

    async def send(self, delivery: Delivery) -> str:
        self.seen.append(subject(delivery))
        return "kept"

    async def close(self) -> None:
        self.seen.clear()
