"""Resolves host names and refuses private addresses; the connection is opened to exactly the address that was checked.

A check of the url alone would miss names that resolve to a private address, or that resolve to another
address a moment later (DNS rebinding, a form of server-side request forgery).
"""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sources.urls import NotCrawlable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
AddressInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[Any, ...]]
"""An entry of getaddrinfo: family, kind, protocol, canonical name, socket address."""

_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")  # NAT64 carries an IPv4 address in its last 32 bits


class ConnectFailed(Exception):
    """A host has no address, or accepts no connection. The message names it."""


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

    async def resolve(self, host: str, port: int) -> list[AddressInfo]:
        """Return the permitted addresses of a host, to connect to exactly these.

        Raises AddressRefused if it has only private ones, ConnectFailed if it has none.
        """
        target, target_port = self.address_overrides.get(host, (host, port))
        try:
            found = await asyncio.get_running_loop().getaddrinfo(target, target_port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise ConnectFailed(f"{host} cannot be resolved: {error}") from error
        permitted: list[AddressInfo] = [info for info in found if self.permits(ipaddress.ip_address(info[4][0]))]
        if found and not permitted:
            raise AddressRefused(
                f"{host} is at {found[0][4][0]}, a private address. "
                "Add its network to crawl.allow_addresses to crawl it."
            )
        if not permitted:
            raise ConnectFailed(f"{host} has no address")
        return permitted

    def permits(self, address: Address) -> bool:
        """True if the address is public, or in a private network that the settings allow."""
        if any(address.version == network.version and address in network for network in self.allowed):
            return True
        inner = _embedded_ipv4(address)
        if inner is not None:
            return self.permits(inner)
        return address.is_global and not address.is_multicast


def _embedded_ipv4(address: Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address inside a NAT64, IPv4-mapped or 6to4 address, else None."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _TRANSLATED:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
