"""The pool: real processes that hang, die and grow, and what that costs the others."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from pickle import UnpicklingError

import pytest
from build import a_document, a_match, a_rule, an_entry
from structlog.testing import capture_logs

from monitor.errors import Permanent, Temporary
from monitor.model import Article, EntryState, Fingerprint, Work
from monitor.pool import Change, Pool, PoolBroken, RemoteBug
from monitor.pool.wire import HEADER, dumps, loads_result
from monitor.stages.digest import digest
from monitor.stages.rules import RuleBook, compile_rule

T = "pool_tenant:"
GETATTR = b"cbuiltins\ngetattr\n(cmonitor.model\nEntry\nV__init__\ntR."


def with_pool(story, **options):
    """Run `story(pool)` on an event loop of its own."""

    async def go():
        pool = Pool("pool_tenant", **options)
        await pool.start()
        try:
            async with asyncio.timeout(60):
                return await story(pool)
        finally:
            await pool.close()

    return asyncio.run(go())


def change(slug, query):
    return Change(slug=slug, rule=query and a_rule(slug=slug, query=query), variants={})


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_runs_a_function_elsewhere():
    async def story(pool):
        assert await pool.run(T + "add", 2, 3, deadline=10) == 5
        assert await pool.run(T + "whoami", deadline=10) not in (os.getpid(), None)

    with_pool(story)


def test_values_of_ours_come_back_whole():
    article = Article(title="t", text="x", fingerprint=Fingerprint(exact="a", keys=(1, -2)))

    async def story(pool):
        assert await pool.run(T + "echo", article, deadline=10) == article
        assert await pool.run(T + "echo", EntryState.DONE, deadline=10) is EntryState.DONE
        assert await pool.run(T + "echo", a_match(), deadline=10) == a_match(), "a hit is a named tuple"
        large = os.urandom(12_000_000)
        assert await pool.run(T + "echo", large, deadline=30) == large

    with_pool(story)


TALKS = "The envoy met the minister in Doha on Sunday.\n\nSubscribe to our newsletter\n\nTalks go on for a week."


def test_all_that_a_matching_article_means_comes_back_whole():
    book = RuleBook()
    book.add(compile_rule(a_rule(query="envoy NEAR/5 minister"), {}))
    answer = digest(Work(entry=an_entry(title="Envoy and minister", content=a_document(TALKS))), book)
    assert answer.matches[0].hits

    assert loads_result(dumps(answer)[HEADER.size :]) == answer


def test_two_calls_run_side_by_side():
    async def story(pool):
        pids = await asyncio.gather(*(pool.run(T + "slow", 0.3, deadline=10) for _ in range(2)))
        assert len(set(pids)) == 2

    with_pool(story)


def test_there_are_never_fewer_than_two_workers():
    assert Pool("pool_tenant", workers=1).workers == 2


def test_a_deadline_frees_the_core():
    async def story(pool):
        pid = await pool.run(T + "whoami", deadline=10)
        with pytest.raises(Permanent, match=r"more than 0\.3 seconds") as stopped:
            await pool.run(T + "spin", deadline=0.3)
        assert stopped.value.kind == "timeout"
        assert await pool.run(T + "whoami", deadline=10) != pid
        for _ in range(100):
            if not alive(pid):
                break
            await asyncio.sleep(0.01)
        assert not alive(pid), "the worker that span is still there"
        assert pool.lost == {"timeout": 1}

    with_pool(story)


def test_a_deadline_ends_a_call_that_waits_in_c():
    async def story(pool):
        with pytest.raises(Permanent):
            await pool.run(T + "spin_in_c", deadline=0.2)
        assert await pool.run(T + "add", 1, 1, deadline=10) == 2

    with_pool(story)


def test_a_culprit_is_named_after_two_workers_and_costs_nobody_else():
    async def story(pool):
        good = [pool.run(T + "slow", 0.2, deadline=10) for _ in range(6)]
        bad = pool.run(T + "segfault", deadline=10)
        *pids, error = await asyncio.gather(*good, bad, return_exceptions=True)
        assert all(isinstance(pid, int) for pid in pids)
        assert isinstance(error, Permanent)
        assert error.kind == "crash"
        assert "SIGSEGV" in str(error)
        assert pool.lost == {"crash": 2}

    with_pool(story)


def test_an_innocent_gets_a_second_worker(tmp_path):
    async def story(pool):
        assert await pool.run(T + "die_once", str(tmp_path / "mark"), deadline=10) == "survived"

    with_pool(story)


def test_a_worker_may_take_only_so_much_memory():
    async def story(pool):
        assert await pool.run(T + "hog", 20, deadline=10) == 20 * 1024 * 1024
        with pytest.raises(Permanent, match="64 MiB") as stopped:
            await pool.run(T + "hog", 200, deadline=10)
        assert stopped.value.kind == "memory"
        assert await pool.run(T + "add", 1, 1, deadline=10) == 2

    with_pool(story, memory=64 * 1024 * 1024)


def test_errors_of_ours_keep_their_type_and_what_they_carry():
    async def story(pool):
        with pytest.raises(Permanent, match="not a feed") as permanent:
            await pool.run(T + "refuse", deadline=10)
        assert permanent.value.kind == "not-a-feed"
        with pytest.raises(Temporary) as temporary:
            await pool.run(T + "later", deadline=10)
        assert (temporary.value.retry_after, temporary.value.kind) == (7.5, "http-503")

    with_pool(story)


def test_a_bug_shows_the_workers_traceback_and_does_not_end_it():
    async def story(pool):
        pid = await pool.run(T + "whoami", deadline=10)
        with pytest.raises(RemoteBug, match="KeyError") as bug:
            await pool.run(T + "bug", deadline=10)
        assert "in bug" in str(bug.value)
        assert await pool.run(T + "whoami", deadline=10) == pid

    with_pool(story)


def test_an_answer_is_only_ever_values():
    async def story(pool):
        with pytest.raises(RemoteBug, match=r"posix\.system"):
            await pool.run(T + "trick", deadline=10)

    with_pool(story)
    for tricky in (b"cos\nsystem\n.", b"cmonitor.pool.wire\nreceive\n.", b"cbuiltins\neval\n.", GETATTR):
        with pytest.raises(UnpicklingError, match="not a value"):
            loads_result(tricky)


def test_every_call_after_publish_sees_the_new_book():
    async def story(pool):
        assert await pool.publish([change("a", "one"), change("b", "two")]) == {}
        assert await pool.run(T + "looked_up", deadline=10, book=True) == {"a": "one", "b": "two"}
        first = await pool.run(T + "whoami", deadline=10)
        assert await pool.run(T + "whoami", deadline=10) == first
        await pool.publish([change("b", None), change("c", "three")])
        books = await asyncio.gather(*(pool.run(T + "looked_up", deadline=10, book=True) for _ in range(4)))
        assert books == [{"a": "one", "c": "three"}] * 4
        assert await pool.run(T + "whoami", deadline=10) != first
        assert await pool.run(T + "warmed", deadline=10) == [2, 2], "the book is warmed before a worker is born"

    with_pool(story)


def test_publish_tells_which_rules_do_not_compile():
    async def story(pool):
        assert await pool.publish([change("a", "("), change("b", "two")]) == {"a": "a parenthesis is not closed"}
        assert await pool.run(T + "looked_up", deadline=10, book=True) == {"b": "two"}

    with_pool(story)


def test_a_pool_starts_with_its_rules():
    async def go():
        pool = Pool("pool_tenant")
        assert await pool.tell([change("a", "old"), change("z", "gone")]) == {}
        await pool.start()
        faults = pool.tell([change("a", "one"), change("b", "("), change("z", None)])
        assert await pool.run(T + "looked_up", deadline=10, book=True) == {"a": "one"}
        assert await faults == {"b": "a parenthesis is not closed"}
        await pool.close()

    asyncio.run(go())


def test_workers_are_renewed():
    async def story(pool):
        pids = [await pool.run(T + "whoami", deadline=10) for _ in range(6)]
        assert pids[0] == pids[1] == pids[2] != pids[3] == pids[4] == pids[5]
        assert not pool.lost

    with_pool(story, renew_after=3)


def test_a_lost_nursery_is_replaced_with_its_rules():
    async def story(pool):
        await pool.publish([change("a", "one")])
        await pool.run(T + "add", 1, 1, deadline=10)
        os.kill(pool.processes()[0], signal.SIGKILL)
        await asyncio.sleep(0.1)
        assert await pool.run(T + "looked_up", deadline=10, book=True) == {"a": "one"}

    with_pool(story)


def test_rules_published_while_the_nursery_dies_are_in_the_next_book():
    async def story(pool):
        await pool.run(T + "add", 1, 1, deadline=10)
        os.kill(pool.processes()[0], signal.SIGKILL)
        with contextlib.suppress(PoolBroken):
            await pool.publish([change("a", "one")])
        assert await pool.run(T + "looked_up", deadline=10, book=True) == {"a": "one"}

    with_pool(story)


def test_a_tenant_that_cannot_be_imported_is_said_and_does_not_hang():
    async def go():
        pool = Pool("no_such_tenant", patience=1.0)
        await pool.start()
        with capture_logs() as logs, pytest.raises(PoolBroken, match="no worker process can be started"):
            await pool.run(T + "add", 1, 1, deadline=10)
        assert {line["event"] for line in logs} == {"pool.broken"}
        assert pool.overdue() > 0.9
        await pool.close()

    asyncio.run(go())


def test_a_cancelled_call_takes_its_worker_along():
    async def story(pool):
        pid = await pool.run(T + "whoami", deadline=10)
        call = asyncio.create_task(pool.run(T + "spin", deadline=30))
        await asyncio.sleep(0.1)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert await pool.run(T + "whoami", deadline=10) != pid
        assert pool.overdue() == 0

    with_pool(story)


def test_closing_ends_busy_workers_too():
    async def go():
        pool = Pool("pool_tenant")
        call = asyncio.create_task(pool.run(T + "spin", deadline=30))
        await asyncio.sleep(0.5)
        began = time.monotonic()
        await pool.close()
        assert time.monotonic() - began < 4
        with pytest.raises(PoolBroken):
            await call
        with pytest.raises(PoolBroken):
            await pool.run(T + "add", 1, 1, deadline=5)

    asyncio.run(go())


def test_workers_outlive_a_terminals_interrupt_and_systemds_terminate():
    async def story(pool):
        pid = await pool.run(T + "whoami", deadline=10)
        for number in (signal.SIGINT, signal.SIGTERM):
            for process in pool.processes():
                os.kill(process, number)
        assert await pool.run(T + "whoami", deadline=10) == pid

    with_pool(story)


def test_no_process_outlives_a_killed_daemon(tmp_path):
    program = textwrap.dedent(
        """
        import asyncio
        from monitor.pool import Pool
        async def main():
            pool = Pool("pool_tenant")
            pids = await asyncio.gather(*(pool.run("pool_tenant:slow", 0.2, deadline=10) for _ in range(2)))
            print(*pool.processes()[:1], *pids, flush=True)
            await asyncio.gather(*(pool.run("pool_tenant:spin", deadline=60) for _ in range(2)))
        asyncio.run(main())
        """
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as daemon:
        assert daemon.stdout is not None
        pids = [int(word) for word in daemon.stdout.readline().split()]
        assert len(pids) == 3
        assert all(map(alive, pids))
        daemon.kill()
    end = time.monotonic() + 5
    while any(map(alive, pids)) and time.monotonic() < end:
        time.sleep(0.02)
    assert not any(map(alive, pids))
