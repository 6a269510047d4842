"""Settings of refine: thresholds of the gates, benchmarks to decontaminate against, dedupe."""

from pydantic import Field

from flows.settings.address import LocalPath
from flows.settings.section import Section
from flows.settings.types import Least, Memory, Mirror, Share


class BenchmarkFiles(Section):
    """A benchmark that no released trajectory may repeat."""

    path: LocalPath = Field(description="a JSONL, Parquet or CSV file, or a folder of them")
    columns: list[str] = Field(min_length=1, description="columns that hold the benchmark's items")
    name: str | None = Field(default=None, description="its name in manifests; default: the file's name")
    version: str | None = Field(default=None, description="its version in manifests")


class Refine(Section):
    """Gates and their thresholds."""

    advisory_gates: list[str] = Field(default=[], description="gates that record a verdict but refuse nothing")
    min_calls: Least = Field(default=1, description="minimum tool calls of a kept trajectory")
    min_turns: Least = Field(default=1, description="minimum assistant turns of a kept trajectory")
    min_calls_by_domain: dict[str, Least] = Field(default={}, description="min_calls per domain, by name")
    min_turns_by_domain: dict[str, Least] = Field(default={}, description="min_turns per domain, by name")
    max_invalid_call_share: Share = Field(
        default=0.2, description="maximum share of calls that do not match their tool's schema (the tool refused them)"
    )
    max_repeated_share: Share = Field(
        default=0.5,
        description="share of repeated text in a message, or of repeated messages, from which an attempt is refused",
    )
    max_foreign_script_share: float = Field(
        default=0.05,
        ge=0.01,
        le=1,
        description="share of a message's letters, in a script that no page uses, from which an attempt is refused",
    )
    benchmark_mirrors: list[Mirror] = Field(
        default=[
            "huggingface.co/datasets/",
            "hf.co/datasets/",
            "hf-mirror.com/datasets/",
            "paperswithcode.com/dataset/",
            "openaipublic.blob.core.windows.net/simple-evals/",
            "github.com/openai/simple-evals/",
        ],
        description="hosts, with path prefixes, that publish benchmark answers; an attempt that read one is refused",
    )
    process_verifiers: list[str] = Field(
        default=["evidence_consulted", "no_collateral", "policy_kept", "tests_intact"],
        description="verifiers that judge the process, not the answer",
    )
    benchmarks: list[BenchmarkFiles] = Field(
        default=[],
        description="checked for overlaps with tasks, answers and queries, "
        'such as [{path = "gaia.jsonl", columns = ["Question"], version = "2023"}]',
    )
    allowed_sensitive_data: list[str] = Field(
        default=[], description="kinds of secrets and personal data that a kept attempt may contain, such as email"
    )
    loop_repeats: int = Field(
        default=3, ge=2, description="consecutive repetitions of the same one, two or three calls that count as a loop"
    )
    near_duplicate_threshold: Share = Field(
        default=0.7,
        description="share of the shorter attempt's turns in the other, in order, from which they are duplicates",
    )
    memory_limit: Memory = Field(
        default="50%", description="DuckDB's memory limit: a size, or a share of RAM; larger data spills to disk"
    )
