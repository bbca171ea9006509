"""Broken XML as real feeds have it, mended by rule: what is left is read by the strict reader after all.

Pure and linear: junk before and after the root, control characters, undeclared entities and prefixes, bare
ampersands and angle brackets, DOCTYPEs, a missing end. What these rules do not mend goes to feedparser.
"""

from __future__ import annotations

import html.entities
import re
from collections.abc import Iterator

from monitor.stages.parse.names import UNDECLARED

MAX_DEPTH = 400
_MANY_REFERENCES = 20_000
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BAD_REFERENCE = re.compile(
    r"&#(?:0*(?:[0-8]|1[124-9]|2[0-9]|3[01])|x0*(?:[0-8bcef]|1[0-9a-f])|x0*d[89a-f][0-9a-f]{2});", re.IGNORECASE
)
_AMPERSAND = re.compile(r"&(#[0-9]{1,9};|#[xX][0-9a-fA-F]{1,8};|[A-Za-z][A-Za-z0-9]{1,30};)?")
_LONE_LESS = re.compile(r"<(?![A-Za-z_/!?])")
_ROOT = re.compile(r"<(?:rss|feed|rdf:RDF|RDF|channel|[A-Za-z0-9_]{1,20}:feed)[\s>]", re.IGNORECASE)
_DOCTYPE = re.compile(r"<!DOCTYPE[^\[>]{0,1000}(\[.{0,20000}?\]\s*>)?", re.IGNORECASE | re.DOTALL)
_ENTITY = re.compile(r"""<!ENTITY\s+([A-Za-z][\w.-]{0,40})\s+(?:"([^"<&%]{0,300})"|'([^'<&%]{0,300})')\s*>""")
_PREFIX = re.compile(r"</?([A-Za-z_][\w.-]{0,40}):[A-Za-z_]|\s([A-Za-z_][\w.-]{0,40}):[A-Za-z_][\w.-]{0,60}\s*=")
_DECLARED = re.compile(r"xmlns:([A-Za-z_][\w.-]{0,40})\s*=")
_OPENING = re.compile(r"<!\[CDATA\[|<!--")
_XML_NAMES = frozenset(("amp", "lt", "gt", "quot", "apos"))
_BODY = re.compile(r"<(description|content:encoded|summary|content|title)(?:\s[^<>]{0,500})?(?<!/)>", re.IGNORECASE)
_MAX_BODY = 2_000_000
_BOUND = re.compile(r"</?(?:item|entry)[\s>]|</(?:channel|feed|rss)\s*>", re.IGNORECASE)
_SECTION, _SECTION_END = re.compile(r"<!\[CDATA\["), re.compile(r"\]\]>")
_NEXT_FIELD = re.compile(
    r"<(?:title|link|description|guid|pubDate|author|category|comments|enclosure|source|id|updated|published|summary"
    r"|content|(?:dc|content|media|atom|itunes|slash|wfw|feedburner):\w{1,40})(?:\s[^<>]{0,500})?>",
    re.IGNORECASE,
)
_STRAY_END = re.compile(r"</([A-Za-z][\w:.-]{0,40})\s*>\s*\Z")
_END = re.compile(r"</(?:rss|feed|rdf:RDF|RDF|channel|[A-Za-z0-9_]{1,20}:feed)\s*>", re.IGNORECASE)
_TAGS = re.compile(r"<(/?)([A-Za-z_][^\s<>/]{0,200})[^<>]{0,100000}?(/?)>")


def find_root(text: str) -> int:
    """Where the root element of a feed begins, or -1."""
    match = _ROOT.search(text)
    return match.start() if match else -1


def repair(text: str) -> tuple[str, bool]:
    """Mended text without XML declaration and DOCTYPE, and whether its end was missing."""
    start = find_root(text)
    own: dict[str, str] = {}
    if start > 0:
        doctype = _DOCTYPE.search(text[:start][:30_000])
        for name, double, single in _ENTITY.findall(doctype[1] or "")[:200] if doctype else ():
            own.setdefault(name, double or single)
        text = text[start:]
    if text.count("&") > _MANY_REFERENCES:
        own.clear()  # nobody writes that many by hand: do not let them multiply
    text = _ILLEGAL.sub("", text)
    text, cut = _close(text)
    return mend(text, own), cut


def mend(text: str, own: dict[str, str] | None = None) -> str:
    """References, angle brackets and prefixes put right, comments left out. `own`: entities and what they stand for."""
    return _declare("".join(_mend(piece, own or {}) for piece in _pieces(text)))


def enclose(text: str) -> str:
    """Bodies with unescaped HTML put into CDATA, so that tags nobody closed stay inside them."""
    out: list[str] = []
    at = seen = 0
    unclosed: set[str] = set()
    for match in _BODY.finditer(text):
        if match.start() < seen or match[1] in unclosed:
            continue
        end = text.find(f"</{match[1]}>", match.end())
        if end < 0:
            unclosed.add(match[1])
            continue
        seen = end
        body = text[match.end() : end]
        if "<" not in body or "<![CDATA[" in body or len(body) > _MAX_BODY:
            continue
        out += [text[at : match.end()], "<![CDATA[", body.replace("]]>", "]] >"), "]]>"]
        at = end
    out.append(text[at:])
    return "".join(out)


class _Ahead:
    """Where a pattern stands next, for questions that go forward: each part of the text is looked at once."""

    def __init__(self, text: str, pattern: re.Pattern[str]) -> None:
        self._text, self._pattern, self._next = text, pattern, -1

    def after(self, start: int) -> int:
        """The first place from `start` on; the text's length where there is none."""
        if self._next < start:
            found = self._pattern.search(self._text, start)
            self._next = found.start() if found else len(self._text)
        return self._next


def close(text: str) -> tuple[str, int]:
    """Bodies and titles that nobody closed, closed where the next field or their entry's end is; and how many.

    Left alone, such a body takes in all that follows, up to the end of the next entry's.
    """
    out: list[str] = []
    at = seen = count = 0
    bounds, sections, ends = _Ahead(text, _BOUND), _Ahead(text, _SECTION), _Ahead(text, _SECTION_END)
    closings: dict[str, _Ahead] = {}
    for match in _BODY.finditer(text):
        if match.start() < seen:
            continue
        name, start = match[1], match.end()
        bound = bounds.after(start)
        closing = closings.setdefault(name, _Ahead(text, re.compile(f"</{name}")))
        section = text.startswith("<![CDATA[", start)
        end = ends.after(start) if section else start
        if end < len(text) and not (section and bound < sections.after(start + 9) < end):
            seen = closing.after(end)
            if seen < bounds.after(end):
                continue
            if section:  # the section is whole, the element round it is not
                seen = end + 3
                out += [text[at:seen], f"</{name}>"]
                at, count = seen, count + 1
                continue
        stop = closing.after(start)
        if stop >= bound:
            stop = _end_of_body(text, start + 9 * section, bound)
        body = text[start + 9 * section : stop]
        count += 1
        seen = stop
        if section or "<" in body:
            body = f"<![CDATA[{body.replace(']]>', ']] >')}]]>"
        out += [text[at:start], body, "" if text.startswith(f"</{name}", stop) else f"</{name}>"]
        at = stop
        if stray := _STRAY_END.match(text[stop : stop + 60].split(">", 1)[0] + ">"):  # </descripton>
            at += 0 if stray[1].lower() in (name.lower(), "item", "entry", "channel", "feed", "rss") else stray.end()
    out.append(text[at:])
    return "".join(out), count


def _end_of_body(text: str, start: int, bound: int) -> int:
    """Where a body ends that was not closed: at a misspelt end, the next field, or the bound."""
    field = _NEXT_FIELD.search(text, start, bound)
    stop = field.start() if field else bound
    stray = _STRAY_END.search(text, start, stop)
    if stray and f"<{stray[1]}" not in text[start : stray.start()]:
        return stray.start()
    return stop


def depth(text: str) -> int:
    """How deep the elements nest, counted without building a tree; stops counting past the limit."""
    deepest = level = 0
    for close, _, empty in _TAGS.findall(text):
        if close:
            level = max(level - 1, 0)
        elif not empty:
            level += 1
            deepest = max(deepest, level)
    return deepest


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """(text, literal) pieces; CDATA sections are literal, comments are left out."""
    at = 0
    while True:
        opening = _OPENING.search(text, at)
        if opening is None:
            yield text[at:], False
            return
        begin, is_section = opening.start(), opening[0] != "<!--"
        mark = "]]>" if is_section else "-->"
        end = text.find(mark, begin)
        yield text[at:begin], False
        if end < 0:
            if is_section:
                yield text[begin + 9 :].replace("&", "&amp;").replace("<", "&lt;"), True
            return
        if is_section:
            yield text[begin : end + 3], True
        at = end + 3


def _mend(piece: tuple[str, bool], own: dict[str, str]) -> str:
    text, literal = piece
    if literal or not text:
        return text
    if "&" in text:
        text = _BAD_REFERENCE.sub("", text)
        text = _AMPERSAND.sub(lambda match: _reference(match[1], own), text)
    return _LONE_LESS.sub("&lt;", text)


def _reference(inner: str | None, own: dict[str, str]) -> str:
    if inner is None:
        return "&amp;"
    if inner[0] == "#":
        number = int(inner[2:-1], 16) if inner[1] in "xX" else int(inner[1:-1])
        return f"&{inner}" if number <= 0x10FFFF else ""
    if inner[:-1] in _XML_NAMES:
        return f"&{inner}"
    if inner[:-1] in own:
        return own[inner[:-1]]
    char = html.entities.html5.get(inner)
    if char is not None:
        return "".join(f"&#{ord(c)};" for c in char)
    return f"&amp;{inner}"


def _close(text: str) -> tuple[str, bool]:
    """Cut junk after the root's end; where the end is missing, keep what is complete and close it."""
    last = _last(text, max(0, len(text) - 5000)) or _last(text, 0)
    root = _ROOT.match(text)
    name = root[0][1:].rstrip("> \t\r\n") if root else "rss"
    if last is not None and last[0][2:].rstrip("> \t\r\n").lower() == name.lower():
        return text[: last.end()], False
    if last is not None and name.lower() == "rss":  # </channel> is there, </rss> is not: nothing is lost
        return f"{text[: last.end()]}</{name}>", False
    lowered = text.lower()
    ends = [(lowered.rfind(mark), len(mark)) for mark in ("</item>", "</entry>")]
    at, length = max(ends)
    if at < 0:
        return text, True
    kept = text[: at + length]
    inside_channel = name.lower() == "rss" or (name.lower() == "rdf:rdf" and "</channel>" not in lowered[:at])
    return f"{kept}{'</channel>' if inside_channel else ''}</{name}>", True


def _last(text: str, start: int) -> re.Match[str] | None:
    found = None
    for match in _END.finditer(text, start):
        found = match
    return found


def _declare(text: str) -> str:
    """Declare the prefixes that are used but not declared."""
    used = {first or second for first, second in _PREFIX.findall(text)}
    missing = used - set(_DECLARED.findall(text)) - {"xml", "xmlns"}
    if not missing or len(missing) > 50:
        return text
    root = re.match(r"<[^\s<>/]{1,60}", text)
    if root is None:
        return text
    names = "".join(f' xmlns:{name}="{UNDECLARED}{name}"' for name in sorted(missing))
    return f"{root[0]}{names}{text[root.end() :]}"
