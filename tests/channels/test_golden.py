"""Golden mails: the whole message, byte for byte, as it was looked at once in a browser.

After a wanted change: GOLDEN=update pytest tests/channels/test_golden.py, look at them (tests/channels/pictures.py),
and commit the new files.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from deliveries import a_delivery, a_hit, an_alert

from monitor.channels import mime
from monitor.channels.render import Renderer
from monitor.model import Hit
from monitor.stages.message import Links

GOLDEN = Path(__file__).parent / "golden"
RENDERER = Renderer(links=Links(base_url="https://desk.example.org"), zone=ZoneInfo("Europe/Berlin"))

LONG = (
    "Officials familiar with the discussions, who asked not to be named because they were not authorised to "
    "speak publicly, said late on Sunday that the envoy, Zalmay Khalilzad, would fly to Doha with a revised "
    "timetable for the withdrawal, a list of prisoners whose release both sides had accepted in principle, and a "
    "letter from the secretary of state that set out what Washington regards as the minimum for a ceasefire."
)
ARABIC = "قال المبعوث الأمريكي زلماي خليل زاد إن المحادثات ستستأنف في الدوحة يوم الاثنين."
DRONES = "Two drones were shot down over the capital, the ministry said, and the airspace was closed for six hours."

ALERTS = {
    "drones": an_alert(
        2,
        rule="drones",
        severity="high",
        title="Airspace closed after drones are shot down over the capital",
        outlet="The Daily Courier",
        url="https://courier.example.org/world/drones?utm_source=rss",
        hits=(a_hit("drones", DRONES), a_hit("airspace", DRONES), Hit(term="drones", field="title", start=22, end=28)),
        because="rule drones: drones in title and text; airspace within 12 words of drones",
        story_outlets=("Example News", "Kurier am Morgen", "Le Matin"),
    ),
    "long": an_alert(
        3,
        title="A headline that goes on and on, as the headlines of agencies sometimes do, until nobody knows any more "
        "what the envoy Khalilzad wanted to say in Doha about the timetable",
        hits=(a_hit(sentence=LONG), a_hit("prisoners", LONG), Hit(term="doha", field="tag", start=0, end=0)),
        published_at=None,
        story_outlets=(),
    ),
    "arabic": an_alert(
        4,
        rule="مبعوث",
        title="خليل زاد يعود إلى الدوحة لاستئناف المحادثات",
        outlet="الجزيرة",
        language="ar",
        hits=(a_hit("خليل زاد", ARABIC),),
        because="rule مبعوث: خليل زاد in text",
        story_outlets=("الشرق الأوسط",),
    ),
    "hostile": an_alert(
        5,
        title='<b>Sale!</b> {{ 7*7 }}\r\nBcc: x@example.org "quoted" &amp; \u202egnp',
        outlet="</span><script>alert(1)</script>",
        url="javascript:alert(1)",
        hits=(a_hit("Khalilzad", "Khalilzad <img src=x onerror=alert(1)> =?utf-8?q?Bcc:?="),),
    ),
}
DELIVERIES = {
    "alert": a_delivery(),
    "high": a_delivery(ALERTS["drones"]),
    "long": a_delivery(ALERTS["long"]),
    "arabic": a_delivery(ALERTS["arabic"]),
    "hostile": a_delivery(ALERTS["hostile"]),
    "update": a_delivery(an_alert(6, update_of=1, title="Talks in Doha resume", hits=(a_hit(),)), thread_id="f" * 32),
    "digest": a_delivery(
        an_alert(),
        replace(ALERTS["long"], published_at=None),
        ALERTS["drones"],
        replace(ALERTS["drones"], number=7, story=7, title="Drone maker's shares rise", outlet="Market Wire", hits=()),
        kind="digest",
    ),
    "summary": a_delivery(
        *(replace(ALERTS["drones"], number=n, story=n) for n in range(10, 14)), kind="summary", more=33
    ),
    "notice": a_delivery(
        kind="notice",
        subject="monitor: feed at-news has failed since 21 Nov 2026, 18:04 CET",
        body="feed at-news: HTTP 503 Service Unavailable, 31 times in a row.\n\nIt is asked every 2 hours. "
        "See `monitor feeds test at-news`.",
        alerts=(),
    ),
    "test": a_delivery(kind="test"),
}


def golden(name):
    delivery = DELIVERIES[name]
    return mime.build(
        delivery,
        RENDERER.mail(delivery),
        sender="monitor@example.net",
        sender_name="monitor",
        domain="example.net",
    )


@pytest.mark.parametrize("name", sorted(DELIVERIES))
def test_the_mail_is_as_it_was_looked_at(name):
    path = GOLDEN / f"{name}.eml"
    if os.environ.get("GOLDEN") == "update":
        path.write_bytes(golden(name))

    assert path.read_bytes() == golden(name)


def test_there_is_no_golden_mail_too_many():
    assert {path.stem for path in GOLDEN.glob("*.eml")} == set(DELIVERIES)
