"""Worker processes for extraction, so that a page that crashes or hangs a parser costs only itself.

When the process of a worker dies, its call fails and the worker is replaced, while the other workers go on.
"""

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import ParamSpec, Self, TypeVar, cast

from sources.status_codes import Status
from sources.text.document_builder import ExtractedPage, redacted_page
from sources.text.extract import Layout
from sources.text.extraction_worker import ExtractionWorker, WorkerDied
from sources.text.formats.extract_format import extract_format
from sources.worker_process import available_cores

P = ParamSpec("P")
T = TypeVar("T")

CPU_LIMIT_S = 30.0
"""CPU seconds that one call may use before its process is killed."""
HTML_CPU_LIMIT_S, HTML_CPU_S_PER_MB = 2.0, 1.0
"""The same for a page of HTML, and the seconds added for each megabyte."""
MAX_ERROR_CHARS = 500
LEAST_WINDOW = 8
"""Pages that a source may have in progress at a time, whatever the number of workers."""


class ExtractionPool:
    """A pool of `count` worker processes (default: half the cores, at least two), as an async context manager."""

    def __init__(self, count: int | None = None) -> None:
        self._workers = [ExtractionWorker() for _ in range(count or max(2, available_cores() // 2))]
        self.window = max(LEAST_WINDOW, 2 * len(self._workers))
        """pages in progress at a time that keep all workers busy"""
        self._free: asyncio.Queue[int] = asyncio.Queue()
        self._starting: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._starting = asyncio.create_task(self._start())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._starting is not None:
            await asyncio.gather(self._starting, return_exceptions=True)
        for worker in self._workers:
            if error is None:
                await worker.end()
            else:
                worker.kill()

    async def _start(self) -> None:
        """Start the workers: the first takes a second, in which the crawl reads robots.txt."""
        for index, worker in enumerate(self._workers):
            with suppress(Exception):  # the first call has the error
                await worker.start()
            self._free.put_nowait(index)

    async def extract(self, body: bytes, media_type: str, content_type: str, url: str, layout: Layout) -> ExtractedPage:
        """Extract a page in a worker. Every failure is a page with status extraction_failed."""
        return await self.page(extract_in_time, body, media_type, content_type, url, layout)

    async def extract_file(self, path: Path, media_type: str, url: str, *, redact: bool) -> ExtractedPage:
        """Extract a file, which the worker reads and redacts; one that it cannot read is a page with that status."""
        return await self.page(extract_path, path, media_type, url, redact=redact)

    async def page(self, function: Callable[P, ExtractedPage], *args: P.args, **kwargs: P.kwargs) -> ExtractedPage:
        """Make a page in a worker. Every failure is a page with status extraction_failed."""
        try:
            return await self.call(function, *args, **kwargs)
        except Exception as error:  # any error of a parser belongs to the page and must not end the crawl
            return failed_page(error)

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function in a free worker. Raises WorkerDied, or the function's own exception."""
        index = await self._free.get()
        try:
            result, error = await self._workers[index].call(with_cpu_limit, function, args, kwargs)
        except BaseException:  # a call that is given up leaves its answer in the socket
            self._workers[index].kill()
            self._workers[index] = ExtractionWorker()
            raise
        finally:
            self._free.put_nowait(index)
        if error is not None:
            raise error
        return cast("T", result)


def failed_page(error: Exception) -> ExtractedPage:
    """Return the page that stands for an error of its extraction."""
    return ExtractedPage(*failure_of(error))


def failure_of(error: Exception) -> tuple[Status, str]:
    """Return (status, detail) of content that could not be read in a worker."""
    name = "" if isinstance(error, WorkerDied) else f"{type(error).__name__}: "
    return Status.EXTRACTION_FAILED, f"{name}{error}"[:MAX_ERROR_CHARS]


def extract_in_time(body: bytes, media_type: str, content_type: str, url: str, layout: Layout) -> ExtractedPage:
    """Extract a page, and end this process if that takes too long; the limit of the whole call stays as it was."""
    if "html" not in media_type:
        return extract_format(body, media_type, content_type, url, layout)
    # a page of HTML takes milliseconds; one that takes seconds is hostile
    limit = HTML_CPU_LIMIT_S + HTML_CPU_S_PER_MB * len(body) / 1_000_000
    before = signal.setitimer(signal.ITIMER_VIRTUAL, limit)
    try:
        return extract_format(body, media_type, content_type, url, layout)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, *before)


def extract_path(path: Path, media_type: str, url: str, *, redact: bool) -> ExtractedPage:
    """Read, extract and redact a file; without text, the status is the reason."""
    try:
        body = path.read_bytes()
    except OSError as error:
        return ExtractedPage(Status.UNREADABLE, error.strerror or str(error))
    extract = extract_redacted if redact else extract_in_time
    try:
        return extract(body, media_type, "", url, Layout())
    except Exception as error:  # any error of a parser belongs to the page
        return failed_page(error)


def extract_redacted(body: bytes, media_type: str, content_type: str, url: str, layout: Layout) -> ExtractedPage:
    """Extract a page in time, and replace secrets and personal data in it."""
    return redacted_page(extract_in_time(body, media_type, content_type, url, layout))


def with_cpu_limit(function: Callable[..., T], args: tuple[object, ...], kwargs: dict[str, object]) -> T:
    """Call the function, and end this process if that takes more CPU time than a page may."""
    signal.setitimer(signal.ITIMER_VIRTUAL, CPU_LIMIT_S)  # no handler is set, so the signal ends the process
    try:
        return function(*args, **kwargs)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
