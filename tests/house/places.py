"""Lists the files that the house measures read: code, SQL and Markdown of the rooms, never build outputs."""

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE_ROOMS = ("schemas", "sources", "warehouse", "flows")
ROOMS = (*CODE_ROOMS, "tests")
GUIDES = ("README.md", ".github/CONTRIBUTING.md")


def files(suffix: str = "", rooms: tuple[str, ...] = ROOMS) -> Iterator[Path]:
    """Yields every source file under the rooms, sorted by path, optionally only those with one suffix."""
    for room in rooms:
        for path in sorted((ROOT / room).rglob(f"*{suffix}")):
            if path.is_file() and "__pycache__" not in path.parts and path.name[0] != ".":
                yield path


def name(path: Path) -> str:
    """The path relative to the repository's root, with forward slashes."""
    return path.relative_to(ROOT).as_posix()


def room(path: str) -> str:
    """The folder that a figure is grouped by: `flows/refine` for files of a flow, else the top-level folder."""
    parts = path.split("/")
    if len(parts) == 1 or parts[0] not in ROOMS:
        return "guides"
    return "/".join(parts[:2]) if parts[0] == "flows" and len(parts) > 2 else parts[0]


def under(path: str, prefix: str) -> bool:
    """True if the path is the prefix itself, lies in that folder, or the prefix is empty."""
    return not prefix or path == prefix or path.startswith(prefix.rstrip("/") + "/")
