"""Files of tests without some of their functions, with everything else as it was written."""

import ast
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import PurePosixPath

from flows.domains.engineering.bugs.module import FunctionNode, Module
from flows.domains.engineering.javascript import stripping as javascript
from flows.domains.engineering.suite.languages import JAVASCRIPT


def removable(tests: Mapping[str, str], function: str) -> bool:
    """True if the function of a test id is written in its file, where nothing else depends on it."""
    path, *names = function.split("::")
    if JAVASCRIPT.is_source(PurePosixPath(path)):
        return path in tests and javascript.removable(tests[path], "::".join(names))
    return path in tests and len(_nodes(tests[path], tuple(names))) == 1


def without(text: str, functions: Iterable[str]) -> str:
    """The file of tests without these functions, given as ids of tests."""
    functions = list(functions)
    if any(JAVASCRIPT.is_source(PurePosixPath(one.partition("::")[0])) for one in functions):
        return javascript.without(text, [one.partition("::")[2] for one in functions])
    module = Module("", text)
    cuts, emptied = [], dict[int, tuple[ast.ClassDef, set[int]]]()
    for function in functions:
        for node, owner in _nodes(text, tuple(function.split("::")[1:])):
            cuts.append((_start(module, node), module.end(node)))
            if owner:
                emptied.setdefault(owner.lineno, (owner, set()))[1].add(node.lineno)
    gone = dict(cuts)
    fill = {
        _start(module, last): " " * last.col_offset + "pass"
        for owner, lines in emptied.values()
        if (last := owner.body[-1]) and isinstance(last, FunctionNode)
        and all(isinstance(one, FunctionNode) and one.lineno in lines for one in owner.body)
    }  # fmt: skip
    for start, end in sorted(gone.items(), reverse=True):
        text = text[:start] + fill.get(start, "") + text[end:].removeprefix("\n" if start not in fill else "")
    return text


def _start(module: Module, node: FunctionNode) -> int:
    """The first character of the line of a function's first decorator, or of its own."""
    return module.offset(min([node.lineno, *(one.lineno for one in node.decorator_list)]), 0)


@lru_cache(maxsize=4096)
def _nodes(text: str, names: tuple[str, ...]) -> list[tuple[FunctionNode, ast.ClassDef | None]]:
    """The definitions of a function, by the names of its classes and its own."""
    found: list[tuple[ast.AST, ast.ClassDef | None]] = [(_tree(text), None)]
    for name in names:
        found = [
            (child, node if isinstance(node, ast.ClassDef) else None)
            for node, _ in found
            for child in getattr(node, "body", ())
            if isinstance(child, FunctionNode | ast.ClassDef) and child.name == name
        ]
    return [(node, owner) for node, owner in found if isinstance(node, FunctionNode)]


@lru_cache(maxsize=256)
def _tree(text: str) -> ast.Module:
    return ast.parse(text)
