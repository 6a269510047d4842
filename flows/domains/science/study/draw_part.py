"""Draws one part of a study: its specimens, two editions of the compendium, and the bounds that choose a specimen."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import get_args

from flows.domains.science.study.parts import Edition, Part, Precedence, Shown, Specimen
from flows.domains.science.topics import Topic
from flows.domains.science.topics.topic import Quantity

MATERIALS = 24
"""Rows of a compendium."""
DIGITS = 3
"""Significant digits of a number on a page."""
OTHER_EDITION = (0.08, 0.2)
"""Share by which constants differ between editions."""
CLEAR = 1.08
"""Factor by which a bound is apart from the result that it is compared with, at least."""


def draw_part(dice: Random, number: int, topic: Topic, codes: Sequence[str], before: float) -> Part:
    """A part after one whose result is `before`; the first has none. `codes` names all that it holds."""
    procedure, *names = codes
    materials = names[3 : 3 + MATERIALS]
    specimens = [_specimen(dice, topic, code, dice.choice(materials)) for code in names[:3]]
    slot, bounds = dice.randrange(3), None
    if number > 1:
        bounds = _bounds(dice, slot, before)
    chosen, precedence = specimens[slot], dice.choice(get_args(Precedence))
    true = {material: _constants(dice, topic) for material in materials}
    other = {material: _changed(dice, topic, row) for material, row in true.items()}
    older, later = (true, other) if precedence == "named" else (other, true)
    correction = dict[str, Shown]()
    if precedence == "corrected":
        correction = true[chosen.material]
        later = {**true, chosen.material: _changed(dice, topic, correction)}
    year = dice.randint(1978, 2004)
    editions = (
        Edition(dice.randint(1, 3), year, older),
        Edition(dice.randint(4, 6), year + dice.randint(3, 17), later),
    )
    return Part(number, topic, procedure, specimens, chosen, *editions, precedence, correction, bounds)


def significant(value: float, digits: int) -> float:
    """The value rounded to so many significant digits."""
    return float(f"{value:.{digits}g}")


def _specimen(dice: Random, topic: Topic, code: str, material: str) -> Specimen:
    texts = topic.draw(dice) if topic.draw else {}
    shown = {one.name: _drawn(dice, one) for one in topic.quantities if not one.table and one.drawn}
    return Specimen(code, material, {**{name: Shown(text, text) for name, text in texts.items()}, **shown})


def _constants(dice: Random, topic: Topic) -> dict[str, Shown]:
    return {one.name: _drawn(dice, one) for one in topic.quantities if one.table}


def _changed(dice: Random, topic: Topic, row: Mapping[str, Shown]) -> dict[str, Shown]:
    """A row with other constants."""
    return {
        one.name: _written(one, row[one.name].value * (1 + dice.choice((-1, 1)) * dice.uniform(*OTHER_EDITION)))
        for one in topic.quantities
        if one.table
    }


def _drawn(dice: Random, quantity: Quantity) -> Shown:
    value = dice.uniform(quantity.low, quantity.high)
    return _written(quantity, round(value) if quantity.whole else value)


def _written(quantity: Quantity, value: float) -> Shown:
    """The number as a page writes it, and the value of exactly that number."""
    if quantity.whole:
        return Shown(str(value), value)
    number = f"{significant(value * quantity.factor, DIGITS):.10g}"
    unit = quantity.shown or quantity.unit
    return Shown(f"{number} {unit}".strip(), float(number) / quantity.factor)


def _bounds(dice: Random, slot: int, before: float) -> tuple[float, float]:
    """Two bounds between which the result lies if `slot` is 1, above which if 2, below which if 0."""
    near, far = (CLEAR * dice.uniform(1.0, 1.5) for _ in range(2))
    pairs = ((before * near, before * near * far), (before / near, before * far), (before / near / far, before / near))
    low, high = (significant(one, DIGITS) for one in pairs[slot])
    return low, high
