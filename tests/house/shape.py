"""Measures of size and dependence: lines per module and function, files per folder, READMEs, circular imports."""

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from statistics import median

from tests.house.places import CODE_ROOMS, ROOMS, ROOT, files, name, under

FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "manager", "base", "common", "misc"}
UNCOUNTED = {"README.md", "GUIDE.md", "__init__.py", "py.typed"}

Graph = dict[str, set[str]]


@dataclass(frozen=True)
class Sizes:
    """Line counts with their places, smallest first."""

    places: list[tuple[int, str]]

    @property
    def median(self) -> float:
        return median(lines for lines, _ in self.places) if self.places else 0

    @property
    def p90(self) -> int:
        return self.places[int(0.9 * len(self.places))][0] if self.places else 0

    @property
    def max(self) -> int:
        return self.places[-1][0] if self.places else 0


def modules(prefix: str = "") -> Sizes:
    """Lines of each module of the code rooms."""
    paths = (path for path in files(".py", CODE_ROOMS) if under(name(path), prefix))
    return Sizes(sorted((path.read_text("utf-8").count("\n"), name(path)) for path in paths))


def functions(prefix: str = "") -> Sizes:
    """Lines of each function of the code rooms, from `def` to its last line, docstring included."""
    places = list[tuple[int, str]]()
    for path in files(".py", CODE_ROOMS):
        if under(name(path), prefix):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    lines = (node.end_lineno or node.lineno) - node.lineno + 1
                    places.append((lines, f"{name(path)}:{node.lineno} {node.name}"))
    return Sizes(sorted(places))


def folder_counts(prefix: str = "") -> list[tuple[int, str, bool]]:
    """(files, folder, holds Python) for each folder, fullest first; guides and `__init__.py` are not counted."""
    paths = [path for path in files() if under(name(path), prefix)]
    code = {path.parent for path in paths if path.suffix == ".py"}
    counts = Counter(path.parent for path in paths if path.name not in UNCOUNTED)
    return sorted(((count, name(folder), folder in code) for folder, count in counts.items()), reverse=True)


def rooms_without_readme() -> list[str]:
    """Returns the packages below flows and sources that hold modules but no README.md."""
    packages = {path.parent for room in ("flows", "sources") for path in files(".py", (room,))}
    return sorted(name(folder) for folder in packages if not (folder / "README.md").is_file())


def forbidden_names() -> list[str]:
    """Returns modules and folders whose name describes no content."""
    found = {name(path) for path in files(".py") if {path.stem, path.parent.name} & FORBIDDEN_NAMES}
    return sorted(found)


@cache
def module_graph() -> Graph:
    """Module to imported modules of the repository, imports inside functions included, type-checking ones not."""
    known = {_module(path): path for path in files(".py", ROOMS)}
    return {module: set(_imports(path, set(known))) - {module} for module, path in known.items()}


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(path: Path, known: set[str]) -> Iterator[str]:
    for node in _runtime_nodes(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (module if module in known else node.module for module in inner)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def _runtime_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """The statements below a node, those for type checkers left out; expressions hold no imports."""
    waiting = [node]
    while waiting:
        for child in ast.iter_child_nodes(waiting.pop()):
            for_types = isinstance(child, ast.If) and _for_type_checkers(child.test)
            if not for_types and not isinstance(child, ast.expr):
                yield child
                waiting.append(child)


def _for_type_checkers(test: ast.expr) -> bool:
    return "TYPE_CHECKING" in (getattr(test, "id", None), getattr(test, "attr", None))


def sibling_graphs(graph: Graph) -> dict[str, Graph]:
    """For each package, the graph of its direct children, where each sub-package is one node.

    An import of `a.b.d` in `a.c.e` is the edge b from c in the graph of `a`. A package's own `__init__` is a node.
    """
    siblings: dict[str, Graph] = defaultdict(lambda: defaultdict(set))
    packages = {module.rpartition(".")[0] for module in graph}
    for module, targets in graph.items():
        for target in targets & graph.keys():
            source_parts, target_parts = _parts(module, packages), _parts(target, packages)
            depth = next(i for i, pair in enumerate(zip(source_parts, target_parts, strict=False)) if len({*pair}) > 1)
            siblings[".".join(source_parts[:depth])][source_parts[depth]].add(target_parts[depth])
    return siblings


def _parts(module: str, packages: set[str]) -> list[str]:
    return [*module.split("."), *(["__init__"] if module in packages else [])]


def cycles(graph: Graph) -> list[list[str]]:
    """Returns circles of the graph; each one found is cut at one edge and the search repeated."""
    rest = {node: targets & graph.keys() for node, targets in sorted(graph.items())}
    found = list[list[str]]()
    while True:
        try:
            TopologicalSorter({node: sorted(targets) for node, targets in rest.items()}).prepare()
        except CycleError as error:
            circle: list[str] = error.args[1]
            found.append(circle[::-1])
            rest[circle[1]].discard(circle[0])
        else:
            return found


def room_cycles() -> list[str]:
    """Returns the circles among siblings of each package of the code rooms, as `package: a -> b -> a`."""
    graph = {module: targets for module, targets in module_graph().items() if module.split(".")[0] in CODE_ROOMS}
    return [
        f"{package or 'root'}: {' -> '.join(circle)}"
        for package, siblings in sorted(sibling_graphs(graph).items())
        for circle in cycles(siblings)
    ]
