"""A question to the full-text index that finds every article a rule can match, and some more.

The index holds what rules see (`words.index_text`): primary forms in order, then the extra forms. A word is a token; a
phrase may use an extra form, which stands apart, and is asked for as single words.
"""

from __future__ import annotations

from monitor.stages.rules.compiled import Compiled
from monitor.stages.rules.nodes import And, Node, Or, Term
from monitor.stages.rules.patterns import Element, Part
from monitor.stages.rules.proximity import AtLeast, Near

LONGEST = 30_000  # characters; SQLite's parser has its limits, and a question of that length finds nearly all


def superset_query(compiled: Compiled) -> str | None:
    """Return an FTS5 query whose results contain all matches of the rule, or None where there is none."""
    query = _query(compiled.root)
    return query if query and len(query) <= LONGEST else None


def _query(node: Node) -> str:
    """'' says nothing: every article may match."""
    if isinstance(node, Term):
        if node.field == "author":
            return ""
        return _all([_element(element) for element in node.elements])
    if isinstance(node, Near) and "author" in node.fields:
        return ""  # a bare word beside an author's name stands there too, and authors are not in the index
    if isinstance(node, And | Near):
        return _all([_query(child) for child in node.children])
    if isinstance(node, Or):
        return _any([_query(child) for child in node.children])
    if isinstance(node, AtLeast):
        return _query(node.children[0])
    return ""


def _element(element: Element) -> str:
    parts = _all([_part(part) for part in element.parts])
    return parts if element.closed is None else _any([parts, _part(element.closed)])


def _part(part: Part) -> str:
    if part.prefix is None:
        return f'"{part.key}"'
    return f'"{part.prefix}"*' if part.prefix else ""


def _all(queries: list[str]) -> str:
    queries = list(dict.fromkeys(filter(None, queries)))
    return queries[0] if len(queries) == 1 else f"({' AND '.join(queries)})" if queries else ""


def _any(queries: list[str]) -> str:
    if not all(queries):
        return ""
    queries = list(dict.fromkeys(queries))
    if len(queries) == 1:
        return queries[0]
    # SQLite's expression depth is limited to 256: a flat OR of thousands is nested as a balanced tree by hand.
    half = len(queries) // 2
    if len(queries) <= 64:
        return f"({' OR '.join(queries)})"
    return f"({_any(queries[:half])} OR {_any(queries[half:])})"
