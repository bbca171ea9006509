"""Well-formed RSS 0.9x–2.0, RDF and Atom 0.3/1.0 → `Raw`, by one pass of lxml over the tree.

Pure, and quick enough for the event loop: nothing is repaired here. Without DTD, external entities or network;
libxml2's own limits on depth and size stay on.
"""

from __future__ import annotations

from typing import Any

from lxml import etree

from monitor.stages.parse.feed import Raw, RawItem
from monitor.stages.parse.text import looks_like_html

UNDECLARED = "urn:undeclared:"  # what `repair` declares prefixes as that a feed forgot to declare
_PREFIXES = {
    "": "",
    "backend.userland.com/rss2": "", "blogs.law.harvard.edu/tech/rss": "", "backend.userland.com/rss": "",
    "backend.userland.com/rss091": "", "backend.userland.com/rss092": "", "backend.userland.com/rss093": "",
    "purl.org/rss/1.0": "", "my.netscape.com/rdf/simple/0.9": "", "channel.netscape.com/rdf/simple/0.9": "",
    "purl.org/net/rss1.1": "", "cyber.law.harvard.edu/rss/rss.html": "", "rssboard.org/rss-specification": "",
    "w3.org/2005/atom": "atom:", "purl.org/atom/ns": "atom:", "purl.org/atom": "atom:",
    "w3.org/1999/02/22-rdf-syntax-ns": "rdf:",
    "purl.org/dc/elements/1.1": "dc:", "purl.org/dc/elements/1.0": "dc:", "purl.org/dc/terms": "dcterms:",
    "purl.org/rss/1.0/modules/content": "content:",
    "search.yahoo.com/mrss": "media:", "video.search.yahoo.com/mrss": "media:", "tools.search.yahoo.com/mrss": "media:",
    "itunes.com/dtds/podcast-1.0.dtd": "itunes:", "itunes.com/dtds/podcast-1.0": "itunes:",
    "rssnamespace.org/feedburner/ext/1.0": "feedburner:",
    "w3.org/1999/xhtml": "xhtml:",
}  # fmt: skip
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_keys: dict[str, str] = {}


def strict(body: bytes, url: str | None = None) -> Raw | None:
    """Read UTF-8 `body`. None where it is not well-formed, or no feed."""
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        recover=False,
    )
    try:
        root = etree.fromstring(body, parser, base_url=url or "")
    except (etree.XMLSyntaxError, ValueError):
        return None
    based = b"xml:base" in body
    tag = _key(root.tag)
    if tag == "atom:feed" or root.tag == "feed":
        return _atom(root, based)
    if tag == "atom:entry" or root.tag == "entry":
        raw = Raw(kind="atom")
        raw.items.append(_item(root, based))
        return raw
    if tag in ("rss", "rdf:RDF", "RDF", "channel", "Channel", "rss2") or tag.endswith("rss"):
        return _rss(root, based, "rdf" if tag.endswith("RDF") else "rss")
    return None


def _key(tag: Any) -> str:
    """'dc:date' for '{http://purl.org/dc/elements/1.1/}date'; plain for RSS names; '?:x' for what is unknown."""
    if type(tag) is not str:
        return "?:"
    found = _keys.get(tag)
    if found is None:
        uri, _, local = tag[1:].partition("}") if tag[:1] == "{" else ("", "", tag)
        if uri.startswith(UNDECLARED):
            prefix = f"{uri[len(UNDECLARED) :]}:"
        else:
            prefix = _PREFIXES.get(_bare(uri), "?:")
        found = prefix + local
        if len(_keys) < 5000:
            _keys[tag] = found
    return found


def _bare(uri: str) -> str:
    bare = uri.strip().lower().partition("://")[2] or uri.strip().lower()
    return bare.removeprefix("www.").rstrip("/#")


def _rss(root: Any, based: bool, kind: str) -> Raw:
    raw = Raw(kind=kind)
    channel = root if _key(root.tag).lower() == "channel" else None
    if channel is None:
        channel = next((child for child in root if _key(child.tag).lower() == "channel"), None)
    items: list[Any] = []
    for parent in (channel, root):
        if parent is None:
            continue
        for child in parent:
            key = _key(child.tag)
            if key == "item" or key == "atom:entry":
                items.append(child)
            elif parent is channel:
                _channel_field(raw, key, child)
        if parent is channel is root:
            break
    if not items:  # <items> as a wrapper, or items one level deeper than they should be
        items = [e for e in root.iter() if type(e.tag) is str and _key(e.tag) in ("item", "Item")]
    raw.items = [_item(item, based) for item in items]
    return raw


def _channel_field(raw: Raw, key: str, child: Any) -> None:
    if key == "title" or (key == "dc:title" and not raw.title):
        raw.title = raw.title or _text(child)
    elif key == "link":
        raw.link = raw.link or (child.text or "").strip()
    elif key == "atom:link" and not raw.link:
        if child.get("rel", "alternate") == "alternate":
            raw.link = child.get("href", "").strip()
    elif key in ("language", "dc:language"):
        raw.language = raw.language or (child.text or "").strip()
    elif key == "ttl":
        raw.ttl = child.text or ""
    elif key in ("skipHours", "skiphours"):
        raw.skip_hours = tuple(hour.text or "" for hour in child)
    elif key in ("skipDays", "skipdays"):
        raw.skip_days = tuple(day.text or "" for day in child)
    elif key == "?:itemList" or key == "items":
        raw.items.extend(_item(item, False) for item in child if _key(item.tag) == "item")


def _atom(root: Any, based: bool) -> Raw:
    raw = Raw(kind="atom", language=root.get(_XML_LANG, ""))
    for child in root:
        key = _key(child.tag).removeprefix("atom:")
        if key == "entry":
            raw.items.append(_item(child, based))
        elif key == "title":
            raw.title = raw.title or _construct(child)
        elif key == "link" and not raw.link and child.get("rel", "alternate") == "alternate":
            raw.link = child.get("href", "").strip()
    return raw


def _item(node: Any, based: bool) -> RawItem:
    """One pass over the children; the first of each field wins, except where another is better."""
    item = RawItem()
    others: list[str] = []
    tags: list[str] = []
    authors: list[str] = []
    media_title = ""
    for child in node:
        key = _key(child.tag)
        if key.startswith("atom:"):
            key = key[5:]
            if key == "link":
                _atom_link(item, child)
            elif key == "title":
                item.title = item.title or _construct(child)
            elif key == "content":
                _atom_content(item, child)
            elif key == "summary":
                item.summary = item.summary or _construct(child)
            elif key == "author":
                name = _author(child)
                if name:
                    authors.append(name)
            elif key == "id":
                item.guid = item.guid or (child.text or "").strip()
            elif key in ("published", "issued", "created"):
                item.published = item.published or (child.text or "").strip()
            elif key in ("updated", "modified"):
                item.updated = item.updated or (child.text or "").strip()
            elif key == "category":
                tags.append(child.get("label") or child.get("term") or child.text or "")
            elif key == "source":
                item.outlet = item.outlet or _source_title(child)
        elif key == "title":
            item.title = item.title or _text(child)
        elif key == "link":
            if not item.link:
                item.link = (child.text or child.get("href") or "").strip()
        elif key == "guid":
            if not item.guid:
                item.guid = (child.text or "").strip()
                item.guid_is_link = child.get("isPermaLink", "true").strip().lower() != "false"
        elif key == "description" or key == "abstract":
            item.summary = item.summary or _markup(child)
        elif key == "content:encoded" or key in ("xhtml:body", "xhtml:div", "fullText", "fulltext", "content"):
            item.content = item.content or _markup(child)
        elif key in (
            "pubDate",
            "pubdate",
            "PubDate",
            "dc:date",
            "published",
            "dcterms:issued",
            "dcterms:created",
            "date",
        ):
            if not item.published:
                item.published = (child.text or "").strip()
        elif key in ("dcterms:modified", "updated", "lastBuildDate", "modified", "dcterms:updated"):
            item.updated = item.updated or (child.text or "").strip()
        elif key in ("author", "dc:creator", "itunes:author", "managingEditor", "dc:contributor", "media:credit"):
            name = _author(child)
            if name:
                authors.append(name) if key == "dc:creator" else _second_author(item, name)
        elif key == "source" or key == "dc:publisher":
            item.outlet = item.outlet or _text(child)
        elif key in ("category", "dc:subject"):
            tags.append(_text(child))
        elif key == "dc:language" or key == "language":
            item.language = (child.text or "").strip()
        elif key == "dc:identifier":
            if not item.guid:
                item.guid = (child.text or "").strip()
        elif key == "dc:title":
            media_title = media_title or _text(child)
        elif key in (
            "dc:description",
            "dcterms:abstract",
            "itunes:summary",
            "itunes:subtitle",
            "media:description",
            "media:text",
        ):
            others.append(_markup(child))
        elif key == "media:title":
            media_title = media_title or _text(child)
        elif key in ("media:group", "media:content"):
            for inner in child.iter():
                inner_key = _key(inner.tag)
                if inner_key in ("media:description", "media:text"):
                    others.append(_markup(inner))
                elif inner_key == "media:title":
                    media_title = media_title or _text(inner)
        elif key == "feedburner:origLink":
            item.link = (child.text or "").strip() or item.link
    if not item.guid and node.attrib:
        item.guid = node.get("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about", "").strip()
        item.language = item.language or node.get(_XML_LANG, "")
    item.title = item.title or media_title
    if authors:
        item.author = ", ".join(dict.fromkeys(authors))
    if tags:
        item.tags = tuple(tags)
    if others:
        item.other = tuple(others)
    if based:
        item.base = node.base
    return item


def _second_author(item: RawItem, name: str) -> None:
    """A second-rate author field: used where there is no better."""
    item.author = item.author or name


def _atom_link(item: RawItem, child: Any) -> None:
    rel = child.get("rel", "alternate").strip().lower()
    href = child.get("href", "").strip()
    if rel in ("alternate", "http://www.iana.org/assignments/relation/alternate") and href:
        kind = child.get("type", "").lower()
        if not item.link or "html" in kind:
            item.link = href


def _atom_content(item: RawItem, child: Any) -> None:
    kind = child.get("type", "text").strip().lower()
    if child.get("src") and not (child.text or len(child)):
        item.link = item.link or child.get("src", "").strip()
        return
    if kind.startswith(("image/", "audio/", "video/", "application/")) and "xhtml" not in kind and "xml" not in kind:
        return
    if not item.content:
        item.content = _construct(child)


def _construct(child: Any) -> str:
    """An Atom text construct as HTML (plain text is escaped, so that one rule fits all)."""
    kind = child.get("type", "text").strip().lower()
    if len(child):
        return _markup(child)
    text = child.text or ""
    if kind in ("text", "text/plain") and child.get("mode") != "escaped" and ("&" in text or "<" in text):
        if looks_like_html(text):
            return text  # says text, is HTML: as many feeds do
        return text.replace("&", "&amp;").replace("<", "&lt;")
    return text


def _author(child: Any) -> str:
    """'Jane Doe' from an Atom person, 'jane@example.org (Jane Doe)', or a bare name."""
    if len(child):
        for inner in child:
            if _key(inner.tag).rpartition(":")[2] == "name":
                return (inner.text or "").strip()
        return ""
    text = (child.text or "").strip()
    if "@" in text and text.endswith(")") and "(" in text:
        return text[text.index("(") + 1 : -1].strip()
    if text.endswith(">") and "<" in text and "@" in text:
        return text[: text.index("<")].strip()
    return text


def _source_title(child: Any) -> str:
    for inner in child:
        if _key(inner.tag).rpartition(":")[2] == "title":
            return _text(inner)
    return ""


def _text(child: Any) -> str:
    """All text inside, where there may be unescaped markup."""
    if len(child):
        return "".join(child.itertext())
    return child.text or ""


def _markup(child: Any) -> str:
    """The content as HTML: escaped text as it is, child elements written out without their namespaces."""
    if not len(child):
        return child.text or ""
    out = [_escape(child.text)] if child.text else []
    for inner in child:
        _write(inner, out, 0)
    return "".join(out)


def _write(node: Any, out: list[str], depth: int) -> None:
    if type(node.tag) is not str:
        out.append(_escape(node.tail or ""))
        return
    name = node.tag.rpartition("}")[2]
    attributes = "".join(f' {key}="{_escape(value)}"' for key, value in node.items() if key[:1] != "{")
    out.append(f"<{name}{attributes}>")
    if node.text:
        out.append(_escape(node.text))
    if depth < 200:
        for inner in node:
            _write(inner, out, depth + 1)
    if name not in _VOID:
        out.append(f"</{name}>")
    if node.tail:
        out.append(_escape(node.tail))


_VOID = frozenset(("br", "hr", "img", "input", "meta", "link", "source", "wbr", "col", "area", "embed"))


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
