"""A trajectory is one attempt at a task, a turn one message with its tokens, a reparse a new reading of a turn.

The agent's text and the tool results are separate columns with their lengths, so that statistics never read long
text. Concatenating `token_ids` over a segment gives exactly the ids that the model read and sampled.

A trajectory longer than the model's window has several segments. A later one opens with the system prompt and a user
turn (the task, the agent's notes, its digest of the segment before), then repeats the last turns verbatim, then goes
on. A repeated turn is a copy: `copy_of` holds the index of the original; its role, its text and the ids that the
teacher sampled are the original's (those around them are the template's at the new place), `sampled` is false
throughout, `logprobs` is empty, and its lengths count in no total of the trajectory. The system prompt of a later
segment is a copy, too; the user turn is not. A digest is an ordinary sampled turn, which a tool turn without a tool
requests. Indexes run on through all segments, copies included. By eviction, without a digest, a later segment repeats
all turns of the one before; in copies of earlier tool results a short line replaces the text, counted in
`bytes_dropped`.

A child is a trajectory that another one delegated by a tool call; only its answer enters the parent, as that call's
result. It has the task and the sample number of its parent, and can have children of its own.
"""

from typing import ClassVar, Literal

from pydantic import Field

from schemas.columns import (
    CallId,
    Dialect,
    Domain,
    Engine,
    EngineVersion,
    Ids,
    NObservationTokens,
    NSampledTokens,
    NToolCalls,
    NTurns,
    OfTask,
    OfTrajectory,
    ParentCallId,
    ParentId,
    Reasoning,
    ReasoningPolicy,
    Renderer,
    Role,
    Sample,
    SamplingJson,
    Seed,
    TeacherModel,
    TeacherRevision,
    TemplateSha256,
    ToolCallsJson,
    ToolsJson,
    TrajectoryId,
    VocabularySha256,
)
from schemas.record import Count, Logprobs, Mask, Name, Real, Record, Text, Time, TokenIds, content_id

Status = Literal["answered", "turn_cap", "context_cap", "looped", "timed_out", "aborted", "refused", "unanswered"]
"""How an attempt ended. `refused`: the model or the provider of an API refused to go on. `unanswered`: imported,
without an answer, for a reason that its data set does not give."""
NO_IDS = "none"
"""Value of the column `ids` of trajectories that hold text only."""
Kind = Literal["ok", "empty", "truncated", "blocked", "fault"]
"""Outcome of a tool call."""

PARSES: dict[str, str] = {
    "ok": "valid: tool calls, or an answer",
    "empty": "neither text nor a call",
    "truncated": "cut by the token limit within text",
    "truncated_reasoning": "cut by the token limit within reasoning",
    "truncated_call": "cut by the token limit within a call",
    "unclosed_reasoning": "ended within reasoning",
    "call_in_reasoning": "a call within reasoning and nothing after it",
    "invalid_json": "a malformed call",
    "unknown_tool": "a call of a tool that was not offered",
    "invalid_arguments": "a call whose arguments do not fit the tool's schema",
    "repetition": "the same tokens repeated at the end",
    "refused": "the model or the provider of an API refused to write it",
}
"""Result of parsing an assistant message -> its meaning. All but `ok` are failures: no call of the message is run."""


class Trajectory(Record):
    """One finished attempt (grain: one row per trajectory; long text is in turns)."""

    record: ClassVar[str] = "trajectory"

    trajectory_id: TrajectoryId
    task_id: OfTask
    sample: Sample
    run_id: Name = Field(description="night that finished the attempt, as in 2026-11-28 or 2026-11-28T1400")
    domain: Domain
    teacher_model: TeacherModel
    teacher_revision: TeacherRevision
    engine: Engine
    engine_version: EngineVersion
    dialect: Dialect
    renderer: Renderer
    template_sha256: TemplateSha256
    vocabulary_sha256: VocabularySha256 = None
    reasoning_policy: ReasoningPolicy
    sampling: SamplingJson
    seed: Seed
    system: Text = Field(description="system prompt; empty if there is none")
    tools: ToolsJson
    status: Name = Field(
        description="how the attempt ended: answered, turn_cap, context_cap, looped, timed_out, aborted, refused, "
        "unanswered"
    )
    answer: Text | None = Field(description="final answer of the agent; null if it gave none")
    n_turns: NTurns
    n_tool_calls: NToolCalls
    n_tokens: Count = Field(
        description="number of tokens of all turns but copies, prompt included; imported: of their text, 0 if not "
        "counted; 0: of an API without token ids"
    )
    n_sampled_tokens: NSampledTokens
    n_observation_tokens: NObservationTokens
    started_at: Time = Field(description="UTC time at which the attempt started")
    ended_at: Time = Field(description="UTC time at which the attempt ended")
    error: Name | None = Field(description="reason code of an aborted attempt; null otherwise")
    ids: Ids = None
    n_segments: Count | None = Field(default=None, description="number of context segments; null: one")
    parent_id: ParentId = None
    parent_call_id: ParentCallId = None


class Turn(Record):
    """One message (grain: one row per message; a trajectory's turns are contiguous and in order within one part)."""

    record: ClassVar[str] = "turn"

    trajectory_id: OfTrajectory
    index: Count = Field(description="position in the trajectory, from 0")
    segment: Count = Field(description="context segment, from 0; token_ids concatenate within one segment")
    role: Role
    content: Text | None = Field(description="text of the system, the user or the agent; null in a tool turn")
    reasoning: Reasoning
    tool_calls: ToolCallsJson
    parse: Name | None = Field(
        description="result of parsing an assistant message, null for other roles: "
        + ", ".join(f"{name} ({meaning})" for name, meaning in PARSES.items())
    )
    tool: Name | None = Field(description="name of the tool: of the first call, or of the tool that answers; else null")
    n_chars: Count = Field(description="number of characters of content, reasoning, tool_calls and observation")
    n_tokens: Count = Field(
        description="number of tokens that the message adds, the length of token_ids; imported: of its text"
    )
    observation: Text | None = Field(description="tool result, as the model reads it; null unless role is tool")
    kind: Name | None = Field(
        description="outcome of the tool call: ok, empty, truncated, blocked, fault; null unless role is tool"
    )
    url: Name | None = Field(description="address of the page that the observation comes from; null if there is none")
    content_sha256: Name | None = Field(
        description="SHA-256 of the observation before truncation, as hex; null unless role is tool"
    )
    bytes_dropped: Count = Field(description="number of bytes of the tool result that truncation removed")
    tool_call_id: CallId
    redacted: Name | None = Field(
        default=None,
        description="JSON object: kind -> number of secrets redacted from the observation; null if not redacted",
    )
    detector: Name | None = Field(
        default=None,
        description="version of the detector that searched the agent's own text for secrets; null if none did",
    )
    secrets: Name | None = Field(
        default=None,
        description="JSON object: kind -> number of secrets in content, reasoning and tool_calls; null if none",
    )
    token_ids: TokenIds = Field(description="token ids that the message adds to the stream, in order")
    sampled: Mask = Field(description="per token: true if the teacher sampled it")
    logprobs: Logprobs = Field(description="log-probability of each sampled token, in order (natural logarithm)")
    finish_reason: Name | None = Field(
        description="why sampling stopped: stop, length, repetition, refusal, content_filter; null unless the teacher "
        "sampled the message"
    )
    cached_tokens: Count | None = Field(
        description="number of prompt tokens found in the server's prefix cache; null if unknown"
    )
    weight: Real | None = Field(
        default=None,
        description="training weight that an imported data set gives the message; 0: not trained on; null: none given",
    )
    prompt_tokens: Count | None = Field(
        default=None, description="number of prompt tokens, as an API without token ids counts them; null otherwise"
    )
    sampled_tokens: Count | None = Field(
        default=None,
        description="number of sampled tokens, as an API without token ids counts them, hidden reasoning included; "
        "null otherwise",
    )
    seconds: Real = Field(description="wall-clock seconds of the generation or of the tool call; 0 for other messages")
    queued_seconds: Real | None = Field(
        default=None,
        description="seconds that the tool call waited for a thread or for a core of the sandbox, not part of seconds; "
        "null for other messages, and in parts of earlier versions",
    )
    cpu_seconds: Real | None = Field(
        default=None,
        description="processor seconds of the tool call's sandboxed command, 0 without one; null as in queued_seconds",
    )
    copy_of: Count | None = Field(
        default=None,
        description="in a turn that a later segment repeats: index of the original, in an earlier segment; else null",
    )
    run_id: Name = Field(description="night that finished the trajectory, as in 2026-11-28 or 2026-11-28T1400")


class Reparse(Record):
    """A new reading of a turn's token ids by a later dialect (grain: one row per turn and changed reading).

    Token ids are the facts; parses can be wrong and can be repeated. The turn's own row never changes, since the
    attempt acted on it and its tools answered it. Readers of the lake take the newest reparse of a turn.
    """

    record: ClassVar[str] = "reparse"

    trajectory_id: OfTrajectory
    index: Count = Field(description="index of the turn in the trajectory, from 0")
    parse: Name = Field(description="result of the new parse: ok, or the failure, as in the column parse of turns")
    content: Text | None = Field(description="text of the agent; null if there is none")
    reasoning: Reasoning
    tool_calls: ToolCallsJson
    answer: Text | None = Field(description="answer that the turn gives; null if it gives none")
    renderer: Renderer
    template_sha256: TemplateSha256
    reparsed_at: Time = Field(description="UTC time of the new parse; the newest of a turn is valid")
    run_id: Name = Field(description="night that finished the trajectory, as in 2026-11-28 or 2026-11-28T1400")


def trajectory_id(task_id: str, sample: int) -> str:
    """The id of the attempt number `sample` at a task, 32 hex digits."""
    return content_id("trajectory", task_id, sample)


def child_id(parent_id: str, index: int, call_id: str) -> str:
    """The id of the trajectory that a call delegates, 32 hex digits; `index` is that of the turn with the call."""
    return content_id("child", parent_id, index, call_id)
