"""Markup: turns a delivery into the text and HTML of a mail, by Jinja2 templates that may be replaced.

The templates run in Jinja2's sandbox with undefined names as errors. Feed text enters as values only, is
escaped in HTML, and is never read as a template. No envelope here: that is channels/mime.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    FileSystemLoader,
    PackageLoader,
    StrictUndefined,
    TemplateSyntaxError,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment

from monitor.errors import ConfigError, Permanent
from monitor.model import AlertView, Delivery
from monitor.stages import message
from monitor.stages.sample import samples

SEVERITY_COLOURS = {"low": "#64748b", "normal": "#2563eb", "high": "#c2410c", "critical": "#b91c1c"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A mail's content."""

    subject: str
    text: str
    html: str


class Renderer:
    """Renders deliveries. `folder` may hold replacements for `mail.txt.j2` and `mail.html.j2`.

    Replacements are tried on a sample of every kind of delivery when they are loaded.
    """

    def __init__(self, *, links: message.Links, zone: tzinfo, folder: Path | None = None) -> None:
        """Raises ConfigError when the folder is missing or a template in it is faulty."""
        package = PackageLoader("monitor.channels", "templates")
        loader: BaseLoader = package
        if folder is not None:
            if not folder.is_dir():
                raise ConfigError(f"templates: no such folder: {folder}")
            loader = ChoiceLoader([FileSystemLoader(folder), package])
        self._zone = zone
        self._links = links
        environment = sandbox(loader)
        environment.globals.update(links=links, zone=zone, colours=SEVERITY_COLOURS)
        environment.filters["times"] = self._times
        try:
            self._text = environment.get_template("mail.txt.j2")
            self._html = environment.get_template("mail.html.j2")
            if folder is not None:
                for delivery in samples(datetime(2026, 1, 1, tzinfo=UTC)):
                    self.mail(delivery)
        except TemplateSyntaxError as error:
            raise ConfigError(f"templates: {error.name}, line {error.lineno}: {error.message}") from None
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"templates: a template in {folder} cannot be read: {error}") from None
        except Permanent as error:
            raise ConfigError(f"templates: {error}") from None

    def _times(self, alert: AlertView) -> tuple[str, str]:
        return message.times(alert, self._zone)

    def mail(self, delivery: Delivery) -> Rendered:
        """Return subject, text and HTML. Raises Permanent when a replaced template fails on this delivery."""
        subject = message.subject(delivery)
        values = view(delivery) | {"subject": subject}
        try:
            return Rendered(
                subject=subject, text=self._text.render(values).strip() + "\n", html=self._html.render(values)
            )
        except Exception as error:  # a replaced template can fail in any way
            raise Permanent(f"the mail template failed: {type(error).__name__}: {error}", kind="template") from error


def sandbox(loader: BaseLoader | None = None) -> ImmutableSandboxedEnvironment:
    """Return a Jinja2 environment that can reach nothing but the values it is given; HTML is escaped."""
    environment = ImmutableSandboxedEnvironment(
        loader=loader,
        autoescape=lambda name: name is not None and ".html" in name,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["line"] = message.one_line
    environment.filters["link"] = message.web_link
    environment.filters["plain"] = message.plain
    return environment


def view(delivery: Delivery) -> dict[str, Any]:
    """Return what a template sees: the delivery, its groups, and functions that cut and mark text."""
    return {
        "delivery": delivery,
        "alerts": delivery.alerts,
        "more": delivery.more,
        "total": len(delivery.alerts) + delivery.more,
        "groups": message.groups(delivery.alerts),
        "body": message.many_lines(delivery.body),
        "headline": message.headline,
        "sentences": message.sentences,
        "other_hits": message.other_hits,
        "terms": message.terms,
        "why": message.why,
    }
