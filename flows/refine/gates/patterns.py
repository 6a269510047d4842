"""Patterns of words for the gates on text, in many languages: each list of `phrases/*.toml` is one regular expression.

SQL binds an expression by the name of its list (`$refuses`), so that a changed word makes sketches and cached answers
anew. DuckDB compiles an expression three times a query and thread, and gives its automaton so little memory that the
long lists run ten times slower; `matches` and `extracts` compile it once a process. They take a list's short reference
(`$refuses_list`), or several (`$refuses_list || '|' || $regrets_list`): DuckDB copies an expression, of thousands of
bytes, for each text of a column. `first_match` also takes lists with commas between, and gives the match of the first
list that has one.
"""

import re
import tomllib
from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flows.refine.gates.automata import compiled, compiled_for_ascii, widened
from flows.refine.gates.own_letters import BeyondAscii, Found
from schemas import sha256_text

FLAGS = "(?is)"
COMPILED = 256
"""Expressions that stay compiled: all lists, and those of the gates of a user."""
MOST_FOUND = 64
"""Matches in texts that are searched as one, before each of the others is searched by itself."""
AT_ENDS = re.compile(r"\\[AzC]|\(\?[a-zA-Z]*-[a-zA-Z]*m")
"""Marks of expressions that mean the ends of a text, not of its lines."""


@cache
def references() -> dict[str, str]:
    """`<list>_list` -> the name of the list and a hash of its expression, by which the functions find it."""
    return {f"{name}_list": f"{name}:{sha256_text(text)[:12]}" for name, text in patterns().items()}


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
    """For each text the first match of its expression; null if there is none, if it is empty, and for null."""
    return _of_each(texts, expressions, _first, pa.binary()).cast(pa.string())


def extracts(texts: pa.Array, expressions: pa.Array) -> pa.ListArray:
    """For each text the second group of every match, as `regexp_extract_all(text, expression, 2)`; null for null."""
    return _of_each(texts, expressions, _second_groups, pa.list_(pa.string()))


def _of_each(
    texts: pa.Array, expressions: pa.Array, found: Callable[[str, pa.Array], list[Any]], kind: pa.DataType
) -> pa.Array:
    """The results of `found` for the texts, in UTF-8, of each expression; a column nearly always has only one."""
    texts, distinct = texts.cast(pa.large_binary()), expressions.unique()
    if len(distinct) == 1 and distinct[0].is_valid and not texts.null_count:
        return pa.array(found(distinct[0].as_py(), texts), kind)
    results: list[Any] = [None] * len(texts)
    for expression in distinct.drop_null().to_pylist():
        places = np.flatnonzero(pc.and_(pc.fill_null(pc.equal(expressions, expression), False), texts.is_valid()))
        for place, result in zip(places.tolist(), found(expression, texts.take(pa.array(places))), strict=True):
            results[place] = result
    return pa.array(results, kind)


class _Joined(NamedTuple):
    """Texts, and all of them as one, each with a line end after it and its start."""

    texts: pa.Array
    joined: bytes
    starts: list[int]


def _holds(expression: str, texts: pa.Array) -> list[bool]:
    found = [False] * len(texts)
    for place, text in _candidates(expression, _joined_texts(texts)):
        found[place] = _search(expression, text) is not None
    return found


def _first(expression: str, texts: pa.Array) -> list[bytes | None]:
    found: list[bytes | None] = [None] * len(texts)
    joined = _joined_texts(texts)
    for one in _in_turn(expression):
        for place, (_, match) in _leftmost(one, joined).items():
            found[place] = found[place] or match or None
    return found


def _leftmost(expression: str, column: _Joined) -> dict[int, Found]:
    """Place of a text -> the first match in it: of two lists that match at the same letter, that of the first list.

    Each list is searched for by itself: one automaton of two would be built beside those of each.
    """
    best: dict[int, Found] = {}
    for one in _lists_of(expression):
        for place, text in _candidates(one, column):
            match = _search(one, text)
            if match and (place not in best or match[0] < best[place][0]):
                best[place] = match
    return best


def _search(expression: str, text: bytes) -> Found | None:
    """The first match in one text. An expression is compiled for single texts when one may match: many never do."""
    if not text.isascii():
        return _beyond_ascii(expression).search(text)
    match = _of_single_ascii(expression).search(text)
    return (match.start(), match[0]) if match else None


def _joined_texts(texts: pa.Array) -> _Joined:
    ends = np.frombuffer(texts.buffers()[1], np.int64)[texts.offset : texts.offset + len(texts) + 1]
    one = pa.LargeListArray.from_arrays(pa.array([0, len(texts)]), texts)
    joined = pc.binary_join(one, pa.scalar(b"\n", texts.type))[0].as_py()
    return _Joined(texts, joined, (ends - ends[:1] + np.arange(len(ends))).tolist())


def _candidates(expression: str, column: _Joined) -> Iterator[tuple[int, bytes]]:
    """Places and bytes of texts in which the expression may match: all that it matches in, and few others.

    The texts are searched as one: a call per text costs as much as the search, and calls of several threads wait for
    each other. With the flag m, `^` and `$` match at the line ends between them, too. An expression that matches many
    texts is tried on each of the rest: a match may read all that follows it.
    """
    texts, joined, starts = column
    number = 0
    if not _means_ends(expression):
        search = _of_lines(expression).search
        for _ in range(MOST_FOUND):
            if number == len(texts) or not (match := search(joined, starts[number])):
                return
            number = bisect_right(starts, match.start())
            yield number - 1, texts[number - 1].as_py()
    yield from enumerate(texts[number:].to_pylist(), number)


def _second_groups(expression: str, texts: pa.Array) -> list[list[str]]:
    find = _of_groups(expression).finditer
    return [[match[2] or "" for match in find(text.decode())] for text in texts.to_pylist()]


@lru_cache(COMPILED)
def _means_ends(expression: str) -> bool:
    """True if the expression has marks that mean the ends of a text, not of its lines."""
    return AT_ENDS.search(_expression(expression)) is not None


@lru_cache(COMPILED)
def _beyond_ascii(expression: str) -> BeyondAscii:
    return BeyondAscii(_expression(expression))


@lru_cache(COMPILED)
def _of_single_ascii(expression: str) -> Any:
    return compiled_for_ascii(_expression(expression))


@lru_cache(COMPILED)
def _of_lines(expression: str) -> Any:
    return compiled(widened(_expression(expression)))


@lru_cache(COMPILED)
def _of_groups(expression: str) -> Any:
    return compiled(_expression(expression), captures=True)


def _in_turn(expression: str) -> list[str]:
    """The parts of an expression with commas between references; other text is one part."""
    parts = expression.split(",")
    return parts if _expressions().keys() >= set("|".join(parts).split("|")) else [expression]


def _lists_of(text: str) -> list[str]:
    """The references that `|` stands between; other text is an expression itself."""
    parts = text.split("|")
    return parts if _expressions().keys() >= set(parts) else [text]


def _expression(text: str) -> str:
    """The expression of a reference, or of several with `|` between them; other text is an expression itself."""
    return "|".join(_expressions().get(part, part) for part in _lists_of(text))


@cache
def _expressions() -> dict[str, str]:
    return {reference: patterns()[name.removesuffix("_list")] for name, reference in references().items()}


@cache
def _lists() -> dict[str, Any]:
    folder = files("flows.refine.gates").joinpath("phrases")
    tables = [tomllib.loads(file.read_text("utf-8")) for file in folder.iterdir() if file.name.endswith(".toml")]
    return dict(sorted((name, words) for table in tables for name, words in table.items()))


def _joined(words: Any) -> str:
    return FLAGS + "|".join(f"(?:{word})" for word in words)
