"""Attempts on networks: the host's loopback, cloud metadata, the internet, sockets of the host, raw packets."""

import os
import socket
from collections.abc import Callable, Iterator
from functools import partial

ADDRESSES = (("169.254.169.254", 80), ("8.8.8.8", 53), ("1.1.1.1", 443), ("10.0.0.1", 80), ("192.168.0.1", 80))
FAMILIES = {
    "AF_VSOCK": 40,
    "AF_ALG": 38,
    "AF_PACKET": 17,
    "AF_KEY": 15,
    "AF_TIPC": 30,
    "AF_XDP": 44,
    "AF_BLUETOOTH": 31,
}
SOCKETS = ("/run/docker.sock", "/var/run/docker.sock", "/run/dbus/system_bus_socket", "/run/systemd/private")


def attempts() -> Iterator[tuple[str, Callable[[], object]]]:
    """(name, attempt) of each."""
    for host, port in ADDRESSES:
        yield f"connect to {host}", partial(_connected, socket.AF_INET, (host, port))
    for name, family in FAMILIES.items():
        yield f"open a socket of {name}", partial(socket.socket, family, socket.SOCK_RAW)
    for path in SOCKETS:
        yield f"connect to {path}", partial(_connected, socket.AF_UNIX, path)
    yield from _OTHERS.items()


def _connected(family: int, address: tuple[str, int] | str) -> object:
    with socket.socket(family, socket.SOCK_STREAM) as one:
        one.settimeout(1)
        one.connect(address)
        return address


def _interfaces() -> object:
    others = [name for _, name in socket.if_nameindex() if name != "lo"]
    return others or None


def _vsock() -> object:
    with socket.socket(40, socket.SOCK_STREAM) as one:
        one.connect((2, 22))
        return "connected"


_OTHERS: dict[str, Callable[[], object]] = {
    "connect to the host's loopback": lambda: _connected(socket.AF_INET, ("127.0.0.1", int(os.environ["HOST_PORT"]))),
    "connect to the host's IPv6 loopback": lambda: _connected(socket.AF_INET6, ("::1", int(os.environ["HOST_PORT"]))),
    "connect to an abstract socket of the host": lambda: _connected(socket.AF_UNIX, "\0" + os.environ["HOST_SOCKET"]),
    "resolve a name": lambda: socket.getaddrinfo("example.org", 80),
    "see interfaces of the host": _interfaces,
    "reach the hypervisor": _vsock,
    "send raw packets": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
    "a packet to the broadcast address": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(
        b"x", ("255.255.255.255", 9)
    ),
}
