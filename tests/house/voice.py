"""Measures of plain English: verbs of hearsay, relative clauses with "what" and "who", openings, grain lines.

Rates are per 1,000 words. Sentences of the field name the actor and the thing; these words usually hide one of both.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tests.house.places import files, name
from tests.house.prose import DOCSTRING, Passage

HEARSAY_WORDS = (
    *("tell", "tells", "told", "telling", "say", "says", "said", "saying", "hear", "hears", "heard", "hearing"),
    *("ask", "asks", "asked", "asking", "meet", "meets", "met", "meeting", "stand", "stands", "stood", "standing"),
    *("nobody", "somebody", "someone", "anybody", "anyone", "everybody", "everyone"),
)
AFTER_WHAT = (
    *("is", "was", "are", "were", "be", "has", "have", "had", "do", "does", "did", "can", "could", "cannot", "may"),
    *("must", "will", "would", "should", "it", "its", "they", "he", "she", "we", "you", "a", "an", "the", "this"),
    *("that", "these", "those", "one", "each", "every", "no", "there", "all", "other", "another", "came", "comes"),
    *("became", "made", "makes", "stands", "goes", "went", "waits", "follows", "changed", "looks", "takes", "wrote"),
)
HEARSAY = re.compile(rf"\b(?:{'|'.join(HEARSAY_WORDS)})\b", re.IGNORECASE)
WHAT_CLAUSE = re.compile(rf"\b(?:what|who|whom|whose)\s+(?:{'|'.join(AFTER_WHAT)})\b", re.IGNORECASE)
OPENING = re.compile(r"\s*(?:What|Who|Whose|Whether|Those)\b")
OLD_GRAIN = re.compile(r"\bone row an? \w+", re.IGNORECASE)
GRAIN = re.compile(r"-- (?:one row per |one row: |no rows?\b|name:|SQLite|DuckDB)")
NAMED_BLOCK = re.compile(r"^-- name:", re.MULTILINE)


@dataclass(frozen=True)
class Hits:
    """The matches of one measure in one passage; `line` is the line of the first match."""

    passage: Passage
    count: int
    line: int

    def __str__(self) -> str:
        excerpt = " ".join(self.passage.text.split())
        return f"{self.passage.path}:{self.line}: {self.count} x {excerpt[:140]}"


def hits(measure: re.Pattern[str], passages: Iterable[Passage]) -> list[Hits]:
    """Returns the passages that match, worst first: by number of matches, then by matches per word."""
    found = list[Hits]()
    for passage in passages:
        matches = list(measure.finditer(passage.prose))
        if matches:
            line = passage.line + passage.prose[: matches[0].start()].count("\n")
            found.append(Hits(passage, len(matches), line))
    return sorted(found, key=lambda hit: (-hit.count, hit.passage.words, hit.passage.path, hit.line))


def rate(measure: re.Pattern[str], passages: list[Passage]) -> float:
    """Matches per 1,000 words; 0 without any words."""
    words = sum(passage.words for passage in passages)
    return 1000 * sum(hit.count for hit in hits(measure, passages)) / words if words else 0.0


def openings(passages: Iterable[Passage]) -> list[str]:
    """Returns `path:line: text` of each docstring that opens with What, Who, Whose, Whether or Those."""
    return [
        f"{passage.path}:{passage.line}: {' '.join(passage.text.split())[:110]}"
        for passage in passages
        if passage.kind == DOCSTRING and OPENING.match(passage.text)
    ]


def old_grains(passages: Iterable[Passage]) -> list[str]:
    """Returns `path:line` of each "one row a ..." where "one row per ..." is meant."""
    return [str(hit) for hit in hits(OLD_GRAIN, passages)]


def without_grain() -> list[str]:
    """Returns the SQL files whose first line gives no grain; files of `-- name:` blocks need only a first comment."""
    texts = {name(path): path.read_text("utf-8") for path in files(".sql")}
    return [path for path, text in texts.items() if not _opens_well(text)]


def _opens_well(text: str) -> bool:
    return text.startswith("-- ") and bool(GRAIN.match(text) or NAMED_BLOCK.search(text))
