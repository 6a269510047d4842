"""The composer of issues: each row of a set becomes one task, once, if its tests show what the row claims.

The tests that the row names must fail at its commit and pass with its solution, here and in this sandbox. What the
row's test patch changes is hidden until an attempt has ended.
"""

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from flows.domains.contract import Composer, Corpus, Draft, Overlap, Refused, Writer
from flows.domains.engineering.composers.draft import TOOLS
from flows.domains.engineering.issues.patches import Change, apply_patch
from flows.domains.engineering.issues.row import Row, clone_of, read_row
from flows.domains.engineering.measure.laboratory import SUITE_S
from flows.domains.engineering.suite import Suite, run_suite
from flows.domains.engineering.suite.languages import Language, language_of
from flows.domains.seeds import made_before
from flows.environments.resources import Resources
from flows.environments.sandbox import Limits, Sandbox, SandboxFault
from flows.environments.workspace import WorkspaceSetup
from flows.environments.workspace.materialise import materialise
from flows.environments.workspace.sources.cache import TreeError
from schemas.record import sha256_text

NAME, VERSION = "issues", "1"
MAX_TURNS = 120
Texts = Mapping[str, str | None]


@dataclass(frozen=True)
class Issue:
    """A row that is no task yet."""

    number: int
    line: str
    file: Path
    clones: Path
    image: str
    license: str
    resources: Resources


def candidates(corpus: Corpus) -> Iterator[Issue]:
    """The rows of the settings' sets in their order, without those that became tasks in any night."""
    made = made_before(corpus, NAME)
    number = 0
    for one in corpus.issues:
        with one.file.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                number += 1
                if line.strip() and sha256_text(line.strip()) not in made:
                    yield Issue(number, line.strip(), one.file, one.clones, one.image, one.license, corpus.resources)


def compose(issue: Issue, write: Writer) -> Draft:
    """The task of a row. Raises Refused."""
    row = read_row(issue.line)
    tree = {"kind": "git", "path": str(clone_of(row, issue.clones).absolute()), "commit": row.base_commit}
    spoken = language_of((*row.FAIL_TO_PASS, *row.PASS_TO_PASS))
    if spoken is None:
        raise Refused("tests_of_no_known_language")
    try:
        sandbox = issue.resources.sandbox(issue.image)
        with _copy(tree, issue.resources) as place:
            tests = apply_patch(place, row.test_patch, sandbox)
            failing = _run(place, row, sandbox, spoken)
            solution = apply_patch(place, row.patch, sandbox)
            solved = _run(place, row, sandbox, spoken)
    except SandboxFault as error:
        raise Refused("no_sandbox") from error
    except TreeError as error:
        raise Refused("no_such_commit") from error
    if solution.after.keys() & tests.after.keys():
        raise Refused("solution_changes_tests")
    _prove(row, failing, solved)
    return _draft(issue, row, tree, spoken, solution, _named(tests.after))


@contextmanager
def _copy(tree: Mapping[str, object], resources: Resources) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="issue-", ignore_cleanup_errors=True) as folder:
        place = Path(folder) / "tree"
        materialise(WorkspaceSetup(tree=tree), resources.sources_folder, place)
        yield place


def _run(tree: Path, row: Row, sandbox: Sandbox, spoken: Language) -> Suite:
    select = frozenset((*row.FAIL_TO_PASS, *row.PASS_TO_PASS))
    return run_suite(tree, sandbox, spoken.name, Limits(wall_s=SUITE_S, cpu_s=SUITE_S), select)


def _prove(row: Row, failing: Suite, solved: Suite) -> None:
    """Raises Refused if a test is unknown here, passes without the solution, or fails with it."""
    to_pass, kept = frozenset(row.FAIL_TO_PASS), frozenset(row.PASS_TO_PASS)
    if solved.limit or not to_pass | kept <= solved.results.keys():
        raise Refused("tests_unknown")
    if not to_pass | kept <= solved.passed:
        raise Refused("solution_fails")
    if to_pass & failing.passed:
        raise Refused("passes_unsolved")
    if not kept <= failing.passed:
        raise Refused("fails_unsolved")


def _named(texts: Texts) -> dict[str, str]:
    return {path: text for path, text in texts.items() if text is not None}


def _draft(  # noqa: PLR0913, PLR0917 -- the parts of a row
    issue: Issue, row: Row, tree: Mapping[str, object], spoken: Language, solution: Change, tests: Mapping[str, str]
) -> Draft:
    setup = {"image": issue.image, "tree": tree, "files": _named(solution.before), "tools": TOOLS,
             "tests": spoken.command}  # fmt: skip
    added = [path for path, text in solution.before.items() if text is None]
    goal = {"language": spoken.name, "tests": tests, "fail_to_pass": sorted(set(row.FAIL_TO_PASS)),
            "pass_to_pass": sorted(set(row.PASS_TO_PASS)), "added": added}  # fmt: skip
    removed = [path for path, text in solution.after.items() if text is None]
    return Draft(
        instruction=row.problem_statement.strip(),
        answer=None,
        created_at=datetime.fromtimestamp(issue.file.stat().st_mtime, UTC),
        difficulty={"number": issue.number, "line": sha256_text(issue.line), "source": row.instance_id,
                    "n_files": len(solution.after), "n_failing": len(goal["fail_to_pass"])},
        setup=json.dumps(setup),
        goal=json.dumps(goal),
        oracle=json.dumps({"files": _named(solution.after), "removed": removed, "executable": solution.executable,
                           "bugs": []}),
        answer_form="files",
        max_turns=MAX_TURNS,
        licenses=[row.license or issue.license],
    )  # fmt: skip


ISSUES = Composer(NAME, VERSION, candidates, compose, overlap=Overlap.THREADS)
