"""`monitor rules`: what the rules are and did, why one matches or not, and what it would have done."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from monitor.cli.backtest import (
    counted,
    difference,
    print_backtest,
    print_difference,
    routes_of,
    run_backtests,
    sentence_lines,
    summary,
)
from monitor.cli.common import Exit, Settings, ago, json_option, print_json, print_rows, reading, shown
from monitor.config import Config
from monitor.config.values import parse_duration
from monitor.model import Document, Rule, SiteProfile
from monitor.stages.backtest import Asked
from monitor.stages.rules import Fault, Reading, RuleError, Subject, compile_rule, explain
from monitor.stages.rules.evidence import hits
from monitor.store import backtest as rows
from monitor.store.rules import meaning
from monitor.store.scan import subject_of

DEAD_DAYS = 30  # without a match for so long a rule is worth a look


def since_option(default: str) -> Callable[[Any], Any]:
    """--since 30d: how far to look back."""
    return click.option("--since", callback=_span, default=default, show_default=True, help="How far to look back.")


def _span(ctx: click.Context, param: click.Parameter, value: str) -> timedelta | None:
    if value == "all":
        return None
    try:
        return timedelta(seconds=parse_duration(value))
    except ValueError as error:
        raise click.BadParameter(f"{error}; or 'all'", ctx, param) from None


@click.group()
def rules() -> None:
    """Rules: list, show, check, test on an article, backtest on the store."""


@rules.command("list")
@since_option("30d")
@json_option
@click.pass_obj
def list_rules(settings: Settings, since: timedelta | None, as_json: bool) -> None:
    """List the rules with their matches, alerts and marks."""
    now = datetime.now(UTC)
    with reading(settings.load()) as db:
        found = [_line(dict(row), now) for row in rows.overview(db, _start(since, now))]
    if not as_json:
        for line in found:
            line["last"] = ago(_moment(line["last_match_at"]), now)
    columns = {
        "slug": "rule",
        "state": "state",
        "matches": ">matches",
        "alerts": ">alerts",
        "last": "last match",
        "precision": "marked relevant",
        "remark": "remark",
        "query": "query",
    }
    print_rows(settings, found, columns, as_json=as_json, empty="no rules: write [rules.NAME] in the configuration")


def _line(row: dict[str, Any], now: datetime) -> dict[str, Any]:
    rule = json.loads(row.pop("definition"))
    row["query"] = rule["query"] or f"/{rule['regex']}/"
    marked = row["relevant"] + row["noise"]
    row["precision"] = f"{row['relevant']} of {marked}" if marked else ""
    born = _moment(row["changed_at"])
    last = _moment(row["last_match_at"]) or born
    silent = (now - last).days if last else 0
    row["remark"] = row["error"].partition("\n")[0].removeprefix(f"rule '{row['slug']}': ")
    if not row["remark"] and row["state"] == "on" and silent >= DEAD_DAYS:
        row["remark"] = f"no match for {silent} days"
    if row["paused_at"]:
        row["state"] = "paused"
    return row


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _start(since: timedelta | None, now: datetime) -> datetime:
    return now - since if since is not None else datetime(1970, 1, 1, tzinfo=UTC)


@rules.command("show")
@click.argument("rule")
@since_option("30d")
@json_option
@click.pass_obj
def show_rule(settings: Settings, rule: str, since: timedelta | None, as_json: bool) -> None:
    """Show one rule: what it says, what became of its matches, how its alerts were marked."""
    config = settings.load()
    wanted = _configured(config, rule)
    now = datetime.now(UTC)
    found: dict[str, Any] = {"rule": wanted, "warnings": [], "errors": []}
    try:
        compiled = compile_rule(wanted, config.variants)
        found["warnings"] = [warning.show(wanted.query) for warning in compiled.warnings]
    except RuleError as error:
        found["errors"] = list(error.faults)
    if config.monitor.database.exists():
        with reading(config) as db:
            state = next((dict(row) for row in rows.overview(db, _start(since, now)) if row["slug"] == rule), None)
            found["record"] = _line(state, now) if state else None
            found["working"] = rows.as_it_stands(db, rule)
            found["outcomes"] = {row["outcome"]: row["matches"] for row in rows.outcomes(db, rule, _start(since, now))}
            found["by_term"] = [dict(row) for row in rows.precision_by_term(db, rule)]
            found["by_source"] = [dict(row) for row in rows.precision_by_source(db, rule)]
    if as_json:
        print_json(found)
        return
    _print_rule(settings, found, now)


def _print_rule(settings: Settings, found: Mapping[str, Any], now: datetime) -> None:
    rule: Rule = found["rule"]
    out = settings.console
    out.print(Text.assemble((rule.slug, "bold"), f"  {rule.severity}, one alert per {rule.once_per}"))
    out.print(Text(f"  {shown(rule.query or '/' + rule.regex + '/')}"))
    for name in ("feeds", "tags", "languages", "channels"):
        if getattr(rule, name):
            out.print(Text(f"  {name}: {', '.join(getattr(rule, name))}"))
    for message in (*found["errors"], *found["warnings"]):
        out.print(Text(f"  {message}", style="red" if message in found["errors"] else "yellow"))
    record = found.get("record")
    if record:
        last = ago(_moment(record["last_match_at"]), now)
        out.print(Text(f"\n  version {record['version']}, {record['state']}; last match {last}"))
        working: Rule | None = found["working"]
        if record["state"] == "stale" and working is not None:
            said = shown(working.query or f"/{working.regex}/")
            out.print(Text(f"  until it is mended, version {working.version} goes on: {said}", style="yellow"))
        out.print(
            Text(f"  {counted(record['matches'], 'match')} and {counted(record['alerts'], 'alert')} in this time")
        )
        if found["outcomes"]:
            out.print(Text("  matches became: " + ", ".join(f"{n} {name}" for name, n in found["outcomes"].items())))
    columns = {"name": "", "relevant": ">relevant", "noise": ">noise"}
    for title, key in (("marked, by term", "by_term"), ("marked, by source", "by_source")):
        if found.get(key):
            out.print()
            print_rows(settings, found[key], {**columns, "name": title})


@rules.command("check")
@click.argument("names", metavar="[RULE]...", nargs=-1)
@click.option("--query", help="Check this query instead of configured rules.")
@json_option
@click.pass_obj
@click.pass_context
def check_rules(ctx: click.Context, settings: Settings, names: Sequence[str], query: str | None, as_json: bool) -> None:
    """Say what is wrong with rules, and where. Exit status 3 if one does not compile."""
    config = settings.load()
    chosen = _chosen(config, names, query)
    found: list[dict[str, Any]] = []
    for rule in chosen:
        try:
            compiled = compile_rule(rule, config.variants)
        except RuleError as error:
            found += [_fault(rule, "error", fault) for fault in error.details]
            continue
        found += [_fault(rule, "warning", fault) for fault in compiled.warnings]
        found += [_fault(rule, "warning", Fault(message, at)) for message, at in _wide(config, rule)]
    broken = any(row["kind"] == "error" for row in found)
    if as_json:
        print_json(found)
    else:
        for row in found:
            settings.console.print(
                Text.assemble(
                    (f"{row['rule']}: {row['kind']}: ", "red" if row["kind"] == "error" else "yellow"), row["shown"]
                )
            )
        bad = len({row["rule"] for row in found if row["kind"] == "error"})
        outcome = f"{bad:,} of them {'does' if bad == 1 else 'do'} not compile" if bad else "no errors"
        settings.stderr.print(f"{counted(len(chosen), 'rule')}, {outcome}", markup=False)
    ctx.exit(Exit.FINDINGS if broken else Exit.OK)


def _fault(rule: Rule, kind: str, fault: Fault) -> dict[str, Any]:
    shown_ = fault.show(rule.query or rule.regex)
    return {"rule": rule.slug, "kind": kind, "message": fault.message, "offset": fault.offset, "shown": shown_}


TOO_WIDE = 1_000  # words of the store that one wildcard may cover without a warning


def _wide(config: Config, rule: Rule) -> Iterator[tuple[str, int]]:
    """Warnings about wildcards that cover too many words of the store: message and offset."""
    if not config.monitor.database.exists():
        return
    for word in re.finditer(r"\w{2,}[*?][\w*?]*", rule.query):
        prefix = re.split(r"[*?]", word.group())[0]
        if rows.words_beginning(config.monitor.database, prefix, TOO_WIDE + 1) > TOO_WIDE:
            yield f"{word.group()} covers more than {TOO_WIDE:,} words of the store", word.start()


# ── one article ─────────────────────────────────────────────────────────────────────────────────


@rules.command("test")
@click.argument("rule")
@click.argument("article", metavar="FILE|ID|-")
@click.option("--query", "is_query", is_flag=True, help="RULE is a query, not the name of a rule.")
@json_option
@click.pass_obj
def test_rule(settings: Settings, rule: str, article: str, is_query: bool, as_json: bool) -> None:
    """Show why a rule matches an article or does not: its parts, each with a mark.

    The article is a file, a stored article's number or address, or - for text on standard input.
    """
    config = settings.load()
    wanted = Rule(slug="query", query=rule) if is_query else _configured(config, rule)
    compiled = compile_rule(wanted, config.variants)
    subject = _subject(config, article)
    tree = explain(compiled, subject)
    evidence = hits(compiled, Reading(subject)) if tree.holds else ()
    if as_json:
        print_json({"matches": tree.holds, "tree": tree, "hits": [hit._asdict() for hit in evidence]})
        return
    verdict = ("matches", "bold green") if tree.holds else ("does not match", "bold red")
    title = f" “{shown(subject.title)}”" if subject.title else ""
    settings.console.print(Text.assemble((wanted.slug, "bold"), " ", verdict, title))
    for line in tree.lines():
        settings.console.print(
            Text(f"  {shown(line.lstrip())}".rjust(len(line) + 2), style="" if "✓" in line else "dim")
        )
    for sentence in sentence_lines(evidence):
        settings.console.print(sentence)


def _subject(config: Config, name: str) -> Subject:
    path = Path(name)
    if name == "-":
        return _of_document(Document(body=sys.stdin.buffer.read(), media_type="text/plain", name="stdin.txt"))
    if path.is_file():
        return _of_document(Document(body=path.read_bytes(), name=path.name))
    with reading(config) as db:
        seen = rows.article(db, name)
    if seen is None:
        raise click.UsageError(f"'{name}' is neither a file nor a stored article's number or address.")
    return subject_of(seen)


def _of_document(document: Document) -> Subject:
    from monitor.stages import clean, extract  # half a second: only where a page is read

    extracted = extract.extract(document, None)
    cleaned = clean.clean(extracted.blocks, SiteProfile(), extracted.metadata, method=extracted.method)
    said = cleaned.metadata
    return Subject(
        title=said.title, text=cleaned.text, author=said.byline, url=said.canonical_url or "",
        outlet=said.outlet, language=said.language,
    )  # fmt: skip


# ── the store ───────────────────────────────────────────────────────────────────────────────────


@rules.command("backtest")
@click.argument("rule", required=False)
@click.option("--query", help="A query instead of the name of a rule; with both, the query as a change of that rule.")
@since_option("30d")
@json_option
@click.pass_obj
def backtest_rule(
    settings: Settings, rule: str | None, query: str | None, since: timedelta | None, as_json: bool
) -> None:
    """Show what a rule would have matched in the stored articles, and the alerts and messages of it.

    With a rule's name and --query: the difference to the rule as it stands, gained and lost.
    """
    if not rule and not query:
        raise click.UsageError("Name a rule, or give --query '…'.")
    config = settings.load()
    standing = _configured(config, rule) if rule else None
    wanted = replace(standing, query=query, regex="") if standing and query else standing
    wanted = wanted or Rule(slug="query", query=query or "")
    routes = routes_of(config)
    with reading(config) as db:
        start = None if since is None else datetime.now(UTC) - since
        before = (standing if query else rows.as_it_stands(db, standing.slug)) if standing is not None else None
        asked = [Asked(wanted, config.variants)]
        if before is not None and meaning(before) != meaning(wanted):
            asked.append(Asked(before, dict(before.variants)))
        now_it, *others = run_backtests(settings, config.monitor.database, asked, start, routes)
        then_it = others[0] if others else None
        gained, lost = difference(db, now_it, then_it)
    if as_json:
        print_json({**summary(now_it), "gained": gained, "lost": lost})
        return
    print_backtest(settings, now_it, since)
    if then_it is not None:
        print_difference(settings, gained, lost)


# ── help ────────────────────────────────────────────────────────────────────────────────────────


def _configured(config: Config, slug: str) -> Rule:
    rule = config.rules.get(slug)
    if rule is None:
        near = get_close_matches(slug, list(config.rules), 1)
        hint = f" Did you mean '{near[0]}'?" if near else " `monitor rules list` names them."
        raise click.UsageError(f"There is no rule '{slug}'.{hint}")
    return rule


def _chosen(config: Config, names: Sequence[str], query: str | None) -> list[Rule]:
    if query is not None:
        return [Rule(slug="query", query=query)]
    return [_configured(config, name) for name in names] if names else list(config.rules.values())
