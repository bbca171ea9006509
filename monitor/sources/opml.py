"""OPML: lists of feeds as feed readers exchange them, read and written without losing tags and intervals.

Folders and `category` become tags; the interval travels in an attribute of our own namespace, which other readers
ignore. Functions of bytes, except `expand`, which reads the file a configuration names.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

from monitor.config import FeedConfig, OpmlConfig
from monitor.errors import ConfigError
from monitor.stages.parse import plain, scrub
from monitor.stages.parse.decode import decode
from monitor.stages.parse.repair import MAX_DEPTH, depth

NAMESPACE = "urn:news-monitor:opml"
_EVERY = f"{{{NAMESPACE}}}every"
_SLUG = f"{{{NAMESPACE}}}name"
MAX_FEEDS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """One feed of a list."""

    url: str
    title: str = ""
    site: str = ""
    tags: tuple[str, ...] = ()
    every: float | None = None  # seconds; None: whatever is usual
    slug: str = ""  # the name it had here before


def read(body: bytes) -> tuple[Outline, ...]:
    """The feeds of an OPML file, each address once. Raises ConfigError for what is no OPML."""
    text, _ = decode(body, None)
    text = scrub(text.lstrip("\ufeff \t\r\n"))
    if depth(text) > MAX_DEPTH:
        raise ConfigError(f"nests outlines more than {MAX_DEPTH} deep")
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, load_dtd=False, no_network=True, remove_comments=True, recover=True
    )
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError):
        root = None
    if root is None or not isinstance(root.tag, str) or root.tag.rpartition("}")[2].lower() != "opml":
        raise ConfigError("is no OPML file: its root element is not <opml>")
    found: dict[str, Outline] = {}
    for node in root:
        if isinstance(node.tag, str) and node.tag.rpartition("}")[2].lower() == "body":
            for child in node:
                _collect(child, (), found)
    return tuple(found.values())[:MAX_FEEDS]


def _collect(node: Any, folders: tuple[str, ...], found: dict[str, Outline]) -> None:
    if not isinstance(node.tag, str):
        return
    said = {name.lower(): value for name, value in node.items()}
    title = plain(said.get("title") or said.get("text"), 300)
    url = _address(said.get("xmlurl") or (said.get("url", "") if said.get("type", "").lower() == "rss" else ""))
    if url:
        category = (part for entry in said.get("category", "").split(",") for part in entry.split("/"))
        tags = tuple(dict.fromkeys(tag for part in (*category, *folders) if (tag := tag_of(part))))
        before = found.get(url)
        if before is not None:
            tags = tuple(dict.fromkeys((*before.tags, *tags)))
        found[url] = Outline(
            url=url,
            title=(before.title if before else "") or title,
            site=said.get("htmlurl", ""),
            tags=tags,
            every=_seconds(node.get(_EVERY)),
            slug=node.get(_SLUG, ""),
        )
        inside = folders
    else:
        inside = (*folders, title) if title else folders
    for child in node:
        _collect(child, inside, found)


def _address(text: str) -> str:
    text = "".join(text.split())
    if text.lower().startswith("feed:"):
        text = text[5:]
        text = text if text.lower().startswith(("http:", "https:")) else f"http:{text}"
    return text if re.match(r"https?://[^/]", text, re.IGNORECASE) else ""


def _seconds(text: str | None) -> float | None:
    try:
        seconds = float(text or "")
    except ValueError:
        return None
    return seconds if 1 <= seconds <= 366 * 86400 else None


def tag_of(text: str) -> str:
    """A folder's name as a tag: one word in lower case."""
    return re.sub(r"[\s,/]+", "-", plain(text, 100).lower()).strip("-")


def write(outlines: Iterable[Outline], title: str = "monitor") -> bytes:
    """An OPML 2.0 file. Feeds stand in a folder of their first tag; `category` carries all of them."""
    root = etree.Element("opml", version="2.0", nsmap={"monitor": NAMESPACE})
    etree.SubElement(etree.SubElement(root, "head"), "title").text = title
    body = etree.SubElement(root, "body")
    folders: dict[str, Any] = {"": body}
    for outline in outlines:
        folder = outline.tags[0] if outline.tags else ""
        if folder not in folders:
            folders[folder] = etree.SubElement(body, "outline", text=folder, title=folder)
        name = outline.title or outline.slug or outline.url
        node = etree.SubElement(folders[folder], "outline", text=name, title=name, type="rss", xmlUrl=outline.url)
        if outline.site:
            node.set("htmlUrl", outline.site)
        if outline.tags:
            node.set("category", ",".join(outline.tags))
        if outline.every is not None:
            node.set(_EVERY, f"{outline.every:g}")
        if outline.slug:
            node.set(_SLUG, outline.slug)
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="utf-8", pretty_print=True)
    return written


def slug_of(outline: Outline, taken: Iterable[str]) -> str:
    """A name for the configuration: what it was called, else its title, else its host; made unique."""
    host = (urlsplit(outline.url).hostname or "feed").removeprefix("www.")
    for text in (outline.slug, outline.title, host):
        folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
        base = re.sub(r"[^a-z0-9]+", "-", folded).strip("-")[:50].strip("-")
        if len(base) >= 3 or (base and text is host):
            break
    used = set(taken)
    slug, number = base or "feed", 2
    while slug in used:
        slug, number = f"{base or 'feed'}-{number}", number + 1
    return slug


def expand(config: OpmlConfig, taken: Iterable[str]) -> dict[str, FeedConfig]:
    """The feeds an `[opml.NAME]` table stands for, by slug. Raises ConfigError where its file cannot be read.

    Slugs follow from the titles, in the order of the file, so that they stay the same as long as it does.
    """
    try:
        outlines = read(config.path.read_bytes())
    except OSError as error:
        raise ConfigError(f"opml.{config.slug}.path: {config.path}: {error.strerror}") from None
    except ConfigError as error:
        raise ConfigError(f"opml.{config.slug}.path: {config.path} {error}") from None
    used = set(taken)
    feeds: dict[str, FeedConfig] = {}
    for outline in outlines:
        slug = slug_of(outline, used)
        used.add(slug)
        feeds[slug] = FeedConfig(
            slug=slug,
            url=outline.url,
            every=outline.every or config.every,
            tags=tuple(dict.fromkeys((*config.tags, *outline.tags))),
            fulltext=config.fulltext,
            baseline=config.baseline,
            enabled=config.enabled,
        )
    return feeds


def of_configuration(feeds: Mapping[str, FeedConfig], titles: Mapping[str, str]) -> tuple[Outline, ...]:
    """The outlines of configured feeds; `titles`: slug → what the feed calls itself, where it is known."""
    return tuple(
        Outline(url=feed.url, title=titles.get(slug, ""), tags=feed.tags, every=feed.every, slug=slug)
        for slug, feed in sorted(feeds.items())
    )
