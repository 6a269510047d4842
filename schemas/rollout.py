"""A rollout is one run of a teacher over the planned attempts; an unfinished row is an attempt that the run left.

The journal of a rollout is open to one process only, so each run writes its cost and the state of every unfinished
attempt to the lake, for statistics that count the attempts that budgets cut.
"""

from typing import ClassVar

from pydantic import Field

from schemas.columns import Domain, OfTask, Sample, TrajectoryId
from schemas.record import Count, Name, Real, Record, Text, Time


class Rollout(Record):
    """Work and cost of one run (grain: one row per run of the rollout; a night can have several)."""

    record: ClassVar[str] = "rollout"

    run_id: Name = Field(description="night, as in 2026-11-28 or 2026-11-28T1400")
    started_at: Time = Field(description="UTC time at which the run started to look for planned attempts")
    ended_at: Time = Field(description="UTC time at which the run wrote its last row; of a killed run: its last status")
    ending: Name = Field(description="how the run ended: done, budget, failed, interrupted, killed")
    detail: Text = Field(description="which budget, or which error; empty if done")
    engine: Name = Field(description="engine of the teacher: vllm, sglang, embedded, chat")
    gpus: Count = Field(
        description="servers x tensor_parallel x data_parallel in the settings; 0 for the embedded teacher"
    )
    teacher_seconds: Real = Field(
        description="wall-clock seconds from the request for the teacher to its release; 0 if it never answered"
    )
    gpu_seconds: Real = Field(description="teacher_seconds x gpus: GPU seconds reserved, busy or idle")
    planned: Count = Field(description="number of attempts to make at the start of the run")
    finished: Count = Field(description="number of attempts that the run finished")
    given_up: Count = Field(description="number of attempts that aborted for the last time")
    aborted: Count = Field(description="number of attempts that aborted and will be retried")
    turns: Count = Field(description="number of assistant turns committed, of finished and unfinished attempts")
    sampled_tokens: Count = Field(description="number of tokens sampled, of finished and unfinished attempts")
    prefix_cache_hit_rate: Real | None = Field(
        description="share of prompt tokens found in the servers' prefix caches, 0 to 1; null if unknown"
    )
    faults: Text = Field(description="JSON object: code of a fault -> number of occurrences")
    discarded: Count | None = Field(
        default=None,
        description="number of generations that a server cut (abort, shutdown, pause): thrown away and requested again",
    )
    discarded_tokens: Count | None = Field(
        default=None, description="number of tokens sampled in these generations, not part of sampled_tokens"
    )
    context_window: Count | None = Field(
        default=None, description="context window of the teacher in tokens, as its servers report it; null if unknown"
    )
    kv_tokens: Count | None = Field(
        default=None, description="number of tokens that the KV caches of all servers hold; null if unknown"
    )
    prompt_tokens: Count | None = Field(
        default=None, description="number of prompt tokens that an API billed; null for other engines"
    )
    cached_prompt_tokens: Count | None = Field(
        default=None, description="number of these that the API read from its prompt cache; null for other engines"
    )
    cost: Real | None = Field(
        default=None, description="price of all requests, in the currency of teacher.price_input; null without prices"
    )
    user_tokens: Count | None = Field(
        default=None,
        description="number of tokens that the model that plays users sampled, not part of sampled_tokens",
    )


class Unfinished(Record):
    """An attempt that a run ended without finishing (grain: one row per attempt and run)."""

    record: ClassVar[str] = "unfinished"

    trajectory_id: TrajectoryId
    task_id: OfTask
    sample: Sample
    domain: Domain
    reason: Name = Field(
        description="budget, failed, interrupted: in flight as the run ended so; not_started; aborted_to_retry; lost, "
        "task_lost: a repair set aside the damaged part with the attempt's rows, or with its task"
    )
    detail: Text | None = Field(description="explanation of an abort in words; null otherwise")
    n_turns: Count = Field(description="number of assistant turns in the journal")
    n_tokens: Count = Field(description="number of tokens of all turns in the journal, prompt included")
    n_sampled_tokens: Count = Field(description="number of these tokens that the teacher sampled")
    stopped_at: Time = Field(description="UTC time at which the run ended")
    run_id: Name = Field(description="night that left it, as in 2026-11-28 or 2026-11-28T1400")
