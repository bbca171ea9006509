"""The address guard: which addresses this program may connect to, asked when it connects.

`Guard.check` judges what a URL says (scheme, literal addresses in every spelling); `GuardingResolver` judges
what a name resolves to. The connection goes to the very address that was judged, so a name that changes its
mind in between (rebinding) gains nothing. Touches the resolver of the system; sends nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from monitor.errors import Permanent

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_REFUSED_V6 = tuple(
    ipaddress.ip_network(net)
    for net in (
        "64:ff9b:1::/48",  # local-use NAT64: reaches whatever its operator likes
        "2001::/32",  # Teredo
        "2002::/16",  # 6to4: carries an IPv4 address
        "fec0::/10",  # site-local, deprecated and still routed inside
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
    )
)
_REFUSED_V4 = tuple(ipaddress.ip_network(net) for net in ("100.64.0.0/10", "192.88.99.0/24", "192.0.0.0/24"))
_REFUSED_PORTS = frozenset((0, 7, 9, 19, 22, 23, 25, 53, 110, 119, 143, 465, 587, 993, 995, 6000, 6379, 11211))

Lookup = Callable[[str, int, int], list[Any]]  # socket.getaddrinfo, called in a thread


class Refused(Permanent):
    """The address guard refuses this URL or what its name resolves to."""

    def __init__(self, message: str):
        super().__init__(message, kind="address")


def is_public(address: _Address) -> bool:
    """Whether an address belongs to the public Internet, whatever form an IPv4 address is wrapped in."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address in _NAT64:
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if address.scope_id or any(address in net for net in _REFUSED_V6):
            return False
    elif any(address in net for net in _REFUSED_V4):
        return False
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_unspecified or address.is_loopback
    )


def literal(host: str) -> _Address | None:
    """The address a host part spells out, also in the decimal, octal, hex and short forms; None for a name."""
    text = host.strip("[]").rstrip(".")
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        pass
    if text and all(part[:1].isdigit() for part in text.split(".")):
        try:
            return ipaddress.IPv4Address(socket.inet_aton(text))
        except (OSError, ValueError):
            return None
    return None


def _split(allowed: str) -> tuple[str, int]:
    host, _, port = allowed.rpartition(":")
    return host.strip("[]").lower(), int(port)


class Guard:
    """Decides on URLs and addresses.

    `allow_hosts`: 'host:port' entries that may be reached although they are not public.
    `allow_private`: everything goes; only for a webhook whose owner said so.
    """

    def __init__(self, allow_hosts: Iterable[str] = (), *, allow_private: bool = False):
        self._allowed = frozenset(_split(entry) for entry in allow_hosts)
        self._allow_private = allow_private

    def names(self, host: str, port: int) -> bool:
        """Whether the operator named this host and port."""
        return self._allow_private or (host.strip("[]").rstrip(".").lower(), port) in self._allowed

    def check(self, url: URL) -> None:
        """Raise Refused for a URL that must not be fetched, before any name is looked up."""
        if url.scheme not in ("http", "https"):
            raise Refused(f"{url.scheme or 'no scheme'}: only http and https addresses are fetched")
        host, port = url.raw_host or "", url.port or 0
        if not host:
            raise Refused(f"{str(url)[:200]}: the address has no host")
        if self.names(host, port):
            return
        if port in _REFUSED_PORTS:
            raise Refused(f"{host}:{port} is a port of another service; it is not fetched")
        if host.rstrip(".") == "localhost" or host.rstrip(".").endswith(".localhost"):
            raise Refused(_advice(host, host, port))
        address = literal(host)
        if address is not None:
            self.judge(host, port, address)

    def judge(self, host: str, port: int, address: _Address) -> None:
        """Raise Refused where `host` stands for a non-public `address` nobody allowed."""
        if is_public(address) or self.names(host, port) or self.names(str(address), port):
            return
        shown = host if host.strip("[]") == str(address) else f"{host} ({address})"
        raise Refused(_advice(shown, host, port))


def _advice(shown: str, host: str, port: int) -> str:
    named = f"[{host}]" if ":" in host else host
    return f"{shown} is not a public address; if it is yours, add '{named}:{port}' to allow_hosts in [fetch]"


def look_up(host: str, port: int, family: int) -> list[Any]:
    """What the system's resolver says of a name. Blocks; raises OSError."""
    return socket.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)


class GuardingResolver(AbstractResolver):
    """Resolves names in threads of its own and refuses a name with any non-public address.

    Threads of its own, because the event loop's default executor has few and a dead name server would
    hold them all. `trusted`: the host and port of a configured proxy, wherever it stands.
    """

    def __init__(
        self,
        guard: Guard,
        *,
        threads: int = 16,
        lookup: Lookup = look_up,
        trusted: tuple[str, int] | None = None,
    ):
        self._guard = guard
        self._trusted = trusted
        self._lookup = lookup
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="names")

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> list[ResolveResult]:
        """Addresses of `host`; raises Refused, or OSError as getaddrinfo does."""
        loop = asyncio.get_running_loop()
        answers = await loop.run_in_executor(self._threads, self._lookup, host, port, family)
        results: list[ResolveResult] = []
        for found, _, proto, _, where in answers:
            if (host, port) != self._trusted:
                self._guard.judge(host, port, ipaddress.ip_address(where[0]))
            results.append(
                ResolveResult(
                    hostname=host, host=where[0], port=port, family=found, proto=proto, flags=socket.AI_NUMERICHOST
                )
            )
        if not results:
            raise OSError(f"{host} has no address")
        return results

    async def resolve_any(self, host: str, port: int) -> list[ResolveResult]:
        """As `resolve`, of any family, for literal addresses too."""
        return await self.resolve(host, port, socket.AF_UNSPEC)

    async def close(self) -> None:
        """Let the threads go; a lookup still under way ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)
