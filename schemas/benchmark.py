"""A benchmark that trajectories are checked against, and every overlap of a trajectory with one of its items.

A refine writes both with its decisions, so that a release can list the benchmarks it was checked against, and
readers can inspect every overlap.
"""

from typing import ClassVar

from pydantic import Field

from schemas.columns import (
    BenchmarkColumns,
    BenchmarkFile,
    BenchmarkItems,
    BenchmarkName,
    BenchmarkVersion,
    DecidedAt,
    FileSha256,
    OfTrajectory,
    RefineId,
    ShortItems,
)
from schemas.record import Count, Name, Record, Text


class Benchmark(Record):
    """A benchmark file that a refine checked against (grain: one row per file and refine)."""

    record: ClassVar[str] = "benchmark"

    refine_id: RefineId
    name: BenchmarkName
    version: BenchmarkVersion
    file: BenchmarkFile
    sha256: FileSha256
    columns: BenchmarkColumns
    items: BenchmarkItems
    short_items: ShortItems
    empty_items: Count = Field(description="number of rows of the file without a text in any of the columns")
    trajectories: Count = Field(description="number of trajectories that overlap one of its items")
    decided_at: DecidedAt
    run_id: Name = Field(description="night that checked, as in 2026-11-28 or 2026-11-28T1400")


class Overlap(Record):
    """Consecutive words that a benchmark's item holds too (grain: one row per span of a text and benchmark file)."""

    record: ClassVar[str] = "overlap"

    refine_id: RefineId
    trajectory_id: OfTrajectory
    field: Name = Field(description="which text holds the span: instruction, answer, query, agent_words, system_prompt")
    index: Count | None = Field(
        description="index of the turn of a query, of the agent's words or of a later system prompt; else null"
    )
    start: Count = Field(description="position of the span's first word in that text, from 0")
    n_words: Count = Field(description="number of words of the span")
    text: Text = Field(description="the words, normalised (NFKC, case-folded, single spaces, no punctuation)")
    benchmark: BenchmarkName
    version: BenchmarkVersion
    sha256: FileSha256
    item: Count = Field(description="row of the benchmark's file, from 0: the first that holds the span's first words")
    decided_at: DecidedAt
    run_id: Name = Field(description="night that found it, as in 2026-11-28 or 2026-11-28T1400")
