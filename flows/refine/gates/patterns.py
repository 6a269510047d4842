"""Patterns of words for the gates on text, in many languages: each list of `phrases/*.toml` is one regular expression.

SQL binds an expression by the name of its list (`$refuses`), so that it is compiled once a query, and a changed word
makes sketches and cached answers anew.
"""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

FLAGS = "(?is)"


@cache
def patterns() -> dict[str, str]:
    """Name of a list -> RE2 expression without regard to case, `.` matching line ends, too."""
    return {name: _joined(words.values() if isinstance(words, dict) else words) for name, words in _lists().items()}


def joined(name: str) -> str:
    """The expression of one list, without flags."""
    return patterns()[name].removeprefix(FLAGS)


@cache
def language_names() -> dict[str, str]:
    """Two-letter code of a language -> expression of its names in the languages of the tasks."""
    names: dict[str, str] = _lists()["names_languages"]
    return names


@cache
def _lists() -> dict[str, Any]:
    folder = files("flows.refine.gates").joinpath("phrases")
    tables = [tomllib.loads(file.read_text("utf-8")) for file in folder.iterdir() if file.name.endswith(".toml")]
    return dict(sorted((name, words) for table in tables for name, words in table.items()))


def _joined(words: Any) -> str:
    return FLAGS + "|".join(f"(?:{word})" for word in words)
