"""The daemon: a real store, drop folder and control socket; only worker processes and systemd are stand-ins."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import threading
import time
from dataclasses import replace

import pytest
from fakes import systemd, until
from structlog.testing import capture_logs

from monitor import app as live
from monitor import control
from monitor.daemon import Daemon, Rhythm, _run
from monitor.errors import ConfigError, StoreBusy, StoreError
from monitor.model import EntryState
from monitor.pool import Pool
from monitor.supervisor import Supervisor

QUICK = Rhythm(poll=0.05, digest=0.1, deliver=0.05, beat=0.05, drain=5.0, room=0.05)
TEXT = "Talks go on\n\nThe envoy met the minister in Doha on Sunday, and they said that talks would go on. ({n})\n"


class House:
    """A running daemon, and hands to shake it."""

    def __init__(self, place, app, daemon):
        self.place = place
        self.app = app
        self.daemon = daemon

    async def rows(self, sql):
        return [tuple(row) for row in await self.app.store.read(lambda db: db.execute(sql).fetchall())]

    async def settled(self, count):
        async def enough():
            return (await self.rows("SELECT COUNT(*) FROM entries WHERE settled_at IS NOT NULL"))[0][0] >= count

        await until(enough, seconds=20, what=f"{count} settled entries")

    async def reload(self, logs):
        before = sum(line["event"] == "reload" for line in logs)
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: sum(line["event"] == "reload" for line in logs) > before, what="the reload")


def live_in(place, story, *, rhythm=QUICK, environ=None):
    """Run a daemon in `place` while `story(house)` goes on, then stop it. Returns what was logged."""

    async def main():
        stop, hangup = asyncio.Event(), asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, hangup.set)
        async with live.build(place.load()) as app:
            daemon = Daemon(app, place.load, Supervisor(environ or {}), rhythm, stop, hangup)
            serving = asyncio.create_task(daemon.serve())
            telling = asyncio.create_task(story(House(place, app, daemon)))
            try:
                await asyncio.wait((serving, telling), return_when=asyncio.FIRST_COMPLETED)
                if telling.done():
                    telling.result()
            finally:
                stop.set()
                telling.cancel()
                await asyncio.gather(telling, return_exceptions=True)
                await serving

    with capture_logs() as logs:
        place.logs = logs
        asyncio.run(main())
    return logs


def events(logs, name):
    return [line for line in logs if line["event"] == name]


def test_a_dropped_file_becomes_an_alert(place):
    async def story(house):
        place.drop("a.txt", TEXT.format(n=1))
        await until(lambda: events(place.logs, "delivery.sent"), what="the delivery")
        assert "envoy" in place.printed
        assert (await house.rows("SELECT state FROM entries")) == [("done",)]
        assert (await house.rows("SELECT state FROM deliveries")) == [("sent",)]

    logs = live_in(place, story)
    assert [line["event"] for line in logs if line["log_level"] in ("error", "critical")] == []


def test_systemd_is_told_the_truth_in_order(place, tmp_path):
    with systemd(tmp_path) as heard:

        async def story(house):
            await until(lambda: "WATCHDOG=1" in heard(), what="a beat")
            os.kill(os.getpid(), signal.SIGHUP)
            await until(lambda: heard().count("READY=1") == 2, what="the end of the reload")

        live_in(place, story, environ={"NOTIFY_SOCKET": heard.path, "WATCHDOG_USEC": "60000000"})
        said = [line for line in heard() if not line.startswith(("MONOTONIC", "WATCHDOG", "STATUS"))]
        assert said == ["READY=1", "RELOADING=1", "READY=1", "STOPPING=1"]
        assert any(line.startswith("STATUS=") and "source" in line for line in heard())


def test_a_reload_takes_the_new_rules_and_keeps_what_happened(place):
    async def story(house):
        place.drop("a.txt", TEXT.format(n=1))
        await house.settled(1)
        place.write(rules="[rules.minister]\nquery = 'minister'\n")
        await house.reload(place.logs)
        place.drop("b.txt", "Another matter entirely\n\nThe minister of fisheries spoke of herring, cod and the sea.")
        await until(lambda: "herring" in place.printed, what="the new rule's alert")
        rules = await house.rows("SELECT slug, state, retired_at IS NOT NULL FROM rules ORDER BY slug")
        assert rules == [("envoy", "off", 1), ("minister", "on", 0)]
        assert (await house.rows("SELECT rule FROM alerts ORDER BY id")) == [("envoy",), ("minister",)]

    live_in(place, story)


def test_a_reload_with_a_fault_changes_nothing_and_says_so(place, tmp_path):
    with systemd(tmp_path) as heard:

        async def story(house):
            for wrong in ("[folders.drop2]\n", "[channels.bad]\nkind = 'emial'\n", "not toml at all"):
                place.write(wrong, rules="[rules.minister]\nquery = 'minister'\n")
                await house.reload(place.logs)
            place.drop("a.txt", TEXT.format(n=1))
            await until(lambda: "envoy" in place.printed, what="the old rule's alert")
            assert (await house.rows("SELECT slug, state FROM rules")) == [("envoy", "on")]
            ((text, ended),) = await house.rows("SELECT text, ended_at FROM notices WHERE key = 'reload-refused'")
            assert text.startswith("the new configuration is at fault, the old one is in force: "), "once, in status"
            assert "not valid TOML" in text, "as of the last reload"
            assert ended is None
            await until(lambda: any("kept the old configuration" in line for line in heard()))

        logs = live_in(place, story, environ={"NOTIFY_SOCKET": heard.path})
    reloads = events(logs, "reload")
    assert [line["outcome"] for line in reloads] == ["kept the old configuration"] * 3
    assert all(line["faults"] for line in reloads)


def test_a_bad_reload_is_told_once_and_its_end_too(place):
    async def story(house):
        for _ in range(2):
            place.write("[folders.drop2]\n")
            await house.reload(place.logs)
        await until(lambda: "the new configuration is at fault" in place.printed, what="the notice")
        place.write(rules="[rules.minister]\nquery = 'minister'\n")
        await house.reload(place.logs)
        await until(lambda: "the new configuration is in force" in place.printed, what="the end of it")
        kinds = await house.rows("SELECT kind, COUNT(*) FROM deliveries GROUP BY kind")
        assert kinds == [("notice", 2)], "two bad reloads are one trouble"

    (place.root / "conf.d").mkdir()
    (place.root / "conf.d" / "notices.toml").write_text('[monitor]\nnotices = ["console"]\n')
    place.write()
    live_in(place, story)


def test_a_storm_of_reloads_while_documents_pour_in(place):
    async def story(house):
        for n in range(40):
            place.drop(f"{n}.txt", TEXT.format(n=n) + f"\n\nNumber {n} of the talks was about matter {n * n}.")
            if n % 2:
                place.write(rules=f"[rules.envoy]\nquery = 'envoy'\n[rules.r{n}]\nquery = 'number{n}'\n")
                os.kill(os.getpid(), signal.SIGHUP)
                await asyncio.sleep(0.005)
        await house.settled(40)
        states = await house.rows("SELECT state, COUNT(*) FROM entries GROUP BY state")
        assert sum(count for _, count in states) == 40
        assert {state for state, _ in states} <= {"done", "copy"}

    logs = live_in(place, story)
    assert events(logs, "reload")
    assert [line for line in logs if line["log_level"] in ("error", "critical")] == []


def limit_pages(app, pages):
    for store in (app.store, app.raw):
        now = store.read_now(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
        store.maintain(lambda db, now=now: db.execute(f"PRAGMA max_page_count = {now + pages}").fetchall())


def test_a_full_disk_is_waited_out_and_nothing_is_lost(place):
    async def story(house):
        limit_pages(house.app, 2)
        for n in range(30):
            place.drop(f"{n}.txt", f"Report {n}\n\nThe envoy spoke of matter {n * n} in town {n}. " + f"word{n} " * 600)
        await until(lambda: events(place.logs, "disk.full"), what="the full disk")
        await asyncio.sleep(0.3)
        limit_pages(house.app, 1_000_000)
        await house.settled(30)
        await until(lambda: place.printed.count("why:") >= 1, what="alerts")
        assert (await house.rows("SELECT COUNT(*), COUNT(DISTINCT guid) FROM entries")) == [(30, 30)]
        assert (await house.rows("SELECT key, ended_at IS NOT NULL FROM notices WHERE key = 'disk-full'"))[0][1] == 1
        assert house.daemon.full_since is None

    logs = live_in(place, story)
    assert len(events(logs, "disk.full")) <= 3, "it is said once, not at every try"
    assert events(logs, "disk.room")
    assert not events(logs, "beat.withheld"), "a restart mends no full disk"


def test_a_limit_of_file_sizes_or_a_quota_is_a_full_disk_too(place):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    async def story(house):
        place.drop("first.txt", TEXT.format(n=1))
        await house.settled(1)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, before[1]))
        for n in range(40):
            place.drop(
                f"{n}.txt", f"Report {n}\n\nThe envoy spoke of matter {n * n} in town {n}. " + f"word{n} " * 2000
            )
        await until(lambda: events(place.logs, "disk.full"), what="the full disk")
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        await house.settled(41)
        assert (await house.rows("SELECT COUNT(*), COUNT(DISTINCT guid) FROM entries")) == [(41, 41)]

    try:
        live_in(place, story)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_bombs_cost_only_themselves(place, monkeypatch):
    """Real worker processes: one document hangs, one takes its worker down, one eats all memory."""
    monkeypatch.setattr("monitor.app.parts.Pool", Pool)
    monkeypatch.setattr("monitor.app.parts.TENANT", "bomb_tenant")
    monkeypatch.setattr("monitor.pipeline.DIGEST", "bomb_tenant:digest_or_explode")
    place.extra = "[pool]\nworkers = 2\ndeadline = '5s'\nmemory = '128MiB'\n"
    place.write()

    async def story(house):
        for n in range(12):
            place.drop(f"good{n}.txt", TEXT.format(n=n) + f" And then there was talk of matter {n * n * 7} as well.")
        for what in ("hangs", "crashes", "devours"):
            place.drop(f"{what}.txt", f"This document {what}\n\nIt was made to harm its reader, and it {what}.")
        await house.settled(15)
        bombs = await house.rows("SELECT substr(because, 1, 8) FROM entries WHERE state = 'failed' ORDER BY 1")
        assert bombs == [("crash: c",), ("memory: ",), ("timeout:",)]
        assert (await house.rows("SELECT COUNT(*) FROM entries WHERE state IN ('done', 'copy')")) == [(12,)]
        assert house.app.pool.lost == {"timeout": 1, "crash": 2, "memory": 2}

    logs = live_in(place, story)
    assert not events(logs, "beat.withheld")


def test_another_fault_of_the_store_ends_the_run_with_that_error(place):
    async def story(house):
        def broken(*_):
            raise StoreError("cannot use monitor.db: disk I/O error")

        house.app.pipeline.poll_due = broken
        await asyncio.sleep(5)

    with pytest.raises(StoreError, match="disk I/O error"):
        live_in(place, story)


def test_a_bug_in_a_chore_is_shown_and_the_others_go_on(place):
    async def story(house):
        async def broken():
            raise KeyError("a bug")

        house.app.pipeline.digest_due, right = broken, house.app.pipeline.digest_due
        place.drop("a.txt", TEXT.format(n=1))
        await until(lambda: events(place.logs, "daemon.bug"), what="the bug's traceback")
        house.app.pipeline.digest_due = right
        await house.settled(1)

    logs = live_in(place, story)
    assert events(logs, "daemon.bug")
    assert [line["outcome"] for line in events(logs, "entry")] == ["done"]


def test_the_beat_stops_while_the_writer_hangs_and_comes_back(place, tmp_path):
    with systemd(tmp_path) as heard:

        async def story(house):
            hang = threading.Event()
            stuck = asyncio.create_task(house.app.store.write(lambda db: hang.wait(10)))
            await until(lambda: events(place.logs, "beat.withheld"), what="the missing beat")
            before = heard().count("WATCHDOG=1")
            await asyncio.sleep(0.2)
            assert heard().count("WATCHDOG=1") == before
            hang.set()
            await stuck
            await until(lambda: heard().count("WATCHDOG=1") > before, what="the next beat")

        logs = live_in(
            place,
            story,
            rhythm=replace(QUICK, writer=0.1),
            environ={"NOTIFY_SOCKET": heard.path, "WATCHDOG_USEC": "60000000"},
        )
    assert "writer" in events(logs, "beat.withheld")[0]["because"][0]
    assert events(logs, "beat.well")


def test_the_beat_stops_for_a_stuck_pool(place):
    async def story(house):
        house.app.pool.behind = 99.0
        await until(lambda: events(place.logs, "beat.withheld"), what="the missing beat")

    logs = live_in(place, story)
    assert "overrun its deadline by 99 seconds" in events(logs, "beat.withheld")[0]["because"][0]


def test_the_beat_stops_when_nobody_takes_what_is_due(place):
    async def story(house):
        async def nothing(*_args, **_options):
            return 0

        house.app.pipeline.poll_due = nothing
        await until(lambda: events(place.logs, "beat.withheld"), what="the missing beat")

    logs = live_in(place, story, rhythm=replace(QUICK, stuck=0.3))
    assert "due to poll" in events(logs, "beat.withheld")[0]["because"][0]


def test_a_queue_that_moves_is_not_stuck(place):
    async def story(house):
        for n in range(60):
            place.drop(f"{n}.txt", TEXT.format(n=n))
        house.app.pool.gate = gate = asyncio.Event()
        await asyncio.sleep(0.3)
        gate.set()
        await house.settled(60)

    logs = live_in(place, story, rhythm=replace(QUICK, stuck=0.25))
    assert not events(logs, "beat.withheld")


def test_failing_sources_and_channels_never_stop_the_beat(place, tmp_path):
    place.extra = "[channels.hook]\nkind = 'webhook'\nurl = 'http://127.0.0.1:9/x'\nallow_private = true\n"
    place.extra += "[folders.missing]\npath = 'nowhere'\nevery = '100ms'\n"
    place.write()
    with systemd(tmp_path) as heard:

        async def story(house):
            place.drop("a.txt", TEXT.format(n=1))
            await until(lambda: events(place.logs, "delivery.retry"), what="a failed delivery")
            before = heard().count("WATCHDOG=1")
            await asyncio.sleep(0.4)
            assert heard().count("WATCHDOG=1") > before

        logs = live_in(
            place,
            story,
            rhythm=replace(QUICK, stuck=0.25),
            environ={"NOTIFY_SOCKET": heard.path, "WATCHDOG_USEC": "60000000"},
        )
    assert not events(logs, "beat.withheld")


def test_a_stop_lets_documents_end_and_gives_back_what_was_not_begun(place):
    async def story(house):
        for n in range(30):
            place.drop(f"{n}.txt", TEXT.format(n=n))
        house.app.pool.gate = gate = asyncio.Event()
        await until(lambda: house.app.pool.calls > 0, what="the first document")
        asyncio.get_running_loop().call_later(0.3, gate.set)

    live_in(place, story)

    async def look():
        async with live.build(place.load(), idle=True) as app:
            return await app.store.read(
                lambda db: [tuple(row) for row in db.execute("SELECT state, lease_run, attempts FROM entries")]
            )

    rows = asyncio.run(look())
    assert len(rows) == 30
    begun = [row for row in rows if row[0] != EntryState.PENDING]
    assert begun, "what was in the workers' hands was finished"
    assert all(row[1] is None for row in rows), "nothing stays leased after a clean stop"


def test_commands_reach_the_daemon_and_a_second_daemon_is_refused(place):
    async def story(house):
        ask = lambda name, **given: asyncio.to_thread(live.command, place.load, name, given)  # noqa: E731
        assert (await ask("ping"))["run"] == house.app.run
        assert await ask("sources.pause", slug="drop", because="for a test") is True
        place.drop("a.txt", TEXT.format(n=1))
        await asyncio.sleep(0.3)
        assert (await house.rows("SELECT COUNT(*) FROM entries")) == [(0,)]
        assert await ask("sources.resume", slug="drop") is True
        await house.settled(1)
        with pytest.raises(StoreBusy, match=f"process {os.getpid()}"):
            async with live.build(place.load(), idle=True):
                pass

    live_in(place, story)
    with pytest.raises(control.NoDaemon):
        control.call(place.root / "var", "ping", {})


def test_sigterm_ends_it_and_a_second_run_repeats_nothing(place):
    def signalled():
        time.sleep(1.0)
        os.kill(os.getpid(), signal.SIGTERM)

    place.drop("a.txt", TEXT.format(n=1))
    for _ in range(2):
        thread = threading.Thread(target=signalled)
        thread.start()
        began = time.monotonic()
        asyncio.run(_run(place.load, Supervisor({}), QUICK))
        thread.join()
        assert time.monotonic() - began < 5
    assert place.printed.count("why:") == 1


def test_a_stop_does_not_wait_for_what_hangs(place):
    async def story(house):
        house.app.pool.gate = asyncio.Event()
        place.drop("a.txt", TEXT.format(n=1))
        await until(lambda: house.app.pool.calls > 0, what="the document that will hang")

    began = time.monotonic()
    logs = live_in(place, story, rhythm=replace(QUICK, drain=0.3))
    assert time.monotonic() - began < 5
    assert events(logs, "daemon.cut_off")

    async def again(house):
        await house.settled(1)
        await until(lambda: "envoy" in place.printed, what="the alert")

    live_in(place, again)


def test_a_reload_that_meets_a_bug_is_not_the_last_one(place, monkeypatch):
    async def story(house):
        async def broken(_config):
            raise KeyError("a bug")

        right, house.app.reload = house.app.reload, broken
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: events(place.logs, "daemon.bug"), what="the bug's traceback")
        house.app.reload = right
        place.write(rules="[rules.minister]\nquery = 'minister'\n")
        await house.reload(place.logs)
        assert list(house.app.rules) == ["minister"]

    live_in(place, story)


def test_a_configuration_that_is_wrong_from_the_start_is_refused(place):
    place.write("[channels.bad]\nkind = 'webhook'\n[channels.worse]\nkind = 'email'\n")
    with pytest.raises(ConfigError) as refused:
        asyncio.run(_run(place.load, Supervisor({}), QUICK))
    assert len(refused.value.faults) >= 2, "the faults of every channel, at once"


def test_heads_are_stuck_only_when_they_stay(place):
    async def story(house):
        daemon = Daemon(house.app, place.load, Supervisor({}), Rhythm(stuck=100), asyncio.Event(), asyncio.Event())
        assert daemon._stuck({"poll": 1, "digest": 5}, 0.0) == []
        assert daemon._stuck({"poll": 1, "digest": 6}, 90.0) == []
        (because,) = daemon._stuck({"poll": 1, "digest": 6}, 101.0)
        assert "due to poll for 101 seconds" in because
        assert daemon._stuck({"digest": 6}, 150.0) == []
        assert daemon._stuck({"poll": 1, "digest": 6}, 151.0) == []
        assert "digest" in daemon._stuck({"poll": 1, "digest": 6}, 200.0)[0]

    live_in(place, story)


def test_a_clock_that_jumps_back_does_not_leave_work_for_next_year(place, monkeypatch):
    async def story(house):
        place.drop("a.txt", TEXT.format(n=1))
        await house.settled(1)
        later = "UPDATE sources SET next_poll_at = '2099-01-01T00:00:00.000Z'"
        await house.app.store.write(lambda db: db.execute(later))
        monkeypatch.setattr("monitor.daemon._drift", lambda: -1e6)
        await until(lambda: events(place.logs, "clock.clamped"), what="due times pulled in")
        place.drop("b.txt", TEXT.format(n=2) + " And something else was said on the other day by others.")
        await house.settled(2)

    logs = live_in(place, story)
    assert events(logs, "clock.jumped")
