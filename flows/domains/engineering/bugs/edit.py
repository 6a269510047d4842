"""A bug as text edits of a source tree, and trees with several bugs at once.

Edits name characters of the unchanged files, so that bugs which were measured one by one can be combined.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property

from schemas.record import sha256_text


@dataclass(frozen=True)
class Edit:
    """The characters from `start` to `end` of a file are replaced by `text`."""

    path: str
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Place:
    """A function of the tree, by the line of its first decorator or of `def`, as code objects name it."""

    path: str
    line: int


@dataclass(frozen=True)
class Bug:
    """One fault, which a composer puts into a tree."""

    operator: str
    """Kind of change, such as `comparison`."""
    functions: tuple[Place, ...]
    """Functions that it changes."""
    edits: tuple[Edit, ...]

    @cached_property
    def id(self) -> str:
        """Hash of its edits."""
        return sha256_text(json.dumps([asdict(one) for one in self.edits]))[:20]

    @property
    def paths(self) -> frozenset[str]:
        """Files that it changes."""
        return frozenset(one.path for one in self.edits)


def overlap(one: Bug, other: Bug) -> bool:
    """True if the two bugs change the same function or the same characters."""
    if set(one.functions) & set(other.functions):
        return True
    return any(a.path == b.path and a.start <= b.end and b.start <= a.end for a in one.edits for b in other.edits)


def changed_files(texts: Mapping[str, str], bugs: Iterable[Bug]) -> dict[str, str]:
    """The changed files with all these bugs; `texts` are the unchanged files. The bugs must not overlap."""
    found: dict[str, str] = {}
    edits = sorted((edit for bug in bugs for edit in bug.edits), key=lambda one: (one.path, one.start), reverse=True)
    for edit in edits:
        text = found.get(edit.path, texts[edit.path])
        found[edit.path] = text[: edit.start] + edit.text + text[edit.end :]
    return dict(sorted(found.items()))
