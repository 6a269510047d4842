"""Builds the rows of a composed task: the task itself, and its hidden truth, which no tool can reach."""

import json
from datetime import date

from flows.domains.contract import Composer, Domain, Draft
from flows.settings import Tasks
from schemas.task import Hidden, Task, task_id

NO_SETUP = "{}"


def task_row(domain: Domain, composer: Composer, draft: Draft, settings: Tasks, day: date) -> Task:
    """The task of a draft, with the tools and verifiers of its domain and the budget of the settings where it has none.

    Its identity covers the setup, since two worlds with one instruction are two problems.
    """
    beyond = () if draft.setup == NO_SETUP else (draft.setup,)
    tools, verifiers = draft.tools, draft.verifiers
    if tools is None:
        tools = [tool.name for tool in domain.environment.tools(draft.setup, "chat")]
    if verifiers is None:
        verifiers = [verifier.name for verifier in domain.verifiers]
    prompt = draft.prompt or composer.prompt
    return Task(
        task_id=task_id(domain.name, draft.instruction, draft.answer, draft.evidence, composer.name, beyond),
        domain=domain.name,
        instruction=draft.instruction,
        answer=draft.answer,
        evidence=draft.evidence,
        path=draft.path,
        tools=list(tools),
        verifiers=list(verifiers),
        setup=draft.setup,
        max_turns=settings.max_turns if draft.max_turns is None else draft.max_turns,
        max_tokens=settings.max_tokens,
        max_seconds=settings.max_seconds,
        samples=settings.samples,
        hops=draft.hops,
        difficulty=json.dumps(draft.difficulty),
        composer=composer.name,
        composer_version=composer.version,
        prompt_sha256=prompt.sha256 if prompt else None,
        created_at=draft.created_at,
        run_id=str(day),
        answer_form=draft.answer_form,
        licenses=sorted(set(draft.licenses)) or None,
    )


def hidden_row(task: Task, draft: Draft) -> Hidden | None:
    """The hidden truth of the task; None if its draft has none."""
    if draft.goal is None and draft.oracle is None:
        return None
    return Hidden(task_id=task.task_id, goal=draft.goal, oracle=draft.oracle, run_id=task.run_id)
