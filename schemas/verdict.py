"""A verdict is what a verifier says of a trajectory or a turn; a decision is what refine made of it all.

Verdicts are facts that stay; decisions can be taken again with other gates switched on, so each carries
the id of the refine that took it and every gate's value beside the reasons.
"""

from typing import ClassVar

from pydantic import Field

from schemas.record import Count, Flag, Name, Names, Real, Record, Text, Time


class Verdict(Record):
    """One judgement (grain: one row a verifier a trajectory, or a verifier a turn)."""

    record: ClassVar[str] = "verdict"

    trajectory_id: Name = Field(description="the trajectory judged")
    turn_index: Count | None = Field(description="the turn judged; null for the whole trajectory")
    verifier: Name = Field(description="name of the verifier")
    version: Name = Field(description="version of the verifier's code")
    passed: Flag = Field(description="did it pass")
    score: Real | None = Field(description="0 to 1, where the verifier grades")
    reason: Name = Field(description="reason code; ok when passed")
    judge_model: Name | None = Field(description="model that judged, if any")
    judge_prompt_sha256: Name | None = Field(description="hash of the judge's prompt, if any")
    run_id: Name = Field(description="the nightly run that judged")


class Decision(Record):
    """Keep, or the reasons not to (grain: one row a trajectory a refine)."""

    record: ClassVar[str] = "decision"

    trajectory_id: Name = Field(description="the trajectory decided on")
    refine_id: Name = Field(description="content id of gates, parameters and inputs")
    kept: Flag = Field(description="true when no switched-on gate refused it")
    reasons: Names = Field(description="gate:reason of every gate that refused it, in gate order")
    gates: Text = Field(description="JSON: gate -> {keep, reason, value}, for every gate that ran")
    cluster_id: Name | None = Field(description="near-duplicate cluster; null when alone")
    keeper_id: Name | None = Field(description="the trajectory that stands for the cluster")
    similarity: Real | None = Field(description="estimated similarity to the keeper, 0 to 1")
    calls_to_solve: Count | None = Field(default=None, description="tool calls made; null when not solved")
    answer_seen_at: Count | None = Field(
        default=None, description="index of the first turn whose observation holds the true answer; null when none does"
    )
    named_early: Flag | None = Field(
        default=None, description="did the agent write the true answer before any observation held it; null without one"
    )
    distinct_pages: Count | None = Field(default=None, description="pages that observations came from")
    repeated_queries: Count | None = Field(default=None, description="calls made before with the same arguments")
    pass_rate: Real | None = Field(default=None, description="share of the task's finished samples that were solved")
    decided_at: Time = Field(description="UTC")
    run_id: Name = Field(description="the nightly run that decided")
