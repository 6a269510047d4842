"""A release is a published dataset version; a shard is one Parquet file of it.

The manifest is what makes a release: it is written last, names every shard with its hash, and says
which settings, gates and code made it, so that the same inputs give the same bytes. In the lake a
release leaves its manifest and one row for every trajectory that it published.
"""

from typing import ClassVar

from pydantic import BaseModel, Field

from schemas.record import Count, Name, Record, Text, Time


class Shard(BaseModel):
    """One Parquet file of a release."""

    path: Name = Field(description="path under the release")
    split: Name = Field(description="train, validation, ...")
    sha256: Name = Field(description="of the file's bytes")
    size: Count = Field(description="bytes")
    rows: Count = Field(description="trajectories")
    tokens: Count = Field(description="tokens of all rows")


class Manifest(BaseModel):
    """What manifest.json of a release says."""

    release_id: Name = Field(description="content id of shards and settings")
    schema_version: Name = Field(description="version of the records")
    code_version: Name = Field(description="version of the factory")
    created_at: Time = Field(description="when the newest released trajectory ended, UTC")
    parent: Name | None = Field(description="release_id of the release before this one")
    refine_id: Name = Field(description="the refine whose decisions are published")
    settings: dict[str, object] = Field(description="settings that shaped the release; no secrets")
    gates: dict[str, str] = Field(description="gate -> SHA-256 of its SQL")
    rows: Count = Field(description="trajectories")
    tokens: Count = Field(description="tokens of all rows")
    shards: list[Shard] = Field(description="every file of the data")


class Release(Record):
    """A published release (grain: one row a release)."""

    record: ClassVar[str] = "release"

    release_id: Name = Field(description="content id of shards and settings")
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
    split: Name = Field(description="train, validation, ...")
    shard: Name = Field(description="path of the shard under the release")
    row: Count = Field(description="row number in the shard, from 0")
    n_tokens: Count = Field(description="tokens of the row")
    run_id: Name = Field(description="the nightly run that published it")
