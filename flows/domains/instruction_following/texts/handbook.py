"""Draws a handbook of an invented house: sections of prose with bullet lists, tables and measures.

A night without pages has documents of great variety from it. Nothing in a handbook is true of the world, so no model
can answer from memory.
"""

import tomllib
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

from flows.domains.instruction_following.texts.document import Document, Section

UNITS = ("metres", "feet", "yards")
SHORTEST, LONGEST = 7, 14
"""Sections of a handbook."""


@cache
def vocabulary() -> dict[str, Any]:
    """Words and sentences, read once."""
    return tomllib.loads(files(__package__).joinpath("vocabulary.toml").read_text("utf-8"))


def handbooks(draws: Random, n: int) -> list[Document]:
    """n handbooks of different houses."""
    kinds = draws.sample(sorted(vocabulary()["settings"]), n)
    letters = draws.sample(vocabulary()["letters"], n)
    return [_handbook(draws, kind, letter) for kind, letter in zip(kinds, letters, strict=True)]


def _handbook(draws: Random, kind: str, letter: str) -> Document:
    setting = vocabulary()["settings"][kind]
    title = draws.choice(vocabulary()["titles"]).format(name=setting["name"].format(letter=letter))
    sections = dict[str, Section]()
    for _ in range(draws.randint(SHORTEST, LONGEST)):
        heading = _capital(draws.choice(vocabulary()["headings"]).format_map(_slots(draws, setting)))
        sections.setdefault(heading, Section(heading, _body(draws, setting)))
    return Document(f"{letter.lower()}-{kind}.md", title, list(sections.values()))


def _body(draws: Random, setting: dict[str, Any]) -> str:
    parts = [_paragraph(draws, setting) for _ in range(draws.randint(2, 4))]
    extras = draws.sample([_list, _table, _measure], draws.randint(0, 2))
    return "\n\n".join([*parts, *(extra(draws, setting) for extra in extras), _paragraph(draws, setting)])


def _paragraph(draws: Random, setting: dict[str, Any]) -> str:
    chosen = draws.sample(vocabulary()["sentences"], draws.randint(4, 8))
    return " ".join(_capital(one.format_map(_slots(draws, setting))) for one in chosen)


def _list(draws: Random, setting: dict[str, Any]) -> str:
    opening = draws.choice(vocabulary()["lists"]).format_map(_slots(draws, setting))
    found = draws.sample(setting["things"], draws.randint(4, 8))
    return "\n".join([opening, "", *(f"- {thing} no. {draws.randint(2, 99)}" for thing in found)])


def _table(draws: Random, setting: dict[str, Any]) -> str:
    things = draws.sample(setting["things"], draws.randint(5, 9))
    weights = draws.sample(range(10, 999), len(things))
    rows = [
        f"| {thing} | {draws.choice(setting['places'])} | {draws.choice(setting['roles'])} | {weight} |"
        for thing, weight in zip(things, weights, strict=True)
    ]
    return "\n".join(["| object | place | keeper | number |", "|---|---|---|---|", *rows])


def _measure(draws: Random, setting: dict[str, Any]) -> str:
    opening = draws.choice(vocabulary()["measures"]).format_map(_slots(draws, setting))
    return f"{opening} {draws.randint(12, 480)} {draws.choice(UNITS)} in all."


def _slots(draws: Random, setting: dict[str, Any]) -> dict[str, Any]:
    """Words for the blanks of a sentence; a person or thing named twice is another one."""
    role, second = draws.sample(setting["roles"], 2)
    thing, other = draws.sample(setting["things"], 2)
    place = draws.choice(setting["places"])
    number = draws.randint(2, 30)
    return {
        "role": role, "second": second, "thing": thing, "other": other, "place": place, "number": number,
        "Thing": _capital(thing), "Place": _capital(place),
    }  # fmt: skip


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
