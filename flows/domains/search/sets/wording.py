"""Words the parts of a question: sets of pages, attributes, conditions; the sentences occur in `wording.toml`.

A sentence is drawn from several of one meaning, so that many questions do not read alike.
"""

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from random import Random

from flows.domains.search.sets.graph import Attribute, Listed


def say(dice: Random, name: str, **values: object) -> str:
    """One of the sentences of that name, filled in."""
    return dice.choice(templates(name)).format(**values)


def templates(name: str) -> list[str]:
    """The sentences of that name, with names of values in braces. Raises KeyError."""
    return _sentences()[name]


def say_set(dice: Random, one: Listed) -> str:
    """The pages of a list."""
    return say(dice, "first_links" if one.first_links else "set", heading=one.heading, hub=one.hub.name)


def say_sets(dice: Random, some: Sequence[Listed]) -> str:
    """A sentence on the pages of one or several lists together."""
    return say(dice, "sets" if len(some) > 1 else "one_set", sets=joined([say_set(dice, one) for one in some]))


def say_attribute(dice: Random, one: Attribute) -> str:
    """An attribute of a page, without an article."""
    return say(dice, one.kind, shown=one.shown)


def joined(parts: Sequence[str]) -> str:
    """`a, b and c`."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def shown(value: float) -> str:
    """A number without needless decimals."""
    return f"{value:g}" if not value.is_integer() else str(int(value))


@cache
def _sentences() -> dict[str, list[str]]:
    text = files("flows.domains.search.sets").joinpath("wording.toml").read_text("utf-8")
    found: dict[str, list[str]] = tomllib.loads(text)
    return found
