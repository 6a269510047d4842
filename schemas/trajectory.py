"""A trajectory is one attempt at a task; a turn is one message of it, with the tokens that it added.

What the agent wrote and what it read are different columns, and lengths stand beside the text, so that
statistics never touch long text. A turn owns only the token ids that it added to the stream:
concatenating `token_ids` over a segment gives exactly what the model saw and sampled.
"""

from typing import ClassVar, Literal

from pydantic import Field

from schemas.record import Count, Logprobs, Mask, Name, Real, Record, Text, Time, TokenIds, content_id

Status = Literal["answered", "turn_cap", "context_cap", "looped", "timed_out", "aborted", "unanswered"]
"""How it ended. `unanswered`: imported, without an answer, and its set does not say why."""
Kind = Literal["ok", "empty", "truncated", "blocked", "fault"]

PARSES: dict[str, str] = {
    "ok": "read: calls that can be made, or an answer",
    "empty": "neither words nor a call",
    "truncated": "cut by the token limit within words",
    "truncated_reasoning": "cut by the token limit within reasoning",
    "truncated_call": "cut by the token limit within a call",
    "unclosed_reasoning": "ended within reasoning",
    "call_in_reasoning": "a call within reasoning and nothing after it",
    "invalid_json": "a call that is not well-formed",
    "unknown_tool": "a call of a tool that was not offered",
    "invalid_arguments": "a call whose arguments do not fit the tool's schema",
    "repetition": "the same tokens again and again at the end",
}
"""How an agent's message was read, by name. All but `ok` are failures: nothing of such a message is run."""


class Trajectory(Record):
    """One finished attempt (grain: one row a trajectory; long text lives in turns)."""

    record: ClassVar[str] = "trajectory"

    trajectory_id: Name = Field(description="content id of task and sample")
    task_id: Name = Field(description="the task attempted")
    sample: Count = Field(description="which attempt, from 0")
    run_id: Name = Field(description="the nightly run that finished it")
    domain: Name = Field(description="the task's domain")
    teacher_model: Name = Field(description="model name as served")
    teacher_revision: Name | None = Field(description="revision or file hash of the weights, when known")
    engine: Name = Field(description="vllm, embedded, scripted; import: it was not rolled out here")
    engine_version: Name | None = Field(description="version that the server reports")
    dialect: Name = Field(description="how the conversation became tokens: chat, text; none: imported, without tokens")
    renderer: Name = Field(description="name and version of the renderer")
    template_sha256: Name = Field(description="hash of the chat template or of the text dialect's prompt")
    vocabulary_sha256: Name | None = Field(
        default=None,
        description="hash of the vocabulary of token_ids, added tokens included; null where only the engine knows it",
    )
    reasoning_policy: Name = Field(description="how earlier reasoning is kept in the stream")
    sampling: Text = Field(description="JSON: temperature, top_p, max_tokens, ...")
    seed: Count = Field(description="sampling seed of this attempt")
    system: Text = Field(description="the system prompt")
    tools: Text = Field(description="JSON: the tool schemas offered")
    status: Name = Field(description="answered, turn_cap, context_cap, looped, timed_out, aborted, unanswered")
    answer: Text | None = Field(description="the final answer, when one was given")
    n_turns: Count = Field(description="assistant turns")
    n_tool_calls: Count = Field(description="tool calls made")
    n_tokens: Count = Field(description="tokens of all turns, prompt included; 0: imported, without tokens")
    n_sampled_tokens: Count = Field(description="tokens that the teacher sampled")
    n_observation_tokens: Count = Field(description="tokens of tool turns")
    started_at: Time = Field(description="UTC")
    ended_at: Time = Field(description="UTC")
    error: Name | None = Field(description="reason code of an abort")


class Turn(Record):
    """One message (grain: one row a message; a trajectory's turns stand together and in order)."""

    record: ClassVar[str] = "turn"

    trajectory_id: Name = Field(description="the trajectory it belongs to")
    index: Count = Field(description="place in the trajectory, from 0")
    segment: Count = Field(description="context segment: token ids concatenate within one")
    role: Name = Field(description="system, user, assistant, tool")
    content: Text | None = Field(description="what the agent, the user or the system wrote")
    reasoning: Text | None = Field(description="the agent's thinking")
    tool_calls: Text | None = Field(description="JSON: calls that the agent made: [{id, name, arguments}]")
    parse: Name | None = Field(
        description="assistant: " + ", ".join(f"{name} ({meaning})" for name, meaning in PARSES.items())
    )
    tool: Name | None = Field(description="name of the tool called (first call) or answering")
    n_chars: Count = Field(description="characters of content, reasoning, calls and observation")
    n_tokens: Count = Field(description="tokens this message added")
    observation: Text | None = Field(description="what the tool returned, as the model saw it")
    kind: Name | None = Field(description="ok, empty, truncated, blocked, fault")
    url: Name | None = Field(description="page that the observation came from")
    content_sha256: Name | None = Field(description="hash of the observation's full text, before truncation")
    bytes_dropped: Count = Field(description="bytes of the tool's output that were cut away")
    tool_call_id: Name | None = Field(description="the call that this observation answers")
    redacted: Name | None = Field(
        default=None, description="JSON: kind -> secrets that were taken out of the observation; null: never looked at"
    )
    detector: Name | None = Field(
        default=None, description="version of the detector that looked for secrets in what was written; null: none did"
    )
    secrets: Name | None = Field(
        default=None, description="JSON: kind -> secrets that it found in content, reasoning and calls; null: none"
    )
    token_ids: TokenIds = Field(description="ids this message added to the stream")
    sampled: Mask = Field(description="per token: sampled by the teacher")
    logprobs: Logprobs = Field(description="log-probabilities of the sampled ids, in order")
    finish_reason: Name | None = Field(description="why sampling stopped: stop, length, repetition")
    cached_tokens: Count | None = Field(description="prompt tokens that the server's prefix cache held")
    seconds: Real = Field(description="wall seconds of the generation or the tool")
    run_id: Name = Field(description="the nightly run that finished the trajectory")


def trajectory_id(task_id: str, sample: int) -> str:
    """The trajectory's id: the sample-th attempt at the task."""
    return content_id("trajectory", task_id, sample)
