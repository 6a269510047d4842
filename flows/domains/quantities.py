"""Reads the one number, with its unit, that an answer states; an answer with several numbers states none.

`ΔH = 3.42 kJ/mol`, `about 3.4(1) kJ mol⁻¹`, `$\\boxed{3.42\\times10^{5}}$` and `12 functions` are read. A range,
a bound, an alternative and a sentence around the number are refused with a reason.
"""

import re
from dataclasses import dataclass

from flows.domains.numbers import Number, next_number, prepared, word_number
from flows.domains.spelling import plain, without_latex
from flows.domains.units import Unit, names_joined, unit_after, unit_before

MAX_CHARS = 400
"""Characters beyond which an answer is no number with a few words, but a text."""
MAX_OTHER_WORDS = 3
"""Words beside the number, its unit and APPROXIMATELY: the name of a variable, or of the things counted."""
APPROXIMATELY = re.compile(
    r"\b(?:about|approximately|approx|around|roughly|circa|ca|nearly|exactly|equal to|is)\b\.?", re.I
)
UNCERTAIN = re.compile(r"\s*(?:±|\+/-|\+-)\s*[\d.,]+(?:\s*%)?")
EQUALS = re.compile(r"[=≈≃≅]\s*(?=[^=≈≃≅]*\d)")
ASIDE = re.compile(r"\([^()]*\)")
RANGE = re.compile(r"\s*[^\W\d]*\s*(?:-|\.\.+|to|until)\s*|\s*[^\W\d]*\s*and\s*", re.I)
BOUND = re.compile(
    r"\b(?:at (?:least|most)|(?:more|less|fewer|greater|higher|lower|larger|smaller) than|over|under|above|below|up to"
    r"|not|no)\b|[<>≤≥]",
    re.I,
)
WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class Quantity:
    """A number and its unit; `unit_text` is the unit as it is written."""

    value: float
    unit: Unit | None = None
    unit_text: str = ""


@dataclass(frozen=True)
class _Place:
    number: Number
    unit: Unit | None
    start: int
    end: int


def read_quantity(answer: str) -> Quantity | str:
    """The quantity of an answer, or the reason why there is none.

    Reasons: `no_number`, `several_values`, `range` (also for a bound such as `at least 5`), `too_long` for a number
    within further text.
    """
    if len(answer) > MAX_CHARS:
        return "too_long"
    text = names_joined(UNCERTAIN.sub("", prepared(without_latex(plain(answer)))))
    text = EQUALS.split(text)[-1]
    places = _places(text)
    if len(places) > 1:
        text = ASIDE.sub("", text)
        places = _places(text)
    if len(places) > 1:
        between = text[places[0].number.end : places[1].number.start]
        return "range" if len(places) == 2 and RANGE.fullmatch(between) else "several_values"
    return _alone(text, places[0]) if places else "no_number"


def _alone(text: str, place: _Place) -> Quantity | str:
    around = f"{text[: place.start]} {text[place.end :]}"
    if BOUND.search(around):
        return "range"
    others = APPROXIMATELY.sub("", around)
    if len(WORD.findall(others)) > MAX_OTHER_WORDS:
        return "too_long"
    if place.unit is None:
        return Quantity(place.number.value)
    written = text[place.start : place.number.start] or text[place.number.end : place.end]
    return Quantity(place.number.value, place.unit, written.strip())


def _places(text: str) -> list[_Place]:
    found, at = list[_Place](), 0
    while number := next_number(text, at):
        found.append(_place(text, number))
        at = found[-1].end
    if not found and (word := word_number(text)):
        found.append(_place(text, word))
    return found


def _place(text: str, number: Number) -> _Place:
    if after := unit_after(text, number.end):
        return _Place(number, after, number.start, after.end)
    if before := unit_before(text, number.start):
        return _Place(number, before, before.end, number.end)
    return _Place(number, None, number.start, number.end)
