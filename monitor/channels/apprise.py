"""Apprise: ntfy, Matrix, Telegram and a hundred more, through the optional package of that name.

Apprise does its own networking: the address guard of webhooks does not apply to it. It answers yes or no;
how it failed is read from what it logs meanwhile, as far as that tells.
"""

from __future__ import annotations

import asyncio
import logging
import re
import threading
import warnings
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from monitor.channels.common import Common
from monitor.channels.render import Renderer
from monitor.channels.tools import Tools
from monitor.channels.webhook import refusal
from monitor.config.values import Duration, Secret, reveal
from monitor.errors import ConfigError, Gone, MonitorError, Permanent, Temporary, Uncertain
from monitor.model import Delivery

_STATUS = re.compile(r"\berror=(\d{3})\b")


@dataclass(frozen=True, kw_only=True)
class AppriseOptions(Common):
    """Options of `kind = "apprise"`. `urls` is a table of names: the name is what is stored and shown."""

    urls: Mapping[str, str | Secret]
    timeout: Duration = 30.0

    def __post_init__(self) -> None:
        Common.__post_init__(self)
        if not self.urls:
            raise ValueError("urls: names no address")


class Apprise:
    """Sends each delivery as title and text. A service that hangs keeps one thread, its own."""

    Options = AppriseOptions

    def __init__(self, slug: str, options: AppriseOptions, tools: Tools) -> None:
        """Raises ConfigError when apprise is not installed or does not understand an address."""
        try:
            import apprise
        except ImportError:
            raise ConfigError('kind: needs a package: pip install "news-monitor[apprise]"') from None
        self._timeout = options.timeout
        self._renderer = Renderer(links=tools.links, zone=tools.zone)
        self._text = apprise.NotifyFormat.TEXT
        self._services: dict[str, Any] = {}
        for name, url in options.urls.items():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # its plugins import what Python is going to drop
                service = apprise.Apprise.instantiate(reveal(url))
            if service is None:
                raise ConfigError(f"urls.{name}: apprise does not understand this address")
            self._services[name] = service
        self._threads = {name: ThreadPoolExecutor(1, f"apprise-{slug}-{name}") for name in self._services}

    def targets(self) -> tuple[str, ...]:
        """The names of the addresses, since the addresses hold secrets."""
        return tuple(self._services)

    async def send(self, delivery: Delivery) -> str:
        """Notify one service. Raises Temporary, Uncertain, Permanent or Gone."""
        service = self._services.get(delivery.target)
        if service is None:
            raise Permanent(f"no address is named {delivery.target!r} any more", kind="target")
        content = self._renderer.mail(delivery)
        loop = asyncio.get_running_loop()
        call = loop.run_in_executor(
            self._threads[delivery.target], self._notify, service, content.subject, content.text
        )
        try:
            accepted, told = await asyncio.wait_for(call, self._timeout)
        except TimeoutError:
            raise Uncertain(f"no answer within {self._timeout:g} s", kind="timeout") from None
        if not accepted:
            raise failure(told)
        return "accepted"

    async def close(self) -> None:
        """Let the threads go; one that hangs is not waited for."""
        for thread in self._threads.values():
            thread.shutdown(wait=False, cancel_futures=True)

    def _notify(self, service: Any, title: str, text: str) -> tuple[bool, str]:
        lines: list[str] = []
        handler = _Listener(lines)
        logger = logging.getLogger("apprise")
        logger.addHandler(handler)
        try:
            return bool(service.notify(body=text, title=title, body_format=self._text)), " ".join(lines)
        finally:
            logger.removeHandler(handler)


class _Listener(logging.Handler):
    """Hears the warnings that one thread logs."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._lines = lines
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self._lines.append(record.getMessage())


def failure(told: str) -> MonitorError:
    """Return the error that apprise's warnings stand for; without a status it is tried again."""
    found = _STATUS.search(told)
    error = refusal(int(found[1]), None, b"") if found else None
    message = " ".join(told.split())[:300] or "apprise did not say why"
    if isinstance(error, Gone):
        return Gone(message, kind=error.kind)
    if isinstance(error, Permanent):
        return Permanent(message, kind=error.kind)
    return Temporary(message, kind=error.kind if isinstance(error, Temporary) else "refused")
