"""The record of a measured figure, and the error of a benchmark that lacks a tool it needs."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Figure:
    """One figure; `against` names the baseline that a ratio was measured against in the same run, or the input's size.

    `value` is None where the baseline's tool is not installed; `against` then gives the command that installs it.
    """

    figure: str
    value: float | None
    unit: str
    against: str | None = None

    def line(self, size: str) -> str:
        """One line of JSON; `size` (full or smoke) is part of it, since a smoke figure measures nothing."""
        return json.dumps(asdict(self) | {"size": size}, allow_nan=False)


class NothingMeasured(RuntimeError):
    """A share of nothing: what a benchmark counts did not come about; the message gives what, and how it ended."""


def share(part: float, whole: int, nothing: str) -> float:
    """The share, to four digits. Raises NothingMeasured with the text `nothing` if there is no whole."""
    if not whole:
        raise NothingMeasured(nothing)
    return round(part / whole, 4)


class MissingTool(RuntimeError):
    """A benchmark cannot start without a tool that is not installed; the message gives the command that installs it.

    `required_by` names the environment variable under which this is a failure instead of a skip.
    """

    def __init__(self, message: str, required_by: str) -> None:
        super().__init__(message)
        self.required_by = required_by
