"""Rules as configured, and the last version of each that compiled. SQL only, in the caller's transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from monitor.model import Rule
from monitor.store.connection import to_text

# What decides whether a text matches. Changing anything else (channels, severity …) is not a new version of the rule.
MEANING = ("query", "regex", "feeds", "tags", "languages", "variants")
_NAMES = tuple(sorted(one.name for one in fields(Rule)))
_encode = json.JSONEncoder(ensure_ascii=False).encode


def save(db: sqlite3.Connection, rule: Rule, error: str, now: datetime) -> tuple[Rule | None, str]:
    """Write a rule as configured, with the error of its compilation ('' if it compiled).

    Returns (the rule to work with, its state): the rule itself and 'on'; its last good version and 'stale' when the
    new one is broken; None and 'off' when there is none, or it is not enabled.
    """
    row = db.execute("SELECT * FROM rules WHERE slug = ?", (rule.slug,)).fetchone()
    before = from_json(row["definition"]) if row else None
    version = int(row["version"]) if row else 1
    if before is not None and meaning(before) != meaning(rule):
        version += 1
    rule = replace(rule, version=version)
    working = rule if not error else (from_json(row["working"]) if row and row["working"] else None)
    if working is None:
        state = "off"
    else:
        state = "stale" if error else "on"
        if not rule.enabled:
            state = "off"
    moment = to_text(now)
    db.execute(
        """INSERT INTO rules (slug, version, definition, working, state, error, created_at, changed_at)
           VALUES (:slug, :version, :definition, :working, :state, :error, :now, :now)
           ON CONFLICT (slug) DO UPDATE SET
               changed_at = CASE WHEN definition = excluded.definition THEN changed_at ELSE excluded.changed_at END,
               version = excluded.version, definition = excluded.definition, working = excluded.working,
               state = excluded.state, error = excluded.error, retired_at = NULL""",
        {
            "slug": rule.slug,
            "version": version,
            "definition": to_json(rule),
            "working": to_json(working) if working else None,
            "state": state,
            "error": error,
            "now": moment,
        },
    )
    return (working if state != "off" else None), state


def retire_others(db: sqlite3.Connection, named: Iterable[str], now: datetime) -> list[str]:
    """Retire every rule not in `named`; its matches stay. Returns the slugs that were retired now."""
    keep = set(named)
    gone = [
        row["slug"]
        for row in db.execute("SELECT slug FROM rules WHERE retired_at IS NULL ORDER BY slug")
        if row["slug"] not in keep
    ]
    db.executemany(
        "UPDATE rules SET retired_at = ?, state = 'off' WHERE slug = ?", [(to_text(now), slug) for slug in gone]
    )
    return gone


def get(db: sqlite3.Connection, slug: str) -> Rule | None:
    """The rule as configured."""
    row = db.execute("SELECT definition FROM rules WHERE slug = ?", (slug,)).fetchone()
    return from_json(row["definition"]) if row else None


def standing(db: sqlite3.Connection) -> dict[str, tuple[int, str]]:
    """Version and definition of each rule that works as it was configured, by slug; retired rules left out."""
    rows = db.execute(
        "SELECT slug, version, definition FROM rules WHERE retired_at IS NULL AND error = '' AND working = definition"
    )
    return {slug: (version, definition) for slug, version, definition in rows}


def working(db: sqlite3.Connection) -> dict[str, Rule]:
    """The last version of each rule that compiled, by slug; retired rules left out."""
    rows = db.execute("SELECT slug, working FROM rules WHERE working IS NOT NULL AND retired_at IS NULL")
    return {row["slug"]: from_json(row["working"]) for row in rows}


def meaning(rule: Rule) -> tuple[object, ...]:
    """What decides whether a text matches: equal meanings are the same version."""
    return tuple(getattr(rule, name) for name in MEANING)


def to_json(rule: Rule) -> str:
    """A rule as JSON text, its keys in order: equal rules have equal texts."""
    return _encode({name: getattr(rule, name) for name in _NAMES})


def from_json(text: str) -> Rule:
    """The inverse of `to_json`. Keys that a newer or older program wrote are passed over."""
    kept: dict[str, Any] = {key: _tuples(value) for key, value in json.loads(text).items() if key in _NAMES}
    return Rule(**kept)


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
