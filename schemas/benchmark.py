"""A benchmark that trajectories were checked against, and each place where one of them says the same.

Both are left by a refine together with its decisions, so that a release can say what it was checked
against, and anyone can look at what was found.
"""

from typing import ClassVar

from pydantic import Field

from schemas.record import Count, Name, Names, Record, Text, Time


class Benchmark(Record):
    """A benchmark file that a refine checked against (grain: one row a file a refine)."""

    record: ClassVar[str] = "benchmark"

    refine_id: Name = Field(description="the refine")
    name: Name = Field(description="name of the benchmark, as the settings give it; else the file's")
    version: Name | None = Field(description="its version, as the settings give it")
    file: Name = Field(description="name of the file")
    sha256: Name = Field(description="of the file's bytes")
    columns: Names = Field(description="columns whose texts are its items")
    items: Count = Field(description="rows of the file with a text in one of the columns")
    short_items: Count = Field(description="texts of fewer than 13 words, which count only as a whole")
    empty_items: Count = Field(description="rows without any text in the columns")
    trajectories: Count = Field(description="trajectories that say the same as one of its items")
    decided_at: Time = Field(description="UTC, as of the refine's decisions")
    run_id: Name = Field(description="the nightly run that checked")


class Overlap(Record):
    """Words on end that stand in a benchmark's item too (grain: one row a span of a text and a benchmark file)."""

    record: ClassVar[str] = "overlap"

    refine_id: Name = Field(description="the refine that found it")
    trajectory_id: Name = Field(description="the trajectory")
    field: Name = Field(description="where: instruction, answer, query")
    index: Count | None = Field(description="for a query: the turn that made the call")
    start: Count = Field(description="the span's first word in that text, from 0")
    n_words: Count = Field(description="how many words the span has")
    text: Text = Field(description="the words, folded (NFKC, case, space, no punctuation)")
    benchmark: Name = Field(description="name of the benchmark")
    version: Name | None = Field(description="its version")
    sha256: Name = Field(description="of the benchmark's file")
    item: Count = Field(description="row of that file, from 0: the first that holds the span's first words")
    decided_at: Time = Field(description="UTC, as of the refine's decisions")
    run_id: Name = Field(description="the nightly run that found it")
