"""Turns the failure of a test into facts that a user could report: the call, its result and the expected one.

The statement of the test at which it failed is read from its source, and variables are replaced by their values.
"""

import ast
import linecache
import re
import types
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

LONGEST = 300
"""Characters of a call or a value that fit into a report."""
ADDRESS = re.compile(r" at 0x[0-9a-f]+")
COMPARED = {"assertEqual", "assertEquals", "assertListEqual", "assertDictEqual", "assertTupleEqual", "assertSetEqual",
            "assertMultiLineEqual", "assertSequenceEqual", "assertCountEqual", "eq_", "eq"}  # fmt: skip
EXPECTED_ERROR = re.compile(r"DID NOT RAISE.*?<class '(?:[\w.]*\.)?(\w+)'>|^\(?'?(\w+)(?: not raised)", re.DOTALL)


class Symptoms:
    """Finds symptoms in failures of tests of one tree."""

    def __init__(self, tree: Path) -> None:
        self._tree = f"{tree}/"
        self.compared: tuple[Any, Any] | None = None
        """The values of the comparison that failed last."""

    def of(self, error: BaseException, test_file: str) -> dict[str, str] | None:
        """{"kind": value | raises | no_raise | false, "call", ...}; None if the failure means nothing to a user."""
        try:
            return self._of(error, test_file)
        except Exception:  # a value whose repr fails, a source that cannot be read
            return None

    def _of(self, error: BaseException, test_file: str) -> dict[str, str] | None:
        frames = _frames(error)
        place = max((at for at, (frame, _) in enumerate(frames) if frame.f_code.co_filename == test_file), default=None)
        if place is None:
            return None
        frame, line = frames[place]
        statement = _statement(test_file, line)
        beyond = [one for one, _ in frames[place + 1 :]]
        if statement is None:
            return None
        if expected := EXPECTED_ERROR.search(str(error)):
            return _not_raised(statement, frame, expected.group(1) or expected.group(2))
        if any(one.f_code.co_filename.startswith(self._tree) for one in beyond) and not isinstance(
            error, AssertionError
        ):
            return _raised(statement, frame, error)
        return self._compared(statement, frame, beyond)

    def _compared(self, statement: ast.stmt, frame: types.FrameType, beyond: list[Any]) -> dict[str, str] | None:
        if isinstance(statement, ast.Assert) and isinstance(statement.test, ast.Compare) and self.compared:
            test = statement.test
            if len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq | ast.Is):
                found = _value((test.left, test.comparators[0]), self.compared, frame)
                return found or _false(test, frame)
        if isinstance(statement, ast.Assert):
            return _false(statement.test, frame)
        call = statement.value if isinstance(statement, ast.Expr) else None
        if isinstance(call, ast.Call) and _name(call.func) == "assertTrue" and call.args:
            return _false(call.args[0], frame)
        if isinstance(call, ast.Call) and _name(call.func) in COMPARED and len(call.args) >= 2:
            places = [one.f_locals for one in beyond if {"first", "second"} <= one.f_locals.keys()]
            if places:
                return _value((call.args[0], call.args[1]), (places[0]["first"], places[0]["second"]), frame)
        return None


def _frames(error: BaseException) -> list[tuple[types.FrameType, int]]:
    found, at = [], error.__traceback__
    while at:
        found.append((at.tb_frame, at.tb_lineno))
        at = at.tb_next
    return found


def _statement(path: str, line: int) -> ast.stmt | None:
    """The smallest statement of the file that covers the line."""
    around = [one for one in _covering(_tree(path), line) if not isinstance(one, ast.FunctionDef | ast.ClassDef)]
    return min(around, key=lambda one: (one.end_lineno or 0) - one.lineno, default=None)


def _covering(node: ast.AST, line: int) -> Iterator[ast.stmt]:
    """The statements under a node that cover the line; one that does not is not searched."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.stmt):
            yield from _covering(child, line)
        elif child.lineno <= line <= (child.end_lineno or 0):
            yield child
            yield from _covering(child, line)


@cache
def _tree(path: str) -> ast.Module:
    return ast.parse("".join(linecache.getlines(path)))


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _value(sides: tuple[ast.expr, ast.expr], values: tuple[Any, Any], frame: types.FrameType) -> dict[str, str] | None:
    """The side that calls something is the actual one; None if no side or both sides do."""
    calling = [at for at in (0, 1) if _calls(sides[at])]
    if len(calling) != 1:
        return None
    actual = calling[0]
    shown = [_shown(one) for one in values]
    if None in shown or shown[0] == shown[1]:
        return None
    return _checked({
        "kind": "value", "call": _written(sides[actual], frame),
        "actual": shown[actual] or "", "expected": shown[1 - actual] or "",
    })  # fmt: skip


def _false(expression: ast.expr, frame: types.FrameType) -> dict[str, str] | None:
    return _checked({"kind": "false", "call": _written(expression, frame)}) if _calls(expression) else None


def _raised(statement: ast.stmt, frame: types.FrameType, error: BaseException) -> dict[str, str] | None:
    call = _call(statement)
    message = str(error).strip().split("\n")[0]
    facts = {"kind": "raises", "call": _written(call, frame) if call else "", "exception": type(error).__name__}
    return _checked(facts | ({"message": message} if message else {}))


def _not_raised(statement: ast.stmt, frame: types.FrameType, exception: str) -> dict[str, str] | None:
    call = _call(statement.body[0]) if isinstance(statement, ast.With) else _call(statement)
    return _checked({"kind": "no_raise", "call": _written(call, frame) if call else "", "exception": exception})


def _call(statement: ast.stmt) -> ast.expr | None:
    """The first call of a statement that is none of the test's own means."""
    if isinstance(statement, ast.With):
        return _call(statement.body[0])
    calls = [one for one in ast.walk(statement) if isinstance(one, ast.Call)]
    own = [one for one in calls if not _name(one.func).startswith("assert") and _name(one.func) != "raises"]
    return own[0] if own else None


def _calls(expression: ast.expr) -> bool:
    return any(isinstance(one, ast.Call) for one in ast.walk(expression))


def _checked(facts: dict[str, str]) -> dict[str, str] | None:
    if not facts["call"] or any(len(one) > LONGEST or "\n" in one for one in facts.values()):
        return None
    return None if any(ADDRESS.search(one) or re.search(r"<(locals|lambda)>", one) for one in facts.values()) else facts


def _shown(value: Any) -> str | None:
    text = repr(value)
    return text if len(text) <= LONGEST and not ADDRESS.search(text) else None


def _written(expression: ast.expr, frame: types.FrameType) -> str:
    """The expression with the values of the test's variables; an object becomes its type."""
    return ast.unparse(Values(frame).visit(ast.parse(ast.unparse(expression), mode="eval")))


class Values(ast.NodeTransformer):
    """Replaces the variables of a test by their values."""

    def __init__(self, frame: types.FrameType) -> None:
        self._locals = frame.f_locals

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """A variable of the test; names of modules, classes and functions stay."""
        return self._valued(self._locals[node.id], node) if node.id in self._locals else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """An attribute of the test's own instance."""
        own = isinstance(node.value, ast.Name) and node.value.id == "self" and "self" in self._locals
        if own and hasattr(self._locals["self"], node.attr):
            return self._valued(getattr(self._locals["self"], node.attr), node)
        return self.generic_visit(node)

    def _valued(self, value: Any, node: ast.expr) -> ast.AST:
        if isinstance(
            value, type | types.ModuleType | types.FunctionType | types.BuiltinFunctionType | types.MethodType
        ):
            return ast.Name(getattr(value, "__name__", ast.unparse(node)).rpartition(".")[2])
        text = repr(value)
        simple = isinstance(
            value, str | bytes | int | float | complex | list | tuple | dict | set | frozenset | types.NoneType
        )
        return ast.Name(text if simple else f"{type(value).__name__}(...)")
