"""A reparse is how today's dialect reads the ids of a turn that was read otherwise when it was sampled.

Ids are what the model said; parses can be wrong and be done again. A turn's own row never changes: it says
what the attempt acted on, and its tools answered that. The newest reparse of a turn stands beside it.
"""

from typing import ClassVar

from pydantic import Field

from schemas.record import Count, Name, Record, Text, Time


class Reparse(Record):
    """One reading of a turn again (grain: one row a turn each time that it was read otherwise than before)."""

    record: ClassVar[str] = "reparse"

    trajectory_id: Name = Field(description="the trajectory that the turn belongs to")
    index: Count = Field(description="place of the turn in it, from 0")
    parse: Name = Field(description="how the turn is read now: ok, or how it fails, as in turn")
    content: Text | None = Field(description="what the agent wrote")
    reasoning: Text | None = Field(description="the agent's thinking")
    tool_calls: Text | None = Field(description="JSON: calls: [{id, name, arguments}]; calls that stay keep their ids")
    answer: Text | None = Field(description="the answer that the turn gives, when it gives one")
    renderer: Name = Field(description="name and version of the renderer that read it")
    template_sha256: Name = Field(description="hash of the chat template and the renderer's settings")
    reparsed_at: Time = Field(description="UTC; the newest reading of a turn counts")
    run_id: Name = Field(description="the nightly run that finished the trajectory")
