"""Sources and rules of a configuration: written to the store as rows, rules compiled. No process, no network."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from monitor import __version__
from monitor.config import Config, FeedConfig, reveal
from monitor.errors import ConfigError
from monitor.model import Rule
from monitor.pool import Change
from monitor.ports import SourceRow
from monitor.sources import opml
from monitor.store import facts, rules, sources
from monitor.store.connection import Connection

CHECKED = "rules-checked"  # fact: under which program the stored rules last compiled

_NONE: Mapping[str, tuple[str, ...]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What is looked for, after a configuration was taken over."""

    rules: Mapping[str, Rule]  # that work, by slug; the last good version of those that are broken now
    faults: Mapping[str, str]  # of the rules that do not compile, by slug
    retired: tuple[str, ...]  # sources no longer named
    configured: Mapping[str, Rule]  # the rules as the configuration has them


def take_over(db: Connection, config: Config, now: datetime, before: Watch | None = None) -> Watch:
    """Write the sources and rules of a configuration, in the caller's transaction. What happened to them stays.

    `before`: what this process took over last; what has not changed since is not looked at again.
    """
    named = set()
    for row, settings in source_rows(config):
        sources.upsert(db, row, now, **settings)
        named.add(row.slug)
    retired = sources.retire_others(db, named, now)
    working = _unchanged(config, before) if before is not None else _as_stored(db, config)
    faults: dict[str, str] = {}
    for slug, rule in config.rules.items():
        if slug in working:
            continue
        faults[slug] = _fault(rule, config)
        works, _ = rules.save(db, rule, faults[slug], now)
        if works is not None:
            working[slug] = rule if works == rule else works  # not a second one that says the same
    if faults:  # some were compiled, and only to be checked
        from monitor.stages.rules.parser import forget_terms

        forget_terms()
    rules.retire_others(db, config.rules, now)
    facts.put(db, CHECKED, __version__, now)
    faults = {slug: fault for slug, fault in faults.items() if fault}
    return Watch(rules=working, faults=faults, retired=tuple(retired), configured=config.rules)


def sharing(config: Config, before: Config) -> Config:
    """The same configuration, with the very rules of the one before where they are equal: 100,000 are held once."""
    rules = {slug: was if (was := before.rules.get(slug)) == rule else rule for slug, rule in config.rules.items()}
    return replace(config, rules=rules)


def _unchanged(config: Config, before: Watch) -> dict[str, Rule]:
    """The rules that work and stand as they did."""
    return {
        slug: before.rules[slug]
        for slug, rule in config.rules.items()
        if slug in before.rules and slug not in before.faults and before.configured.get(slug) == rule
    }


def _as_stored(db: Connection, config: Config) -> dict[str, Rule]:
    """The rules that work and stand as an earlier run of this program left them: they need no second check."""
    if facts.get(db, CHECKED) != __version__:
        return {}
    found = {}
    stored = rules.standing(db)
    for slug, rule in config.rules.items():
        version, definition = stored.get(slug, (0, ""))
        same = replace(rule, version=version) if version > 1 else rule
        if rule.enabled and rules.to_json(same) == definition:
            found[slug] = same
    return found


def source_rows(config: Config) -> Iterator[tuple[SourceRow, dict[str, Any]]]:
    """Every configured source as a row, with what `sources.upsert` wants beside it.

    Raises ConfigError for an OPML file that cannot be read.
    """
    for kind, feeds in (("feed", all_feeds(config)), ("sitemap", config.sitemaps)):
        for feed in feeds.values():
            row = SourceRow(
                slug=feed.slug,
                kind=kind,
                address=feed.url,
                every=feed.every,
                tags=feed.tags,
                options={"fulltext": str(feed.fulltext).lower(), "language": feed.language},
            )
            yield row, {"enabled": feed.enabled, "baseline": feed.baseline, "outlet": feed.outlet}
    for folder in config.folders.values():
        row = SourceRow(
            slug=folder.slug,
            kind="folder",
            address=str(folder.path),
            every=folder.every,
            tags=folder.tags,
            options={"after": folder.after, "recursive": folder.recursive, "language": folder.language},
        )
        yield row, {"enabled": folder.enabled, "baseline": folder.baseline, "outlet": folder.outlet}


def all_feeds(config: Config) -> dict[str, FeedConfig]:
    """The feeds of `[feeds]` and of the OPML files, by slug. Raises ConfigError, every file's fault at once."""
    feeds = dict(config.feeds)
    taken = {*feeds, *config.sitemaps, *config.folders, *config.opml}
    faults: list[str] = []
    for listed in config.opml.values():
        try:
            found = opml.expand(listed, taken)
        except ConfigError as error:
            faults.extend(error.faults)
            continue
        feeds |= found
        taken |= set(found)
    if faults:
        raise ConfigError(*faults)
    return feeds


def headers_of(config: Config, slug: str, address: str) -> dict[str, str]:
    """The headers a feed is asked with at `address`, secrets revealed; never written anywhere.

    None for another origin than the configured one: an adopted redirect, a child of a sitemap index or a feed that a
    page names may belong to anybody.
    """
    feed = config.feeds.get(slug) or config.sitemaps.get(slug)
    if feed is None or not (feed.headers or feed.auth):
        return {}
    from monitor.web.client import same_origin  # aiohttp: not where nothing is fetched

    if not same_origin(feed.url, address):
        return {}
    headers = {name: reveal(value) for name, value in feed.headers.items()}
    if feed.auth is not None:
        headers["Authorization"] = _authorization(feed)
    return headers


def changes(before: Mapping[str, Rule], after: Mapping[str, Rule]) -> list[Change]:
    """What the workers' book must be told."""
    gone = [Change(slug=slug, rule=None, variants={}) for slug in before if slug not in after]
    new = [
        Change(slug=slug, rule=rule, variants=dict(rule.variants) if rule.variants else _NONE)
        for slug, rule in after.items()
        if (was := before.get(slug)) is not rule
        and (was is None or was.version != rule.version or rules.meaning(was) != rules.meaning(rule))
    ]
    return gone + new


def _authorization(feed: FeedConfig) -> str:
    assert feed.auth is not None
    if feed.auth.bearer is not None:
        return f"Bearer {feed.auth.bearer.reveal()}"
    assert feed.auth.password is not None
    pair = f"{feed.auth.user}:{feed.auth.password.reveal()}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def _fault(rule: Rule, config: Config) -> str:
    from monitor.stages.rules import compile_rule  # needed only when a rule is new or was changed

    try:
        compile_rule(rule, config.variants)
    except ConfigError as error:
        return str(error)
    return ""
