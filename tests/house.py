"""A pipeline over a real store in a folder, as the app builds it; the world outside and the processes are faked."""

from __future__ import annotations

import asyncio
from importlib import import_module

from build import NOON, a_rule

from monitor.care import Care
from monitor.pipeline import Pipeline
from monitor.ports import SourceRow
from monitor.settle import Settler
from monitor.stages.restraint import Route
from monitor.stages.rules import RuleBook, compile_rule
from monitor.store import raw, rules, sources
from monitor.store.connection import Store
from monitor.store.rarity import Rarity

WIRE = SourceRow(slug="wire", kind="feed", address="http://127.0.0.1/feed", every=900.0)


class World:
    """A source, its linked pages, and a pool without processes."""

    def __init__(self, book):
        self.book = book
        self.pulls = []
        self.acknowledged = []
        self.pages = {}
        self.crash = None

    async def pull(self, row, now):
        answer = self.pulls.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def stirring(self):
        return ()

    async def acknowledge(self, row, pull):
        self.acknowledged.append(pull)

    async def page(self, url):
        answer = self.pages[url]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def run(self, function, *args, deadline, book=False):
        if self.crash:
            raise self.crash
        module, name = function.split(":")
        return getattr(import_module(module), name)(*args, *([self.book] if book else []))


class House:
    """A pipeline over a store in a folder, as app.py would build it."""

    def __init__(self, folder, *, run="run-1", now=NOON, given=(), baseline=False, source=None, row=WIRE):
        self.given = given or (a_rule(),)
        self.now = now
        self.store = Store(folder / "monitor.db")
        self.raw = Store(folder / "raw.db", migrate=raw.migrate)
        book = RuleBook()
        for rule in self.given:
            book.add(compile_rule(rule, {}))
            self.store.write_now(lambda db, rule=rule: rules.save(db, rule, "", now))
        self.store.write_now(lambda db: sources.upsert(db, row, now, baseline=baseline))
        self.world = World(book)
        self.rarity = Rarity(folder / "rarity", now, bits=12)
        care = Care()
        self.pipeline = Pipeline(
            store=self.store,
            raw_store=self.raw,
            pool=self.world,
            sources={row.kind: source or self.world},
            pages=self.world,
            settler=Settler(
                run=run,
                rules={rule.slug: rule for rule in self.given},
                routes={"console": Route(channel="console")},
                rarity=lambda: self.rarity,
                spammed=care.spammed,
            ),
            care=care,
            run=run,
            clock=lambda: self.now,
            workers=2,
            deadline=30.0,
        )

    def go(self, *pulls):
        """Poll once for each pull, then digest all that is pending."""

        async def main():
            for one in pulls:
                self.world.pulls.append(one)
                started = []
                await self.pipeline.poll_due(started.append, everything=True)
                await asyncio.gather(*started)
            return await self.pipeline.digest_due()

        return asyncio.run(main())

    def all(self, sql, *parameters):
        return [tuple(row) for row in self.store.read_now(lambda db: db.execute(sql, parameters).fetchall())]

    def close(self):
        self.store.close()
        self.raw.close()
        self.rarity.close()
