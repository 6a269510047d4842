"""A rollout is one run of a teacher over the planned attempts, and what that run left unfinished.

Only the journal knows how far an unfinished attempt came, and nobody else may open it; so each run leaves
here what it cost and where every attempt stood, for statistics that count what budgets cut.
"""

from typing import ClassVar

from pydantic import Field

from schemas.record import Count, Name, Real, Record, Text, Time


class Rollout(Record):
    """What one run did and cost (grain: one row a run of the rollout; a night can have several)."""

    record: ClassVar[str] = "rollout"

    run_id: Name = Field(description="the nightly run that it was part of")
    started_at: Time = Field(description="when it began to look for work, UTC")
    ended_at: Time = Field(
        description="when its last row was written, UTC; of a killed run: when it last said how far it was"
    )
    ending: Name = Field(description="done, budget, failed, interrupted, killed")
    detail: Text = Field(description="which budget, or which error; empty for done")
    engine: Name = Field(description="vllm, embedded")
    gpus: Count = Field(
        description="servers x tensor_parallel x data_parallel of the settings; 0 for the embedded teacher"
    )
    teacher_seconds: Real = Field(description="wall seconds from asking for the teacher until it was let go")
    gpu_seconds: Real = Field(description="teacher_seconds x gpus: what the GPUs were held for, busy or not")
    planned: Count = Field(description="attempts that were still to be made")
    finished: Count = Field(description="attempts that this run finished")
    given_up: Count = Field(description="attempts that aborted for the last time")
    aborted: Count = Field(description="attempts that aborted and will be tried again")
    turns: Count = Field(description="assistant turns made durable, of finished and unfinished attempts")
    sampled_tokens: Count = Field(description="tokens sampled, of finished and unfinished attempts")
    prefix_cache_hit_rate: Real | None = Field(
        description="share of looked-up prompt tokens found in prefix caches; null when not told"
    )
    faults: Text = Field(description="JSON: code -> how often")


class Unfinished(Record):
    """Where an attempt stood when a run ended without finishing it (grain: one row an attempt a run)."""

    record: ClassVar[str] = "unfinished"

    trajectory_id: Name = Field(description="content id of task and sample")
    task_id: Name = Field(description="the task attempted")
    sample: Count = Field(description="which attempt, from 0")
    domain: Name = Field(description="the task's domain")
    reason: Name = Field(
        description="budget, failed, interrupted: in flight when the run ended so; not_started; aborted_to_retry"
    )
    detail: Text | None = Field(description="of an abort: what happened")
    n_turns: Count = Field(description="assistant turns that the journal keeps")
    n_tokens: Count = Field(description="tokens of all turns that the journal keeps, prompt included")
    n_sampled_tokens: Count = Field(description="of these, sampled by the teacher")
    stopped_at: Time = Field(description="when the run ended, UTC")
    run_id: Name = Field(description="the nightly run that left it")
