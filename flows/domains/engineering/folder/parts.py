"""Makes the parts of a folder from a task's rows and its source tree."""

import json
import shlex
import stat
import tempfile
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from flows.domains.contract import FolderParts, Refused
from flows.domains.engineering.suite.languages import PYTHON
from flows.environments.resources import Resources
from flows.environments.sandbox.images.images import DEFAULTS
from flows.environments.workspace.materialise import materialise
from flows.environments.workspace.setup import read_setup
from schemas.task import Hidden, Task

WORKDIR = "/app"
TEST_SCRIPT = f"""#!/bin/bash
mkdir -p /logs/verifier
if python3 /tests/check.py {WORKDIR}; then echo 1 >/logs/verifier/reward.txt; else echo 0 >/logs/verifier/reward.txt; fi
"""
SOLUTION_SCRIPT = f'#!/bin/bash\ncp -r "$(dirname "$0")/files/." {WORKDIR}/\ncd {WORKDIR}\n'
TEST_S = 1_200.0


def folder_parts(task: Task, hidden: Hidden, resources: Resources) -> FolderParts:
    """The parts of the task's folder. Raises TreeError if its source tree cannot be had, Refused if no check fits."""
    setup, goal, oracle = read_setup(task.setup), json.loads(hidden.goal or "{}"), json.loads(hidden.oracle or "{}")
    if goal["language"] != PYTHON.name:
        raise Refused(f"folders have no checker for tests in {goal['language']}")
    image = {one.name: one for one in (*DEFAULTS, *resources.images)}[setup.image]
    with tempfile.TemporaryDirectory(prefix="folder-", ignore_cleanup_errors=True) as place:
        tree = Path(place) / "tree"
        materialise(setup, resources.sources_folder, tree)
        content = _content(tree)
        executable = frozenset(f"files/{path}" for path in content if (tree / path).stat().st_mode & stat.S_IXUSR)
    expected = json.dumps([*goal["fail_to_pass"], *goal["pass_to_pass"]])
    tests = {f"hidden/{path}": text.encode() for path, text in goal["tests"].items()}
    checker = files(__package__).joinpath("check.py").read_bytes()
    return FolderParts(
        workdir=WORKDIR,
        files=content,
        tests={"test.sh": TEST_SCRIPT.encode(), "check.py": checker, "expected.json": expected.encode(), **tests},
        solution={"solve.sh": "".join([SOLUTION_SCRIPT, *_rearranged(oracle)]).encode()}
        | {f"files/{path}": text.encode() for path, text in oracle["files"].items()},
        executable=executable,
        python=image.python,
        debian=image.debian,
        timeout_s=TEST_S,
    )


def _rearranged(oracle: Mapping[str, Any]) -> Iterator[str]:
    """Commands that remove the files which the solution removes, and set which may be run."""
    for path in oracle.get("removed", ()):
        yield f"rm {shlex.quote(path)}\n"
    for path, may_run in oracle.get("executable", {}).items():
        yield f"chmod {'+x' if may_run else '-x'} {shlex.quote(path)}\n"


def _content(tree: Path) -> dict[str, bytes]:
    return {
        path.relative_to(tree).as_posix(): path.read_bytes()
        for path in sorted(tree.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }
