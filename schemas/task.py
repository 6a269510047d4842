"""A task: one problem for the agent, with its ground truth fixed before its words were written.

A task carries all that a rollout needs (instruction, tools, budget, how many samples) and all that a
judge needs (answer, evidence, verifiers), so that neither has to ask where it came from.
"""

from typing import ClassVar

from pydantic import BaseModel, Field

from schemas.record import Count, Name, Names, Record, Text, Time, content_id


class Hop(BaseModel):
    """One page of the walk that a task was made from."""

    doc_id: Name = Field(description="the page's document")
    url: Name = Field(description="the page's address")
    anchor: Name | None = Field(description="words of the link that led to the next page; null on the last")


class Task(Record):
    """One problem for the agent (grain: one row a task)."""

    record: ClassVar[str] = "task"

    task_id: Name = Field(description="content id of domain, instruction, answer, evidence and composer")
    domain: Name = Field(description="which of the domains: search, ...")
    instruction: Text = Field(description="what the agent is asked")
    answer: Text | None = Field(description="ground truth; null where only an executable check decides")
    evidence: Names = Field(description="doc_ids of the pages that hold the answer")
    path: list[Hop] = Field(description="the walk over hyperlinks that the task was made from")
    tools: Names = Field(description="names of the tools the agent may call")
    verifiers: Names = Field(description="names of the verifiers that judge an attempt")
    setup: Text = Field(description="JSON: initial state, files, seeds")
    max_turns: Count = Field(description="budget: assistant turns")
    max_tokens: Count = Field(description="budget: tokens of the whole context")
    max_seconds: Count = Field(description="budget: wall seconds of the teacher's and tools' work, 0 for none")
    samples: Count = Field(description="attempts planned for this task (k)")
    hops: Count = Field(description="difficulty: hyperlinks walked")
    difficulty: Text = Field(description="JSON: further difficulty signals, probe results")
    composer: Name = Field(description="what composed it: cloze, written")
    composer_version: Name = Field(description="version of the composer's code")
    prompt_sha256: Name | None = Field(description="hash of the composing prompt, when a model wrote the words")
    created_at: Time = Field(description="UTC")
    run_id: Name = Field(description="the nightly run that composed it")


def task_id(domain: str, instruction: str, answer: str | None, evidence: list[str], composer: str) -> str:
    """The task's id: equal problems on equal pages are one task, whichever night made them."""
    return content_id("task", domain, instruction, answer, evidence, composer)
