"""Examines an attempt at an engineering task: hidden tests, rewritten for this run alone, over the agent's solution.

Tested code and tests share a process, so code can take over everything in it. The verdict therefore rests on what that
code cannot know: the place of each expected value among its decoys, which stays outside with the key.
"""

import json
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from flows.domains.engineering.examination.javascript.rewriting import rewrite_javascript
from flows.domains.engineering.examination.judging import Expected, judged
from flows.domains.engineering.examination.key import Key
from flows.domains.engineering.examination.rewriting import rewrite
from flows.domains.engineering.examination.staging import lay_over
from flows.domains.engineering.suite.languages import JAVASCRIPT, PYTHON, language
from flows.domains.engineering.suite.results import read_report
from flows.domains.engineering.suite.run import REPORT, run_plan
from flows.environments.resources import Resources
from flows.environments.sandbox import Limits, Sandbox
from flows.environments.workspace.environment import Workspace
from flows.environments.workspace.materialise import materialise
from schemas.task import Hidden

TAMPERED_SHOWN = 50


class Rewritten(Protocol):
    """A rewritten file of tests."""

    path: str
    text: str
    must_fail: list[str]

    def ids(self, original: str) -> list[str]:
        """New ids of a test by its original one."""
        ...


REWRITERS: Mapping[str, Callable[[str, str, Key], Rewritten]] = {
    PYTHON.name: rewrite,
    JAVASCRIPT.name: rewrite_javascript,
}
"""By language: (path, text, key) -> the rewritten file."""


def examine(workspace: Workspace, hidden: Hidden, resources: Resources, folder: Path) -> Mapping[str, object]:
    """The checks of a workspace's final state: `verdict`, a reason code, its counts, and `tampered` paths.

    A hidden record without a goal gives no checks. Raises the errors of the sandbox and of source trees, and never one
    for what the agent's code does.
    """
    if hidden.goal is None:
        return {}
    goal: dict[str, Any] = json.loads(hidden.goal)
    tree = folder / "tree"
    materialise(workspace.setup, resources.sources_folder, tree)
    changes = lay_over(tree, workspace.root, language(goal["language"]), goal.get("added", ()))
    sandbox = resources.sandbox(workspace.setup.image)
    checks = Examination(tree, sandbox, workspace.setup.command_limits()).run(goal, folder)
    return checks | {"n_solution": len(changes.solution), "tampered": list(changes.tampered[:TAMPERED_SHOWN])}


@dataclass(frozen=True)
class Report:
    """The records of a run of rewritten tests, and the key that stayed outside."""

    records: Sequence[Mapping[str, Any]]
    rewritten: Mapping[str, Rewritten]
    """Rewritten files by their path in the tree."""
    expected: Expected
    key: Key
    limit: str | None
    """The limit that the run reached."""


@dataclass(frozen=True)
class Examination:
    """One run of hidden tests over a staged tree."""

    tree: Path
    sandbox: Sandbox
    limits: Limits

    def run(self, goal: Mapping[str, Any], folder: Path) -> dict[str, object]:
        """Write the tests of a goal into the tree, run them, and judge the report."""
        report = self.report(goal, folder)
        return judged(report.records, report.expected, report.key, report.limit)

    def report(self, goal: Mapping[str, Any], folder: Path) -> "Report":
        """Write the tests of a goal into the tree, and run them."""
        key = Key(secrets.SystemRandom())
        ids = [*goal["fail_to_pass"], *goal["pass_to_pass"]]
        modules = {one.partition("::")[0] for one in ids}
        rewriter = REWRITERS[goal["language"]]
        given: dict[str, str] = goal["tests"]
        if goal["language"] == JAVASCRIPT.name:
            given = self._present(modules) | given
        rewritten = {path: rewriter(path, given[path], key) for path in sorted(modules & given.keys())}
        self._write(given, rewritten)
        expected = Expected(
            fail_to_pass=frozenset(_new_ids(goal["fail_to_pass"], rewritten)),
            pass_to_pass=frozenset(_new_ids(goal["pass_to_pass"], rewritten)),
            must_fail=frozenset(one for module in rewritten.values() for one in module.must_fail),
        )
        plan = {"select": sorted(expected.all), "files": [], "ignore": [], "observe": True}
        work = folder / "run"
        work.mkdir()
        done = run_plan(work, self.tree, self.sandbox, goal["language"], self.limits, plan)
        return Report(list(read_report(work / REPORT)), rewritten, expected, key, done.limit)

    def _present(self, paths: Collection[str]) -> dict[str, str]:
        """The tests that the tree has itself: node:test reports nothing of them that could be believed."""
        found = {path: self.tree / path for path in paths}
        return {path: place.read_text("utf-8") for path, place in found.items() if place.is_file()}

    def _write(self, tests: Mapping[str, str], rewritten: Mapping[str, Rewritten]) -> None:
        """Write rewritten modules under their new names, and other files of the tests as they are."""
        for path, text in tests.items():
            module = rewritten.get(path)
            place = self.tree / (module.path if module else path)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(module.text if module else text, "utf-8")


def _new_ids(ids: list[str], rewritten: Mapping[str, Rewritten]) -> list[str]:
    """New ids of tests; one whose module is not in the goal keeps its own."""
    made = list[str]()
    for one in ids:
        module = rewritten.get(one.partition("::")[0])
        made += module.ids(one) if module else [one]
    return made
