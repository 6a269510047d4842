"""An audit is a person's check of a verifier's verdict: the ground truth for the factory's own judgement.

The person judges the answer without seeing the verdicts. A row holds the verdict and the size of its stratum, so
that error rates follow from these rows alone.
"""

from typing import ClassVar

from pydantic import Field

from schemas.columns import OfTrajectory, Verifier, VerifierVersion
from schemas.record import Count, Flag, Name, Record, Text, Time


class Audit(Record):
    """One verdict checked by a person (grain: one row per audited trajectory and verifier)."""

    record: ClassVar[str] = "audit"

    audit_id: Name = Field(description="content id of the person's filled-in sheet")
    trajectory_id: OfTrajectory
    verifier: Verifier
    version: VerifierVersion
    passed: Flag = Field(description="true if the verifier accepted the trajectory")
    is_correct: Flag = Field(description="true if the person judges the answer correct")
    stratum: Name = Field(
        description="the combined verdicts of all outcome verifiers; samples are drawn equally from each combination"
    )
    stratum_rows: Count = Field(description="number of trajectories of the stratum in the lake when the sheet was read")
    note: Text | None = Field(description="the person's note; null if there is none")
    audited_at: Time = Field(description="UTC time at which the sheet was read")
    run_id: Name = Field(description="UTC day on which the sheet was read, YYYY-MM-DD")
