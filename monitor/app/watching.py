"""Sources and rules of a configuration: written to the store as rows, rules compiled. No process, no network."""

from __future__ import annotations

import base64
import hashlib
import json
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

CHECKED = "rules-checked"  # fact: under which program and variants the stored rules last compiled


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What is looked for, after a configuration was taken over."""

    rules: Mapping[str, Rule]  # that work, by slug; the last good version of those that are broken now
    faults: Mapping[str, str]  # of the rules that do not compile, by slug
    retired: tuple[str, ...]  # sources no longer named


def take_over(db: Connection, config: Config, now: datetime) -> Watch:
    """Write the sources and rules of a configuration, in the caller's transaction. What happened to them stays."""
    named = set()
    for row, settings in source_rows(config):
        sources.upsert(db, row, now, **settings)
        named.add(row.slug)
    retired = sources.retire_others(db, named, now)
    known = rules.working(db)
    seal = _seal(config)
    checked = facts.get(db, CHECKED) == seal
    working, faults = {}, {}
    for slug, rule in config.rules.items():
        before = known.get(slug)
        same = checked and before is not None and rules.meaning(before) == rules.meaning(rule)
        fault = "" if same else _fault(rule, config)
        if fault:
            faults[slug] = fault
        works, _ = rules.save(db, rule, fault, now)
        if works is not None:
            working[slug] = works
    rules.retire_others(db, config.rules, now)
    facts.put(db, CHECKED, seal, now)
    return Watch(rules=working, faults=faults, retired=tuple(retired))


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


def changes(before: Mapping[str, Rule], after: Mapping[str, Rule], config: Config, *, every: bool) -> list[Change]:
    """What the workers' book must be told. `every`: the variants changed too, so any rule may mean another thing."""
    gone = [Change(slug=slug, rule=None, variants={}) for slug in before if slug not in after]
    new = [
        Change(slug=slug, rule=rule, variants=config.variants)
        for slug, rule in after.items()
        if every or slug not in before or rules.meaning(before[slug]) != rules.meaning(rule)
        or before[slug].version != rule.version
    ]  # fmt: skip
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
        compile_rule(replace(rule), config.variants)
    except ConfigError as error:
        return str(error)
    return ""


def _seal(config: Config) -> str:
    said = json.dumps([__version__, {name: list(forms) for name, forms in config.variants.items()}], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()
