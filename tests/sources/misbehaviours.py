# ruff: noqa: E501  one case, one line
"""What servers and feeds really do to us, and what is to come of it: the cases of `test_misbehaviour`."""

from __future__ import annotations

import asyncio
import codecs
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from feedmaking import atom, item, rss
from unruly import Request, Route, Script, gz, raw_deflate, reply

Check = Callable[[Any], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One misbehaviour: served at /feed, other routes beside it, and the expected outcome."""

    name: str
    route: Route
    error: str | None = None  # kind of the error that is to be raised
    guids: list[str] | None = None
    titles: list[str] | None = None
    links: list[str | None] | None = None
    texts: list[str] | None = None  # a piece of each entry's body
    dates: list[str | None] | None = None
    warns: str | None = None
    refused: int | None = None
    also: Mapping[str, Route] = field(default_factory=dict)
    address: str | None = None  # instead of http://HOST/feed
    within: float = 3.0  # seconds
    check: Check | None = None


TWO = rss(item(1), item(2))
G = ["g-1", "g-2"]


def steps(*parts: bytes | float) -> Script:
    """Send bytes, wait seconds, send bytes …"""

    async def run(_: Request, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            if isinstance(part, bytes):
                writer.write(part)
                await writer.drain()
            else:
                await asyncio.sleep(part)

    return run


def endless(head: bytes, piece: bytes, pause: float = 0.0) -> Script:
    async def run(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)

    return run


def reset(after: bytes) -> Script:
    async def run(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(after)
        await writer.drain()
        writer.transport.abort()

    return run


def chunked(*pieces: bytes, end: bytes = b"0\r\n\r\n", head: str = "") -> bytes:
    body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return (
        f"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n{head}\r\n".encode() + body + end
    )


def encoded(body: bytes, coding: str, **headers: str) -> bytes:
    return reply(body, headers={"Content-Encoding": coding, **headers})


def to(location: str, status: str = "302 Found") -> bytes:
    return reply(status=status, headers={"Location": location})


def cookie_wall() -> Script:
    async def run(request: Request, writer: asyncio.StreamWriter) -> None:
        if "pass=1" in request.headers.get("cookie", ""):
            writer.write(reply(TWO))
        else:
            writer.write(reply(status="302 Found", headers={"Location": "/feed", "Set-Cookie": "pass=1; Path=/"}))

    return run


TRANSPORT = [
    Case(name="content length too long: the body was cut", route=reply(TWO, length=len(TWO) + 50), error="truncated"),
    Case(name="content length too short: the rest is not ours", route=reply(TWO, length=len(TWO) - 10), guids=G),
    Case(name="content length of nothing", route=reply(TWO, length=0), error="empty"),
    Case(name="no length, closed at the end", route=reply(TWO, length=None), guids=G),
    Case(name="empty body", route=reply(b""), error="empty"),
    Case(name="white space only", route=reply(b" \r\n\t\n "), error="empty"),
    Case(name="no content", route=reply(status="204 No Content"), error="http-204"),
    Case(name="chunked", route=chunked(TWO[:100], TWO[100:]), guids=G),
    Case(name="chunked without its end", route=chunked(TWO, end=b""), error="truncated"),
    Case(name="chunked, cut in a chunk", route=chunked(TWO)[:-40], error="truncated"),
    Case(name="chunk size that is none", route=chunked(end=b"zz\r\nxx"), error="http-protocol|truncated"),
    Case(name="chunk extensions and trailers", route=chunked(TWO, end=b"0;x=y\r\nX-Sum: 1\r\n\r\n"), guids=G),
    Case(
        name="a length and chunks",
        route=chunked(TWO, head="Content-Length: 5\r\n"),
        check=lambda out: out.error in ("http-protocol", "truncated") or out.guids == G,
    ),
    Case(name="reset in the middle", route=reset(reply(TWO)[:300]), error="connection|truncated|disconnected"),
    Case(name="hangs up without a word", route=b"", error="disconnected"),
    Case(name="never answers", route=steps(30.0), error="timeout"),
    Case(name="stops in the header", route=steps(b"HTTP/1.1 200 OK\r\nContent-Ty", 30.0), error="timeout"),
    Case(name="stops in the body", route=steps(reply(TWO)[:500], 30.0), error="timeout"),
    Case(name="a byte now and then", route=endless(reply(b"", length=100_000), b"x", 0.02), error="timeout"),
    Case(name="no reason phrase", route=b"HTTP/1.1 200\r\nContent-Length: %d\r\n\r\n" % len(TWO) + TWO, guids=G),
    Case(name="HTTP/1.0", route=b"HTTP/1.0 200 OK\r\n\r\n" + TWO, guids=G),
    Case(name="bare line feeds in the header", route=reply(TWO).replace(b"\r\n", b"\n"), check=lambda out: out.sane),
    Case(name="no HTTP at all", route=b"SSH-2.0-OpenSSH_9.2\r\n\r\n", error="http-protocol"),
    Case(name="endless header", route=endless(b"HTTP/1.1 200 OK\r\n", b"X-A: " + b"a" * 1000 + b"\r\n"), error="http-protocol"),
    Case(name="one endless header line", route=endless(b"HTTP/1.1 200 OK\r\nX: ", b"a" * 5000), error="http-protocol|timeout"),
    Case(name="a header of 20 KB", route=reply(TWO, headers={"Content-Security-Policy": "x" * 20_000}), guids=G),
    Case(name="header in raw UTF-8", route=reply(TWO, headers={"X-Name": "Käse ☃"}), guids=G),
    Case(name="space before the colon", route=reply(TWO, headers={"X-Odd ": "1"}), check=lambda out: out.sane),
    Case(name="early hints first", route=b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + reply(TWO), guids=G),
    Case(name="no content type", route=reply(TWO, kind=None), guids=G),
    Case(name="content type text/html", route=reply(TWO, kind="text/html"), guids=G),
    Case(name="content type text/plain", route=reply(TWO, kind="text/plain"), guids=G),
    Case(name="content type with junk", route=reply(TWO, kind="application/rss+xml;;charset=;x"), guids=G),
    Case(name="charset that does not exist", route=reply(TWO, kind="text/xml; charset=klingon"), guids=G),
    Case(name="partial content", route=reply(TWO, status="206 Partial Content"), error="http-206"),
    Case(name="not found, with a feed in it", route=reply(TWO, status="404 Not Found"), error="http-404"),
    Case(name="forbidden", route=reply(b"no", status="403 Forbidden"), error="http-403"),
    Case(name="login wanted", route=reply(b"no", status="401 Unauthorized"), error="http-401"),
    Case(name="gone", route=reply(b"", status="410 Gone"), error="http-410"),
    Case(name="too many", route=reply(b"", status="429 Too Many Requests", headers={"Retry-After": "7"}), error="http-429",
         check=lambda out: out.retry_after == 7),
    Case(name="busy until a date", route=reply(b"", status="503 x", headers={"Retry-After": "Sun, 22 Nov 2999 10:00:00 GMT"}),
         error="http-503", check=lambda out: out.retry_after == 15 * 86400),
    Case(name="busy for ever", route=reply(b"", status="503 x", headers={"Retry-After": "9" * 40}), error="http-503",
         check=lambda out: out.retry_after == 15 * 86400),
    Case(name="busy until yesterday", route=reply(b"", status="503 x", headers={"Retry-After": "-100"}), error="http-503",
         check=lambda out: out.retry_after is None),
    Case(name="broken server", route=reply(b"oops", status="500 x"), error="http-500"),
    Case(name="a status from elsewhere", route=reply(TWO, status="999 Denied"), check=lambda out: out.error in ("http-999", "http-protocol")),
    Case(name="not modified, unasked", route=reply(status="304 Not Modified", kind=None, length=None), error="http-304"),
    Case(name="a cookie wall", route=cookie_wall(), guids=G),
]  # fmt: skip

BOMB = gz(b"\0" * 60_000_000)
COMPRESSION = [
    Case(name="gzip", route=encoded(gz(TWO), "gzip"), guids=G),
    Case(name="x-gzip", route=encoded(gz(TWO), "x-gzip"), guids=G),
    Case(name="GZIP in capitals", route=encoded(gz(TWO), "GZIP"), guids=G),
    Case(name="deflate with zlib head", route=encoded(zlib.compress(TWO), "deflate"), guids=G),
    Case(name="deflate without", route=encoded(raw_deflate(TWO), "deflate"), guids=G),
    Case(name="gzip called deflate", route=encoded(gz(TWO), "deflate"), guids=G),
    Case(name="gzip twice", route=encoded(gz(gz(TWO)), "gzip, gzip"), guids=G),
    Case(name="gzip in chunks", route=chunked(gz(TWO)[:50], gz(TWO)[50:], head="Content-Encoding: gzip\r\n"), guids=G),
    Case(name="gzip without saying so", route=reply(gz(TWO)), guids=G),
    Case(name="says gzip, is plain", route=encoded(TWO, "gzip"), guids=G),
    Case(name="says deflate, is plain", route=encoded(TWO, "deflate"), guids=G),
    Case(name="says utf-8 as a coding", route=encoded(TWO, "utf-8"), guids=G),
    Case(name="identity", route=encoded(TWO, "identity"), guids=G),
    Case(name="two gzip members", route=encoded(gz(TWO[:200]) + gz(TWO[200:]), "gzip"), guids=G),
    Case(name="gzip with padding behind", route=encoded(gz(TWO) + b"\0" * 20, "gzip"), guids=G),
    Case(name="gzip cut off", route=encoded(gz(TWO)[:-30], "gzip"), error="truncated"),
    Case(name="gzip, checksum wrong", route=encoded(gz(TWO)[:-8] + b"12345678", "gzip"), error="truncated"),
    Case(name="gzip, garbage inside", route=encoded(gz(TWO)[:40] + b"garbage" * 20, "gzip"), error="truncated"),
    Case(name="empty body called gzip", route=encoded(b"", "gzip"), error="empty"),
    Case(name="brotli, unasked", route=encoded(b"\x1b\x03", "br"), error="content-encoding"),
    Case(name="zstd, unasked", route=encoded(b"\x28\xb5\x2f\xfd", "zstd"), error="content-encoding"),
    Case(name="gzip bomb", route=encoded(BOMB, "gzip"), error="too-large"),
    Case(name="gzip bomb in a gzip", route=encoded(gz(BOMB), "gzip, gzip"), error="too-large"),
    Case(name="gzip bomb without saying so", route=reply(BOMB), error="too-large"),
    Case(name="deflate bomb", route=encoded(zlib.compress(b"\0" * 60_000_000, 9), "deflate"), error="too-large"),
    Case(name="ten layers of gzip", route=encoded(gz(TWO), ", ".join(["gzip"] * 10)), error="content-encoding"),
]  # fmt: skip

RU, FA, JA = "Переговоры в Москве", "گفتگو در تهران", "東京で会談"


def said(text: str, encoding: str, declared: str | None = None, mark: bytes = b"") -> bytes:
    declaration = f'<?xml version="1.0" encoding="{declared or encoding}"?>' if declared != "" else ""
    body = rss(item(1, title=text, description=f"{text}. {text}!"), declaration="").decode().lstrip()
    return mark + (declaration + body).encode(encoding)


XML, HTML_1251 = "application/rss+xml", "text/xml; charset=windows-1251"
ENCODINGS = [
    Case(name="UTF-8 with mark", route=reply(codecs.BOM_UTF8 + TWO), guids=G),
    Case(name="UTF-8 with two marks", route=reply(codecs.BOM_UTF8 * 2 + TWO), guids=G),
    Case(name="UTF-16 little with mark", route=reply(said(RU, "utf-16-le", "utf-16", codecs.BOM_UTF16_LE), kind=XML), titles=[RU]),
    Case(name="UTF-16 big with mark", route=reply(said(FA, "utf-16-be", "utf-16", codecs.BOM_UTF16_BE), kind=XML), titles=[FA]),
    Case(name="UTF-16 little without mark", route=reply(said(RU, "utf-16-le", "utf-16"), kind=XML), titles=[RU]),
    Case(name="UTF-16 big without mark", route=reply(said(RU, "utf-16-be", "utf-16"), kind=XML), titles=[RU]),
    Case(name="UTF-32 with mark", route=reply(said(RU, "utf-32-le", "utf-32", codecs.BOM_UTF32_LE), kind=XML), titles=[RU]),
    Case(name="UTF-8 that says UTF-16", route=reply(said(RU, "utf-8", "utf-16"), kind=XML), titles=[RU]),
    Case(name="UTF-16 that says UTF-8", route=reply(said(RU, "utf-16-le", "utf-8", codecs.BOM_UTF16_LE), kind=XML), titles=[RU]),
    Case(name="windows-1251 declared in the XML", route=reply(said(RU, "cp1251", "windows-1251"), kind=XML), titles=[RU]),
    Case(name="windows-1251 declared by HTTP only", route=reply(said(RU, "cp1251", ""), kind=HTML_1251), titles=[RU]),
    Case(name="windows-1251 by HTTP, UTF-8 by XML", route=reply(said(RU, "cp1251", "utf-8"), kind=HTML_1251), titles=[RU]),
    Case(name="windows-1251 by XML, UTF-8 by HTTP", route=reply(said(RU, "cp1251", "windows-1251"), kind=f"{XML}; charset=utf-8"), titles=[RU]),
    Case(name="windows-1256", route=reply(said(FA.replace("گ", "ك"), "cp1256", "windows-1256"), kind=XML), titles=[FA.replace("گ", "ك")]),
    Case(name="koi8-r", route=reply(said(RU, "koi8-r"), kind=XML), titles=[RU]),
    Case(name="shift_jis", route=reply(said(JA, "shift_jis"), kind=XML), titles=[JA]),
    Case(name="euc-jp", route=reply(said(JA, "euc-jp"), kind=XML), titles=[JA]),
    Case(name="gb2312 with a character of gbk", route=reply(said("朱镕基会谈", "gbk", "gb2312"), kind=XML), titles=["朱镕基会谈"]),
    Case(name="big5", route=reply(said("台北會談", "big5"), kind=XML), titles=["台北會談"]),
    Case(name="euc-kr", route=reply(said("서울 회담", "euc-kr"), kind=XML), titles=["서울 회담"]),
    Case(name="iso-2022-jp", route=reply(said(JA, "iso2022_jp", "iso-2022-jp"), kind=XML), titles=[JA]),
    Case(name="latin-1 with windows quotes", route=reply(said("“Café”", "cp1252", "iso-8859-1"), kind=XML), titles=["“Café”"]),
    Case(name="UTF-8 that says latin-1", route=reply(said("Café “x”", "utf-8", "iso-8859-1"), kind=f"{XML}; charset=iso-8859-1"), titles=["Café “x”"]),
    Case(name="UTF-8 that says us-ascii", route=reply(said("Café", "utf-8", "us-ascii"), kind="text/xml; charset=us-ascii"), titles=["Café"]),
    Case(name="says UTF-8, is latin-1", route=reply(said("Überraschung in Köln für viele Bürger", "cp1252", "utf-8"), kind=XML),
         titles=["Überraschung in Köln für viele Bürger"]),
    Case(name="says UTF-8, is windows-1251", route=reply(said(RU + " продолжаются третий день подряд", "cp1251", "utf-8"), kind=XML),
         titles=[RU + " продолжаются третий день подряд"]),
    Case(name="an encoding that does not exist", route=reply(said("Café", "utf-8", "x-unknown"), kind=XML), titles=["Café"]),
    Case(name="UTF-8 with one broken byte", route=reply(TWO.replace(b"Story 1", b"Story \xff 1"), kind=XML), check=lambda out: out.guids == G),
    Case(name="UTF-7 is not read as such", route=reply(said("x +ADw-script+AD4-", "ascii", "utf-7"), kind=XML), titles=["x +ADw-script+AD4-"]),
]  # fmt: skip


def broken(*pairs: tuple[str, str]) -> bytes:
    text = TWO.decode()
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    return text.encode()


LOL = '<!DOCTYPE r [<!ENTITY a "lol lol lol">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
)
XML_CASES = [
    Case(name="white space before the declaration", route=reply(b"\n\n  " + TWO), guids=G),
    Case(name="mark and white space before the declaration", route=reply(codecs.BOM_UTF8 + b"\n " + TWO), guids=G),
    Case(name="a PHP warning before the declaration", route=reply(b"<br />\n<b>Warning</b>: mysql in /x.php<br />\n" + TWO), guids=G),
    Case(name="a comment and a stylesheet first", route=reply(TWO.replace(b"<rss", b"<!-- hi --><?xml-stylesheet href='x'?><rss")), guids=G),
    Case(name="junk behind the end", route=reply(TWO + b"<!-- cached --><script>x()</script>\0\0"), guids=G),
    Case(name="no declaration", route=reply(TWO.split(b"?>")[1]), guids=G),
    Case(name="undeclared entities", route=reply(broken(("The envoy", "The&nbsp;envoy &mdash; caf&eacute;"))), texts=["café", "envoy"]),
    Case(name="unknown entities", route=reply(broken(("The envoy", "&bogus; envoy"))), guids=G),
    Case(name="bare ampersands", route=reply(broken(("Story 1", "AT&T & Sons"), ("/1<", "/1?a=1&b=2<"))), titles=["AT&T & Sons", "Story 2"],
         links=["https://news.example/1?a=1&b=2", "https://news.example/2"]),
    Case(name="a bare less-than", route=reply(broken(("The envoy", "5 < 6 and x<=y; envoy"))), texts=["envoy", "envoy"]),
    Case(name="control characters", route=reply(broken(("Story 1", "Sto\x0bry\x00 \x1b1"))), titles=["Story 1", "Story 2"]),
    Case(name="references to control characters", route=reply(broken(("Story 1", "Story&#0;&#x1F; 1&#xB;"))), titles=["Story 1", "Story 2"]),
    Case(name="references to surrogates", route=reply(broken(("Story 1", "Story &#xD83D;&#xDE00;1"))), guids=G),
    Case(name="a prefix nobody declared", route=reply(broken(("</title><link>https://news.example/1",
         "</title><dc:creator>Jane</dc:creator><media:thumbnail url='x'/><link>https://news.example/1"))), guids=G,
         check=lambda out: out.entries[0].author == "Jane"),
    Case(name="unclosed HTML in a description", route=reply(broken(("The envoy", "<p>The <b>envoy<br>"))), check=lambda out: out.titles[0] == "Story 1"),
    Case(name="XHTML in a description", route=reply(broken(("The envoy said 1", "<p>The <b>envoy</b></p> said 1"))), texts=["<b>envoy</b>", "envoy"]),
    Case(name="markup in a title", route=reply(broken(("Story 1", "A <em>bold</em> move"))), titles=["A bold move", "Story 2"]),
    Case(name="tags closed in the wrong order", route=reply(broken(("</guid><pubDate>", "</pubDate><pubDate>"))), check=lambda out: len(out.guids) == 2),
    Case(name="an item that is not closed", route=reply(broken(("</item>", ""))), check=lambda out: out.sane and "Story 2" in out.titles),
    Case(name="cut after an item", route=reply(TWO[: TWO.rindex(b"</item>") + 7], length=None), guids=G),
    Case(name="cut in an item", route=reply(TWO[: TWO.rindex(b"<guid>")], length=None), guids=["g-1"], warns="ends in the middle"),
    Case(name="cut in CDATA", route=reply(broken(("The envoy said 2", "<![CDATA[<p>The envoy"))[:-60], length=None), guids=["g-1"], warns="ends in the middle"),
    Case(name="</rss> missing only", route=reply(TWO.replace(b"</rss>", b"")), guids=G, check=lambda out: not out.warnings),
    Case(name="CDATA in CDATA", route=reply(broken(("The envoy said 1", "<![CDATA[a <![CDATA[ b ]]> envoy"))), guids=G),
    Case(name="tags in capitals", route=reply(TWO.replace(b"item>", b"ITEM>")), check=lambda out: out.sane),
    Case(name="a netscape DOCTYPE", route=reply(TWO.replace(b"<rss", b'<!DOCTYPE rss PUBLIC "-//N//DTD RSS 0.91//EN" "http://127.0.0.1:1/x.dtd"><rss')), guids=G),
    Case(name="a DOCTYPE with entities of its own", route=reply(broken(("<rss", '<!DOCTYPE rss [<!ENTITY co "Example &#169;">]><rss'), ("Story 1", "Story"))), guids=G),
    Case(name="own entities are used", route=reply(broken(("<rss", '<!DOCTYPE rss [<!ENTITY co "Example Co">]><rss'), ("Story 1", "By &co;"))),
         titles=["By Example Co", "Story 2"]),
    Case(name="an external entity", route=reply(broken(("<rss", '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss'), ("Story 1", "S &x;"))),
         check=lambda out: out.sane and "root:" not in str(out.titles)),
    Case(name="an external entity by HTTP", route=reply(broken(("<rss", '<!DOCTYPE rss [<!ENTITY x SYSTEM "http://HOST/secret">]><rss'), ("Story 1", "S &x;"))),
         also={"/secret": reply(b"TOPSECRET")}, check=lambda out: "/secret" not in out.asked and "TOPSECRET" not in str(out.titles)),
    Case(name="XInclude", route=reply(broken(("The envoy", '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>'))),
         check=lambda out: out.sane and "root:" not in out.all_text),
    Case(name="entity bomb", route=reply((LOL + "]><rss version='2.0'><channel><item><title>&j;</title></item></channel></rss>").encode()), check=lambda out: out.small),
    Case(name="entity bomb, quadratic", route=reply(('<!DOCTYPE r [<!ENTITY a "' + "A" * 250 + '">]><rss><channel><item><title>' + "&a;" * 60_000 + "</title></item></channel></rss>").encode()),
         check=lambda out: out.small),
    Case(name="20,000 deep", route=reply(b"<rss><channel><item><title>" + b"<a>" * 20_000 + b"</a>" * 20_000 + b"</title></item></channel></rss>"), error="too-deep"),
    Case(name="100,000 attributes", route=reply(b"<rss><channel><item " + b" ".join(b'a%d="1"' % n for n in range(100_000)) + b"><title>x</title></item></channel></rss>"),
         check=lambda out: out.titles == ["x"] or out.error is not None, within=8),
    Case(name="100,000 namespaces", route=reply(b"<rss " + b" ".join(b'xmlns:a%d="u:%d"' % (n, n) for n in range(100_000)) + b"><channel><item><title>x</title></item></channel></rss>"),
         check=lambda out: out.titles == ["x"] or out.error is not None, within=8),
    Case(name="a web page", route=reply(b"<!DOCTYPE html><html><body>Welcome</body></html>", kind="text/html"), error="web-page"),
    Case(name="a web page called a feed", route=reply(b"<html><head><title>x</title></head><body>Log in</body></html>"), error="web-page"),
    Case(name="a sitemap", route=reply(b'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"></urlset>'), error="not-a-feed", check=lambda out: "[sitemaps.NAME]" in out.message),
    Case(name="an XML error message", route=reply(b'<?xml version="1.0"?><error>No such feed</error>'), error="not-a-feed"),
    Case(name="JSON that is no feed", route=reply(b'{"error": "no"}', kind="application/json"), error="not-a-feed"),
    Case(name="JSON that is broken", route=reply(b'{"version": "https://jsonfeed.org/version/1.1", "items": [', kind="application/json"), error="unreadable"),
    Case(name="JSON 200,000 deep", route=reply(b'{"items":' + b"[" * 200_000, kind="application/json"), error="unreadable"),
    Case(name="plain text", route=reply(b"Service unavailable"), error="not-a-feed"),
    Case(name="a PNG", route=reply(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, kind="image/png"), error="not-a-feed"),
    Case(name="zeros", route=reply(b"\0" * 5000), error="empty"),
]  # fmt: skip

REDIRECTS = [
    Case(name="five redirects", route=to("/1"), also={"/1": to("/2"), "/2": to("/3"), "/3": to("/4"), "/4": to("/5"), "/5": reply(TWO)}, guids=G),
    Case(name="six redirects", route=to("/1"), also={f"/{n}": to(f"/{n + 1}") for n in range(1, 9)}, error="redirects"),
    Case(name="to itself", route=to("/feed"), error="redirects"),
    Case(name="round and round", route=to("/1"), also={"/1": to("/feed")}, error="redirects"),
    Case(name="without a target", route=reply(status="302 Found"), error="redirects"),
    Case(name="with an empty target", route=to(""), error="redirects"),
    Case(name="relative", route=to("feeds/x"), also={"/feeds/x": reply(TWO)}, guids=G),
    Case(name="without a scheme", route=to("//HOST/x"), also={"/x": reply(TWO)}, guids=G),
    Case(name="with a fragment", route=to("/x#top"), also={"/x": reply(TWO)}, guids=G),
    Case(name="with spaces", route=to("/x y"), also={"/x%20y": reply(TWO)}, guids=G),
    Case(name="in raw UTF-8", route=to("/é"), also={"/%C3%A9": reply(TWO)}, guids=G),
    Case(name="303", route=to("/x", "303 See Other"), also={"/x": reply(TWO)}, guids=G),
    Case(name="307", route=to("/x", "307 Temporary"), also={"/x": reply(TWO)}, guids=G),
    Case(name="300", route=to("/x", "300 Multiple Choices"), also={"/x": reply(TWO)}, error="http-300"),
    Case(name="to a page, not adopted", route=to("/x", "301 Moved"), also={"/x": reply(b"<html>parked</html>")}, error="web-page"),
    Case(name="to a file", route=to("file:///etc/passwd"), error="address"),
    Case(name="to ftp", route=to("ftp://127.0.0.1/x"), error="address"),
    Case(name="to javascript", route=to("javascript:alert(1)"), error="address"),
    Case(name="to data", route=to("data:text/xml,<rss/>"), error="address"),
    Case(name="to nonsense", route=to("http://[::1"), error="bad-url"),
    Case(name="to a port that is none", route=to("http://127.0.0.1:99999/"), error="bad-url"),
]  # fmt: skip

PRIVATE = [
    "http://127.0.0.1:1/", "http://localhost:1/", "http://localhost.:1/", "http://[::1]:1/", "http://[::]:1/", "http://0.0.0.0:1/",
    "http://0:1/", "http://127.1:1/", "http://2130706433:1/", "http://0x7f000001:1/", "http://0177.0.0.1:1/",
    "http://0x7f.0.0.1:1/", "http://127.0.0.1.:1/", "http://10.0.0.1/", "http://172.16.0.1/", "http://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data/", "http://100.64.0.1/", "http://192.0.0.192/", "http://198.18.0.1/",
    "http://203.0.113.5/", "http://224.0.0.1/", "http://240.0.0.1/", "http://255.255.255.255/", "http://[fe80::1]/",
    "http://[fc00::1]/", "http://[fd00:ec2::254]/", "http://[ff02::1]/", "http://[::ffff:127.0.0.1]:1/", "http://[::ffff:10.0.0.1]/",
    "http://[64:ff9b::7f00:1]:1/", "http://[64:ff9b::a9fe:a9fe]/", "http://[64:ff9b:1::1]/", "http://[2002:7f00:1::]/",
    "http://[2002:a00:1::1]/", "http://[2001:0:7f00:1::]/", "http://[::127.0.0.1]:1/", "http://[fec0::1]/", "http://[2001:db8::1]/",
    "http://１２７.0.0.1:1/", "http://127。0。0。1:1/", "http://user:pw@127.0.0.1:1/",
]  # fmt: skip
SSRF = [Case(name=f"redirect to {address}", route=to(address), error="address|bad-url") for address in PRIVATE] + [
    Case(name=f"address {address}", route=reply(TWO), address=address, error="address|bad-url")
    for address in PRIVATE[:14]
]


def big(count: int) -> bytes:
    return rss(*(item(n) for n in range(count)))


SIZES = [
    Case(name="says it is huge", route=reply(b"x", length=10**12), error="too-large"),
    Case(name="endless", route=endless(b"HTTP/1.1 200 OK\r\n\r\n" + TWO[:300], b"<item>" + b"x" * 65536), error="too-large"),
    Case(name="endless in chunks", route=endless(chunked(TWO[:300], end=b""), b"10000\r\n" + b"x" * 65536 + b"\r\n"), error="too-large"),
    Case(name="50 MB", route=reply(TWO + b" " * 50_000_000), error="too-large"),
    Case(name="3,000 entries", route=reply(big(3000)), check=lambda out: len(out.guids) == 3000, within=10),
    Case(name="20,000 entries", route=reply(big(20_000)), check=lambda out: len(out.guids) == 10_000 and "20,000" in out.warnings[0], within=20),
    Case(name="no entries", route=reply(rss()), guids=[]),
    Case(name="a body of 3 MB", route=reply(rss(item(1, description="x" * 3_000_000))), check=lambda out: len(out.all_text) <= 2_100_000),
    Case(name="a title of a million characters", route=reply(rss(item(1, title="long " * 200_000))), check=lambda out: len(out.titles[0]) == 2000),
    Case(name="a guid of 100,000 characters", route=reply(rss(item(1, guid="g" * 100_000))), check=lambda out: len(out.guids[0]) < 100),
    Case(name="a link of 100,000 characters", route=reply(rss(item(1, link="https://x.example/" + "a" * 100_000))), links=[None]),
    Case(name="10,000 categories", route=reply(rss(item(1) .replace("</item>", "<category>c</category>" * 10_000 + "</item>"))), guids=["g-1"]),
]  # fmt: skip

D = "2026-11-22T10:00:00"
ENTRIES = [
    Case(name="no guid: the link", route=reply(rss(item(1, guid=""))), guids=["https://news.example/1"]),
    Case(name="no guid, no link: the content", route=reply(rss(item(1, guid="", link=""))), check=lambda out: out.guids[0].startswith("content:")),
    Case(name="no title", route=reply(rss(item(1, title=""))), titles=[""], texts=["envoy"]),
    Case(name="no description", route=reply(rss(item(1, description=""))), titles=["Story 1"]),
    Case(name="nothing at all", route=reply(rss("<item></item>", item(2))), guids=["g-2"], refused=1),
    Case(name="a guid that is the link", route=reply(rss("<item><guid>https://news.example/9</guid><title>x</title></item>")), links=["https://news.example/9"]),
    Case(name="a guid that is no link", route=reply(rss('<item><guid isPermaLink="false">https://news.example/9</guid><title>x</title></item>')), links=[None]),
    Case(name="the same entry twice", route=reply(rss(item(1), item(1))), guids=["g-1"]),
    Case(name="one guid for two entries", route=reply(rss(item(1), item(2, guid="g-1"))), guids=["g-1", "g-1 https://news.example/2"]),
    Case(name="no guids, all links the front page", route=reply(rss(*(item(n, guid="", link="https://news.example/") for n in (1, 2)))),
         check=lambda out: len(set(out.guids)) == 2),
    Case(name="an empty guid element", route=reply(rss(item(1).replace(">g-1<", "> <"))), guids=["https://news.example/1"]),
    Case(name="white space around everything", route=reply(rss(item(1, guid="\n g-1 \n", link="\n  https://news.example/1\n ", title="\n Story\n 1 "))),
         guids=["g-1"], titles=["Story 1"], links=["https://news.example/1"]),
    Case(name="a relative link", route=reply(rss(item(1, link="/a/1"))), links=["https://news.example/a/1"]),
    Case(name="a link without a scheme", route=reply(rss(item(1, link="//cdn.example/1"))), links=["https://cdn.example/1"]),
    Case(name="xml:base", route=reply(atom('<entry xml:base="http://other.example/a/"><id>1</id><title>x</title><link href="b"/></entry>')),
         links=["http://other.example/a/b"]),
    Case(name="xml:base in xml:base", route=reply(atom('<entry xml:base="sub/"><id>1</id><title>x</title><link href="b"/></entry>', attributes=' xml:base="http://o.example/x/"')),
         links=["http://o.example/x/sub/b"]),
    Case(name="relative link in Atom", route=reply(atom('<entry><id>1</id><title>x</title><link href="b"/></entry>')), links=["http://HOST/b"]),
    Case(name="a javascript link", route=reply(rss(item(1, link="javascript:alert(1)"))), links=[None]),
    Case(name="a data link", route=reply(rss(item(1, link="data:text/html,hi"))), links=[None]),
    Case(name="a file link", route=reply(rss(item(1, link="file:///etc/passwd"))), links=[None]),
    Case(name="a link with line breaks", route=reply(rss(item(1, link="https://news.example/\n1"))), links=["https://news.example/1"]),
    Case(name="a link with a password", route=reply(rss(item(1, link="https://u:p@news.example/1"))), links=["https://news.example/1"]),
    Case(name="escaped markup in a title", route=reply(rss(item(1, title="A &lt;b&gt;bold&lt;/b&gt; move"))), titles=["A bold move"]),
    Case(name="a doubly escaped entity", route=reply(rss(item(1, title="AT&amp;amp;T &amp;#8217;s"))), titles=["AT&T ’s"]),
    Case(name="doubly escaped markup", route=reply(rss(item(1, title="A &amp;lt;b&amp;gt;bold&amp;lt;/b&amp;gt; move"))), titles=["A bold move"]),
    Case(name="a script in a title", route=reply(rss(item(1, title="<![CDATA[Hi <script>alert(1)</script> there]]>"))), titles=["Hi there"]),
    Case(name="a less-than in a title", route=reply(rss(item(1, title="if x &lt; y then"))), titles=["if x < y then"]),
    Case(name="NUL in JSON", route=reply(json.dumps({"version": "https://jsonfeed.org/version/1", "title": "x", "items": [{"id": "1", "title": "a\0b\ud800c", "content_text": "t\0u"}]}).encode()),
         titles=["abc"], texts=["tu"]),
    Case(name="JSON with mark", route=reply(codecs.BOM_UTF8 + json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "x", "items": [{"id": 7, "url": "https://x.example/7", "content_html": "<p>t</p>", "date_published": D + "Z"}]}).encode()),
         guids=["7"], dates=[D]),
    Case(name="JSON as text/html", route=reply(json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "x", "items": [{"id": "1", "title": "a < b & c"}]}).encode(), kind="text/html"),
         titles=["a < b & c"]),
    Case(name="a date in the future", route=reply(rss(item(1, pubDate="Sun, 22 Nov 2099 10:00:00 GMT"))), dates=[None]),
    Case(name="a date at the epoch", route=reply(rss(item(1, pubDate="Thu, 01 Jan 1970 00:00:00 GMT"))), dates=[None]),
    Case(name="a date that is none", route=reply(rss(item(1, pubDate="yesterday-ish"))), dates=[None]),
    Case(name="a zone by name", route=reply(rss(item(1, pubDate="Sun, 22 Nov 2026 05:00:00 EST"))), dates=[D]),
    Case(name="ISO in RSS", route=reply(rss(item(1, pubDate="2026-11-22T12:00:00+02:00"))), dates=[D]),
    Case(name="a date in German", route=reply(rss(item(1, pubDate="So, 22. November 2026 10:00"))), dates=[D]),
    Case(name="a date in Russian", route=reply(rss(item(1, pubDate="22 ноября 2026 10:00"))), dates=[D]),
    Case(name="a wrong day of the week", route=reply(rss(item(1, pubDate="Mon, 22 Nov 2026 10:00:00 GMT"))), dates=[D]),
    Case(name="a two-digit year", route=reply(rss(item(1, pubDate="22 Nov 26 10:00 GMT"))), dates=[D]),
    Case(name="dc:date", route=reply(rss(item(1, pubDate="").replace("</item>", f"<dc:date>{D}Z</dc:date></item>"), attributes=' xmlns:dc="http://purl.org/dc/elements/1.1/"')), dates=[D]),
    Case(name="content:encoded beside a summary", route=reply(rss(item(1).replace("</item>", "<content:encoded><![CDATA[<p>All of the envoy's words, at length.</p>]]></content:encoded></item>"),
         attributes=' xmlns:content="http://purl.org/rss/1.0/modules/content/"')), texts=["at length"]),
    Case(name="Atom xhtml", route=reply(atom('<entry><id>1</id><title type="html">A &lt;i&gt;b&lt;/i&gt;</title><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>The <b>envoy</b></p></div></content></entry>')),
         titles=["A b"], texts=["<b>envoy</b>"]),
    Case(name="Atom title as text with markup", route=reply(atom('<entry><id>1</id><title type="text">How &lt;3 works</title></entry>')), titles=["How <3 works"]),
    Case(name="media description only", route=reply(rss('<item><title>v</title><media:group xmlns:media="http://search.yahoo.com/mrss/"><media:description>The envoy speaks</media:description></media:group></item>')), texts=["envoy speaks"]),
    Case(name="RDF", route=reply(b'<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"><channel rdf:about="x"><title>t</title><link>https://x.example/</link></channel><item rdf:about="https://x.example/1"><title>a</title><link>https://x.example/1</link></item></rdf:RDF>'),
         guids=["https://x.example/1"], titles=["a"]),
    Case(name="a bridge's error among news", route=reply(rss(item(1, title="Bridge returned error 500! (1)"), item(2))), guids=["g-2"], refused=1),
    Case(name="nothing but a bridge's error", route=reply(rss(item(1, title="Bridge returned error 500! (1)"))), error="bridge-error"),
    Case(name="a bare <feed> without a namespace", route=reply(b"<feed><title>x</title><entry><id>1</id><title>a</title></entry></feed>"), titles=["a"]),
    Case(name="a title of direction marks", route=reply(rss(item(1, title="\u202eevil\u202c"))), check=lambda out: len(out.titles) == 1),
]  # fmt: skip

GROUPS = {
    "transport": TRANSPORT,
    "compression": COMPRESSION,
    "encodings": ENCODINGS,
    "xml": XML_CASES,
    "redirects": REDIRECTS,
    "ssrf": SSRF,
    "sizes": SIZES,
    "entries": ENTRIES,
}
