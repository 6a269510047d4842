"""The misbehaving server of tools over HTTP: it demands a token, repeats it, and can be stopped and started again.

It writes streamable HTTP itself and keeps no sessions, so the client works with a foreign implementation.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.doubles.mcp_server import NOTHING, Misbehaving, text


@dataclass
class McpHttp:
    """The place and the token of a server, and its connections so far."""

    token: str
    port: int = 0
    opened: int = 0
    """Connections that were initialised."""

    @property
    def url(self) -> str:
        """The address of the endpoint."""
        return f"http://127.0.0.1:{self.port}/mcp"


@contextmanager
def mcp_http(seen: McpHttp, folder: Path) -> Iterator[McpHttp]:
    """Serve until the block ends, on the port of an earlier block if there was one."""
    world = Misbehaving(folder)
    world.tools["repeat_token"] = (NOTHING, lambda n: text(f"Bearer {seen.token}, in short {seen.token}"))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.headers["Authorization"] != f"Bearer {seen.token}":
                self._send(401, {"error": f"not the token: {self.headers['Authorization']}"})
            elif "id" not in message:
                self._send(202)
            else:
                seen.opened += message["method"] == "initialize"
                result = world.answer(message["method"], message.get("params") or {})
                body = {"error": {"code": -32601, "message": "unknown"}} if result is None else {"result": result}
                self._send(200, {"jsonrpc": "2.0", "id": message["id"], **body})

        def do_GET(self) -> None:
            self._send(405)

        def _send(self, status: int, body: dict[str, Any] | None = None) -> None:
            written = json.dumps(body).encode() if body else b""
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(written)))
            self.end_headers()
            self.wfile.write(written)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", seen.port), Handler)
    seen.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield seen
    finally:
        server.shutdown()
        server.server_close()
