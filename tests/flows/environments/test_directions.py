"""Environments know neither domains nor hidden truths, so no call of an agent can reach either."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MODULES = sorted((ROOT / "flows" / "environments").rglob("*.py"))


def names(path: Path) -> set[str]:
    """Modules and names that a file imports, and the attributes that it reads."""
    found = set[str]()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Attribute):
            found.add(f".{node.attr}")
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_environment_reaches_a_domain_or_a_hidden_truth(path: Path) -> None:
    """A tool that could read the goal would let a student learn from its own answer sheet."""
    used = names(path)
    assert not [name for name in used if name.startswith(("flows.domains", "flows.rollout", "flows.tasks"))]
    assert not used & {"schemas.task.Hidden", "schemas.Hidden", ".goal", ".oracle"}
