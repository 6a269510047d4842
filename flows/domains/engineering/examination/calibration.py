"""Finds the tests of which the examination can tell right code: those that it judges right on the unchanged tree.

Some tests pass as they are, but not when rewritten: values that equal their decoys, such as infinity, or objects with
an equality of their own; tests that read their own text; files of which a negative control passes.
"""

from collections.abc import Collection, Mapping
from pathlib import Path

from flows.domains.engineering.examination.examiner import Examination, Report
from flows.domains.engineering.examination.judging import is_right

RUNS = 3
"""Examinations of the unchanged tree, each with decoys of its own."""


def judged_right(
    examination: Examination, language: str, tests: Mapping[str, str], green: Collection[str], folder: Path
) -> frozenset[str]:
    """The green tests that one examination of right code judges right; all files of tests are rewritten.

    `tests` are the texts by path; work is done in `folder`.
    """
    goal = {"language": language, "tests": tests, "fail_to_pass": [], "pass_to_pass": sorted(green)}
    return right_ids(examination.report(goal, folder), green)


def right_ids(report: Report, green: Collection[str]) -> frozenset[str]:
    """The original ids of the tests that a report has, each once, with the bits of its key."""
    records = {one["id"]: one for one in report.records if isinstance(one.get("id"), str)}
    right = {name for name, record in records.items() if is_right(name, record, report.key)}
    spoilt = {_function(name) for name in records.keys() - report.expected.all}
    distrusted = {
        path
        for path, module in report.rewritten.items()
        if any(records.get(name, {}).get("outcome") != "failed" for name in module.must_fail)
    }
    return frozenset(one for one in green if _holds(one, report, right, spoilt, distrusted))


def _holds(original: str, report: Report, right: set[str], spoilt: set[str], distrusted: set[str]) -> bool:
    path = original.partition("::")[0]
    module = report.rewritten.get(path)
    names = module.ids(original) if module else [original]
    return path not in distrusted and right.issuperset(names) and spoilt.isdisjoint(map(_function, names))


def _function(name: str) -> str:
    return name.partition("[")[0]
