"""From a planned row to what an attempt is told: its words, its tools, its budget, its seed.

Plans are made one after the other, when a slot of the pool is free: a night of a hundred thousand attempts
starts at once.
"""

from collections.abc import Iterator
from datetime import date

import pyarrow as pa

from flows.domains import domain
from flows.domains.search.tools import ARGUMENTS
from flows.domains.search.verifiers import VERIFIERS
from flows.rollout.loop.agent import Brief, turn_seed
from flows.rollout.loop.trajectory_row import Plan
from flows.rollout.pool.pool import Crew
from flows.rollout.protocol import Dialect, Sampling
from flows.settings import Settings
from schemas.prompt import prompt
from schemas.task import Task
from schemas.trajectory import trajectory_id


class RolloutError(Exception):
    """The planned tasks cannot be rolled out; the message names what they ask for and what there is."""


def check(planned: pa.Table) -> None:
    """Raise RolloutError when a planned task asks for a tool or a verifier that is not there."""
    for column, known in (("tools", set(ARGUMENTS)), ("verifiers", set(VERIFIERS))):
        asked = {name for names in planned.column(column).to_pylist() for name in names}
        if asked - known:
            raise RolloutError(
                f"planned tasks ask for {column} {', '.join(sorted(asked - known))}; "
                f"there are {', '.join(sorted(known))}. Add them, or compose the tasks again."
            )


def plans(planned: pa.Table, settings: Settings, day: date, crew: Crew) -> Iterator[Plan]:
    """The planned attempts in order, each made when its turn comes."""
    for batch in planned.to_batches(max_chunksize=256):
        for row in batch.to_pylist():
            sample, expected = row.pop("sample"), row.pop("expected_tokens")
            task = Task.model_validate(row)
            yield Plan(task, sample, _brief(task, sample, settings, day, crew), expected)


def _brief(task: Task, sample: int, settings: Settings, day: date, crew: Crew) -> Brief:
    name, asked = trajectory_id(task.task_id, sample), settings.teacher
    seed = turn_seed(asked.seed, name)
    return Brief(
        trajectory_id=name,
        run_id=day.isoformat(),
        system=_system(task, crew.dialect),
        instruction=task.instruction,
        tools=crew.toolbox.tools(task.tools),
        max_turns=task.max_turns,
        max_tokens=min(task.max_tokens, asked.context_window, crew.teacher.identity.context),
        max_seconds=task.max_seconds,
        max_repeated_calls=settings.rollout.max_repeated_calls,
        sampling=Sampling(
            asked.temperature,
            asked.top_p,
            asked.max_completion_tokens,
            seed,
            repeat_limit=settings.rollout.max_repetitions,
        ),
    )


def _system(task: Task, dialect: Dialect) -> str:
    kind = domain(task.domain)
    return prompt(kind.text_prompt if dialect.name == "text" else kind.chat_prompt).text.strip()
