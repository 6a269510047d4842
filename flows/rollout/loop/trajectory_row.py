"""Builds the trajectory row of an attempt that ended.

Counts come from the committed turns. Hashes identify the setup that shaped them (renderer, chat template, vocabulary),
so that each row names everything that produced it.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from flows.environments.environment import EnvironmentKind
from flows.environments.tool import ToolSpec
from flows.rollout.loop.acts import Brief, Ending
from flows.rollout.loop.episode import calls_of
from flows.rollout.protocol import Dialect, Identity
from flows.rollout.tools.observation import clean
from schemas.record import content_id, sha256_text
from schemas.task import Hidden, Task
from schemas.trajectory import NO_IDS, Trajectory, Turn


@dataclass(frozen=True)
class Plan:
    """One planned attempt: sample number `sample` of a task, with its brief."""

    task: Task
    sample: int
    brief: Brief
    hidden: Hidden | None = None
    """The hidden truth of the task, for its verifiers; no world is built from it."""
    parent: tuple[str, str] | None = None
    """Of a child: the trajectory that delegated it, and the id of the call."""
    expected_tokens: int | None = None
    """Mean length in tokens of earlier attempts at similar tasks; None without any."""


def setup_id(brief: Brief, identity: Identity, dialect: Dialect, environment: EnvironmentKind) -> str:
    """Content id of all inputs of a turn's tokens but the task; an attempt resumes only in the same setup."""
    world = (environment.name, environment.version) if environment.has_state else ()
    rendering = (dialect.name, dialect.renderer, dialect.template_sha256, dialect.reasoning_policy)
    tools = tools_json(brief.tools)
    return content_id(identity.engine, identity.model, identity.revision, *rendering, brief.system, tools, *world)


def trajectory_row(
    plan: Plan, ending: Ending, turns: Sequence[Turn], started_at: datetime, made_by: tuple[Identity, Dialect]
) -> Trajectory:
    """The row of an attempt that ended now; `turns` are its committed turns, `made_by` its teacher and dialect."""
    identity, dialect = made_by
    own = [turn for turn in turns if turn.copy_of is None]
    brief, assistant_turns = plan.brief, [turn for turn in own if turn.role == "assistant"]
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
        tools=tools_json(brief.tools),
        status=ending.status,
        answer=clean(ending.answer) if ending.answer is not None else None,
        n_turns=len(assistant_turns),
        n_tool_calls=sum(len(calls_of(turn)) for turn in assistant_turns),
        n_tokens=sum(turn.n_tokens for turn in own),
        n_sampled_tokens=sum(_n_sampled(turn) for turn in own),
        n_observation_tokens=sum(turn.n_tokens for turn in own if turn.role == "tool"),
        started_at=started_at,
        ended_at=datetime.now(UTC),
        error=ending.error,
        parent_id=plan.parent[0] if plan.parent else None,
        parent_call_id=plan.parent[1] if plan.parent else None,
        ids=None if identity.token_ids else NO_IDS,
        n_segments=turns[-1].segment + 1 if turns and turns[-1].segment else None,
    )


def tools_json(tools: Sequence[ToolSpec]) -> str:
    """The tools as JSON in OpenAI's format, which chat templates and trainers read."""
    rows = [
        {
            "type": "function",
            "function": {"name": tool.name, "description": tool.description, "parameters": tool.parameters},
        }
        for tool in tools
    ]
    return json.dumps(rows, ensure_ascii=False, sort_keys=True)


def _n_sampled(turn: Turn) -> int:
    return len(turn.logprobs) if turn.sampled_tokens is None else turn.sampled_tokens


def _sampling(brief: Brief, dialect: Dialect) -> str:
    used = asdict(dialect.sampling(brief.sampling, must_answer=False, tools=brief.tools))
    grammar = used.pop("grammar")
    del used["seed"]
    used |= dialect.thinking
    used |= {name: None for name, source in used["sources"].items() if source == "api"}
    return json.dumps(used | {"grammar_sha256": sha256_text(grammar) if grammar else None}, sort_keys=True)
