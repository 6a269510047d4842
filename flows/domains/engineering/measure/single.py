"""The measured effect of one bug by itself: the tests that fail, and the symptoms that a user would report."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flows.domains.engineering.measure.baseline import function_of

Symptom = Mapping[str, str]
SAMPLE = 40
"""Tests that are run for a bug, of those that call its function."""
FEWEST, MOST = 2, 30
"""Test functions that a bug may fail: one that breaks everything is found at once, and hides others."""
MOST_OF_SAMPLE = 0.4
"""Share of a full sample that it may fail."""
FILE = re.compile(r"\w[\w/\\-]*\.(?:py|[cm]?js)\b|\btest_\w+", re.IGNORECASE)

CALLED_VALUE = re.compile(r"(?<![\w.\"'])(?:None|True|False|null|undefined|true|false|\d+)\(")
"""A value in the place of a function: the bug struck before the failing statement, which then means nothing."""


@dataclass(frozen=True)
class Single:
    """One bug, measured alone in the tree."""

    run: frozenset[str]
    """Ids of the tests that were run."""
    failed: Mapping[str, Symptom | None]
    """Ids of those that failed, with the symptom where the failure shows one."""
    ended: bool
    """False if the run took too long."""

    @cached_property
    def functions(self) -> frozenset[str]:
        """The test functions that fail."""
        return frozenset(map(function_of, self.failed))

    @cached_property
    def reportable(self) -> Mapping[str, list[Symptom]]:
        """Test function -> symptoms of its failures that name neither a test nor a file, and call no mere value."""
        found: dict[str, list[Symptom]] = {}
        for test, symptom in self.failed.items():
            if symptom and not any(FILE.search(one) or CALLED_VALUE.search(one) for one in symptom.values()):
                found.setdefault(function_of(test), []).append(symptom)
        return found

    def refusal(self) -> str | None:
        """The reason why no task can be made of it; None if one can."""
        if not self.ended:
            return "slow"
        if not self.run.issuperset(self.failed):
            return "breaks_import"
        if len(self.functions) < FEWEST:
            return "survives"
        crowded = len(self.run) >= SAMPLE and len(self.failed) > MOST_OF_SAMPLE * len(self.run)
        if crowded or len(self.functions) > MOST:
            return "breaks_all"
        return None if self.reportable else "no_symptom"

    def to_json(self) -> dict[str, Any]:
        """As JSON; `read` is the inverse."""
        return {"run": sorted(self.run), "failed": dict(sorted(self.failed.items())), "ended": self.ended}


def read(stored: Mapping[str, Any]) -> Single:
    """The single of its JSON."""
    return Single(frozenset(stored["run"]), stored["failed"], stored["ended"])


def of_records(records: list[dict[str, Any]]) -> Single:
    """The single of the records of one variant."""
    results = {one["id"]: one for one in records if "id" in one}
    failed = {name: one.get("symptom") for name, one in results.items() if one["outcome"] in {"failed", "error"}}
    run = frozenset(name for name, one in results.items() if not one.get("broken_import"))
    return Single(run, failed, any(one.get("ended") for one in records))
