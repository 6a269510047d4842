"""Turns of an attempt as a reader sees them: each step of the agent with its calls, and each call with its result.

Turns are read as a stream, and a step is complete at the next turn that is no tool result. So a long attempt is on
the screen before it is read to its end, and is never whole in memory.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from flows.view.reading import Row
from flows.view.shades import Confidence, confidence
from flows.view.words import Vocabulary, Word


@dataclass
class Call:
    """A tool call with its result, if it has one, and the attempts that it delegated."""

    id: str
    name: str
    arguments: str
    result: Row | None = None
    children: list[Row] = field(default_factory=list)


@dataclass
class Step:
    """One turn with the results of its calls; `others` are results without a call of the turn."""

    turn: Row
    calls: list[Call]
    confidence: Confidence | None
    words: list[Word] = field(default_factory=list)
    opens_segment: bool = False
    others: list[Row] = field(default_factory=list)


def steps(turns: Iterable[Row], children: Iterable[Row] = (), vocabulary: Vocabulary | None = None) -> Iterator[Step]:
    """The steps of an attempt, in order; `children` are the attempts that its calls delegated.

    With the attempt's `vocabulary`, each step has its sampled tokens as words.
    """
    delegated = list(children)
    current: Step | None = None
    segment = 0
    for turn in turns:
        if turn["role"] == "tool" and current and turn["copy_of"] is None:
            _add_result(current, turn)
            continue
        if current:
            yield current
        calls, words = list(_calls(turn, delegated)), _words(turn, vocabulary)
        current = Step(turn, calls, confidence(turn["logprobs"]), words, turn["segment"] != segment)
        segment = turn["segment"]
    if current:
        yield current


def _words(turn: Row, vocabulary: Vocabulary | None) -> list[Word]:
    """The sampled tokens as words; none without their ids, which some APIs do not give."""
    ids, logprobs = turn["sampled_ids"], turn["logprobs"]
    return vocabulary.words(ids, logprobs) if vocabulary and logprobs and len(ids) == len(logprobs) else []


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
