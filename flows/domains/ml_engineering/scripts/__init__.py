"""Scripts that run in the sandbox: those of the oracle, the explorer and the shortcuts, and the trial of a composer.

They are texts, since they import packages of the sandbox's image; `$names` in them are filled in per task.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from string import Template


def script(name: str, facts: Mapping[str, object]) -> str:
    """The script of that name with the facts of a problem filled in."""
    return Template(_text(name)).safe_substitute(facts)


@cache
def _text(name: str) -> str:
    return files(__package__).joinpath(f"{name}.txt").read_text("utf-8")
