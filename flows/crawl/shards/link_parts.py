"""Part files of links: the urls that a shard has found on another one's hosts in a round, as lines of JSON.

A file appears whole under a name of its round and its two shards; written again, it has the same links and later ones.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from sources.frontier.records import Admission
from warehouse.lake import replacing

FOLDER = "links"


@dataclass(frozen=True)
class LinkPart:
    """The address of a part file, and the number of its links."""

    path: Path
    owner: int
    """index of the shard that admits them"""
    links: int
    lowest: int
    """the fewest links between a start url and one of its urls"""


def write_part(path: Path, links: Iterable[Admission], modified: Mapping[str, datetime]) -> None:
    """Write links, and the times of changes that sitemaps give for pages of the same shard."""
    with replacing(path) as temporary, temporary.open("wb") as file:
        for one in links:
            row = (one.url, one.host, one.kind, one.depth, one.parent, one.place, one.hops)
            file.write(orjson.dumps(row) + b"\n")
        for url, moment in modified.items():
            file.write(orjson.dumps((url, moment.isoformat())) + b"\n")


def read_part(path: Path) -> tuple[list[Admission], dict[str, datetime]]:
    """The links and times of a part."""
    rows = list(_rows(path))
    links = [Admission(*row) for row in rows if len(row) > 2]
    return links, {row[0]: datetime.fromisoformat(row[1]) for row in rows if len(row) == 2}


def _rows(path: Path) -> Iterator[list[Any]]:
    with path.open("rb") as file:
        yield from (orjson.loads(line) for line in file)
