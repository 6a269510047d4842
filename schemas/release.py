"""A release is a published dataset version; a shard is one Parquet file of it.

The manifest is what makes a release: it is written last, names every shard with its hash, and says
which settings, gates and code made it, so that the same inputs give the same bytes. In the lake a
release leaves its manifest and one row for every trajectory that it published.
"""

import json
from typing import Annotated, ClassVar

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from schemas.record import Count, Name, Names, Real, Record, Text, Time, content_id

Segment = Annotated[Name, Field(pattern=r"^\w[\w.-]*$")]
"""One part of a path: what a manifest from elsewhere names must not lead out of the release's folder."""
ReleasePath = Annotated[Name, Field(pattern=r"^(data|packs)/\w[\w.-]*$")]
"""A file of a release, under it."""


class Shard(BaseModel):
    """One Parquet file of a release."""

    model_config = ConfigDict(frozen=True)

    path: ReleasePath = Field(description="path under the release")
    split: Segment = Field(description="train or validation")
    sha256: Name = Field(description="of the file's bytes")
    data_sha256: Name | None = Field(
        default=None, description="of the bytes before the footer; null in releases that have no lineage in the footer"
    )
    size: Count = Field(description="bytes")
    rows: Count = Field(description="trajectories")
    tokens: Count = Field(description="tokens of all rows")


class Pack(BaseModel):
    """A pack plan: which rows of one split share a training window."""

    model_config = ConfigDict(frozen=True)

    path: ReleasePath = Field(description="path under the release")
    split: Segment = Field(description="train or validation")
    sha256: Name = Field(description="of the file's bytes")
    size: Count = Field(description="bytes")
    window: Count = Field(description="tokens of a window")
    bins: Count = Field(description="windows that the plan fills")
    fill: Real = Field(description="share of the windows' tokens that is filled, 0 to 1")
    over_window: Count = Field(description="rows longer than the window: in the plan, with no bin, never cut")


class Student(BaseModel):
    """Whose tokens the student columns are."""

    model_config = ConfigDict(frozen=True)

    tokenizer: Name = Field(description="name of the tokenizer's folder")
    renderer: Name = Field(description="name and version of the renderer")
    template_sha256: Name = Field(description="hash of the chat template and of the renderer's settings")
    vocabulary_sha256: Name = Field(description="hash of the vocabulary, added tokens included")


class Teacher(BaseModel):
    """Whose words and tokens the rows are."""

    model_config = ConfigDict(frozen=True)

    teacher_model: Name = Field(description="model name as served")
    teacher_revision: Name | None = Field(description="revision or file hash of the weights, when known")
    renderer: Name = Field(description="name and version of the renderer")
    template_sha256: Name = Field(description="hash of the chat template or of the text dialect's prompt")
    vocabulary_sha256: Name | None = Field(description="hash of the vocabulary of token_ids, when known")


class Withdrawn(BaseModel):
    """A trajectory that somebody asked to take out of releases."""

    model_config = ConfigDict(frozen=True)

    trajectory_id: Name = Field(description="the trajectory")
    target: Name = Field(
        validation_alias=AliasChoices("target", "asked_for"),
        description="what the request named: a url, a task or a trajectory; `asked_for` in schema version 1",
    )
    reason: Text = Field(description="why")


class CheckedBenchmark(BaseModel):
    """A benchmark file whose items no released row repeats."""

    model_config = ConfigDict(frozen=True)

    name: Name = Field(description="name of the benchmark")
    version: Name | None = Field(description="its version, where the settings give one")
    file: Name = Field(description="name of the file")
    sha256: Name = Field(description="of the file's bytes")
    columns: Names = Field(description="columns whose texts are its items")
    items: Count = Field(description="rows with a text in one of the columns")
    short_items: Count = Field(description="texts of fewer than 13 words, which count only as a whole")
    overlapping: Count = Field(description="trajectories that repeat one of its items")


class Manifest(BaseModel):
    """What manifest.json of a release says."""

    model_config = ConfigDict(frozen=True)

    release_id: Name = Field(description="content id of the shards' data and their lineage")
    name: Segment = Field(description="directory of the release: day of its newest run, start of release_id")
    schema_version: Name = Field(description="version of the records")
    code_version: Name = Field(description="version of the factory")
    writer: Name = Field(default="", description="what wrote the files: another version may write other bytes")
    created_at: Time = Field(description="when the newest released trajectory ended, UTC")
    parent: Name | None = Field(description="release_id of the release before this one")
    refine_id: Name = Field(description="the refine whose decisions are published")
    settings: dict[str, object] = Field(description="settings that shaped the release; no secrets")
    gates: dict[str, str] = Field(description="gate -> SHA-256 of its SQL")
    rows: Count = Field(description="trajectories")
    tokens: Count = Field(description="tokens of all rows")
    shards: list[Shard] = Field(description="every file of the data")
    packs: list[Pack] = Field(default=[], description="plans of which rows share a training window")
    benchmarks: list[CheckedBenchmark] = Field(default=[], description="benchmarks that the rows were checked against")
    teachers: list[Teacher] = Field(default=[], description="whose words and tokens the rows are")
    student: Student | None = Field(default=None, description="whose tokens the student columns are; null: no student")
    withdrawn: list[Withdrawn] = Field(default=[], description="trajectories left out because somebody asked for it")

    @property
    def files(self) -> list[Shard | Pack]:
        """Every file that the manifest answers for."""
        return [*self.shards, *self.packs]

    @property
    def data(self) -> list[str | None]:
        """The hash of each shard's data, in order."""
        return [shard.data_sha256 for shard in self.shards]

    def lineage(self) -> dict[str, str]:
        """What made the data, as every shard's footer says it; JSON where it is no plain word."""
        said = self.model_dump(
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
        return {name: word if isinstance(word, str) else _json(word) for name, word in sorted(said.items())}

    def text(self) -> str:
        """The manifest as it is written to manifest.json."""
        return self.model_dump_json(indent=2) + "\n"


class Latest(BaseModel):
    """What latest.json beside the releases says: the pointer that is moved last."""

    model_config = ConfigDict(frozen=True)

    release: Segment = Field(description="name of the newest release's directory")
    release_id: Name = Field(description="its id")
    manifest_sha256: Name = Field(description="of its manifest.json")


class Release(Record):
    """A published release (grain: one row a release and place that it was published to)."""

    record: ClassVar[str] = "release"

    release_id: Name = Field(description="content id of the shards' data and their lineage")
    location: Name = Field(description="directory or s3:// address it was published to")
    rows: Count = Field(description="trajectories")
    tokens: Count = Field(description="tokens of all rows")
    manifest: Text = Field(description="JSON: the manifest as published")
    published_at: Time = Field(description="UTC")
    run_id: Name = Field(description="the nightly run that published it")


class Published(Record):
    """A released trajectory (grain: one row a trajectory a release)."""

    record: ClassVar[str] = "published"

    release_id: Name = Field(description="the release")
    trajectory_id: Name = Field(description="the trajectory")
    task_id: Name = Field(description="its task")
    split: Name = Field(description="train or validation")
    shard: Name = Field(description="path of the shard under the release")
    row: Count = Field(description="row number in the shard, from 0")
    n_tokens: Count = Field(description="tokens of the row")
    run_id: Name = Field(description="the nightly run that published it")


def release_id(data: list[str], lineage: dict[str, str]) -> str:
    """The release's id: the same data of the same lineage are one release.

    `data` is each shard's data_sha256, in order: footers name the release, so they cannot be in its id.
    """
    return content_id("release", data, lineage)


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
