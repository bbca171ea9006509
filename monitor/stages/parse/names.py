"""Namespaces of feeds: every element under one short name, whatever its prefix and however its namespace is spelled.

Pure, but for a table of the names met so far, which saves the work of the second time.
"""

from __future__ import annotations

from typing import Any

UNDECLARED = "urn:undeclared:"  # what `repair` declares prefixes as that a feed forgot to declare
_PREFIXES = {
    "": "",
    "backend.userland.com/rss2": "", "blogs.law.harvard.edu/tech/rss": "", "backend.userland.com/rss": "",
    "backend.userland.com/rss091": "", "backend.userland.com/rss092": "", "backend.userland.com/rss093": "",
    "purl.org/rss/1.0": "", "my.netscape.com/rdf/simple/0.9": "", "channel.netscape.com/rdf/simple/0.9": "",
    "purl.org/net/rss1.1": "", "cyber.law.harvard.edu/rss/rss.html": "", "rssboard.org/rss-specification": "",
    "w3.org/2005/atom": "atom:", "purl.org/atom/ns": "atom:", "purl.org/atom": "atom:",
    "w3.org/1999/02/22-rdf-syntax-ns": "rdf:",
    "purl.org/dc/elements/1.1": "dc:", "purl.org/dc/elements/1.0": "dc:", "purl.org/dc/terms": "dc:",
    "purl.org/rss/1.0/modules/content": "content:",
    "search.yahoo.com/mrss": "media:", "video.search.yahoo.com/mrss": "media:", "tools.search.yahoo.com/mrss": "media:",
    "rssboard.org/media-rss": "media:",
    "itunes.com/dtds/podcast-1.0.dtd": "itunes:", "itunes.com/dtds/podcast-1.0": "itunes:",
    "rssnamespace.org/feedburner/ext/1.0": "feedburner:",
    "google.com/schemas/play-podcasts/1.0": "googleplay:",
    "news.yandex.ru": "yandex:", "turbo.yandex.ru": "turbo:",
    "w3.org/1999/xhtml": "xhtml:",
}  # fmt: skip
_FAMILIAR = frozenset(("content", "dc", "dcterms", "media", "itunes", "yandex", "turbo", "atom"))  # prefixes
_keys: dict[str, str] = {}


def key_of(tag: Any) -> str:
    """'dc:date' for '{http://purl.org/dc/elements/1.1/}date'; 'pubdate' for RSS; '?:x' for what is unknown."""
    if type(tag) is not str:
        return "?:"
    found = _keys.get(tag)
    if found is None:
        uri, _, local = tag[1:].partition("}") if tag[:1] == "{" else ("", "", tag)
        if uri.startswith(UNDECLARED):
            prefix = f"{uri[len(UNDECLARED) :]}:".replace("dcterms:", "dc:")
        else:
            prefix = _PREFIXES.get(_bare(uri), "?:")
        found = prefix + local.lower()
        if len(_keys) < 5000:
            _keys[tag] = found
    return found


def settle(root: Any) -> None:
    """Rename what stands under a wrong namespace: RSS in a default one, a usual prefix for an unusual one."""
    for prefix, uri in root.nsmap.items():
        if prefix in _FAMILIAR:
            if _bare(uri) not in _PREFIXES and not uri.startswith(UNDECLARED):
                for node in root.iter(f"{{{uri}}}*"):
                    node.tag = f"{{{UNDECLARED}{prefix}}}{node.tag.rpartition('}')[2]}"
        elif prefix is None and _PREFIXES.get(_bare(uri)) != "" and _is_rss(root):
            for node in root.iter(f"{{{uri}}}*"):
                node.tag = node.tag.rpartition("}")[2]


def _is_rss(root: Any) -> bool:
    return str(root.tag).rpartition("}")[2].lower() in ("rss", "rdf", "channel")


def _bare(uri: str) -> str:
    bare = uri.strip().lower().partition("://")[2] or uri.strip().lower()
    return bare.removeprefix("www.").rstrip("/#")
