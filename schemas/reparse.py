"""A reparse is a new reading of a turn's token ids by today's dialect, if it differs from the earlier reading.

Token ids are the facts; parses can be wrong and can be repeated. A turn's own row never changes, since the attempt
acted on it and its tools answered it. Readers of the lake take the newest reparse of a turn.
"""

from typing import ClassVar

from pydantic import Field

from schemas.columns import OfTrajectory, Reasoning, Renderer, TemplateSha256, ToolCallsJson
from schemas.record import Count, Name, Record, Text, Time


class Reparse(Record):
    """One new reading of a turn (grain: one row per turn and each change of its reading)."""

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
    run_id: Name = Field(description="UTC day of the nightly run that finished the trajectory, YYYY-MM-DD")
