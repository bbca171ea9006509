"""Group commit: many small writes share a transaction, and fail alone."""

from __future__ import annotations

import asyncio

import pytest

from monitor.errors import StoreFull
from monitor.store.batch import GroupCommit


def set_fact(db, key):
    if key == "bad":
        db.execute("INSERT INTO state VALUES ('half', '', '')")
        raise ValueError("a bad one")
    db.execute("INSERT INTO state VALUES (?, '', '')", (key,))
    return key.upper()


def keys(store):
    return store.read_now(lambda db: {row[0] for row in db.execute("SELECT key FROM state")})


def test_each_gets_its_own_answer_and_a_bad_one_fails_alone(store):
    async def main():
        group = GroupCommit(store, set_fact)
        return await asyncio.gather(*(group.do(key) for key in ("a", "bad", "b")), return_exceptions=True)

    first, error, last = asyncio.run(main())

    assert (first, last) == ("A", "B")
    assert isinstance(error, ValueError)
    assert keys(store) == {"a", "b"}, "what the bad one wrote is undone"


def test_those_who_wait_together_share_a_transaction(store, monkeypatch):
    transactions = []
    write = store.write

    async def counted(function):
        transactions.append(1)
        return await write(function)

    monkeypatch.setattr(store, "write", counted)

    async def main():
        group = GroupCommit(store, set_fact, most=50)
        await asyncio.gather(*(group.do(f"k{i}") for i in range(100)))

    asyncio.run(main())

    assert len(keys(store)) == 100
    assert len(transactions) == 2


def test_a_full_disk_fails_the_whole_batch_and_says_so(store):
    pages = store.maintain(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
    store.maintain(lambda db: db.execute(f"PRAGMA max_page_count = {pages}").fetchone())

    async def main():
        group = GroupCommit(store, set_fact)
        return await asyncio.gather(group.do("a"), group.do("b" * 100_000), return_exceptions=True)

    results = asyncio.run(main())

    assert all(isinstance(result, StoreFull) for result in results)
    assert keys(store) == set()


def test_a_cancelled_waiter_does_not_disturb_the_others(store):
    async def main():
        group = GroupCommit(store, set_fact)
        lost = asyncio.create_task(group.do("a"))
        kept = asyncio.create_task(group.do("b"))
        await asyncio.sleep(0)
        lost.cancel()
        with pytest.raises(asyncio.CancelledError):
            await lost
        return await kept

    assert asyncio.run(main()) == "B"
    assert "b" in keys(store)


def test_a_batch_waits_a_moment_for_what_is_certain_to_come(store, monkeypatch):
    transactions = []
    write = store.write

    async def counted(function):
        transactions.append(function)
        return await write(function)

    monkeypatch.setattr(store, "write", counted)
    coming = ["b", "c"]

    async def main():
        group = GroupCommit(store, set_fact, more=lambda: bool(coming))

        async def late():
            key = coming.pop()
            return await group.do(key)

        first = asyncio.create_task(group.do("a"))
        await asyncio.sleep(0)  # it has begun to wait
        return await asyncio.gather(first, late(), late())

    assert asyncio.run(main()) == ["A", "C", "B"]
    assert len(transactions) == 1
    assert keys(store) == {"a", "b", "c"}
