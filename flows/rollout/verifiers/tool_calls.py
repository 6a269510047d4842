"""The verifier of single turns: judges each assistant turn that calls tools, or that could not be parsed.

It applies to every domain, since it needs only the tools' argument schemas and the kinds of the observations.
"""

from collections.abc import Iterator, Mapping, Sequence

from flows.domains.contract import Judgement
from flows.environments.tool import CONTENT_KINDS, Tool
from flows.rollout.loop.episode import calls_of
from flows.rollout.tools.arguments import argument_error
from schemas.trajectory import Turn

NAME = "tool_calls"
VERSION = "2"


def judge_turns(turns: Sequence[Turn], tools: Mapping[str, Tool]) -> Iterator[tuple[Turn, Judgement]]:
    """Yields the turns with tool calls and their judgements; `tools` are those that the task allows, by name.

    Reasons: `parse:<code>`, `schema` (an unknown tool or invalid arguments), `not_run`, or the kind of the first
    observation that shows nothing. The score is the share of observations that show something.
    """
    for place, turn in enumerate(turns):
        if turn.role == "assistant" and turn.parse != "ok":
            yield turn, Judgement(f"parse:{turn.parse}", 0.0)
        elif turn.tool_calls:
            yield turn, _judge_calls(turn, _kinds_after(turns, place), tools)


def _kinds_after(turns: Sequence[Turn], place: int) -> list[str]:
    later = (turn.role for turn in turns[place + 1 :])
    n = next((i for i, role in enumerate(later) if role != "tool"), len(turns) - place - 1)
    return [turn.kind for turn in turns[place + 1 : place + 1 + n] if turn.kind]


def _judge_calls(turn: Turn, kinds: list[str], tools: Mapping[str, Tool]) -> Judgement:
    calls = calls_of(turn)
    if any(argument_error(call, tools) for call in calls):
        return Judgement("schema", 0.0)
    if len(kinds) < len(calls):
        return Judgement("not_run", 0.0)
    bad = [kind for kind in kinds if kind not in CONTENT_KINDS]
    return Judgement(bad[0] if bad else "ok", 1 - len(bad) / len(kinds))
