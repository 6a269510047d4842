"""Collects all verdicts on a finished trajectory: by the verifiers that its task names, and by `tool_calls`.

Every attempt is judged here, before its rows leave the journal.
"""

import json

from flows.domains import domain
from flows.domains.contract import Finished, verdict_row
from flows.environments.notes import NOTE_TOOLS
from flows.rollout.tools.delegate import DELEGATE
from flows.rollout.verifiers import tool_calls
from schemas.verdict import Verdict


def judge(attempt: Finished) -> list[Verdict]:
    """All verdicts on a finished trajectory; on a child, which has another question, on its calls only.

    Raises LookupError if the task names an unknown domain or verifier."""
    task, trajectory = attempt.task, attempt.trajectory
    known = domain(task.domain)
    verifiers = {one.name: one for one in known.verifiers}
    chosen = [verifiers[name] for name in task.verifiers] if trajectory.parent_id is None else []
    tools = {tool.name: tool for tool in known.environment.tools(task.setup, "chat") if tool.name in task.tools}
    offered = {tool["function"]["name"] for tool in json.loads(trajectory.tools)}
    tools |= {tool.name: tool for tool in (*NOTE_TOOLS, DELEGATE) if tool.name in offered}
    return [
        *(verdict_row(trajectory, one.name, one.version, one.judge(attempt)) for one in chosen),
        *(
            verdict_row(trajectory, tool_calls.NAME, tool_calls.VERSION, judgement, turn.index)
            for turn, judgement in tool_calls.judge_turns(attempt.turns, tools)
        ),
    ]
