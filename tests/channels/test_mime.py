"""Mails as they go over the wire: nothing a feed says can become a header, a recipient or an endless line."""

from __future__ import annotations

import email
import email.header
import email.policy
import email.utils
import unicodedata
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from deliveries import NOW, a_delivery, a_hit, an_alert
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.channels import mime
from monitor.channels.render import Rendered, Renderer
from monitor.errors import Permanent
from monitor.stages.message import Links

RENDERER = Renderer(links=Links(base_url="https://desk.example"), zone=ZoneInfo("UTC"))
NAMES = {
    "MIME-Version", "Content-Type", "From", "To", "Subject", "Date", "Message-ID", "List-Id", "Auto-Submitted",
    "X-Auto-Response-Suppress", "X-Monitor-Delivery", "X-Monitor-Rule", "X-Monitor-Alert",
}  # fmt: skip
HOSTILE = [
    "News\r\nBcc: victim@example.org",
    "News\nBcc: victim@example.org",
    "=?utf-8?q?News=0D=0ABcc:_victim@example.org?=",
    "=?utf-8?b?TmV3cw0KQmNjOiB2aWN0aW1AZXhhbXBsZS5vcmc=?= and Zürich",
    "=?utf-8?q?News=0D=0A=0D=0A<html>body?=",
    "\u202egnp.exe\u202c \u2067x\u2069",
    "News\x00\x0b\x1b[31m\u2028Bcc: victim@example.org\u2029X: y",
    "a" * 5000,
    "ä" * 5000,
    "x" + " " * 900 + "\tBcc: victim@example.org",
    "\ud800 lone surrogate",
    "🗞️" * 200,
]


def build(delivery, **changed):
    values = {"sender": "monitor@example.net", "sender_name": "monitor", "domain": "example.net"} | changed
    return mime.build(delivery, RENDERER.mail(delivery), **values)


def read(raw):
    return email.message_from_bytes(raw)


def subject_of(raw):
    unfolded = read(raw)["Subject"].replace("\r\n", "")
    return str(email.header.make_header(email.header.decode_header(unfolded)))


def text_of(raw, subtype):
    part = next(p for p in read(raw).walk() if p.get_content_subtype() == subtype)
    return part.get_payload(decode=True).decode()


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_feed_text_stays_text(text):
    alert = an_alert(title=text, outlet=text, byline=text, because=text, url=text, story_outlets=(text, text))

    raw = build(a_delivery(alert, an_alert(2, hits=(a_hit(sentence=f"Khalilzad {text}"),))))

    message = read(raw)
    assert set(message.keys()) == NAMES
    assert message.get_all("To") == ["reader@example.org"]
    assert len(message.keys()) == len(NAMES)
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    subject = subject_of(raw)
    assert len(subject) <= 300
    assert not [c for c in subject if unicodedata.category(c) in ("Cc", "Zl", "Zp") or c in "\u202e\u2067\u2069"]


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400), st.text(max_size=100), st.text(max_size=300))
def test_no_text_at_all_changes_the_headers(title, outlet, because):
    raw = build(a_delivery(an_alert(title=title, outlet=outlet, because=because)))

    assert set(read(raw).keys()) == NAMES
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_a_subject_reads_back_as_it_was_meant():
    title = "Zürich: „Ein Gespräch“ über Ökostrom — 会談は月曜日に再開 🗞️"

    assert subject_of(build(a_delivery(an_alert(title=title, outlet="")))) == f"[envoy] {title}"


def test_html_escapes_what_the_feed_says():
    html = text_of(build(a_delivery(an_alert(title="<script>alert(1)</script>", outlet='"><img src=x>'))), "html")

    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;" in html


def test_only_web_addresses_are_links():
    html = text_of(build(a_delivery(an_alert(url="javascript:alert(1)"))), "html")

    assert "javascript" not in html


def test_the_headers_say_what_it_is():
    message = read(build(a_delivery(an_alert(severity="critical"))))

    assert message["Message-ID"] == "<0123456789abcdef0123456789abcdef@example.net>"
    assert message["List-Id"] == "<envoy.monitor.example.net>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert (message["X-Monitor-Rule"], message["X-Monitor-Alert"]) == ("envoy", "1")
    assert (message["Importance"], message["X-Priority"]) == ("high", "1 (Highest)")
    assert email.utils.parsedate_to_datetime(message["Date"]) == NOW


def test_an_update_is_threaded_under_the_first():
    message = read(build(a_delivery(an_alert(update_of=1), thread_id="a" * 32)))

    assert message["References"] == message["In-Reply-To"] == f"<{'a' * 32}@example.net>"


def test_a_digest_bears_the_time_it_was_due():
    due = NOW + timedelta(hours=9)
    message = read(build(a_delivery(an_alert(), an_alert(2, rule="talks"), kind="digest", due_at=due)))

    assert email.utils.parsedate_to_datetime(message["Date"]) == due
    assert message["List-Id"] == "<desk.monitor.example.net>"
    assert message["X-Monitor-Rule"] == "envoy, talks"


def test_the_same_delivery_is_the_same_mail():
    assert build(a_delivery()) == build(a_delivery())


def test_both_parts_say_the_essential_first():
    raw = build(a_delivery())
    text = text_of(raw, "plain")

    assert text.splitlines()[0] == "Khalilzad returns to Doha for talks"
    assert "“Envoy Zalmay *Khalilzad* said the talks would resume in Doha on Monday.”" in text
    for said in ("Example News", "published 22 Nov 2026, 08:05", "seen 09:29 UTC", "Other Post"):
        assert said in text
        assert said in text_of(raw, "html")
    assert "https://news.example.org/2026/doha" in text
    assert "monitor silence add envoy --for 24h" in text
    assert "https://desk.example/alert/1" in text_of(raw, "html")


def test_a_mail_that_would_not_read_back_is_not_sent():
    content = Rendered(subject="x", text="x", html="x")

    with pytest.raises(Permanent, match="header that was not meant"):
        mime.build(
            a_delivery(target="a@example.org\nBcc: b@example.org"),
            content,
            sender="m@example.net",
            sender_name="m",
            domain="example.net",
        )


def test_a_senders_name_may_be_anything():
    raw = build(a_delivery(), sender_name='Büro "Nachrichten"\r\nBcc: x@y')

    assert "Bcc" not in read(raw)
    assert email.utils.parseaddr(read(raw)["From"])[1] == "monitor@example.net"
