"""Applies patches of strangers to a copy of a tree, with git inside the sandbox, and reads what they changed.

The changes are read from the files before and after, so that files which a patch adds, removes, renames or makes
executable count whatever its headers say.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from flows.domains.contract import Refused
from flows.environments.sandbox import Command, Sandbox
from flows.environments.workspace.scan import Entry, Scanner, Tree

APPLY = 'cat > /tmp/given.patch && git apply --whitespace=nowarn --recount "$@" /tmp/given.patch'


@dataclass(frozen=True)
class Change:
    """The effect of a patch on the files of a tree, by path; None where there is no file."""

    before: dict[str, str | None]
    after: dict[str, str | None]
    executable: dict[str, bool]
    """Files whose permission to run is another afterwards than before, or than that of new files."""


def apply_patch(tree: Path, patch: str, sandbox: Sandbox) -> Change:
    """Change a writable tree. Raises Refused: `patch_does_not_apply`, `patch_of_binary_files`, `patch_of_links`."""
    scanner = Scanner(tree)
    old = scanner.scan()
    kept = {path: (tree / path).read_bytes() for path, one in old.items() if one.kind == "file"}
    text = patch if patch.endswith("\n") else f"{patch}\n"
    done = sandbox.run(Command(("sh", "-c", APPLY, "apply"), tree, stdin=text.encode("utf-8", "surrogatepass")))
    if done.exit_code != 0:
        raise Refused("patch_does_not_apply")
    new = scanner.scan()
    paths = list(_differing(old, new))
    if any(one.kind != "file" for path in paths for one in (old.get(path), new.get(path)) if one):
        raise Refused("patch_of_links")
    after = {path: (tree / path).read_bytes() if path in new else None for path in paths}
    return Change(
        {path: _text(kept.get(path)) for path in paths},
        {path: _text(content) for path, content in after.items()},
        {path: _may_run(new[path]) for path in paths if path in new and _may_run(new[path]) != _may_run(old.get(path))},
    )


def _differing(old: Tree, new: Tree) -> Iterable[str]:
    for path in sorted(old.keys() | new.keys()):
        one, other = old.get(path), new.get(path)
        folders = {entry.kind for entry in (one, other) if entry} <= {"folder"}
        if not folders and (_facts(one) != _facts(other)):
            yield path


def _facts(one: Entry | None) -> tuple[str, str, bool] | None:
    return (one.kind, one.content, _may_run(one)) if one else None


def _may_run(one: Entry | None) -> bool:
    return bool(one and one.mode & 0o100)


def _text(content: bytes | None) -> str | None:
    try:
        return None if content is None else content.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("patch_of_binary_files") from None
