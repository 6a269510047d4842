"""A release is a published dataset version; a shard is one Parquet file of it.

The manifest is what makes a release: it is written last, names every shard with its hash, and says
which settings, gates and code made it, so that the same inputs give the same bytes. In the lake a
release leaves its manifest and one row for every trajectory that it published.
"""

from typing import Annotated, ClassVar

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from schemas.record import Count, Flag, Logprobs, Mask, Name, Names, Real, Record, Text, Time, TokenIds, content_id

Offsets = Annotated[list[int], pa.list_(pa.int32())]


class Message(BaseModel):
    """One message of a released row."""

    role: Name = Field(description="system, user, assistant, tool")
    content: Text | None = Field(description="what was written; for role tool: what the tool returned")
    reasoning_content: Text | None = Field(description="the agent's thinking")
    tool_calls: Text | None = Field(description="JSON: calls that the agent made: [{id, name, arguments}]")
    tool_call_id: Name | None = Field(description="for role tool: the call that it answers")
    name: Name | None = Field(description="for role tool: the tool that answered")


class ReleaseRow(BaseModel):
    """One released trajectory: the columns of a shard, in order."""

    trajectory_id: Name = Field(description="content id of task and sample")
    task_id: Name = Field(description="the task attempted; no task is in two splits")
    domain: Name = Field(description="the task's domain")
    split: Name = Field(description="train or validation")
    instruction: Text = Field(description="what the agent was asked")
    answer: Text | None = Field(description="ground truth; null where only an executable check decides")
    final_answer: Text | None = Field(description="the answer that the agent gave")
    status: Name = Field(description="how it ended: answered, turn_cap, context_cap, looped, timed_out")
    messages: list[Message] = Field(description="the conversation, in order")
    tools: Text = Field(description="JSON: the tool schemas offered")
    token_ids: TokenIds = Field(description="every id that the model saw or sampled, in order, segments end to end")
    loss_mask: Mask = Field(description="per token: true where the teacher sampled it")
    logprobs: Logprobs = Field(
        description="log-probabilities of the sampled ids, in order (as many as trues in loss_mask)"
    )
    message_tokens: Offsets = Field(description="tokens that each message added; sums to the length of token_ids")
    segment_starts: Offsets = Field(description="offset in token_ids at which each context segment starts")
    student_token_ids: TokenIds | None = Field(
        description="the conversation in the student's own ids; null: no student"
    )
    student_loss_mask: Mask | None = Field(description="per student token: true where an assistant wrote it")
    n_student_tokens: Count | None = Field(description="length of student_token_ids")
    over_window: Flag = Field(description="longer than the training window, in the student's tokens if there is one")
    n_turns: Count = Field(description="assistant turns")
    n_tool_calls: Count = Field(description="tool calls made")
    n_tokens: Count = Field(description="length of token_ids")
    n_sampled_tokens: Count = Field(description="tokens that the teacher sampled")
    n_observation_tokens: Count = Field(description="tokens of tool messages")
    sample: Count = Field(description="which attempt at the task, from 0")
    hops: Count = Field(description="hyperlinks walked to make the task")
    composer: Name = Field(description="what composed the task")
    verdicts: Text = Field(description="JSON: verifier -> {passed, score, reason}, of the whole trajectory")
    turn_verdicts: Text = Field(description="JSON: verifier -> {passed, failed}, counts over turns")
    gates: Text = Field(description="JSON: gate -> {keep, reason, value}, as refine decided")
    evidence: Names = Field(description="doc_ids of the pages that hold the answer")
    evidence_urls: Names = Field(description="addresses of the evidence pages that the task's walk names")
    teacher_model: Name = Field(description="model name as served")
    teacher_revision: Name | None = Field(description="revision or file hash of the weights, when known")
    engine: Name = Field(description="vllm, embedded, scripted")
    engine_version: Name | None = Field(description="version that the server reports")
    dialect: Name = Field(description="how the conversation became tokens: chat, text")
    renderer: Name = Field(description="name and version of the renderer")
    template_sha256: Name = Field(description="hash of the chat template or of the text dialect's prompt")
    reasoning_policy: Name = Field(description="how earlier reasoning is kept in the stream")
    sampling: Text = Field(description="JSON: temperature, top_p, max_tokens, ...")
    seed: Count = Field(description="sampling seed of this attempt")
    run_id: Name = Field(description="the nightly run that finished it")


class PreferenceRow(BaseModel):
    """A kept and a refused attempt at one task: the columns of the preference view, in order."""

    task_id: Name = Field(description="the task of both")
    domain: Name = Field(description="the task's domain")
    instruction: Text = Field(description="what the agent was asked")
    answer: Text | None = Field(description="ground truth; null where only an executable check decides")
    tools: Text = Field(description="JSON: the tool schemas offered")
    chosen_trajectory_id: Name = Field(description="the attempt that was kept")
    chosen_messages: list[Message] = Field(description="its conversation")
    chosen_final_answer: Text | None = Field(description="its answer")
    chosen_token_ids: TokenIds = Field(description="every id that the model saw or sampled")
    chosen_loss_mask: Mask = Field(description="per token: true where the teacher sampled it")
    rejected_trajectory_id: Name = Field(description="the attempt that was refused")
    rejected_messages: list[Message] = Field(description="its conversation")
    rejected_final_answer: Text | None = Field(description="its answer")
    rejected_token_ids: TokenIds = Field(description="every id that the model saw or sampled")
    rejected_loss_mask: Mask = Field(description="per token: true where the teacher sampled it")
    rejected_reasons: Names = Field(description="gate:reason of every gate that refused it")


class Shard(BaseModel):
    """One Parquet file of a release."""

    model_config = ConfigDict(frozen=True)

    path: Name = Field(description="path under the release")
    split: Name = Field(description="train or validation")
    sha256: Name = Field(description="of the file's bytes")
    size: Count = Field(description="bytes")
    rows: Count = Field(description="trajectories")
    tokens: Count = Field(description="tokens of all rows")


class Pack(BaseModel):
    """A pack plan: which rows of one split share a training window."""

    model_config = ConfigDict(frozen=True)

    path: Name = Field(description="path under the release")
    split: Name = Field(description="train or validation")
    sha256: Name = Field(description="of the file's bytes")
    size: Count = Field(description="bytes")
    window: Count = Field(description="tokens of a window")
    bins: Count = Field(description="windows that the plan fills")
    fill: Real = Field(description="share of the windows' tokens that is filled, 0 to 1")
    over_window: Count = Field(description="rows longer than the window: in the plan, with no bin, never cut")


class PackedRow(BaseModel):
    """One released row's place in a pack plan: the columns of its file, in order."""

    bin: Count | None = Field(description="number of the window, from 0; null where the row is longer than the window")
    shard: Name = Field(description="path of the shard under the release")
    row: Count = Field(description="row number in the shard, from 0")
    offset: Count | None = Field(description="token of the window at which the row starts: state is reset here")
    length: Count = Field(description="tokens of the row")


class Student(BaseModel):
    """Whose tokens the student columns are."""

    model_config = ConfigDict(frozen=True)

    tokenizer: Name = Field(description="name of the tokenizer's folder")
    renderer: Name = Field(description="name and version of the renderer")
    template_sha256: Name = Field(description="hash of the chat template and of the renderer's settings")
    vocabulary_sha256: Name = Field(description="hash of the vocabulary, added tokens included")


class Withdrawn(BaseModel):
    """A trajectory that somebody asked to take out of releases."""

    model_config = ConfigDict(frozen=True)

    trajectory_id: Name = Field(description="the trajectory")
    asked_for: Name = Field(description="what the request named: a url, a task or a trajectory")
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

    release_id: Name = Field(description="content id of shards, settings and parent")
    name: Name = Field(description="directory of the release: day of its newest run, start of release_id")
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
    packs: list[Pack] = Field(default=[], description="plans of which rows share a training window")
    benchmarks: list[CheckedBenchmark] = Field(default=[], description="benchmarks that the rows were checked against")
    student: Student | None = Field(default=None, description="whose tokens the student columns are; null: no student")
    withdrawn: list[Withdrawn] = Field(default=[], description="trajectories left out because somebody asked for it")

    @property
    def files(self) -> list[Shard | Pack]:
        """Every file that the manifest answers for."""
        return [*self.shards, *self.packs]

    def text(self) -> str:
        """The manifest as it is written to manifest.json."""
        return self.model_dump_json(indent=2) + "\n"


class Latest(BaseModel):
    """What latest.json beside the releases says: the pointer that is moved last."""

    model_config = ConfigDict(frozen=True)

    release: Name = Field(description="name of the newest release's directory")
    release_id: Name = Field(description="its id")
    manifest_sha256: Name = Field(description="of its manifest.json")


class Release(Record):
    """A published release (grain: one row a release and place that it was published to)."""

    record: ClassVar[str] = "release"

    release_id: Name = Field(description="content id of shards, settings and parent")
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


def release_id(shards: list[Shard], settings: dict[str, object], parent: str | None) -> str:
    """The release's id: the same shards by the same settings after the same parent are one release."""
    return content_id("release", [shard.model_dump() for shard in shards], settings, parent)
