"""Feed in, mail out: a feed is parsed, digested, settled and rendered; the mails are compared byte for byte.

After a wanted change: GOLDEN=update pytest tests/channels/test_from_feed.py, look at them, commit them.
"""

from __future__ import annotations

import email
import os
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from build import NOON, a_rule
from told import a_source

from monitor.channels import mime
from monitor.channels.render import Renderer
from monitor.model import Document, Work
from monitor.settle import Settlement, Settler
from monitor.stages.digest import digest
from monitor.stages.message import Links
from monitor.stages.parse import parse
from monitor.stages.restraint import Route
from monitor.stages.rules import RuleBook, compile_rule
from monitor.store import alerts, deliveries, entries, rules
from monitor.store.connection import Store
from monitor.store.rarity import Rarity

FOLDER = Path(__file__).parent / "from_feed"
RULES = (
    a_rule(slug="envoy", query="envoy NEAR/12 talks OR envoy AND ceasefire", channels=("desk",), severity="high"),
    a_rule(slug="harvest", query="harvest AND NOT apricot*", channels=("desk",)),
)


def mails(folder: Path) -> list[bytes]:
    """The mails that the feed brings about, with ids that do not change from run to run."""
    feed = parse(Document(body=(FOLDER / "feed.xml").read_bytes(), media_type="application/rss+xml"), source="courier")
    book = RuleBook([compile_rule(rule) for rule in RULES])
    routes = {"desk": Route(channel="desk", targets=("reader@example.org",))}
    rarity = Rarity(folder / "rarity.bin", NOON)
    settler = Settler(run="run", rules={rule.slug: rule for rule in RULES}, routes=routes, rarity=lambda: rarity)
    store = Store(folder / "monitor.db")

    def write(db):
        for rule in RULES:
            rules.save(db, rule, "", NOON)
        entries.add(db, a_source(db, "courier", "The Karwan Courier"), feed.entries, NOON)
        for pending in entries.claim_pending(db, NOON, "run", timedelta(minutes=1), 9):
            work = Work(entry=pending.entry, outlet=pending.source_outlet)
            settler.settle(db, Settlement(pending=pending, digest=digest(work, book), now=NOON))
        db.execute("UPDATE deliveries SET public_id = printf('%032d', id)")
        numbers = [row["id"] for row in db.execute("SELECT id FROM deliveries ORDER BY id")]
        return deliveries.load(db, numbers, alerts.views)

    loaded = store.write_now(write)
    store.close()
    rarity.close()
    renderer = Renderer(links=Links(base_url="https://desk.example.org"), zone=ZoneInfo("Europe/Berlin"))
    return [
        mime.build(one, renderer.mail(one), sender="monitor@example.net", sender_name="monitor", domain="example.net")
        for one in loaded
    ]


def test_the_mails_of_a_feed_are_as_they_were_looked_at(tmp_path):
    made = mails(tmp_path)
    if os.environ.get("GOLDEN") == "update":
        for number, raw in enumerate(made, 1):
            (FOLDER / f"mail-{number}.eml").write_bytes(raw)

    expected = [path.read_bytes() for path in sorted(FOLDER.glob("*.eml"))]

    assert made == expected


def test_a_title_that_is_an_attack_stays_a_title(tmp_path):
    attack = email.message_from_bytes(mails(tmp_path)[1])

    assert attack["Bcc"] is None
    assert "Free_prizes" in attack["Subject"]
    html = attack.get_payload()[1].get_payload(decode=True).decode()
    assert "<script" not in html
