"""Every prompt that the factory ever sends, read from `schemas/prompts/*.md` and known by its hash.

The hash goes into the rows that a prompt shaped, so that a row says which words made it.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from schemas.record import sha256_text


@dataclass(frozen=True)
class Prompt:
    """A prompt's text, and the SHA-256 of it."""

    text: str
    sha256: str


@cache
def prompt(name: str) -> Prompt:
    """The prompt of `schemas/prompts/<name>.md`; raises FileNotFoundError when there is none."""
    text = files("schemas").joinpath("prompts", f"{name}.md").read_text("utf-8")
    return Prompt(text, sha256_text(text))
