"""The only way out to the network: names are resolved here, checked, and exactly the checked address is connected to.

A check on the url alone can be passed by a name that resolves to a private address, or that resolves to
another one a moment later. Here the address that was judged is the address that is dialled.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import httpcore
import httpx

from sources.urls import NotCrawlable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")  # NAT64 carries an IPv4 address in its last 32 bits


class AddressRefused(Exception):
    """A host resolves to a private address that the settings do not allow; the message names both."""


@dataclass(frozen=True)
class Network:
    """Which addresses may be dialled, and where named hosts really stand."""

    allowed: tuple[IpNetwork, ...] = ()
    """Private networks that may be crawled."""
    stands_at: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """Host name → (address, port) to dial in its place; the address is checked as any other."""

    @classmethod
    def allowing(cls, networks: Iterable[str], stands_at: Mapping[str, tuple[str, int]] | None = None) -> "Network":
        """A network that allows these private ranges; raises NotCrawlable naming the one that is no network."""
        allowed = []
        for text in networks:
            try:
                allowed.append(ipaddress.ip_network(text, strict=False))
            except ValueError as error:
                problem = f"crawl.allow_addresses: {text!r} is not a network such as 10.0.0.0/8"
                raise NotCrawlable(problem) from error
        return cls(tuple(allowed), stands_at or {})

    def permits(self, address: Address) -> bool:
        """Whether the address is public, or in a private network that the settings allow."""
        if any(address.version == network.version and address in network for network in self.allowed):
            return True
        inner = _carried(address)
        if inner is not None:
            return self.permits(inner)
        return address.is_global and not address.is_multicast


def transport(network: Network, connections: int) -> httpx.AsyncHTTPTransport:
    """An httpx transport whose every connection goes through the network's check."""
    made = httpx.AsyncHTTPTransport()
    made._pool = httpcore.AsyncConnectionPool(  # httpx offers no public way to hand in a network backend
        ssl_context=httpx.create_ssl_context(),
        max_connections=connections,
        max_keepalive_connections=connections,
        keepalive_expiry=10.0,
        network_backend=_Checked(network),
    )
    return made


class _Checked(httpcore.AsyncNetworkBackend):
    def __init__(self, network: Network) -> None:
        self._network = network
        self._dial = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        target, target_port = self._network.stands_at.get(host, (host, port))
        refused: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in await self._permitted(host, target, target_port):
            try:
                return await self._dial.connect_tcp(str(address), target_port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                refused = error
        raise refused

    async def _permitted(self, host: str, target: str, port: int) -> list[Address]:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(target, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host} cannot be resolved: {error}") from error
        addresses = [ipaddress.ip_address(entry[4][0]) for entry in found]
        permitted = [address for address in addresses if self._network.permits(address)]
        if addresses and not permitted:
            raise AddressRefused(
                f"{host} is at {addresses[0]}, a private address. Add its network to crawl.allow_addresses to crawl it."
            )
        return permitted

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def _carried(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address leads to, when it is one of the forms that carry one."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _TRANSLATED:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
