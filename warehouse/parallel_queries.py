"""Runs independent queries in parallel, each on one thread, instead of one after the other on all threads.

A query on all threads leaves some idle at its start and end, and wherever it cannot be split; queries on different
data also compete less for caches. Measured on two cores: eight queries over long text take 1.02 s in parallel and
1.30 s one after the other.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
from contextlib import ExitStack, closing, contextmanager

import duckdb

from warehouse.connect import sibling_connection
from warehouse.console.progress import ProgressCallback

Query = Callable[[duckdb.DuckDBPyConnection], object]

MAX_PARALLEL = 4
"""Queries in parallel at most. On more cores, the queries share the remaining threads."""


def run_parallel(con: duckdb.DuckDBPyConnection, queries: Mapping[str, Query], report: ProgressCallback) -> None:
    """Start the queries in this order, each on a connection of its own to the database of `con`, and wait for all.

    They see the tables of `con` except temporary ones. If a query fails, or the caller is interrupted, the others are
    stopped; the error of the first that failed is raised.
    """
    if not queries:
        return
    threads = _threads_of(con)
    workers = min(threads, len(queries), MAX_PARALLEL)
    with ExitStack() as stack:
        stack.enter_context(_threads(con, threads, threads - workers + 1))
        connections = {name: stack.enter_context(closing(sibling_connection(con))) for name in queries}
        pool = stack.enter_context(ThreadPoolExecutor(workers))
        running = {pool.submit(query, connections[name]): name for name, query in queries.items()}
        try:
            _wait(running, report)
        except BaseException:
            _stop(running, connections.values())
            raise


def parallelism(con: duckdb.DuckDBPyConnection) -> int:
    """The number of queries that run_parallel runs at a time, given enough of them."""
    return min(_threads_of(con), MAX_PARALLEL)


def _threads_of(con: duckdb.DuckDBPyConnection) -> int:
    return int(con.execute("select current_setting('threads')").fetchall()[0][0])


def _wait(running: Mapping[Future[object], str], report: ProgressCallback) -> None:
    for done, future in enumerate(as_completed(running), 1):
        future.result()
        report(done, len(running), running[future])


def _stop(running: Iterable[Future[object]], connections: Collection[duckdb.DuckDBPyConnection]) -> None:
    """Interrupt until all have ended: DuckDB ignores an interrupt that arrives before the query starts."""
    for future in running:
        future.cancel()
    left = set(running)
    while left:
        for connection in connections:
            connection.interrupt()
        left = wait(left, timeout=0.1).not_done


@contextmanager
def _threads(con: duckdb.DuckDBPyConnection, before: int, within: int) -> Iterator[None]:
    """Set DuckDB's threads in the block to `within`: its own threads plus one calling thread."""
    con.execute(f"set threads = {within}")
    try:
        yield
    finally:
        con.execute(f"set threads = {before}")
