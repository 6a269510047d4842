"""A withdrawal: a trajectory that must not be released again, and who asked for what.

It is an order, not an edit: earlier releases and the lake stay as they are, and each refine refuses the
trajectory, and later ones that the same request means, with a reason that can be counted.
"""

from typing import ClassVar

from pydantic import Field

from schemas.record import Name, Record, Text, Time


class Withdrawal(Record):
    """One trajectory withdrawn (grain: one row a trajectory a request)."""

    record: ClassVar[str] = "withdrawal"

    trajectory_id: Name = Field(description="the trajectory that is withdrawn")
    target: Name = Field(description="what the request named: a url, a task or a trajectory")
    reason: Text = Field(description="why, in the words of who asked")
    requested_at: Time = Field(description="UTC")
    run_id: Name = Field(description="the UTC day of the request")
