"""Connections to the hosts of a crawl, kept open between requests, each opened to an address that was checked."""

import asyncio
import os
import ssl
import time
from collections import deque
from functools import cached_property
from urllib.parse import urlsplit

import certifi
from aiohappyeyeballs import start_connection

from sources.http.connection import MAX_HEAD_BYTES, Connection, ConnectionLost
from sources.http.network import ConnectFailed, Network
from sources.http.response_head import ResponseHead
from sources.urls import DEFAULT_PORTS, origin_of

CONNECTIONS = 256
"""Open requests at most; further ones wait. As many idle connections are kept open."""
IDLE_S = 10.0
"""An idle connection is closed after this time, before servers close it."""
NEXT_ADDRESS_S = 0.25
"""Seconds after which the next address of a host is tried beside the first (RFC 8305, 2017)."""


class ConnectionPool:
    """Opens, reuses and closes connections."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._idle: dict[str, deque[Connection]] = {}
        self._slots = asyncio.Semaphore(CONNECTIONS)

    async def request(self, url: str, message: bytes) -> tuple[Connection, ResponseHead]:
        """Send a request to the url's host; return its connection and the head of the response.

        The caller passes the connection to `release`. Raises AddressRefused, ConnectFailed, ConnectionLost,
        NotHttp or OSError.
        """
        await self._slots.acquire()
        try:
            return await self._request(url, message)
        except BaseException:
            self._slots.release()
            raise

    def release(self, url: str, connection: Connection) -> None:
        """Keep the connection for the next request to this host, or close it if it cannot be used again."""
        self._slots.release()
        if not connection.is_reusable:
            connection.close()
            return
        self._idle.setdefault(origin_of(url), deque()).append(connection)
        if sum(map(len, self._idle.values())) > CONNECTIONS:
            self._close_oldest()

    def close(self) -> None:
        """Close every idle connection."""
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()

    async def _request(self, url: str, message: bytes) -> tuple[Connection, ResponseHead]:
        reused = self._take_idle(url)
        if reused is not None:
            try:
                return reused, await _first_head(reused, message)
            except (ConnectionLost, OSError):
                pass  # the server closed it while it was idle: a new connection counts
        opened = await self._open(url)
        return opened, await _first_head(opened, message)

    def _take_idle(self, url: str) -> Connection | None:
        waiting = self._idle.get(origin_of(url))
        while waiting:
            connection = waiting.pop()
            if connection.is_reusable and time.monotonic() - connection.idle_since < IDLE_S:
                return connection
            connection.close()
        return None

    def _close_oldest(self) -> None:
        origin = min(
            (name for name, kept in self._idle.items() if kept), key=lambda name: self._idle[name][0].idle_since
        )
        self._idle[origin].popleft().close()
        if not self._idle[origin]:
            del self._idle[origin]

    async def _open(self, url: str) -> Connection:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme]
        infos = await self._network.resolve(host, port)
        try:
            raw = await start_connection(infos, happy_eyeballs_delay=NEXT_ADDRESS_S)
            is_tls = parts.scheme == "https"
            reader, writer = await asyncio.open_connection(
                sock=raw,
                limit=MAX_HEAD_BYTES,
                ssl=self._tls if is_tls else None,
                server_hostname=host if is_tls else None,
            )
        except (OSError, ssl.SSLError, ssl.CertificateError) as error:
            raise ConnectFailed(f"{host} cannot be connected to: {error}") from error
        return Connection(reader, writer)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """The context of all connections. SSL_CERT_FILE and SSL_CERT_DIR replace the built-in authorities."""
        file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
        chosen = file or (None if folder else certifi.where())
        context = ssl.create_default_context(cafile=chosen, capath=folder)
        context.set_alpn_protocols(["http/1.1"])
        return context


async def _first_head(connection: Connection, message: bytes) -> ResponseHead:
    try:
        return await connection.request(message)
    except BaseException:
        connection.close()
        raise
