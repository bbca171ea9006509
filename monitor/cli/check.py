"""`monitor check`: everything that is wrong with a configuration, found without running it.

Its tables and names (config), the options of channels and the rules (by those who own them), the rules' own examples,
folders and files that are named. `--online` asks the feeds, too.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from monitor import config as configuration
from monitor import log
from monitor.cli import service
from monitor.cli.common import Exit, Settings, json_option, print_json
from monitor.config import Config
from monitor.config.tables import did_you_mean
from monitor.errors import ConfigError, MonitorError, Permanent
from monitor.model import Document, Rule


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault, or what looks like one."""

    kind: str  # 'fault', 'warning'
    text: str


@click.command()
@click.option("--online", is_flag=True, help="Ask every feed whether it answers, too. Stores nothing.")
@json_option
@click.pass_context
def check(ctx: click.Context, online: bool, as_json: bool) -> None:
    """Find what is wrong with the configuration: all of it at once.

    Unknown keys, names that lead nowhere, secrets that cannot be read, channels' options, rules and their examples
    (must_match, must_not_match), folders. Exit status 3 if there are faults.
    """
    settings: Settings = ctx.obj
    log.setup("error")
    findings = list(survey(settings.path))
    if online and not any(finding.kind == "fault" for finding in findings):
        findings += asyncio.run(ask_feeds(settings.load(secrets=True)))
    faults = sum(finding.kind == "fault" for finding in findings)
    if as_json:
        print_json({"faults": faults, "findings": findings})
    else:
        for finding in findings:
            head = "warning: " if finding.kind == "warning" else ""
            click.echo(f"monitor: {head}{log.safe_text(finding.text)}", err=True)
        if not faults:
            click.echo(_summary(settings.path))
    ctx.exit(Exit.FINDINGS if faults else Exit.OK)


def survey(path: Path | None) -> Iterator[Finding]:
    """Everything that can be found without network or store."""
    try:
        config, faults = configuration.survey(path)
    except ConfigError as error:
        yield from (Finding("fault", fault) for fault in error.faults)
        return
    yield from (Finding("fault", fault) for fault in faults)
    yield from (Finding("warning", warning) for warning in config.warnings)
    yield from _channels(config)
    for rule in config.rules.values():
        yield from _rule(rule, config)
    if config.opml:
        yield from _lists(config)
    yield from _places(config)


def _summary(path: Path | None) -> str:
    config = configuration.load(path, secrets=False)
    sources = sum(len(table) for table in (config.feeds, config.sitemaps, config.folders, config.opml))
    return f"{config.path}: {sources} sources, {len(config.rules)} rules, {len(config.channels)} channels; all is well"


def _channels(config: Config) -> Iterator[Finding]:
    from monitor import channels

    tools = channels.Tools(zone=config.monitor.zone)
    for channel in config.channels.values():
        try:
            channels.build(channel, tools)
        except ConfigError as error:
            yield from (Finding("fault", fault) for fault in error.faults)
    if config.rules and not any(channel.enabled for channel in config.channels.values()):
        yield Finding("warning", "no channel is on: matches are recorded, nobody is told")


# ── rules ───────────────────────────────────────────────────────────────────────────────────────


def _rule(rule: Rule, config: Config) -> Iterator[Finding]:
    from monitor.stages import rules

    path = f"rules.{rule.slug}"
    try:
        compiled = rules.compile_rule(rule, config.variants)
    except ConfigError as error:
        yield from (Finding("fault", config.fault(f"{path}.{_key(config, rule)}", fault)) for fault in error.faults)
        return
    for warning in compiled.warnings:
        yield Finding("warning", config.fault(f"{path}.{_key(config, rule)}", warning.show(rule.query)))
    # An example is a text, not an article of some feed: what limits the rule to some of them is left out.
    anywhere = rules.compile_rule(replace(rule, feeds=(), tags=(), languages=()), config.variants)
    for key, samples, wanted in (
        ("must_match", rule.must_match, True),
        ("must_not_match", rule.must_not_match, False),
    ):
        for number, sample in enumerate(samples, 1):
            try:
                subject = _subject(sample, config)
            except (OSError, MonitorError) as error:
                yield Finding("fault", config.fault(f"{path}.{key}", f"example {number}: {error}"))
                continue
            if anywhere.holds(rules.Reading(subject)) is not wanted:
                verb = "is not found" if wanted else "is found, and must not be"
                tree = "\n".join(f"    {line}" for line in rules.explain(anywhere, subject).lines())
                yield Finding(
                    "fault",
                    config.fault(
                        f"{path}.{key}", f"example {number} {verb}: {sample[:70]!r}{_hint(sample, config)}\n{tree}"
                    ),
                )


def _hint(sample: str, config: Config) -> str:
    """What was meant, perhaps: a file's name alone is a text like any other."""
    assert config.path is not None
    try:
        meant = "\n" not in sample and (config.path.parent / sample).is_file()
    except (OSError, ValueError):  # too long for a name
        meant = False
    return f" (to try the file, write 'file:{sample}')" if meant else ""


def _key(config: Config, rule: Rule) -> str:
    written = config.tree.get("rules", {}).get(rule.slug, {})
    return next((key for key in ("query", "keywords", "regex") if key in written), "query")


def _subject(sample: str, config: Config) -> Any:
    """A sample as an article: text as it stands, `file:PATH` read and cleaned, `article:ID` from the store."""
    from monitor.stages.rules import Subject

    kind, _, name = sample.partition(":")
    if kind == "file":
        assert config.path is not None
        return _subject_of_file(config.path.parent / name)
    if kind == "article" and name.isdecimal():
        article = _stored_article(config, int(name))
        return Subject(
            title=article.title,
            text=article.text,
            author=article.byline,
            url=article.url or "",
            outlet=article.outlet,
            language=article.language,
        )
    return Subject(title="", text=sample)


def _subject_of_file(path: Path) -> Any:
    from monitor.model import SiteProfile
    from monitor.sources.folder import TYPES
    from monitor.stages.clean import clean
    from monitor.stages.extract import extract
    from monitor.stages.rules import Subject

    ending = path.suffix.removeprefix(".").lower().encode()
    document = Document(body=path.read_bytes(), media_type=TYPES.get(ending, "text/plain"), name=path.name)
    extracted = extract(document, None)
    cleaned = clean(extracted.blocks, SiteProfile(), extracted.metadata)
    about = cleaned.metadata
    return Subject(
        title=about.title,
        text=cleaned.text,
        author=about.byline,
        url=about.canonical_url or "",
        outlet=about.outlet,
        language=about.language,
    )


def _stored_article(config: Config, number: int) -> Any:
    from monitor.cli.common import reading
    from monitor.store import articles

    with reading(config) as db:
        article = articles.get(db, number)
    if article is None:
        raise Permanent(f"there is no article {number} in {config.monitor.database}")
    return article


# ── lists of feeds ──────────────────────────────────────────────────────────────────────────────


def _lists(config: Config) -> Iterator[Finding]:
    """OPML files must be read, and what rules name must be one of their feeds, or of the others."""
    from monitor.app.watching import all_feeds

    try:
        feeds = all_feeds(config)
    except ConfigError as error:
        for fault in error.faults:
            path, _, said = fault.partition(": ")
            yield Finding("fault", config.fault(path, said))
        return
    tables = [config.tree.get(section) for section in ("feeds", "sitemaps", "folders", "opml")]
    known = sorted({*feeds, *(name for table in tables if isinstance(table, dict) for name in table)})
    for rule in config.rules.values():
        for name in set(rule.feeds).difference(known):
            said = f"there is no feed, sitemap or folder '{name}', and no such feed in the OPML files"
            hint = did_you_mean(name, known)
            yield Finding("fault", config.fault(f"rules.{rule.slug}.feeds", said + hint))


# ── places ──────────────────────────────────────────────────────────────────────────────────────


def _places(config: Config) -> Iterator[Finding]:
    """Folders and files that are named must be there and be of use."""
    for folder in config.folders.values():
        write = folder.after != "keep"
        if not folder.enabled:
            continue
        if fault := folder_fault(folder.path, write=write):
            yield Finding("fault", config.fault(f"folders.{folder.slug}.path", fault))
        elif fault := service.folder_fault(folder.path, config, write=write):
            yield Finding("warning", config.fault(f"folders.{folder.slug}.path", fault))
    textfile = config.metrics.textfile
    if textfile is not None and not textfile.parent.is_dir():
        yield Finding("fault", config.fault("metrics.textfile", f"there is no directory {textfile.parent}"))


def folder_fault(path: Path, *, write: bool) -> str | None:
    """Why a drop folder is of no use to the user who asks, with the remedy, or None."""
    if not path.exists():
        return f"there is no folder {path}; make it: mkdir -p {path}"
    if not path.is_dir():
        return f"{path} is not a folder"
    if not os.access(path, os.R_OK | os.X_OK):
        return f"{path} cannot be read by {_who()}"
    if write and not os.access(path, os.W_OK):
        return f'{path} cannot be written by {_who()}, so files cannot be moved or deleted; or set after = "keep"'
    return None


def _who() -> str:
    import pwd

    try:
        return f"user {pwd.getpwuid(os.geteuid()).pw_name}"
    except KeyError:
        return f"user id {os.geteuid()}"


# ── --online ────────────────────────────────────────────────────────────────────────────────────


async def ask_feeds(config: Config) -> Sequence[Finding]:
    """A GET of every feed. What it says is not stored."""
    from monitor.app.watching import headers_of
    from monitor.app.web import open_web

    web = open_web(config)
    findings: list[Finding] = []
    feeds = [("feeds", feed) for feed in config.feeds.values()] + [("sitemaps", s) for s in config.sitemaps.values()]

    async def ask(section: str, feed: configuration.FeedConfig) -> None:
        try:
            await web.get(feed.url, headers=headers_of(config, feed.slug, feed.url))
        except MonitorError as error:
            findings.append(Finding("fault", config.fault(f"{section}.{feed.slug}.url", str(error))))

    try:
        await asyncio.gather(*(ask(section, feed) for section, feed in feeds if feed.enabled))
    finally:
        await web.close()
    return sorted(findings, key=lambda finding: finding.text)
