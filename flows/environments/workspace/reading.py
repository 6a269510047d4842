"""The tool `read`: numbered lines of a file, head and tail of a long one, the entries of a folder.

It runs on the host, since no process of the agent lives between two calls.
"""

import hashlib
import os
from pathlib import Path

from flows.environments.tool import Answer
from flows.environments.workspace.paths import FOLDER, MAX_BYTES, Refused, content, is_folder, parent_of

SHOWN_CHARS = 7_000
"""Characters of a file that one call shows."""
HEAD_SHARE = 0.7
"""Share of a long file's shown text that is its head; the rest is its tail."""
SHOWN_ENTRIES = 200
PROBE_BYTES = 8 << 10
"""Bytes of a file's start in which a zero byte makes it binary."""
NUMBER_CHARS = 8
"""Characters of a line's number and its line break."""


def read(root: Path, path: str, offset: int | None = None, limit: int | None = None) -> Answer:
    """Numbered lines of a text file: `limit` of them from line `offset` on, by default the whole or its head and tail.

    A folder is listed; of a binary file the size and the hash are named. Raises Refused.
    """
    with parent_of(root, path) as (folder, name):
        if is_folder(folder, name):
            return _listed(folder, name)
        data, n_bytes = content(folder, name, path)
    if n_bytes > MAX_BYTES:
        raise Refused(f"{path} has {n_bytes:,} bytes, too many to read here.")
    if b"\0" in data[:PROBE_BYTES]:
        return Answer(f"{path} is a binary file: {n_bytes:,} bytes, sha256 {hashlib.sha256(data).hexdigest()}.")
    lines = data.decode("utf-8", "replace").splitlines()
    first = offset or 1
    if first > len(lines):
        past = f"{path} has {len(lines)} lines; line {first} is past its end."
        return Answer(past if lines else f"{path} is empty.", "empty")
    if offset is None and limit is None:
        return _whole(lines)
    return _part(lines, first - 1, min(len(lines), first - 1 + (limit or len(lines))))


def numbered(lines: list[str], first: int, last: int) -> str:
    """The lines from index `first` up to `last`, with their numbers; a line longer than an answer is cut."""
    return "\n".join(f"{number:6}\t{_short(line)}" for number, line in enumerate(lines[first:last], first + 1))


def _short(line: str) -> str:
    left_out = len(line) - SHOWN_CHARS
    return f"{line[:SHOWN_CHARS]}[{left_out} characters of this line are left out]" if left_out > 0 else line


def _listed(folder: int, name: str) -> Answer:
    descriptor = os.open(name, FOLDER, dir_fd=folder)
    try:
        entries = sorted(f"{one}/" if is_folder(descriptor, one) else one for one in os.listdir(descriptor))  # noqa: PTH208 - a descriptor
    finally:
        os.close(descriptor)
    if not entries:
        return Answer("The folder is empty.", "empty")
    more = len(entries) - SHOWN_ENTRIES
    rest = f"\n[{more} more entries are left out]" if more > 0 else ""
    return Answer("\n".join(entries[:SHOWN_ENTRIES]) + rest, "truncated" if rest else "ok")


def _whole(lines: list[str]) -> Answer:
    """All lines if they fit, else the head and the tail."""
    if _fitting(lines, SHOWN_CHARS) == len(lines):
        return Answer(numbered(lines, 0, len(lines)))
    head_chars = int(SHOWN_CHARS * HEAD_SHARE)
    head = _fitting(lines, head_chars)
    tail = max(head, len(lines) - _fitting(lines[::-1], SHOWN_CHARS - head_chars))
    between = f"[lines {head + 1} to {tail} of {len(lines)} are left out: read them with offset and limit]"
    shown = [numbered(lines, 0, head), *([between] if tail > head else []), numbered(lines, tail, len(lines))]
    return Answer("\n".join(filter(None, shown)), "truncated")


def _part(lines: list[str], first: int, last: int) -> Answer:
    """The lines from index `first` up to `last`, as far as they fit."""
    end = first + _fitting(lines[first:last], SHOWN_CHARS)
    shown = numbered(lines, first, end)
    return Answer(shown) if end == last else Answer(f"{shown}\n[cut here: go on with offset {end + 1}]", "truncated")


def _fitting(lines: list[str], n_chars: int) -> int:
    """Number of lines that fit; a first line that does not is counted, too."""
    for number, line in enumerate(lines):
        n_chars -= len(line) + NUMBER_CHARS
        if n_chars < 0:
            return max(1, number)
    return len(lines)
