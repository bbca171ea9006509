"""Well-formed RSS 0.9x–2.0, RDF and Atom 0.3/1.0 → `Raw`, by one pass of lxml over the tree.

Pure, and quick enough for the event loop: nothing is repaired here. Without DTD, external entities or network;
libxml2's own limits on depth and size stay on.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from lxml import etree

from monitor.stages.parse.feed import Raw, RawItem
from monitor.stages.parse.names import key_of, settle
from monitor.stages.parse.text import looks_like_html

_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_Handler = Callable[["_Gather", Any], None]
_Fields = dict[str, _Handler]


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
    settle(root)
    tag = key_of(root.tag)
    if tag.removeprefix("atom:") == "feed":
        return _atom(root, based)
    if tag == "atom:entry":
        return Raw(kind="atom", items=[_item(root, based)])
    if tag in ("rss", "rdf:rdf", "rdf", "channel") or tag.endswith("rss"):
        return _rss(root, based, "rdf" if tag.endswith("rdf") else "rss")
    return None


def _rss(root: Any, based: bool, kind: str) -> Raw:
    raw = Raw(kind=kind)
    items: list[Any] = []
    channels = [root] if key_of(root.tag) == "channel" else [c for c in root if key_of(c.tag) == "channel"]
    for channel in channels:
        for child in channel:
            key = key_of(child.tag)
            if key == "item" or key == "atom:entry":
                items.append(child)
            else:
                _channel_field(raw, key, child)
    if root not in channels:  # RDF has its items beside the channel
        items += [child for child in root if key_of(child.tag) == "item"]
    deeper = [node for node in root.iter("{*}item") if key_of(node.tag) == "item"]
    if len(deeper) > len(items):  # inside elements of somebody's own
        items = [node for node in deeper if next(node.iterancestors("{*}item"), None) is None]
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
    elif key == "skiphours":
        raw.skip_hours = tuple(hour.text or "" for hour in child)
    elif key == "skipdays":
        raw.skip_days = tuple(day.text or "" for day in child)


def _atom(root: Any, based: bool) -> Raw:
    raw = Raw(kind="atom", language=root.get(_XML_LANG, ""))
    fields = _FIELDS if root.tag[0] == "{" else _BARE_ATOM
    for child in root:
        key = key_of(child.tag).removeprefix("atom:")
        if key == "entry":
            raw.items.append(_item(child, based, fields))
        elif key == "title":
            raw.title = raw.title or _construct(child)
        elif key == "link" and not raw.link and child.get("rel", "alternate") == "alternate":
            raw.link = child.get("href", "").strip()
    return raw


class _Gather:
    """What the children of one entry have said so far."""

    __slots__ = ("authors", "item", "link_is_page", "others", "second_title", "tags")

    def __init__(self) -> None:
        self.item = RawItem()
        self.authors: list[str] = []
        self.others: list[str] = []
        self.tags: list[str] = []
        self.second_title = ""
        self.link_is_page = False


def _item(node: Any, based: bool, fields: _Fields | None = None) -> RawItem:
    """One pass over the children; the first of each field wins, except where another is better."""
    gather = _Gather()
    item = gather.item
    fields = fields or _FIELDS
    for child in node:
        handler = fields.get(key_of(child.tag))
        if handler is not None:
            handler(gather, child)
    if node.attrib:
        item.guid = item.guid or node.get("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about", "").strip()
        item.language = item.language or node.get(_XML_LANG, "")
    item.title = item.title or gather.second_title
    if gather.authors:
        item.author = ", ".join(dict.fromkeys(gather.authors))
    item.tags = tuple(gather.tags)
    item.other = tuple(gather.others)
    if based:
        item.base = node.base
    return item


def _first(name: str) -> _Handler:
    """Keeps the first plain text of a field."""

    def keep(gather: _Gather, child: Any) -> None:
        if not getattr(gather.item, name):
            setattr(gather.item, name, _text(child).strip())

    return keep


def _date(name: str) -> _Handler:
    """Keeps the first text of a date; others are kept beside it, for the day that one cannot be read."""

    def keep(gather: _Gather, child: Any) -> None:
        text = _text(child).strip()
        if not getattr(gather.item, name):
            setattr(gather.item, name, text)
        elif text:
            gather.item.other_dates += (text,)

    return keep


def _title(gather: _Gather, child: Any) -> None:
    gather.item.title = gather.item.title or _text(child)


def _second_title(gather: _Gather, child: Any) -> None:
    gather.second_title = gather.second_title or _text(child)


def _atom_title(gather: _Gather, child: Any) -> None:
    gather.item.title = gather.item.title or _construct(child)


def _link(gather: _Gather, child: Any) -> None:
    if not gather.item.link:
        gather.item.link = (child.text or child.get("href") or "").strip()
        gather.link_is_page = True


def _enclosure(gather: _Gather, child: Any) -> None:
    gather.item.spare_link = gather.item.spare_link or child.get("url", "").strip()


def _original_link(gather: _Gather, child: Any) -> None:
    gather.item.link = (child.text or "").strip() or gather.item.link


def _guid(gather: _Gather, child: Any) -> None:
    item = gather.item
    if not item.guid:
        item.guid = (child.text or "").strip()
        item.guid_is_link = child.get("isPermaLink", child.get("ispermalink", "true")).strip().lower() != "false"


def _summary(gather: _Gather, child: Any) -> None:
    gather.item.summary = gather.item.summary or _markup(child)


def _atom_summary(gather: _Gather, child: Any) -> None:
    gather.item.summary = gather.item.summary or _construct(child)


def _content(gather: _Gather, child: Any) -> None:
    gather.item.content = gather.item.content or _markup(child)


def _other(gather: _Gather, child: Any) -> None:
    gather.others.append(_markup(child))


def _tag(gather: _Gather, child: Any) -> None:
    gather.tags.append(_text(child))


def _atom_tag(gather: _Gather, child: Any) -> None:
    gather.tags.append(child.get("label") or child.get("term") or child.text or "")


def _author(gather: _Gather, child: Any) -> None:
    if name := _person(child):
        gather.authors.append(name)


def _second_author(gather: _Gather, child: Any) -> None:
    gather.item.author = gather.item.author or _person(child)


def _atom_source(gather: _Gather, child: Any) -> None:
    for inner in child:
        if key_of(inner.tag).rpartition(":")[2] == "title":
            gather.item.outlet = gather.item.outlet or _text(inner)


def _media(gather: _Gather, child: Any) -> None:
    for inner in child.iter():
        key = key_of(inner.tag)
        if key in ("media:description", "media:text"):
            gather.others.append(_markup(inner))
        elif key == "media:title":
            gather.second_title = gather.second_title or _text(inner)


def _atom_link(gather: _Gather, child: Any) -> None:
    item = gather.item
    rel = child.get("rel", "alternate").strip().lower()
    href = child.get("href", "").strip()
    if not href:
        return
    if rel in ("alternate", "http://www.iana.org/assignments/relation/alternate"):
        kind = child.get("type", "html").lower()
        if not item.link or ("html" in kind and not gather.link_is_page):
            item.link = href
            gather.link_is_page = "html" in kind
    elif rel in ("related", "self", "via", "enclosure"):
        item.spare_link = item.spare_link or href


def _atom_content(gather: _Gather, child: Any) -> None:
    item = gather.item
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
    if child.get("mode") == "base64":  # of Atom 0.3
        return _from_base64(text)
    if kind in ("text", "text/plain") and child.get("mode") != "escaped" and ("&" in text or "<" in text):
        if looks_like_html(text):
            return text  # says text, is HTML: as many feeds do
        return text.replace("&", "&amp;").replace("<", "&lt;")
    return text


def _from_base64(text: str) -> str:
    try:
        return base64.b64decode(text).decode("utf-8", "replace")
    except ValueError:
        return text


def _person(child: Any) -> str:
    """'Jane Doe' from an Atom person, 'jane@example.org (Jane Doe)', or a bare name."""
    if len(child):
        for inner in child:
            if key_of(inner.tag).rpartition(":")[2] == "name":
                return (inner.text or "").strip()
        return ""
    text = (child.text or "").strip()
    if "@" in text and text.endswith(")") and "(" in text:
        return text[text.index("(") + 1 : -1].strip()
    if text.endswith(">") and "<" in text and "@" in text:
        return text[: text.index("<")].strip()
    return text


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


_FIELDS: _Fields = {
    "title": _title,
    "dc:title": _second_title,
    "media:title": _second_title,
    "itunes:title": _second_title,
    "link": _link,
    "enclosure": _enclosure,
    "feedburner:origlink": _original_link,
    "guid": _guid,
    "dc:identifier": _first("guid"),
    "description": _summary,
    "abstract": _summary,
    **dict.fromkeys(
        ("content:encoded", "content", "fulltext", "yandex:full-text", "turbo:content", "xhtml:body", "xhtml:div"),
        _content,
    ),
    **dict.fromkeys(
        (
            "dc:description",
            "dc:abstract",
            "itunes:summary",
            "itunes:subtitle",
            "googleplay:description",
            "media:description",
            "media:text",
        ),
        _other,
    ),
    **dict.fromkeys(("media:group", "media:content"), _media),
    **dict.fromkeys(("pubdate", "dc:date", "published", "date", "dc:issued", "dc:created"), _date("published")),
    **dict.fromkeys(("dc:modified", "updated", "modified", "lastbuilddate"), _date("updated")),
    "dc:creator": _author,
    **dict.fromkeys(("author", "itunes:author", "managingeditor", "dc:contributor", "media:credit"), _second_author),
    "source": _first("outlet"),
    "dc:publisher": _first("outlet"),
    "category": _tag,
    "dc:subject": _tag,
    "language": _first("language"),
    "dc:language": _first("language"),
    "atom:title": _atom_title,
    "atom:link": _atom_link,
    "atom:id": _first("guid"),
    "atom:summary": _atom_summary,
    "atom:content": _atom_content,
    "atom:author": _author,
    "atom:category": _atom_tag,
    "atom:source": _atom_source,
    **dict.fromkeys(("atom:published", "atom:issued", "atom:created"), _date("published")),
    **dict.fromkeys(("atom:updated", "atom:modified"), _date("updated")),
}
_BARE_ATOM = {  # <feed> and <entry> without a namespace
    name.removeprefix("atom:"): handler for name, handler in _FIELDS.items() if name.startswith("atom:")
}
