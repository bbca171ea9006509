"""What a configuration holds: one frozen dataclass per table. The field names are the key names.

`docs/configuration.md` explains every key; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from monitor.config.tables import Faults, Origin, locate, read_table
from monitor.config.values import Duration, Range, Secret, Size
from monitor.errors import ConfigError
from monitor.model import Rule

T = TypeVar("T")


HIDDEN = {"hidden": True}  # marks a field that is not a key


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorConfig:
    """`[monitor]`: the program itself."""

    state: Path = Path("var")  # monitor.db, raw.db, backups
    runtime: Path | None = None  # control socket; None: the state directory
    contact: str = ""  # told to the servers we ask, in the User-Agent
    timezone: str = "UTC"  # for what people read: mails, digests, status
    base_url: str = ""  # where Datasette is reached, for links in alerts
    notices: tuple[str, ...] = ()  # channels told about failing sources and the like
    heartbeat: Literal["off", "daily", "weekly"] = "off"

    def __post_init__(self) -> None:
        if self.timezone != "UTC" and self.timezone not in available_timezones():
            raise ValueError(f'timezone: "{self.timezone}" is not an IANA time zone like "Europe/Berlin"')

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of what people read."""
        return ZoneInfo(self.timezone)

    @property
    def database(self) -> Path:
        """The store."""
        return self.state / "monitor.db"

    @property
    def raw_database(self) -> Path:
        """The raw documents."""
        return self.state / "raw.db"

    @property
    def runtime_directory(self) -> Path:
        """Where the control socket is."""
        return self.runtime or self.state


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchConfig:
    """`[fetch]`: how we ask other people's servers."""

    timeout: Duration = 20.0  # one total deadline per fetch
    max_bytes: Size = 15 * 2**20  # after decompression
    concurrency: Annotated[int, Range(1, 1000)] = 32
    per_host: Annotated[int, Range(1, 32)] = 2
    spacing: Duration = 0.5  # between two requests to one host
    allow_hosts: tuple[str, ...] = ()  # host:port of non-public addresses that may be fetched
    user_agent: str = ""  # '' is ours, with `contact`
    proxy: str = ""
    robots: bool = True  # honour robots.txt for linked pages
    pages_per_poll: Annotated[int, Range(0)] = 20  # linked pages fetched per source and poll


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreConfig:
    """`[store]`: what is kept, and for how long. 0 means for ever, but `raw = 0` keeps no raw documents."""

    raw: Duration = 30 * 86400.0
    keep: Duration = 0.0  # articles that matched nothing
    keep_most: Annotated[int, Range(0)] = 0  # of a source, articles that matched nothing; 0: any number
    polls: Duration = 90 * 86400.0  # the record of polls
    backups: Annotated[int, Range(0)] = 7  # nightly copies kept
    tidy_at: str = "03:30"

    def __post_init__(self) -> None:
        hours, _, minutes = self.tidy_at.partition(":")
        if not (hours.isdecimal() and minutes.isdecimal() and int(hours) < 24 and int(minutes) < 60):
            raise ValueError(f'tidy_at: "{self.tidy_at}" is not a time of day like "03:30"')


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolConfig:
    """`[pool]`: the worker processes that compute."""

    workers: Annotated[int, Range(0, 256)] = 0  # 0: one per core, at least two
    deadline: Duration = 20.0  # per document
    memory: Size = 2 * 2**30  # address space of one worker
    max_document: Size = 10 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsConfig:
    """`[metrics]`: Prometheus."""

    listen: str = ""  # '127.0.0.1:9464'; '' is off
    textfile: Path | None = None  # for node_exporter's textfile collector

    def __post_init__(self) -> None:
        host, _, port = self.listen.rpartition(":")
        if self.listen and not (host and port.isdecimal() and int(port) < 65536):
            raise ValueError(f'listen: "{self.listen}" is not host:port like "127.0.0.1:9464"')


@dataclass(frozen=True, slots=True, kw_only=True)
class LogConfig:
    """`[log]`: to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "json", "console"] = "auto"  # auto: JSON unless on a terminal


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth:
    """How to log in to a feed's server: HTTP Basic with `user` and `password`, or `bearer`."""

    user: str = ""
    password: Secret | None = None
    bearer: Secret | None = None

    def __post_init__(self) -> None:
        if (self.bearer is None) == (self.password is None):
            raise ValueError("auth wants either 'user' and 'password', or 'bearer'")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedConfig:
    """`[feeds.NAME]` and `[sitemaps.NAME]`."""

    slug: str = field(metadata=HIDDEN)
    url: str
    every: Duration = 15 * 60.0
    tags: tuple[str, ...] = ()
    outlet: str = ""
    language: str = ""
    fulltext: Literal["auto"] | bool = "auto"
    baseline: bool = True
    headers: Mapping[str, Secret | str] = field(default_factory=dict)
    auth: Auth | None = None
    keep: Duration | None = None  # None: as in [store]
    keep_most: Annotated[int, Range(0)] | None = None
    enabled: bool = True

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")):
            raise ValueError(f'url: "{self.url}" must begin with http:// or https://')
        if self.every < 1:
            raise ValueError("every: must be at least 1s")


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderConfig:
    """`[folders.NAME]`: a drop folder."""

    slug: str = field(metadata=HIDDEN)
    path: Path
    every: Duration = 10.0
    after: Literal["keep", "move", "delete"] = "keep"
    tags: tuple[str, ...] = ()
    outlet: str = ""
    language: str = ""
    baseline: bool = False
    recursive: bool = True  # sub-folders are read too
    keep: Duration | None = None
    keep_most: Annotated[int, Range(0)] | None = None
    enabled: bool = True

    def __post_init__(self) -> None:
        if self.every < 0.1:
            raise ValueError("every: must be at least 100ms")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpmlConfig:
    """`[opml.NAME]`: an OPML file of feeds. Its settings are those of each feed in it."""

    slug: str = field(metadata=HIDDEN)
    path: Path
    every: Duration = 15 * 60.0
    tags: tuple[str, ...] = ()
    fulltext: Literal["auto"] | bool = "auto"
    baseline: bool = True
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantConfig:
    """`[variants.NAME]`: the spellings of one name, used as `{NAME}` in rules."""

    forms: tuple[str, ...]

    def __post_init__(self) -> None:
        if not any(form.strip() for form in self.forms):
            raise ValueError("forms: at least one spelling is needed")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleConfig:
    """`[rules.NAME]` as written; `load` makes a `model.Rule` of it."""

    slug: str = field(metadata=HIDDEN)
    query: str = ""
    keywords: tuple[str, ...] = ()
    regex: str = ""
    feeds: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    channels: tuple[str, ...] | None = None  # None: all
    severity: Literal["low", "normal", "high", "critical"] = "normal"
    once_per: Literal["story", "article", "day"] = "story"
    updates: bool = False
    max_age: Duration = 7 * 86400.0  # 0: no limit
    enabled: bool = True
    must_match: tuple[str, ...] = ()
    must_not_match: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        ways = [name for name in ("query", "keywords", "regex") if getattr(self, name)]
        if len(ways) != 1:
            has = f"has {' and '.join(ways)}" if ways else "has none of them"
            raise ValueError(f"a rule needs exactly one of 'query', 'keywords' and 'regex'; this one {has}")
        if not all(any(c.isalnum() for c in word) for word in self.keywords):
            raise ValueError("keywords: every keyword needs a letter or digit")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelConfig:
    """`[channels.NAME]`: its kind, and options that the class of that kind reads itself."""

    slug: str
    kind: str
    enabled: bool = True
    options: Mapping[str, Any] = field(default_factory=dict)  # secrets are `Secret`, the rest as in TOML
    base: Path = field(default=Path(), repr=False, compare=False, metadata=HIDDEN)
    origins: Mapping[str, Origin] = field(default_factory=dict, repr=False, compare=False, metadata=HIDDEN)

    def read(self, cls: type[T]) -> T:
        """The options as an instance of the dataclass `cls`. Raises ConfigError with every fault."""
        faults = Faults(self.origins)
        value = read_table(cls, self.options, f"channels.{self.slug}", faults, self.base)
        if value is None:
            raise ConfigError(*faults.found)
        return value

    def fault(self, message: str, key: str = "") -> str:
        """A fault of this channel, with file, line and key path."""
        faults = Faults(self.origins)
        faults.add(f"channels.{self.slug}" + (f".{key}" if key else ""), message)
        return faults.found[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole configuration: validated, cross-references checked, secrets resolved."""

    monitor: MonitorConfig = MonitorConfig()
    fetch: FetchConfig = FetchConfig()
    store: StoreConfig = StoreConfig()
    pool: PoolConfig = PoolConfig()
    metrics: MetricsConfig = MetricsConfig()
    log: LogConfig = LogConfig()
    feeds: Mapping[str, FeedConfig] = field(default_factory=dict)
    sitemaps: Mapping[str, FeedConfig] = field(default_factory=dict)
    folders: Mapping[str, FolderConfig] = field(default_factory=dict)
    opml: Mapping[str, OpmlConfig] = field(default_factory=dict)
    rules: Mapping[str, Rule] = field(default_factory=dict)
    variants: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    channels: Mapping[str, ChannelConfig] = field(default_factory=dict)
    path: Path | None = field(default=None, repr=False, compare=False, metadata=HIDDEN)  # the main file
    # All files that were read, in order.
    files: tuple[Path, ...] = field(default=(), repr=False, compare=False, metadata=HIDDEN)
    origins: Mapping[str, Origin] = field(default_factory=dict, repr=False, compare=False, metadata=HIDDEN)
    warnings: tuple[str, ...] = field(default=(), repr=False, compare=False, metadata=HIDDEN)
    # As merged, secrets as `Secret`; for `config show`. Empty unless it was asked for.
    tree: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False, metadata=HIDDEN)

    def where(self, path: str) -> str:
        """'config.toml:12' of a key path, or of the nearest table around it; '' if it is a default."""
        return str(locate(self.origins, path) or "")

    def fault(self, path: str, message: str) -> str:
        """A fault line with file, line and key path, as `load` words them."""
        faults = Faults(self.origins)
        faults.add(path, message)
        return faults.found[0]
