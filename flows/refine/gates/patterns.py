"""Patterns of words for the gates on text, in many languages: each list of `phrases/*.toml` is one regular expression.

SQL binds an expression by the name of its list (`$refuses`), so that a changed word makes sketches and cached answers
anew. DuckDB compiles an expression three times a query and thread, and gives its automaton so little memory that the
long lists run ten times slower; `matches` and `extracts` compile it once a process.
"""

import tomllib
from collections.abc import Callable
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import pyarrow as pa
import re2

FLAGS = "(?is)"
COMPILED = 256
"""Expressions that stay compiled: all lists, and those of the gates of a user."""
AUTOMATON_BYTES = 32 * 1024 * 1024
"""Memory of one expression's automaton at most."""


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


def matches(texts: pa.Array, expressions: pa.Array) -> pa.BooleanArray:
    """For each text if its expression matches anywhere in it, as `regexp_matches` of DuckDB; null for null."""
    return _of_each(texts, expressions, _holds, pa.bool_())


def first_match(texts: pa.Array, expressions: pa.Array) -> pa.Array:
    """For each text the first match of its expression; null if there is none, and for null."""
    return _of_each(texts, expressions, _first, pa.string())


def extracts(texts: pa.Array, expressions: pa.Array) -> pa.ListArray:
    """For each text the second group of every match, as `regexp_extract_all(text, expression, 2)`; null for null."""
    return _of_each(texts, expressions, _second_groups, pa.list_(pa.string()))


def _of_each(texts: pa.Array, expressions: pa.Array, found: Callable[[Any, str], Any], kind: pa.DataType) -> pa.Array:
    """The result of `found` for each text and its expression, nearly always the same one in a column."""
    coded = expressions.dictionary_encode()
    compiled = [_compiled(one) for one in coded.dictionary.to_pylist()]
    pairs = zip(texts.to_pylist(), coded.indices.to_pylist(), strict=True)
    return pa.array([None if None in pair else found(compiled[pair[1]], pair[0]) for pair in pairs], kind)


def _holds(compiled: Any, text: str) -> bool:
    return compiled.search(text) is not None


def _first(compiled: Any, text: str) -> str | None:
    match = compiled.search(text)
    return match[0] if match else None


def _second_groups(compiled: Any, text: str) -> list[str]:
    return [match[2] or "" for match in compiled.finditer(text)]


@lru_cache(COMPILED)
def _compiled(expression: str) -> Any:
    options = re2.Options()
    options.max_mem, options.log_errors = AUTOMATON_BYTES, False
    return re2.compile(expression, options)


@cache
def _lists() -> dict[str, Any]:
    folder = files("flows.refine.gates").joinpath("phrases")
    tables = [tomllib.loads(file.read_text("utf-8")) for file in folder.iterdir() if file.name.endswith(".toml")]
    return dict(sorted((name, words) for table in tables for name, words in table.items()))


def _joined(words: Any) -> str:
    return FLAGS + "|".join(f"(?:{word})" for word in words)
