"""Settings of publish: the destination of releases, shard sizes, splits, and the student's tokenizer."""

from typing import Literal

from pydantic import Field

from flows.settings.address import Address, HttpUrl, LocalPath
from flows.settings.section import Section
from flows.settings.types import Memory, Positive, Share


class Licenses(Section):
    """Licenses of pages with which trajectories are published; patterns with * and ?, in any case."""

    allow: list[str] = Field(default=["*"], description="licenses that are published, such as CC0-1.0 or CC-BY-4.0")
    refuse: list[str] = Field(default=[], description="licenses that are not, such as *-NC-* or *-ND-*; beats allow")
    unlicensed: Literal["publish", "refuse"] = Field(
        default="publish", description="trajectories that depend on a page without a known license"
    )


class Publish(Section):
    """Destination of releases and sizes of their shards."""

    to: Address = Field(default="release", description="directory, s3://bucket/prefix or hf://datasets/owner/name")
    endpoint_url: HttpUrl | None = Field(
        default=None, description="endpoint of an S3-compatible store or another Hub; default: AWS, huggingface.co"
    )
    sole_publisher: bool = Field(
        default=False, description="no other publisher writes there; allows a store without conditional writes"
    )
    name: str = Field(default="horizon-trajectories", description="the dataset's name on its card")
    license: str = Field(default="other", description="license on the dataset card, a Hub identifier")
    licenses: Licenses = Licenses()
    validation_share: Share = Field(default=0.05, description="share of tasks in the validation split")
    seed: int = Field(default=0, description="seed of shuffle and split")
    student: LocalPath | None = Field(default=None, description="folder of the student's tokenizer and chat template")
    student_renderer: str = Field(
        default="auto",
        description="renderer of the student, as `renderers` names it; auto: chosen by its chat template; "
        "template: the chat template itself",
    )
    training_window: Positive = Field(
        default=131_072, description="training window in tokens; longer rows are labelled over_window"
    )
    shard_mb: Positive = Field(default=512, description="a shard is closed when its file exceeds this size")
    memory_limit: Memory = Field(default="1GB", description="DuckDB's memory limit; larger data spills to disk")
    row_group_mb: Positive = Field(default=64, description="a row group is closed when its rows exceed this size")
