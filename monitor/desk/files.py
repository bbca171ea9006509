"""Datasette's files and its command line: metadata, settings, and the plugin's one-line introduction.

`write` puts them into a directory; `command` is how Datasette is then started. Both are what a systemd unit uses.
Datasette opens the store read-only; nothing here opens it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from monitor.desk import glossary
from monitor.desk.dashboards import dashboards
from monitor.desk.queries import QUERIES
from monitor.errors import ConfigError

HERE = Path(__file__).parent
SETTINGS: dict[str, Any] = {
    "default_page_size": 50,
    "max_returned_rows": 1000,
    "sql_time_limit_ms": 3000,  # nobody's question may hold the write-ahead log open for longer
    "facet_time_limit_ms": 500,
    "suggest_facets": False,
    "truncate_cells_html": 240,
    "allow_download": False,
    "default_cache_ttl": 0,  # news: yesterday's page is no use
    "cache_size_kb": 32000,
    "num_sql_threads": 4,
}
LAYOUT: dict[str, dict[str, Any]] = {
    "articles": {
        "sort_desc": "id",
        "facets": ["source_id"],
        "fts_table": "articles_fts",
        "fts_pk": "id",
        "label_column": "title",
    },
    "entries": {"sort_desc": "id", "facets": ["state"], "label_column": "title"},
    "stories": {"sort_desc": "id", "label_column": "title"},
    "revisions": {"sort_desc": "id"},
    "removed_blocks": {"sort_desc": "id"},
    "sources": {"sort": "slug", "facets": ["health", "kind"], "label_column": "slug"},
    "polls": {"sort_desc": "id", "facets": ["outcome", "source_id"]},
    "rules": {"sort": "slug", "facets": ["state"], "label_column": "slug"},
    "matches": {"sort_desc": "id", "facets": ["rule", "outcome"], "label_column": "sentence"},
    "alerts": {"sort_desc": "id", "facets": ["rule", "severity", "mark"], "label_column": "key"},
    "deliveries": {"sort_desc": "id", "facets": ["state", "channel"], "label_column": "public_id"},
    "notices": {"sort_desc": "id"},
    "alerts_today": {"sort_desc": "created_at", "facets": ["rule", "severity", "outlet"]},
    "alert_list": {"sort_desc": "id", "facets": ["rule", "severity"]},
    "rule_matches": {"sort_desc": "id", "facets": ["rule", "outcome"]},
    "suppressed_matches": {"sort_desc": "id", "facets": ["rule", "reason"]},
    "removed_text": {"sort_desc": "id"},
    "spam_found": {"sort_desc": "times", "facets": ["source"]},
    "who_was_first": {"sort_desc": "story_id"},
    "story_timeline": {"sort_desc": "entry_id"},
    "source_health": {"sort": "slug", "facets": ["health", "kind"]},
    "quiet_sources": {"sort": "last_entry_at"},
    "outbox": {"sort_desc": "id", "facets": ["state", "channel"]},
    "delivery_list": {"sort_desc": "id", "facets": ["state", "channel", "kind"]},
    "poll_days": {"sort_desc": "day", "facets": ["source"]},
    "funnel_of_a_day": {"sort_desc": "day", "facets": ["source"]},
    "rule_overview": {"sort": "rule"},
    "open_notices": {"sort_desc": "began_at"},
}


def columns_of(db: Any) -> dict[str, list[str]]:
    """Columns of every table and view of a store, in order. `db`: a connection to it."""
    names = db.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'")
    return {row[0]: [one[1] for one in db.execute(f"PRAGMA table_info([{row[0]}])")] for row in names.fetchall()}


def metadata(database: str, columns: dict[str, list[str]]) -> dict[str, Any]:
    """Datasette's metadata for a store. `database`: its name in Datasette; `columns`: of each table and view."""
    return {
        "title": "monitor",
        "description": "News as it was read, cleaned, matched and told. Times are UTC.",
        "databases": {
            database: {
                "description": "The store of the news monitor. Views are a stable contract; tables are documented.",
                "tables": {name: _table(name, names) for name, names in columns.items()},
                "queries": {
                    name: {"title": one.title, "description": one.text, "sql": one.sql, "hide_sql": True}
                    for name, one in QUERIES.items()
                },
            }
        },
        "plugins": {"monitor-desk": {"database": database}, "datasette-dashboards": dashboards(database)},
    }


def _table(name: str, columns: list[str]) -> dict[str, Any]:
    if name.startswith("articles_fts"):
        return {"hidden": True, "description": "Part of the full-text index."}
    if name not in glossary.DESCRIBED:
        return {"hidden": True, "description": "Not a table of the monitor's contract."}
    told = glossary.DESCRIBED[name]
    described = {one: it for one in columns if (it := glossary.column(name, one))}
    return {
        "description": told.text,
        "columns": {one: f"{it.text} [{it.unit}]" if it.unit else it.text for one, it in described.items()},
        **({"hidden": True} if told.hidden else {}),
        **LAYOUT.get(name, {}),
    }


def read(path: Path) -> dict[str, Any]:
    """Somebody's own metadata, JSON or YAML, to be laid over ours. Raises ConfigError."""
    from datasette.utils import BadMetadataError, parse_metadata

    try:
        found = parse_metadata(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    except (BadMetadataError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is neither JSON nor YAML: {error}") from error
    if not isinstance(found, dict):
        raise ConfigError(f"{path} must hold a table at its top")
    return found


def laid_over(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """Both, table by table; where both say something else, theirs holds."""
    both = {**ours, **theirs}
    for key, value in theirs.items():
        if isinstance(value, dict) and isinstance(ours.get(key), dict):
            both[key] = laid_over(ours[key], value)
    return both


def write(directory: Path, database: str, columns: dict[str, list[str]], theirs: dict[str, Any] | None = None) -> None:
    """Write metadata.json, settings.json and plugins/monitor_desk.py into a directory, which is made if need be.

    `theirs`: metadata to be laid over ours.
    """
    (directory / "plugins").mkdir(parents=True, exist_ok=True)
    told = laid_over(metadata(database, columns), theirs or {})
    (directory / "metadata.json").write_text(_json(told), encoding="utf-8")
    (directory / "settings.json").write_text(_json(SETTINGS), encoding="utf-8")
    (directory / "plugins" / "monitor_desk.py").write_text(
        '"""Introduces monitor\'s pages to Datasette. Written by `monitor datasette`."""\n\n'
        "from monitor.desk.plugin import *  # noqa: F403\n",
        encoding="utf-8",
    )


def command(directory: Path, store: Path, host: str, port: int, extra: tuple[str, ...] = ()) -> list[str]:
    """The command that serves a store with the files in `directory`. `extra`: further options for Datasette."""
    settings = [part for name, value in SETTINGS.items() for part in ("--setting", name, _setting(value))]
    return [
        sys.executable, "-m", "datasette", "serve", str(store), "--metadata", str(directory / "metadata.json"),
        "--plugins-dir", str(directory / "plugins"), "--template-dir", str(HERE / "templates"),
        "--static", f"desk:{HERE / 'static'}", "--host", host, "--port", str(port), *settings, *extra,
    ]  # fmt: skip


def _setting(value: object) -> str:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
