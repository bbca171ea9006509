"""The pictures in docs/screenshots, by headless Chromium: of the sample documents, and of a month of invented news.

make screenshots
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from bench.store.generate import fill  # noqa: E402
from desking import server  # noqa: E402
from playwright.sync_api import Browser, sync_playwright  # noqa: E402

DESKTOP, PHONE = (1280, 900), (390, 844)


def seeds(directory: Path) -> Path:
    """A store made by `monitor once` of the sample documents, with the rules of the first run and no feeds."""
    kept = []
    for part in (ROOT / "config.toml").read_text("utf-8").split("\n["):
        if not part.startswith("feeds."):
            kept.append(part)
    text = "\n[".join(kept).replace('path = "seeds"', f'path = "{ROOT / "seeds"}"').replace('"var"', f'"{directory}"')
    (directory / "config.toml").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "monitor", "--config", str(directory / "config.toml"), "once"]
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    return directory / "monitor.db"


def invented(directory: Path) -> Path:
    """A store of a month of invented news."""
    fill(directory / "monitor.db", 3000, now=datetime.now(UTC))
    return directory / "monitor.db"


def number(store: Path, query: str) -> int:
    """One number out of a store."""
    with closing(sqlite3.connect(store)) as db:
        return int(db.execute(query).fetchone()[0])


def take(browser: Browser, address: str, name: str, size: tuple[int, int], scheme: str = "light") -> None:
    """One picture. Fails on any complaint of the page."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    page = context.new_page()
    trouble: list[str] = []
    page.on("console", lambda told: trouble.append(told.text) if told.type in ("error", "warning") else None)
    page.goto(address, wait_until="networkidle")
    page.screenshot(path=HERE / f"{name}.png")
    context.close()
    if trouble:
        raise SystemExit(f"{address}: {trouble}")
    print(HERE / f"{name}.png")


def main() -> None:
    """Make every picture anew."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("No Chromium here: apt-get install chromium")
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--hide-scrollbars"])
        samples, month = seeds(Path(one)), invented(Path(two))
        with server(samples) as base:
            cut = number(samples, "SELECT article_id FROM removed_blocks WHERE article_id IN (SELECT article_id FROM alerts)"
                                  " GROUP BY article_id ORDER BY count(*) DESC LIMIT 1")  # fmt: skip
            take(browser, f"{base}/article/{cut}", "article", DESKTOP)
            take(browser, f"{base}/article/{cut}", "article-phone-dark", PHONE, "dark")
            take(browser, f"{base}/search?q=" + "peace+agreement", "search", DESKTOP)
        with server(month) as base:
            story = number(
                month, "SELECT s.id FROM stories s JOIN alerts a ON a.story_id = s.id ORDER BY size DESC LIMIT 1"
            )
            changed = number(month, "SELECT r.article_id FROM revisions r JOIN articles a ON a.id = r.article_id"
                                    " WHERE a.text <> r.text ORDER BY r.id DESC LIMIT 1")  # fmt: skip
            take(browser, f"{base}/", "start", DESKTOP)
            take(browser, f"{base}/", "start-dark", DESKTOP, "dark")
            take(browser, f"{base}/", "start-phone", PHONE)
            take(browser, f"{base}/story/{story}", "story", DESKTOP)
            take(browser, f"{base}/article/{changed}#revisions", "changes", DESKTOP)
            take(browser, f"{base}/rule/disaster", "rule", DESKTOP)
            take(browser, f"{base}/-/dashboards/desk", "pictures", (1280, 1400))
            take(browser, f"{base}/monitor/rule_last_30_days?rule=disaster", "table", DESKTOP)
        browser.close()


if __name__ == "__main__":
    main()
