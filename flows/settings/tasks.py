"""Settings of the tasks: how many are composed per night, by which composers, with which budget."""

from pydantic import Field

from flows.settings.section import Section
from flows.settings.types import Memory, Positive


class Tasks(Section):
    """Number, difficulty and budget of the tasks."""

    per_night: Positive = Field(default=40, description="tasks composed per night")
    samples: Positive = Field(default=2, description="attempts planned per task (k)")
    composers: list[str] = Field(default=["cloze"], description="names of composers, used in turn")
    min_hops: int = Field(default=1, ge=1, le=4, description="minimum number of hyperlinks in a walk")
    max_hops: int = Field(default=4, ge=1, le=4, description="maximum number of hyperlinks in a walk")
    min_page_chars: Positive = Field(default=400, description="shorter pages are skipped as near-empty")
    seed: int = Field(default=20260101, description="seed of walks and masks")
    max_turns: Positive = Field(default=12, description="budget of a task: assistant turns")
    max_tokens: Positive = Field(default=131_072, description="budget of a task: tokens of context")
    max_seconds: int = Field(
        default=0, ge=0, description="budget of a task: seconds of teacher and tool time, 0 for no limit"
    )
    memory_limit: Memory = Field(default="2GB", description="DuckDB's memory limit; larger data spills to disk")
