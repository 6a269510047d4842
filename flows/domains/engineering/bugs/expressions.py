"""Mutation operators of expressions: each yields small, plausible mistakes of one kind.

The kinds follow the operators of mutation testing (Offutt et al., 1996) and common slips of programmers.
"""

import ast
import re
from collections.abc import Callable, Iterator

from flows.domains.engineering.bugs.edit import Edit
from flows.domains.engineering.bugs.module import FunctionNode, Module, own_nodes

Operator = Callable[[Module, FunctionNode], Iterator[Edit]]
COMPARISONS = {
    ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">"), ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="), ast.In: ("in", "not in"), ast.NotIn: ("not in", "in"), ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
}  # fmt: skip
ARITHMETIC = {
    ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "+"), ast.FloorDiv: ("//", "%"), ast.Mod: ("%", "//"),
    ast.Div: ("/", "*"), ast.LShift: ("<<", ">>"), ast.RShift: (">>", "<<"), ast.BitAnd: ("&", "|"),
    ast.BitOr: ("|", "&"),
}  # fmt: skip
METHODS = {
    "startswith": "endswith", "endswith": "startswith", "lstrip": "rstrip", "rstrip": "lstrip", "upper": "lower",
    "lower": "upper", "find": "rfind", "rfind": "find", "index": "rindex", "split": "rsplit", "rsplit": "split",
    "partition": "rpartition", "rpartition": "partition", "append": "extend", "appendleft": "append", "keys": "values",
    "values": "keys", "items": "keys", "popleft": "pop", "match": "search", "search": "match", "start": "end",
    "end": "start", "union": "intersection", "intersection": "union", "any": "all", "all": "any", "min": "max",
    "max": "min", "ljust": "rjust", "rjust": "ljust", "setdefault": "get", "group": "groups", "floor": "ceil",
    "ceil": "floor", "islice": "iter", "isdigit": "isalnum", "isalpha": "isalnum", "first": "last", "last": "first",
    "left": "right", "right": "left", "next": "prev", "prev": "next", "bisect_left": "bisect_right",
    "bisect_right": "bisect_left", "add": "discard", "insert": "append",
}  # fmt: skip
UNWRAPPED = {"strip", "lower", "upper", "rstrip", "lstrip", "copy", "sort", "casefold", "title", "encode", "decode"}
CONVERSIONS = {
    "str",
    "list",
    "tuple",
    "int",
    "sorted",
    "set",
    "abs",
    "reversed",
    "dict",
    "float",
    "iter",
    "bool",
    "deepcopy",
}


def comparison(module: Module, function: FunctionNode) -> Iterator[Edit]:
    """A comparison includes or excludes the bound, or is negated."""
    for node in own_nodes(function):
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            old, new = COMPARISONS[type(node.ops[0])]
            yield from _between(module, node.left, node.comparators[0], old, new)


def boolean(module: Module, function: FunctionNode) -> Iterator[Edit]:
    """`and` for `or`, a lost operand, or a lost `not`."""
    for node in own_nodes(function):
        if isinstance(node, ast.BoolOp):
            old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
            if len(node.values) == 2:
                yield from _between(module, node.values[0], node.values[1], old, new)
                yield module.replaced(node, module.source(node.values[0]))
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yield module.replaced(node, f"({module.source(node.operand)})")


def arithmetic(module: Module, function: FunctionNode) -> Iterator[Edit]:
    """Another arithmetic operator."""
    for node in own_nodes(function):
        if isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
            if (
                isinstance(node.op, ast.Mod)
                and isinstance(node.left, ast.Constant)
                and isinstance(node.left.value, str)
            ):
                continue
            yield from _between(module, node.left, node.right, *ARITHMETIC[type(node.op)])


def off_by_one(module: Module, function: FunctionNode) -> Iterator[Edit]:
    """An integer is one more or one less."""
    for node in own_nodes(function):
        if isinstance(node, ast.Constant) and type(node.value) is int and abs(node.value) < 1000:
            yield module.replaced(node, str(node.value + 1))
            if node.value > 0:
                yield module.replaced(node, str(node.value - 1))


def swapped_arguments(module: Module, function: FunctionNode) -> Iterator[Edit]:
    """Two neighbouring arguments of a call change places."""
    for node in own_nodes(function):
        if isinstance(node, ast.Call):
            for one, other in zip(node.args, node.args[1:], strict=False):
                texts = module.source(one), module.source(other)
                if texts[0] != texts[1] and not any(isinstance(each, ast.Starred) for each in (one, other)):
                    between = module.text[module.end(one) : module.start(other)]
                    yield Edit(module.path, module.start(one), module.end(other), texts[1] + between + texts[0])


def wrong_method(module: Module, function: FunctionNode) -> Iterator[Edit]:
    """A method or attribute of a similar name or of the opposite direction."""
    for node in own_nodes(function):
        if isinstance(node, ast.Attribute) and node.attr in METHODS:
            end = module.end(node)
            yield Edit(module.path, end - len(node.attr), end, METHODS[node.attr])
        elif isinstance(node, ast.Name) and node.id in {"any", "all", "min", "max"} and isinstance(node.ctx, ast.Load):
            yield module.replaced(node, METHODS[node.id])


def slice_bounds(module: Module, function: FunctionNode) -> Iterator[Edit]:
    """A slice starts or ends at another place."""
    for node in own_nodes(function):
        if not isinstance(node, ast.Slice):
            continue
        start, stop = module.start(node), module.end(node)
        for bound in (node.lower, node.upper):
            if bound is not None and not isinstance(bound, ast.Constant):
                yield module.replaced(bound, f"{module.source(bound)} + 1")
                yield module.replaced(bound, "")
        if node.lower is None and node.upper is not None and node.step is None:
            yield Edit(module.path, start, stop, f"1{module.text[start:stop]}")
        if node.step is not None:
            yield Edit(module.path, module.start(node.step), module.end(node.step), "")


def missing_call(module: Module, function: FunctionNode) -> Iterator[Edit]:
    """A conversion or normalisation is forgotten."""
    for node in own_nodes(function):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Attribute) and node.func.attr in UNWRAPPED:
            yield module.replaced(node, module.source(node.func.value))
        elif isinstance(node.func, ast.Name) and node.func.id in CONVERSIONS and len(node.args) == 1:
            yield module.replaced(node, module.source(node.args[0]))


def constant(module: Module, function: FunctionNode) -> Iterator[Edit]:
    """Another truth value, or a separator with other blanks."""
    for node in own_nodes(function):
        if not isinstance(node, ast.Constant):
            continue
        if node.value is True or node.value is False:
            yield module.replaced(node, str(not node.value))
        elif isinstance(node.value, str) and 0 < len(node.value) <= 3 and module.source(node)[:1] in "'\"":
            stripped = node.value.strip() or node.value * 2
            yield module.replaced(node, repr(stripped if stripped != node.value else f"{node.value} "))


def loop_bound(module: Module, function: FunctionNode) -> Iterator[Edit]:
    """A loop begins later or ends earlier."""
    for node in own_nodes(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
            if node.func.id == "range" and 1 <= len(node.args) <= 2:
                last = node.args[-1]
                yield module.replaced(last, f"{module.source(last)} - 1")
                if len(node.args) == 2:
                    yield module.replaced(node.args[0], f"{module.source(node.args[0])} + 1")
            elif node.func.id == "enumerate" and len(node.args) == 2:
                yield module.replaced(node, f"enumerate({module.source(node.args[0])})")


def dropped_keyword(module: Module, function: FunctionNode) -> Iterator[Edit]:
    """An option is not passed on."""
    for node in own_nodes(function):
        if isinstance(node, ast.Call):
            for keyword in node.keywords:
                before = [*node.args, *(one.value for one in node.keywords if one.value.lineno <= keyword.lineno)]
                ends = [
                    module.end(one)
                    for one in before
                    if module.end(one) <= module.offset(keyword.lineno, keyword.col_offset)
                ]
                if keyword.arg and ends:
                    yield Edit(module.path, max(ends), module.end(keyword.value), "")


def swapped_branches(module: Module, function: FunctionNode) -> Iterator[Edit]:
    """The two values of a conditional expression change places."""
    for node in own_nodes(function):
        if isinstance(node, ast.IfExp):
            one, test, other = (module.source(each) for each in (node.body, node.test, node.orelse))
            yield module.replaced(node, f"{other} if {test} else {one}")


def wrong_variable(module: Module, function: FunctionNode) -> Iterator[Edit]:
    """One argument of the function is taken for another."""
    names = [one.arg for one in (*function.args.posonlyargs, *function.args.args) if one.arg not in {"self", "cls"}]
    if len(names) < 2:
        return
    following = dict(zip(names, [*names[1:], names[0]], strict=True))
    for node in own_nodes(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in following:
            yield module.replaced(node, following[node.id])


def _between(module: Module, left: ast.expr, right: ast.expr, old: str, new: str) -> Iterator[Edit]:
    """The operator between two operands, if it is there once."""
    start, end = module.end(left), module.start(right)
    pattern = (
        r"(?<!\w)" + r"\s+".join(map(re.escape, old.split())) + r"(?!\w)"
        if old.isalpha() or " " in old
        else re.escape(old)
    )
    found = list(re.finditer(pattern, module.text[start:end]))
    if len(found) == 1:
        yield Edit(module.path, start + found[0].start(), start + found[0].end(), new)
