"""Pictures of the golden mails in headless Chromium: phone and desktop, light and dark.

    python tests/channels/pictures.py FOLDER [CHROMIUM]

Not a test: it makes what a person looks at before new golden mails are committed.
"""

from __future__ import annotations

import email
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

GOLDEN = Path(__file__).parent / "golden"
WIDTHS = {"phone": 390, "desktop": 900}


def main(folder: Path, chromium: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for path in sorted(GOLDEN.glob("*.eml")):
            message = email.message_from_bytes(path.read_bytes())
            html = (
                next(p for p in message.walk() if p.get_content_subtype() == "html").get_payload(decode=True).decode()
            )
            for name, width in WIDTHS.items():
                for scheme in ("light", "dark"):
                    page = browser.new_page(viewport={"width": width, "height": 400}, color_scheme=scheme)
                    page.set_content(html)
                    page.screenshot(path=folder / f"{path.stem}-{name}-{scheme}.png", full_page=True)
                    page.close()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "/usr/bin/chromium")
