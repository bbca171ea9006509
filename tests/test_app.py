"""The app: what a configuration becomes, one round by hand, and what can be asked of it."""

from __future__ import annotations

import asyncio
import base64

import pytest

from monitor import app as live
from monitor.app import watching
from monitor.app.parts import utc_now
from monitor.app.watching import headers_of
from monitor.errors import ConfigError, Permanent, StoreBusy, StoreFull
from monitor.stages.rules import RuleBook, Subject, compile_rule, parser

TEXT = "Talks go on\n\nThe envoy met the minister in Doha on Sunday, and they said that talks would go on."
OTHER = "Herring and cod\n\nThe ministry of fisheries published its yearly figures on herring, cod and the cold sea."


def inside(place, story, **options):
    """Run `story(app)` inside an open app. Returns what it returns."""

    async def main():
        async with live.build(place.load(), **options) as app:
            return await story(app)

    return asyncio.run(main())


async def rows(app, sql):
    return [tuple(row) for row in await app.store.read(lambda db: db.execute(sql).fetchall())]


# ── what a configuration becomes ────────────────────────────────────────────────────────────────


def test_sources_and_rules_become_rows_and_those_no_longer_named_are_retired(place):
    place.write(
        "[feeds.wire]\nurl = 'https://wire.example/feed'\nevery = '5m'\ntags = ['world']\noutlet = 'The Wire'\n"
    )

    async def look(app):
        return (
            await rows(
                app, "SELECT slug, kind, every_seconds, outlet, baseline, retired_at IS NULL FROM sources ORDER BY 1"
            ),
            await rows(app, "SELECT slug, state, version FROM rules"),
        )

    sources, rules = inside(place, look)
    assert sources == [("drop", "folder", 0.1, "", 0, 1), ("wire", "feed", 300.0, "The Wire", 1, 1)]
    assert rules == [("envoy", "on", 1)]

    place.write(rules="[rules.other]\nquery = 'herring'\n")
    sources, rules = inside(place, look)
    assert [(slug, watched) for slug, *_, watched in sources] == [("drop", 1), ("wire", 0)]
    assert rules == [("envoy", "off", 1), ("other", "on", 1)]


def test_a_rule_that_breaks_keeps_its_last_good_version_and_a_new_broken_one_is_off(place):
    async def look(app):
        return dict(app.rules), await rows(app, "SELECT slug, state, version, error <> '' FROM rules ORDER BY slug")

    inside(place, look)
    place.write(rules="[rules.envoy]\nquery = 'envoy AND ('\n[rules.fresh]\nquery = '\"open'\n")
    working, stored = inside(place, look)
    assert [(slug, rule.query) for slug, rule in working.items()] == [("envoy", "envoy")]
    assert stored == [("envoy", "stale", 2, 1), ("fresh", "off", 1, 1)]

    place.write(rules="[rules.envoy]\nquery = 'envoy OR minister'\n")
    working, stored = inside(place, look)
    assert working["envoy"].query == "envoy OR minister"
    assert stored[0] == ("envoy", "on", 3, 0)


def test_rules_that_compiled_before_are_not_compiled_again(place, monkeypatch):
    inside(place, lambda app: rows(app, "SELECT 1"))
    compiled = []
    real = watching._fault
    monkeypatch.setattr(watching, "_fault", lambda rule, config: compiled.append(rule.slug) or real(rule, config))
    inside(place, lambda app: rows(app, "SELECT 1"))
    assert compiled == []
    place.write(
        "[variants.tallinn]\nforms = ['Tallinn', 'Reval']\n",
        rules="[rules.envoy]\nquery = 'envoy'\n[rules.new]\nquery = '{tallinn}'\n",
    )
    inside(place, lambda app: rows(app, "SELECT 1"))
    assert compiled == ["new"]
    place.write(
        "[variants.tallinn]\nforms = ['Tallinn', 'Revel']\n",
        rules="[rules.envoy]\nquery = 'envoy'\n[rules.new]\nquery = '{tallinn}'\n",
    )
    stored = inside(place, lambda app: rows(app, "SELECT slug, version, state FROM rules ORDER BY slug"))
    assert compiled == ["new", "new"], "with another set only a rule that names it means something else"
    assert stored == [("envoy", 1, "on"), ("new", 2, "on")]


def test_the_terms_of_checked_rules_are_not_kept_where_nothing_is_matched(place):
    place.write("[variants.city]\nforms = ['Doha']\n", rules="[rules.new]\nquery = '{city} AND \"peace talks\"'\n")

    def check(db):
        parser.term("kept", False, False, "")
        watch = watching.take_over(db, place.load(), utc_now())
        return list(watch.rules), parser.term.cache_info().currsize, parser._variant_term.cache_info().currsize

    async def look(app):
        await app.store.write(lambda db: db.execute("DELETE FROM rules").rowcount)
        return await app.store.write(check)

    assert inside(place, look) == (["new"], 0, 0)


def test_a_rule_whose_variant_set_is_gone_keeps_matching_with_the_set_it_had(place):
    place.write("[variants.city]\nforms = ['Doha']\n", rules="[rules.city]\nquery = '{city}'\n")
    inside(place, lambda app: rows(app, "SELECT 1"))
    place.write(rules="[rules.city]\nquery = '{city}'\n")

    async def look(app):
        changes = watching.changes({}, app.rules)
        book = RuleBook([compile_rule(change.rule, change.variants) for change in changes])
        found = [match.rule for match in book.match(Subject(text="They met in Doha."))]
        return found, await rows(app, "SELECT slug, version, state, error FROM rules")

    found, ((slug, version, state, error),) = inside(place, look)
    assert (found, slug, version, state) == (["city"], "city", 2, "stale")
    assert "there is no variant set {city}" in error


def test_a_reload_writes_and_checks_only_the_rules_that_changed(place, monkeypatch):
    query = "[rules.envoy]\nquery = 'envoy'\n[rules.other]\nquery = '{}'\n[rules.off]\nquery = 'x'\nenabled = false\n"
    place.write(rules=query.format("herring"))
    saved = []
    real = watching.rules.save
    monkeypatch.setattr(
        watching.rules, "save", lambda db, rule, *more: saved.append(rule.slug) or real(db, rule, *more)
    )

    async def reload(app):
        saved.clear()
        before = dict(app.rules)
        place.write(rules=query.format("cod"))
        await app.reload(place.load())
        told = watching.changes(before, app.rules)
        assert app.config.rules["envoy"] is app.rules["envoy"] is before["envoy"], "100,000 rules are held once"
        return [change.slug for change in told], await rows(app, "SELECT slug, version, state FROM rules ORDER BY 1")

    told, stored = inside(place, reload)
    assert told == ["other"]
    assert saved == ["other", "off"]
    assert stored == [("envoy", 1, "on"), ("off", 1, "off"), ("other", 2, "on")]


def test_all_faults_of_all_channels_are_told_at_once_and_nothing_is_opened(place):
    place.write("[channels.a]\nkind = 'emial'\n[channels.b]\nkind = 'webhook'\nurl = 'ftp://x'\n")
    with pytest.raises(ConfigError) as refused:
        inside(place, lambda app: None)
    assert any("channels.a" in fault for fault in refused.value.faults)
    assert any("channels.b" in fault for fault in refused.value.faults)
    assert not (place.root / "var" / "monitor.db").exists()


def test_credentials_of_a_feed_become_headers_and_never_rows(place):
    (place.root / "token").write_text("s3cret\n")
    (place.root / "token").chmod(0o600)
    place.write(
        """[feeds.a]
url = 'https://a.example/feed'
headers = { X-Key = { file = 'token' } }
auth = { user = 'me', password = { file = 'token' } }
[feeds.b]
url = 'https://b.example/feed'
auth = { bearer = { file = 'token' } }
"""
    )
    config = place.load()
    basic = "Basic " + base64.b64encode(b"me:s3cret").decode()
    assert headers_of(config, "a", config.feeds["a"].url) == {"X-Key": "s3cret", "Authorization": basic}
    assert headers_of(config, "b", config.feeds["b"].url) == {"Authorization": "Bearer s3cret"}
    assert headers_of(config, "a", "https://a.example/moved") != {}
    assert headers_of(config, "a", "http://a.example/feed") == {}
    assert headers_of(config, "a", "https://b.example/feed") == {}
    assert headers_of(config, "drop", "https://paper.example/") == {}

    async def dump(app):
        return "\n".join(await asyncio.to_thread(lambda: list(app.store.read_now(lambda db: list(db.iterdump())))))

    assert "s3cret" not in inside(place, dump)


def test_a_store_has_one_owner(place):
    async def second(app):
        with pytest.raises(StoreBusy, match="process"):
            async with live.build(place.load()):
                pass

    inside(place, second)


# ── one round by hand ───────────────────────────────────────────────────────────────────────────


def test_once_does_everything_and_counts_it(place):
    place.extra = "[folders.missing]\npath = 'nowhere'\n"
    place.write()
    place.drop("a.txt", TEXT)
    place.drop("b.txt", OTHER)
    report = inside(place, lambda app: live.once(app))
    assert (report.polled, report.entries, report.alerts, report.sent) == (2, {"done": 2}, 1, 1)
    assert "nowhere" in report.failed["missing"]
    assert not report.complete
    assert "envoy" in place.printed

    again = inside(place, lambda app: live.once(app, everything=True))
    assert (again.entries, again.alerts, again.sent) == ({}, 0, 0)


def test_once_for_everything_leaves_no_source_out_however_many_there_are(place, monkeypatch):
    place.extra = "".join(f"[folders.f{n}]\npath = 'drop'\nevery = '1h'\nafter = 'keep'\n" for n in range(5))
    place.write()
    monkeypatch.setattr("monitor.app.round.AT_ONCE", 2)
    inside(place, lambda app: live.once(app))

    assert inside(place, lambda app: live.once(app, everything=True)).polled >= 6


def test_a_first_poll_that_sets_the_baseline_alerts_nobody(place):
    place.write()
    text = (place.root / "config.toml").read_text().replace('every = "100ms"', 'every = "100ms"\nbaseline = true')
    (place.root / "config.toml").write_text(text)
    place.drop("a.txt", TEXT)
    report = inside(place, lambda app: live.once(app))
    assert (report.entries, report.alerts) == ({"baseline": 1}, 0)
    place.drop("b.txt", OTHER.replace("ministry", "envoy of the ministry"))
    report = inside(place, lambda app: live.once(app, everything=True))
    assert (report.entries, report.alerts) == ({"done": 1}, 1)


def test_what_a_dead_run_had_in_hand_is_done_by_the_next_at_once(place):
    async def die(app):
        place.drop("a.txt", TEXT)
        started = []
        await app.pipeline.poll_due(started.append)
        await asyncio.gather(*started)
        claimed = await app.store.write(app.pipeline._claim)
        app.store.write_now(lambda db: db.execute("UPDATE entries SET lease_run = 'a-dead-run'"))
        return len(claimed)

    assert inside(place, die) == 1
    report = inside(place, lambda app: live.once(app))
    assert (report.entries, report.alerts) == ({"done": 1}, 1)


# ── commands ────────────────────────────────────────────────────────────────────────────────────


def test_a_document_handed_over_is_taken_through(place):
    with live.session(place.load) as call:
        (first,) = call("ingest", live.arguments("talks.txt", TEXT.encode()))
        (again,) = call("ingest", live.arguments("talks.txt", TEXT.encode()))
        (other,) = call("ingest", live.arguments("fish.txt", OTHER.encode(), source="drop"))
    assert (first["state"], first["title"], first["matches"]) == ("done", "Talks go on", {"envoy": "alert"})
    assert again == first
    assert (other["state"], other["matches"]) == ("done", {})


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"name": "a.txt", "body": "not base64!"}, "bad-request"),
        ({"name": "a.txt", "body": ""}, "empty"),
        ({"name": "a.exe", "body": "QUJD"}, "unknown-kind"),
        ({"name": "a.txt", "body": "QUJD", "source": "nowhere"}, "no-source"),
        ({"name": "a.txt"}, "bad-request"),
        ({"name": "a.txt", "body": "QUJD", "colour": "red"}, "bad-request"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_its_reason(place, given, kind):
    with pytest.raises(Permanent) as refused:
        live.command(place.load, "ingest", given)
    assert refused.value.kind == kind


def test_a_command_that_does_not_exist_is_refused(place):
    with pytest.raises(Permanent, match="no command 'fly'"):
        live.command(place.load, "fly", {})


def test_sources_are_paused_and_resumed_by_name(place):
    assert live.command(place.load, "sources.pause", {"slug": "drop", "because": "holidays"}) is True
    assert live.command(place.load, "sources.pause", {"slug": "nobody", "because": ""}) is False
    place.drop("a.txt", TEXT)
    assert inside(place, lambda app: live.once(app, everything=True)).polled == 0
    assert live.command(place.load, "sources.poll", {"slug": "drop"}) is False
    assert live.command(place.load, "sources.resume", {"slug": "drop"}) is True
    assert inside(place, lambda app: live.once(app)).entries == {"done": 1}


# ── a full disk ─────────────────────────────────────────────────────────────────────────────────


def test_the_probe_tells_whether_there_is_room(place):
    async def story(app):
        pages = await app.store.read(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
        app.store.maintain(lambda db: db.execute(f"PRAGMA max_page_count = {pages + 4}").fetchall())
        with pytest.raises(StoreFull):
            await app.probe()
        app.store.maintain(lambda db: db.execute("PRAGMA max_page_count = 1000000").fetchall())
        await app.probe()

    inside(place, story)
