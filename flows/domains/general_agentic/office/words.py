"""The words and names that office worlds are drawn from, read once from two TOML files."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def words() -> Mapping[str, Any]:
    """Lists of words by kind, some of them grouped."""
    return _read("words.toml")


@cache
def names() -> Mapping[str, Mapping[str, Sequence[str]]]:
    """`fields` and `prefixes`: names that a world may show."""
    return _read("names.toml")


def _read(file: str) -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath(file).read_text("utf-8"))
