"""HTML → blocks and metadata: trafilatura for pages, block by block for the pieces of HTML in feeds.

Pure. It takes HTML apart; what of it is furniture is decided in `clean`.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import trafilatura
from courlan import clean_url
from lxml import etree, html
from trafilatura.settings import use_config

from monitor.errors import Permanent
from monitor.model import Block, Metadata
from monitor.stages import dates, plaintext
from monitor.stages import linked as linked_data

_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_SKIPPED = frozenset(
    [
        "script",
        "style",
        "template",
        "noscript",
        "svg",
        "math",
        "head",
        "iframe",
        "object",
        "embed",
        "form",
        "button",
        "select",
        "option",
        "textarea",
        "input",
        "nav",
        "audio",
        "video",
        "canvas",
    ]
)
_BLOCKS = {
    **dict.fromkeys(
        [
            "p",
            "div",
            "section",
            "article",
            "main",
            "header",
            "footer",
            "aside",
            "address",
            "center",
            "dd",
            "dt",
            "body",
            "html",
            "summary",
            "details",
        ],
        "p",
    ),
    **dict.fromkeys(["table", "tbody", "thead", "tfoot", "tr", "ul", "ol", "dl", "fieldset", "hr"], "p"),
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "h"),
    **dict.fromkeys(("li",), "li"),
    **dict.fromkeys(("td", "th", "caption"), "cell"),
    **dict.fromkeys(("blockquote", "q-block"), "quote"),
    **dict.fromkeys(("pre", "listing", "xmp"), "pre"),
    **dict.fromkeys(("figure", "figcaption"), "figure"),
}
_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])|opacity\s*:\s*0(?![.\d])"
    r"|text-indent\s*:\s*-\d{3,}|(?:left|top)\s*:\s*-\d{3,}",
    re.IGNORECASE,
)
_WHITE = re.compile(r"\s+")
_EMPTY_LINES = re.compile(r"\n{2,}")
_TAG = re.compile(r"<[^<>]*>")
_SCRIPT_DATA = re.compile(r"<(script|style)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)

MAX_DEPTH = 400  # nested elements; deeper ones are read as belonging to the last that counts
NEXT_TO_NOTHING = 250  # characters: less than this from a page that plainly has more is a failure
# Deadlines belong to the pool; trafilatura's own uses a signal, which only the main thread may set.
_CONFIG = use_config()
_CONFIG.set("DEFAULT", "EXTRACTION_TIMEOUT", "0")


def fragment(text: str) -> tuple[Block, ...]:
    """The blocks of a piece of HTML, in order, with offsets into their own texts joined by blank lines.

    Elements that are styled invisible come out as blocks of kind 'hidden', so that cleaning can
    account for them.
    """
    text = _DECLARATION.sub("", plaintext.normalise(text))
    if "<" not in text and "&" not in text:
        return plaintext.split(text)
    try:
        tree = html.fragment_fromstring(text, create_parent="div")
    except (etree.ParserError, ValueError):
        return plaintext.split(text)
    # libxml2 drops what is nested too deeply: then the tags alone are taken out.
    return _joined(_walk(tree)) or plaintext.split(_TAG.sub("\n\n", _SCRIPT_DATA.sub("", text)))


def page(text: str, url: str | None, fetched_at: datetime | None) -> tuple[tuple[Block, ...], Metadata, str]:
    """(blocks, metadata, method) of an HTML page.

    The method is 'trafilatura', or 'fallback:blocks' where that returned next to nothing of a page
    that plainly has text; then all its visible blocks are handed on, as noisy plain text would be.
    Raises Permanent('empty') for a page without any text.
    """
    text = _DECLARATION.sub("", plaintext.normalise(text))
    try:
        tree = html.document_fromstring(text)
    except (etree.ParserError, ValueError) as error:
        raise Permanent("is a page that holds no HTML", kind="empty") from error
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a library's date parser has opinions on zones
        metadata = _metadata(tree, url, fetched_at)
    document = trafilatura.bare_extraction(text, url=url, include_comments=False, with_metadata=False, config=_CONFIG)
    found = document.text if document is not None and not isinstance(document, dict) else ""
    blocks = _lines(found or "")
    if sum(len(block.text) for block in blocks) < NEXT_TO_NOTHING:
        every = _joined(_walk(tree))
        if sum(len(block.text) for block in every if block.kind != "hidden") > 2 * sum(
            len(block.text) for block in blocks
        ):
            return every, metadata, "fallback:blocks"
    return blocks, metadata, "trafilatura"


def _lines(text: str) -> tuple[Block, ...]:
    """One block a line: trafilatura's own cutting."""
    blocks: list[Block] = []
    offset = 0
    for line in text.split("\n"):
        stripped = line.strip()
        if stripped:
            kind = "li" if stripped.startswith("- ") else "cell" if stripped.startswith("|") else "p"
            blocks.append(Block(text=stripped, offset=offset + line.index(stripped), kind=kind))
        offset += len(line) + 1
    return tuple(blocks)


def _joined(pieces: Iterator[tuple[str, str]]) -> tuple[Block, ...]:
    blocks: list[Block] = []
    offset = 0
    for kind, text in pieces:
        blocks.append(Block(text=text, offset=offset, kind=kind))
        offset += len(text) + 2
    return tuple(blocks)


def _walk(root: Any) -> Iterator[tuple[str, str]]:
    """(kind, text) of each block of a tree, in order, without recursion: nesting may be hostile."""
    parts: list[str] = []
    kinds = ["p"]
    hidden = skipped = depth = 0

    def flush() -> Iterator[tuple[str, str]]:
        kind = "hidden" if hidden else kinds[-1]
        joined = "".join(parts)
        parts.clear()
        if kind == "pre":
            text = "\n".join(line.rstrip() for line in joined.strip("\n").split("\n"))
        else:
            text = plaintext.squeeze(joined)
            text = _EMPTY_LINES.sub("\n", text) if "\n\n" in text else text
        if text.strip():
            yield kind, text

    for event, element in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        if event in {"comment", "pi"}:
            if not skipped and element.tail:
                parts.append(_flat(element.tail))
            continue
        tag = element.tag if isinstance(element.tag, str) else ""
        boundary = tag in _BLOCKS
        conceals = bool(skipped) is False and _conceals(element)
        if event == "start":
            depth += 1
            if tag in _SKIPPED or skipped:
                skipped += 1
                continue
            if (boundary or conceals) and depth < MAX_DEPTH:
                yield from flush()
                kinds.append(_BLOCKS.get(tag, kinds[-1]) if _BLOCKS.get(tag, "p") != "p" else kinds[-1])
            hidden += conceals
            if tag == "br":
                parts.append("\n")
            elif element.text:
                parts.append(element.text if kinds[-1] == "pre" else _flat(element.text))
        else:
            depth -= 1
            if skipped:
                skipped -= 1
            else:
                if (boundary or conceals) and depth + 1 < MAX_DEPTH:
                    yield from flush()
                    kinds.pop()
                hidden -= conceals
            if not skipped and element.tail and element is not root:
                parts.append(element.tail if kinds[-1] == "pre" else _flat(element.tail))
    yield from flush()


def _flat(text: str) -> str:
    """`text` with every stretch of white space as one space."""
    return text if text.isprintable() and "  " not in text else _WHITE.sub(" ", text)


def _conceals(element: Any) -> bool:
    if element.get("hidden") is not None:
        return True
    style = element.get("style")
    return bool(style and _HIDING.search(style))


# ── what a page says of itself ──────────────────────────────────────────────────────────────────


def _metadata(tree: Any, url: str | None, fetched_at: datetime | None) -> Metadata:
    found = trafilatura.extract_metadata(tree, default_url=url)
    linked = linked_data.said(tree, fetched_at)
    moment = dates.of_page(tree, url, fetched_at, linked.published_at)
    language = (tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang") or "").strip()
    return Metadata(
        title=_plain((found.title if found else None) or linked.title),
        byline=linked.byline or _authors(tree, _plain(found.author if found else None).replace("; ", ", ")),
        outlet=_plain((found.sitename if found else None) or linked.outlet),
        published_at=moment,
        language=language.replace("_", "-").split("-", 1)[0].lower()[:3],
        canonical_url=_canonical(found.url if found else None, url),
    )


def _authors(tree: Any, found: str) -> str:
    """The author that was found, with those who are linked beside them."""
    linked = [_plain(" ".join(link.itertext())) for link in tree.iterfind(".//a[@rel='author']")]
    names = list(dict.fromkeys(name for name in linked if 0 < len(name) <= 60))
    return ", ".join(names) if found in names and len(names) <= 6 else found


def _canonical(named: str | None, url: str | None) -> str | None:
    """The address a page calls its own. Not a home page for a page below it: all its articles would be one."""
    address = named or url
    if named and url and urlsplit(named).path in ("", "/") and urlsplit(url).path not in ("", "/"):
        address = url
    return clean_url(address) if address else None


def _plain(text: str | None) -> str:
    return plaintext.squeeze(plaintext.normalise(text or "")).replace("\n", " ")[:2000]


def utc(moment: datetime) -> datetime:
    """`moment` in UTC; a naive one is taken to be UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
