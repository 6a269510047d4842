"""Extracts PDFs on the machines of a Ray cluster; the process of the night does all else of a crawl.

A worker gets the path of a file and returns its text. The rows are those of one machine: the night's process lists the
files, and commits them in that order.
"""

import asyncio
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from types import TracebackType

from flows.engine.engine import Engine, ShareLost
from flows.engine.open import opened_engine
from flows.settings import Settings
from sources.status_codes import Status
from sources.text.document_builder import ExtractedPage
from sources.text.extraction_pool import ExtractionPool, extract_path, with_cpu_limit

FEWEST_FILES = 32
"""Files that this machine extracts before a cluster is used: its workers take as long to start."""


def extraction_pool(settings: Settings) -> ExtractionPool:
    """The workers of a source: processes of this machine, and those of the cluster of `[engine]` if it is one."""
    return ClusterPool(settings) if settings.engine.kind == "ray" else ExtractionPool()


class ClusterPool(ExtractionPool):
    """A pool whose files are extracted by a cluster. Raises EngineError and WorkersLost as its engine does."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        self._opening: asyncio.Task[Engine] | None = None
        self._opened = ExitStack()
        self._files = 0

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._opening is not None:
            await asyncio.gather(self._opening, return_exceptions=True)
        await asyncio.to_thread(self._opened.close)
        await super().__aexit__(kind, error, trace)

    async def extract_file(self, path: Path, media_type: str, url: str, *, redact: bool) -> ExtractedPage:
        """Extract a file as this machine does, which reads those that the cluster cannot."""
        self._files += 1
        if self._files > FEWEST_FILES:
            executor = (await self._cluster()).executor
            call = partial(with_cpu_limit, extract_path, (path, media_type, url), {"redact": redact})
            with suppress(ShareLost):
                page = await asyncio.wrap_future(executor.submit(call))
                if page.status != Status.UNREADABLE:
                    return page
        return await super().extract_file(path, media_type, url, redact=redact)

    async def _cluster(self) -> Engine:
        if self._opening is None:
            self._opening = asyncio.create_task(self._open())
        return await asyncio.shield(self._opening)

    async def _open(self) -> Engine:
        engine = await asyncio.to_thread(self._opened.enter_context, opened_engine(self._settings))
        self.window = max(self.window, 2 * engine.workers)
        return engine
