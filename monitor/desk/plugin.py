"""Datasette's hooks: the desk's routes, safe headers for every page, links in tables, and functions for SQL.

Loaded by the file that `monitor datasette` writes into Datasette's plugin directory. Every page asks Datasette's
permission system first, so whatever login stands before Datasette stands before the desk. Works on Datasette 0.65.
"""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from datasette import handle_exception, hookimpl
from datasette.utils import sqlite_timelimit, tilde_decode, tilde_encode
from datasette.utils.asgi import Response
from markupsafe import Markup

from monitor.desk import render
from monitor.desk.pages import Reader
from monitor.store import search

__all__ = ["asgi_wrapper", "menu_links", "prepare_connection", "register_routes", "render_cell"]

# Where rich is installed, Datasette prints every local variable for every page that is not there: a second of work and
# four hundred lines of log for each mistyped address.
handle_exception.rich = None

# The desk's own pages hold no script at all. Datasette's have scripts and styles in the page; Vega compiles
# expressions. None may load anything from elsewhere, be framed by others, or send a form away.
_COMMON = "form-action 'self'; base-uri 'none'; frame-ancestors 'self'; object-src 'none'"
DESK_POLICY = f"default-src 'none'; style-src 'self'; img-src 'self' data:; {_COMMON}"
DATASETTE_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    f"img-src 'self' data:; connect-src 'self'; {_COMMON}"
)
CHART_POLICY = DATASETTE_POLICY.replace("script-src 'self'", "script-src 'self' 'unsafe-eval'")
_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}
_LINKS = {"article_id": "article", "first_article_id": "article", "story_id": "story", "alert_id": "alert"}
_SLUGS = {"rule": "rule", "source": "source"}


# ── pages ───────────────────────────────────────────────────────────────────────────────────────


async def _page(
    datasette: Any, request: Any, template: str, read: Callable[[Reader], Awaitable[dict[str, Any] | None]]
) -> Response:
    database = datasette.get_database(_name(datasette))
    await datasette.ensure_permissions(request.actor, [("view-database", database.name), "view-instance"])
    now = datetime.now(UTC)
    limit = partial(sqlite_timelimit, ms=datasette.sql_time_limit_ms)
    context = await read(Reader(database, now, limit))
    status = 200
    if context is None:  # not raised: Datasette would log a page of local variables for it
        template, status, context = "missing", 404, {}
    helpers = {
        "moment": partial(render.moment, now=now),
        "external": render.external,
        "plain": render.plain,
        "slug": tilde_encode,
        "database": database.name,
        "tables": datasette.urls.database(database.name),
    }
    html = await datasette.render_template([f"desk_{template}.html"], {**helpers, **context}, request=request)
    return Response.html(html, status=status, headers={"content-security-policy": DESK_POLICY})


def _name(datasette: Any) -> str:
    return str((datasette.plugin_config("monitor-desk") or {}).get("database", "monitor"))


async def _start(request: Any, datasette: Any) -> Response:
    return await _page(datasette, request, "start", Reader.start)


async def _article(request: Any, datasette: Any) -> Response:
    number, asked = _number(request), request.args.get("q") or ""
    return await _page(datasette, request, "article", lambda reader: reader.article(number, asked))


async def _story(request: Any, datasette: Any) -> Response:
    number = _number(request)
    return await _page(datasette, request, "story", lambda reader: reader.story(number))


async def _rule(request: Any, datasette: Any) -> Response:
    slug = tilde_decode(request.url_vars["slug"])
    return await _page(datasette, request, "rule", lambda reader: reader.rule(slug))


async def _source(request: Any, datasette: Any) -> Response:
    slug = tilde_decode(request.url_vars["slug"])
    return await _page(datasette, request, "source", lambda reader: reader.source(slug))


async def _search(request: Any, datasette: Any) -> Response:
    page = request.args.get("page") or "1"
    number = min(max(int(page), 1), 500) if page.isdecimal() and len(page) < 6 else 1
    asked = request.args.get("q") or ""
    return await _page(datasette, request, "search", lambda reader: reader.search(asked, number))


async def _alert(request: Any, datasette: Any) -> Response:
    number = _number(request)
    found: list[int] = []

    async def read(reader: Reader) -> None:
        row = await reader.row("SELECT article_id FROM alerts WHERE id = :id", id=number)
        found.extend([row["article_id"]] if row else [])

    missing = await _page(datasette, request, "missing", read)
    return Response.redirect(datasette.urls.path(f"/article/{found[0]}") + f"#alert-{number}") if found else missing


def _number(request: Any) -> int:
    return min(int(request.url_vars["id"]), 2**63 - 1)


@hookimpl
def register_routes() -> list[tuple[str, Callable[..., Awaitable[Response]]]]:
    """The desk's own pages; they stand before Datasette's, so `/` is the start page."""
    return [
        (r"^/$", _start),
        (r"^/article/(?P<id>[0-9]{1,19})$", _article),
        (r"^/story/(?P<id>[0-9]{1,19})$", _story),
        (r"^/alert/(?P<id>[0-9]{1,19})$", _alert),
        (r"^/rule/(?P<slug>[^/]+)$", _rule),
        (r"^/source/(?P<slug>[^/]+)$", _source),
        (r"^/search$", _search),
    ]


@hookimpl
def menu_links(datasette: Any) -> list[dict[str, str]]:
    """Links in Datasette's menu, on its own pages."""
    urls = datasette.urls
    return [
        {"href": urls.path("/"), "label": "Desk"},
        {"href": urls.path("/search"), "label": "Search"},
        {"href": urls.database(_name(datasette)), "label": "Tables and questions"},
    ]


# ── in Datasette's own pages ────────────────────────────────────────────────────────────────────


@hookimpl
def render_cell(value: Any, column: str, datasette: Any) -> Markup | None:
    """Numbers of articles, stories and alerts, and names of rules and sources, lead to the desk's pages."""
    if column in _LINKS and isinstance(value, int):
        href, label = datasette.urls.path(f"/{_LINKS[column]}/{value}"), str(value)
    elif column in _SLUGS and isinstance(value, str) and value:
        href, label = datasette.urls.path(f"/{_SLUGS[column]}/{tilde_encode(value)}"), value
    else:
        return None
    return Markup('<a href="{}">{}</a>').format(href, label)


@hookimpl(trylast=True)
def prepare_connection(conn: Any) -> None:
    """SQL functions. `escape_fts` replaces Datasette's own: its table search then sees the words that rules see."""
    conn.create_function("escape_fts", 1, _search_query, deterministic=True)
    conn.create_function("search_query", 1, _search_query, deterministic=True)
    conn.create_function("plain", 1, lambda text: render.plain(str(text)) if text is not None else None)


def _search_query(text: object) -> str:
    query = search.parse(str(text)) if text is not None else None
    return query.fts if query else '""'  # which finds nothing


@hookimpl
def asgi_wrapper(datasette: Any) -> Callable[[Any], Any]:
    """Headers for every answer, Datasette's own included."""

    def wrap(app: Any) -> Any:
        async def with_headers(scope: Any, receive: Any, send: Any) -> None:
            charts = datasette.urls.path("/-/dashboards")

            async def send_safely(event: Any) -> None:
                if event["type"] == "http.response.start":
                    names = {name.lower() for name, _ in event["headers"]}
                    policy = CHART_POLICY if scope["path"].startswith(charts) else DATASETTE_POLICY
                    wanted = {**_HEADERS, "content-security-policy": policy}
                    more = [(name.encode(), value.encode()) for name, value in wanted.items()
                            if name.encode() not in names]  # fmt: skip
                    event = {**event, "headers": [*event["headers"], *more]}
                await send(event)

            await app(scope, receive, send_safely if scope["type"] == "http" else send)

        return with_headers

    return wrap
