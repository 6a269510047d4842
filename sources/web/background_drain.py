"""Moves ended urls to parts of the lake in a thread, one part at a time, while the crawl goes on."""

import asyncio

from sources.crawl_run import CrawlRun

DRAIN_ROWS = 100
"""Ended urls that trigger a part of the lake while the crawl goes on."""


class BackgroundDrain:
    """The drain of one crawl."""

    def __init__(self, run: CrawlRun) -> None:
        self._run = run
        self._task: asyncio.Task[None] | None = None
        self.undrained = 0
        """Urls that ended since the last drain began."""

    def look(self) -> None:
        """Begin a drain if there are enough rows and none is under way; raise the error of the last one."""
        if self._task is not None and self._task.done():
            self.end()
        if self.undrained >= DRAIN_ROWS and self._task is None:
            self.undrained = 0
            self._task = asyncio.create_task(self._run.drain_in_thread(DRAIN_ROWS))

    async def wait(self) -> None:
        """Wait until the part that is being written is whole, or has failed."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    def end(self) -> None:
        """Raise the error of the part that was written last, if there was one."""
        done, self._task = self._task, None
        if done is not None:
            done.result()
