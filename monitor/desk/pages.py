"""The rows behind the desk's pages, read through Datasette's time-limited, read-only connection.

Each function returns what its template shows, already safe to print: feed text leaves here as escaped markup or as
plain strings that the templates escape. Not the place for routes and headers: that is `plugin`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

from markupsafe import Markup

from monitor.desk import render
from monitor.desk.render import Cut, Mark
from monitor.store import search as searching

Row = dict[str, Any]
RESULTS = 20
DAYS = 30
_SEVERITIES = ("critical", "high", "normal", "low")


class Reader:
    """Reads one store through Datasette's `database`. `now` is the time the page is made for."""

    def __init__(self, database: Any, now: datetime, limit: Callable[[Any], Any]) -> None:
        """`limit(connection)`: a context in which a query is stopped after its time."""
        self.database, self.now, self.limit = database, now, limit

    async def rows(self, sql: str, **values: object) -> list[Row]:
        """All rows of a query as dictionaries. Stopped by Datasette's time limit."""
        return [dict(row) for row in (await self.database.execute(sql, values)).rows]

    async def row(self, sql: str, **values: object) -> Row | None:
        """The first row, or None."""
        return next(iter(await self.rows(sql, **values)), None)

    # ── start ──────────────────────────────────────────────────────────────────────────────────

    async def start(self) -> Row:
        """What has just been alerted, what is wrong, and how the last days went."""
        alerts = await self.rows("SELECT * FROM alert_list ORDER BY id DESC LIMIT 50")
        counts = await self.row(
            """SELECT (SELECT count(*) FROM articles WHERE seen_at >= :day) AS articles,
                      (SELECT count(*) FROM alerts WHERE created_at >= :day) AS alerts,
                      (SELECT count(*) FROM sources WHERE retired_at IS NULL) AS sources,
                      (SELECT count(*) FROM deliveries WHERE state IN ('pending', 'claimed', 'uncertain')) AS waiting,
                      (SELECT count(*) FROM deliveries WHERE state = 'dead') AS dead,
                      (SELECT count(*) FROM entries INDEXED BY entries_pending WHERE state = 'pending') AS pending""",
            day=self._since(1),
        )
        return {
            "days": [(day, list(all_of)) for day, all_of in groupby(self._cards(alerts), itemgetter("day"))],
            "counts": counts,
            "notices": await self.rows("SELECT * FROM open_notices ORDER BY began_at DESC LIMIT 10"),
            "troubled": await self.rows(
                "SELECT * FROM source_health WHERE health NOT IN ('ok', 'new') ORDER BY health, slug LIMIT 12"
            ),
            "rules": await self.rows("SELECT * FROM rule_overview ORDER BY alerts_7_days DESC, rule LIMIT 40"),
            "alert_bars": await self._bars("SELECT date(created_at) AS day, count(*) AS n FROM alerts"
                                           " WHERE created_at >= :since GROUP BY day", "Alerts a day"),
            "article_bars": await self._bars("SELECT date(seen_at) AS day, count(*) AS n FROM articles"
                                             " WHERE seen_at >= :since GROUP BY day", "Articles a day"),
        }  # fmt: skip

    def _cards(self, alerts: Iterable[Row]) -> list[Row]:
        """One card an article, with all the rules that raised it; the most severe alert's sentence stands on it."""
        cards = []
        for _, group in groupby(alerts, itemgetter("article_id")):
            one = sorted(
                group, key=lambda row: _SEVERITIES.index(row["severity"]) if row["severity"] in _SEVERITIES else 9
            )
            cards.append({**self._card(one[0]), "rules": list(dict.fromkeys(row["rule"] for row in one))})
        return cards

    def _card(self, row: Row) -> Row:
        when = datetime.fromisoformat(row["created_at"]).astimezone(UTC)
        today = self.now.date()
        names = {today: "Today", today - timedelta(days=1): "Yesterday"}
        return {
            **row,
            "day": names.get(when.date(), f"{when.day} {when:%B %Y}"),
            "clock": f"{when:%H:%M}",
            "sentence": _sentence(row["sentence"], row["evidence"], row["field"], row["rule"]),
        }

    async def _bars(self, sql: str, label: str) -> Markup:
        return self._chart(await self.rows(sql, since=self._since(DAYS)), label)

    def _chart(self, rows: Iterable[Row], label: str) -> Markup:
        found = {row["day"]: row["n"] for row in rows}
        days = [(self.now - timedelta(days=DAYS - 1 - i)).strftime("%Y-%m-%d") for i in range(DAYS)]
        return render.bars([(day, found.get(day, 0)) for day in days], label)

    def _since(self, days: int) -> str:
        return (self.now - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.000Z")

    # ── article ────────────────────────────────────────────────────────────────────────────────

    async def article(self, number: int, query: str = "") -> Row | None:
        """An article to read, with what was found in it, cut from it, and said of it. None if there is none.

        `query`: a search whose words are highlighted too.
        """
        row = await self.row(
            """SELECT a.*, s.slug AS source, t.title AS story_title, t.size AS story_size
               FROM articles a JOIN sources s ON s.id = a.source_id JOIN stories t ON t.id = a.story_id
               WHERE a.id = :id""",
            id=number,
        )
        if row is None:
            return None
        matches = await self.rows("SELECT * FROM matches WHERE article_id = :id ORDER BY id", id=number)
        removed = await self.rows("SELECT * FROM removed_blocks WHERE article_id = :id ORDER BY position", id=number)
        marks: dict[str, list[Mark]] = {"title": [], "text": []}
        for match in _latest(matches):
            if not match["suppressed"]:
                evidence = _settled(json.loads(match["evidence"]), row)
                for field, found in marks.items():
                    found += render.marks_of(evidence, field, match["rule"])
        asked = searching.parse(query) if query else None
        if asked:
            for field, found in marks.items():
                found += [Mark(*span, f"search: {query}") for span in searching.spans(row[field], asked, field)]
        missed: dict[int, list[str]] = {}
        for match in matches:
            if match["suppressed"] and match["removed_block_id"]:
                missed.setdefault(match["removed_block_id"], []).append(match["rule"])
        cuts = [
            Cut(one["at"], one["text"], one["reason"], one["confidence"], bool(one["span"]),
                tuple(dict.fromkeys(missed.get(one["id"], ()))))
            for one in removed
        ]  # fmt: skip
        timeline = await self.timeline(row["story_id"], 40)
        return {
            "article": row,
            "title": render.highlight(row["title"] or "(no title)", marks["title"] if row["title"] else ()),
            "body": render.body(row["text"], marks["text"], cuts),
            "cuts": len(cuts),
            "marked": len(marks["title"]) + len(marks["text"]),
            "matches": _latest(matches),
            "alerts": await self.rows("SELECT * FROM alerts WHERE article_id = :id ORDER BY id", id=number),
            "deliveries": await self.rows(
                "SELECT * FROM delivery_list WHERE article_id = :id ORDER BY id DESC LIMIT 50", id=number
            ),
            "revisions": await self._revisions(row),
            "timeline": timeline,
            "asked": query,
        }

    async def _revisions(self, article: Row) -> list[Row]:
        older = await self.rows("SELECT * FROM revisions WHERE article_id = :id ORDER BY id", id=article["id"])
        shown = []
        for before, after in zip(older, [*older, article][1:], strict=True):
            title = render.difference(before["title"], after["title"]) if before["title"] != after["title"] else None
            shown.append({**before, "title": title, "changes": render.difference(before["text"], after["text"])})
        return shown[::-1]

    # ── story ──────────────────────────────────────────────────────────────────────────────────

    async def timeline(self, story: int, limit: int) -> list[Row]:
        """Appearances of a story, first one first, each with its delay behind the first."""
        rows = await self.rows(
            """SELECT * FROM story_timeline WHERE story_id = :story ORDER BY seen_at, entry_id LIMIT :limit""",
            story=story,
            limit=limit,
        )
        for row in rows:
            behind = datetime.fromisoformat(row["seen_at"]) - datetime.fromisoformat(rows[0]["seen_at"])
            row["behind"] = _behind(behind)
        return rows

    async def story(self, number: int) -> Row | None:
        """A story: who told it, in which order, and which alerts it raised. None if there is none."""
        row = await self.row("SELECT * FROM stories WHERE id = :id", id=number)
        if row is None:
            return None
        timeline = await self.timeline(number, 500)
        return {
            "story": row,
            "timeline": timeline,
            "outlets": len({one["outlet"] for one in timeline}),
            "copies": sum(one["state"] == "copy" for one in timeline),
            "alerts": self._cards(await self.rows(
                "SELECT * FROM alert_list WHERE story_id = :id ORDER BY id DESC LIMIT 50", id=number)),
        }  # fmt: skip

    # ── rule, source, search ───────────────────────────────────────────────────────────────────

    async def rule(self, slug: str) -> Row | None:
        """A rule with its text, its days and its latest matches. None if there is none."""
        row = await self.row("SELECT * FROM rules WHERE slug = :slug", slug=slug)
        if row is None:
            return None
        definition = json.loads(row["definition"])
        days = await self.rows(
            "SELECT date(matched_at) AS day, count(*) AS n FROM matches"
            " WHERE rule = :slug AND matched_at >= :since GROUP BY day",
            slug=slug, since=self._since(DAYS),
        )  # fmt: skip
        matches = await self.rows(
            """SELECT v.*, m.evidence
               FROM (SELECT * FROM rule_matches WHERE rule = :slug ORDER BY matched_at DESC LIMIT 40) v
               JOIN matches m ON m.id = v.id ORDER BY v.matched_at DESC""",
            slug=slug,
        )
        for match in matches:
            match["sentence"] = _sentence(match["sentence"], match["evidence"], match["field"], slug)
        marks = await self.rows(
            "SELECT COALESCE(mark, 'not judged') AS mark, count(*) AS n FROM alerts WHERE rule = :slug GROUP BY mark",
            slug=slug,
        )
        return {
            "rule": row,
            "text": definition.get("query") or definition.get("regex") or "",
            "definition": definition,
            "bars": self._chart(days, f"Matches a day of {slug}"),
            "total": sum(day["n"] for day in days),
            "matches": matches,
            "marks": marks,
        }

    async def source(self, slug: str) -> Row | None:
        """A source: how it is doing, its last polls and its newest entries. None if there is none."""
        row = await self.row("SELECT * FROM sources WHERE slug = :slug", slug=slug)
        if row is None:
            return None
        entries = await self.rows(
            "SELECT id, title, url, state, because, seen_at, published_at, article_id, outlet FROM entries"
            " WHERE source_id = :id ORDER BY seen_at DESC LIMIT 30",
            id=row["id"],
        )
        return {
            "source": row,
            "entries": entries,
            "polls": await self.rows(
                "SELECT * FROM polls WHERE source_id = :id ORDER BY started_at DESC LIMIT 12", id=row["id"]
            ),
            "spam": await self.rows("SELECT * FROM spam_found WHERE source = :slug ORDER BY times DESC", slug=slug),
            "bars": self._chart(
                await self.rows(
                    "SELECT date(seen_at) AS day, count(*) AS n FROM entries"
                    " WHERE source_id = :id AND seen_at >= :since GROUP BY day",
                    id=row["id"], since=self._since(DAYS),
                ),
                f"Entries a day of {slug}",
            ),
        }  # fmt: skip

    async def search(self, text: str, page: int) -> Row:
        """What a search finds, newest first. `found` is None when the text holds nothing that can be sought."""
        asked = searching.parse(text)
        found: list[Row] | None = None
        if asked:
            query = asked

            def ask(connection: Any) -> list[Row]:
                with self.limit(connection):
                    return [
                        dict(row)
                        for row in searching.find(connection, query, limit=RESULTS + 1, offset=(page - 1) * RESULTS)
                    ]

            found = await self.database.execute_fn(ask)
            for row in found:
                text_spans = searching.spans(row["text"], query)
                piece, inside = searching.excerpt(row["text"], text_spans)
                row["excerpt"] = render.highlight(piece, [Mark(*span) for span in inside])
                row["heading"] = render.highlight(
                    row["title"] or "(no title)",
                    [Mark(*span) for span in searching.spans(row["title"], query, "title")],
                )
        return {"asked": text, "found": found and found[:RESULTS], "page": page, "more": len(found or ()) > RESULTS}


def _settled(evidence: Sequence[Row], article: Row) -> list[Row]:
    """Hits that still stand where they were found; those whose sentence moved with a revision are moved with it."""
    settled = []
    for hit in evidence:
        text, sentence = str(article.get(hit.get("field", ""), "")), hit.get("sentence", "")
        if sentence and not text.startswith(sentence, hit["sentence_start"]):
            at = text.find(sentence)
            if at < 0:
                continue
            shift = at - hit["sentence_start"]
            hit = {**hit, "start": hit["start"] + shift, "end": hit["end"] + shift}
        settled.append(hit)
    return settled


def _sentence(sentence: str, evidence: str, field: str, rule: str) -> Markup:
    # Every hit of the first hit's sentence is marked, not the first only.
    hits = json.loads(evidence)
    start = hits[0]["sentence_start"] if hits else 0
    return render.highlight(sentence, render.marks_of(hits, field, rule), start)


def _latest(matches: Sequence[Row]) -> list[Row]:
    """One match a rule: of its newest version and wording; one that raised an alert before one that repeats it."""
    best: dict[str, Row] = {}
    for match in sorted(matches, key=_weight):
        best[match["rule"]] = match
    return [best[rule] for rule in sorted(best)]


def _weight(match: Row) -> tuple[int, int, bool, int]:
    return match["rule_version"], match["revision"], match["outcome"] == "alert", -match["id"]


def _behind(delay: timedelta) -> str:
    minutes = round(delay.total_seconds() / 60)
    if minutes < 1:
        return "first" if not delay else "+ < 1 min"
    if minutes < 120:
        return f"+ {minutes} min"
    return f"+ {minutes / 60:.0f} h" if minutes < 2880 else f"+ {minutes / 1440:.0f} days"
