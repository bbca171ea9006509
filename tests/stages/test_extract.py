# ruff: noqa: E501 -- sample texts stand in one line
"""Documents of every kind come apart into blocks and fields, or are refused with the reason."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import pypdf
import pytest

from monitor.errors import Permanent
from monitor.model import Document, Entry, Extracted, Metadata
from monitor.stages import kinds, plaintext
from monitor.stages.extract import extract

NOW = datetime(2024, 5, 10, 12, tzinfo=UTC)
PAGE = """<!DOCTYPE html><html lang="en-GB"><head><title>Bridge opens - The Valley Post</title>
<meta property="og:title" content="Bridge opens after eleven years">
<meta property="og:site_name" content="The Valley Post">
<meta property="article:published_time" content="2024-05-09T07:30:00+02:00">
<link rel="canonical" href="https://valley.example/news/bridge"><meta name="author" content="Jane Miller"></head>
<body><nav><a href="/">Home</a> <a href="/news">News</a></nav><article><h1>Bridge opens after eleven years</h1>
<p>The bridge over the Lenne was opened to traffic on Thursday morning, eleven years after it was first
promised to the people of the valley by a minister who has long since retired.</p>
<p>“We had stopped believing in it,” said the mayor, who cut the ribbon in heavy rain together with the
head of the works and a class of the primary school, whose pupils had painted the first stone.</p>
<p>Some forty thousand lorries a year will no longer pass through the old town, the county expects.</p>
</article><footer>© The Valley Post</footer></body></html>"""


def of(text: str | bytes, **fields: object) -> Extracted:
    body = text.encode() if isinstance(text, str) else text
    return extract(Document(body=body, fetched_at=NOW, **fields))  # type: ignore[arg-type]


def texts(found: Extracted) -> list[str]:
    return [block.text for block in found.blocks]


def test_a_page_gives_its_text_and_what_it_says_of_itself() -> None:
    found = of(PAGE, media_type="text/html", url="https://valley.example/news/bridge?utm_source=x")
    assert found.method == "trafilatura"
    assert any("eleven years after it was first promised" in text for text in texts(found))
    assert not any("©" in text for text in texts(found))
    metadata = found.metadata
    assert metadata.title == "Bridge opens after eleven years"
    assert metadata.byline == "Jane Miller"
    assert metadata.outlet == "The Valley Post"
    assert metadata.published_at == datetime(2024, 5, 9, 5, 30, tzinfo=UTC)
    assert metadata.language == "en"
    assert metadata.canonical_url == "https://valley.example/news/bridge"


def test_html_is_recognised_without_ending_or_type() -> None:
    assert of(PAGE, name="dropped.txt").method == "trafilatura"


def test_a_page_trafilatura_cannot_read_falls_back_and_says_so() -> None:
    rows = "".join(
        f"<button-row><div>{n}. stage, {n * 17} km, won by rider {n}</div></button-row>" for n in range(1, 40)
    )
    page = f"<html><body><div class='navigation menu sidebar'>{rows}</div></body></html>"
    found = of(page, media_type="text/html")
    if found.method == "trafilatura":  # a later trafilatura may learn to read it
        assert sum(len(text) for text in texts(found)) >= 250
    else:
        assert found.method == "fallback:blocks"
        assert "17. stage, 289 km, won by rider 17" in texts(found)


def test_no_date_of_the_future() -> None:
    page = PAGE.replace("2024-05-09T07:30:00+02:00", "2031-01-01T00:00:00Z")
    assert of(page, media_type="text/html").metadata.published_at is None


def test_a_fragment_comes_apart_block_by_block() -> None:
    found = of(
        "<p>One <b>bold</b> word.<br>And a line.</p><ul><li>first</li><li>second</li></ul>"
        "<script>alert('x')</script><div style='display: none'>casino</div><p>Caf&eacute;&nbsp;open</p>",
        fragment=True,
    )
    assert [(block.kind, block.text) for block in found.blocks] == [
        ("p", "One bold word.\nAnd a line."),
        ("li", "first"),
        ("li", "second"),
        ("hidden", "casino"),
        ("p", "Café open"),
    ]


def test_hostile_nesting_is_read_in_time() -> None:
    found = of("<div>" * 20_000 + "deep" + "</div>" * 20_000, fragment=True)
    assert texts(found) == ["deep"]


def test_the_entry_completes_the_document_and_goes_first_for_its_own_body() -> None:
    entry = Entry(
        source="feed",
        guid="1",
        url="https://valley.example/1",
        title="From the feed",
        author="A. Feed",
        language="de",
        published_at=datetime(2024, 5, 1, tzinfo=UTC),
    )
    page = extract(Document(body=PAGE.encode(), media_type="text/html", fetched_at=NOW), entry)
    assert page.metadata.title == "Bridge opens after eleven years"
    body = extract(Document(body=b"<p>Short body of the entry.</p>", fragment=True, fetched_at=NOW), entry)
    assert (body.metadata.title, body.metadata.byline) == ("From the feed", "A. Feed")
    assert body.metadata.published_at == datetime(2024, 5, 1, tzinfo=UTC)
    assert body.metadata.canonical_url == "https://valley.example/1"


# ── kinds of files ──────────────────────────────────────────────────────────────────────────────


def test_mail_prefers_plain_text_and_reads_its_header() -> None:
    raw = (
        "From: =?utf-8?q?J=C3=BCrgen_Wei=C3=9F?= <j@valley.example>\r\nSubject: =?utf-8?b?QnLDvGNrZSBvZmZlbg==?=\r\n"
        "Date: Thu, 09 May 2024 07:30:00 +0200\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/alternative; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\n'
        "Content-Transfer-Encoding: quoted-printable\r\n\r\nDie Br=FCcke ist seit Donnerstag offen, teilte das Amt mit.\r\n"
        "--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>anders</p>\r\n--b--\r\n"
    )
    found = of(raw, name="note.eml")
    assert texts(found) == ["Die Brücke ist seit Donnerstag offen, teilte das Amt mit."]
    assert (found.metadata.title, found.metadata.byline) == ("Brücke offen", "Jürgen Weiß")
    assert found.metadata.published_at == datetime(2024, 5, 9, 5, 30, tzinfo=UTC)
    assert found.method == "mail"


def test_mail_with_only_html() -> None:
    raw = "Subject: x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>First paragraph.</p><p>Second.</p>"
    assert texts(of(raw, name="note.eml")) == ["First paragraph.", "Second."]


def test_markdown_loses_its_marks_and_keeps_its_words() -> None:
    raw = "---\ntitle: Bridge\nauthor: Jane\ndate: 2024-05-09\n---\n# Head\n\nA **bold** [link](https://a.example/x_y) and _soft_.\n"
    found = of(raw, name="note.md")
    assert texts(found) == ["Head", "A bold link and soft."]
    assert (found.metadata.title, found.metadata.byline) == ("Bridge", "Jane")
    assert found.metadata.published_at == datetime(2024, 5, 9, tzinfo=UTC)


def test_json_fields() -> None:
    record = {
        "headline": "Bridge",
        "body": "Text of it.",
        "link": "https://a.example/1",
        "published": 1715232600,
        "authors": ["J", "K"],
    }
    found = of(json.dumps(record), name="x.json")
    assert texts(found) == ["Text of it."]
    assert found.metadata.canonical_url == "https://a.example/1"
    assert found.metadata.byline == "J, K"
    assert found.metadata.published_at == datetime(2024, 5, 9, 5, 30, tzinfo=UTC)


def test_json_lines_fall_into_records() -> None:
    lines = "\n".join(json.dumps({"title": f"t{n}", "text": f"Body {n}."}) for n in range(3))
    document = Document(body=lines.encode(), name="x.jsonl", fetched_at=NOW)
    parts = kinds.records(document).documents
    assert [extract(part).metadata.title for part in parts] == ["t0", "t1", "t2"]
    assert kinds.records(Document(body=b"plain", name="x.txt")).documents[0].body == b"plain"
    with pytest.raises(Permanent, match="3 records") as caught:
        extract(document)
    assert caught.value.kind == "several"


def pdf(text: str = "", password: str | None = None) -> bytes:
    writer = pypdf.PdfWriter()
    page = writer.add_blank_page(300, 300)
    if text:
        stream = pypdf.generic.DecodedStreamObject()
        stream.set_data(f"BT /F1 12 Tf 20 200 Td ({text}) Tj ET".encode())
        font = pypdf.generic.DictionaryObject(
            {
                pypdf.generic.NameObject("/Type"): pypdf.generic.NameObject("/Font"),
                pypdf.generic.NameObject("/Subtype"): pypdf.generic.NameObject("/Type1"),
                pypdf.generic.NameObject("/BaseFont"): pypdf.generic.NameObject("/Helvetica"),
            }
        )
        page[pypdf.generic.NameObject("/Resources")] = pypdf.generic.DictionaryObject(
            {pypdf.generic.NameObject("/Font"): pypdf.generic.DictionaryObject({pypdf.generic.NameObject("/F1"): font})}
        )
        page[pypdf.generic.NameObject("/Contents")] = writer._add_object(stream)
    if password:
        writer.encrypt(password)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_pdf_text() -> None:
    found = of(pdf("The bridge is open."), name="x.pdf")
    assert (texts(found), found.method) == (["The bridge is open."], "pdf")


@pytest.mark.parametrize(
    ("body", "name", "kind"),
    [
        (b"", "x.txt", "empty"),
        (b" \r\n\t ", "x.txt", "empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "x.txt", "binary"),
        (bytes(range(256)) * 5, "x.txt", "binary"),
        (b"PK\x03\x04rest", "x.docx", "binary"),
        (b"%PDF-1.7 nonsense", "x.pdf", "broken"),
        (b"{broken", "x.json", "broken"),
        (b'{"title": "no text"}', "x.json", "empty"),
        (b"x" * 2000, "x.txt", "too-large"),
        (pdf(), "x.pdf", "empty"),
        (pdf("secret", "pw"), "x.pdf", "encrypted"),
    ],
)
def test_refusals_say_why(body: bytes, name: str, kind: str) -> None:
    with pytest.raises(Permanent) as caught:
        extract(Document(body=body, name=name), max_bytes=1999)
    assert caught.value.kind == kind
    assert len(str(caught.value)) > 5


# ── plain text ──────────────────────────────────────────────────────────────────────────────────


def test_offsets_count_the_normalised_text() -> None:
    text = "First\r\n\r\n  Second line\u00a0here\r\nand on\r\n\x0c\r\nThird"
    plain = plaintext.normalise(text)
    blocks = plaintext.split(text)
    assert [block.text for block in blocks] == ["First", "Second line here\nand on", "Third"]
    assert all(plain[block.offset :].startswith(block.text.split()[0]) for block in blocks)


def test_wrapped_lines_become_paragraphs() -> None:
    wrapped = (
        "The bridge over the Lenne was opened to traffic on Thursday morning,\n"
        "eleven years after it was first promised to the people of the valley\n"
        "by a minister who has long since retired and lives in the south of\n"
        "the country."
    )
    assert [block.text for block in plaintext.split(wrapped)] == [wrapped.replace("\n", " ")]


def test_paragraphs_without_blank_lines_are_told_apart() -> None:
    one = "The bridge over the Lenne was opened to traffic on Thursday morning, eleven years late, the county said."
    two = "Forty thousand lorries a year will no longer pass through the narrow streets of the old town, it expects."
    assert [block.text for block in plaintext.split(f"{one}\n{two}")] == [one, two]


@pytest.mark.parametrize("text", ["a\n\nb", "a\nb\nc", "\n".join(str(n) for n in range(20)), "x" * 300])
def test_splitting_again_changes_nothing(text: str) -> None:
    once = [block.text for block in plaintext.split(text)]
    assert [block.text for block in plaintext.split("\n\n".join(once))] == once


# ── what a page says of itself ──────────────────────────────────────────────────────────────────

PROSE = (
    "<p>The bridge over the Lenne was opened to traffic on Thursday morning, eleven years after it was first promised.</p>"
    "<p>Some forty thousand lorries a year will no longer pass through the old town, the county expects, and more.</p>"
)
SAID = datetime(2024, 5, 9, 5, 30, tzinfo=UTC)


def said(head: str = "", body: str = "", url: str | None = None) -> Metadata:
    page = f"<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>Bridge opens after eleven years</title>{head}</head><body><article><h1>Bridge opens after eleven years</h1>{body}{PROSE}</article><footer>© 2024 The Valley Post</footer></body></html>"
    return of(page, media_type="text/html", url=url).metadata


def linked(data: object) -> str:
    return f"<script type='application/ld+json'>{json.dumps(data)}</script>"


ARTICLE = {
    "@type": ["NewsArticle", "Thing"],
    "headline": "Bridge opens",
    "datePublished": "2024-05-09T07:30:00+02:00",
    "author": [{"@type": "Person", "name": "Jane Miller"}, "Bob Ray", {"@type": "Organization", "name": "The Post"}],
    "publisher": [{"name": "The Valley Post"}],
}


@pytest.mark.parametrize(
    "head",
    [
        linked(ARTICLE),
        linked([{"@type": "BreadcrumbList"}, ARTICLE]),
        linked({"@graph": [{"@type": "WebPage", "datePublished": "2015-01-01T00:00:00Z"}, ARTICLE]}),
        linked({"@type": "WebPage", "datePublished": "2015-01-01", "mainEntity": ARTICLE}),
        f"<script type='application/ld+json'>\n<!--\n{json.dumps(ARTICLE)};\n//-->\n</script>",
    ],
)
def test_linked_data_of_the_article_speak_for_the_page(head: str) -> None:
    found = said(head)
    assert (found.byline, found.outlet, found.published_at) == ("Jane Miller, Bob Ray", "The Valley Post", SAID)


@pytest.mark.parametrize(
    "head",
    [
        "",  # © 2024
        "<meta property='article:published_time' content='2031-01-01T00:00:00Z'>",
        "<p>Published 03/04/2024</p>",  # April or March
        "<p>In May 2024</p>",
    ],
)
def test_a_day_nobody_wrote_is_no_date(head: str) -> None:
    assert said(head if "meta" in head else "", head).published_at is None


@pytest.mark.parametrize(
    ("body", "moment"),
    [
        ("<time datetime='2024-05-09T07:30:00+02:00'>9 May 2024</time>", SAID),
        ("<time datetime='2024-05-09T01:30:00 EDT'>9 May 2024</time>", SAID),
        ("<p class=date>1 January 2024</p>", datetime(2024, 1, 1, tzinfo=UTC)),
        ("<p class=date>3. April 2024</p>", datetime(2024, 4, 3, tzinfo=UTC)),
        ("<p class=date>April 3rd, 2024</p>", datetime(2024, 4, 3, tzinfo=UTC)),
        ("<p class=date>2024-04-03</p>", datetime(2024, 4, 3, tzinfo=UTC)),
    ],
)
def test_a_day_that_is_written_out_is_the_date_with_its_time_where_there_is_one(body: str, moment: datetime) -> None:
    assert said("", body).published_at == moment


def test_all_authors_that_are_linked_are_the_byline() -> None:
    body = "<p>By <a rel=author href=/j>Jane Miller</a> and <a rel=author href=/b>Bob Ray</a></p>"
    assert said("", body).byline == "Jane Miller, Bob Ray"


def test_a_home_page_is_no_address_of_an_article() -> None:
    url = "https://valley.example/news/bridge"
    assert said("<link rel=canonical href='https://valley.example/'>", url=url).canonical_url == url
    other = "https://other.example/syndicated/bridge"
    assert said(f"<link rel=canonical href='{other}'>", url=url).canonical_url == other


def test_a_page_whose_scripts_hold_its_text_says_what_to_do() -> None:
    with pytest.raises(Permanent, match="save the page from a browser"):
        of("<html><body><div id=app></div><script>go()</script></body></html>", name="x.html")


def test_colours_of_a_terminal_are_no_text() -> None:
    assert texts(of("\x1b[1;31mBridge\x1b[0m opens.", name="x.txt")) == ["Bridge opens."]
