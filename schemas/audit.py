"""What a person found when checking a verifier's verdict: the ground truth of the factory's own judgement.

The person says whether the answer is right without seeing the verdicts. A row keeps the verdict beside
it and how many trajectories its stratum stands for, so that error rates can be had from these rows alone.
"""

from typing import ClassVar

from pydantic import Field

from schemas.record import Count, Flag, Name, Record, Text, Time


class Audit(Record):
    """One verdict checked by a person (grain: one row a verifier of an audited trajectory)."""

    record: ClassVar[str] = "audit"

    audit_id: Name = Field(description="content id of what the person filled in")
    trajectory_id: Name = Field(description="the trajectory that the person looked at")
    verifier: Name = Field(description="the verifier whose verdict is checked")
    version: Name = Field(description="version of the verifier's code")
    passed: Flag = Field(description="did the verifier pass it")
    is_correct: Flag = Field(description="is the answer right, as the person says")
    stratum: Name = Field(description="what all verifiers of the outcome said; samples are drawn from each equally")
    stratum_rows: Count = Field(description="trajectories of the stratum in the lake when the audit was read")
    note: Text | None = Field(description="what the person wrote beside it")
    audited_at: Time = Field(description="UTC")
    run_id: Name = Field(description="day on which the audit was read, as a run's id")
