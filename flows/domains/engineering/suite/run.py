"""Runs the tests of a tree in a sandbox: for composers, which measure their tasks, and for tools of the agent.

The tree is mounted read-only, so that a run leaves nothing in it; tests write to a folder that is deleted afterwards.
"""

import json
import tempfile
from collections.abc import Collection
from pathlib import Path

from flows.domains.engineering.suite.languages import INSIDE, language
from flows.domains.engineering.suite.results import Suite, log_tail, results_of
from flows.environments.sandbox import Command, Completed, Limits, Mount, Sandbox

TREE = "/tree"
WORK = "/workspace"
REPORT = "report.jsonl"
EQUAL_RUNS = {"PYTHONHASHSEED": "0"}
"""Tests that are listed from a set of Python have the same ids in each run."""
PROGRAMS = Path(__file__).parent / "inside"


def run_suite(  # noqa: PLR0913 -- the contract that composers and examinations share
    tree: Path,
    sandbox: Sandbox,
    language_name: str,
    limits: Limits,
    select: Collection[str] | None = None,
    *,
    files: Collection[str] = (),
    ignore: Collection[str] = (),
) -> Suite:
    """Run tests of a tree; all of `files` (default: all that the runner finds), or those whose ids are in `select`.

    `ignore` are paths in the tree that are not searched for tests. A test that a limit or a crash ended is an error.
    Raises LookupError for an unknown language, SandboxFault if the sandbox itself failed.
    """
    if select is not None and not select:
        return Suite()
    plan = {"select": None if select is None else sorted(select), "files": sorted(files), "ignore": sorted(ignore)}
    with tempfile.TemporaryDirectory(prefix="suite-", ignore_cleanup_errors=True) as folder:
        done = run_plan(Path(folder), tree, sandbox, language_name, limits, plan | {"observe": False})
        return Suite(results_of(Path(folder, REPORT)), done.seconds, log_tail(done.output), done.limit)


def run_plan(  # noqa: PLR0913, PLR0917
    folder: Path, tree: Path, sandbox: Sandbox, language_name: str, limits: Limits, plan: dict[str, object]
) -> Completed:
    """Run a plan of the programs in `inside/`; their report is `folder / REPORT` then."""
    places = {"tree": TREE, "report": f"{WORK}/{REPORT}", "scratch": WORK}
    return sandbox.run(
        Command(
            language(language_name).argv,
            folder,
            (Mount(tree, TREE), Mount(PROGRAMS, INSIDE)),
            environment={"TMPDIR": WORK, "HOME": WORK, **EQUAL_RUNS},
            stdin=json.dumps(plan | places).encode(),
            limits=limits,
        )
    )
