"""One round of a shard: it admits the links that others found, crawls its hosts down to a depth, and writes its links.

It runs in a worker, on any machine. A round whose worker is lost runs again: pages that have ended are not fetched
again, and its part files have the links of both.
"""

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from flows.crawl.shards.link_parts import FOLDER, LinkPart, read_part, write_part
from flows.crawl.shards.opened import Job, OpenShard, load_memory, opened_shard, save_memory
from flows.crawl.shards.shard import owner
from flows.small_heap import small_heap
from sources.crawl_run import CrawlRun
from sources.frontier.records import Admission, Counts, kind_of
from sources.frontier.shard_frontier import ShardFrontier
from sources.urls import origin_of
from sources.web.background_drain import DRAIN_ROWS
from sources.web.crawl_config import Budget
from sources.web.crawl_memory import CrawlMemory
from sources.web.crawler import Crawler
from warehouse.console.progress import write_atomic

PROGRESS = "progress.json"
SAVE_EVERY_S = 1.0


@dataclass(frozen=True)
class Round:
    """A round's work for one shard."""

    number: int
    deepest: int
    """links between a start url and the last urls of the round"""
    inbox: tuple[LinkPart, ...]
    budget: Budget
    seed_hosts: tuple[str, ...]
    """origins at which start urls had pages, in any shard"""
    is_last: bool
    """nothing is left but hosts whose robots.txt failed, which is requested a last time"""


@dataclass(frozen=True)
class Report:
    """The state of a shard after a round."""

    counts: Counts
    untaken: int
    """waiting urls that can still be given up"""
    waiting: Mapping[int, int]
    """depth -> waiting urls, without those of postponed hosts"""
    postponed: int
    """waiting urls of hosts whose robots.txt failed"""
    sitemaps: int
    seed_hosts: tuple[str, ...]
    outbox: tuple[LinkPart, ...]
    dropped: int = 0
    """links that were given up, since all shards together hold max_admitted urls"""


def run_round(job: Job, plan: Round) -> Report:
    """Work a round. Raises FrontierError, LakeError."""
    day, source = job.day, job.config.source
    with small_heap(), opened_shard(job.shard, job.settings, day) as shard:
        memory = load_memory(job)
        memory.seed_hosts = plan.seed_hosts
        for part in plan.inbox:
            links, modified = read_part(part.path)
            shard.frontier.admit(day, links)
            memory.modified |= modified
        dropped = shard.frontier.drop_beyond(day, source, plan.budget.urls)
        shard.frontier.deepest = plan.deepest
        asyncio.run(_walk(job, plan, shard, memory))
        shard.frontier.drain(shard.write, min_rows=DRAIN_ROWS)
        report = report_of(job, shard.frontier, memory, plan.number)
        save_memory(job, memory)
        return replace(report, dropped=dropped)


async def _walk(job: Job, plan: Round, shard: OpenShard, memory: CrawlMemory) -> None:
    run: CrawlRun = shard.run(job, Progress(job))
    async with run.client, run.pool:
        await Crawler(job.config, run, plan.budget, memory).walk(is_last=plan.is_last)


def report_of(job: Job, frontier: ShardFrontier, memory: CrawlMemory, number: int) -> Report:
    """The state of a shard, whose links to others of this round are written to part files."""
    day, source = job.day, job.config.source
    away = {origin for origin, host in memory.hosts.items() if host.waits_for_robots(job.config.retries)}
    waiting, postponed = defaultdict[int, int](int), 0
    for origin, depth, urls in frontier.waiting(day, source):
        if origin in away:
            postponed += urls
        else:
            waiting[depth] += urls
    outbox = _write_links(job, frontier.links_of_round(day, number), memory, number)
    seeds = tuple(frontier.seed_hosts(day, kind_of(source, "page")))
    counts, untaken = frontier.counts(day, source), frontier.untaken(day, source)
    return Report(counts, untaken, dict(waiting), postponed, len(memory.sitemaps), seeds, outbox)


def _write_links(job: Job, links: list[Admission], memory: CrawlMemory, number: int) -> tuple[LinkPart, ...]:
    """Write a part for each other shard that has any; times of its pages move there with them."""
    shard, parts = job.shard, list[LinkPart]()
    by_owner, moments = defaultdict[int, list[Admission]](list), defaultdict[int, dict[str, datetime]](dict)
    for link in links:
        by_owner[owner(link.host, shard.count)].append(link)
    for url in [url for url in memory.modified if not shard.owns(origin_of(url))]:
        moments[owner(origin_of(url), shard.count)][url] = memory.modified.pop(url)
    for index, found in sorted(by_owner.items()):
        path = shard.folder(job.settings.state) / FOLDER / f"round-{number:06d}-to-{index + 1}.jsonl"
        write_part(path, found, moments[index])
        parts.append(LinkPart(path, index, len(found), min(link.depth for link in found)))
    return tuple(parts)


class Progress:
    """Keeps the pages and the newest address of a shard in a small file, for the one bar of the night's process."""

    def __init__(self, job: Job) -> None:
        self._path = job.shard.folder(job.settings.state) / PROGRESS
        self._saved_at = 0.0

    def __call__(self, done: int, total: int, note: str) -> None:
        """Save a report, at most once in SAVE_EVERY_S."""
        if note and time.monotonic() - self._saved_at > SAVE_EVERY_S:
            self._saved_at = time.monotonic()
            with suppress(OSError):  # a full disk must not end the crawl over its progress file
                write_atomic(self._path, json.dumps({"done": done, "note": note}))
