"""An address → the one address of its article, whatever way the reader came.

Tracking parameters, AMP and mobile and print editions, http or https, www, a trailing slash, the fragment: none makes
another article. Which query parameters only track is courlan's knowledge. The result is an identity, not an address to
fetch, and two articles may still share it (a front page, a live page), so whoever uses it looks at the text as well.
A function of values: nothing is fetched, no `rel=canonical` is read.
"""

from __future__ import annotations

import functools
import re
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit

from courlan import normalize_url
from courlan.clean import clean_query

_EDITIONS = frozenset({"amp", "m", "mobile", "touch", "wap", "www"})
_SECOND_LEVEL = frozenset({"ac", "co", "com", "edu", "gov", "net", "or", "org"})
# Parameters that ask for another dress of the same article, when their value says yes or names the dress.
_DRESS = frozenset({"amp", "mobile", "output", "outputtype", "print", "printable", "printview", "view"})
_DRESS_VALUES = frozenset({"", "1", "amp", "mobile", "on", "print", "printable", "true", "y", "yes"})
# Taken for trackers by courlan; on some sites the only thing that names the article.
_SOMETIMES_IDS = frozenset({"cid", "eid", "keyword", "source", "uid"})
_AMP_VIEWER = re.compile(r"^/amp/s/([^/]+)(/.*)?$")
_AMP_CACHE = re.compile(r"^/[a-z]/(?:s/)?([^/]+)(/.*)?$")
_ENDINGS = re.compile(
    r"(?:/amp(?:\.html?)?|/print|/index\.html?|/index\.php|\.amp)/?$|\.amp(?=\.html?$)", re.IGNORECASE
)
_PREFIX = re.compile(r"^/(?:amp|print|mobile)(?=/.*[-\d])", re.IGNORECASE)


def canonical_url(url: str | None) -> str | None:
    """The identity of a web address, as an https address; None for what is not http or https, or has no host."""
    try:
        parts = _unwrapped(urlsplit((url or "").strip()))
        host = _host(parts)
    except ValueError:
        return None
    if parts.scheme.lower() not in ("http", "https") or not host:
        return None
    path = _path(parts.path)
    fragment = f"#{parts.fragment}" if parts.fragment.startswith("!") else ""  # the way of script-driven sites
    try:
        base = str(normalize_url(f"https://{host}{path}", trailing_slash=False))
    except ValueError:
        return None
    query = _query(parts.query, path)
    return base.removesuffix("/") + (f"?{query}" if query else "") + fragment


def _unwrapped(parts: SplitResult) -> SplitResult:
    """The publisher's address out of an AMP viewer's or cache's."""
    host = parts.netloc.lower()
    viewer = _AMP_VIEWER.match(parts.path) if re.match(r"(?:www\.)?google\.[a-z.]+$", host) else None
    cache = _AMP_CACHE.match(parts.path) if host.endswith(".cdn.ampproject.org") else None
    found = viewer or cache
    return parts._replace(netloc=found[1], path=found[2] or "/") if found else parts


def _host(parts: SplitResult) -> str:
    labels = (parts.hostname or "").rstrip(".").split(".")
    # A registered name has two labels, or three under co.uk and its like: those are never an edition.
    kept = 3 if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL else 2
    labels = [label for label in labels[:-kept] if label not in _EDITIONS] + labels[-kept:]
    port = parts.port
    return ".".join(labels) + (f":{port}" if port and port not in (80, 443) else "")


def _path(path: str) -> str:
    shorter = _ENDINGS.sub("", _PREFIX.sub("", re.sub(r"/{2,}", "/", path)))
    # 'Quoted%2dor-not' is one address.
    return re.sub(r"%[0-9A-Fa-f]{2}", _unquoted, shorter)


def _unquoted(match: re.Match[str]) -> str:
    character = unquote(match[0])
    return character if re.match(r"[\w.~-]", character, re.ASCII) else match[0].upper()


def _query(query: str, path: str) -> str:
    kept = [
        (name, value)
        for name, value in parse_qsl(query, keep_blank_values=True)
        if not (name.lower() in _DRESS and value.lower() in _DRESS_VALUES) and not _tracks(name, value, path)
    ]
    return urlencode(sorted(kept))


@functools.lru_cache(1024)
def _is_tracker(name: str) -> bool:
    return not clean_query(urlencode({name: "1"}))


def _tracks(name: str, value: str, path: str) -> bool:
    if not _is_tracker(name):
        return False
    names_article = name.lower() in _SOMETIMES_IDS and value.isdigit() and not re.search(r"[-\d]", path)
    return not names_article
