"""The tools of the laboratory as the model sees them, beside those of the workspace."""

from pydantic import Field

from flows.domains.scientific_agentic.families.instrument import MAX_SETTING
from flows.environments.tool import Arguments, Tool
from schemas.prompt import prompt

PACKAGE = "flows.domains.scientific_agentic"


class MeasureArguments(Arguments):
    sample: str = Field(min_length=1, max_length=80, description="name of a standard, such as standard-3")
    setting: int = Field(ge=1, le=MAX_SETTING, description="length of the measurement, which is also its cost")


class SubmitArguments(Arguments):
    path: str = Field(min_length=1, max_length=400, description="Python script in the workspace, such as analyse.py")


MEASURE = Tool("measure", prompt("tool_measure", PACKAGE).text.strip(), MeasureArguments)
SUBMIT = Tool("submit", prompt("tool_submit", PACKAGE).text.strip(), SubmitArguments)
OWN = {one.name: one for one in (MEASURE, SUBMIT)}
FILE_TOOLS = ("bash", "python", "read", "edit", "write")
"""Tools of the workspace that composed tasks have."""
