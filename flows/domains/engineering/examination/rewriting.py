"""Rewrites a module of hidden tests: opaque names, observations in place of assertions, and tests that must fail.

The rewritten module shows neither the name of a test nor its expected value alone; `Rewritten` maps the ids of the
original tests to the new ones.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from flows.domains.engineering.examination.assertions import MODULE, Assertions, sealed
from flows.domains.engineering.examination.controls import add_controls
from flows.domains.engineering.examination.decoys import is_value
from flows.domains.engineering.examination.key import Key
from flows.domains.engineering.examination.tables import (
    Function,
    only_compared,
    products,
    seal_locals,
    seal_table,
    tables,
)


@dataclass
class Rewritten:
    """One rewritten module."""

    path: str
    """Its place in the tree."""
    text: str = ""
    names: dict[str, str] = field(default_factory=dict)
    """New names of tests by their own."""
    rows: dict[str, list[str]] = field(default_factory=dict)
    """New ids of rows by test, as `Class::name`, where a test got new ones."""
    must_fail: list[str] = field(default_factory=list)
    """Ids of the tests that must fail."""

    def ids(self, original: str) -> list[str]:
        """New ids of a test: one, or those of all its rows."""
        _, _, rest = original.partition("::")
        test, bracket, row = rest.partition("[")
        new = self.test(test)
        return [f"{new}[{one}]" for one in self.rows[test]] if test in self.rows else [new + bracket + row]

    def test(self, name: str) -> str:
        """New id of a test, named as `Class::name`, without its row."""
        *classes, own = name.split("::")
        return "::".join([self.path, *classes, self.names.get(own, own)])


def rewrite(path: str, text: str, key: Key) -> Rewritten:
    """Rewrite a module of tests. Raises SyntaxError if it is not Python."""
    tree = ast.parse(text)
    made = Rewritten(str(PurePosixPath(path).with_name(f"test_{key.name()}.py")))
    made.names = _opaque_names(tree, key)
    _Module(tree, made, key).rewrite()
    made.must_fail = [f"{made.path}::{one}" for one in add_controls(tree, key)]
    made.text = ast.unparse(ast.fix_missing_locations(tree))
    return made


class _Module:
    """The pass over one module."""

    def __init__(self, tree: ast.Module, made: Rewritten, key: Key) -> None:
        self._tree, self._made, self._key = tree, made, key
        self._pool = list(_expected_values(tree))
        self._raises = frozenset(_imported_raises(tree))

    def rewrite(self) -> None:
        """Rewrite all functions in place."""
        self._functions(self._tree.body, "", with_table=True)

    def _functions(self, body: list[ast.stmt], prefix: str, *, with_table: bool) -> None:
        for node in body:
            if isinstance(node, ast.ClassDef):
                plain = not any("parametrize" in ast.unparse(one) for one in node.decorator_list)
                self._functions(node.body, f"{prefix}{node.name}::", with_table=with_table and plain)
            elif isinstance(node, Function) and node.name in self._made.names:
                self._test(node, prefix + node.name, with_table=with_table)
                node.name = self._made.names[node.name]
            elif isinstance(node, Function):
                self._assertions(frozenset()).rewrite_body(node)

    def _test(self, node: Function, name: str, *, with_table: bool) -> None:
        node.body = _without_docstring(node.body)
        names, done = only_compared(node), set[str]()
        calls = tables(node) if with_table else None
        if calls:
            sealed_tables = [seal_table(call, names, self._seal, self._key.name) for call in calls]
            self._made.rows[name] = list(products([ids for ids, _ in sealed_tables]))
            done = {one for _, columns in sealed_tables for one in columns}
        done |= seal_locals(node, names, self._seal)
        self._assertions(frozenset(done)).rewrite_body(node)
        self._key.must[self._made.test(name)] = list(_reached(node.body))

    def _assertions(self, names: frozenset[str]) -> Assertions:
        return Assertions(self._key, self._pool, self._raises, names)

    def _seal(self, value: ast.expr) -> ast.expr | None:
        return sealed(value, self._key, self._pool)


def _opaque_names(tree: ast.Module, key: Key) -> dict[str, str]:
    """New names of tests, in the order of the old ones, since `unittest` runs tests in the order of their names."""
    functions = {node.name for node in ast.walk(tree) if isinstance(node, Function) and node.name.startswith("test")}
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    used |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    ranks = sorted(key.dice.sample(range(100_000), len(functions)))
    ranked = zip(ranks, sorted(functions), strict=True)
    return {name: f"test_{rank:05d}_{key.name()}" for rank, name in ranked if name not in used}


def _imported_raises(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "pytest":
            yield from (one.asname or one.name for one in node.names if one.name == "raises")


def _expected_values(tree: ast.Module) -> Iterator[ast.expr]:
    """Values with which the module compares something."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and is_value(node.comparators[-1]):
            yield node.comparators[-1]


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    match body:
        case [ast.Expr(value=ast.Constant(value=str())), _, *_]:
            return body[1:]
    return body


def _reached(body: list[ast.stmt]) -> Iterator[str]:
    """Points of a test's statements that it reaches whenever it passes."""
    for node in body:
        match node:
            case ast.Expr(value=ast.Call(func=function, args=[ast.Constant(value=str() as point), *_])) if _own(
                function
            ):
                yield point
            case ast.With(items=items):
                yield from (str(one) for item in items for one in _point_of(item.context_expr))
        if any(isinstance(one, ast.Return | ast.Yield | ast.YieldFrom) for one in ast.walk(node)):
            return


def _point_of(node: ast.expr) -> Iterator[object]:
    match node:
        case ast.Call(func=function, args=[ast.Constant(value=point), *_]) if _own(function):
            yield point


def _own(function: ast.expr) -> bool:
    match function:
        case ast.Attribute(value=ast.Name(id=name)):
            return name == MODULE
    return False
