"""The web as `[fetch]` wants it."""

from __future__ import annotations

import time

from monitor import __version__
from monitor.config import Config
from monitor.web import Pages, Robots, Web


def open_web(config: Config) -> Web:
    """The polite client that `[fetch]` describes."""
    fetch = config.fetch
    contact = f" (+{config.monitor.contact})" if config.monitor.contact else ""
    return Web(
        timeout=fetch.timeout,
        max_bytes=fetch.max_bytes,
        concurrency=fetch.concurrency,
        per_host=fetch.per_host,
        spacing=fetch.spacing,
        allow_hosts=fetch.allow_hosts,
        proxy=fetch.proxy,
        user_agent=fetch.user_agent or f"news-monitor/{__version__}{contact}",
    )


def open_pages(web: Web, config: Config) -> Pages:
    """Where linked pages come from."""
    return Pages(web, Robots(web) if config.fetch.robots else None, time.monotonic)
