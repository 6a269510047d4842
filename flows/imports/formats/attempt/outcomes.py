"""Reads the set's own verdicts from columns such as `resolved` or `reward`, also nested in metadata.

A column becomes a verdict of a verifier with its name. Values that say neither right nor wrong are reported as
unclear and give no verdict: a guess would let wrong attempts into a release.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from flows.imports.formats.conversation import Outcome, Row

COLUMNS = frozenset(
    f"{prefix}{name}"
    for name in ("resolved", "correct", "success", "passed", "solved")
    for prefix in ("", "is_")
) | {"reward", "score", "successful"}  # fmt: skip
CONTAINERS = frozenset({
    "metadata", "meta", "info", "extra_info", "extra", "extras", "result", "results", "outcome", "evaluation", "eval",
    "eval_result", "eval_results", "test_result", "report", "reward_info", "verification", "grading", "annotations",
    "stats", "details",
})  # fmt: skip
"""Fields that may hold the verdict, as an object or its JSON text."""
DEEPEST = 3
TRUE = frozenset({"true", "yes", "y", "resolved", "correct", "success", "successful", "pass", "passed", "solved"})
FALSE = frozenset({
    "false", "no", "n", "unresolved", "incorrect", "wrong", "failure", "fail", "failed", "unsuccessful", "not resolved",
    "unsolved", "error",
})  # fmt: skip


@dataclass(frozen=True)
class Named:
    """A column that `--outcome COLUMN[:THRESHOLD]` names: its path with dots, and the lowest value that passes."""

    column: str
    threshold: float | None = None


def named(text: str) -> Named:
    """Parse COLUMN[:THRESHOLD]; raises ValueError without a column, or with a threshold that is not a number."""
    column, colon, threshold = text.rpartition(":") if ":" in text else (text, "", "")
    if not column.strip() or (colon and not math.isfinite(float(threshold))):
        raise ValueError(text)
    return Named(column.strip(), float(threshold) if colon else None)


def outcomes_of(row: Row, chosen: Sequence[Named] = ()) -> tuple[Outcome, ...]:
    """The verdicts of a row in its known columns and the chosen ones; a column without a value gives none."""
    thresholds = {one.column: one.threshold for one in chosen}
    found: dict[str, Outcome] = {}
    for path, value in _columns(row, (), frozenset(one.rpartition(".")[2] for one in thresholds)):
        dotted, leaf = ".".join(path), path[-1]
        known = leaf.lower() in COLUMNS
        if not known and dotted not in thresholds and leaf not in thresholds:
            continue
        name = dotted if leaf in found else leaf
        outcome = judged(name, value, thresholds.get(dotted, thresholds.get(leaf)))
        if outcome:
            found[name] = outcome
    for one in chosen:
        value = _at(row, one.column.split("."))
        if one.column not in found and one.column.rpartition(".")[2] not in found and value is not None:
            found[one.column] = judged(one.column, value, one.threshold) or Outcome(one.column, None)
    return tuple(found.values())


def missing(row: Row, chosen: Sequence[Named]) -> list[str]:
    """The chosen columns that a row does not have."""
    leaves = {one.column for one in outcomes_of(row, chosen)}
    return [one.column for one in chosen if not {one.column, one.column.rpartition(".")[2]} & leaves]


def judged(column: str, value: Any, threshold: float | None = None) -> Outcome | None:
    """The verdict of a value: true or false, 1 or 0, a word, a number against the threshold; None if it is empty."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return Outcome(column, value)
    if isinstance(value, str):
        word = value.strip().lower()
        if word in TRUE | FALSE:
            return Outcome(column, word in TRUE)
        value = _number(word)
    if not isinstance(value, int | float) or not math.isfinite(value):
        return Outcome(column, None)
    score = float(value) if 0 <= value <= 1 else None
    if threshold is not None:
        return Outcome(column, value >= threshold, score)
    return Outcome(column, bool(value) if value in (0, 1) else None, score)


def _columns(row: Row, above: tuple[str, ...], wanted: frozenset[str]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Path and value of every field with a verdict's name, outer fields first."""
    inner = []
    for name, value in row.items():
        path = (*above, str(name))
        holder = opened(value) if str(name).lower() in CONTAINERS and len(path) < DEEPEST else None
        if holder is not None:
            inner.append((path, holder))
        elif str(name).lower() in COLUMNS or name in wanted:
            yield path, value
    for path, holder in inner:
        yield from _columns(holder, path, wanted)


def opened(value: Any) -> Row | None:
    """An object, or the object of a JSON text; None for everything else."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return None
    return value if isinstance(value, dict) else None


def _at(row: Row, path: list[str]) -> Any:
    value: Any = row
    for name in path:
        holder = opened(value)
        value = None if holder is None else holder.get(name)
    return value


def _number(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None
