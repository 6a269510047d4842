"""Rewrites assertions of a test into observations: comparisons whose results are recorded, not decided.

`assert f(2) == 4` becomes a comparison of `f(2)` with a line-up of 4 and its decoys. `unittest` methods and
`pytest.raises` are rewritten in the same way. Assertions that a test itself catches stay as they are.
"""

import ast
import builtins
from collections.abc import Sequence

from flows.domains.engineering.examination.decoys import is_value, line_up
from flows.domains.engineering.examination.key import Key

MODULE = "_observations"
CATCHING = {"AssertionError", "Exception", "BaseException"}
EQUAL = {"assertEqual", "assertListEqual", "assertDictEqual", "assertSetEqual", "assertTupleEqual",
         "assertSequenceEqual", "assertMultiLineEqual"}  # fmt: skip
CONDITIONS: dict[str, ast.cmpop] = {
    "assertNotEqual": ast.NotEq(), "assertIs": ast.Is(), "assertIsNot": ast.IsNot(), "assertIn": ast.In(),
    "assertNotIn": ast.NotIn(), "assertGreater": ast.Gt(), "assertGreaterEqual": ast.GtE(), "assertLess": ast.Lt(),
    "assertLessEqual": ast.LtE(),
}  # fmt: skip
OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
ODD_ERRORS = ("BufferError", "ZeroDivisionError", "ConnectionResetError", "UnicodeTranslateError", "RecursionError",
              "StopAsyncIteration")  # fmt: skip
COMMON_ERRORS = ("NotImplementedError", "KeyError", "TypeError", "AttributeError", "ValueError", "IndexError")
"""Decoys only for built-in exceptions: a class of the tested package may inherit from one of them."""


class Assertions(ast.NodeTransformer):
    """Rewrites one function or module; `sealed` are names whose values are line-ups already."""

    def __init__(self, key: Key, pool: Sequence[ast.expr], raises: frozenset[str], sealed: frozenset[str]) -> None:
        self.key, self.pool, self.raises, self.sealed = key, pool, raises, sealed

    def rewrite_body(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """Rewrite the statements of a function in place."""
        function.body = self._block(function.body)

    def visit_Assert(self, node: ast.Assert) -> ast.stmt | list[ast.stmt]:
        """An assertion, or each part of one joined by `and`."""
        if isinstance(node.test, ast.BoolOp) and isinstance(node.test.op, ast.And):
            return [self._condition(part) for part in node.test.values]
        return self._condition(node.test)

    def visit_Expr(self, node: ast.Expr) -> ast.stmt:
        """A statement that calls a `unittest` method, or `raises` with a function."""
        match node.value:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name), args=args):
                return self._method(name, args) or self._raises_call(node)
        return self._raises_call(node)

    def visit_With(self, node: ast.With) -> ast.stmt:
        """A block that must raise; its assertions stay if it catches them."""
        for item in node.items:
            if (made := self._raises_of(item.context_expr, "raises")) is not None:
                item.context_expr = made
        caught = {name for item in node.items for name in _names(item.context_expr)} & CATCHING
        if not caught:
            node.body = self._block(node.body)
        return node

    def visit_Try(self, node: ast.Try) -> ast.stmt:
        """A block whose handlers may catch assertions: then they stay as they are."""
        catching = any(one.type is None or set(_names(one.type)) & CATCHING for one in node.handlers)
        if not catching:
            node.body = self._block(node.body)
        for handler in node.handlers:
            handler.body = self._block(handler.body)
        node.orelse, node.finalbody = self._block(node.orelse), self._block(node.finalbody)
        return node

    def _block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        made: list[ast.stmt] = []
        for one in body:
            new = self.visit(one)
            made += new if isinstance(new, list) else [new]
        return made

    def _condition(self, test: ast.expr) -> ast.stmt:
        match test:
            case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
                return self._equal(left, right)
            case ast.Compare(left=left, ops=[ast.Is()], comparators=[ast.Constant(value=bool() | None) as right]):
                return self._identical(left, right)
            case ast.Compare(left=left, ops=[operator], comparators=[right]) if type(operator) in OPPOSITE:
                if self.key.dice.random() < 0.5:
                    opposite = OPPOSITE[type(operator)]()
                    return self._truth(ast.Compare(left, [opposite], [right]), wanted=False)
        return self._truth(test, wanted=True)

    def _equal(self, left: ast.expr, right: ast.expr) -> ast.stmt:
        sides = [(left, right, False), (right, left, True)]
        if isinstance(left, ast.Name) and left.id in self.sealed:
            sides.reverse()
        for value, expected, reverse in sides:
            if (lineup := self._lineup(expected)) is not None:
                return self._call("choose", value, lineup, ast.Constant(reverse), secret=True)
        return self._call("same", left, right, bits="100")

    def _lineup(self, expected: ast.expr) -> ast.expr | None:
        if isinstance(expected, ast.Name) and expected.id in self.sealed:
            return expected
        return sealed(expected, self.key, self.pool) if is_value(expected) else None

    def _identical(self, value: ast.expr, expected: ast.Constant) -> ast.stmt:
        values = self.key.dice.sample((True, False, None), 3)
        place = next(at for at, one in enumerate(values) if one is expected.value)
        options: list[ast.expr] = [ast.Constant(one) for one in values]
        return self._call("identical", value, _lineup(self.key.lineup(3, place), options), secret=True)

    def _truth(self, value: ast.expr, *, wanted: bool) -> ast.stmt:
        if self.key.dice.random() < 0.5:
            value, wanted = ast.UnaryOp(ast.Not(), value), not wanted
        return self._call("truth", value, ast.Constant(wanted), bits=str(int(wanted)))

    def _method(self, name: str, args: list[ast.expr]) -> ast.stmt | None:
        if name in EQUAL and len(args) >= 2:
            return self._equal(args[0], args[1])
        if name in CONDITIONS and len(args) >= 2:
            return self._condition(ast.Compare(args[0], [CONDITIONS[name]], [args[1]]))
        if name in {"assertTrue", "assertFalse"} and args:
            return self._truth(args[0], wanted=name == "assertTrue")
        if name in {"assertIsNone", "assertIsNotNone"} and args:
            operator = ast.Is() if name == "assertIsNone" else ast.IsNot()
            return self._condition(ast.Compare(args[0], [operator], [ast.Constant(None)]))
        return None

    def _raises_call(self, node: ast.Expr) -> ast.stmt:
        made = self._raises_of(node.value, "raises_in")
        if made is None:
            return self.generic_visit(node)  # type: ignore[return-value]
        return ast.Expr(made)

    def _raises_of(self, node: ast.expr, function: str) -> ast.expr | None:
        """The observation of a call of `raises`: a block's has only the class, a function's has more arguments."""
        if not isinstance(node, ast.Call) or not node.args or not self._is_raises(node.func):
            return None
        rest, named = list(node.args[1:]), list(node.keywords)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "assertRaisesRegex":
            if function == "raises_in" or not rest:
                return None
            named, rest = [ast.keyword("match", rest[0])], rest[1:]
        if (function == "raises") != (not rest) or any(one.arg in {None, "check"} for one in named):
            return None
        lineup = self._errors(node.args[0])
        if lineup is None:
            return None
        point = self.key.point("")
        return ast.Call(_own(function), [ast.Constant(point), lineup, *rest], named)

    def _is_raises(self, function: ast.expr) -> bool:
        match function:
            case ast.Attribute(value=ast.Name(id="pytest"), attr="raises"):
                return True
            case ast.Attribute(value=ast.Name(id="self"), attr="assertRaises" | "assertRaisesRegex"):
                return True
            case ast.Name(id=name):
                return name in self.raises
        return False

    def _errors(self, expected: ast.expr) -> ast.expr | None:
        """A line-up of exceptions; None where every other one is a kind of the expected one, such as Exception."""
        names = _names(expected)
        common = COMMON_ERRORS if all(hasattr(builtins, one) for one in names) else ()
        odd = [name for name in (*ODD_ERRORS, *common) if not _related(name, names)]
        if len(odd) < 2:
            return None
        options: list[ast.expr] = [ast.Name(one, ast.Load()) for one in self.key.dice.sample(odd, 2)]
        place = self.key.dice.randrange(3)
        options.insert(place, expected)
        return _lineup(self.key.lineup(3, place), options)

    def _call(self, function: str, *args: ast.expr, bits: str = "", secret: bool = False) -> ast.stmt:
        point = self.key.point("" if secret else bits)
        return ast.Expr(ast.Call(_own(function), [ast.Constant(point), *args], []))


def sealed(expected: ast.expr, key: Key, pool: Sequence[ast.expr]) -> ast.expr | None:
    """A line-up of an expected value and its decoys, as code; None if none can be made."""
    found = line_up(expected, key.dice, pool)
    if found is None:
        return None
    options, place = found
    return _lineup(key.lineup(len(options), place), options)


def _lineup(name: str, options: list[ast.expr]) -> ast.expr:
    return ast.Call(_own("Lineup"), [ast.Constant(name), *options], [])


def _own(name: str) -> ast.expr:
    return ast.Attribute(ast.Name(MODULE, ast.Load()), name, ast.Load())


def _names(node: ast.expr) -> list[str]:
    return [
        one.id if isinstance(one, ast.Name) else one.attr
        for one in ast.walk(node)
        if isinstance(one, ast.Name | ast.Attribute)
    ]


def _related(name: str, expected: list[str]) -> bool:
    """True if a built-in exception is one of those expected, or above or below one."""
    own = getattr(builtins, name)
    others = [getattr(builtins, one, None) for one in expected]
    classes = [one for one in others if isinstance(one, type)]
    return any(issubclass(own, one) or issubclass(one, own) for one in classes)
