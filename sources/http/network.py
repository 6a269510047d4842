"""Resolves host names, refuses private addresses, and connects to exactly the address that was checked.

A check of the url alone would miss names that resolve to a private address, or that resolve to another
address a moment later (DNS rebinding, a form of server-side request forgery).
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
    """A host resolves to a private address that the settings do not allow. The message names both."""


@dataclass(frozen=True)
class Network:
    """The addresses that may be connected to, and fixed addresses for some host names."""

    allowed: tuple[IpNetwork, ...] = ()
    """private networks that may be crawled"""
    address_overrides: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """host name → (address, port) to connect to instead; the address is checked like any other"""

    @classmethod
    def allowing(
        cls, networks: Iterable[str], address_overrides: Mapping[str, tuple[str, int]] | None = None
    ) -> "Network":
        """Allow these private networks, in CIDR notation. Raises NotCrawlable naming an invalid one."""
        allowed = []
        for text in networks:
            try:
                allowed.append(ipaddress.ip_network(text, strict=False))
            except ValueError as error:
                problem = f"crawl.allow_addresses: {text!r} is not a network; write it as in 10.0.0.0/8"
                raise NotCrawlable(problem) from error
        return cls(tuple(allowed), address_overrides or {})

    def with_override(self, host: str, address: str, port: int) -> "Network":
        """Return a network that also connects `host` to this address, which may be private."""
        return Network(
            (*self.allowed, ipaddress.ip_network(address)), {**self.address_overrides, host: (address, port)}
        )

    def permits(self, address: Address) -> bool:
        """True if the address is public, or in a private network that the settings allow."""
        if any(address.version == network.version and address in network for network in self.allowed):
            return True
        inner = _embedded_ipv4(address)
        if inner is not None:
            return self.permits(inner)
        return address.is_global and not address.is_multicast


def transport(network: Network, connections: int) -> httpx.AsyncHTTPTransport:
    """Build an httpx transport that checks the address of every connection."""
    made = httpx.AsyncHTTPTransport()
    made._pool = httpcore.AsyncConnectionPool(  # httpx has no public parameter for a network backend
        ssl_context=httpx.create_ssl_context(),
        max_connections=connections,
        max_keepalive_connections=connections,
        keepalive_expiry=10.0,
        network_backend=_CheckedBackend(network),
    )
    return made


class _CheckedBackend(httpcore.AsyncNetworkBackend):
    def __init__(self, network: Network) -> None:
        self._network = network
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        target, target_port = self._network.address_overrides.get(host, (host, port))
        last_error: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in await self._permitted(host, target, target_port):
            try:
                return await self._backend.connect_tcp(
                    str(address), target_port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last_error = error
        raise last_error

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


def _embedded_ipv4(address: Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address inside a NAT64, IPv4-mapped or 6to4 address, else None."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _TRANSLATED:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
