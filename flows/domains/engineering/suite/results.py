"""Results of a run of tests, as a program inside a sandbox wrote them line by line.

The report is a file that model-written code could have touched, so it is read with bounds, and a line that is no
result is left out.
"""

import json
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

Outcome = Literal["passed", "failed", "error", "skipped"]
OUTCOMES = frozenset(get_args(Outcome))
MAX_REPORT_BYTES = 64 * 2**20
LOG_CHARS = 4_000


@dataclass(frozen=True)
class Result:
    """The result of one test."""

    outcome: Outcome
    """`failed` is a failed test; `error` one that could not be prepared, imported or ended."""
    seconds: float = 0.0
    message: str = ""
    """The runner's text about a failure, cut in the middle; empty if the test passed."""


@dataclass(frozen=True)
class Suite:
    """The results of one run by test id, and the end of its output."""

    results: Mapping[str, Result] = field(default_factory=dict)
    seconds: float = 0.0
    log: str = ""
    limit: str | None = None
    """The limit that ended the run, such as `wall`; None if it ended by itself."""

    def ids(self, *outcomes: Outcome) -> frozenset[str]:
        """Ids of the tests with one of these outcomes."""
        return frozenset(name for name, one in self.results.items() if one.outcome in outcomes)

    @property
    def passed(self) -> frozenset[str]:
        """Ids of the tests that passed."""
        return self.ids("passed")

    @property
    def broken(self) -> frozenset[str]:
        """Ids of the tests that failed or could not run."""
        return self.ids("failed", "error")


def read_report(path: Path) -> Iterator[dict[str, Any]]:
    """The JSON objects of a report, in order; none if the file is missing or not a regular file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return
        content = file.read(MAX_REPORT_BYTES)
    for line in content.splitlines():
        record = _parsed(line)
        if isinstance(record, dict):
            yield record


def results_of(path: Path) -> dict[str, Result]:
    """Results by id; the first result of an id counts, and a test that began and never ended is an error."""
    results: dict[str, Result] = {}
    begun: dict[str, None] = {}
    for record in read_report(path):
        if isinstance(started := record.get("started"), str):
            begun[started] = None
        elif isinstance(name := record.get("id"), str) and record.get("outcome") in OUTCOMES:
            results.setdefault(name, _result(record))
    unfinished = {name: Result("error", message="the run ended during this test") for name in begun}
    return unfinished | results


def _result(record: Mapping[str, Any]) -> Result:
    seconds = record.get("seconds")
    kept = float(seconds) if isinstance(seconds, int | float) else 0.0
    return Result(record["outcome"], kept, str(record.get("message", "")))


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def log_tail(output: bytes) -> str:
    """The end of the output of a run, as text."""
    return output.decode("utf-8", "replace")[-LOG_CHARS:]
