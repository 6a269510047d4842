"""Builds the briefs of planned attempts: system prompt, tools, budget and seed.

A brief is built when the pool has a free slot for it, so that a run of a hundred thousand attempts starts at once.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date

import pyarrow as pa

from flows.domains import composers, domain, domains
from flows.environments.environment import SANDBOX
from flows.environments.sandbox import unavailable
from flows.rollout.loop.acts import Brief, Compaction
from flows.rollout.loop.agent import turn_seed
from flows.rollout.loop.trajectory_row import Plan
from flows.rollout.pool.performer import RolloutContext
from flows.rollout.sampling import attempt_sampling
from flows.rollout.task_texts import TaskTexts
from flows.rollout.tools.delegate import DELEGATE
from flows.rollout.tools.toolbox import offered_kind
from flows.settings import Rollout, Settings
from schemas.task import Task
from schemas.trajectory import trajectory_id


class RolloutError(Exception):
    """The planned tasks cannot be rolled out; the message names the missing domain, tool or verifier."""


def check_planned(planned: pa.Table, limits: Rollout) -> None:
    """Raise RolloutError if a planned task needs a domain, a tool or a verifier that does not exist, or a sandbox that
    this machine cannot run.
    """
    tools, verifiers = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    for row in planned.select(["domain", "tools", "verifiers"]).to_pylist():
        tools[row["domain"]].update(row["tools"])
        verifiers[row["domain"]].update(row["verifiers"])
    _check("domains", tools.keys(), domains())
    for name in tools:
        if not domain(name).environment.has_state:
            _check("tools", tools[name], [tool.name for tool in domain(name).environment.tools("{}", "chat")])
        _check("verifiers", verifiers[name], [verifier.name for verifier in domain(name).verifiers])
    sandboxed = [name for name in tools if SANDBOX in offered_kind(domain(name), limits, "chat").needs]
    if sandboxed and (reason := unavailable()):
        raise RolloutError(f"planned tasks of {', '.join(sorted(sandboxed))} run code in a sandbox: {reason}")


def needs_library(planned: pa.Table) -> bool:
    """True if the world of a planned task reads the library of pages: by its domain, or by its composer."""
    names, made_by = set(planned["domain"].to_pylist()), set(planned["composer"].to_pylist())
    drawing = {name for name, (_, composer) in composers().items() if composer.reads_graph}
    return bool(drawing & made_by) or any("library" in domain(name).environment.needs for name in names)


def _check(kind: str, needed: Iterable[str], known: Iterable[str]) -> None:
    if missing := set(needed) - set(known):
        raise RolloutError(
            f"planned tasks need {kind} {', '.join(sorted(missing))}; there are {', '.join(sorted(known))}. "
            "Add them, or compose the tasks again."
        )


def build_plans(
    planned: pa.Table, texts: TaskTexts, settings: Settings, day: date, context: RolloutContext
) -> Iterator[Plan]:
    """The planned attempts in order, each with its brief, built as the iterator advances."""
    for batch in planned.to_batches(max_chunksize=256):
        for row in batch.to_pylist():
            sample, expected = row.pop("sample"), row.pop("expected_tokens")
            task = Task.model_validate(row | {"setup": texts.setup(row["task_id"])})
            truth = texts.truth(task.task_id)
            brief = build_brief(task, sample, settings, day, context)
            yield Plan(task, sample, brief, truth, expected_tokens=expected)


def build_brief(task: Task, sample: int, settings: Settings, day: date, context: RolloutContext) -> Brief:
    """The inputs of one attempt at a task, with the sampling of the settings and a seed of its own."""
    name, teacher = trajectory_id(task.task_id, sample), settings.teacher
    window = min(teacher.context_window, context.teacher.identity.context)
    tools = context.toolbox.specs(task.domain, task.tools, task.setup)
    levels = _levels(task, settings.rollout, context)
    compaction = _compaction(settings.rollout, window) if task.max_tokens > window else None
    return Brief(
        trajectory_id=name,
        run_id=day.isoformat(),
        system=domain(task.domain).system_prompt(context.dialect.name).text.strip(),
        instruction=task.instruction,
        tools=(*tools, DELEGATE.spec) if levels else tools,
        max_turns=task.max_turns,
        max_tokens=task.max_tokens if compaction else min(task.max_tokens, window),
        max_seconds=task.max_seconds,
        max_repeated_calls=settings.rollout.max_repeated_calls,
        sampling=attempt_sampling(
            teacher, context.teacher.identity, turn_seed(teacher.seed, name), settings.rollout.max_repetitions
        ),
        compaction=compaction,
        levels=levels,
    )


def _levels(task: Task, limits: Rollout, context: RolloutContext) -> int:
    """Levels of children: none in an environment with state, which a child would share with its parent."""
    possible = not context.toolbox.kind(task.domain).has_state and context.dialect.name != "text"
    return limits.delegate_levels if possible else 0


def _compaction(limits: Rollout, window: int) -> Compaction | None:
    return Compaction(window, limits.compact_at, limits.compaction) if limits.compact_at else None
