"""Units of measurement behind or before a number, read without evaluating anything and compared by pint.

An own grammar cuts `kJ/mol`, `kJ mol⁻¹`, `J/(mol·K)` and `metres per second` into names with small exponents; pint
looks up single names only, since its own parser would compute any power that a hostile answer asks for.
"""

import re
from functools import cache
from typing import Any, NamedTuple

NAME = r"[^\W\d_]+(?:_[^\W\d_]+)*|[°%‰$€£¥][A-Za-z]?(?![A-Za-z])"
FACTOR = re.compile(
    rf"(?P<power>square |sq |cubic )?(?P<name>{NAME}|°(?:C|F|K)\b)"
    r"(?:\s?(?:\^|\*\*)\s?\(?\s?(?P<raised>[+-]?\d)(?!\d)\)?|(?P<plain>-?\d)(?![\d.,])"
    r"|(?P<squared> squared\b| cubed\b))?",
    re.I,
)
OVER, TIMES = re.compile(r"\s*/\s*\(?\s*|\s+per\s+", re.I), re.compile(r"\s*\*\s*|\s+|-(?=[^\W\d_])")
ENGLISH = frozenset(("a", "am", "an", "are", "as", "at", "day", "had", "in", "is", "me", "no", "so", "to"))
"""Short words that are units too; in the middle of a text they are words."""
TWO_WORDS = re.compile(
    r"\b(light|base|astronomical|metric)[ -](years?|pairs?|units?|tons?)\b|\bdeg(?:ree)?s? (C|F|Celsius|Fahrenheit)\b",
    re.I,
)
EXPONENTS = {"square ": 2, "sq ": 2, "cubic ": 3, " squared": 2, " cubed": 3}
SIGNS = {"°": "degree", "‰": "permille", "$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY"}
MONEY = ("USD", "EUR", "GBP", "JPY", "CHF", "CNY", "INR")
BEFORE = re.compile(rf"(?P<sign>[$€£¥]|\b(?:{'|'.join(MONEY)}))\s*$")
SHORT_NAME, LONGEST_NAME, MOST_FACTORS = 3, 30, 8
DEFINITIONS = (*(f"{name} = [money_{name}]" for name in MONEY), "base_pair = 1 = bp", "permille = 0.001")


class Unit(NamedTuple):
    """Names with their exponents, and the place in the text where the unit ends."""

    factors: tuple[tuple[str, int], ...]
    end: int


def names_joined(text: str) -> str:
    """The text with names of two words, such as `light years` and `degrees Celsius`, as one."""
    return TWO_WORDS.sub(lambda found: f"°{found[3][0].upper()}" if found[3] else f"{found[1]}_{found[2]}", text)


def unit_after(text: str, start: int) -> Unit | None:
    """The longest unit directly behind `start` in a prepared text; None if the next word is no unit."""
    factors, place, below, opened = list[tuple[str, int]](), start, False, False
    joint = re.compile(r"\s*").match(text, start)
    while joint and len(factors) < MOST_FACTORS and (match := FACTOR.match(text, joint.end())):
        name = SIGNS.get(match["name"], match["name"])
        if _is_word(text, match) or not known(name):
            break
        factors.append((name, _exponent(match) * (-1 if below else 1)))
        opened = opened or "(" in joint.group()
        place = match.end() + (opened and text.startswith(")", match.end()))
        over = OVER.match(text, place)
        below, joint = below or bool(over), over or TIMES.match(text, place)
    return Unit(tuple(factors), place) if factors else None


def unit_before(text: str, end: int) -> Unit | None:
    """The sign or code of a currency directly before a number; None if there is none."""
    found = BEFORE.search(text[:end])
    return Unit(((SIGNS.get(found["sign"], found["sign"]), 1),), found.start()) if found else None


def known(name: str) -> bool:
    """True if the name is that of a unit, in its own case or, for a long word, in any case."""
    return _looked_up(name) is not None


def converted(value: float, unit: Unit, wanted: str) -> float | None:
    """The value in the wanted unit; None if it measures something else. Raises ValueError on an unknown wanted unit."""
    target = unit_after(wanted, 0)
    if target is None or target.end < len(wanted.rstrip()):
        raise ValueError(f"the unit {wanted!r} of a ground truth is unknown: write it as kJ/mol or m/s^2")
    return _converted(value, unit.factors, target.factors)


def bare(value: float, unit: Unit) -> float | None:
    """The value as a plain number, such as 0.42 for 42 %; None if the unit measures something."""
    return _converted(value, unit.factors, ())


def _converted(value: float, factors: tuple[tuple[str, int], ...], wanted: tuple[tuple[str, int], ...]) -> float | None:
    from pint import DimensionalityError, OffsetUnitCalculusError

    try:
        return float(_registry().Quantity(value, _product(factors)).to(_product(wanted)).magnitude)
    except (DimensionalityError, OffsetUnitCalculusError, OverflowError):
        return None


def _product(factors: tuple[tuple[str, int], ...]) -> Any:
    alone = len(factors) == 1 and factors[0][1] == 1
    product = _registry().Unit("")
    for name, exponent in factors:
        found = _looked_up(name)
        if found is not None and not alone and found.startswith("degree_") and found != "degree":
            found = f"delta_{found}"
        product *= _registry().Unit(found or name) ** exponent
    return product


def _exponent(match: re.Match[str]) -> int:
    word = EXPONENTS.get((match["power"] or match["squared"] or "").lower(), 1)
    return word * int(match["raised"] or match["plain"] or 1)


def _is_word(text: str, match: re.Match[str]) -> bool:
    """True if the name is an English word in the middle of the text rather than a unit."""
    return match["name"].lower() in ENGLISH and bool(re.match(r"\s+[^\W\d_]", text[match.end() :]))


@cache
def _registry() -> Any:
    import pint

    registry: Any = pint.UnitRegistry(on_redefinition="ignore")
    for definition in DEFINITIONS:
        registry.define(definition)
    return registry


@cache
def _looked_up(name: str) -> str | None:
    """Pint's own name of a unit; None if it knows none."""
    if len(name) > LONGEST_NAME:
        return None
    lower = (name.lower(),) if len(name) > SHORT_NAME else ()
    for spelling in (name, *lower, "k" + name[1:] if name.startswith("K") else name):
        if found := _registry().parse_unit_name(spelling):
            prefix, unit, _ = found[0]
            return f"{prefix}{unit}"
    return None
