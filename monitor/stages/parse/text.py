"""Small text of feeds made safe to store: plain titles, links that are links, no control characters.

Pure. Bodies are not treated here: they stay HTML until the extractor takes them apart.
"""

from __future__ import annotations

import html
import re
from urllib.parse import urljoin, urlsplit

TITLE_LIMIT = 2000
URL_LIMIT = 4000
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
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


def scrub(text: str) -> str:
    """Without NUL, C0 and C1 controls (tab and line ends stay), lone surrogates and non-characters."""
    return _CONTROL.sub("", text) if not text.isprintable() else text


def plain(text: str | None, limit: int = TITLE_LIMIT) -> str:
    """Markup and entities, also doubly escaped ones, turned into plain text of one line and bounded length.

    A `<` that opens no HTML tag is an ordinary character and stays.
    """
    if not text:
        return ""
    if "<" in text or "&" in text:
        text = text[: limit * 20]
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


def _foreign_scheme(link: str) -> bool:
    head = re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", link)
    return head is not None and head[0].lower() not in ("http:", "https:")
