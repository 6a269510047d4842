"""Identifies the language of a short text by its function words."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

LEAST_SHARE = 0.25
"""Share of function words in plain prose of a language, at least."""


@cache
def languages() -> Mapping[str, Any]:
    """`words` and `sentences` by language, read once."""
    return tomllib.loads(files(__package__).joinpath("languages.toml").read_text("utf-8"))


def language_of(text: str) -> str | None:
    """The language with the most function words in the text; None if all have few of them, or two are equal."""
    found = re.findall(r"[^\W\d_]+", text.lower())
    shares = {
        name: sum(word in known for word in found) / len(found)
        for name, known in ((name, set(one["words"].split())) for name, one in languages().items())
        if found
    }
    best = sorted(shares, key=shares.__getitem__, reverse=True)[:2]
    clear = len(best) == 2 and shares[best[0]] > shares[best[1]]
    return best[0] if clear and shares[best[0]] >= LEAST_SHARE else None
