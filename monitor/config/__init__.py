"""config.toml, conf.d and the environment → `Config`. The only place that reads them.

    values    durations, sizes, secrets
    tables    a TOML table → a frozen dataclass, with every fault at once
    shape     the dataclasses: what may be configured
    origins   where each key was written, counted out when somebody asks
    files     reads and merges files, environment and secrets
    load      puts them together and checks what names what
    show      a configuration as TOML again, with where each value came from

It does not compile rules and does not know the kinds of channels: `app` asks those who do.
"""

from monitor.config.files import find
from monitor.config.load import keywords_query, load, survey
from monitor.config.shape import (
    Auth,
    ChannelConfig,
    Config,
    FeedConfig,
    FetchConfig,
    FolderConfig,
    LogConfig,
    MetricsConfig,
    MonitorConfig,
    OpmlConfig,
    PoolConfig,
    StoreConfig,
)
from monitor.config.show import describe, show
from monitor.config.values import (
    Duration,
    Range,
    Secret,
    Size,
    format_duration,
    format_size,
    parse_duration,
    parse_size,
    reveal,
)

__all__ = [
    "Auth",
    "ChannelConfig",
    "Config",
    "Duration",
    "FeedConfig",
    "FetchConfig",
    "FolderConfig",
    "LogConfig",
    "MetricsConfig",
    "MonitorConfig",
    "OpmlConfig",
    "PoolConfig",
    "Range",
    "Secret",
    "Size",
    "StoreConfig",
    "describe",
    "find",
    "format_duration",
    "format_size",
    "keywords_query",
    "load",
    "parse_duration",
    "parse_size",
    "reveal",
    "show",
    "survey",
]
