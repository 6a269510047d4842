"""Reads a row of a set of issues, in the form of SWE-bench and of the sets that follow it.

The columns are those of princeton-nlp/SWE-bench: repo, base_commit, problem_statement, patch, test_patch, FAIL_TO_PASS,
PASS_TO_PASS. SWE-Gym, SWE-rebench and Nemotron use the same; lists are JSON text in some and lists in others.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from flows.domains.contract import Refused


class Row(BaseModel):
    """One issue: the commit before its solution, and the tests that show whether it is solved."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    instance_id: str = Field(min_length=1)
    repo: str = Field(pattern=r"^[\w.-]+(/[\w.-]+)?$")
    base_commit: str = Field(pattern="^[0-9a-f]{40}$")
    problem_statement: str = Field(min_length=1)
    patch: str = Field(min_length=1)
    test_patch: str = Field(min_length=1)
    FAIL_TO_PASS: list[str] = Field(min_length=1)
    PASS_TO_PASS: list[str] = []
    license: str | None = None
    """Of SWE-rebench; null in sets that name none."""

    @field_validator("FAIL_TO_PASS", "PASS_TO_PASS", mode="before")
    @classmethod
    def _listed(cls, given: Any) -> Any:
        return json.loads(given) if isinstance(given, str) else given


def read_row(line: str) -> Row:
    """The issue of a line. Raises Refused: `row_invalid`."""
    try:
        return Row.model_validate_json(line)
    except (ValidationError, ValueError) as error:
        raise Refused("row_invalid") from error


def clone_of(row: Row, clones: Path) -> Path:
    """The local clone of a row's repository: `owner__name`, `owner/name` or `name`. Raises Refused: `no_clone`."""
    owner, _, name = row.repo.rpartition("/")
    for place in (f"{owner}__{name}", f"{owner}/{name}", name):
        if (clones / place).is_dir():
            return clones / place
    raise Refused("no_clone")
