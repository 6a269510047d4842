"""Titles and links of a WAT file: JSON facts of the pages whose text is in the WET file beside it.

Both files list the pages of one archive in the same order, so that one walk through both suffices.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, BinaryIO

import orjson

from sources.urls import normalise
from sources.warc.records import ArchiveRecord, DamagedPlaces, archive_records

AHEAD = 3_000
"""Pages of the WAT file that are read past a page of the WET file that it does not hold."""
MAX_LINKS = 2_000
MAX_ANCHOR_CHARS = 200


@dataclass(frozen=True)
class PageFacts:
    """Title and links of one page."""

    title: str | None = None
    links: tuple[tuple[str, str], ...] = ()


class WatFile:
    """Facts by url, for urls that are asked for in the order of the file."""

    def __init__(self, file: BinaryIO) -> None:
        self._facts = _page_facts(file)
        self._read = dict[str, PageFacts]()

    def facts(self, url: str) -> PageFacts:
        """Return the facts of a page; without title and links if the file does not hold it."""
        if url in self._read:
            return self._read.pop(url)
        for read, (other, facts) in enumerate(self._facts):
            if other == url:
                return facts
            self._read[other] = facts
            while len(self._read) > AHEAD:
                self._read.pop(next(iter(self._read)))
            if read >= AHEAD:
                break
        return PageFacts()


def _page_facts(file: BinaryIO) -> Iterator[tuple[str, PageFacts]]:
    with suppress(DamagedPlaces):
        for record in archive_records(file):
            url = normalise(record.uri)
            if record.kind == "metadata" and url and (facts := _facts(record, url)):
                yield url, facts


def _facts(record: ArchiveRecord, url: str) -> PageFacts | None:
    try:
        envelope = orjson.loads(record.block())
        html = envelope["Envelope"]["Payload-Metadata"]["HTTP-Response-Metadata"]["HTML-Metadata"]
        title, found = html.get("Head", {}).get("Title"), html.get("Links", [])
        anchors = [one for one in found if isinstance(one, dict) and str(one.get("path", "")).startswith("A@")]
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError, EOFError, OSError):
        return None
    links = dict[str, str]()
    for one in anchors[:MAX_LINKS]:
        if (target := normalise(str(one.get("url", "")), within=url)) and target != url:
            links.setdefault(target, _words(one.get("text"))[:MAX_ANCHOR_CHARS])
    return PageFacts(_words(title) or None, tuple(links.items()))


def _words(text: Any) -> str:
    return " ".join(text.split()) if isinstance(text, str) else ""
