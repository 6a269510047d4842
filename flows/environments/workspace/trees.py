"""Source trees by their kind: the folders that a workspace begins with, kept once for all attempts.

A tree is never changed: each workspace is a copy of it.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from flows.environments.workspace.sources import git_folder, npm_folder, sdist_folder

KINDS: dict[str, Callable[[Mapping[str, object], Path], Path]] = {
    "sdist": sdist_folder, "npm": npm_folder, "git": git_folder,
}  # fmt: skip


def tree_folder(tree: Mapping[str, object], sources_path: Path) -> Path | None:
    """The folder of a tree in the cache `sources_path`, made if it is missing; None for the kind `none`.

    Raises TreeError, and LookupError for a kind that does not exist.
    """
    kind = tree.get("kind", "none")
    if kind == "none":
        return None
    if kind not in KINDS:
        raise LookupError(f"there is no tree of the kind {kind!r}; there are {', '.join((*KINDS, 'none'))}")
    return KINDS[str(kind)](tree, sources_path)
