"""Turns of an attempt as a reader sees them: each step of the agent with its calls, and each call with its result.

Turns are read as a stream, and a step is complete at the next turn that is no tool result. So a long attempt is on
the screen before it is read to its end, and is never whole in memory.
"""

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from flows.view.reading import Row

CELLS = 60
"""Cells of a step's strip of probabilities at most."""
LEVELS = (0.9, 0.7, 0.5, 0.3, 0.1)
"""Least probabilities of the shades 0 to 4; shade 5 is less probable still."""
UNLIKELY = 0.1


@dataclass
class Call:
    """A tool call with its result, if it has one, and the attempts that it delegated."""

    id: str
    name: str
    arguments: str
    result: Row | None = None
    children: list[Row] = field(default_factory=list)


@dataclass(frozen=True)
class Confidence:
    """Probabilities of a step's sampled tokens: a shade per share of them (its least probable), and their summary."""

    cells: list[int]
    mean: float
    """Geometric mean of the probabilities."""
    least: float
    unlikely: int
    """Tokens with a probability below UNLIKELY."""
    tokens: int


@dataclass
class Step:
    """One turn with the results of its calls; `others` are results without a call of the turn."""

    turn: Row
    calls: list[Call]
    confidence: Confidence | None
    opens_segment: bool = False
    others: list[Row] = field(default_factory=list)


def steps(turns: Iterable[Row], children: Iterable[Row] = ()) -> Iterator[Step]:
    """The steps of an attempt, in order; `children` are the attempts that its calls delegated."""
    delegated = list(children)
    current: Step | None = None
    segment = 0
    for turn in turns:
        if turn["role"] == "tool" and current and turn["copy_of"] is None:
            _add_result(current, turn)
            continue
        if current:
            yield current
        current = Step(turn, list(_calls(turn, delegated)), confidence(turn["logprobs"]), turn["segment"] != segment)
        segment = turn["segment"]
    if current:
        yield current


def confidence(logprobs: list[float] | None) -> Confidence | None:
    """Summarise natural log-probabilities of sampled tokens; None without any."""
    if not logprobs:
        return None
    width = -(-len(logprobs) // CELLS)
    shares = [logprobs[at : at + width] for at in range(0, len(logprobs), width)]
    unlikely = sum(one < math.log(UNLIKELY) for one in logprobs)
    mean = math.exp(sum(logprobs) / len(logprobs))
    return Confidence([_shade(min(s)) for s in shares], mean, math.exp(min(logprobs)), unlikely, len(logprobs))


def _shade(logprob: float) -> int:
    return sum(math.exp(logprob) < level for level in LEVELS)


def _add_result(step: Step, turn: Row) -> None:
    for call in step.calls:
        if call.id == turn["tool_call_id"] and call.result is None:
            call.result = turn
            return
    step.others.append(turn)


def _calls(turn: Row, children: list[Row]) -> Iterator[Call]:
    """The calls of a turn; where the column does not parse, its own text as the arguments of a call without a name."""
    if turn["copy_of"] is not None or not turn["tool_calls"]:
        return
    try:
        made = [(str(one["id"]), str(one["name"]), _pretty(one["arguments"])) for one in json.loads(turn["tool_calls"])]
    except (ValueError, TypeError, KeyError):
        made = [("", "not parsed", turn["tool_calls"])]
    for id, name, arguments in made:
        yield Call(id, name, arguments, children=[child for child in children if child["parent_call_id"] == id])


def _pretty(arguments: object) -> str:
    return arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False, indent=2)
