"""Prompts: text files sent to a model, read from the `prompts` folder of a package and identified by their hash.

The hash goes into the rows that a prompt shaped, so that each row names the exact text behind it.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from schemas.record import sha256_text


@dataclass(frozen=True)
class Prompt:
    """The text of a prompt and its SHA-256."""

    text: str
    sha256: str


@cache
def prompt(name: str, package: str = "schemas") -> Prompt:
    """Read `prompts/<name>.md` of a package, by default of schemas. Raises FileNotFoundError if there is none."""
    text = files(package).joinpath("prompts", f"{name}.md").read_text("utf-8")
    return Prompt(text, sha256_text(text))
