"""Settings of the rollout: concurrency, budgets of a run, limits of tools and attempts."""

from typing import Literal

from pydantic import Field

from flows.settings.section import Section
from flows.settings.types import Positive, Seconds


class Rollout(Section):
    """Concurrency of the rollout and limits of one attempt."""

    max_in_flight: Positive | None = Field(
        default=None, description="maximum trajectories in flight; default: 4 embedded, 1024 vllm"
    )
    processes: Positive = Field(
        default=1,
        description="processes that share the attempts of a run, for more turns a second than one core can handle; "
        "engines vllm and sglang only; max_in_flight is that of all together, tool_workers of each",
    )
    kv_cache_share: float = Field(
        default=0.9, gt=0, le=1, description="share of the servers' KV cache that contexts in flight may fill"
    )
    max_tokens: Positive | None = Field(default=None, description="stop a run after this many sampled tokens")
    max_hours: float | None = Field(default=None, gt=0, description="stop a run after this many hours")
    max_repetitions: int = Field(
        default=16, ge=0, description="consecutive repetitions after which a generation is cut, 0 for no limit"
    )
    tool_workers: int = Field(default=1, ge=0, description="worker processes for CPU-bound tools, 0 for threads only")
    tool_timeout_s: Seconds = Field(
        default=30.0,
        description="timeout of one tool call in seconds; a sandboxed command has its task's limits instead",
    )
    tool_retries: int = Field(default=3, ge=0, description="retries of a tool call that faults")
    max_starts: Positive = Field(default=3, description="starts of an attempt before it counts as aborted for good")
    max_observation_chars: Positive = Field(
        default=8_000, description="maximum characters of an observation; its middle is dropped and counted"
    )
    max_repeated_calls: Positive = Field(
        default=4, description="equal calls with equal results in a row that end an attempt as looped"
    )
    compact_at: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="share of the context window past which an attempt goes on in a new segment, such as 0.75; its "
        "task's budget of tokens then counts all segments; none: the attempt ends at the window",
    )
    compaction: Literal["digest", "evict"] = Field(
        default="digest",
        description="digest: the agent sums up its work; evict: earlier tool results are left out, without the model",
    )
    notes: bool = Field(default=False, description="give every attempt the tools note_write and note_read")
    python: dict[str, str] = Field(
        default={},
        description="domain -> image of the sandbox, such as science: gives its attempts the tool python, which runs "
        "programs in files of their own",
    )
    delegate_levels: int = Field(
        default=0,
        ge=0,
        le=3,
        description="levels of attempts that answer questions of an attempt (tool delegate), in environments without "
        "state; 0: none",
    )
    redact: bool = Field(
        default=True, description="replace secrets and personal data in observations before the model sees them"
    )
