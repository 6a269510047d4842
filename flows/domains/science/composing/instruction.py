"""Writes the instruction of a study: its parts, the rule by which results choose specimens, and the index wanted."""

import tomllib
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

from flows.domains.science.study.pages import PACKAGE
from flows.domains.science.study.parts import Part, Study
from schemas.prompt import prompt


def write_instruction(study: Study, dice: Random) -> str:
    """The instruction, in wordings of the dice."""
    words = _words()
    text = prompt("instruction", PACKAGE).text
    opening, closing = (dice.choice(words[name]).format(code=study.code) for name in ("openings", "closings"))
    lines = "\n".join(_line(part, dice, words) for part in study.parts)
    return text.format(opening=opening, closing=closing, n=len(study.parts), parts=lines).strip()


def _line(part: Part, dice: Random, words: dict[str, Any]) -> str:
    a, b, c = (one.code for one in part.specimens)
    given = {"n": part.number, "procedure": part.procedure, "title": part.topic.title}
    if part.bounds is None:
        return str(dice.choice(words["firsts"]).format(a=part.chosen.code, **given))
    low, high = (f"{one:.10g}" for one in part.bounds)
    chosen = dice.choice(words["others"])
    return str(chosen.format(a=a, b=b, c=c, low=low, high=high, before=part.number - 1, **given))


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads(files("flows.domains.science.study").joinpath("wording.toml").read_text("utf-8"))
