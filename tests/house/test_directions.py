"""Directions between the rooms: imports run one way, Prefect stays in a few files, modules stay small."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = {
    "schemas": set[str](),
    "sources": {"schemas"},
    "warehouse": {"schemas"},
    "flows": {"schemas", "sources", "warehouse"},
}
SHARED_IN_FLOWS = {"settings", "domains", "environments", "tokenizing", "step", "process_guard", "small_heap", "engine"}
CONTENTS = {"nightly.py", "cli.py"}
TOP_LEVEL = {"pyproject.toml", "README.md", "LICENSE", "flows", "sources", "schemas", "warehouse", "tests"}
MAX_LINES = 270

MODULES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


@cache
def _imports(path: Path) -> tuple[str, ...]:
    """The names of the modules that a file imports."""
    return tuple(_imported(ast.parse(path.read_text("utf-8"))))


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def _allowed(path: Path, name: str) -> bool:
    parts, here = name.split("."), path.relative_to(ROOT).parts
    if parts[0] not in ROOMS:
        return True
    if parts[0] != here[0]:
        return parts[0] in ROOMS[here[0]]
    inside_a_room = here[0] == "flows" and len(here) > 2 and here[1] != "commands"
    return not inside_a_room or len(parts) == 1 or parts[1] in SHARED_IN_FLOWS | {here[1]}


def _where(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_dependence_runs_one_way() -> None:
    """A room that reaches into a sibling can no longer be read, tested or replaced alone."""
    forbidden = [(_where(path), name) for path in MODULES for name in _imports(path) if not _allowed(path, name)]
    assert forbidden == []


def test_prefect_stays_at_the_doors() -> None:
    """With Prefect inside a room, nothing of it runs without Prefect."""
    inside = [path for path in MODULES if path.name not in {"flow.py", "nightly.py", "step.py"}]
    assert [_where(path) for path in inside if any(name.split(".")[0] == "prefect" for name in _imports(path))] == []


def test_a_module_says_why_it_exists_and_stays_small() -> None:
    """A newcomer who opens a file must learn in its first lines whether it is the one to read."""
    texts = {_where(path): path.read_text("utf-8") for path in MODULES}
    assert [name for name, text in texts.items() if not ast.get_docstring(ast.parse(text))] == []
    assert {name: lines for name, text in texts.items() if (lines := text.count("\n")) > MAX_LINES} == {}


def test_the_top_level_is_fixed() -> None:
    """A folder for leftovers at the top level hides code from readers of the map."""
    hidden_or_made = {".git", "lake", "release", "state", "warehouse.duckdb", "build", "horizon_factory.egg-info"}
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")} - hidden_or_made
    assert found <= TOP_LEVEL


def test_sql_opens_with_its_grain() -> None:
    """Without a known grain, a join may double rows."""
    assert [
        _where(path)
        for path in sorted(one for room in ROOMS for one in (ROOT / room).rglob("*.sql"))
        if not path.read_text("utf-8").startswith("-- ")
    ] == []
