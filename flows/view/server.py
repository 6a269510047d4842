"""Serves the pages on loopback until Ctrl-C, at an address that holds a random token."""

import secrets
import socket
from contextlib import suppress
from pathlib import Path

import duckdb
import uvicorn

from flows.view.app import Pages, guarded
from flows.view.audit_file import AuditFile
from flows.view.reading import Reader
from flows.view.selection import Selection

HOST = "127.0.0.1"
TOKEN_BYTES = 24
GRACE_S = 2
"""Seconds for open pages to end after Ctrl-C."""


class ViewServer:
    """The pages of a selection on a socket that is bound already; port 0 takes a free one. Raises OSError."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        selection: Selection,
        audit: Path | None,
        port: int,
        tokenizer: str | None = None,
    ) -> None:
        self._token = secrets.token_urlsafe(TOKEN_BYTES)
        reader = Reader(con)
        reader.select(selection.ids)
        pages = Pages(reader, self._token, selection.title, AuditFile(audit) if audit else None, tokenizer)
        self._socket = socket.create_server((HOST, port))
        self._port = int(self._socket.getsockname()[1])
        path = "/audit" if audit and selection.path == "/" else selection.path
        self.address = f"http://{HOST}:{self._port}{path}?token={self._token}"
        """The address to open first."""
        config = uvicorn.Config(
            guarded(pages, self._token, self._port),
            log_level="warning",
            access_log=False,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=GRACE_S,
        )
        self._server = uvicorn.Server(config)

    def run(self) -> None:
        """Serve until Ctrl-C or `stop`. Ctrl-C is how a person ends it, so it is no error."""
        with suppress(KeyboardInterrupt):
            self._server.run(sockets=[self._socket])

    def stop(self) -> None:
        """End `run`, from another thread."""
        self._server.should_exit = True
