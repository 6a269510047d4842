"""The blocklist of urls, applied by the crawl, by the agent's tools, and by the release gate.

An entry is a host, with its subdomains, or a regular expression over the whole url. All entries become one
pattern that means the same in Python's `re` and in RE2 (DuckDB, Arrow), so that the three always agree.
"""

import re
import warnings
from collections.abc import Iterable
from functools import cached_property

from sources.urls import NotCrawlable, normalise

_HOST = re.compile(
    r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)*[a-z0-9-]+(?::\d+)?|\[[0-9a-f:.]+\](?::\d+)?", re.IGNORECASE
)
_AMBIGUOUS = re.compile(r"(?<!\\)(?:\\\\)*\{,\d*\}")
"""A repetition without a minimum: RE2 reads it as literal text."""


class Blocklist:
    """The blocked urls. Raises NotCrawlable on an entry that is neither a host nor a usable pattern."""

    def __init__(self, entries: Iterable[str] = ()) -> None:
        self.entries = tuple(dict.fromkeys(entry.strip() for entry in entries))
        self._patterns = [_pattern(entry) for entry in self.entries]
        if self.pattern and (problem := _problem(self.pattern)):
            raise NotCrawlable(
                f"blocked: {len(self.entries)} entries cannot be used together ({problem}); write fewer, for "
                "example one pattern for many hosts"
            )

    @property
    def pattern(self) -> str | None:
        """One regular expression that matches in every blocked url; None if nothing is blocked."""
        return "(?i)" + "|".join(f"(?:{pattern})" for pattern in self._patterns) if self._patterns else None

    def blocking_entry(self, url: str) -> str | None:
        """Return the entry that blocks a url, which may lack its scheme, or None."""
        if self._compiled is None:
            return None
        spellings = dict.fromkeys([url, normalise(url) or url, normalise(f"https://{url.strip()}") or url])
        for spelling in spellings:
            if self._compiled.search(spelling):
                pairs = zip(self.entries, self._patterns, strict=True)
                return next(entry for entry, pattern in pairs if re.search(pattern, spelling, re.IGNORECASE))
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
    """Return why a pattern cannot be used: the engines differ on it, or it matches everything; else None."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if _AMBIGUOUS.search(pattern):
        return "write {0,n} instead of {,n}"
    try:
        pc.match_substring_regex(pa.array([""]), pattern)
        with warnings.catch_warnings(action="error"):
            everything = re.compile(pattern).search("")
    except (re.error, OverflowError, RecursionError, Warning, pa.ArrowInvalid) as error:
        return str(error)
    return "it blocks every url" if everything else None


def _escaped(host: str) -> str:
    """Escape a host's punctuation in the form that both engines accept."""
    return re.sub(r"([.\[\]])", r"\\\1", host)
