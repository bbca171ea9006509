"""What a rule would have done with stored articles: matches, and the alerts and messages they would have made. Pure."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from monitor.model import Hit, Rule
from monitor.stages.alert import too_old
from monitor.stages.restraint import Route, place, wanted

SAMPLES = 5


class Asked(NamedTuple):
    """A rule to be tried, with the variant sets that its query may name."""

    rule: Rule
    variants: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A match to look at."""

    article: int
    source: str
    title: str
    seen_at: datetime
    hit: Hit


@dataclass(slots=True, kw_only=True)
class Backtest:
    """The tally of one rule. `articles` were looked at; `messages` is by channel, after grouping, digests and caps."""

    rule: Rule
    routes: Mapping[str, Route] = field(default_factory=dict)
    articles: int = 0
    matches: int = 0
    too_old: int = 0
    per_day: Counter[str] = field(default_factory=Counter)
    per_source: Counter[str] = field(default_factory=Counter)
    samples: list[Sample] = field(default_factory=list)
    found: set[int] = field(default_factory=set)
    _keys: set[int] = field(default_factory=set)
    _sent: dict[str, deque[datetime]] = field(default_factory=dict)  # by channel, within its cap's window
    _open: dict[tuple[str, str], datetime] = field(default_factory=dict)
    _collected: dict[str, datetime] = field(default_factory=dict)  # until when a channel's one open message takes all
    messages: Counter[str] = field(default_factory=Counter)

    @property
    def alerts(self) -> int:
        """How many alerts there would have been: one for each story, or article, as `once_per` has it."""
        return len(self._keys)

    def add(
        self, *, article: int, story: int, source: str, title: str, seen_at: datetime,
        published_at: datetime | None, hit: Hit | None,
    ) -> None:  # fmt: skip
        """Count a match of one appearance, in the order in which they were seen. An article counts where first found.

        A later appearance matters where no earlier one was news: it may raise the alert.
        """
        old = too_old(self.rule, published_at, seen_at)
        if article not in self.found:
            self.matches += 1
            self.found.add(article)
            self.too_old += old
            self.per_day[seen_at.date().isoformat()] += 1
            self.per_source[source] += 1
            if hit is not None and len(self.samples) < SAMPLES:
                self.samples.append(Sample(article=article, source=source, title=title, seen_at=seen_at, hit=hit))
        if old:
            return
        key = story if self.rule.once_per == "story" and not self.rule.updates else article
        if key not in self._keys:
            self._keys.add(key)
            self._send(seen_at)

    def _send(self, now: datetime) -> None:
        for channel in self.rule.channels:
            route = self.routes.get(channel)
            if route is None or not wanted(route.policy, self.rule.severity):
                continue
            if self._collected.get(channel, now) > now:
                continue
            sent = self._sent.setdefault(channel, deque())
            while sent and now - sent[0] >= route.policy.cap_window:
                sent.popleft()
            placed = place(
                route.policy, rule=self.rule.slug, severity=self.rule.severity, once_per=self.rule.once_per,
                sent=len(sent), now=now,
            )  # fmt: skip
            if placed.group:
                due = self._open.get((channel, placed.group))
                if due is not None and due > now:
                    continue  # joins the message that waits
                self._open[channel, placed.group] = placed.due_at
                if self.rule.once_per == "day" or route.policy.digest:
                    self._collected[channel] = placed.due_at
            else:
                sent.append(now)
            self.messages[channel] += max(1, len(route.targets))
