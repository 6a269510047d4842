"""Environments know neither domains nor hidden truths, so no call of an agent can reach either."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MODULES = sorted((ROOT / "flows" / "environments").rglob("*.py"))


class WithoutTypes(ast.NodeTransformer):
    """Leaves out imports for type checks: they give a running program nothing."""

    def visit_If(self, node: ast.If) -> ast.AST | None:
        return None if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING" else node


def names(path: Path) -> set[str]:
    """Modules and names that a file imports when it runs, and the attributes that it reads."""
    found = set[str]()
    for node in ast.walk(WithoutTypes().visit(ast.parse(path.read_text("utf-8")))):
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


IMAGES_NAMED_SCIENCE = {
    "flows/environments/sandbox/images/images.py names science",
    "flows/domains/scientific_agentic/composing/compose.py names science",
}


def test_a_domain_is_named_only_in_its_own_rooms() -> None:
    """A domain that other rooms know by name cannot be added, or left out, as one folder.

    Only `search` is: the teacher's trial plays it, and imports use its verifiers. An image of the sandbox is named
    `science`, too, and one view lists the lengths that the mix of all domains aims at.
    """
    domains = {path.parent.name for path in (ROOT / "flows" / "domains").glob("*/__init__.py")} - {"search"}
    assert domains
    named = {
        f"{path.relative_to(ROOT)} names {domain}"
        for room in ("flows", "schemas", "sources", "warehouse")
        for path in [*(ROOT / room).rglob("*.py"), *(ROOT / room).rglob("*.sql")]
        for domain in domains
        if ROOT / "flows" / "domains" / domain not in path.parents
        if re.search(rf"domains\.{domain}\b|['\"]{domain}['\"]", path.read_text("utf-8"))
    }
    goals = {f"warehouse/sql/views/horizon_goals.sql names {domain}" for domain in domains}
    assert sorted(named - goals - IMAGES_NAMED_SCIENCE) == []
