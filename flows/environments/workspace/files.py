"""The tools `edit` and `write`: changes of single files, with errors that name the next step.

They run on the host, since no process of the agent lives between two calls. Bytes that are no UTF-8 survive an edit.
"""

import os
from pathlib import Path

from flows.environments.tool import Answer
from flows.environments.workspace.paths import MAX_BYTES, Refused, content, exists, is_folder, open_file, parent_of
from flows.environments.workspace.reading import numbered

CONTEXT_LINES = 3
"""Lines around an edit that its answer shows."""
SHOWN_PLACES = 10


def edit(root: Path, path: str, old: str, new: str) -> Answer:
    """Replace a text that occurs exactly once; changes nothing otherwise. Raises Refused."""
    if old == new:
        return Answer("old and new are equal: there is nothing to edit.", "blocked")
    wanted, instead = _written(old), _written(new)
    with parent_of(root, path) as (folder, name):
        data, n_bytes = content(folder, name, path)
        if n_bytes > MAX_BYTES:
            raise Refused(f"{path} has {n_bytes:,} bytes, too many to edit here.")
        text = data.decode("utf-8", "surrogateescape")
        places = _places(text, wanted)
        if len(places) != 1:
            return Answer(_no_single_place(path, text, wanted, places), "blocked")
        changed = (text[: places[0]] + instead + text[places[0] + len(wanted) :]).encode("utf-8", "surrogateescape")
        _write(folder, name, path, changed)
    first = text.count("\n", 0, places[0])
    last = first + instead.count("\n") + 1
    lines = changed.decode("utf-8", "replace").split("\n")
    return Answer(f"Edited {path}:\n{numbered(lines, max(0, first - CONTEXT_LINES), last + CONTEXT_LINES)}")


def write(root: Path, path: str, text: str) -> Answer:
    """Write a whole file, with the folders above it. Raises Refused."""
    data = _written(text).encode()
    with parent_of(root, path, make=True) as (folder, name):
        if is_folder(folder, name):
            raise Refused(f"{path} is a folder: name a file in it.")
        verb = "Replaced" if exists(folder, name) else "Created"
        _write(folder, name, path, data)
    return Answer(f"{verb} {path}: {len(text.splitlines())} lines, {len(data)} bytes.")


def _write(folder: int, name: str, path: str, data: bytes) -> None:
    with os.fdopen(open_file(folder, name, path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "wb") as file:
        file.write(data)


def _written(text: str) -> str:
    """Text of the model as files can hold it: without lone surrogates."""
    return text.encode("utf-8", "replace").decode()


def _places(text: str, wanted: str) -> list[int]:
    """Positions at which a text occurs, overlapping ones included; none if it is empty."""
    places, at = list[int](), text.find(wanted) if wanted else -1
    while at >= 0:
        places.append(at)
        at = text.find(wanted, at + 1)
    return places


def _no_single_place(path: str, text: str, wanted: str, places: list[int]) -> str:
    if places:
        lines = [str(text.count("\n", 0, at) + 1) for at in places[:SHOWN_PLACES]]
        more = ", ..." if len(places) > SHOWN_PLACES else ""
        where = f"lines {', '.join(lines)}{more}"
        return f"old occurs {len(places)} times in {path} ({where}), not once. Give more of the text around the place."
    if not wanted:
        return "old is empty. Give the text to replace; for a new file use write."
    if _places(text.replace("\r\n", "\n"), wanted):
        return f"old does not occur in {path}, whose lines end with \\r\\n. Nothing was changed."
    if _places(" ".join(text.split()), " ".join(wanted.split())):
        return f"old does not occur in {path}: spaces or line breaks differ. Read the place again. Nothing was changed."
    return f"old does not occur in {path}. Nothing was changed."
