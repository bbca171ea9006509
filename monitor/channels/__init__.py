"""Where alerts go: one file per kind, and the table that names them.

To add a kind: write its file with an `Options` dataclass, add a line to KINDS, and add it to the parameters
of tests/channels/test_contract.py. Somebody else's kind is named 'package.module:Class'.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from typing import Any

from monitor.channels.common import Common
from monitor.channels.tools import Tools
from monitor.config.shape import ChannelConfig
from monitor.config.tables import did_you_mean
from monitor.errors import ConfigError
from monitor.ports import Channel
from monitor.stages.restraint import Route

__all__ = ["KINDS", "Common", "Tools", "build", "route"]

KINDS: Mapping[str, str] = {
    "apprise": "monitor.channels.apprise:Apprise",
    "console": "monitor.channels.console:Console",
    "email": "monitor.channels.email:Email",
    "file": "monitor.channels.file:File",
    "webhook": "monitor.channels.webhook:Webhook",
}


def build(config: ChannelConfig, tools: Tools) -> tuple[Channel, Route]:
    """Return the channel that `[channels.NAME]` describes, and when and whither it speaks.

    Opens no connection. Raises ConfigError that lists every fault with file, line and key.
    """
    made = _class(config)
    options = config.read(made.Options)
    try:
        channel: Channel = made(config.slug, options, tools)
    except ConfigError as error:
        faults = (fault.partition(": ") for fault in error.faults)
        raise ConfigError(*(config.fault(why, key) for key, _, why in faults)) from None
    return channel, route(config.slug, channel, options, tools)


def route(slug: str, channel: Channel, options: Common, tools: Tools) -> Route:
    """Return a channel's targets and its policy."""
    return Route(channel=slug, targets=channel.targets(), policy=options.policy(tools.zone))


def _class(config: ChannelConfig) -> Any:
    kind = config.kind
    if kind not in KINDS and ":" not in kind:
        hint = did_you_mean(kind, list(KINDS))
        raise ConfigError(config.fault(f"there is no kind {kind!r}{hint} or 'package.module:Class'", "kind"))
    try:
        made = pkgutil.resolve_name(KINDS.get(kind, kind))
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(config.fault(f"cannot load {kind!r}: {error}", "kind")) from None
    chosen = getattr(made, "Options", None)
    if not (isinstance(chosen, type) and issubclass(chosen, Common)):
        raise ConfigError(config.fault(f"{kind!r} has no class Options derived from monitor.channels.Common", "kind"))
    return made
