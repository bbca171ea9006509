"""Small text of feeds made safe to store: plain titles, links that are links, no control characters.

Pure. Bodies are not treated here: they stay HTML until the extractor takes them apart.
"""

from __future__ import annotations

import html
import re
from urllib.parse import urljoin, urlsplit

TITLE_LIMIT = 2000
URL_LIMIT = 4000
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_WINDOWS = {chr(code): bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0)}
_SILENT = re.compile(r"<(script|style|noscript|iframe|template)\b[^<>]*>.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
# A comment without an end reaches to the end, as in browsers: looking for each end anew would take quadratic time.
_TAG = re.compile(
    r"</?(?:a|abbr|acronym|address|article|aside|audio|b|base|bdi|bdo|big|blink|blockquote|body|br|button|caption|center|cite|"
    r"code|col|dd|del|details|dfn|dir|div|dl|dt|em|embed|fieldset|figcaption|figure|font|footer|form|frame|h[1-6]|"
    r"head|header|hr|html|i|iframe|img|input|ins|kbd|label|legend|li|link|main|map|mark|marquee|math|meta|nav|nobr|noscript|"
    r"object|ol|option|p|param|picture|pre|q|rp|rt|ruby|s|samp|script|section|select|small|source|span|strike|"
    r"strong|style|sub|summary|sup|svg|table|tbody|td|textarea|tfoot|th|thead|time|title|tr|tt|u|ul|var|video|wbr)"
    r"(?:\s[^<>]*|/)?>|<!--.*?(?:-->|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_BREAKS = re.compile(r"</?(?:br|p|div|li|h[1-6]|tr|td|hr)\b[^<>]*>", re.IGNORECASE)
_PLAIN_LINK = re.compile(
    r"https?://[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d{1,5})?(?:/[!#-%'-;=?-~]*(?:&(?!amp;)[!#-%'-;=?-~]*)*)?"
)

# A scheme with however many slashes, or a host without any scheme.
_START = re.compile(r"(https?):(?://(?![/\\])|[/\\]*(?=[^/\\?#]*\.[^/\\?#]))|(?=www\.[\w-]+\.)", re.IGNORECASE)
_HREF = re.compile(r"""href\s*=\s*["']?([^\s"'<>]+)""", re.IGNORECASE)


def scrub(text: str) -> str:
    """Without NUL, C0 and C1 controls (tab and line ends stay), lone surrogates and non-characters.

    C1 controls stand for what windows-1252 has in their places, as browsers read `&#146;`: nobody means the controls.
    """
    return _CONTROL.sub(_proper, text) if not text.isprintable() else text


def _proper(control: re.Match[str]) -> str:
    return _WINDOWS.get(control[0], "")


def plain(text: str | None, limit: int = TITLE_LIMIT) -> str:
    """Markup and entities, also doubly escaped ones, turned into plain text of one line and bounded length.

    A `<` that opens no HTML tag is an ordinary character and stays.
    """
    if not text:
        return ""
    if "<" in text or "&" in text:
        text = text[: limit * 20].replace("&lt;![CDATA[", "<![CDATA[")
        if "<![CDATA[" in text:  # escaped together with what it was to protect
            text = text.replace("<![CDATA[", "").replace("]]&gt;", "").replace("]]>", "")
        for _ in range(3):
            before = text
            if "<" in text:
                text = _TAG.sub("", _BREAKS.sub(" ", _SILENT.sub(" ", text)))
            if "&" in text:
                text = html.unescape(text)
            if text == before:
                break
        if "<" in text:
            text = _TAG.sub("", _SILENT.sub(" ", text))
    text = " ".join(scrub(text).split())
    if len(text) > limit:
        text = text[: limit - 1].rstrip() + "…"
    return text


def looks_like_html(text: str) -> bool:
    """Whether a body is HTML rather than plain text."""
    return "&" in text or ("<" in text and _TAG.search(text) is not None)


def web_link(link: str | None, base: str | None) -> str | None:
    """An absolute http or https address, or None: for javascript:, data:, mailto: and what is no address."""
    if not link:
        return None
    link = link.strip()
    if len(link) <= URL_LIMIT and _PLAIN_LINK.fullmatch(link):
        return link  # as nearly all are
    if not link.isprintable():
        link = scrub(link).replace("\n", "").replace("\r", "").replace("\t", "").strip()
    if not link or len(link) > URL_LIMIT:
        return None
    link = _straight(link)
    try:
        if not link[:8].lower().startswith(("http://", "https://")):
            if "&amp;" in link:
                link = html.unescape(link)
            if not base or _foreign_scheme(link):
                return None
            link = urljoin(base, link)
            if not link[:8].lower().startswith(("http://", "https://")):
                return None
        elif "&amp;" in link:
            link = link.replace("&amp;", "&")
        parts = urlsplit(link)
        if not parts.hostname:
            return None
        if parts.username is not None:
            link = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    except ValueError:
        return None
    return link.replace(" ", "%20") if " " in link else link


def _straight(link: str) -> str:
    """A link out of angle brackets or an <a>, with the slashes and the scheme that browsers would read into it."""
    if "<" in link:
        href = _HREF.search(link)
        link = href[1] if href else link.strip("<>")
    match = _START.match(link)
    if match is None:
        return link
    address, mark, query = link[match.end() :].partition("?")
    slashed = address.replace("\\", "/")
    return f"{(match[1] or 'http').lower()}://{slashed}{mark}{query}"


def _foreign_scheme(link: str) -> bool:
    head = re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", link)
    return head is not None and head[0].lower() not in ("http:", "https:")
