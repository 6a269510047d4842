"""Edits that lead from a faulty text to the original one, each as an engineer would write it: old lines, new lines."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher


@dataclass(frozen=True)
class Hunk:
    """Neighbouring lines of a file that differ."""

    path: str
    first: int
    """Index of the first line in the faulty text."""
    last: int
    """Index after the last line in the faulty text."""
    original_line: int
    """Number of the first line in the original text, from 1."""
    new: tuple[str, ...]
    """The original lines."""


def hunks(faulty: Mapping[str, str], original: Mapping[str, str]) -> list[Hunk]:
    """All differences, in the order of files and lines."""
    return [one for path in sorted(original) for one in _hunks(path, faulty.get(path, ""), original[path])]


def _hunks(path: str, faulty: str, original: str) -> Iterator[Hunk]:
    before, after = faulty.splitlines(keepends=True), original.splitlines(keepends=True)
    for tag, first, last, start, end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            yield Hunk(path, first, last, start + 1, tuple(after[start:end]))


def edits(faulty: str, wanted: Sequence[Hunk]) -> tuple[list[tuple[str, str]], str]:
    """((old, new) of each edit of one file in turn, the text after them); each old text occurs once at its turn."""
    lines, made = faulty.splitlines(keepends=True), list[tuple[str, str]]()
    for hunk in sorted(wanted, key=lambda one: one.first, reverse=True):
        text = "".join(lines)
        first, last = _unique(lines, hunk.first, hunk.last, text)
        head, tail = lines[first : hunk.first], lines[hunk.last : last]
        made.append(("".join(lines[first:last]), "".join([*head, *hunk.new, *tail])))
        lines[hunk.first : hunk.last] = hunk.new
    return made, "".join(lines)


def _unique(lines: Sequence[str], first: int, last: int, text: str) -> tuple[int, int]:
    """Widen a range of lines until its text occurs once."""
    while not _once("".join(lines[first:last]), text) and (first or last < len(lines)):
        first, last = max(0, first - 1), min(len(lines), last + 1)
    return first, last


def _once(old: str, text: str) -> bool:
    """True if a text that is not blank occurs once, overlaps counted."""
    return bool(old.strip()) and text.find(old, text.find(old) + 1) < 0
