"""Candidates from the corpus: groups of long pages, in an order that the night's seed gives.

Only addresses and lengths of all pages are read at once; the texts come group by group.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from flows.domains.contract import Corpus
from flows.domains.instruction_following.texts.document import Document, Section, sections_of
from warehouse.connect import execute, query

NAME = "corpus_brief"
"""Name of the composer of pages."""
MIN_CHARS, MAX_CHARS = 6_000, 400_000
"""Characters of a page that becomes a document; its first part is used if it is long."""
PART_CHARS = 40_000
GROUP_CHARS = 60_000
"""A group is full at so many characters, of at least two pages."""
MIN_PAGES, MAX_PAGES = 2, 4
MIN_SECTIONS = 5


@dataclass(frozen=True)
class Pages:
    """A group of pages; `number` is its place in the night's order, from 1."""

    number: int
    seed: int
    documents: tuple[Document, ...]


def page_groups(corpus: Corpus) -> Iterator[Pages]:
    """The groups of a night that are not tasks of it yet."""

    key = f"{corpus.settings.seed}/{corpus.day.isoformat()}/{NAME}/"
    values: dict[str, Any] = {"composer": NAME, "run_id": corpus.day.isoformat()}
    last = execute(corpus.con, query("tasks", "last_number"), values).fetchall()[0][0]
    bounds = {"min_chars": MIN_CHARS, "max_chars": MAX_CHARS, "min_sections": MIN_SECTIONS, "key": key}
    pages = execute(corpus.con, query("tasks", "long_pages"), bounds).fetchall()
    for number, urls in enumerate(_groups(pages), 1):
        if number > last:
            yield Pages(number, _seed(f"{key}{number}"), tuple(_documents(corpus, urls)))


def _groups(pages: Sequence[tuple[str, int]]) -> Iterator[list[str]]:
    group, n_chars = list[str](), 0
    for url, length in pages:
        group.append(url)
        n_chars += min(length, PART_CHARS)
        if len(group) >= MIN_PAGES and (n_chars >= GROUP_CHARS or len(group) == MAX_PAGES):
            yield group
            group, n_chars = [], 0


def _documents(corpus: Corpus, urls: Sequence[str]) -> Iterator[Document]:
    rows = execute(corpus.con, query("tasks", "page_texts"), {"urls": list(urls)}).fetchall()
    for place, (url, doc_id, title, text, license, fetched_at) in enumerate(rows, 1):
        sections = _part(sections_of(text))
        if len(sections) >= MIN_SECTIONS:
            yield Document(_name(url, place), title or url, sections, url, doc_id, license, fetched_at)


def _part(sections: Sequence[Section]) -> list[Section]:
    """The first sections of a page, up to PART_CHARS characters."""
    kept, n_chars = list[Section](), 0
    for one in sections:
        n_chars += len(one.heading) + len(one.body)
        if kept and n_chars > PART_CHARS:
            break
        kept.append(one)
    return kept


def _name(url: str, place: int) -> str:
    """A short name from the last part of an address; the number keeps names of a task apart."""
    stem = re.sub(r"[^\w-]+", "-", PurePosixPath(url.split("?", maxsplit=1)[0].split("#", maxsplit=1)[0]).stem).strip(
        "-"
    )[:40]
    return f"{place}-{stem or 'page'}.md"


def _seed(key: str) -> int:
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") >> 1
