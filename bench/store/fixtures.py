"""What stands still in the invented store: sources and their polls, rules, a silence, a notice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bench.store.tables import OUTLETS, RULES

if TYPE_CHECKING:
    from bench.store.generate import Filler


def lay(filler: Filler) -> None:
    """Sources, polls, rules, silences, notices."""
    ago, pick = filler.ago, filler.random.choice
    for i in range(filler.sources):
        outlet = OUTLETS[i % len(OUTLETS)]
        slug = outlet.lower().replace("the ", "").replace(" ", "-") + ("" if i < len(OUTLETS) else "-world")
        health, because, failures = "ok", "", 0
        if i == 5:
            health, because, failures = "failing", "HTTP 503 from the server 6 times in a row", 6
        if i == 9:
            health, because = "quiet", "nothing new for 4 days, against 21 entries a day before"
        filler.db.execute(
            "INSERT INTO sources (id, slug, kind, address, outlet, every_seconds, tags, next_poll_at, last_poll_at,"
            " last_success_at, last_entry_at, failures, health, health_because, health_since, created_at)"
            " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (
                i + 1,
                slug,
                "feed" if i % 8 else "folder",
                f"https://{slug}.example/feed.xml" if i % 8 else "drop",
                outlet,
                pick((300.0, 600.0, 900.0)),
                json.dumps(["asia"] if i % 2 else ["wire", "asia"]),
                ago(-300),
                ago(240),
                ago(240 if not failures else 9000),
                ago(3600),
                failures,
                health,
                because,
                ago(86400 * 3),
                ago(86400 * filler.days),
            ),
        )
    filler.many("polls", _polls(filler))
    for slug, query, _, severity in RULES:
        definition = json.dumps({"slug": slug, "query": query, "severity": severity, "channels": ["desk-mail"]})
        filler.db.execute(
            "INSERT INTO rules (slug, version, definition, working, state, created_at, changed_at)"
            " VALUES (?,1,?,?,'on',?,?)",
            (slug, definition, definition, ago(86400 * filler.days), ago(86400 * 9)),
        )
    filler.db.execute(
        "INSERT INTO silences (rule, comment, created_at, until) VALUES ('salma-noori','on leave',?,?)",
        (ago(3600), ago(-86400)),
    )
    filler.db.execute(
        "INSERT INTO notices (key, severity, text, remedy, began_at) VALUES (?,?,?,?,?)",
        (
            "source-failing/border-gazette",
            "high",
            "border-gazette has failed 6 times in a row: HTTP 503",
            "look at its address, or pause it: monitor feeds pause border-gazette",
            ago(9000),
        ),
    )
    filler.db.execute(
        "INSERT INTO spam_hosts (source_id, host, first_seen_at, last_seen_at, times, article_id)"
        " VALUES (3,'lucky-spin-777.example',?,?,12,1)",
        (ago(86400 * 6), ago(7200)),
    )


def _polls(filler: Filler) -> Iterator[tuple[object, ...]]:
    number = 0
    for hour in range(24 * min(filler.days, 30)):
        for source in range(1, filler.sources + 1):
            number += 1
            failed = (source == 6 and hour < 3) or filler.random.random() < 0.01
            new = 0 if failed else filler.random.choice((0, 0, 1, 3))
            outcome = "failed" if failed else "new" if new else "unchanged"
            yield (
                number,
                source,
                filler.ago(hour * 3600 + source * 7),
                round(filler.random.uniform(40, 900), 1),
                outcome,
                503 if failed else 200 if new else 304,
                new * 9000,
                new and 20,
                new,
                "HTTP 503" if failed else "",
            )
