"""`monitor doctor`: looks for what is wrong and says the remedy. Changes nothing, sends nothing.

Each examination stands alone: one that breaks is itself a finding, and the others go on.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import os
import platform
import socket
import ssl
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

import click
from rich.text import Text

from monitor import __version__, control, log
from monitor import config as configuration
from monitor.cli import check, service
from monitor.cli.common import Exit, Settings, json_option, print_json, reading, shown
from monitor.cli.status import as_values, look
from monitor.config import Config
from monitor.errors import MonitorError, StoreBusy, StoreError
from monitor.store import files as store_files
from monitor.store.connection import Lock
from monitor.store.vitals import vitals

LOW_DISK = 10**9
LARGE_WAL = 256 * 2**20
QUICK = 512 * 2**20  # bytes up to which the whole file is checked without being asked to
ANSWER = 10.0  # seconds a name server or mail server has
PACKAGES = (
    "aiohttp",
    "apscheduler",
    "datasette",
    "feedparser",
    "google-re2",
    "lxml",
    "numpy",
    "trafilatura",
    "zstandard",
)

Verdict = Literal["well", "warning", "wrong"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one examination found. `remedy` is what to do."""

    name: str
    verdict: Verdict
    text: str
    remedy: str = ""


Examination = Callable[[Config], Iterable[Finding]]


@click.command()
@click.option("--offline", is_flag=True, help="Leave the network alone: no names, feeds or mail servers.")
@click.option("--deep", is_flag=True, help="Check the whole store for damage, however large it is.")
@click.option("--report", is_flag=True, help="Print what a bug report needs, without secrets.")
@json_option
@click.pass_context
def doctor(ctx: click.Context, offline: bool, deep: bool, report: bool, as_json: bool) -> None:
    """Look for what is wrong, and say what to do about it.

    Configuration, permissions, store, lock, disk, clock, names, TLS, mail login, feeds, secrets. Changes nothing and
    sends nothing. Exit status 1 if something is wrong.
    """
    settings: Settings = ctx.obj
    log.setup("error")
    findings = list(examine(settings, offline=offline, deep=deep))
    if report:
        _print_report(settings, findings)
    elif as_json:
        print_json(findings)
    else:
        for finding in findings:
            _print(settings, finding)
    wrong = any(finding.verdict == "wrong" for finding in findings)
    ctx.exit(Exit.FAILED if wrong else Exit.OK)


def examine(settings: Settings, *, offline: bool, deep: bool) -> Iterator[Finding]:
    """Every examination's findings, in the order of their cost."""
    yield from _configuration(settings)
    try:
        config, _ = configuration.survey(settings.path)
    except MonitorError:
        return  # said already
    examinations: list[Examination] = [_program, _state, _daemon, lambda c: _store(c, deep=deep), _disk, _folders]
    if not offline:
        examinations += [_tls, _names, _channels, _feeds]
    for examination in examinations:
        try:
            yield from examination(config)
        except Exception as error:
            name = getattr(examination, "__name__", "store").strip("_<>")
            yield Finding(name, "wrong", f"the examination itself broke: {error!r}", "report this")


def _print(settings: Settings, finding: Finding) -> None:
    mark, style = {"well": ("✓", "green"), "warning": ("!", "yellow"), "wrong": ("✗", "red")}[finding.verdict]
    line = Text(f"{mark} ", style=style)
    line.append(f"{finding.name}: ", "bold" if finding.verdict != "well" else "")
    line.append(shown(log.safe_text(finding.text)))
    settings.console.print(line)
    if finding.remedy:
        settings.console.print(Text(f"    → {log.safe_text(finding.remedy)}"))


def _print_report(settings: Settings, findings: list[Finding]) -> None:
    """Markdown for an issue."""
    versions = {name: _version(name) for name in PACKAGES}
    out = [f"monitor {__version__}, Python {platform.python_version()}, {platform.platform()}"]
    out += ["", "packages: " + ", ".join(f"{name} {version}" for name, version in versions.items())]
    out += ["", "## doctor", ""]
    out += [f"- {f.verdict}: {f.name}: {f.text}" + (f" → {f.remedy}" if f.remedy else "") for f in findings]
    try:
        config = configuration.load(settings.path, secrets=False)
        out += ["", "## configuration", "", "```toml", configuration.show(config).strip(), "```"]
        out += ["", "## status", "", "```json"]
        click.echo(log.safe_text("\n".join(out)))
        print_json(as_values(*look(config), config))
        click.echo("```")
    except MonitorError as error:
        click.echo(log.safe_text("\n".join([*out, "", str(error)])))


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "missing"


# ── examinations ────────────────────────────────────────────────────────────────────────────────


def _configuration(settings: Settings) -> Iterator[Finding]:
    findings = list(check.survey(settings.path))
    for finding in findings:
        yield Finding("configuration", "wrong" if finding.kind == "fault" else "warning", finding.text)
    if not any(finding.kind == "fault" for finding in findings):
        yield Finding("configuration", "well", "no fault")


def _program(config: Config) -> Iterator[Finding]:
    python = platform.python_version()
    if sys.version_info < (3, 11, 10):
        # CVE-2024-6923: an encoded-word title could become a mail header. We guard against it ourselves.
        yield Finding(
            "program", "warning", f"Python {python} has known holes", "upgrade to 3.11.10 or newer when you can"
        )
    else:
        yield Finding("program", "well", f"monitor {__version__}, Python {python}")


def _state(config: Config) -> Iterator[Finding]:
    state = config.monitor.state
    if not state.exists():
        parent = next(place for place in (state, *state.parents) if place.exists())
        if os.access(parent, os.W_OK):
            yield Finding("state", "warning", f"{state} is not there yet", "`monitor run` makes it")
        else:
            yield Finding("state", "wrong", f"{state} is not there and cannot be made in {parent}", _own(str(state)))
        return
    missing = [
        word
        for mode, word in ((os.R_OK, "read"), (os.W_OK, "written"), (os.X_OK, "entered"))
        if not os.access(state, mode)
    ]
    if missing:
        yield Finding(
            "state", "wrong", f"{state} cannot be {', '.join(missing)} by you", f"join its group, or {_own(str(state))}"
        )
        return
    mode = stat.S_IMODE(state.stat().st_mode)
    if mode & stat.S_IRWXO:
        yield Finding("state", "warning", f"{state} is open to everybody ({mode:04o})", f"chmod o= {state}")
    else:
        yield Finding("state", "well", f"{state} ({mode:04o})")
    for name in ("monitor.db", "monitor.db-wal", "monitor.db-shm", "raw.db"):
        file = state / name
        if file.exists() and not os.access(file, os.R_OK | os.W_OK):
            yield Finding("state", "wrong", f"{file} cannot be read and written by you", _own(str(file)))


def _own(path: str) -> str:
    return f"chown monitor:monitor {path}"


def _daemon(config: Config) -> Iterator[Finding]:
    """The lock is the kernel's: nobody's if its process is gone. Held with a silent socket is what is wrong."""
    answers = False
    because = ""
    try:
        control.call(config.monitor.runtime_directory, "ping", {}, timeout=ANSWER)
        answers = True
    except MonitorError as error:
        because = str(error)
    held = ""
    lock = config.monitor.state / "monitor.lock"
    if lock.exists() and os.access(lock, os.W_OK):
        try:
            Lock(lock).release()
        except StoreBusy as error:
            held = str(error)
        except StoreError as error:
            yield Finding("daemon", "wrong", str(error), _own(str(lock)))
    if answers:
        yield Finding("daemon", "well", "runs and answers")
    elif held:
        yield Finding("daemon", "wrong", f"{held}, and does not answer: {because}", "journalctl -u monitor; restart it")
    else:
        yield Finding("daemon", "warning", "does not run", "systemctl start monitor, or `monitor run`")


def _store(config: Config, *, deep: bool) -> Iterator[Finding]:
    path = config.monitor.database
    if not path.exists():
        return
    size = path.stat().st_size
    looked = deep or size <= QUICK
    with reading(config) as db:
        found = vitals(db, quick_check=looked)
    if found.damage:
        yield Finding("store", "wrong", f"{path} is damaged: {found.damage}", "`monitor db check`; restore a backup")
    else:
        how = "checked" if looked else "not checked for damage: --deep does"
        yield Finding("store", "well", f"schema {found.schema}, SQLite {found.sqlite}, {how}")
    if found.journal != "wal":
        yield Finding(
            "store", "wrong", f"journal mode is {found.journal}, not wal", "is it on a network file system? Move it"
        )
    now = datetime.now(UTC)
    if found.newest_at and found.newest_at > now + timedelta(minutes=5):
        text = f"something was seen at {found.newest_at:%Y-%m-%d %H:%M}, which is in the future"
        yield Finding("clock", "wrong", text, "the clock is wrong now, or was then: `timedatectl status`")


def _disk(config: Config) -> Iterator[Finding]:
    files = store_files.look_at_files(config.monitor.state)
    if files.free is None:
        return
    need = max(LOW_DISK, files.sizes.get("monitor.db", 0))
    free = f"{files.free / 1e9:.1f} GB free in {config.monitor.state}"
    if files.free < need:
        yield Finding(
            "disk", "wrong", f"only {free}; a backup needs {need / 1e9:.1f} GB", "make room: docs/operations.md"
        )
    else:
        yield Finding("disk", "well", free)
    wal = files.sizes.get("monitor.db-wal", 0)
    if wal > LARGE_WAL:
        text = f"the write-ahead log has {wal / 1e6:.0f} MB: somebody holds an old reading of the store open"
        yield Finding("disk", "warning", text, "end long Datasette queries; it shrinks at the nightly tidy")


def _folders(config: Config) -> Iterator[Finding]:
    unit = service.settings()
    if unit is not None and service.is_ours(config, unit):
        yield Finding("service", "well", "monitor.service runs this configuration")


# ── the network ─────────────────────────────────────────────────────────────────────────────────


def _tls(config: Config) -> Iterator[Finding]:
    known = len(ssl.create_default_context().get_ca_certs()) or _hashed_certificates()
    if known:
        yield Finding("TLS", "well", "certificates of authorities are there")
    else:
        yield Finding("TLS", "wrong", "no certificate of any authority is known", "apt-get install ca-certificates")


def _hashed_certificates() -> int:
    directory = ssl.get_default_verify_paths().capath
    return len(os.listdir(directory)) if directory and os.path.isdir(directory) else 0


def _names(config: Config) -> Iterator[Finding]:
    hosts = sorted(
        {urlsplit(feed.url).hostname or "" for feed in (*config.feeds.values(), *config.sitemaps.values())} - {""}
    )
    if not hosts:
        return

    async def resolve() -> list[str]:
        loop = asyncio.get_running_loop()

        async def one(host: str) -> str:
            try:
                async with asyncio.timeout(ANSWER):
                    await loop.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
            except (OSError, TimeoutError) as error:
                return f"{host}: {error or 'no answer'}"
            return ""

        return [answer for answer in await asyncio.gather(*map(one, hosts[:50])) if answer]

    failed = asyncio.run(resolve())
    if len(failed) == len(hosts[:50]):
        yield Finding(
            "names", "wrong", f"no name can be resolved ({failed[0]})", "look at /etc/resolv.conf and the network"
        )
    elif failed:
        yield Finding("names", "warning", "; ".join(failed), "mend or remove these feeds")
    else:
        yield Finding("names", "well", f"{len(hosts)} hosts resolve")


def _channels(config: Config) -> Iterator[Finding]:
    """Mail servers are asked for a login. Webhooks are not called: that would be a message."""
    from monitor import channels

    async def probe(slug: str) -> Finding | None:
        channel, _ = channels.build(config.channels[slug], channels.Tools(zone=config.monitor.zone))
        try:
            if not hasattr(channel, "probe"):
                return None
            await channel.probe()
        except MonitorError as error:
            return Finding(
                f"channel {slug}", "wrong", str(error), f"mend [channels.{slug}], then `monitor notify test {slug}`"
            )
        finally:
            await channel.close()
        return Finding(f"channel {slug}", "well", "takes our login")

    for slug, settings in config.channels.items():
        if settings.enabled:
            try:
                if found := asyncio.run(probe(slug)):
                    yield found
            except MonitorError:
                continue  # its options are at fault: said with the configuration


def _feeds(config: Config) -> Iterator[Finding]:
    count = len(config.feeds) + len(config.sitemaps)
    if not count:
        return
    faults = asyncio.run(check.ask_feeds(config))
    for fault in faults:
        yield Finding("feed", "warning", fault.text, "`monitor feeds test URL` tells more")
    if len(faults) < count:
        yield Finding("feeds", "well", f"{count - len(faults)} of {count} answer")
