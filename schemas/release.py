"""A release is a published version of the dataset; a shard is one Parquet file of it.

The manifest makes a release: it is written last, lists every shard with its hash, and holds the settings, gates
and code that made it, so that the same inputs give the same bytes. A publish leaves in the lake the manifest and
one row per published trajectory.
"""

import json
from typing import Annotated, ClassVar

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from schemas.columns import (
    BenchmarkColumns,
    BenchmarkFile,
    BenchmarkItems,
    BenchmarkName,
    BenchmarkVersion,
    FileBytes,
    FileSha256,
    OfTask,
    OfTrajectory,
    RefineId,
    ReleaseId,
    Renderer,
    Rows,
    ShardPath,
    ShardRow,
    ShortItems,
    Split,
    Target,
    TeacherModel,
    TeacherRevision,
    TemplateSha256,
    Tokens,
    VocabularySha256,
)
from schemas.record import Count, Name, Real, Record, Text, Time, content_id

SEGMENT = r"^\w[\w.-]*$"
"""One segment of a path. A manifest from elsewhere must not name a path outside the release's folder."""
PathSegment = Annotated[Name, Field(pattern=SEGMENT)]
SplitName = Annotated[Split, Field(pattern=SEGMENT)]
ReleasePath = Annotated[
    Name, Field(pattern=r"^(data|packs)/\w[\w.-]*$", description="path of the file under the release's folder")
]


class Part(BaseModel):
    """A frozen part of a manifest."""

    model_config = ConfigDict(frozen=True)


class Shard(Part):
    """One Parquet file of a release."""

    path: ReleasePath
    split: SplitName
    sha256: FileSha256
    data_sha256: Name | None = Field(
        default=None,
        description="SHA-256 of the bytes before the footer, as hex; null in releases without lineage in the footer",
    )
    size: FileBytes
    rows: Rows
    tokens: Tokens


class Pack(Part):
    """A pack plan: the rows of one split that share each training window."""

    path: ReleasePath
    split: SplitName
    sha256: FileSha256
    size: FileBytes
    window: Count = Field(description="size of a window in tokens")
    bins: Count = Field(description="number of windows that the plan fills")
    fill: Real = Field(description="share of the windows' tokens that is filled, 0 to 1")
    over_window: Count = Field(description="number of rows longer than the window: listed without a bin, never cut")


class Student(Part):
    """The tokenizer and the renderer of the student columns."""

    tokenizer: Name = Field(description="name of the tokenizer's folder")
    renderer: Renderer
    template_sha256: Name = Field(description="SHA-256 of the chat template and the renderer's settings, as hex")
    vocabulary_sha256: Name = Field(description="SHA-256 of the vocabulary, added tokens included, as hex")


class Teacher(Part):
    """A model that sampled released rows, with its renderer and vocabulary."""

    teacher_model: TeacherModel
    teacher_revision: TeacherRevision
    renderer: Renderer
    template_sha256: TemplateSha256
    vocabulary_sha256: VocabularySha256


class Withdrawn(Part):
    """A trajectory that a request excludes from releases."""

    trajectory_id: OfTrajectory
    target: Annotated[Target, Field(validation_alias=AliasChoices("target", "asked_for"))]
    """Manifests of schema version 1 call it `asked_for`."""
    reason: Text = Field(description="reason of the request, in the requester's words")


class CheckedBenchmark(Part):
    """A benchmark file whose items no released row repeats."""

    name: BenchmarkName
    version: BenchmarkVersion
    file: BenchmarkFile
    sha256: FileSha256
    columns: BenchmarkColumns
    items: BenchmarkItems
    short_items: ShortItems
    overlapping: Count = Field(description="number of trajectories, all rejected, that overlap one of its items")


class Manifest(Part):
    """The content of a release's manifest.json."""

    release_id: ReleaseId
    name: PathSegment = Field(description="name of the release's folder: night of its newest run, start of release_id")
    schema_version: Name = Field(description="version of the records' schema")
    code_version: Name = Field(description="version of the factory")
    writer: Name = Field(default="", description="name and version of the Parquet writer, which decides the bytes")
    created_at: Time = Field(description="UTC time at which the newest released attempt ended")
    parent: Name | None = Field(description="release_id of the previous release; null for the first")
    refine_id: RefineId
    settings: dict[str, object] = Field(description="settings that shape the release; no secrets")
    gates: dict[str, str] = Field(description="gate -> SHA-256 of its SQL, as hex")
    rows: Rows
    tokens: Tokens
    trajectories: Count | None = Field(
        default=None,
        description="number of trajectories, where some have several rows: one per context segment, and per stretch of "
        "it that the student sees; null if each has one row",
    )
    segments: Count | None = Field(
        default=None, description="number of context segments of all trajectories; absent if each has one"
    )
    children: Count | None = Field(
        default=None, description="number of trajectories that another one delegated; absent if there are none"
    )
    unrendered: dict[str, int] = Field(
        default={}, description="reason -> number of trajectories without student tokens (student_fault)"
    )
    rows_without_ids: Count = Field(
        default=0, description="number of trajectories that hold text only, without token ids, from an API or an import"
    )
    shards: list[Shard] = Field(description="every data file")
    packs: list[Pack] = Field(default=[], description="pack plans, one per split and window")
    benchmarks: list[CheckedBenchmark] = Field(default=[], description="benchmarks that the rows were checked against")
    teachers: list[Teacher] = Field(default=[], description="models that sampled the rows")
    student: Student | None = Field(
        default=None, description="tokenizer of the student columns; null without a student"
    )
    withdrawn: list[Withdrawn] = Field(default=[], description="trajectories that requests exclude")

    @property
    def n_trajectories(self) -> int:
        """Number of released trajectories."""
        return self.rows if self.trajectories is None else self.trajectories

    @property
    def files(self) -> list[Shard | Pack]:
        """Every file of the release with a checksum in the manifest."""
        return [*self.shards, *self.packs]

    @property
    def data(self) -> list[str | None]:
        """The data_sha256 of each shard, in order."""
        return [shard.data_sha256 for shard in self.shards]

    def lineage(self) -> dict[str, str]:
        """The inputs of the release as every shard's footer holds them; values that are not strings are JSON."""
        values = self.model_dump(
            mode="json",
            include={
                "schema_version",
                "code_version",
                "writer",
                "refine_id",
                "settings",
                "gates",
                "teachers",
                "student",
            },
        ) | {"parent": self.parent or ""}
        return {name: value if isinstance(value, str) else _json(value) for name, value in sorted(values.items())}

    def text(self) -> str:
        """The manifest as the text of manifest.json."""
        absent = {name for name in ("segments", "children") if getattr(self, name) is None}
        return self.model_dump_json(indent=2, exclude=absent) + "\n"


class Latest(Part):
    """The content of latest.json, the pointer to the newest release, which a store moves last."""

    release: PathSegment = Field(description="name of the newest release's folder")
    release_id: ReleaseId
    manifest_sha256: Name = Field(description="SHA-256 of its manifest.json, as hex")


class Release(Record):
    """A published release (grain: one row per release and place that it was published to)."""

    record: ClassVar[str] = "release"

    release_id: ReleaseId
    location: Name = Field(description="local folder, s3:// or hf:// address of the release")
    rows: Rows
    tokens: Tokens
    manifest: Text = Field(description="the manifest as published, JSON text")
    published_at: Time = Field(description="UTC time at which the publish ended")
    run_id: Name = Field(description="night that published it, as in 2026-11-28 or 2026-11-28T1400")


class Published(Record):
    """A released trajectory (grain: one row per trajectory and release)."""

    record: ClassVar[str] = "published"

    release_id: ReleaseId
    trajectory_id: OfTrajectory
    task_id: OfTask
    split: Split
    shard: ShardPath
    row: ShardRow
    n_tokens: Count = Field(description="number of tokens in the trajectory's token_ids")
    run_id: Name = Field(description="night that published it, as in 2026-11-28 or 2026-11-28T1400")


def release_id(data: list[str], lineage: dict[str, str]) -> str:
    """The id of a release, 32 hex digits: the same data with the same lineage is the same release.

    `data` is the data_sha256 of each shard, in order. Footers hold the id, so they cannot be part of it.
    """
    return content_id("release", data, lineage)


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
