# ruff: noqa: E501 -- sample texts stand in one line
"""Files of every kind as people really have them: mail, Markdown, JSON, PDF, texts with a head."""

from __future__ import annotations

import base64
import io
import json
from datetime import UTC, datetime
from typing import Any

import pypdf
import pytest

from monitor.errors import Permanent
from monitor.model import Cleaned, Document, Extracted, Records, SiteProfile
from monitor.stages import kinds
from monitor.stages.clean import clean
from monitor.stages.extract import extract

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MOMENT = datetime(2026, 11, 17, 7, 30, tzinfo=UTC)
TITLE = "Bridge opens after eleven years"
P1 = "The council of Altena agreed on Tuesday evening to rebuild the old bridge over the Lenne, which has been closed to lorries since the flood of last summer."
P2 = "“We had stopped believing in it,” said the mayor, Karin Schulte, who cut the ribbon in heavy rain together with the head of the works and a class of the primary school."
P3 = "Some forty thousand lorries a year will no longer pass through the old town, the county expects, once the new road along the river is finished in spring."
PROSE = f"{P1}\n\n{P2}\n\n{P3}\n"
HTML = f"<p>{P1}</p>\n<p>{P2}</p>\n<p>{P3}</p>\n"


def document(body: str | bytes, name: str) -> Document:
    return Document(body=body.encode() if isinstance(body, str) else body, name=name, fetched_at=NOW)


def of(body: str | bytes, name: str) -> Extracted:
    return extract(document(body, name))


def cleaned(body: str | bytes, name: str) -> Cleaned:
    found = of(body, name)
    return clean(found.blocks, SiteProfile(), found.metadata, method=found.method, fetched_at=NOW)


def refusal(body: str | bytes, name: str) -> tuple[str, str]:
    with pytest.raises(Permanent) as caught:
        of(body, name)
    return caught.value.kind, str(caught.value)


def told(body: str | bytes, name: str) -> list[str]:
    return [block.text for block in of(body, name).blocks]


# ── JSON ────────────────────────────────────────────────────────────────────────────────────────


def records(body: str | bytes, name: str = "x.jsonl") -> Records:
    return kinds.records(document(body, name))


def titles(found: Records) -> list[str]:
    return [extract(one).metadata.title for one in found.documents]


A, B = ({"title": name, "text": f"Text of {name}."} for name in ("A", "B"))


def test_a_bad_line_costs_itself_alone_and_is_named() -> None:
    found = records(f'{json.dumps(A)}\n{{"title": "broken", \n\n3\n{{"title": "no text"}}\n{json.dumps(B)}\n')
    assert titles(found) == ["A", "B"]
    assert [one.name for one in found.documents] == ["x.jsonl#1", "x.jsonl#6"]
    assert [place for place, _ in found.refused] == ["line 2", "line 4", "line 5"]
    assert found.refused[0][1].startswith("is not JSON: Expecting property name")
    assert "(column 2" in found.refused[0][1]
    assert found.refused[0][1].endswith("mend it and drop the file again")
    assert "no JSON object" in found.refused[1][1]
    assert "none of the text fields" in found.refused[2][1]


def test_a_bad_element_of_a_list_costs_itself_alone() -> None:
    found = records(json.dumps([A, 3, {"title": "no text"}, B]), "x.json")
    assert titles(found) == ["A", "B"]
    assert [place for place, _ in found.refused] == ["record 2", "record 3"]


def test_a_list_that_breaks_off_keeps_what_is_whole() -> None:
    found = records(f'[{json.dumps(A)},\n{json.dumps(B)},\n{{"title": "C", "te', "x.json")
    assert titles(found) == ["A", "B"]
    ((place, reason),) = found.refused
    assert place == "record 3"
    assert "line 3" in reason


@pytest.mark.parametrize("name", ["x.json", "x.jsonl"])
def test_objects_one_after_another_are_records(name: str) -> None:
    assert titles(records(f"{json.dumps(A, indent=2)}\n{json.dumps(B, indent=2)}\n", name)) == ["A", "B"]


def test_one_good_line_among_bad_ones_is_an_article() -> None:
    found = records(f"{json.dumps(A)}\nnonsense\n")
    assert titles(found) == ["A"]
    assert len(found.refused) == 1


def test_line_separators_inside_a_text_end_no_line() -> None:
    found = records("\n".join(json.dumps({**one, "text": "a\u2028b\u0085c"}, ensure_ascii=False) for one in (A, B)))
    assert (titles(found), found.refused) == (["A", "B"], ())


@pytest.mark.parametrize(
    ("body", "kind", "says"),
    [
        ("{]", "broken", "is not JSON"),
        ("[]", "broken", "no JSON object"),
        ('"text"', "broken", "no JSON object"),
        ('["text", "text"]', "broken", "no JSON object"),
        ('{"foo": 1}', "empty", "none of the text fields text, body"),
        ("[" * 100_000, "broken", "nested too deeply"),
    ],
)
def test_json_without_an_article_is_refused_with_the_reason(body: str, kind: str, says: str) -> None:
    found = refusal(body, "x.json")
    assert found[0] == kind
    assert says in found[1]


SCHEMA = {"@context": "https://schema.org", "@type": "NewsArticle", "headline": TITLE, "articleBody": PROSE}


@pytest.mark.parametrize(
    "record",
    [
        {"headline": TITLE, "body": PROSE, "publishedAt": 1794900600000},
        {"headline": TITLE, "content": PROSE, "timestamp": "1794900600"},
        {"title": TITLE, "text": [P1, P2, P3], "date": {"$date": "2026-11-17T07:30:00Z"}},
        {"title": TITLE, "paragraphs": [P1, P2, P3], "Published-At": "2026-11-17T09:30:00+02:00"},
        {"title": TITLE, "body": [{"type": "p", "text": P1}, {"type": "image"}, {"text": P2}, {"text": P3}], "published": "2026-11-17 07:30:00"},
        [{"title": {"rendered": TITLE}, "content": {"rendered": HTML}, "date": "2026-11-17T09:30:00", "date_gmt": "2026-11-17T07:30:00"}],
        {"status": "ok", "articles": [{"title": TITLE, "description": "short", "content": PROSE, "publishedAt": "2026-11-17T07:30:00Z"}]},
        {"hits": {"total": 1, "hits": [{"_id": "1", "_source": {"title": TITLE, "text": PROSE, "published": "2026-11-17T07:30:00Z"}}]}},
        {"response": {"results": [{"webTitle": TITLE, "webPublicationDate": "2026-11-17T07:30:00Z", "fields": {"bodyText": PROSE}}]}},
        {**SCHEMA, "datePublished": "2026-11-17T09:30:00+02:00"},
        {"@graph": [{"@type": "WebSite", "name": "Post"}, {**SCHEMA, "datePublished": "2026-11-17T09:30:00+02:00"}]},
        {"version": "https://jsonfeed.org/version/1.1", "title": "Post", "description": "A feed", "items": [{"title": TITLE, "content_html": HTML, "date_published": "2026-11-17T07:30:00Z"}]},
        {"data": {"article": {"title": TITLE, "content": {"html": HTML}, "published": {"iso": "2026-11-17T07:30:00Z"}}}},
    ],
)  # fmt: skip
def test_json_of_many_makers_is_read(record: Any) -> None:
    found = cleaned(json.dumps(record), "x.json")
    assert [found.metadata.title, found.metadata.published_at] == [TITLE, MOMENT]
    assert found.text.split("\n\n") == [P1, P2, P3]


def test_fields_of_json_say_who_where_and_in_what_language() -> None:
    record = {
        **SCHEMA,
        "author": [{"@type": "Person", "name": "Jane Miller"}, {"name": "Bob Ray"}],
        "publisher": {"@type": "Organization", "name": "The Valley Post"},
        "mainEntityOfPage": {"@id": "https://valley.example/bridge"},
        "inLanguage": "German",
        "datePublished": "2031-01-01",
    }
    said = of(json.dumps(record), "x.json").metadata
    assert (said.byline, said.outlet, said.language) == ("Jane Miller, Bob Ray", "The Valley Post", "de")
    assert said.canonical_url == "https://valley.example/bridge"
    assert said.published_at is None  # of the future
    said = of(
        json.dumps(
            {
                "title": "Caf&eacute; &amp; bar",
                "text": "Caf&eacute;s.",
                "by": "x",
                "author": "By Jane",
                "source": "https://a.example/x",
                "language": "xx-nonsense",
            }
        ),
        "x.json",
    ).metadata
    assert (said.title, said.byline, said.outlet, said.language) == ("Café & bar", "Jane", "a.example", "xx")


# ── Markdown ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "head",
    [
        f'---\ntitle: "{TITLE}"\nauthors:\n  - Jane Miller\n  - Bob Ray\ndate: 2026-11-17 09:30:00 +0200 # moved\ntags: [a, b]\n---\n',
        "---\r\ntitle: >-\r\n  Bridge opens\r\n  after eleven years\r\nauthor:\r\n- name: Jane Miller\r\n- name: Bob Ray\r\ndate: 2026-11-17T07:30:00Z\r\n---\r\n",
        f'+++\ntitle = "{TITLE}"\ndate = 2026-11-17T09:30:00+02:00\nauthors = ["Jane Miller", "Bob Ray"]\n[extra]\nx = 1\n+++\n',
    ],
)
def test_front_matter_is_read_and_is_no_text(head: str) -> None:
    found = cleaned("\ufeff" + head + PROSE, "x.md")
    said = found.metadata
    assert (said.title, said.byline, said.published_at) == (TITLE, "Jane Miller, Bob Ray", MOMENT)
    assert found.text.split("\n\n") == [P1, P2, P3]


def test_a_title_with_a_colon_is_no_yaml_and_is_understood() -> None:
    assert of(f"---\ntitle: Bridge: it opens\nlang: en\n---\n{PROSE}", "x.md").metadata.title == "Bridge: it opens"
    assert told(f"---\n---\n{P1}\n", "x.md") == [P1]


@pytest.mark.parametrize(
    "heading", [f"# {TITLE}", f"{TITLE}\n=======", f"# [{TITLE}](https://a.example/b_(c))", f"#  {TITLE} ##"]
)
def test_the_heading_a_document_begins_with_is_its_title(heading: str) -> None:
    assert of(f"{heading}\n\n{PROSE}", "x.md").metadata.title == TITLE


@pytest.mark.parametrize(
    ("mark", "plain"),
    [
        ("See [the report][rep] and [minutes][].\n\n[rep]: https://a.example/r \"R\"\n[minutes]: <https://a.example/m>", ["See the report and minutes."]),
        ("Of [Lenne](https://a.example/Lenne_(river)) and <https://a.example/x>.", ["Of Lenne and https://a.example/x."]),
        ("Built in 1911.[^1]\n\n[^1]: The flood took it.", ["Built in 1911.", "The flood took it."]),
        ("The *very* **old** ***bridge*** of a_b_c, 2 * 3 * 4, `code` and link\\_x \\*y\\*.", ["The very old bridge of a_b_c, 2 * 3 * 4, code and link_x *y*."]),
        ("> Said\n> so.\n\n* * *\n\n1. one\n2. two", ["Said so.", "one", "two"]),
        ("| Town | Lorries |\n|---|--:|\n| Altena | 40 |", ["Town", "Lorries", "Altena", "40"]),
        ("```python\nx = [a](b) ** 2\n# no title\n```", ["x = [a](b) ** 2\n# no title"]),
        ("<div class=\"x\"><p>Within</p></div>\n\n<!-- gone -->\n\nA <em>wide</em> &amp; long one.<br>", ["Within", "A wide & long one."]),
    ],
)  # fmt: skip
def test_marks_of_markdown_go_and_words_stay(mark: str, plain: list[str]) -> None:
    assert told(mark, "x.md") == plain


def test_lines_of_markdown_flow_together_unless_they_are_paragraphs() -> None:
    assert told("One line\nand its end.", "x.md") == ["One line and its end."]
    assert told(f"{P1}\n{P2}\n{P3}", "x.md") == [P1, P2, P3]


# ── mail ────────────────────────────────────────────────────────────────────────────────────────

HEAD = f"From: Jane Miller <jane@valley.example>\nSubject: {TITLE}\nDate: Tue, 17 Nov 2026 09:30:00 +0200\nMIME-Version: 1.0\n"
PLAIN = "Content-Type: text/plain; charset=utf-8\n"


def mixed(*parts: str, kind: str = "mixed", head: str = HEAD) -> str:
    return (
        f'{head}Content-Type: multipart/{kind}; boundary="b"\n\n'
        + "".join(f"--b\n{part}\n" for part in parts)
        + "--b--\n"
    )


INNER = (
    f"From: Old Author <old@x.example>\nSubject: Inner story\nDate: Mon, 16 Nov 2026 08:00:00 +0000\n{PLAIN}\n{PROSE}"
)
PART = f"{PLAIN}\n{PROSE}"


@pytest.mark.parametrize(
    "raw",
    [
        "\ufeff" + HEAD + PART,
        "From jane@x.example Tue Nov 17 09:30:00 2026\n" + HEAD + PART,
        mixed(PART, f"Content-Type: text/html\n\n<p>x</p>{HTML}", kind="alternative"),
        mixed(f"{PLAIN}\nPlease view this message in a browser: https://x.example", f"Content-Type: text/html\n\n{HTML}", kind="alternative"),
        mixed(PART, "Content-Type: text/calendar\n\nBEGIN:VCALENDAR", kind="alternative"),
        mixed(PART, "Content-Type: application/pgp-signature\n\n-----BEGIN PGP SIGNATURE-----", kind="signed"),
        mixed(f"Content-Type: text/plain; charset=utf-8\nContent-Disposition: attachment; filename=story.txt\n\n{PROSE}"),
        f"{HEAD}{PLAIN}Content-Transfer-Encoding: base64\n\n{base64.b64encode((PROSE + 'cut').encode()).decode()[:-3]}\n",
        f"{HEAD}{PLAIN}\n{PROSE}\n-- \nJane Miller\nThe Valley Post\nTel. +49 2352 1234\n",
        f"{HEAD.replace('Subject: ', 'Subject: Fwd: [press] ')}List-Id: <press.x.example>\n{PLAIN}\n{PROSE}\n{'_' * 40}\nPress mailing list\nPress@x.example\n",
    ],
)  # fmt: skip
def test_mail_gives_its_story(raw: str) -> None:
    found = cleaned(raw, "x.eml")
    said = found.metadata
    assert (said.title, said.byline, said.published_at) == (TITLE, "Jane Miller", MOMENT)
    assert found.text.split("\n\n")[:3] == [P1, P2, P3]
    for furniture in ("Tel.", "mailing list", "VCALENDAR", "PGP"):
        assert furniture not in found.text


def test_a_signature_is_in_the_account() -> None:
    found = cleaned(f"{HEAD}{PLAIN}\n{PROSE}\n-- \nJane Miller\nThe Valley Post\n", "x.eml")
    assert [(one.reason, one.text) for one in found.removed] == [("signature", "--\nJane Miller\nThe Valley Post")]
    assert found.removed[0].at == len(found.text)


def test_flowed_lines_are_put_together() -> None:
    first, rest = P1.split(" ", 9)[:9], P1.split(" ", 9)[9]
    flowed = f"{HEAD}Content-Type: text/plain; charset=utf-8; format=flowed\n\n{' '.join(first)} \n{rest}\n\n> quoted \n> words\n"
    assert told(flowed, "x.eml") == [P1, "> quoted words"]


def test_a_message_sent_on_within_a_message_is_read() -> None:
    whole = f"Content-Type: message/rfc822\n\n{INNER}"
    found = of(mixed(whole), "x.eml")
    assert (found.metadata.title, found.metadata.byline) == ("Inner story", "Old Author")
    assert [block.text for block in found.blocks] == [P1, P2, P3]
    found = of(mixed(f"{PLAIN}\nSee below.", whole), "x.eml")
    assert found.metadata.title == TITLE
    assert [block.text for block in found.blocks] == ["See below.", "Inner story", P1, P2, P3]


def test_the_header_of_what_is_sent_on_tells_author_and_date() -> None:
    head = f"---------- Forwarded message ---------\nFrom: Old Author <old@x.example>\nDate: 16 Nov 2026 08:00 +0000\nSubject: {TITLE}\nTo: <jane@x.example>\n"
    found = cleaned(f"{HEAD.replace('Subject: ', 'Subject: Fwd: ')}{PLAIN}\n{head}\n{PROSE}", "x.eml")
    said = found.metadata
    assert (said.title, said.byline) == (TITLE, "Old Author")
    assert said.published_at == datetime(2026, 11, 16, 8, tzinfo=UTC)
    assert [one.reason for one in found.removed] == ["header"]
    assert found.text.split("\n\n") == [P1, P2, P3]


@pytest.mark.parametrize(
    ("charset", "title", "text"),
    [
        ("koi8-r", "Мост открыт после одиннадцати лет", "Совет города решил во вторник восстановить старый мост."),
        ("gb2312", "大桥十一年后开通", "市议会周二晚上同意重建这座旧桥。"),
        ("iso-2022-jp", "橋が十一年ぶりに開通", "市議会は火曜日の夜、古い橋を再建することで合意した。"),
    ],
)
def test_subjects_and_bodies_of_all_charsets_are_read(charset: str, title: str, text: str) -> None:
    word = base64.b64encode(title.encode(charset)).decode()
    head = f"Subject: =?{charset}?B?{word}?=\nContent-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: 8bit\n\n"
    found = of(head.encode() + text.encode(charset), "x.eml")
    assert found.metadata.title == title
    assert [block.text for block in found.blocks] == [text]


@pytest.mark.parametrize("date", ["", "Date: yesterday at noon\n", "Date: Tue, 17 Nov 2099 09:30:00 +0200\n", "Date: Thu, 01 Jan 1970 00:00:00 +0000\n"])  # fmt: skip
def test_a_date_that_cannot_be_true_is_unknown(date: str) -> None:
    assert of(f"Subject: x\n{date}{PLAIN}\n{PROSE}", "x.eml").metadata.published_at is None


@pytest.mark.parametrize(
    ("raw", "kind", "says"),
    [
        (mixed("Content-Type: application/pgp-encrypted\n\nVersion: 1", kind="encrypted"), "encrypted", "decrypt it"),
        (f"{HEAD}Content-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nMIAG", "encrypted", "decrypt it"),
        (f"{HEAD}{PLAIN}\n-----BEGIN PGP MESSAGE-----\nabc\n", "encrypted", "decrypt it"),
        (f"{HEAD}Content-Type: text/calendar\n\nBEGIN:VCALENDAR", "empty", "without a text part"),
        (f"{HEAD}Content-Type: image/png\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=", "empty", "without a text part"),
        ("No header here.\n\nOnly text.", "broken", "name it .txt"),
    ],
)  # fmt: skip
def test_mail_without_a_story_is_refused_with_the_reason(raw: str, kind: str, says: str) -> None:
    found = refusal(raw, "x.eml")
    assert found[0] == kind
    assert says in found[1]


def test_a_header_that_nobody_wrote_by_hand_costs_no_time() -> None:
    raw = f"Subject: {'=?utf-8?q?a?= ' * 50_000}\n{PLAIN}\n{P1}\n"  # the library would take minutes
    found = of(raw, "x.eml")
    assert (found.metadata.title, [block.text for block in found.blocks]) == ("", [P1])


# ── plain text with a head ──────────────────────────────────────────────────────────────────────


def test_lines_that_name_fields_above_a_text_are_its_fields() -> None:
    head = f"Title: {TITLE}\nAuthor: Jane Miller\nDate: 2026-11-17\nSource: The Valley Post\nURL: https://valley.example/bridge\n"
    found = cleaned(f"{head}\n{PROSE}", "x.txt")
    said = found.metadata
    assert (said.title, said.byline, said.outlet) == (TITLE, "Jane Miller", "The Valley Post")
    assert said.published_at == datetime(2026, 11, 17, tzinfo=UTC)
    assert said.canonical_url == "https://valley.example/bridge"
    assert found.text.split("\n\n") == [P1, P2, P3]
    assert [one.reason for one in found.removed] == ["header"]


def test_an_interview_has_no_head() -> None:
    text = "Question: Why is it closed?\nAnswer: It is old.\n\nQuestion: How old?\nAnswer: Eighty years."
    assert cleaned(text, "x.txt").text == text


# ── PDF ─────────────────────────────────────────────────────────────────────────────────────────


def pdf(
    *pages: list[str], title: str = "", password: tuple[str, str] | None = None, algorithm: str = "RC4-128"
) -> bytes:
    """A PDF with these lines on its pages."""
    writer = pypdf.PdfWriter()
    name = pypdf.generic.NameObject
    font = pypdf.generic.DictionaryObject({name("/Type"): name("/Font"), name("/Subtype"): name("/Type1"), name("/BaseFont"): name("/Helvetica")})  # fmt: skip
    for lines in pages:
        page = writer.add_blank_page(600, 800)
        shown = "".join(f"({line}) Tj T* " for line in lines)
        stream = pypdf.generic.DecodedStreamObject()
        stream.set_data(f"BT /F1 10 Tf 12 TL 40 760 Td {shown} ET".encode("latin-1"))
        page[name("/Resources")] = pypdf.generic.DictionaryObject({name("/Font"): pypdf.generic.DictionaryObject({name("/F1"): font})})  # fmt: skip
        page[name("/Contents")] = writer._add_object(stream)
    if title:
        writer.add_metadata({"/Title": title})
    if password:
        writer.encrypt(password[0], password[1], algorithm=algorithm)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


LINES = [
    "The council agreed on Tuesday evening to rebuild the old bri-",
    "dge over the Lenne, which has been closed to lorries since the",
    "flood of last summer took away two of its three stone piers.",
]


def test_running_heads_and_page_numbers_are_told_apart() -> None:
    towns = ["Altena", "Werdohl", "Plettenberg", "Finnentrop"]
    pages = [
        ["The Valley Post", *(line.replace("council", town) for line in LINES), f"Page {n} of 4"]
        for n, town in enumerate(towns, 1)
    ]
    found = cleaned(pdf(*pages), "x.pdf")
    assert "Valley Post" not in found.text
    assert "Page" not in found.text
    assert found.text.count("rebuild the old bridge over the Lenne") == 4
    assert [one.reason for one in found.removed] == ["running-head"] * 8


def test_a_sentence_goes_on_overleaf() -> None:
    found = cleaned(pdf([*LINES[:2], "1"], [LINES[2], "2"]), "x.pdf")
    assert (
        found.text
        == "The council agreed on Tuesday evening to rebuild the old bridge over the Lenne, which has been closed to lorries since the flood of last summer took away two of its three stone piers."
    )


def test_a_pdf_anybody_may_open_is_read_and_its_file_name_is_no_title() -> None:
    found = of(pdf(LINES, title="Microsoft Word - draft3.doc", password=("", "owner")), "x.pdf")
    assert found.metadata.title == ""
    assert "old bridge over" in found.blocks[0].text
    assert of(pdf(LINES, title=TITLE), "x.pdf").metadata.title == TITLE


def test_a_pdf_that_needs_a_missing_library_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object, **__: object) -> None:
        raise pypdf.errors.DependencyError("cryptography>=3.1 is required for AES algorithm")

    monkeypatch.setattr(pypdf, "PdfReader", missing)
    kind, said = refusal(pdf(LINES), "x.pdf")
    assert (kind, "without protection" in said) == ("encrypted", True)
