"""A withdrawal is a trajectory that no later release may hold, with the request that named it.

A request is an order and edits no data: earlier releases and the lake stay as they are. Each later refine rejects the
trajectory, and later trajectories that the same request covers, with a reason that can be counted.
"""

from typing import ClassVar

from pydantic import Field

from schemas.columns import OfTrajectory, Target
from schemas.record import Name, Record, Text, Time


class Withdrawal(Record):
    """One withdrawn trajectory (grain: one row per trajectory and request)."""

    record: ClassVar[str] = "withdrawal"

    trajectory_id: OfTrajectory
    target: Target
    reason: Text = Field(description="reason of the request, in the requester's words")
    requested_at: Time = Field(description="UTC time of the request")
    run_id: Name = Field(description="UTC day of the request, YYYY-MM-DD")
