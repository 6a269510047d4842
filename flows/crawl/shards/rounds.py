"""Crawls the web sources of a night in shards: begins them, works rounds on the engine's workers, and counts.

Workers get paths and numbers; pages and links stay in files of the shards.
"""

import json
import logging
import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, wait
from contextlib import AbstractContextManager, ExitStack, suppress
from datetime import date
from functools import partial
from typing import Self

from flows.crawl.shards.layout import settle
from flows.crawl.shards.link_parts import FOLDER
from flows.crawl.shards.opened import Job, checked_frontier, load_memory, opened_shard
from flows.crawl.shards.plan import Planner
from flows.crawl.shards.round import PROGRESS, Report, Round, report_of, run_round
from flows.crawl.shards.shard import Shard, shard_count
from flows.engine.engine import Engine
from flows.settings import Settings
from sources.frontier.frontier import Frontier
from sources.frontier.moving import copy_taken
from sources.frontier.records import Admission, Changes
from sources.protocol import Source
from sources.status_codes import Status
from sources.web.crawl_config import Budget, CrawlConfig
from sources.web.source import WebSource
from warehouse.console.progress import ProgressCallback

LOG = logging.getLogger(__name__)
LOOK_EVERY_S = 0.5

OpenEngine = Callable[[Settings], AbstractContextManager[Engine]]


class ShardedCrawl:
    """The shards of one run of a night, as a context manager; with one shard, it has nothing to do.

    Raises EngineError and WorkersLost as its engine does, FrontierError and LakeError as a crawl of one process does.
    """

    def __init__(self, settings: Settings, day: date, report: ProgressCallback, opening: OpenEngine) -> None:
        self.count = shard_count(settings)
        self.lost: str | None = None
        """A sentence if frontiers of shards were damaged."""
        self._settings, self._day, self._report, self._opening = settings, day, report, opening
        self._shards = Shard.all_of(self.count) if self.count > 1 else []
        self._opened = ExitStack()
        self._engine: Engine | None = None
        self._number = 0
        self._is_claimed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def begin(self, home: Frontier, sources: Iterable[Source]) -> None:
        """Move known pages to the shards that own them now, and end the urls that earlier nights left."""
        names = [source.name for source in sources if isinstance(source, WebSource)]
        settle(self._settings, self._day, home, names, self._shards)
        for shard in self._shards:
            self._begin_shard(shard)

    def crawl(self, source: WebSource, home: Frontier) -> None:
        """Crawl a source until every admitted url has its row, without urls that `home` has. Raises NotCrawlable."""
        self._is_claimed = False
        config, starts, number = source.config, source.start_urls(), self._next_number()
        reports = [self._start(job, starts, home, number) for job in map(partial(self._job, config), self._shards)]
        planner = Planner(Budget.of(config), reports)
        while rounds := planner.next_round(self._next_number()):
            for index, report in self._work(config, rounds).items():
                planner.take(index, report)
                self._log_dropped(config, report.dropped)
            for part in [part for plan in rounds.values() for part in plan.inbox]:
                part.path.unlink(missing_ok=True)
        for shard, budget in zip(self._shards, planner.budgets(), strict=True):
            self._end(shard, config, budget)

    def claim(self, home: Frontier) -> None:
        """Let `home` pass over the urls that shards have crawled: no url has two rows in a night."""
        if not self._is_claimed:
            for shard in self._shards:
                copy_taken(home, shard.frontier(self._settings.state), self._day, shard.owns)
        self._is_claimed = True

    def counts(self) -> list[tuple[dict[str, int], Changes]]:
        """The tally and the changes of each shard's day."""
        found = []
        for shard in self._shards:
            with opened_shard(shard, self._settings, self._day) as opened:
                found.append((opened.frontier.tally(self._day), opened.frontier.changes(self._day)))
        return found

    def _begin_shard(self, shard: Shard) -> None:
        folder = shard.folder(self._settings.state)
        shutil.rmtree(folder / FOLDER, ignore_errors=True)
        for file in (*folder.glob("*.memory"), folder / PROGRESS):
            file.unlink(missing_ok=True)
        frontier, lost = checked_frontier(shard, self._settings)
        frontier.close()
        self.lost = "; ".join(filter(None, (self.lost, lost))) or None
        with opened_shard(shard, self._settings, self._day) as opened:
            opened.frontier.close_earlier(self._day)
            opened.frontier.drain(opened.write)
            opened.frontier.wait_again(self._day, Status.ROBOTS_UNREACHABLE)
            opened.frontier.send_again(self._day)

    def _job(self, config: CrawlConfig, shard: Shard) -> Job:
        return Job(shard, self._settings, self._day, config)

    def _start(self, job: Job, starts: Iterable[Admission], home: Frontier, number: int) -> Report:
        """Admit the start urls of a shard; its report has the links that an earlier run of the night has found."""
        with opened_shard(job.shard, self._settings, self._day) as opened:
            copy_taken(opened.frontier, home.path, self._day, job.shard.owns)
            opened.frontier.admit(self._day, [start for start in starts if job.shard.owns(start.host)])
            return report_of(job, opened.frontier, load_memory(job), number)

    def _end(self, shard: Shard, config: CrawlConfig, budget: Budget) -> None:
        """End the urls that still wait, and move all rows to the lake."""
        with opened_shard(shard, self._settings, self._day) as opened:
            self._log_dropped(config, opened.frontier.drop_beyond(self._day, config.source, budget.urls))
            opened.frontier.close_run(self._day, config.source, config.over_budget)
            opened.frontier.drain(opened.write)

    def _log_dropped(self, config: CrawlConfig, links: int) -> None:
        if links:
            LOG.warning("%s links were not admitted: the shards hold %s urls already", links, config.max_admitted)

    def _work(self, config: CrawlConfig, rounds: dict[int, Round]) -> dict[int, Report]:
        """Work a round on all shards that have something to do; the first error of one ends the crawl."""
        executor = self._workers().executor
        jobs = {index: self._job(config, self._shards[index]) for index in rounds}
        begun = {index: executor.submit(run_round, jobs[index], plan) for index, plan in rounds.items()}
        left = set(begun.values())
        while left:
            done, left = wait(left, LOOK_EVERY_S, FIRST_COMPLETED)
            for one in done:
                one.result()
            self._show(config)
        return {index: one.result() for index, one in begun.items()}

    def _show(self, config: CrawlConfig) -> None:
        """Report the pages of all shards, and the newest address of the one that saved last."""
        done, note = 0, ""
        files = [shard.folder(self._settings.state) / PROGRESS for shard in self._shards]
        for file in files:
            with suppress(OSError, ValueError, KeyError):
                saved = json.loads(file.read_bytes())
                done, note = done + saved["done"], saved["note"]
        self._report(min(done, config.max_pages), config.max_pages, note)

    def _workers(self) -> Engine:
        if self._engine is None:
            self._engine = self._opened.enter_context(self._opening(self._settings))
        return self._engine

    def _next_number(self) -> int:
        self._number += 1
        return self._number
