"""The addresses that may not be read: one list, asked by the crawl, by the agent's tools, and by the release gate.

An entry is a host, which blocks its subdomains too, or a regular expression over the whole url. All entries
become one pattern that Python's `re` and RE2 (DuckDB's and Arrow's) read alike, so that the three never disagree.
"""

import re
import warnings
from collections.abc import Iterable
from functools import cached_property

from sources.urls import NotCrawlable, normalise

_HOST = re.compile(
    r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)*[a-z0-9-]+(?::\d+)?|\[[0-9a-f:.]+\](?::\d+)?", re.IGNORECASE
)
_READ_APART = re.compile(r"(?<!\\)(?:\\\\)*\{,\d*\}")
"""A repetition without a least number: RE2 takes it word for word."""


class Blocklist:
    """Which urls are blocked; raises NotCrawlable on an entry that is neither a host nor a usable pattern."""

    def __init__(self, entries: Iterable[str] = ()) -> None:
        self.entries = tuple(dict.fromkeys(entry.strip() for entry in entries))
        self._patterns = [_pattern(entry) for entry in self.entries]
        if self.pattern and (problem := _problem(self.pattern)):
            raise NotCrawlable(
                f"blocked: {len(self.entries)} entries cannot be used together ({problem}); write fewer, such as one "
                "pattern for many hosts"
            )

    @property
    def pattern(self) -> str | None:
        """One regular expression that a blocked url matches somewhere; None when nothing is blocked."""
        return "(?i)" + "|".join(f"(?:{pattern})" for pattern in self._patterns) if self._patterns else None

    def blocking_entry(self, url: str) -> str | None:
        """The entry that blocks the url, also one that an agent spelt without its scheme; None when none does."""
        if self._compiled is None:
            return None
        spellings = dict.fromkeys([url, normalise(url) or url, normalise(f"https://{url.strip()}") or url])
        for spelt in spellings:
            if self._compiled.search(spelt):
                return next(e for e, p in zip(self.entries, self._patterns, strict=True) if re.search(p, spelt, re.I))
        return None

    @cached_property
    def _compiled(self) -> re.Pattern[str] | None:
        return re.compile(self.pattern) if self.pattern else None


NOTHING_BLOCKED = Blocklist()


def _pattern(entry: str) -> str:
    if _HOST.fullmatch(entry):
        port = r"(?::\d+)?" if ":" not in entry.rpartition("]")[2] else ""
        return rf"^[a-z][a-z0-9+.-]*://(?:[^/?#@]*@)?(?:[^/?#:@]+\.)?{_escaped(entry)}{port}(?:[/?#]|$)"
    if problem := _problem(f"(?i)(?:{entry})"):
        raise NotCrawlable(
            f"blocked: {entry!r} cannot be used ({problem}); write a host such as example.com, or a regular "
            "expression over the url without lookaround, back references and flags (case never counts)"
        )
    return entry


def _problem(pattern: str) -> str | None:
    """Why a pattern would block in one place only, or everything; None when it can be used."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if _READ_APART.search(pattern):
        return "write {0,n} for {,n}"
    try:
        pc.match_substring_regex(pa.array([""]), pattern)
        with warnings.catch_warnings(action="error"):
            everything = re.compile(pattern).search("")
    except (re.error, OverflowError, RecursionError, Warning, pa.ArrowInvalid) as error:
        return str(error)
    return "it blocks every url" if everything else None


def _escaped(host: str) -> str:
    """The host with its punctuation escaped, in the way that both engines read."""
    return re.sub(r"([.\[\]])", r"\\\1", host)
