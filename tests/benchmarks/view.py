"""Measures the pages of `factory view` over a lake of trajectories of about 50K tokens: the list, and one attempt."""

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from flows.settings import Settings
from flows.view.selection import Selection
from flows.view.server import ViewServer
from tests.benchmarks.figure import Figure
from tests.benchmarks.publish.made import long_lake
from warehouse.connect import connect
from warehouse.lake import Lake

FIGURES = ("view.list_seconds", "view.search_seconds", "view.first_byte_seconds", "view.attempt_seconds")
FULL, SMOKE = 10_000, 20
ROUNDS = 3


def figures(trajectories: int) -> Iterator[Figure]:
    """The least wall seconds of each page in three rounds."""
    size = f"{trajectories:,} trajectories"
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder))
        long_lake(settings, trajectories)
        with connect(Lake(settings.lake)) as con, serving(ViewServer(con, Selection(), None, 0)) as client:
            [(id,)] = con.execute("select trajectory_id from trajectories order by all desc limit 1").fetchall()
            yield Figure("view.list_seconds", _least(client, "/")[1], "s", size)
            yield Figure("view.search_seconds", _least(client, "/?text=zzzz")[1], "s", f"answers of {size}")
            first, whole = _least(client, f"/attempts/{id}")
            yield Figure("view.first_byte_seconds", first, "s", size)
            yield Figure("view.attempt_seconds", whole, "s", size)


@contextmanager
def serving(server: ViewServer) -> Iterator[httpx.Client]:
    """A client that has the cookie of a running server."""
    thread = threading.Thread(target=server.run)
    thread.start()
    address = httpx.URL(server.address)
    try:
        with httpx.Client(base_url=f"http://{address.host}:{address.port}", timeout=120) as client:
            client.get(f"{address.path}?{address.query.decode()}", follow_redirects=True)
            yield client
    finally:
        server.stop()
        thread.join()


def _least(client: httpx.Client, address: str) -> tuple[float, float]:
    """The least seconds to the first byte of a page, and to its last."""
    rounds = [_timed(client, address) for _ in range(ROUNDS)]
    return round(min(first for first, _ in rounds), 3), round(min(last for _, last in rounds), 3)


def _timed(client: httpx.Client, address: str) -> tuple[float, float]:
    start = time.perf_counter()
    with client.stream("GET", address) as answer:
        pieces = answer.iter_bytes()
        next(pieces)
        first = time.perf_counter() - start
        for _ in pieces:
            pass
    assert answer.status_code == 200
    return first, time.perf_counter() - start
