"""Words a study: lists of pages, quantities, factors and steps, in sentences of `wording.toml`."""

import tomllib
from functools import cache
from importlib.resources import files
from random import Random

from flows.domains.science.literature.number_on_page import common_heading
from flows.domains.science.literature.study import Part, Study
from flows.domains.search.sets.graph import Attribute
from flows.domains.search.sets.wording import say_set


def sentences_of(dice: Random, study: Study) -> list[str]:
    """The sentence on each part."""
    return [_part(dice, study, at) for at in range(len(study.parts))]


def instruction_of(dice: Random, study: Study, sentences: list[str]) -> str:
    """The whole instruction."""
    conversion = study.conversion
    ending = _say(
        dice,
        "closing",
        step=study.wanted,
        number=len(study.parts),
        wanted=f", converted to {conversion.shown}" if conversion else "",
        with_unit=" and its unit" if conversion else "",
    )
    return "\n\n".join([_say(dice, "opening", n=len(study.parts)), *sentences, ending])


def _part(dice: Random, study: Study, at: int) -> str:
    part = study.parts[at]
    both = "only_both" if len(part.quantities) > 1 else "only"
    return _say(
        dice,
        "part",
        number=at + 1,
        set=_set(dice, part),
        only="" if part.whole else _say(dice, both),
        quantities=", and let ".join(
            f"{name} be {_quantity(dice, one, part)}" for name, one in zip("xy", part.quantities, strict=False)
        ),
        factor=_factor(dice, study, at),
        steps=_say(dice, part.procedure.name),
    )


def _set(dice: Random, part: Part) -> str:
    if part.rows is None:
        return say_set(dice, part.listed)
    return _say(dice, "table", key=part.rows.key, heading=part.listed.heading, hub=part.listed.hub.name)


def _quantity(dice: Random, one: Attribute, part: Part) -> str:
    heading = common_heading(one.kind, one.label, [page.text for page in part.pages]) if one.kind == "pair" else None
    under = _say(dice, "under", heading=heading) if heading else ""
    return _say(dice, one.kind, shown=one.shown, under=under) + (_say(dice, "unit", unit=one.unit) if one.unit else "")


def _factor(dice: Random, study: Study, at: int) -> str:
    if not at:
        return _say(dice, "first_factor", start=f"{study.start:g}")
    before: Part = study.parts[at - 1]
    return _say(dice, "factor", step=before.procedure.result, number=at)


def _say(dice: Random, name: str, **values: object) -> str:
    return dice.choice(_wording()[name]).format(**values)


@cache
def _wording() -> dict[str, list[str]]:
    found: dict[str, list[str]] = tomllib.loads(files(__package__).joinpath("wording.toml").read_text("utf-8"))
    return found
