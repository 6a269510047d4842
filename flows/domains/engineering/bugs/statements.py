"""Mutation operators of statements, of defaults and of whole functions."""

import ast
from collections.abc import Iterator

from flows.domains.engineering.bugs.edit import Edit
from flows.domains.engineering.bugs.module import FunctionNode, Module, blocks, own_nodes

EXCEPTIONS = {
    "ValueError": "TypeError", "TypeError": "ValueError", "KeyError": "IndexError", "IndexError": "KeyError",
    "AttributeError": "KeyError", "StopIteration": "IndexError", "LookupError": "ValueError",
    "NotImplementedError": "ValueError", "RuntimeError": "ValueError", "OverflowError": "ValueError",
}  # fmt: skip
ENDINGS = ast.Return | ast.Raise | ast.Continue | ast.Break


def removed_guard(module: Module, function: FunctionNode) -> Iterator[Edit]:
    """A check that ends the function or the round of a loop early is missing."""
    for block in blocks(function):
        for statement in block:
            if isinstance(statement, ast.If) and not statement.orelse and isinstance(statement.body[-1], ENDINGS):
                yield module.without(statement, block)


def removed_branch(module: Module, function: FunctionNode) -> Iterator[Edit]:
    """A case is not handled: the `else` part, or the body of an `if` that goes on afterwards."""
    for block in blocks(function):
        for statement in block:
            if isinstance(statement, ast.If) and not isinstance(statement.body[-1], ENDINGS):
                if not statement.orelse:
                    yield module.without(statement, block)
                elif not isinstance(statement.orelse[0], ast.If):
                    first, last = statement.orelse[0], statement.orelse[-1]
                    yield Edit(module.path, module.start(first), module.end(last), "pass")


def early_return(module: Module, function: FunctionNode) -> Iterator[Edit]:
    """A loop ends after its first round, or goes on where it must end."""
    for node in own_nodes(function):
        if isinstance(node, ast.For | ast.While) and not isinstance(node.body[-1], ENDINGS):
            last = node.body[-1]
            if isinstance(last, ast.Assign | ast.AugAssign | ast.Expr):
                indent = " " * (last.col_offset)
                yield module.replaced(last, f"{module.source(last)}\n{indent}break")
        elif isinstance(node, ast.Continue):
            yield module.replaced(node, "break")
        elif isinstance(node, ast.Break):
            yield module.replaced(node, "continue")


def exception_type(module: Module, function: FunctionNode) -> Iterator[Edit]:
    """An exception of another type is raised or caught."""
    for node in own_nodes(function):
        given = node.exc if isinstance(node, ast.Raise) else node.type if isinstance(node, ast.ExceptHandler) else None
        named = given.func if isinstance(given, ast.Call) else given
        if isinstance(named, ast.Name) and named.id in EXCEPTIONS:
            yield module.replaced(named, EXCEPTIONS[named.id])


def forgotten_statement(module: Module, function: FunctionNode) -> Iterator[Edit]:
    """A call that changes something is missing."""
    for block in blocks(function):
        for statement in block:
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
                yield module.without(statement, block)


def state_not_reset(module: Module, function: FunctionNode) -> Iterator[Edit]:
    """An attribute keeps its old value."""
    if function.name == "__init__":
        return
    for block in blocks(function):
        for statement in block:
            targets = statement.targets if isinstance(statement, ast.Assign) else []
            targets = [statement.target] if isinstance(statement, ast.AugAssign) else targets
            if len(targets) == 1 and isinstance(targets[0], ast.Attribute | ast.Subscript):
                yield module.without(statement, block)


def wrong_update(module: Module, function: FunctionNode) -> Iterator[Edit]:
    """A running value is replaced instead of updated, or updated the other way."""
    for node in own_nodes(function):
        if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub):
            place = module.text.find("=", module.end(node.target))
            old = module.text[place - 1 : place + 1]
            if old in {"+=", "-="}:
                yield Edit(module.path, place - 1, place + 1, "=")
                yield Edit(module.path, place - 1, place + 1, "-=" if old == "+=" else "+=")


def wrong_default(module: Module, function: FunctionNode) -> Iterator[Edit]:
    """A parameter has another default."""
    for default in (*function.args.defaults, *(one for one in function.args.kw_defaults if one)):
        value = default.value if isinstance(default, ast.Constant) else ...
        if isinstance(value, bool):
            yield module.replaced(default, str(not value))
        elif isinstance(value, int):
            yield module.replaced(default, str(value + 1))
        elif isinstance(value, str) and len(value) == 1:
            yield module.replaced(default, repr("" if value.isspace() else " "))


def wrong_result(module: Module, function: FunctionNode) -> Iterator[Edit]:
    """A tuple of results in another order, or an intermediate value in the place of the result."""
    for node in own_nodes(function):
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple) and len(node.value.elts) == 2:
            one, other = (module.source(each) for each in node.value.elts)
            yield Edit(module.path, module.start(node.value.elts[0]), module.end(node.value.elts[1]), f"{other}, {one}")
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.BinOp):
            yield module.replaced(node.value, module.source(node.value.left))
