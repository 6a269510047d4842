"""From how an attempt ended to the rows that it leaves: the trajectory, and the verdicts on it.

Counts are taken from the turns as they were committed, and the setup that shaped them is named with
hashes, so that a row says what made it.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from flows.domains.contract import ToolSpec
from flows.rollout.loop.agent import Brief, Ending
from flows.rollout.loop.episode import calls_of
from flows.rollout.protocol import Dialect, Identity
from flows.rollout.tools.observation import clean
from schemas.record import content_id, sha256_text
from schemas.task import Task
from schemas.trajectory import Trajectory, Turn


@dataclass(frozen=True)
class Plan:
    """One attempt that is to be made."""

    task: Task
    sample: int
    brief: Brief
    expected_tokens: int | None = None
    """Mean length of earlier attempts at tasks like it, where there were any."""


def setup_id(brief: Brief, identity: Identity, dialect: Dialect) -> str:
    """Names all that a turn's tokens depend on besides the task; turns of another setup cannot be gone on from."""
    words = (dialect.name, dialect.renderer, dialect.template_sha256, dialect.reasoning_policy)
    return content_id(identity.engine, identity.model, identity.revision, *words, brief.system, dump(brief.tools))


def trajectory_row(
    plan: Plan, ending: Ending, turns: Sequence[Turn], started_at: datetime, made_by: tuple[Identity, Dialect]
) -> Trajectory:
    """The row of an attempt that ended now."""
    identity, dialect = made_by
    brief, said = plan.brief, [turn for turn in turns if turn.role == "assistant"]
    return Trajectory(
        trajectory_id=brief.trajectory_id,
        task_id=plan.task.task_id,
        sample=plan.sample,
        run_id=brief.run_id,
        domain=plan.task.domain,
        teacher_model=identity.model,
        teacher_revision=identity.revision,
        engine=identity.engine,
        engine_version=identity.engine_version,
        dialect=dialect.name,
        renderer=dialect.renderer,
        template_sha256=dialect.template_sha256,
        vocabulary_sha256=dialect.vocabulary_sha256,
        reasoning_policy=dialect.reasoning_policy,
        sampling=_sampling(brief, dialect),
        seed=brief.sampling.seed,
        system=brief.system,
        tools=dump(brief.tools),
        status=ending.status,
        answer=clean(ending.answer) if ending.answer is not None else None,
        n_turns=len(said),
        n_tool_calls=sum(len(calls_of(turn)) for turn in said),
        n_tokens=sum(turn.n_tokens for turn in turns),
        n_sampled_tokens=sum(len(turn.logprobs) for turn in turns),
        n_observation_tokens=sum(turn.n_tokens for turn in turns if turn.role == "tool"),
        started_at=started_at,
        ended_at=datetime.now(UTC),
        error=ending.error,
    )


def dump(tools: Sequence[ToolSpec]) -> str:
    """Tools as JSON, in the form that chat templates and trainers take."""
    rows = [
        {
            "type": "function",
            "function": {"name": tool.name, "description": tool.description, "parameters": tool.parameters},
        }
        for tool in tools
    ]
    return json.dumps(rows, ensure_ascii=False, sort_keys=True)


def _sampling(brief: Brief, dialect: Dialect) -> str:
    used = asdict(dialect.sampling(brief.sampling, must_answer=False, tools=brief.tools))
    grammar = used.pop("grammar")
    del used["seed"]
    return json.dumps(used | {"grammar_sha256": sha256_text(grammar) if grammar else None}, sort_keys=True)
