"""A real server of `/v1/embeddings` on loopback, whose vectors count concepts: words of one meaning are one number.

It records the texts that it embedded, and can fail the first requests, as a server does that is starting.
"""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread

DIMENSIONS = 64
CONCEPTS = {word: place for place, words in enumerate(
    ("physician doctor medic", "automobile car vehicle", "ocean sea", "blaze fire burned")
) for word in words.split()}  # fmt: skip


@dataclass
class EmbeddingServer:
    """The state of a running server."""

    url: str
    failures: int = 0
    """Requests that are still answered by `status`."""
    status: int = 503
    dimensions: int = DIMENSIONS
    broken: bool = False
    """Replies lack their vectors."""
    texts: list[str] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    """The Authorization header of each request."""
    lock: Lock = field(default_factory=Lock)

    def reply(self, body: dict[str, object]) -> tuple[int, object]:
        """Status and reply of one request."""
        texts = body["input"]
        assert isinstance(texts, list)
        with self.lock:
            if self.failures:
                self.failures -= 1
                return self.status, {"error": "not ready"}
            self.texts += texts
        data = [{"index": n, "embedding": vector(text, self.dimensions)} for n, text in enumerate(texts)]
        return 200, {"data": [] if self.broken else data[::-1], "model": body["model"]}


def vector(text: str, dimensions: int = DIMENSIONS) -> list[float]:
    """Counts of the concepts of a text, other words at a place of their hash with little weight."""
    counts = [0.0] * dimensions
    for word in re.findall(r"\w+", text.lower()):
        own = len(CONCEPTS) + sha256(word.encode()).digest()[0] % (dimensions - len(CONCEPTS))
        counts[CONCEPTS.get(word, own)] += 1.0 if word in CONCEPTS else 0.1
    return counts


@contextmanager
def embedding_server() -> Iterator[EmbeddingServer]:
    """A running server; it ends with the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            state.keys.append(self.headers.get("Authorization"))
            found = state.reply(body) if self.path == "/v1/embeddings" else (404, {"error": self.path})
            data = json.dumps(found[1]).encode()
            self.send_response(found[0])
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Sequence[object]) -> None:
            """Requests are no news."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state = EmbeddingServer(f"http://127.0.0.1:{server.server_address[1]}/v1")
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
