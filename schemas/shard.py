"""The columns of released files: a row of a shard, a row of the preference pairs, a row of a pack plan.

A field's description is all that a reader of a release learns about the column: it is in the dataset card and in
the metadata of the Arrow field. The columns on segments stand only in releases that have some, so that others keep
their bytes.
"""

from typing import Annotated

import pyarrow as pa
from pydantic import BaseModel, Field

from schemas.columns import (
    AnswerSeenAt,
    CallId,
    CallsToSolve,
    Composer,
    Dialect,
    DistinctPages,
    Domain,
    Engine,
    EngineVersion,
    Evidence,
    GatesJson,
    GroundTruth,
    Hops,
    Ids,
    Instruction,
    NamedEarly,
    NObservationTokens,
    NSampledTokens,
    NToolCalls,
    NTurns,
    OfTask,
    ParentCallId,
    ParentId,
    PassRate,
    Reasoning,
    ReasoningPolicy,
    Renderer,
    RepeatedQueries,
    Role,
    Sample,
    SamplingJson,
    Seed,
    ShardPath,
    ShardRow,
    Split,
    TeacherModel,
    TeacherRevision,
    TemplateSha256,
    ToolCallsJson,
    ToolsJson,
    TrajectoryId,
    VocabularySha256,
)
from schemas.record import Count, Flag, Logprobs, Mask, Name, Names, Text, TokenIds

Offsets = Annotated[list[int], pa.list_(pa.int32())]
"""Token counts or offsets, int32."""
StreamIds = Annotated[
    TokenIds,
    Field(
        description="every token id that the model read or sampled, in order; with a student and several rows per "
        "segment: in the last of them"
    ),
]
LossMask = Annotated[Mask, Field(description="per token of token_ids: true if the teacher sampled it")]


class Message(BaseModel):
    """One message of a released row."""

    role: Role
    content: Text | None = Field(description="text of the message; for role tool: the tool result; null if empty")
    reasoning_content: Reasoning
    tool_calls: ToolCallsJson
    tool_call_id: CallId
    name: Name | None = Field(description="in a tool message: name of the tool that answered; null otherwise")
    trainable: Flag = Field(
        description="true if the teacher sampled tokens of it; in a row without token ids: if the agent wrote it; in a "
        "trajectory of several rows: if this row trains it"
    )


class ReleaseRow(BaseModel):
    """One released trajectory: the columns of a shard, in order."""

    trajectory_id: TrajectoryId
    task_id: OfTask
    domain: Domain
    split: Split
    instruction: Instruction
    answer: GroundTruth
    final_answer: Text | None = Field(description="final answer of the agent; null if it gave none")
    status: Name = Field(
        description="how the attempt ended: answered, turn_cap, context_cap, looped, timed_out, refused, unanswered"
    )
    messages: list[Message] = Field(
        description="the conversation of one segment, in order; with a student and several rows per segment: as far "
        "as the row goes"
    )
    tools: ToolsJson
    token_ids: StreamIds
    loss_mask: LossMask
    logprobs: Logprobs = Field(
        description="log-probability of each sampled token, in order: one per true value of loss_mask"
    )
    message_tokens: Offsets = Field(
        description="number of tokens that each message adds; sums to the length of token_ids"
    )
    segment_starts: Offsets = Field(
        description="offset in token_ids of the start of each context segment: [0], the row's"
    )
    student_token_ids: TokenIds | None = Field(
        description="the conversation in the student's own token ids; empty with a student_fault; null without a "
        "student"
    )
    student_loss_mask: Mask | None = Field(
        description="per token of student_token_ids: true if the assistant wrote it in a message of student_trained; "
        "null without a student"
    )
    n_student_tokens: Count | None = Field(description="length of student_token_ids; null without a student")
    student_segment: Count | None = Field(
        description="number of this row among the rows of its trajectory's context segment, from 0: one row per "
        "stretch that the student's chat template writes alike; null without a student"
    )
    student_segments: Count | None = Field(
        description="number of rows of the context segment: more than 1 if the student's chat template rewrites "
        "earlier turns; null without a student"
    )
    student_trained: Offsets | None = Field(
        description="numbers of the messages that this row trains, each in one row of its context segment; null "
        "without a student"
    )
    student_dropped: Offsets | None = Field(
        description="numbers of the messages whose reasoning the student's chat template leaves out in this row; null "
        "without a student"
    )
    student_fault: Name | None = Field(
        description="why the student's template cannot write the row: template_refused, reasoning_lost, text_lost, "
        "wrong_mask; null if it can, or without a student"
    )
    over_window: Flag = Field(
        description="true if the row is longer than the training window, in the student's tokens if there is a student"
    )
    n_turns: NTurns
    n_tool_calls: NToolCalls
    n_tokens: Count = Field(description="length of token_ids; 0: without token ids, or not the last row of its segment")
    n_sampled_tokens: NSampledTokens
    n_observation_tokens: NObservationTokens
    sample: Sample
    hops: Hops
    composer: Composer
    verdicts: Text = Field(description="JSON object: verifier -> {passed, score, reason}, of the whole trajectory")
    turn_verdicts: Text = Field(description="JSON object: verifier -> {passed, failed}, numbers of turns")
    gates: GatesJson
    calls_to_solve: CallsToSolve
    answer_seen_at: AnswerSeenAt
    named_early: NamedEarly
    distinct_pages: DistinctPages
    repeated_queries: RepeatedQueries
    pass_rate: PassRate
    evidence: Evidence
    evidence_urls: Names = Field(description="addresses of those evidence pages that are on the task's path")
    teacher_model: TeacherModel
    teacher_revision: TeacherRevision
    engine: Engine
    engine_version: EngineVersion
    dialect: Dialect
    renderer: Renderer
    template_sha256: TemplateSha256
    vocabulary_sha256: VocabularySha256
    reasoning_policy: ReasoningPolicy
    sampling: SamplingJson
    seed: Seed
    ids: Ids
    run_id: Name = Field(description="night that finished the attempt, as in 2026-11-28 or 2026-11-28T1400")


class SegmentColumns(BaseModel):
    """Further columns of the shards of a release that holds a trajectory of several segments or a child, in order.

    One row is then one segment; the rows of a trajectory are adjacent, in order, and its scalar columns are those
    of the whole trajectory in each of them.
    """

    segment: Count = Field(description="number of this row's context segment in its trajectory, from 0")
    n_segments: Count = Field(description="number of context segments of the trajectory")
    copied: Offsets = Field(
        description="numbers of the messages that repeat messages of an earlier segment; no row trains them"
    )
    parent_id: ParentId
    parent_call_id: ParentCallId


class PreferenceRow(BaseModel):
    """A kept and a rejected attempt at one task: the columns of the view `preference`, in order."""

    task_id: OfTask
    domain: Domain
    instruction: Instruction
    answer: GroundTruth
    tools: ToolsJson
    chosen_trajectory_id: Name = Field(description="trajectory_id of the kept attempt")
    chosen_messages: list[Message] = Field(description="conversation of the kept attempt")
    chosen_final_answer: Text | None = Field(description="final answer of the kept attempt; null if it gave none")
    chosen_token_ids: TokenIds = Field(description="token_ids of the kept attempt")
    chosen_loss_mask: Mask = Field(description="loss_mask of the kept attempt: true if the teacher sampled the token")
    rejected_trajectory_id: Name = Field(description="trajectory_id of the rejected attempt")
    rejected_messages: list[Message] = Field(description="conversation of the rejected attempt")
    rejected_final_answer: Text | None = Field(description="final answer of the rejected attempt; null if it gave none")
    rejected_token_ids: TokenIds = Field(description="token_ids of the rejected attempt")
    rejected_loss_mask: Mask = Field(
        description="loss_mask of the rejected attempt: true if the teacher sampled the token"
    )
    rejected_reasons: Names = Field(description="gate:reason of every gate that rejected it, in gate order")


class PackedRow(BaseModel):
    """The place of a released row in a pack plan: the columns of the plan's file, in order."""

    bin: Count | None = Field(
        description="number of the training window, from 0; null if the row is longer than it or has no tokens"
    )
    shard: ShardPath
    row: ShardRow
    offset: Count | None = Field(
        description="offset in the window, in tokens, at which the row starts and state is reset; null without a bin"
    )
    length: Count = Field(description="number of tokens of the row, the student's if there is a student")
