"""Makes the tree that is examined: the pristine tree with the agent's solution laid over it.

The agent's workspace is hostile: it is scanned without following links, and only regular files of bounded size count.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from flows.domains.engineering.examination.protected import is_cache, is_new_module, is_protected
from flows.domains.engineering.suite.languages import Language
from flows.environments.workspace.paths import Refused, content, parent_of
from flows.environments.workspace.scan import Entry, Scanner, Tree

MAX_FILES = 2_000
MAX_BYTES = 4 * 2**20
"""Bytes of one file of a solution."""


@dataclass(frozen=True)
class Changes:
    """Paths that an agent changed, added or removed."""

    solution: tuple[str, ...]
    """Paths that count."""
    tampered: tuple[str, ...]
    """Existing files of the examination that were changed or removed, and new files that would run in it."""


def lay_over(pristine: Path, agent: Path, language: Language, added: Collection[str] = ()) -> Changes:
    """Lay the solution of an agent's workspace over a pristine tree, in place; returns the changes.

    `added` are paths of new files that the task asks for; modules at the top of the tree may be new only there.
    """
    before, after = Scanner(pristine).scan(), Scanner(agent).scan()
    paths = sorted(before.keys() | after.keys())
    changed = [path for path in paths if _differs(before.get(path), after.get(path))]
    moded = {path for path in paths if _may_run(before.get(path)) != _may_run(after.get(path))}
    taken = [path for path in sorted({*changed, *moded}) if _counts(path, before, after, language, added)][:MAX_FILES]
    laid = tuple(path for path in taken if _laid(pristine, agent, path, after.get(path)))
    return Changes(laid, tuple(path for path in changed if _is_tampering(path, before, language)))


def _differs(one: Entry | None, other: Entry | None) -> bool:
    """True if a file or link is new, gone or has another content; folders and permission bits are no part of it."""
    kinds = {entry.kind for entry in (one, other) if entry}
    if kinds <= {"folder", "pipe"}:
        return False
    return one is None or other is None or (one.kind, one.content) != (other.kind, other.content)


def _may_run(one: Entry | None) -> bool:
    return bool(one and one.kind == "file" and one.mode & 0o100)


def _counts(path: str, before: Tree, after: Tree, language: Language, added: Collection[str]) -> bool:
    old, new = before.get(path), after.get(path)
    regular = all(one is None or (one.kind == "file" and one.n_bytes <= MAX_BYTES) for one in (old, new))
    stands_in = language.has_top_modules and is_new_module(path, {*before, *added})
    return regular and not is_protected(path, language) and not stands_in


def _laid(pristine: Path, agent: Path, path: str, new: Entry | None) -> bool:
    """Copy or remove one file; False if a folder of the one tree is a file of the other."""
    place = pristine / path
    if new is None:
        place.unlink()
        return True
    try:
        with parent_of(agent, path) as (folder, name):
            data, _ = content(folder, name, path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        place.chmod(0o755 if _may_run(new) else 0o644)
    except (Refused, OSError):
        return False
    return True


def _is_tampering(path: str, before: Tree, language: Language) -> bool:
    if is_cache(path) or not is_protected(path, language):
        return False
    return path in before or not language.is_test(PurePosixPath(path)) or path.endswith("conftest.py")
