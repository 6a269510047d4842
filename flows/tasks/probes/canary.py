"""Searches the readable part of a task, instruction and setup, for its hidden truth.

The rule refuses no fair task and finds whole leaks: the answer in the words of the instruction, the goal or the
oracle's solution as a part of the setup, or the goal's digest anywhere. Single values are no sign: a fair instruction
names values that the final state holds ("move it to 10:00"), and a world holds most of them from the start.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from schemas.task import Hidden, Task
from sources.index.scripts import lowercase_words

MIN_ANSWER_CHARS = 4
"""Letters and digits of an answer; shorter ones are in many texts by chance."""
MIN_LEAVES = 4
"""Values of a compound part of the hidden truth that is searched for; smaller ones may be equal by chance."""
DIGEST = re.compile(r"[0-9a-f]{32,}")
BRACKET = re.compile(r"[\[{]")
DECODER = json.JSONDecoder()


def leak(task: Task, hidden: Hidden | None) -> str | None:
    """The leaked part: `answer`, `goal`, `oracle` or `digest`; None if nothing leaks."""
    if _states_answer(task):
        return "answer"
    goal, oracle = (_parsed(text) for text in ((hidden.goal, hidden.oracle) if hidden else (None, None)))
    shown = [part for given in (_parsed(task.setup), task.instruction) for part in _parts(given)]
    if _all_shown(goal, shown):
        return "goal"
    if any(part in shown for part in _compounds(oracle)):
        return "oracle"
    readable = f"{task.instruction} {task.setup}"
    digests = (one for part in _parts(goal) if isinstance(part, str) for one in DIGEST.findall(part))
    return "digest" if any(one in readable for one in digests) else None


def _states_answer(task: Task) -> bool:
    words = lowercase_words(task.answer or "")
    return len(words.replace(" ", "")) >= MIN_ANSWER_CHARS and f" {words} " in f" {lowercase_words(task.instruction)} "


def _all_shown(goal: Any, shown: list[Any]) -> bool:
    """True if every compound part of the goal is shown: some may equal parts of the first state by right."""
    parts = list(_compounds(goal))
    return bool(parts) and all(part in shown for part in parts)


def _compounds(truth: Any) -> Iterator[Any]:
    """The whole truth and its direct parts, without those of few values."""
    inner = truth.values() if isinstance(truth, dict) else ()
    direct = [part for part in inner if _n_leaves(part) >= MIN_LEAVES]
    yield from direct
    if not direct and _n_leaves(truth) >= MIN_LEAVES:
        yield truth


def _parts(value: Any) -> Iterator[Any]:
    """The value and everything inside it, JSON in texts included."""
    left = [value]
    while left:
        part = left.pop()
        yield part
        if isinstance(part, dict):
            left += part.values()
        elif isinstance(part, list):
            left += part
        elif isinstance(part, str):
            left += _embedded(part)


def _embedded(text: str) -> Iterator[Any]:
    """The JSON objects and lists that a text holds."""
    at = 0
    while found := BRACKET.search(text, at):
        try:
            part, at = DECODER.raw_decode(text, found.start())
        except (ValueError, RecursionError):
            at = found.end()
            continue
        if part:
            yield part


def _n_leaves(value: Any) -> int:
    if isinstance(value, dict | list):
        return sum(map(_n_leaves, value.values() if isinstance(value, dict) else value))
    return 1


def _parsed(text: str | None) -> Any:
    return json.loads(text) if text is not None else None
