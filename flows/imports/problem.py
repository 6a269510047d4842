"""Finds what fixes the problem of an imported conversation: its instruction, and what its task's identity covers.

Mostly that is the first user message with the ground truth. A dialogue with a user who answers back is another matter:
its opening may be a greeting or a first hint, so the identity covers what the user says until the agent acts, or the
set's own id of the task where the row has one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flows.imports.courtesy import ENOUGH, asks, is_result
from flows.imports.formats.attempt.outcomes import CONTAINERS, opened
from flows.imports.formats.conversation import Attempt, Message, Row
from schemas.task import folded, task_id

COMPOSER = "import"
OWN_IDS = ("task_id", "instance_id", "problem_id", "question_id", "scenario_id", "task_name")
"""Columns that name the problem of a row, not the row."""
INSTANCE = "instance_id"
"""The column that names a state of a repository, which the instruction need not mention."""
NESTED = CONTAINERS | {"task", "instance", "problem", "env"}


@dataclass(frozen=True)
class Problem:
    """The task of an attempt, as far as the row fixes it."""

    instruction: str
    """Request of the user before the agent acts, without greetings; never empty."""
    words: str
    """Text that identity covers; empty where the set's own id takes its place."""
    beyond: tuple[str, ...]
    """Further parts of the identity, beside words and ground truth."""

    def task(self, domain: str, truth: str | None) -> str:
        """Id of the task."""
        return task_id(domain, self.words, truth, [], COMPOSER, self.beyond)


def problem_of(attempt: Attempt) -> Problem:
    """The problem of an attempt that has a user message with text."""
    said = [one.content for one in attempt.messages if one.role == "user" and one.content.strip()]
    asked, before_act = _asked(attempt)
    words, instruction = "\n".join(asked), "\n".join(asked[:before_act]) or said[0]
    own, scope = own_id(attempt.metadata), _scope(attempt)
    answers_back = sum(asks(one) > 0 for one in said) > 1 or not asked
    if own and answers_back and any(scope):
        return Problem(instruction, "", (*own, *scope))
    if own and (answers_back or (own[0] == INSTANCE and attempt.truth is None)):
        return Problem(instruction, words, own)
    if asked:
        return Problem(instruction, words, ())
    return Problem(instruction, "\n".join(said), ("system", scope[0]))


def own_id(row: Row, depth: int = 2) -> tuple[str, str] | tuple[()]:
    """Name and value of the column with the set's own id of the task, outer columns first; empty if there is none."""
    for name in OWN_IDS:
        value = row.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            return name, str(value)
    inner = (opened(value) for name, value in row.items() if depth and str(name).lower() in NESTED)
    return next((found for one in inner if one and (found := own_id(one, depth - 1))), ())


def _asked(attempt: Attempt) -> tuple[list[str], int]:
    """The user messages that fix the problem, and the number of those before the agent's first act.

    With a ground truth that is the first message that asks for something; else those up to the act that follows a
    whole problem. In a chat without tools a whole problem is enough.
    """
    asked: list[str] = []
    before_act, acts = 0, any(one.calls for one in attempt.messages)
    for message, acted in _turns(attempt.messages):
        if not asks(message) or (asked and is_result(message)):
            continue
        asked.append(message)
        before_act = before_act or (len(asked) if acted else 0)
        if attempt.truth is not None or (asks("\n".join(asked)) >= ENOUGH and (acted or not acts)):
            break
    return asked, before_act or len(asked)


def _turns(messages: Sequence[Message]) -> Iterator[tuple[str, bool]]:
    """Each user message with text, and whether the agent calls a tool before the next one."""
    places = [at for at, one in enumerate(messages) if one.role == "user" and one.content.strip()]
    for at, end in zip(places, [*places[1:], len(messages)], strict=True):
        yield messages[at].content, any(one.calls for one in messages[at:end])


def _scope(attempt: Attempt) -> tuple[str, ...]:
    """The policy and the declared tools, within which a set's own id means one task."""
    first = attempt.messages[0]
    given = [] if "inferred_tools" in attempt.notes else attempt.tools
    names = sorted(str(tool["function"]["name"]) for tool in given)
    return folded(first.content) if first.role == "system" else "", " ".join(names)
