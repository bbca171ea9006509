"""Console: prints each alert where the program's output goes, hits in bold yellow on a terminal.

Touches one text stream, handed in. Needs no server, so that a first run shows something.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console as Terminal
from rich.text import Text

from monitor.channels.common import Common
from monitor.channels.tools import Tools
from monitor.errors import Temporary
from monitor.model import AlertView, Delivery
from monitor.stages import message

_STYLES = {"low": "bright_black", "normal": "bold blue", "high": "bold dark_orange", "critical": "bold red"}


@dataclass(frozen=True, kw_only=True)
class ConsoleOptions(Common):
    """Options of `kind = "console"`."""

    why: bool = True


class Console:
    """Prints. A broken pipe or a full disk behind the stream is a temporary failure."""

    Options = ConsoleOptions

    def __init__(self, slug: str, options: ConsoleOptions, tools: Tools) -> None:
        self._options = options
        self._tools = tools

    def targets(self) -> tuple[str, ...]:
        """No targets: there is one console."""
        return ("",)

    async def send(self, delivery: Delivery) -> str:
        """Print one delivery in a single write. Raises Temporary."""
        out = self._tools.out
        try:
            width = None if out.isatty() else 10_000
            terminal = Terminal(file=out, soft_wrap=True, highlight=False, width=width)
            with terminal.capture() as captured:
                for line in self._lines(delivery):
                    terminal.print(line)
            out.write(captured.get())
            out.flush()
        except (OSError, ValueError) as error:  # ValueError: the stream was closed
            raise Temporary(f"cannot write to the console: {error}", kind="write") from error
        return "printed"

    async def close(self) -> None:
        """Nothing to close: the stream is not ours."""

    def _lines(self, delivery: Delivery) -> Iterable[Text]:
        if not delivery.alerts or delivery.body:
            yield Text.assemble(("● ", "bold"), (message.subject(delivery), "bold"))
            for line in message.many_lines(delivery.body).splitlines():
                yield Text("  " + line)
        for alert in delivery.alerts:
            yield from self._alert(alert)
        if delivery.more:
            yield Text(f"… and {delivery.more} more")
        yield Text("")

    def _alert(self, alert: AlertView) -> Iterable[Text]:
        yield Text.assemble(
            ("● ", _STYLES.get(alert.severity, "bold blue")),
            (alert.rule, _STYLES.get(alert.severity, "bold blue")),
            ("  update" if alert.update_of is not None else "", "italic"),
            "  ",
            *_marked(message.headline(alert), "bold"),
        )
        facts = list(message.times(alert, self._tools.zone))
        if alert.outlet:
            facts.insert(0, message.one_line(alert.outlet, 120))
        yield Text("  " + " · ".join(facts), style="bright_black")
        for sentence in message.sentences(alert):
            yield Text.assemble("  “", *_marked(sentence, ""), "”")
        if link := message.web_link(alert.url):
            yield Text("  " + link, style="blue")
        if alert.story_outlets:
            others = message.one_line(", ".join(alert.story_outlets), 300)
            yield Text(f"  also: {others}", style="bright_black")
        if self._options.why:
            yield Text(f"  why: {message.why(alert)}", style="bright_black")


def _marked(segments: Iterable[message.Segment], style: str) -> list[tuple[str, str]]:
    return [(s.text, "bold black on yellow" if s.marked else style) for s in segments]
