"""A real browser on a real server: no script error, no request to anywhere else, and hostile news does nothing."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from desking import server

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium"),
    pytest.mark.filterwarnings("default::ResourceWarning"),
]
SIZES = {"phone": (390, 844), "desktop": (1280, 900)}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def base(hostile: tuple[Path, list[int]]) -> Iterator[str]:
    with server(hostile[0]) as address:
        yield address


@pytest.fixture(params=SIZES)
def visit(request: pytest.FixtureRequest, browser: Any, base: str) -> Iterator[Callable[..., Any]]:
    """Open a page at a width; at the end nothing may have been complained of, or asked of anybody else."""
    width, height = SIZES[request.param]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme="dark" if width < 500 else "light"
    )
    page = context.new_page()
    trouble: list[str] = []
    page.on("console", lambda told: trouble.append(told.text) if told.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("request", lambda asked: None if asked.url.startswith((base, "data:")) else trouble.append(asked.url))
    page.on("dialog", lambda dialog: trouble.append(dialog.message))

    def go(address: str, until: str = "networkidle") -> Any:
        answer = page.goto(base + address, wait_until=until)
        assert answer is not None
        assert answer.status == 200, address
        return page

    yield go
    context.close()
    assert trouble == []


def fits(page: Any) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def test_start_article_and_story_from_click_to_click(visit: Callable[..., Any]) -> None:
    page = visit("/")
    assert fits(page)
    page.locator("article h3 a").first.click()
    page.wait_for_load_state("networkidle")
    assert "/article/" in page.url
    assert fits(page)
    assert page.locator(".body p").count() > 1
    page.locator("aside h2 a", has_text="The story").click()
    page.wait_for_load_state("networkidle")
    assert "/story/" in page.url
    assert fits(page)
    assert page.locator(".timeline li").count() >= 1


def test_a_cut_unfolds(visit: Callable[..., Any], hostile: tuple[Path, list[int]]) -> None:
    with closing(sqlite3.connect(hostile[0])) as db:
        number = db.execute(
            """SELECT article_id FROM removed_blocks WHERE article_id NOT IN
               (SELECT article_id FROM matches WHERE suppressed = 1) ORDER BY id LIMIT 1"""
        ).fetchone()[0]
    page = visit(f"/article/{number}")
    cut = page.locator("details.cut").first
    assert not cut.locator("blockquote").first.is_visible()
    cut.locator("summary").click()
    assert cut.locator("blockquote").first.is_visible()


def test_search_by_hand(visit: Callable[..., Any]) -> None:
    page = visit("/search")
    box = page.locator("main input[type=search]")
    box.fill('"border crossing" closed')
    box.press("Enter")
    page.wait_for_load_state("networkidle")
    assert page.locator(".found mark").count() > 0
    assert fits(page)


def test_the_pictures_are_drawn(visit: Callable[..., Any]) -> None:
    page = visit("/-/dashboards/desk")
    page.wait_for_function("document.querySelectorAll('.vega-embed canvas, .vega-embed svg').length >= 5")
    assert page.locator(".vega-embed canvas, .vega-embed svg").count() >= 5


def test_rule_and_source(visit: Callable[..., Any]) -> None:
    for address in ("/rule/disaster", "/source/border-gazette", "/source/karwan-courier"):
        assert fits(visit(address, "load")), address


def test_hostile_news_does_nothing(visit: Callable[..., Any], hostile: tuple[Path, list[int]]) -> None:
    path, numbers = hostile
    with closing(sqlite3.connect(path)) as db:
        stories = [db.execute("SELECT story_id FROM articles WHERE id = ?", (one,)).fetchone()[0] for one in numbers]
    pages = ["/", "/search?q=bitten", "/source/border-gazette", "/monitor/alert_list", "/monitor/undelivered"]
    pages += [f"/article/{number}" for number in numbers] + [f"/story/{story}" for story in stories]
    for address in pages:
        page = visit(address, "load")
        assert page.evaluate("window.bitten") is None, address
        assert page.locator("iframe").count() == 0, address
