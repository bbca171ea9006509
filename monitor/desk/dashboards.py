"""Pictures for datasette-dashboards: what came in, what was found, how fast it was told.

Vega-Lite specifications over the store's views; the numbers come from Datasette's JSON. Only charts of kind vega-lite
are used: the plugin's table and metric charts put values into the page as HTML.
"""

from __future__ import annotations

from typing import Any

_MONTH = "strftime('%Y-%m-%dT00:00:00.000Z', 'now', '-30 days')"


# datasette-dashboards names an older version than the one it brings, and the browser's console complains.
_SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"


def _axis(field: str, title: str, kind: str = "quantitative", **more: Any) -> dict[str, Any]:
    return {"field": field, "type": kind, "title": title, **more}


def _day(title: str = "") -> dict[str, Any]:
    return {"field": "day", "type": "ordinal", "title": title, "axis": {"labelAngle": -45, "labelOverlap": True}}


def dashboards(database: str) -> dict[str, Any]:
    """The configuration of datasette-dashboards for a database of this name."""
    charts = {
        "articles": (
            "Articles a day, by source",
            "WITH f AS MATERIALIZED (SELECT day, source, articles FROM funnel_of_a_day WHERE articles > 0),"
            " top AS (SELECT source FROM f GROUP BY source ORDER BY sum(articles) DESC LIMIT 9)"
            " SELECT day, CASE WHEN source IN top THEN source ELSE 'others' END AS source, sum(articles) AS articles"
            " FROM f GROUP BY 1, 2 ORDER BY day",
            {
                "mark": {"type": "bar", "tooltip": True},
                "encoding": {"x": _day(), "y": _axis("articles", "articles", aggregate="sum"),
                             "color": _axis("source", "source", "nominal")},
            },
        ),
        "matches": (
            "Matches a day, by rule",
            "SELECT date(matched_at) AS day, rule, count(*) AS matches FROM matches"
            f" WHERE suppressed = 0 AND matched_at >= {_MONTH} GROUP BY rule, day ORDER BY day",
            {
                "mark": {"type": "bar", "tooltip": True},
                "encoding": {"x": _day(), "y": _axis("matches", "matches", aggregate="sum"),
                             "color": _axis("rule", "rule", "nominal")},
            },
        ),
        "stories": (
            "Stories by number of articles",
            "SELECT CASE WHEN size >= 10 THEN '10+' ELSE CAST(size AS TEXT) END AS articles, count(*) AS stories"
            f" FROM stories WHERE first_seen_at >= {_MONTH} GROUP BY 1 ORDER BY min(size)",
            {
                "mark": {"type": "bar", "tooltip": True, "color": "#2f6f8f"},
                "encoding": {"x": _axis("articles", "articles in the story", "ordinal", sort=None),
                             "y": _axis("stories", "stories", scale={"type": "symlog"})},
            },
        ),
        "delay": (
            "Delivery delay: half and 95 % arrive within",
            "WITH d AS (SELECT date(created_at) AS day, delay_seconds AS s,"
            " row_number() OVER (PARTITION BY date(created_at) ORDER BY delay_seconds) AS n,"
            " count(*) OVER (PARTITION BY date(created_at)) AS c"
            f" FROM delivery_list WHERE delay_seconds IS NOT NULL AND created_at >= {_MONTH})"
            " SELECT day, 'half' AS share, max(s) AS seconds FROM d WHERE n <= (c + 1) / 2 GROUP BY day"
            " UNION ALL SELECT day, '95 %', max(s) FROM d WHERE n <= max(1, c * 95 / 100) GROUP BY day ORDER BY day",
            {
                "mark": {"type": "line", "point": True, "tooltip": True},
                "encoding": {"x": _day(), "y": _axis("seconds", "seconds", scale={"type": "symlog"}),
                             "color": _axis("share", "share", "nominal")},
            },
        ),
        "health": (
            "Failed polls: a calendar of the 25 sources that fail most",
            "WITH worst AS (SELECT source FROM poll_days GROUP BY source ORDER BY sum(failed) DESC, source LIMIT 25)"
            " SELECT source, day, polls, failed, round(100.0 * failed / polls, 1) AS percent FROM poll_days"
            " WHERE source IN worst ORDER BY day",
            {
                "height": 380,
                "mark": {"type": "rect", "tooltip": True},
                "encoding": {"x": _day(), "y": _axis("source", "", "nominal"),
                             "color": _axis("percent", "failed, %", scale={"domain": [0, 100], "scheme": "orangered"})},
            },
        ),
    }  # fmt: skip
    return {
        "desk": {
            "title": "The desk in pictures",
            "description": "The last 30 days: what came in, what was found, and how fast it was told",
            "layout": [["articles", "matches"], ["stories", "delay"], ["health", "health"]],
            "charts": {
                slug: {
                    "title": title,
                    "db": database,
                    "query": sql,
                    "library": "vega-lite",
                    "display": {"$schema": _SCHEMA, **display},
                }
                for slug, (title, sql, display) in charts.items()
            },
        }
    }
