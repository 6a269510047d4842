"""Decoys: wrong values beside the expected one in a line-up, so that its place is a secret.

A test shows its expected values to the code that it tests, which can read them from the caller's frame or from a file.
In a line-up of the true value and its decoys only code that computes the value knows which one it is.
"""

import ast
import random
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace
from typing import TypeVar

Part = TypeVar("Part")
DECOYS = 3
TRIES = 60
CALLS = {"set", "frozenset", "tuple", "list", "Decimal", "Fraction", "approx"}


def _exact(value: object) -> object:
    return value


SAFE: dict[str, object] = {
    "set": set, "frozenset": frozenset, "tuple": tuple, "list": list, "Decimal": Decimal, "Fraction": Fraction,
    "approx": _exact, "pytest": SimpleNamespace(approx=_exact),
}  # fmt: skip
FILLERS: tuple[object, ...] = (0, 1, "", "x", None, True, 2.5, (), [], {})


def is_value(node: ast.expr) -> bool:
    """True for literals, containers of literals, and calls such as `set([1, 2])` or `pytest.approx(0.5)` of these."""
    match node:
        case ast.Constant(value=value):
            return value is not ...
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() | complex())):
            return True
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
            return all(is_value(one) for one in parts)
        case ast.Dict(keys=keys, values=values):
            return all(one is not None and is_value(one) for one in keys) and all(is_value(one) for one in values)
        case ast.Call(args=[argument], keywords=[]):
            return called(node) in CALLS and is_value(argument)
    return False


def called(node: ast.Call) -> str:
    """Name of the called function, without the module that it is in."""
    match node.func:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id="pytest"), attr="approx"):
            return "approx"
    return ""


def value_of(node: ast.expr) -> object:
    """The value of a node that `is_value` accepts. Raises ValueError or TypeError if it has none, such as `{[]: 1}`."""
    try:
        return eval(ast.unparse(node), {"__builtins__": {}, **SAFE})  # noqa: S307 -- is_value admits only these
    except ArithmeticError as error:
        raise ValueError(str(error)) from error


def line_up(node: ast.expr, dice: random.Random, pool: Sequence[ast.expr]) -> tuple[list[ast.expr], int] | None:
    """The expected value among its decoys in random order, and its place; None if no decoy can be made.

    `pool` are expected values of other assertions, which make the most natural decoys.
    """
    try:
        taken = [value_of(node)]
    except (ValueError, TypeError):
        return None
    found: list[ast.expr] = [node]
    for candidate in _candidates(found, dice, pool):
        try:
            value = value_of(candidate)
            different = all(value != one and repr(value) != repr(one) for one in taken)
        except (ValueError, TypeError):
            continue
        if different:
            found.append(candidate)
            taken.append(value)
        if len(found) > DECOYS:
            break
    if len(found) < 3:
        return None
    order = list(range(len(found)))
    dice.shuffle(order)
    return [found[one] for one in order], order.index(0)


def _candidates(found: list[ast.expr], dice: random.Random, pool: Sequence[ast.expr]) -> Iterator[ast.expr]:
    """Values like the first one: a natural one from the pool, then changes of changes, so that none is the centre."""
    natural = [one for one in pool if _kind(one) == _kind(found[0])]
    yield from dice.sample(natural, min(len(natural), 1))
    for _ in range(TRIES):
        yield changed(dice.choice(found), dice)


def _kind(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=value):
            return type(value).__name__
        case ast.Call():
            return called(node)
    return type(node).__name__


def changed(node: ast.expr, dice: random.Random) -> ast.expr:  # noqa: PLR0911 -- one per kind of node
    """A value of the same type with one part changed."""
    match node:
        case ast.Constant(value=value):
            return _literal(_changed_constant(value, dice))
        case ast.UnaryOp(operand=operand):
            return dice.choice([operand, ast.UnaryOp(ast.USub(), changed(operand, dice))])
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return type(node)(_changed_parts(parts, dice), ast.Load())
        case ast.Set(elts=parts):
            return ast.Set(_changed_parts(parts, dice) or [ast.Constant(0)])
        case ast.Dict(keys=keys, values=values):
            return _changed_dict(keys, values, dice)
        case ast.Call(func=function, args=[argument]):
            return ast.Call(function, [changed(argument, dice)], [])
    return node


def _changed_parts(parts: Sequence[ast.expr], dice: random.Random) -> list[ast.expr]:
    kept = list(parts)
    if not kept:
        return [_literal(dice.choice(FILLERS))]
    at = dice.randrange(len(kept))
    way = dice.randrange(4)
    if way == 0:
        kept.pop(at)
    elif way == 1:
        kept.insert(at, changed(kept[at], dice))
    elif way == 2 and len(kept) > 1:
        kept[at - 1], kept[at] = kept[at], kept[at - 1]
    else:
        kept[at] = changed(kept[at], dice)
    return kept


def _changed_dict(keys: Sequence[ast.expr | None], values: Sequence[ast.expr], dice: random.Random) -> ast.expr:
    pairs = list(zip(keys, values, strict=True))
    if not pairs:
        return ast.Dict([_literal(dice.choice(("x", 0)))], [_literal(dice.choice(FILLERS))])
    at = dice.randrange(len(pairs))
    key, value = pairs.pop(at)
    if dice.randrange(3):
        pairs.insert(at, (key, changed(value, dice)))
    return ast.Dict([one for one, _ in pairs], [one for _, one in pairs])


def _literal(value: object) -> ast.expr:
    return ast.parse(repr(value), mode="eval").body


def _changed_constant(value: object, dice: random.Random) -> object:  # noqa: PLR0911 -- one per type
    match value:
        case bool() | None:
            return dice.choice([one for one in (True, False, None) if one is not value])
        case int():
            return dice.choice([value + 1, value - 1, value * 2 + 1, value + 10, value // 2])
        case float():
            return dice.choice([value + 1.0, value * 2 + 0.5, value - 1.5, value / 2 - 0.25])
        case complex():
            return value + dice.choice([1, 1j, -1, -1j])
        case str():
            return "".join(_changed_sequence(list(value), ["x", "e", " ", "_", "1"], dice))
        case bytes():
            return bytes(_changed_sequence(list(value), list(b"xe _1"), dice))
    return value


def _changed_sequence(parts: list[Part], fillers: list[Part], dice: random.Random) -> list[Part]:
    at = dice.randrange(len(parts) + 1)
    ways: list[Callable[[], list[Part]]] = [lambda: [*parts[:at], dice.choice(fillers), *parts[at:]]]
    if parts:
        at = dice.randrange(len(parts))
        ways += [lambda: parts[:at] + parts[at + 1 :], lambda: [*parts[:at], dice.choice(fillers), *parts[at + 1 :]]]
    return dice.choice(ways)()
