"""Seals expected values that a test keeps in names: parameters of tables, loops over tables, and local names.

A name is sealed if all that the test does with it is to compare something with it. Its values become line-ups, so that
tested code which looks at the names of its caller finds several values and not the expected one.
"""

import ast
from collections.abc import Callable, Iterator

from flows.domains.engineering.examination.assertions import EQUAL
from flows.domains.engineering.examination.decoys import is_value

Function = ast.FunctionDef | ast.AsyncFunctionDef
Seal = Callable[[ast.expr], ast.expr | None]
"""An expected value -> code of its line-up, or None if it cannot have one."""
FIXTURES = {"self", "cls", "tmp_path", "tmpdir", "capsys", "capfd", "monkeypatch", "recwarn", "caplog", "request"}
"""Arguments of tests that add nothing to the ids of pytest."""


def only_compared(function: Function) -> set[str]:
    """Names that the function loads only as the expected side of an asserted equality."""
    loads, compared, stores = list[str](), list[str](), list[str]()
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            (loads if isinstance(node.ctx, ast.Load) else stores).append(node.id)
        if isinstance(node, ast.Assert):
            compared += [name for one in _parts(node.test) for name in _expected_of_compare(one)]
        match node:
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr=name), args=[left, right, *_])) if name in EQUAL:
                compared += _expected(left, right)
    arguments = {one.arg for one in (*function.args.args, *function.args.kwonlyargs)}
    once = {name for name in stores if stores.count(name) == 1 and name not in arguments}
    return {name for name in once | (arguments - set(stores)) if 0 < loads.count(name) == compared.count(name)}


def _parts(test: ast.expr) -> list[ast.expr]:
    return test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) else [test]


def _expected_of_compare(test: ast.expr) -> list[str]:
    match test:
        case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
            return _expected(left, right)
    return []


def _expected(left: ast.expr, right: ast.expr) -> list[str]:
    if isinstance(right, ast.Name):
        return [right.id]
    return [left.id] if isinstance(left, ast.Name) and not is_value(right) else []


def seal_locals(function: Function, names: set[str], seal: Seal) -> set[str]:
    """Seal local names and columns of loops over tables; returns the names that are sealed now."""
    done: set[str] = set()
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in names and is_value(value):
                if (made := seal(value)) is not None:
                    node.value = made
                    done.add(name)
            case ast.For(target=ast.Tuple(elts=targets), iter=ast.List(elts=rows) | ast.Tuple(elts=rows)):
                columns = [one.id if isinstance(one, ast.Name) else "" for one in targets]
                done |= _seal_columns(columns, rows, names, seal)
    return done


def _seal_columns(columns: list[str], rows: list[ast.expr], names: set[str], seal: Seal) -> set[str]:
    done: set[str] = set()
    cells = [row.elts for row in rows if isinstance(row, ast.Tuple | ast.List) and len(row.elts) == len(columns)]
    if len(cells) != len(rows):
        return done
    for at, name in enumerate(columns):
        if name not in names or not all(is_value(row[at]) for row in cells):
            continue
        made = [seal(row[at]) for row in cells]
        sealed = [one for one in made if one is not None]
        if len(sealed) == len(cells):
            for row, one in zip(cells, sealed, strict=True):
                row[at] = one
            done.add(name)
    return done


def tables(function: Function) -> list[ast.Call] | None:
    """The `parametrize` decorators, nearest first; None if pytest's ids of the test do not follow from them alone."""
    found = [one for one in reversed(function.decorator_list) if _is_parametrize(one)]
    calls = [one for one in found if isinstance(one, ast.Call) and _columns(one) and _rows(one) is not None]
    named = {name for one in calls for name in _columns(one)}
    arguments = {one.arg for one in (*function.args.args, *function.args.kwonlyargs)}
    if len(calls) != len(found) or not arguments <= named | FIXTURES:
        return None
    return calls


def _is_parametrize(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "parametrize"


def _columns(call: ast.Call) -> list[str]:
    match call:
        case ast.Call(args=[ast.Constant(value=str() as names), _], keywords=[]):
            return [one.strip() for one in names.split(",") if one.strip()]
        case ast.Call(args=[ast.Tuple(elts=names) | ast.List(elts=names), _], keywords=[]):
            return [one.value for one in names if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return []


def _rows(call: ast.Call) -> list[ast.expr] | None:
    match call.args[1]:
        case ast.List(elts=rows) | ast.Tuple(elts=rows) if rows:
            marked = any(isinstance(one, ast.Starred) or _is_param(one) for one in rows)
            return None if marked else rows
    return None


def _is_param(node: ast.expr) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(attr="param") | ast.Name(id="param")):
            return True
    return False


def seal_table(call: ast.Call, names: set[str], seal: Seal, new_id: Callable[[], str]) -> tuple[list[str], set[str]]:
    """Seal columns of a table and give its rows random ids; returns the ids and the sealed names."""
    columns, rows = _columns(call), _rows(call) or []
    done = _seal_columns(columns, rows, names, seal) if len(columns) > 1 else set[str]()
    ids = [new_id() for _ in rows]
    call.keywords = [ast.keyword("ids", ast.List([ast.Constant(one) for one in ids], ast.Load()))]
    return ids, done


def products(groups: list[list[str]]) -> Iterator[str]:
    """The ids of all combinations of rows, as pytest writes them."""
    if not groups:
        yield ""
        return
    for first in groups[0]:
        for rest in products(groups[1:]):
            yield f"{first}-{rest}" if rest else first
