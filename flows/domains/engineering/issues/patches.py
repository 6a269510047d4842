"""Applies patches of strangers to a copy of a tree, with git inside the sandbox."""

from collections.abc import Iterable
from pathlib import Path

from flows.domains.contract import Refused
from flows.environments.sandbox import Command, Sandbox

APPLY = 'cat > /tmp/given.patch && git apply --whitespace=nowarn --recount "$@" /tmp/given.patch'


def apply_patch(tree: Path, patch: str, sandbox: Sandbox) -> None:
    """Change a writable tree. Raises Refused: `patch_does_not_apply`."""
    text = patch if patch.endswith("\n") else f"{patch}\n"
    done = sandbox.run(Command(("sh", "-c", APPLY, "apply"), tree, stdin=text.encode()))
    if done.exit_code != 0:
        raise Refused("patch_does_not_apply")


def texts_of(tree: Path, paths: Iterable[str]) -> dict[str, str | None]:
    """Path -> text of a file of the tree, None if there is none. Raises Refused: `patch_of_binary_files`."""
    return {path: _text(tree / path) for path in sorted(paths)}


def _text(path: Path) -> str | None:
    if path.is_symlink() or not path.is_file():
        return None
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("patch_of_binary_files") from None
