"""Settings of the judge: a model that reads finished attempts and votes on them. Off unless it is switched on."""

from pydantic import Field, field_validator

from flows.settings.address import LocalPath
from flows.settings.section import Section
from flows.settings.teacher import Teacher
from flows.settings.types import Positive


class Judge(Section):
    """A model that reads finished attempts and gives verdicts, which the gate `judge` obeys."""

    enabled: bool = Field(default=False, description="judge in each night, between rollout and refine")
    votes: Positive = Field(
        default=3, description="votes per attempt, an odd number; a verdict needs more than half of them"
    )
    steps: bool = Field(default=False, description="also judge each turn of the agent")
    show_truth: bool = Field(default=False, description="show the task's ground truth to the judge")
    max_chars: int = Field(
        default=120_000,
        ge=4_000,
        description="maximum characters of an attempt that the judge reads; its middle is cut and counted",
    )
    concurrency: Positive = Field(default=8, description="attempts judged at the same time")
    rubric: LocalPath | None = Field(default=None, description="a Markdown file with your own rubric and reason codes")
    teacher: Teacher = Field(
        default=Teacher(), description="the judge's own model, with the keys of [teacher]; empty: the teacher judges"
    )

    @field_validator("votes")
    @classmethod
    def _odd(cls, votes: int) -> int:
        if votes % 2 == 0:
            raise ValueError("write an odd number, so that votes cannot be equal")
        return votes

    @field_validator("teacher")
    @classmethod
    def _names_its_engine(cls, teacher: Teacher) -> Teacher:
        if teacher.model_fields_set and "engine" not in teacher.model_fields_set:
            raise ValueError("name its engine too, such as chat; nothing is taken over from [teacher]")
        return teacher
