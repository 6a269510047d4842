"""A verdict is a verifier's judgement of a trajectory or a turn, an outcome the state in which its world ended.

A decision is refine's: keep, or reasons to reject.

Verdicts are facts and stay. Decisions can be made again with other gates, so each carries the id of its refine
and the value of every gate beside the reasons.
"""

from typing import ClassVar

from pydantic import Field

from schemas.columns import (
    AnswerSeenAt,
    CallsToSolve,
    DecidedAt,
    DistinctPages,
    GatesJson,
    NamedEarly,
    OfTrajectory,
    PassRate,
    RefineId,
    RepeatedQueries,
    Verifier,
    VerifierVersion,
)
from schemas.record import Count, Flag, Name, Names, Real, Record, Text


class Verdict(Record):
    """One judgement (grain: one row per trajectory and verifier, or per turn and verifier)."""

    record: ClassVar[str] = "verdict"

    trajectory_id: OfTrajectory
    turn_index: Count | None = Field(description="index of the judged turn; null if the whole trajectory is judged")
    verifier: Verifier
    version: VerifierVersion
    passed: Flag = Field(description="true if the verifier accepts it")
    score: Real | None = Field(description="grade from 0 to 1; null if the verifier does not grade")
    reason: Name = Field(description="reason code; ok if passed")
    judge_model: Name | None = Field(description="name of the model that judged; null if none did")
    judge_prompt_sha256: Name | None = Field(description="SHA-256 of the judge's prompt, as hex; null without a judge")
    run_id: Name = Field(description="night that judged, as in 2026-11-28 or 2026-11-28T1400")
    detail: Text | None = Field(
        default=None, description="sentence of a model about a trajectory that it scanned; null for other verifiers"
    )


class Outcome(Record):
    """The final state of an attempt's environment (grain: one row per trajectory in an environment with state).

    Verifiers compare it with the hidden goal of the task, so that equal rows always get equal verdicts.
    """

    record: ClassVar[str] = "outcome"

    trajectory_id: OfTrajectory
    environment: Name = Field(description="kind of the environment, such as services")
    environment_version: Name = Field(description="version of the environment's code")
    digest: Name = Field(description="hash of the final state; equal digests mean equal states")
    artifacts: Text = Field(description="JSON list of the files that the attempt left: path, sha256, n_bytes")
    checks: Text = Field(description="JSON object of values that the environment derives from its final state")
    limits: Names = Field(description="names of the environment's limits that the attempt reached")
    n_restores: Count = Field(description="number of times that the world was rebuilt after a kill or a fault")
    seconds: Real = Field(description="seconds of work in the environment, without waiting for it")
    examination_seconds: Real | None = Field(
        default=None,
        description="seconds of the examination with the hidden record, such as a run of hidden tests; "
        "null if there was none",
    )
    run_id: Name = Field(description="night that finished the trajectory, as in 2026-11-28 or 2026-11-28T1400")


class Decision(Record):
    """Keep, or the reasons to reject (grain: one row per trajectory and refine)."""

    record: ClassVar[str] = "decision"

    trajectory_id: OfTrajectory
    refine_id: RefineId
    kept: Flag = Field(description="true if every switched-on gate accepts the trajectory")
    reasons: Names = Field(description="gate:reason of every gate that rejects it, in gate order; empty if kept")
    gates: GatesJson
    cluster_id: Name | None = Field(description="id of its cluster of near-duplicates; null if it is in none")
    keeper_id: Name | None = Field(description="trajectory_id that the cluster keeps; null without a cluster")
    similarity: Real | None = Field(description="estimated similarity to the keeper, 0 to 1; null without a cluster")
    calls_to_solve: CallsToSolve = None
    answer_seen_at: AnswerSeenAt = None
    named_early: NamedEarly = None
    distinct_pages: DistinctPages = None
    repeated_queries: RepeatedQueries = None
    pass_rate: PassRate = None
    decided_at: DecidedAt
    run_id: Name = Field(description="night that decided, as in 2026-11-28 or 2026-11-28T1400")
