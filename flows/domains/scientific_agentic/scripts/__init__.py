"""Scripts of the players, which run in the sandbox; they are texts, as they import numpy there."""

from functools import cache
from importlib.resources import files
from string import Template


def script(name: str, **facts: object) -> str:
    """The script of that name with facts filled in."""
    return Template(_text(name)).safe_substitute({key: str(value) for key, value in facts.items()})


@cache
def _text(name: str) -> str:
    return files(__package__).joinpath(f"{name}.txt").read_text("utf-8")
