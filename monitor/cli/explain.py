"""`monitor explain`: an article's whole way, with the reason at every stop, also for what did not alert."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click
from rich.text import Text

from monitor.cli.common import Settings, json_option, print_json, reading, shown
from monitor.config import Config
from monitor.stages.rules import Explained, RuleError, compile_rule
from monitor.stages.rules import explain as explain_rule
from monitor.store import backtest as rows
from monitor.store.connection import Connection
from monitor.store.scan import subject_of


@click.command()
@click.argument("article", metavar="URL|ID")
@click.option("--rule", "wanted", multiple=True, help="Also show why this rule matches or not. May be repeated.")
@json_option
@click.pass_obj
def explain(settings: Settings, article: str, wanted: tuple[str, ...], as_json: bool) -> None:
    """Show the way of an article: fetched, cleaned, deduplicated, matched, alerted, delivered; or where it stopped."""
    config = settings.load()
    unknown = [name for name in wanted if name not in config.rules]
    if unknown:
        raise click.UsageError(f"There is no rule '{unknown[0]}'. `monitor rules list` names them.")
    with reading(config) as db:
        found = _found(db, article)
        trees = _trees(config, db, article, wanted)
    if found is None:
        raise click.UsageError(
            f"Nothing is known of '{article}': no article of that number, no entry of that address. "
            "It was not announced by a source, or was pruned."
        )
    if as_json:
        print_json({**found, "rules": dict(trees)})
        return
    _print(settings, found)
    for name, tree in trees:
        settings.console.print(Text(f"\nrule {name}", style="bold"))
        for line in tree.lines():
            settings.console.print(Text(f"  {line}"))


def _found(db: Connection, name: str) -> dict[str, Any] | None:
    seen = rows.article(db, name)
    entries = [dict(row) for row in rows.appearances(db, name, seen.article if seen else None)]
    if seen is None and not entries:
        return None
    made: dict[str, Any] = {"entries": entries, "article": None, "matches": []}
    if seen is not None:
        made["article"] = dict(rows.facts_of(db, seen.article))
        made["matches"] = [dict(row) for row in rows.way(db, seen.article)]
    return made


def _trees(config: Config, db: Connection, name: str, wanted: tuple[str, ...]) -> list[tuple[str, Explained]]:
    """Why rules match or not: the appearance of that address, else the first one in which a rule holds."""
    seen = rows.article(db, name)
    if seen is None:
        return []
    appearances = [seen] if seen.url == name else next(rows.sightings(db, (seen.article,)), [seen])
    trees = []
    for slug in wanted:
        try:
            compiled = compile_rule(config.rules[slug], config.variants)
        except RuleError:
            continue
        tried = [(where.source, explain_rule(compiled, subject_of(where))) for where in appearances]
        source, tree = next(((source, tree) for source, tree in tried if tree.holds), tried[0])
        if len(tried) > 1:
            tree = replace(tree, note=", ".join(filter(None, (tree.note, f"as it appeared in {source}"))))
        trees.append((slug, tree))
    return trees


def _print(settings: Settings, found: dict[str, Any]) -> None:
    out = settings.console
    for entry in found["entries"]:
        because = f": {shown(entry['because'])}" if entry["because"] else ""
        out.print(Text(f"announced by {entry['source']}, {entry['seen_at'][:16]}  → {entry['state']}{because}"))
    article = found["article"]
    if article is None:
        out.print(Text("stopped there: it did not become an article", style="yellow"))
        return
    out.print(Text.assemble("article ", str(article["id"]), "  ", (shown(article["title"]), "bold")))
    out.print(
        Text(f"  cleaned by {article['cleaner']} ({article['extractor']}): {article['characters']:,} characters kept")
    )
    if article["removed"]:
        out.print(Text(f"  {article['removed']} blocks removed: {shown(article['removed_as'])}"))
    because = f": {shown(article['because'])}" if article["because"] else ""
    size = f"{article['story_size']:,} article{'' if article['story_size'] == 1 else 's'}"
    out.print(Text(f"  {article['ruling']}, in story {article['story_id']} ({size}){because}"))
    for match in found["matches"]:
        _print_match(settings, match)
    if not found["matches"]:
        out.print(Text("  no rule matched it; `--rule NAME` shows why one does not", style="yellow"))


def _print_match(settings: Settings, match: dict[str, Any]) -> None:
    because = f": {shown(match['because'])}" if match["because"] else ""
    style = "green" if match["outcome"] == "alert" else "yellow"
    settings.console.print(
        Text.assemble("  matched by ", (match["rule"], "bold"), f" (version {match['rule_version']})  → ",
                      (match["outcome"] + because, style))
    )  # fmt: skip
    if match["sentence"]:
        settings.console.print(Text(f"    “{shown(match['sentence'])}”"))
    if match["alert"]:
        sent = match["deliveries"] or "no delivery: no channel takes it"
        settings.console.print(Text(f"    alert {match['alert']}, {sent}"))
