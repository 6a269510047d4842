"""Loads the named SQL statements of one file: the file of a SQLite database holds all statements that run on it.

A line `-- name: add_turn` opens a block, and the block lasts until the next such line. Comments before the first
block describe the file.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@cache
def load_statements(package: str, file: str) -> Mapping[str, str]:
    """Read the statements of a file in a package, by name; comments inside a block stay in its text.

    Raises FileNotFoundError, or ValueError for a repeated name, an empty block or SQL outside a block.
    """
    return MappingProxyType(split_statements(files(package).joinpath(file).read_text("utf-8"), file))


def split_statements(text: str, file: str) -> dict[str, str]:
    """Split SQL into its named blocks, in order; `file` names the source in errors. Raises ValueError."""
    opening, *blocks = NAME.split(text)
    if _without_comments(opening):
        raise ValueError(f"{file}: SQL before the first `-- name:` line belongs to no statement")
    statements: dict[str, str] = {}
    for name, block in zip(blocks[::2], blocks[1::2], strict=True):
        if name in statements:
            raise ValueError(f"{file}: two statements are named {name}")
        if not _without_comments(block):
            raise ValueError(f"{file}: the statement {name} is empty")
        statements[name] = block.strip()
    return statements


def _without_comments(text: str) -> str:
    return "".join(line for line in text.splitlines() if not line.startswith("--")).strip()
