"""Serves the small wiki as HTML over HTTP on loopback, for tests of the whole pipeline."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.doubles.sites.small_wiki import HOST, documents

PAGES = {
    document.url.removeprefix(HOST): (document.title or "", document.text)
    for document in documents(date(2026, 1, 1))
    if document.text
}
LINK = re.compile(r"\[([^\]]+)\]\(" + re.escape(HOST) + r"([^)]*)\)")


@contextmanager
def wiki_site() -> Iterator[str]:
    """Serve the wiki on a free port and yield the address of its first page."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        found = PAGES.get(self.path)
        body = _html(*found).encode() if found else b"not here"
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Suppress the server's request log."""


def _html(title: str, text: str) -> str:
    blocks = [_block(block) for block in text.strip().split("\n\n")]
    return (
        f"<html lang=en><head><title>{escape(title)}</title></head><body><main>{''.join(blocks)}</main></body></html>"
    )


def _block(block: str) -> str:
    inner = LINK.sub(r'<a href="\2">\1</a>', block)
    if block.startswith("#"):
        level = len(block) - len(block.lstrip("#"))
        return f"<h{level}>{inner.lstrip('# ')}</h{level}>"
    if block.startswith("- "):
        return "<ul>" + "".join(f"<li>{line.removeprefix('- ')}</li>" for line in inner.splitlines()) + "</ul>"
    return f"<p>{inner}</p>"
