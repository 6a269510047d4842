"""The record of removals: one JSON line each in the state folder, so that a removed file does not count as lost."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

FILE = "pruned.jsonl"
RAW, RELEASE = "raw responses", "release"
"""Kinds of removals on request of other rooms."""


@dataclass(frozen=True)
class Removable:
    """A file or folder that the settings let go."""

    kind: str
    path: Path
    size: int
    """bytes"""
    reason: str


def write_removal(state: Path, removed: Removable) -> None:
    """Add a line, before the data is gone. Raises OSError if the disk is full."""
    home = state.absolute().parent
    path = removed.path.relative_to(home) if removed.path.is_relative_to(home) else removed.path
    line = asdict(removed) | {"path": str(path), "at": datetime.now(UTC).isoformat(timespec="seconds")}
    with (state / FILE).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())


def removed_paths(state: Path, kind: str) -> Mapping[str, str]:
    """Absolute path -> day of its removal, of one kind, of those that do not exist. A line that a kill cut off counts
    as none.
    """
    found = {}
    try:
        lines = (state / FILE).read_text("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return {}
    for line in lines:
        try:
            row = json.loads(line)
            path = state.absolute().parent / row["path"]
            if row["kind"] == kind and not os.path.lexists(path):
                found[str(path)] = str(row["at"])[:10]
        except (ValueError, KeyError, TypeError):
            continue
    return found
