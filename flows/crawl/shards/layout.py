"""Moves the known pages and waiting urls of each host to its present owner, if the number of shards has changed."""

import logging
import shutil
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from flows.crawl.shards.opened import checked_frontier, opened_shard
from flows.crawl.shards.shard import Shard, left_shards
from flows.settings import Settings
from sources.frontier.frontier import Frontier
from sources.frontier.moving import copy_hosts, delete_kinds, has_kinds
from sources.frontier.records import Admission, kinds_of

LOG = logging.getLogger(__name__)
GONE = ".gone"


def settle(settings: Settings, day: date, home: Frontier, names: Sequence[str], shards: Sequence[Shard]) -> None:
    """Move the hosts of these sources from the night's frontier and from shards of another number to `shards`.

    Without shards all hosts go to the night's frontier. Its rows that ended must have been drained.
    """
    kinds = kinds_of(*names)
    left = [shard for shard in left_shards(settings.state) if shard not in shards]
    is_full = bool(shards) and has_kinds(home, kinds)
    if not left and not is_full:
        return
    LOG.info("the crawl has %s shards now: known pages move to them", len(shards) or 1)
    links = [link for shard in left for link in _drained(shard, settings, day)]
    files = [shard.frontier(settings.state) for shard in left]
    if shards:
        for one in shards:
            with checked_frontier(one, settings)[0] as target:
                _gather(target, files, one.owns)
                if is_full:
                    copy_hosts(target, home.path, one.owns, kinds)
                target.admit(day, [link for link in links if one.owns(link.host)])
        if is_full:
            delete_kinds(home, kinds)
    else:
        _gather(home, files, lambda _: True)
        home.admit(day, links)
    for shard in left:
        _remove(shard.folder(settings.state))


def _gather(target: Frontier, files: Sequence[Path], owns: Callable[[str], bool]) -> None:
    for file in files:
        copy_hosts(target, file, owns)


def _drained(shard: Shard, settings: Settings, day: date) -> list[Admission]:
    """Move the rows of a shard that ended to the lake; returns the day's links to hosts of others."""
    checked_frontier(shard, settings)[0].close()
    with opened_shard(shard, settings, day) as opened:
        opened.frontier.drain(opened.write)
        return opened.frontier.foreign_links(day)


def _remove(folder: Path) -> None:
    """Delete a shard's folder in one step: half of it would pass for a shard without its frontier."""
    aside = folder.with_name(f"{GONE}-{folder.name}")
    shutil.rmtree(aside, ignore_errors=True)
    folder.replace(aside)
    shutil.rmtree(aside, ignore_errors=True)
