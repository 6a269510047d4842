"""The tools of the reading room as the model sees them."""

from typing import Annotated

from pydantic import Field

from flows.domains.science.study.pages import PACKAGE
from flows.environments.tool import Arguments, Tool
from schemas.prompt import prompt


class SearchArguments(Arguments):
    query: str = Field(min_length=1, max_length=400, description="words to look for, such as a code")


class OpenArguments(Arguments):
    address: str = Field(min_length=1, max_length=200, description="address of the page, as a search returned it")
    part: int = Field(default=1, ge=1, description="which part of a long page, from 1")


class RecordArguments(Arguments):
    part: int = Field(ge=1, le=99, description="number of the part of the study")
    step: str = Field(min_length=1, max_length=80, description="name of the step, as the procedure has it")
    value: Annotated[float, Field(allow_inf_nan=False)] | str = Field(
        description="its value in the unit of the step, unrounded; a text where that is wanted"
    )


def _tool(name: str, arguments: type[Arguments], *, read_only: bool) -> Tool:
    return Tool(name, prompt(f"tool_{name}", PACKAGE).text.strip(), arguments, read_only=read_only)


SEARCH = _tool("search", SearchArguments, read_only=True)
OPEN = _tool("open", OpenArguments, read_only=True)
RECORD = _tool("record", RecordArguments, read_only=False)
TOOLS = (SEARCH, OPEN, RECORD)
