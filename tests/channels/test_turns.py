"""Turns: so many at a time, and a target that hangs leaves the others their places."""

from __future__ import annotations

import asyncio

from monitor.channels.turns import SPARE, Turns


def test_no_more_go_at_a_time_than_there_are_places() -> None:
    async def scene() -> int:
        turns, inside, most = Turns(2, patience=30), 0, 0

        async def one(number: int) -> None:
            nonlocal inside, most
            async with turns.of(f"target {number % 3}"):
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(0)
                inside -= 1

        await asyncio.gather(*(one(number) for number in range(12)))
        return most

    assert asyncio.run(scene()) == 2


def test_targets_that_hang_delay_others_for_the_patience_at_most_once() -> None:
    async def scene() -> tuple[bool, bool]:
        turns, never = Turns(2, patience=0.02), asyncio.Event()

        async def hang(target: str) -> None:
            async with turns.of(target):
                await never.wait()

        hung = [asyncio.create_task(hang(f"hung {number}")) for number in (1, 2)]
        await asyncio.sleep(0)  # they have both places
        async with asyncio.timeout(5), turns.of("well"):
            first = True
        # Known to hang, they do not take a place of the others again, however many come.
        hung += [asyncio.create_task(hang("hung 1")) for _ in range(2 * SPARE)]
        await asyncio.sleep(0)
        before = asyncio.get_running_loop().time()
        async with turns.of("well"):
            at_once = asyncio.get_running_loop().time() - before < 0.02
        for task in hung:
            task.cancel()
        await asyncio.gather(*hung, return_exceptions=True)
        return first, at_once

    assert asyncio.run(scene()) == (True, True)


def test_what_hangs_takes_no_more_than_the_second_row() -> None:
    async def scene() -> int:
        turns, never, inside = Turns(1, patience=0.01), asyncio.Event(), 0

        async def hang(number: int) -> None:
            nonlocal inside
            async with turns.of(str(number)):
                inside += 1
                await never.wait()

        hung = [asyncio.create_task(hang(number)) for number in range(3 * SPARE)]
        await asyncio.sleep(0.3)
        for task in hung:
            task.cancel()
        await asyncio.gather(*hung, return_exceptions=True)
        async with asyncio.timeout(5), turns.of("well"):  # every place was given back
            pass
        return inside

    assert asyncio.run(scene()) == 1 + SPARE


def test_a_target_that_is_quick_again_is_trusted_again() -> None:
    async def scene() -> bool:
        turns, never = Turns(1, patience=0.01), asyncio.Event()
        async with turns.of("slow"):
            await asyncio.sleep(0.05)
        async with turns.of("slow"):  # in the second row, in time
            pass

        async def hold() -> None:
            async with turns.of("slow"):
                await never.wait()

        holding = asyncio.create_task(hold())
        await asyncio.sleep(0)
        waiting = asyncio.create_task(hold())
        await asyncio.sleep(0)
        in_first_row = turns._quick.locked()
        for task in (holding, waiting):
            task.cancel()
        await asyncio.gather(holding, waiting, return_exceptions=True)
        return in_first_row

    assert asyncio.run(scene())
