"""Follows imports through a domain's modules, to show what the world of an attempt cannot reach."""

import ast
from pathlib import Path

from tests.house.places import ROOT

HIDDEN = (".examine", ".kind", ".verifiers")
"""Modules of a domain that read the hidden record."""


def assert_no_hidden_module(package: str, start: str, expected: str) -> None:
    """The module `start` imports, directly or not, `expected`, and nothing of the composer or the verdict."""
    reached, left = set[str](), [f"{package}.{start}"]
    while left:
        module = left.pop()
        if module.startswith(f"{package}.") and module not in reached:
            reached.add(module)
            left += _imported(module)
    assert f"{package}.{expected}" in reached
    assert not [one for one in reached if ".composing" in one or one.endswith(HIDDEN)]
    assert "schemas.task" not in {name for module in reached for name in _imported(module)}


def _imported(module: str) -> list[str]:
    """Modules and names that a module imports; none of a name that is no module."""
    place = ROOT / Path(*module.split("."))
    path = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    tree = ast.parse(path.read_text("utf-8")) if path.exists() else ast.Module([], [])
    froms = [one for one in ast.walk(tree) if isinstance(one, ast.ImportFrom) and one.module]
    return [name for one in froms for name in (str(one.module), *(f"{one.module}.{alias.name}" for alias in one.names))]
