"""Files and environment → `Config`. Finds every fault before it raises, and checks what names what."""

from __future__ import annotations

import gc
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from monitor.config import files
from monitor.config.shape import (
    ChannelConfig,
    Config,
    FeedConfig,
    FetchConfig,
    FolderConfig,
    LogConfig,
    MetricsConfig,
    MonitorConfig,
    OpmlConfig,
    PoolConfig,
    RuleConfig,
    StoreConfig,
    VariantConfig,
)
from monitor.config.tables import SLUG, EnvironmentText, Faults, Origin, did_you_mean, read_table
from monitor.errors import ConfigError
from monitor.model import Rule

T = TypeVar("T")

_SET = re.compile(r"\{([^{}]*)\}")

SECTIONS: Mapping[str, type] = {
    "monitor": MonitorConfig,
    "fetch": FetchConfig,
    "store": StoreConfig,
    "pool": PoolConfig,
    "metrics": MetricsConfig,
    "log": LogConfig,
}
NAMED: Mapping[str, type] = {
    "feeds": FeedConfig,
    "sitemaps": FeedConfig,
    "folders": FolderConfig,
    "opml": OpmlConfig,
    "rules": RuleConfig,
    "variants": VariantConfig,
    "channels": ChannelConfig,
}


def load(
    path: Path | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    secrets: bool = True,
    tree: bool = False,
) -> Config:
    """The configuration in `path` (else the usual places), its conf.d and the environment.

    With `secrets` false, secrets are left unread. `tree`: keep what was written, too, for who shows it. Raises
    ConfigError holding all faults, one line each, with file, line and key path.
    """
    # A tree of 100,000 rules holds no cycles: looking for them while it grows costs a third of the time.
    collecting = gc.isenabled()
    gc.disable()
    try:
        config, faults = survey(path, environ=environ, secrets=secrets)
    finally:
        if collecting:
            gc.enable()
    if faults:
        raise ConfigError(*faults)
    return config if tree else replace(config, tree={})


def survey(
    path: Path | None = None, *, environ: Mapping[str, str] | None = None, secrets: bool = True
) -> tuple[Config, list[str]]:
    """As `load`, but what is sound of a faulty configuration together with its faults: for `check`, to look further."""
    environ = os.environ if environ is None else environ
    main = files.find(path, environ)
    base = main.parent
    faults = Faults()
    gathered = files.gather(main, environ, faults)
    files.resolve_secrets(gathered, base, environ, faults, read=secrets)
    tree = gathered.tree
    _default_directories(gathered, environ)
    for name in tree:
        if name not in SECTIONS and name not in NAMED:
            faults.add(name, f"unknown table [{name}]{did_you_mean(name, [*SECTIONS, *NAMED])}")
    parts: dict[str, Any] = {}
    for name, cls in SECTIONS.items():
        parts[name] = read_table(cls, tree.get(name, {}), name, faults, base) or cls()
    rules: dict[str, RuleConfig] = {}
    for name, cls in NAMED.items():
        if name == "channels":
            parts[name] = _channels(tree.get(name, {}), faults, base, gathered.origins)
        elif name == "rules":
            rules = _named(RuleConfig, tree.get(name, {}), name, faults, base)
        else:
            parts[name] = _named(cls, tree.get(name, {}), name, faults, base)
    parts["variants"] = {slug: variant.forms for slug, variant in parts["variants"].items()}
    _check_references(parts, rules, tree, faults)
    on = tuple(slug for slug, channel in parts["channels"].items() if channel.enabled)
    parts["rules"] = {slug: _rule(rule, on, parts["variants"]) for slug, rule in rules.items()}
    config = Config(
        **parts,
        path=main,
        files=tuple(gathered.files),
        origins=gathered.origins,
        warnings=tuple(gathered.warnings),
        tree=tree,
    )
    return config, faults.found


def _default_directories(gathered: files.Gathered, environ: Mapping[str, str]) -> None:
    """Under systemd the unit says where state belongs, unless the file does."""
    table = gathered.tree.setdefault("monitor", {})
    if not isinstance(table, dict):
        return
    for key, variable in (("state", "STATE_DIRECTORY"), ("runtime", "RUNTIME_DIRECTORY")):
        if key not in table and environ.get(variable):
            table[key] = environ[variable].partition(":")[0]
            gathered.origins.put(f"monitor.{key}", Origin(file=f"${variable}"))
    if "state" not in table:
        table["state"] = "var"  # beside the file, not where the program was started
        gathered.origins.put("monitor.state", Origin(file="default"))


def _named(cls: type[T], tables: object, section: str, faults: Faults, base: Path) -> dict[str, T]:
    """A table of tables: { slug: value }. Those with faults are left out."""
    out: dict[str, T] = {}
    for slug, table in _slugs(tables, section, faults):
        given = {"slug": slug} if "slug" in cls.__dataclass_fields__ else {}  # type: ignore[attr-defined]
        value = read_table(cls, table, f"{section}.{slug}", faults, base, given)
        if value is not None:
            out[slug] = value
    return out


def _slugs(tables: object, section: str, faults: Faults) -> Iterable[tuple[str, object]]:
    if not isinstance(tables, dict):
        faults.add(section, f"must hold tables, each with a name: [{section}.NAME]")
        return
    for slug, table in tables.items():
        if not SLUG.fullmatch(slug):
            faults.add(f"{section}.{slug}", "a name has at most 63 letters a–z, digits, _ and -, no _ or - first")
        elif not isinstance(table, dict):
            faults.add(f"{section}.{slug}", f"stands outside a table with a name: write [{section}.NAME] above it")
        else:
            yield slug, table


def _channels(tables: object, faults: Faults, base: Path, origins: Mapping[str, Any]) -> dict[str, ChannelConfig]:
    out = {}
    for slug, raw in _slugs(tables, "channels", faults):
        assert isinstance(raw, dict)
        table = dict(raw)
        kind, enabled = table.pop("kind", None), table.pop("enabled", True)
        if isinstance(enabled, EnvironmentText):
            enabled = enabled.lower() in ("true", "1", "yes")
        if not isinstance(kind, str) or not kind:
            faults.add(f"channels.{slug}", '\'kind\' is missing: "console", "email", "webhook", …')
        elif not isinstance(enabled, bool):
            faults.add(f"channels.{slug}.enabled", "must be true or false")
        else:
            out[slug] = ChannelConfig(
                slug=slug, kind=str(kind), enabled=enabled, options=table, base=base, origins=origins
            )
    return out


def _check_references(
    parts: Mapping[str, Any], rules: Mapping[str, RuleConfig], tree: Mapping[str, Any], faults: Faults
) -> None:
    """What is named must be there, and no two sources may share a name."""
    owners: dict[str, str] = {}
    for section in ("feeds", "sitemaps", "folders", "opml"):
        for slug in _keys(tree, section):
            if slug in owners:
                faults.add(f"{section}.{slug}", f"there is a source of that name already: {owners[slug]}.{slug}")
            owners.setdefault(slug, section)
    channels = _keys(tree, "channels")
    for slug in parts["monitor"].notices:
        if slug not in channels:
            faults.add("monitor.notices", f"there is no channel '{slug}'{did_you_mean(slug, channels)}")
    for name in _keys(tree, "rules"):
        rule = rules.get(name)
        table = tree["rules"][name]
        for slug in _names(table, "channels") if rule is None else rule.channels or ():
            if slug not in channels:
                hint = did_you_mean(slug, channels)
                faults.add(f"rules.{name}.channels", f"there is no channel '{slug}'{hint}")
        for slug in _names(table, "feeds") if rule is None else rule.feeds:
            # An OPML file names feeds of its own; who reads it checks those.
            if slug not in owners and not _keys(tree, "opml"):
                hint = did_you_mean(slug, list(owners))
                faults.add(f"rules.{name}.feeds", f"there is no feed, sitemap or folder '{slug}'{hint}")


def _keys(tree: Mapping[str, Any], section: str) -> list[str]:
    table = tree.get(section)
    return list(table) if isinstance(table, dict) else []


def _names(table: object, key: str) -> list[str]:
    """What a table with another fault names all the same: one look finds every fault."""
    named = table.get(key) if isinstance(table, dict) else None
    return [slug for slug in named if isinstance(slug, str)] if isinstance(named, list) else []


def _rule(rule: RuleConfig, channels: tuple[str, ...], variants: Mapping[str, tuple[str, ...]]) -> Rule:
    named = {name.strip() for name in _SET.findall(rule.query)} if "{" in rule.query else ()
    return Rule(
        slug=rule.slug,
        query=rule.query or keywords_query(rule.keywords),
        regex=rule.regex,
        feeds=rule.feeds,
        tags=rule.tags,
        languages=rule.languages,
        variants=tuple((name, variants[name]) for name in sorted(named) if name in variants),
        channels=channels if rule.channels is None else tuple(c for c in rule.channels if c in channels),
        severity=rule.severity,
        once_per=rule.once_per,
        updates=rule.updates,
        max_age=rule.max_age or None,
        enabled=rule.enabled,
        must_match=rule.must_match,
        must_not_match=rule.must_not_match,
    )


def keywords_query(keywords: Iterable[str]) -> str:
    """The query that finds any of the keywords. Each is a phrase: no word is taken for an operator."""
    quoted = []
    for keyword in keywords:
        plain = keyword.strip()
        exact = "=" if plain.startswith("=") else ""
        plain = plain.removeprefix("=")
        for quote in '"“”„«»':
            plain = plain.replace(quote, " ")
        quoted.append(f'{exact}"{" ".join(plain.split())}"')
    return " OR ".join(quoted)
