"""Running a rule over stored articles and showing what came of it, for `rules backtest` and `plan`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from rich.text import Text

from monitor.cli.common import Settings, progress, shown
from monitor.config import Config
from monitor.errors import ConfigError
from monitor.model import Hit
from monitor.stages.backtest import Asked, Backtest
from monitor.stages.restraint import Route
from monitor.store import backtest as rows
from monitor.store.connection import Connection

MARKED = "bold black on yellow"


def run_backtests(
    settings: Settings, path: Path, asked: Sequence[Asked], since: datetime | None, routes: Mapping[str, Route]
) -> list[Backtest]:
    """Ask rules about the stored articles, in one pass and on all cores, behind a progress bar."""
    from monitor.app.backtest import run  # worker processes, and with the app's parts the web

    label = asked[0].rule.slug if len(asked) == 1 else f"{len(asked)} rules"
    with progress(settings, label, None) as advance:
        return asyncio.run(run(path, asked, since, routes=routes, progress=advance))


def difference(db: Connection, now_it: Backtest, then_it: Backtest | None) -> tuple[list[Any], list[Any]]:
    """The articles that a changed rule gains and loses: number and title."""
    if then_it is None:
        return [], []
    gained, lost = now_it.found - then_it.found, then_it.found - now_it.found
    return rows.titles(db, sorted(gained)), rows.titles(db, sorted(lost))


def summary(tally: Backtest) -> dict[str, Any]:
    """A backtest as JSON has it."""
    return {
        "rule": tally.rule.slug,
        "query": tally.rule.query or f"/{tally.rule.regex}/",
        "articles": tally.articles,
        "matches": tally.matches,
        "alerts": tally.alerts,
        "messages": dict(tally.messages),
        "too_old": tally.too_old,
        "per_day": dict(sorted(tally.per_day.items())),
        "per_source": dict(tally.per_source.most_common()),
        "samples": tally.samples,
    }


def print_backtest(settings: Settings, tally: Backtest, since: timedelta | None) -> None:
    """Print what a backtest found: counts, days, sources, samples, and the difference to the rule as it stands."""
    out = settings.console
    out.print(Text(f"{shown(tally.rule.slug)}: {shown(tally.rule.query or tally.rule.regex)}", style="bold"))
    time = f"the last {since.days} days" if since is not None and since.days else "this time" if since else "all time"
    messages = ", ".join(f"{number} by {name}" for name, number in tally.messages.items()) or "none"
    old = f"; {tally.too_old:,} older than max_age" if tally.too_old else ""
    out.print(Text(f"  {tally.matches:,} of {tally.articles:,} articles of {time}{old}"))
    out.print(Text(f"  {counted(tally.alerts, 'alert')} (one per {tally.rule.once_per}), messages: {messages}"))
    if tally.matches:
        most = max(tally.per_day.values())
        for day, number in sorted(tally.per_day.items()):
            out.print(Text(f"  {day} {number:>6} {'▇' * max(1, round(40 * number / most))}"))
        out.print(Text("  " + ", ".join(f"{name} {number}" for name, number in tally.per_source.most_common(12))))
        for sample in tally.samples:
            out.print(Text.assemble(f"  {sample.article}  ", (shown(sample.title), "bold")))
            out.print(*sentence_lines([sample.hit]))


def print_difference(settings: Settings, gained: Sequence[Any], lost: Sequence[Any]) -> None:
    """The articles that a changed rule gains and loses, the first ten of each."""
    title = f"against the rule as it stands: {len(gained)} gained, {len(lost)} lost"
    settings.console.print(Text(title, style="bold"))
    for mark, articles in (("+", gained), ("-", lost)):
        for row in articles[:10]:
            settings.console.print(Text(f"  {mark} {row['article']}  {shown(row['title'])}"))


def sentence_lines(hits: Iterable[Hit]) -> Iterator[Text]:
    """Each sentence with a hit, once, with all that hit in it marked; a hit in metadata by its term."""
    sentences: dict[tuple[str, int, str], list[Hit]] = {}
    for hit in hits:
        sentences.setdefault((hit.field, hit.sentence_start, hit.sentence or hit.term), []).append(hit)
    for (_, begin, text), found in sentences.items():
        if not found[0].sentence:
            yield Text(f"  {shown(text)}")
            continue
        parts: list[str | tuple[str, str]] = ["  “"]
        done = 0
        for start, end in sorted({(hit.start - begin, hit.end - begin) for hit in found}):
            if start > done:
                parts.append(shown(text[done:start]))
            if end > max(start, done):
                parts.append((shown(text[max(start, done) : end]), MARKED))
            done = max(done, end)
        yield Text.assemble(*parts, shown(text[done:]) if done < len(text) else "", "”")


def counted(number: int, noun: str) -> str:
    """'1 match', '2 matches'."""
    ending = "" if number == 1 else "es" if noun.endswith("ch") else "s"
    return f"{number:,} {noun}{ending}"


def routes_of(config: Config) -> Mapping[str, Route]:
    """When each channel speaks; none where a secret or an option is missing: then messages are not counted."""
    from monitor.app.parts import Mouths  # the channels, and with them the web

    try:
        return Mouths(config).routes
    except ConfigError:
        return {}
