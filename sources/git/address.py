"""Pins the host of a repository to an address that was checked, since git connects by itself.

Without it a name could resolve to a public address when it is checked and to a private one when git connects.
"""

import asyncio
import ipaddress
import socket
from urllib.parse import urlsplit

from sources.collections.collection import Refused
from sources.http.network import Network
from sources.status_codes import Status
from sources.urls import DEFAULT_PORTS


async def pinned_address(address: str, network: Network) -> tuple[str, ...]:
    """Return git settings that pin the host of an http(s) address; none for a local path. Raises Refused."""
    parts = urlsplit(address)
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        return ()
    host, port = parts.hostname, parts.port or DEFAULT_PORTS[parts.scheme]
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Refused(Status.CONNECT_FAILED, f"{host} cannot be resolved: {error}", transient=True) from error
    resolved = [ipaddress.ip_address(entry[4][0]) for entry in found]
    allowed = [str(one) for one in resolved if network.permits(one)]
    if not allowed:
        detail = f"{host} is at {resolved[0]}, a private address. Add its network to crawl.allow_addresses to crawl it."
        raise Refused(Status.PRIVATE_ADDRESS, detail)
    return (f"http.curloptResolve={host}:{port}:{','.join(allowed)}",)
