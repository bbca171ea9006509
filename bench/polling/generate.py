# ruff: noqa: E501, SIM905  feeds are long lines; word lists are read better as text
"""A thousand feeds as the world has them, the same ones for the same seed.

Sizes run from 10 to 200 KB. Four fifths are well-formed RSS, Atom, RDF or JSON Feed; a fifth is malformed or odd in
the ways of real feeds: entities nobody declared, bare ampersands, control characters, white space before the
declaration, wrong or old encodings, DOCTYPEs, undeclared prefixes, tags that do not match.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape

WORDS = (
    "the of and to in a is that for on with as by at from it said was are be has have this which not he his an its"
    " president minister talks government police court market company people year city country report region war peace"
    " election party leader agreement official week month percent million border attack water energy school health climate"
    " parliament council bank trade police security forces army airspace drone envoy negotiation statement analysts"
    " village river storm earthquake rescue hospital doctors teachers students football match season coach player film"
    " museum festival music artist science researchers university study species ocean forest temperature technology"
).split()
RUSSIAN = (
    "и в на с что по как для это его из был они за от к не но так уже президент министр переговоры правительство"
    " страна город война мир выборы партия рынок компания полиция суд вода школа погода матч команда"
).split()
START = datetime(2026, 11, 22, tzinfo=UTC)
ODD = ("entities", "ampersands", "controls", "leading", "doctype", "prefix", "utf16", "cp1251", "latin1", "mismatched")


@dataclass(frozen=True, slots=True)
class Made:
    """A feed: path, media type, body, how many entries, and what is odd about it ('' for nothing)."""

    path: str
    media_type: str
    body: bytes
    entries: int
    odd: str


def make(seed: int, count: int, *, more: bool = False) -> list[Made]:
    """`count` feeds. `more`: every twentieth has one new entry on top."""
    return [_feed(seed, number, 1 if more and number % 20 == 7 else 0) for number in range(count)]


def _feed(seed: int, number: int, extra: int) -> Made:
    chance = random.Random(f"{seed}/{number}")
    size = int(10_000 * 20 ** chance.random())  # 10–200 KB, log-uniform
    kind = chance.choices(("content", "summary", "atom", "rdf", "json"), (50, 22, 20, 5, 3))[0]
    odd = chance.choice(ODD) if chance.random() < 0.2 and kind != "json" else ""
    words = RUSSIAN if odd == "cp1251" else WORDS
    long = kind in ("content", "atom", "json")
    entries: list[str] = []
    total, index = 0, 0
    while total < size and index < 52:
        item = random.Random(f"{seed}/{number}/{index}")
        entries.append(_entry(item, kind, odd, number, index, words, long))
        total += len(entries[-1])
        index += 1
    fresh = [
        _entry(random.Random(f"{seed}/{number}/new{n}"), kind, odd, number, 10_000 + n, words, long)
        for n in range(extra)
    ]
    return _wrap(kind, odd, number, fresh + entries)


def _sentence(chance: random.Random, words: list[str], length: int) -> str:
    return " ".join(chance.choices(words, k=length)).capitalize() + "."


def _entry(chance: random.Random, kind: str, odd: str, number: int, index: int, words: list[str], long: bool) -> str:
    host = f"site{number}.example"
    link = f"https://{host}/2026/11/{chance.getrandbits(40):x}-{index}.html?utm_source=rss&utm_medium=feed"
    title = _sentence(chance, words, chance.randint(5, 12))[:-1]
    when = START - timedelta(minutes=37 * index + chance.randint(0, 30))
    teaser = _sentence(chance, words, chance.randint(15, 40))
    paragraphs = [
        " ".join(_sentence(chance, words, chance.randint(8, 25)) for _ in range(chance.randint(2, 5)))
        for _ in range(chance.randint(2, 9) if long else 0)
    ]
    if odd == "entities":
        teaser = f"{teaser}&nbsp;&mdash; &ldquo;quoted&rdquo;"
    elif odd == "ampersands":
        title, teaser = f"{title} & more", f"R&D {teaser}"
    elif odd == "controls":
        teaser = f"{teaser}\x0b\x1f"
    elif odd == "latin1":
        title = f"Café {title} à Zürich"
    elif odd == "mismatched" and index % 5 == 2:
        teaser = f"<p>{teaser}<b>bold</p>"
    image = f'<img src="https://{host}/i/{index}.jpg" alt="" width="640" />'
    body = "\n".join(f'<p>{p} <a href="https://{host}/t/{index}">link</a></p>' for p in paragraphs)
    if kind == "json":
        return json.dumps(
            {
                "id": f"https://{host}/?p={index}",
                "url": link,
                "title": title,
                "content_html": image + body,
                "date_published": when.isoformat(),
                "authors": [{"name": "A. Writer"}],
            }
        )
    if kind == "atom":
        return (
            f'<entry><id>tag:{host},2026:{index}</id><title type="html">{title}</title>'
            f'<link rel="alternate" type="text/html" href="{escape(link)}"/><author><name>A. Writer</name></author>'
            f"<published>{when.isoformat()}</published><updated>{when.isoformat()}</updated>"
            f'<category term="news"/><summary type="html">{teaser}</summary>'
            f'<content type="html">{escape(image + body)}</content></entry>'
        )
    stamp = when.strftime("%a, %d %b %Y %H:%M:%S +0000")
    full = f"<content:encoded><![CDATA[{image}\n{body}]]></content:encoded>" if kind == "content" else ""
    if kind == "rdf":
        return (
            f'<item rdf:about="{escape(link)}"><title>{title}</title><link>{escape(link)}</link>'
            f"<description>{teaser}</description><dc:date>{when.isoformat()}</dc:date><dc:creator>W</dc:creator></item>"
        )
    prefix = "<media:thumbnail url='https://x.example/t.jpg'/><odd:rating>5</odd:rating>" if odd == "prefix" else ""
    return (
        f"<item><title>{title}</title><link>{escape(link)}</link><comments>https://{host}/c/{index}</comments>"
        f"<pubDate>{stamp}</pubDate><dc:creator><![CDATA[A. Writer]]></dc:creator><category>news</category>"
        f'<guid isPermaLink="false">https://{host}/?p={index}</guid><description>{teaser}</description>{full}{prefix}</item>'
    )


_SPACES = (
    ' xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:atom="http://www.w3.org/2005/Atom"'
)


def _wrap(kind: str, odd: str, number: int, entries: list[str]) -> Made:
    title, link = f"Site {number}", f"https://site{number}.example/"
    path = f"/feed/{number}"
    if kind == "json":
        head = f'{{"version": "https://jsonfeed.org/version/1.1", "title": "{title}", "home_page_url": "{link}", "items": ['
        return Made(path, "application/feed+json", (head + ",".join(entries) + "]}").encode(), len(entries), "")
    encoding = {"cp1251": "windows-1251", "utf16": "utf-16", "latin1": "utf-8"}.get(odd, "utf-8")
    text = f'<?xml version="1.0" encoding="{encoding}"?>\n'
    if odd == "leading":
        text = "\n\n" + text
    if odd == "doctype":
        text += (
            '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://dtd.example/rss-0.91.dtd">\n'
        )
    joined = "\n".join(entries)
    if kind == "atom":
        text += (
            f'<feed xmlns="http://www.w3.org/2005/Atom"><title>{title}</title><link href="{link}"/><id>{link}</id>'
            f"<updated>{START.isoformat()}</updated>{joined}</feed>"
        )
        media_type = "application/atom+xml"
    elif kind == "rdf":
        text += (
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"'
            f' xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="{link}"><title>{title}</title>'
            f"<link>{link}</link></channel>{joined}</rdf:RDF>"
        )
        media_type = "application/rdf+xml"
    else:
        text += (
            f'<rss version="2.0"{_SPACES}><channel><title>{title}</title><link>{link}</link>'
            f"<description>News of site {number}</description><language>en-US</language><ttl>30</ttl>{joined}</channel></rss>"
        )
        media_type = "text/xml" if number % 3 else "application/rss+xml; charset=utf-8"
    if odd == "utf16":
        body = text.encode("utf-16")
        media_type = media_type.partition(";")[0]
    elif odd == "cp1251":
        body = text.encode("cp1251", "xmlcharrefreplace")
        media_type = media_type.partition(";")[0]
    elif odd == "latin1":
        body = text.encode("cp1252", "xmlcharrefreplace")  # says UTF-8
    else:
        body = text.encode()
    return Made(path, media_type, body, len(entries), odd)


if __name__ == "__main__":
    feeds = make(1, 1000)
    print(f"{len(feeds)} feeds, {sum(f.entries for f in feeds):,} entries, {sum(len(f.body) for f in feeds):,} bytes")
    for name in ("", *ODD):
        print(f"  {name or 'well-formed':12} {sum(f.odd == name for f in feeds)}")
